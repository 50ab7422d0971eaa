"""Valve rings as flat outlines: the plane of the border between two labels, and the blood that crosses it there.

The plane is fitted to the voxel faces at which the two labels touch (their largest piece), faces that stand off it
being left out again and again (least trimmed squares by the median). Where the labels were parted by a plane of least
area, as segmenting does, that plane is found back. It stands in for the plane through the three hinge points of the
cusps, which no label map shows; where a model carries the landmarks aortic_hinge_1 to _3, their plane is used.

What counts as the ring within the plane. Of an inlet: blood of either label, above which lies the atrium and below
which the ventricle, so that neither the outflow tract beside the mitral ring nor an auricle beside it is counted. Of an
outlet, whose closed cusps part the labels in shreds: blood BELOW_MM towards the ventricle, under the vessel's root.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import LabelMap
from twinviewer.geometry.cross_section import GRAIN_MM, Section, Soft, axes_of, box_of, outlined, soft, square

Array = NDArray[np.float64]
HINGES = ("aortic_hinge_1", "aortic_hinge_2", "aortic_hinge_3")
BY_HINGES, BY_BORDER = "plane through the three hinge points", "plane fitted to the border of the labels"
BY_AXIS = "plane across the root's axis at the labels' border, which lies askew to it"
ASKEW_DEG, ROOT_FROM_MM, ROOT_TO_MM = 8.0, 5.0, 25.0
"""A ring stands nearly square to its root; a border that leans more than this was not drawn there. The axis is that
of the vessel so far beyond the border."""
LEAST_FACES = 30
LEAST_REACH_MM = 25.0
ROUGHEST_MM = 3.0
"""Median distance from the plane beyond which a border is no ring: a saddle of the mitral ring has less."""
MOST_OPEN = 0.6
OUTLETS = ("aorta", "pulmonary_artery")
BELOW_MM, ROOT_MM, ROOT_MARGIN_MM = 1.0, 8.0, 2.0
DEEPEST_MM, CUSPS = 5.0, 1.12
"""An outlet that widens by more than this from one mm to the next is still among its cusps."""
"""An outlet's ring lies below the sinuses, which are wider; how far above it they are looked for."""
NEAR, NEAR_MM, SLOPE = 0.8, 1.4, 0.12
"""So many voxels (and mm) above and below the plane there is blood too; a wall that slopes by 20° loses next to nothing
by that."""
APART = 3
"""Labels that lie up to this many voxels apart (a leaflet, an unsure border) still touch."""


@dataclass(frozen=True, slots=True, eq=False)
class Ring:
    """A valve ring. cut: its outline; normal points into what lies beyond the ventricle. how: which plane it lies in;
    rough_mm: median distance of the border's faces from the plane. below, beyond: the two labels. depth_mm: how far
    towards the ventricle the outline was taken."""

    cut: Section
    how: str
    rough_mm: float
    below: Soft
    beyond: Soft
    depth_mm: float = 0.0


def find_ring(
    labels: LabelMap, phase: int, below: str, beyond: str, landmarks: Mapping[str, Array] | None = None
) -> Ring | None:
    """The ring between a ventricle's label and what lies beyond; None where they do not touch in this phase, or the
    border is no plane at all."""
    names = set(labels.names.values())
    if below not in names or beyond not in names:
        return None
    lower, upper = labels.mask(below, phase), labels.mask(beyond, phase)
    where = _near(lower, upper)
    if where is None:
        return None
    faces = _faces(lower[where], upper[where])
    if faces is None:
        return None
    low = np.array([part.start for part in where])
    points = labels.grid.to_mm((faces + low)[:, ::-1])
    centre, normal, rough = _plane(points)
    if rough > ROUGHEST_MM:
        return None
    ahead = labels.grid.to_mm((np.argwhere(upper[where]).mean(axis=0) + low)[None, ::-1])[0]
    back = labels.grid.to_mm((np.argwhere(lower[where]).mean(axis=0) + low)[None, ::-1])[0]
    normal = normal if normal @ (ahead - back) > 0 else -normal
    how = BY_BORDER
    if beyond in OUTLETS:
        axis = _root_axis(labels, upper, centre, normal)
        if axis is not None and axis @ normal < np.cos(np.deg2rad(ASKEW_DEG)):
            normal, how = axis, BY_AXIS
    if landmarks is not None and all(name in landmarks for name in HINGES) and beyond == "aorta":
        first, second, third = (np.asarray(landmarks[name], np.float64) for name in HINGES)
        across = np.cross(second - first, third - first)
        if np.linalg.norm(across) > 50.0:  # twice the area in mm²: three points that span a plane
            across /= np.linalg.norm(across)
            normal = across if across @ normal > 0 else -across
            centre = centre + ((first - centre) @ normal) * normal
            how = BY_HINGES
    one, two = soft(lower, labels.grid, where), soft(upper, labels.grid, where)
    reach = max(float(np.quantile(np.linalg.norm(points - centre, axis=1), 0.98)) + 8.0, LEAST_REACH_MM)
    depth = 0.0
    if how == BY_HINGES:
        cut = _outlet_cut(one, two, centre, normal, reach, 0.0)
    elif beyond in OUTLETS:
        cut, depth = _below_cusps(one, two, centre, normal, reach)
        how += f", {depth:g} mm below it, where the cusps end" if depth > BELOW_MM else ""
    else:
        cut = _inlet_cut(one, two, centre, normal, reach)
    return None if cut is None else Ring(cut, how, rough, one, two, depth)


def _near(lower: NDArray[np.bool_], upper: NDArray[np.bool_]) -> tuple[slice, ...] | None:
    """The box where the boxes of both masks overlap, with a margin; None where they do not."""
    one, two = box_of(lower, APART + 1), box_of(upper, APART + 1)
    both = tuple(slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, two, strict=True))
    if any(part.stop - part.start < 3 for part in both):
        return None
    margin = 8
    return tuple(
        slice(max(part.start - margin, 0), min(part.stop + margin, size))
        for part, size in zip(both, lower.shape, strict=True)
    )


def _faces(lower: NDArray[np.bool_], upper: NDArray[np.bool_]) -> Array | None:
    """(n, 3) middles k, j, i of the faces at which two masks meet, of their largest piece; None where too few."""
    for reach in range(1, APART + 1):
        found = []
        for axis in range(3):
            for step in (reach, -reach):
                moved = np.roll(upper, step, axis=axis)
                edge: list[slice] = [slice(None)] * 3
                edge[axis] = slice(0, reach) if step > 0 else slice(-reach, None)
                moved[tuple(edge)] = False
                spot = np.argwhere(lower & moved).astype(np.float64)
                spot[:, axis] -= step / 2
                found.append(spot)
        spots = np.concatenate(found)
        if len(spots) < LEAST_FACES:
            continue
        grid = np.zeros(lower.shape, np.bool_)
        index = np.round(spots).astype(int)
        grid[tuple(np.clip(index, 0, np.array(lower.shape) - 1).T)] = True
        pieces, count = ndimage.label(grid, np.ones((3, 3, 3)))
        if count > 1:
            own = pieces[tuple(np.clip(index, 0, np.array(lower.shape) - 1).T)]
            spots = spots[own == np.argmax(np.bincount(own, minlength=count + 1)[1:]) + 1]
        if len(spots) >= LEAST_FACES:
            return spots
    return None


def _plane(points: Array) -> tuple[Array, Array, float]:
    """Middle, unit normal, and the median distance of the points from their plane."""
    keep = np.ones(len(points), np.bool_)
    for _ in range(8):
        centre = points[keep].mean(axis=0)
        _, _, axes = np.linalg.svd(points[keep] - centre, full_matrices=False)
        away = np.abs((points - centre) @ axes[2])
        limit = max(3.0 * float(np.median(away)), 0.5)
        if np.array_equal(keep, away <= limit):
            break
        keep = away <= limit
    return centre, axes[2], float(np.median(away))


def _inlet_cut(one: Soft, two: Soft, centre: Array, normal: Array, reach_mm: float) -> Section | None:
    step, near = max(2.0, 1.25 * one.edge_mm), max(NEAR * one.edge_mm, NEAR_MM)
    for _ in range(2):  # the second time round the ring's own middle
        across, along, places, shape = square(centre, normal, reach_mm)
        filled = one.at(places) + two.at(places)
        ahead_own, ahead = two.at(places + step * normal), one.at(places + step * normal)
        back_own, back = one.at(places - step * normal), two.at(places - step * normal)
        for own, other in ((ahead_own, ahead), (back_own, back)):
            all_of = own + other
            filled = np.minimum(filled, np.where(all_of > 0.1, own / np.maximum(all_of, 1e-6), 1.0))
        for side in (-near, near):  # blood on both sides: a chamber's own lid beside the ring is none of it
            beside = places + side * normal
            filled = np.minimum(filled, one.at(beside) + two.at(beside) + SLOPE)
        cut = outlined(filled.reshape(shape), centre, normal, across, along)
        if cut is None:
            return None
        centre = cut.centre_mm
    return cut


def _root_axis(labels: LabelMap, vessel: NDArray[np.bool_], centre: Array, normal: Array) -> Array | None:
    """(3,) direction of the vessel's first centimetres; None where there is too little of it."""
    points = labels.grid.to_mm(np.argwhere(vessel)[:, ::-1].astype(np.float64)) - centre
    points = points[np.linalg.norm(points, axis=1) < ROOT_TO_MM + 12.0]
    axis = normal
    for _ in range(4):
        height = points @ axis
        aside = np.linalg.norm(points - height[:, None] * axis, axis=1)
        near = aside < ROOT_TO_MM
        half = (ROOT_FROM_MM + ROOT_TO_MM) / 2.0
        low = points[near & (height > ROOT_FROM_MM) & (height < half)]
        high = points[near & (height >= half) & (height < ROOT_TO_MM)]
        if min(len(low), len(high)) < LEAST_FACES:
            return None
        ahead = high.mean(axis=0) - low.mean(axis=0)
        axis = ahead / np.linalg.norm(ahead)
    return np.asarray(axis)


def _below_cusps(one: Soft, two: Soft, centre: Array, normal: Array, reach_mm: float) -> tuple[Section | None, float]:
    """The outline of an outlet and how far below the border it is: deeper while shreds of cusps still narrow it."""
    cut, depth = _outlet_cut(one, two, centre, normal, reach_mm, BELOW_MM), BELOW_MM
    while cut is not None and depth < DEEPEST_MM:
        next_cut = _outlet_cut(one, two, centre, normal, reach_mm, depth + 1.0)
        if next_cut is None or next_cut.cut_off or next_cut.area_mm2 < CUSPS * cut.area_mm2:
            break
        cut, depth = next_cut, depth + 1.0
    return cut, depth


def _outlet_cut(one: Soft, two: Soft, centre: Array, normal: Array, reach_mm: float, below_mm: float) -> Section | None:
    for _ in range(2):
        along_normal = (max(0.5 * one.edge_mm, below_mm) if below_mm > 0.0 else 0.0) * normal
        across, along, places, shape = square(centre, normal, reach_mm)
        filled = (one.at(places - along_normal) + two.at(places - along_normal)).reshape(shape)
        root = two.at(places + ROOT_MM * normal).reshape(shape) > 0.5
        if root.any():
            wide = ndimage.distance_transform_edt(~root, GRAIN_MM)
            filled = np.minimum(filled, np.clip(0.5 + (ROOT_MARGIN_MM - wide) / one.edge_mm, 0.0, 1.0))
        cut = outlined(filled, centre, normal, across, along)
        if cut is None:
            return None
        centre = cut.centre_mm
    return cut


def outflow_cut(ring: Ring, depth_mm: float) -> tuple[Section, float] | None:
    """The outflow tract so far below the outline, parallel to it, and the share of its rim that no wall bounds.

    Towards the mitral valve the ventricle's blood goes on, as no leaflet parts them in the labels; there the tract ends
    where the ring ends, one voxel wider. None where nothing is there or more than MOST_OPEN of the rim is so.
    """
    normal, lift = ring.cut.normal, (depth_mm + max(ring.depth_mm - BELOW_MM, 0.0)) * ring.cut.normal
    reach = ring.cut.widths_mm[1] / 2.0 + 12.0
    centre = ring.cut.centre_mm - lift
    across, along, places, shape = square(centre, normal, reach)
    filled = (ring.below.at(places) + ring.beyond.at(places)).reshape(shape)
    u, v = axes_of(normal)
    ring_flat = np.stack([(ring.cut.outline_mm - ring.cut.centre_mm) @ axis for axis in (u, v)], axis=1)
    flat = np.stack([(places - centre) @ axis for axis in (u, v)], axis=1)
    beyond = _outside_mm(flat, ring_flat).reshape(shape)
    edge = ring.below.edge_mm
    limit = np.clip(0.5 + (edge - beyond) / edge, 0.0, 1.0)
    cut = outlined(np.minimum(filled, limit), centre, normal, across, along)
    if cut is None:
        return None
    rim = np.stack([(cut.outline_mm - centre) @ axis for axis in (u, v)], axis=1)
    free = float(np.mean(_outside_mm(rim, ring_flat) > 0.75 * edge))
    return None if free > MOST_OPEN else (cut, free)


def _outside_mm(points: Array, loop: Array) -> Array:
    """(n,) distance of flat points (n, 2) from a closed outline (p, 2), negative inside."""
    from scipy import spatial
    from skimage.measure import points_in_poly

    fine = np.concatenate([loop[:-1] + share * np.diff(loop, axis=0) for share in (0.0, 0.5)])
    away = spatial.KDTree(fine).query(points)[0]
    return np.asarray(np.where(points_in_poly(points, loop), -away, away))
