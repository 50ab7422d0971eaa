"""Ventricular volumes over the beat by Simpson's discs, with the base cut by the valve plane and the apex closed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from twinviewer.domain import CinePlane, CineStack, SegmentationError
from twinviewer.segmentation.cine.contours import CineContour, CineContours
from twinviewer.segmentation.cine.phases import FEW, SAME_PHASE, at_fraction, beat_fraction, common_fractions
from twinviewer.segmentation.cine.right_base import right_base
from twinviewer.segmentation.cine.right_discs import DISC_MM, right_disc_ml
from twinviewer.segmentation.cine.slice_base import beyond_mm
from twinviewer.segmentation.cine.tracks import apex_depth_mm, ring_area_mm2

MUSCLE_G_PER_ML = 1.05
ROOF_MM = 3.0
"""How far the valves stand, on average, above the plane through the ends of the muscular wall.

The mitral ring is a saddle, 5.6 to 6.9 mm high over systole in healthy controls (doi 10.1155/2020/3261714, table 3),
and muscle ends at its low parts: its high part is the curtain to the aortic valve. The mean of a saddle is half as high
as the saddle. Uncertain by 1.5 mm.
"""


_AT_RING_MM = 4.0
"""A slice nearer than this to the base shows its size itself."""
_NARROWEST = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class CineVolumes:
    """Volumes over one beat, every slice brought to it by its own R-R.

    fraction: (t,) of the beat, 0 = R wave. lv_ml, rv_ml: (t,) cavities; rv_ml is None without right contours.
    lv_mass_g: (t,) wall from the same discs at 1.05 g/mL. ed, es: indices of the fullest and emptiest left phase.
    base: "long axis" where the valve plane was followed there, "slices" where only the slices say where the base is;
    base_uncertainty_ml: what that, and a tip beyond the stack, leave open at end diastole.
    """

    fraction: NDArray[np.float64]
    lv_ml: NDArray[np.float64]
    rv_ml: NDArray[np.float64] | None
    lv_mass_g: NDArray[np.float64]
    ed: int
    es: int
    base: str
    base_uncertainty_ml: float

    @property
    def lv_ef_percent(self) -> float:
        """Left ejection fraction from the fullest and the emptiest phase."""
        return 100.0 * float(1.0 - self.lv_ml[self.es] / self.lv_ml[self.ed])

    @property
    def rv_ef_percent(self) -> float | None:
        """Right ejection fraction from its own fullest and emptiest phase."""
        return None if self.rv_ml is None else 100.0 * float(1.0 - self.rv_ml.min() / self.rv_ml.max())


def volumes(contours: CineContours, stack: CineStack) -> CineVolumes:
    """Simpson's discs over all short-axis contours.

    Errors: SegmentationError where fewer than two slices have a left ventricular contour.
    """
    planes = [stack.planes[i] for i in contours.short_axis]
    normal = planes[0].normal
    depth = np.array([plane.affine[:3, 3] @ normal for plane in planes])
    depth = np.abs(depth - depth[0])
    wanted = common_fractions(planes)
    left = areas_mm2(contours, stack, "lv_endocardium", wanted)
    outer = areas_mm2(contours, stack, "lv_epicardium", wanted)
    right = areas_mm2(contours, stack, "rv_endocardium", wanted)
    if (outer > 0).any(axis=1).sum() < 2:
        raise SegmentationError(
            "Fewer than two slices show the left ventricle: there is no volume to sum",
            remedy="Correct the contours by hand, or load the whole stack.",
        )
    base, kind = _base(contours, depth, outer, wanted)
    gap = float(np.median(np.diff(depth)))
    roof = 0.0 if contours.base_depth_mm is None else ROOF_MM
    axis = _apexward(planes)
    ring = ring_area_mm2(contours, stack, axis, wanted) if kind == "long axis" else None
    narrower = None if ring is None else _narrower(left, depth, base, ring)
    origin = float(planes[0].affine[:3, 3] @ axis)
    ends = [apex_depth_mm(contours, stack, name, axis, wanted) for name in ("lv_apex_endo", "lv_apex_epi")]
    inner_end, outer_end = (None if end is None else end - origin for end in ends)
    lv = _discs(left, depth, base, gap, roof, narrower, inner_end)
    whole = _discs(outer, depth, base, gap, roof, narrower, outer_end)
    rv = _right(contours, stack, right, depth, base, wanted) if (right > 0).any() else None
    ed, es = int(np.argmax(lv)), int(np.argmin(lv))
    first = int(np.argmax(outer[:, ed] > 0))
    known = contours.base_depth_mm is not None
    doubt = float(np.hypot(contours.base_spread_mm, 0.5 * ROOF_MM)) if known else 0.5 * gap
    open_ml = 0.0 if ends[0] is not None else _tip_ml(left, depth, ed)
    return CineVolumes(
        fraction=wanted,
        lv_ml=lv,
        rv_ml=rv,
        lv_mass_g=MUSCLE_G_PER_ML * (whole - lv),
        ed=ed,
        es=es,
        base=kind,
        base_uncertainty_ml=float(np.hypot(left[first, ed] * doubt / 1000.0, open_ml)),
    )


def _tip_ml(areas: NDArray[np.float64], depth: NDArray[np.float64], moment: int) -> float:
    """Half of a half ball beyond the last contour of this moment, where the slices do not tell how far it goes on."""
    shown = np.flatnonzero(areas[:, moment] > 0)
    if len(shown) < 2:
        return 0.0
    before, last = areas[shown[-2:], moment]
    reach, sure = beyond_mm(float(last), float(before), float(depth[shown[-1]] - depth[shown[-2]]))
    return 0.0 if sure else 0.5 * (2.0 / 3.0) * float(last) * reach / 1000.0


def _right(
    contours: CineContours,
    stack: CineStack,
    areas: NDArray[np.float64],
    depth: NDArray[np.float64],
    mitral: NDArray[np.float64],
    wanted: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(t,) mL below the right ventricle's own base, or below the mitral plane where no plane shows the tricuspid."""
    gap = float(np.median(np.diff(depth)))
    apexward = _apexward([stack.planes[i] for i in contours.short_axis])
    base = right_base(contours, stack, apexward, wanted)
    if base is None:
        return _discs(areas, depth, mitral, gap, 0.0, None, None)
    out = np.zeros(len(wanted))
    for t, fraction in enumerate(wanted):
        nearest = [_nearest(contours, stack, index, float(fraction)) for index in contours.short_axis]
        shown = [k for k in np.flatnonzero(areas[:, t] > 0) if nearest[k] is not None]
        if not shown:
            continue
        outlines = [_moved(outline, contours) for k in shown if (outline := nearest[k]) is not None]
        cap = _cap_mm(np.sqrt(areas[shown, t]), depth[shown], gap)
        out[t] = right_disc_ml(areas[shown, t], depth[shown], outlines, base, t, apexward, cap)
    return out


def _apexward(planes: list[CinePlane]) -> NDArray[np.float64]:
    """(3,) LPS unit vector along the stack, from its first plane to its last."""
    way = planes[-1].affine[:3, 3] - planes[0].affine[:3, 3]
    return planes[0].normal * (1.0 if way @ planes[0].normal > 0 else -1.0)


def _moved(contour: CineContour, contours: CineContours) -> NDArray[np.float64]:
    """(n, 3) a contour in the common breath-hold."""
    return contour.points_mm if contours.shift_mm is None else contour.points_mm + contours.shift_mm[contour.plane]


def _narrower(
    areas: NDArray[np.float64], depth: NDArray[np.float64], base: NDArray[np.float64], ring: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(t,) size of the valves' ring over that of the cavity in the slice below it."""
    out = np.ones(len(ring))
    for t, area in enumerate(ring):
        below = np.flatnonzero((areas[:, t] > 0) & (depth > base[t] + _AT_RING_MM))
        if below.size:
            out[t] = np.clip(np.sqrt(area / areas[below[0], t]), _NARROWEST, 1.1)
    return out


def _nearest(contours: CineContours, stack: CineStack, index: int, fraction: float) -> CineContour | None:
    """The right contour of a slice at the phase nearest in the beat that has one."""
    known = contours.of(index, "rv_endocardium")
    if not known:
        return None
    own = beat_fraction(stack.planes[index])
    away = {phase: abs(float(own[phase]) - fraction) for phase in known}
    return known[min(away, key=lambda phase: min(away[phase], 1.0 - away[phase]))]


def areas_mm2(
    contours: CineContours, stack: CineStack, structure: str, wanted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(slices, t) areas in mm2 at the wanted fractions of the beat; 0 where there is no contour."""
    rows = []
    for index in contours.short_axis:
        plane = stack.planes[index]
        area = np.zeros(len(plane.frames))
        for phase, contour in contours.of(index, structure).items():
            area[phase] = contour.area_mm2
        fraction = beat_fraction(plane)
        if len(fraction) <= FEW:
            # a frame says nothing of a distant part of the beat
            away = np.abs(fraction[:, None] - wanted)
            away = np.minimum(away, 1.0 - away)
            rows.append(np.where(away.min(axis=0) <= SAME_PHASE, area[away.argmin(axis=0)], 0.0))
            continue
        there = at_fraction((area > 0).astype(float), fraction, wanted)
        # between a frame with and one without a contour the area is that of the nearer frame, not a part of it
        mixed = at_fraction(area, fraction, wanted)
        rows.append(np.where(there >= 0.5, mixed / np.maximum(there, 0.5), 0.0))
    return np.array(rows)


def _base(
    contours: CineContours, depth: NDArray[np.float64], outer: NDArray[np.float64], wanted: NDArray[np.float64]
) -> tuple[NDArray[np.float64], str]:
    """(t,) depth of the base below the first slice, mm (negative: above it), and where it comes from."""
    if contours.base_depth_mm is not None and contours.base_fraction is not None:
        seen = any(point.name == "mitral" for point in contours.points)
        return at_fraction(contours.base_depth_mm, contours.base_fraction, wanted), "long axis" if seen else "slices"
    gap = float(np.median(np.diff(depth)))
    first = np.argmax(outer > 0, axis=0)
    return depth[first] - 0.5 * gap, "slices"


def _discs(
    areas: NDArray[np.float64],
    depth: NDArray[np.float64],
    base: NDArray[np.float64],
    gap: float,
    roof_mm: float,
    narrower: NDArray[np.float64] | None,
    end: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """(t,) mL. Areas follow a monotone cubic through the slices, as bodies with rounded sides do.

    At the base the size is ``narrower`` (t,) times the first slice's, and stays so for roof_mm above it. Past the last
    contour areas fall to 0 at the depth ``end`` (t,), or as the last two slices let expect.
    """
    out = np.zeros(areas.shape[1])
    top = base - roof_mm
    for t in range(areas.shape[1]):
        present = np.flatnonzero(areas[:, t] > 0)
        if present.size == 0:
            continue
        # contours above the base are atrium or great vessel, and at a measured ring the ring counts; the lowest one
        # always does
        highest = top[t] - 0.25 * gap if narrower is None else base[t] + _AT_RING_MM
        kept = present[depth[present] >= highest]
        kept = kept if kept.size else present[-1:]
        low = float(depth[kept[-1]])
        known = np.sqrt(areas[kept, t])
        cap = _cap_mm(known, depth[kept], gap) if end is None else float(np.clip(end[t] - low, 0.0, 1.5 * gap))
        knots, sizes = depth[kept], areas[kept, t]
        if narrower is not None and base[t] < knots[0] - _AT_RING_MM:
            knots, sizes = np.append(base[t], knots), np.append(sizes[0] * narrower[t] ** 2, sizes)
        knots, sizes = np.append(knots, low + max(cap, DISC_MM)), np.append(sizes, 0.0)
        z = np.arange(min(top[t], low) + DISC_MM / 2, knots[-1], DISC_MM)
        level = PchipInterpolator(knots, sizes)(np.maximum(z, knots[0]))
        out[t] = float(level.sum() * DISC_MM / 1000.0)
    return out


def _cap_mm(size: NDArray[np.float64], depth: NDArray[np.float64], gap: float) -> float:
    """How far the cavity reaches past its last contour: as its area falls, within half the slice distance."""
    if len(size) < 2:
        return 0.5 * gap
    fall = (size[-2] ** 2 - size[-1] ** 2) / (depth[-1] - depth[-2])
    return float(np.clip(size[-1] ** 2 / fall, 0.0, 0.75 * gap)) if fall > 0 else 0.5 * gap
