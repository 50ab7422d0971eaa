"""From a cine stack to contours of both ventricles in every short-axis slice and phase."""

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CinePoint, CineStack, Reporter, SegmentationError, part, silent
from twinviewer.segmentation.cine.aortic import aortic_points
from twinviewer.segmentation.cine.breath_hold import breath_hold_shifts
from twinviewer.segmentation.cine.confidence import LEAST_RING, ring_evidence
from twinviewer.segmentation.cine.contours import CineContour, CineContours
from twinviewer.segmentation.cine.left_ventricle import cyclic, left_ventricle
from twinviewer.segmentation.cine.locate import locate
from twinviewer.segmentation.cine.phases import at_fraction, common_fractions
from twinviewer.segmentation.cine.points import apex_points, mitral_points, tricuspid_points
from twinviewer.segmentation.cine.polar import to_uv
from twinviewer.segmentation.cine.right_base import RightBase, kept, right_base
from twinviewer.segmentation.cine.right_ventricle import RightCavity, find_right
from twinviewer.segmentation.cine.short_axis import Slices, short_axis
from twinviewer.segmentation.cine.slice_base import base_from_rings, end_seen
from twinviewer.segmentation.cine.tricuspid import find_tricuspid
from twinviewer.segmentation.cine.valve_plane import ValvePlane, find_valve_plane, whole_slices
from twinviewer.segmentation.cine.wall import Walls

MADE_BY = "twinviewer cine 1 (temporal energy, polar dynamic programming)"
_LEAST_CAVITY_CM2 = 0.4
_LEAST_RIGHT = 0.15
_LEAST_RIGHT_MM2 = 100.0
_STEPS_ON_RAY = 9
_ABOVE_MM = 3.0
_MAYBE_ATRIUM = 0.4
_NO_RIGHT_BASE = (
    "No four-chamber plane shows the tricuspid ring: the right ventricle's base follows the mitral valve, and in "
    "systole some atrium may be counted with it."
)
_NO_TIP = (
    "No long-axis plane shows the apex and the last slice that shows the left ventricle is still wide: the stack ends "
    "before the heart does. What lies beyond it is taken to beat as the slices beside it."
)
_NO_BASE = (
    "No long-axis plane shows the mitral valve: the base is taken from the slices alone, by how much of the ring of "
    "muscle each still shows."
)


def delineate(stack: CineStack, report: Reporter = silent) -> CineContours:
    """Contours of LV endocardium, LV epicardium and RV endocardium in the short-axis planes of a cine study.

    Papillary muscles and trabeculae belong to the cavities. The same stack always gives the same contours. The
    confidence of a left contour is the share of the ring round the blood that looks like muscle, times how much the
    blood differs from it; of a right one, how even its blood and how sharp its free wall is. Frames below the least
    confidence (valve plane, atrium, outflow tract, beyond the apex) get no contour.

    Errors: SegmentationError where there is no short-axis stack, nothing beats, or no slice shows a ring of muscle
    round blood. ``report`` may raise Cancelled.
    """
    slices = short_axis(stack)
    found_at = locate(stack, slices, part(report, 0.0, 0.2))
    walls = left_ventricle(slices, found_at.centres, found_at.evidence, part(report, 0.2, 0.6))
    rings = []
    for one in walls:
        report(0.6, "Delineating the left ventricle")
        rings.append(ring_evidence(one, walls))
    notes = (*found_at.notes, *_refuse_or_note(rings))
    whole = whole_slices(rings)
    middle = whole[len(whole) // 2] if whole else len(walls) // 2
    heart = slices.to_mm(middle, walls[middle].centre[None])[0]
    shift = breath_hold_shifts(stack, heart, slices.axes[2], part(report, 0.6, 0.75))
    moved = shift @ slices.axes.T
    every = common_fractions(slices.planes)
    base = find_valve_plane(stack, slices, walls, rings, every, moved, part(report, 0.75, 0.8))
    apex = apex_points(stack, slices, walls, whole, part(report, 0.8, 0.85))
    rights = []
    for k, one in enumerate(walls):
        tick = partial(report, 0.85 + 0.12 * k / len(walls), "Delineating the right ventricle")
        rights.append(find_right(slices, one, cyclic(slices, k), tick))
    points = apex
    if base is not None:
        ring = find_tricuspid(stack, slices, walls, rights, whole, base, part(report, 0.97, 0.99))
        aortic = aortic_points(stack, slices, rights, whole, base)
        points = (*mitral_points(slices, base, ring, moved), *aortic, *tricuspid_points(slices, ring), *apex)
    notes += _missing(base, points) + (() if apex or end_seen(walls, whole, slices) else (_NO_TIP,))
    base = base or base_from_rings(slices, walls, rings, whole, every)
    seen = CineContours((), slices.indices, stack.uid, MADE_BY, points=points, shift_mm=shift)
    cut = right_base(seen, stack, slices.axes[2], every)
    found: list[CineContour] = []
    for k, one in enumerate(walls):
        report(0.99, "Delineating the right ventricle")
        for phase, sure in enumerate(rings[k]):
            if sure < LEAST_RING or (base is not None and _above(slices, k, base, one, phase)):
                continue
            found += _left(slices, k, phase, one, float(sure))
            mine = _right(slices, k, phase, one, rights[k], base, cut, shift[slices.indices[k]])
            if mine is not None:
                found.append(mine)
    return CineContours(
        contours=tuple(found),
        short_axis=slices.indices,
        image_uid=stack.uid,
        made_by=MADE_BY,
        notes=notes,
        base_fraction=None if base is None else base.fraction,
        base_depth_mm=None if base is None else base.base_mm - slices.depth_mm[0],
        base_spread_mm=0.0 if base is None else base.spread_mm,
        points=points,
        shift_mm=shift,
    )


def _above(slices: Slices, number: int, base: ValvePlane, walls: Walls, phase: int) -> bool:
    """Whether a slice lies clearly on the atrial side of the valve plane at this phase."""
    depth = at_fraction(base.base_mm, base.fraction, walls.fraction[phase : phase + 1])
    return float(slices.depth_mm[number]) < float(depth[0]) - _ABOVE_MM


def _missing(base: ValvePlane | None, points: tuple[CinePoint, ...]) -> tuple[str, ...]:
    if base is None:
        return (_NO_BASE,)
    return () if any(point.name == "tricuspid" for point in points) else (_NO_RIGHT_BASE,)


def _right(
    slices: Slices,
    number: int,
    phase: int,
    walls: Walls,
    right: RightCavity,
    base: ValvePlane | None,
    cut: RightBase | None,
    shift_mm: NDArray[np.float64],
) -> CineContour | None:
    """The right contour of one frame on the ventricle's side of its base; the less is left, the less it is trusted.

    shift_mm: (3,) LPS from this slice to the others' breath-hold, in which ``cut`` is.
    """
    share = None if cut is None else _share_below(slices, number, phase, walls, right, cut, shift_mm)
    outline = right.outline(phase, walls.centre, share)
    confidence = float(right.confidence[phase])
    if len(outline) == 0:
        return None
    whole = _contour(slices, number, phase, "rv_endocardium", outline, confidence)
    left = whole
    if cut is not None and share is not None:
        depth = cut.depth_of(whole.points_mm + shift_mm, cut.at(float(walls.fraction[phase])))
        left = replace(whole, points_mm=kept(whole.points_mm, depth))
        left.points_mm.flags.writeable = False
        if len(left.points_mm) < 3 or left.area_mm2 < _LEAST_RIGHT_MM2:
            return None
        # beside much atrium, what is left is the outflow tract with the fat about it
        size = (right.far_mm[phase] ** 2 - right.near_mm[phase] ** 2) * (right.far_mm[phase] > right.near_mm[phase])
        confidence *= 0.3 + 0.7 * float(size @ share / max(float(size.sum()), 1e-6))
    elif base is not None and _maybe_atrium(slices, number, base, walls, phase):
        confidence *= _MAYBE_ATRIUM
    return replace(left, confidence=min(confidence, 1.0)) if confidence >= _LEAST_RIGHT else None


def _share_below(
    slices: Slices,
    number: int,
    phase: int,
    walls: Walls,
    right: RightCavity,
    cut: RightBase,
    shift_mm: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(angles,) how much of the right layer on each ray lies on the ventricle's side of its base."""
    moment = cut.at(float(walls.fraction[phase]))
    steps = np.linspace(0.0, 1.0, _STEPS_ON_RAY)[:, None]
    radii = right.near_mm[phase] * (1.0 - steps) + right.far_mm[phase] * steps
    points = [slices.to_mm(number, to_uv(one, walls.centre)) + shift_mm for one in radii]
    out: NDArray[np.float64] = np.mean([cut.depth_of(one, moment) > 0.0 for one in points], axis=0)
    return out


def _maybe_atrium(slices: Slices, number: int, base: ValvePlane, walls: Walls, phase: int) -> bool:
    """Whether the free side of a tricuspid ring that no plane shows may have passed this slice.

    It goes farther towards the apex than the mitral ring does: this slice is doubted if twice its way leads past it.
    """
    depth = float(at_fraction(base.base_mm, base.fraction, walls.fraction[phase : phase + 1])[0])
    return float(slices.depth_mm[number]) < 2.0 * depth - float(base.base_mm.min())


def _left(slices: Slices, number: int, phase: int, walls: Walls, sure: float) -> list[CineContour]:
    inner, outer = walls.inner_mm[phase], walls.outer_mm[phase]
    out = [_contour(slices, number, phase, "lv_epicardium", to_uv(outer, walls.centre), sure)]
    # a cavity that closes at end systole (apex) has no endocardial contour
    if (inner**2).sum() * np.pi / len(inner) / 100.0 >= _LEAST_CAVITY_CM2:
        out.insert(0, _contour(slices, number, phase, "lv_endocardium", to_uv(inner, walls.centre), sure))
    return out


def _contour(
    slices: Slices, number: int, phase: int, structure: str, uv: NDArray[np.float64], confidence: float
) -> CineContour:
    points = slices.to_mm(number, uv)
    points.flags.writeable = False
    return CineContour(
        plane=slices.indices[number],
        phase=phase,
        structure=structure,
        points_mm=points,
        confidence=min(max(confidence, 0.0), 1.0),
    )


def _refuse_or_note(rings: list[NDArray[np.float64]]) -> tuple[str, ...]:
    best = [float(np.max(ring)) for ring in rings]
    if sum(sure >= LEAST_RING for sure in best) < 2:
        raise SegmentationError(
            "No left ventricle was found: fewer than two slices show a ring of muscle round blood",
            remedy="Check that this is a short-axis cine of the heart, or import a mask.",
        )
    notes = []
    if best[0] >= 0.9:
        notes.append("The slice nearest the base still shows the whole ring: the ventricle may reach beyond the stack.")
    return tuple(notes)
