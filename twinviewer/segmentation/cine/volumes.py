"""Ventricular volumes over the beat by Simpson's discs, with the base cut by the valve plane and the apex closed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineStack, SegmentationError
from twinviewer.segmentation.cine.contours import CineContours
from twinviewer.segmentation.cine.phases import at_fraction, beat_fraction

DISC_MM = 1.0
"""Thickness of the discs between slices; areas are linear in between."""
MUSCLE_G_PER_ML = 1.05
ROOF_MM = 3.0
"""How far the valves bulge, on average, above the plane through the ends of the muscular wall.

Mitral and aortic ring (some 30 and 23 mm) meet at about 130 degrees in the aorto-mitral curtain, which so stands 11 mm
above the line between their outer ends; a surface that rises to it from all round is a quarter to a third of that high
on average. Uncertain by 1.5 mm.
"""
RIGHT_TRAVEL = 1.3
"""The tricuspid ring moves farther than the mitral one: free wall 23 mm, septum 12 mm, lateral mitral ring 15 mm in
healthy adults (TAPSE, MAPSE), so (23 + 12) / (15 + 12)."""


@dataclass(frozen=True, slots=True, eq=False)
class CineVolumes:
    """Volumes over one beat, every slice brought to it by its own R-R.

    fraction: (t,) of the beat, 0 = R wave. lv_ml, rv_ml: (t,) cavities; rv_ml is None without right contours.
    lv_mass_g: (t,) wall from the same discs at 1.05 g/mL. ed, es: indices of the fullest and emptiest left phase.
    base: "long axis" where the valve plane was followed there, "slices" where only the contours say where the base is,
    which is uncertain by half the slice distance (base_uncertainty_ml, at end diastole).
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
    count = max(len(plane.frames) for plane in planes)
    wanted = np.arange(count) / count if count > 3 else np.unique(np.concatenate([beat_fraction(p) for p in planes]))
    left = _areas(contours, stack, "lv_endocardium", wanted)
    outer = _areas(contours, stack, "lv_epicardium", wanted)
    right = _areas(contours, stack, "rv_endocardium", wanted)
    if (outer > 0).any(axis=1).sum() < 2:
        raise SegmentationError(
            "Fewer than two slices show the left ventricle: there is no volume to sum",
            remedy="Correct the contours by hand, or load the whole stack.",
        )
    base, kind = _base(contours, depth, outer, wanted)
    gap = float(np.median(np.diff(depth)))
    right_base = base
    if kind == "long axis":
        right_base = base.min() + RIGHT_TRAVEL * (base - base.min())
        base = base - ROOF_MM
    lv = _discs(left, depth, base, gap)
    whole = _discs(outer, depth, base, gap)
    rv = _discs(right, depth, right_base, gap) if (right > 0).any() else None
    ed, es = int(np.argmax(lv)), int(np.argmin(lv))
    first = int(np.argmax(outer[:, ed] > 0))
    doubt = 0.5 * gap if kind == "slices" else float(np.hypot(contours.base_spread_mm, 0.5 * ROOF_MM))
    return CineVolumes(
        fraction=wanted,
        lv_ml=lv,
        rv_ml=rv,
        lv_mass_g=MUSCLE_G_PER_ML * (whole - lv),
        ed=ed,
        es=es,
        base=kind,
        base_uncertainty_ml=float(left[first, ed] * doubt / 1000.0),
    )


def _areas(
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
        return at_fraction(contours.base_depth_mm, contours.base_fraction, wanted), "long axis"
    gap = float(np.median(np.diff(depth)))
    first = np.argmax(outer > 0, axis=0)
    return depth[first] - 0.5 * gap, "slices"


def _discs(
    areas: NDArray[np.float64], depth: NDArray[np.float64], base: NDArray[np.float64], gap: float
) -> NDArray[np.float64]:
    """(t,) mL. Square roots of areas are linear between slices, level above the first contour, to 0 past the last."""
    out = np.zeros(areas.shape[1])
    for t in range(areas.shape[1]):
        present = np.flatnonzero(areas[:, t] > 0)
        if present.size == 0:
            continue
        # contours above the base are atrium or great vessel; the lowest one always counts
        kept = present[depth[present] >= base[t] - 0.25 * gap]
        kept = kept if kept.size else present[-1:]
        size = np.sqrt(areas[kept, t])
        end = depth[kept[-1]] + _cap_mm(size, depth[kept], gap)
        z = np.arange(min(base[t], depth[kept[-1]]) + DISC_MM / 2, end, DISC_MM)
        radius = np.interp(z, depth[kept], size)
        past = z > depth[kept[-1]]
        # a rounded apex: area falls linearly, as in a paraboloid
        share = np.clip((end - z[past]) / max(end - depth[kept[-1]], 1e-6), 0.0, 1.0)
        radius[past] = size[-1] * np.sqrt(share)
        out[t] = float((radius**2).sum() * DISC_MM / 1000.0)
    return out


def _cap_mm(size: NDArray[np.float64], depth: NDArray[np.float64], gap: float) -> float:
    """How far the cavity reaches past its last contour: as its area falls, within half the slice distance."""
    if len(size) < 2:
        return 0.5 * gap
    fall = (size[-2] ** 2 - size[-1] ** 2) / (depth[-1] - depth[-2])
    return float(np.clip(size[-1] ** 2 / fall, 0.0, 0.75 * gap)) if fall > 0 else 0.5 * gap
