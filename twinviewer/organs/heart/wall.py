"""The shape of the ventricular wall as signed distances, and which of its faces looks where.

wall = envelope minus left blood minus right blood. The envelope holds both ventricles with their blood; left blood is
the left ventricle with left atrium and aorta, right blood likewise. So no blood pool has a face at a valve: the wall
ends in open rims there, without sheets across the valves. Each pool is smoothed as a whole, which keeps thin walls.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import LabelMap, MeshError, Reporter, silent
from twinviewer.geometry.solids import Frame, Solid, frame_around, smooth_solid

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

LV_WALL, LV, RV, LA, RA, AORTA, PA, RV_WALL = 1, 2, 3, 4, 5, 6, 7, 8
NAMES = {
    LV_WALL: "lv_myocardium",
    LV: "lv_blood",
    RV: "rv_blood",
    LA: "la_blood",
    RA: "ra_blood",
    AORTA: "aorta",
    PA: "pulmonary_artery",
    RV_WALL: "rv_myocardium",
}
LARGEST_GAP_CM2 = 8.0  # a hole in the muscle larger than this is a wrong segmentation, not a thin spot


@dataclass(frozen=True, slots=True, eq=False)
class WallShape:
    """Solids on one frame. left and right are the blood of each side; *_beyond is what lies across the valves.

    wall_ml: what the wall should hold: the labelled muscle and what its least thickness adds.
    """

    frame: Frame
    labels: NDArray[np.uint8]
    sigma_mm: float
    envelope: Solid
    left: Solid
    right: Solid
    lv: Solid
    rv: Solid
    left_beyond: Solid
    right_beyond: Solid
    chamber: NDArray[np.float32]
    wall_ml: float
    notes: tuple[str, ...]

    def distance(self, points_mm: Array) -> Array:
        """(n,) signed distance to the wall's face at local points, negative in the wall."""
        return np.maximum.reduce([self.envelope.at(points_mm), -self.left.at(points_mm), -self.right.at(points_mm)])

    def is_rv(self, points_mm: Array) -> Mask:
        """(n,) whether the muscle at local points belongs to the right free wall."""
        return Solid(self.frame, self.chamber).at(points_mm) > 0.0

    def volume_ml(self, *values: int) -> float:
        """Volume of labels in the box."""
        cell = self.frame.sample_ml / np.prod(self.frame.pool)
        return float(np.isin(self.labels, values).sum()) * cell


def codes(labels: LabelMap) -> NDArray[np.uint8]:
    """The (t, k, j, i) labels with the heart's standard values, whatever values the map uses. MeshError if any of the
    four parts of the ventricles is missing."""
    known = {name: value for value, name in labels.names.items()}
    missing = [NAMES[v] for v in (LV_WALL, LV, RV) if NAMES[v] not in known]
    if missing:
        raise MeshError(f"The label map has no {', '.join(missing)}", remedy="Segment the ventricles first.")
    if all(labels.names.get(v) == n for v, n in NAMES.items()) and set(labels.names) == set(NAMES):
        return labels.data
    table = np.zeros(256, dtype=np.uint8)
    for value, name in NAMES.items():
        if name in known:
            table[known[name]] = value
    return table[labels.data]


def wall_shape(labels: LabelMap, data: NDArray[np.uint8], thinnest_mm: float, report: Reporter = silent) -> WallShape:
    """Solids of one phase (k, j, i) of standard labels. thinnest_mm: the wall is nowhere made thinner than this.

    Raises MeshError where the left cavity lies open over more than LARGEST_GAP_CM2.
    """
    sigma = max(1.2, 1.0 * max(labels.grid.spacing_mm))
    frame = frame_around(labels.grid, np.isin(data, (LV_WALL, RV_WALL, LV, RV)), margin_mm=4.0 * sigma + 6.0)
    d = _mended(np.asarray(frame.crop(data), dtype=np.uint8))
    voxel = labels.grid.spacing_mm
    notes = _check_gaps(d, voxel, frame)

    done = [0]

    def solid(*values: int) -> Solid:
        done[0] += 1
        report(0.3 + 0.09 * done[0], "Smoothing the labels")
        return smooth_solid(frame, np.isin(d, values), sigma)

    lv, rv = solid(LV), solid(RV)
    left_beyond, right_beyond = solid(LA, AORTA), solid(RA, PA)
    left, right = solid(LV, LA, AORTA), solid(RV, RA, PA)
    envelope = solid(LV_WALL, RV_WALL, LV, RV)
    as_labelled = _between(envelope, left, right).volume_ml()
    # nowhere thinner than thinnest_mm away from the valves: outwards, ...
    pools = []
    for blood, beyond, joint, reach in (
        (lv, left_beyond, left, _valve_reach(frame, d, LV, (LA, AORTA))),
        (rv, right_beyond, right, _valve_reach(frame, d, RV, (RA, PA))),
    ):
        away = np.clip((reach - 3.0) / 4.0, 0.0, 1.0).astype(np.float32)
        grown = np.where(away > 0, blood.values - thinnest_mm * away, np.inf)
        envelope = Solid(frame, np.minimum(envelope.values, grown).astype(np.float32))
        # ... towards an appendage or vessel that lies on the ventricle without being open to it, ...
        pools.append(Solid(frame, joint.values + away * (_apart(blood, beyond, thinnest_mm) - joint.values)))
    # ... and between the ventricles
    overlap = np.maximum(0.0, thinnest_mm - pools[0].values - pools[1].values) / 2.0
    left, right = (Solid(frame, pool.values + overlap) for pool in pools)
    added = max(0.0, _between(envelope, left, right).volume_ml() - as_labelled)
    muscle = float(np.isin(d, (LV_WALL, RV_WALL)).sum()) * labels.grid.voxel_ml
    if added > 0.03 * muscle:
        notes += (f"The wall is {added:.0f} mL thicker than labelled: it is nowhere thinner than {thinnest_mm:g} mm",)
    chamber = _chamber(frame, d, sigma)
    return WallShape(
        frame, d, sigma, envelope, left, right, lv, rv, left_beyond, right_beyond, chamber, muscle + added, notes
    )


def _valve_reach(frame: Frame, d: NDArray[np.uint8], ventricle: int, beyond: tuple[int, ...]) -> Array:
    """Distance in mm of each sample from the valves: the largest contact of the ventricle with each pool beyond."""
    near = ndimage.binary_dilation(d == ventricle, iterations=1)
    valves = np.zeros(d.shape, dtype=bool)
    for value in beyond:
        contact = near & (d == value)
        part, count = ndimage.label(contact, structure=np.ones((3, 3, 3)))
        if count:
            valves |= part == 1 + int(np.argmax(np.bincount(part.ravel())[1:]))
    sampled = frame.occupancy(valves) > 0
    if not sampled.any():
        return np.full(frame.shape, 100.0)
    return np.asarray(ndimage.distance_transform_edt(~sampled, sampling=frame.spacing_mm[::-1]), dtype=np.float64)


def _apart(one: Solid, two: Solid, gap_mm: float) -> NDArray[np.float32]:
    """Distance to two pools drawn back from each other until ``gap_mm`` lie between them."""
    overlap = np.maximum(0.0, gap_mm - one.values - two.values) / 2.0
    return np.asarray(np.minimum(one.values, two.values) + overlap, dtype=np.float32)


def _between(envelope: Solid, left: Solid, right: Solid) -> Solid:
    """The envelope without the blood of both sides."""
    return Solid(envelope.frame, np.maximum.reduce([envelope.values, -left.values, -right.values]))


def _mended(d: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Largest part of each ventricle's blood; enclosed pockets become muscle."""
    d = d.copy()
    for blood, wall in ((LV, LV_WALL), (RV, RV_WALL)):
        mask = d == blood
        part, count = ndimage.label(mask)
        if count == 0:
            raise MeshError(f"The label map has no voxel of {NAMES[blood]} in this phase")
        if count > 1:
            largest = 1 + int(np.argmax(np.bincount(part.ravel())[1:]))
            d[mask & (part != largest)] = wall
    solid = np.isin(d, (LV_WALL, RV_WALL, LV, RV))
    hole = ndimage.binary_fill_holes(solid | (d > 0)) & (d == 0)
    d[hole] = LV_WALL
    return d


def _check_gaps(d: NDArray[np.uint8], spacing_mm: tuple[float, float, float], frame: Frame) -> tuple[str, ...]:
    """Where the left cavity touches air or right blood without muscle between, away from the valves."""
    lv = d == LV
    beyond = np.isin(d, (LA, AORTA))
    reach = [max(1, round(6.0 / s)) for s in spacing_mm[::-1]]
    near = beyond
    for axis, steps in enumerate(reach):
        near = ndimage.maximum_filter1d(near.view(np.uint8), 2 * steps + 1, axis=axis).astype(bool)
    open_to = np.isin(d, (0, RV, RA, PA)) & ~near
    area, where = 0.0, []
    sx, sy, sz = spacing_mm
    for axis, face in enumerate((sx * sy, sx * sz, sy * sz)):
        for step in (1, -1):
            touch = lv & np.roll(open_to, step, axis=axis)
            area += float(touch.sum()) * face / 100.0
            where.append(np.argwhere(touch))
    area *= 2.0 / 3.0  # voxel faces overstate an oblique area by 3/2 on average
    spots = np.concatenate(where)
    if area > LARGEST_GAP_CM2:
        first = frame.origin_mm - (np.array(frame.pool[::-1]) - 1) / 2 * np.array(spacing_mm)
        x, y, z = frame.to_lps((first + spots[:, ::-1].mean(axis=0) * np.array(spacing_mm))[None])[0]
        raise MeshError(
            f"The left ventricle's blood is not enclosed by muscle: {area:.0f} cm² lie open",
            where=f"around LPS {x:.0f}, {y:.0f}, {z:.0f} mm",
            remedy="Correct the muscle label there and build again.",
        )
    if area > 0.5:
        return (f"{area:.1f} cm² of the left ventricle had no muscle label; a thin wall was put there",)
    return ()


def _chamber(frame: Frame, d: NDArray[np.uint8], sigma_mm: float) -> NDArray[np.float32]:
    """A field that is positive where the nearest muscle is right free wall. Unlabelled wall goes to the nearer pool."""
    scale = 1.5 * sigma_mm / frame.spacing_mm[::-1]
    left = ndimage.gaussian_filter(frame.occupancy(d == LV_WALL), scale)
    right = ndimage.gaussian_filter(frame.occupancy(d == RV_WALL), scale)
    hint = ndimage.gaussian_filter(frame.occupancy(d == RV) - frame.occupancy(d == LV), scale)
    return np.asarray(right - left + np.where(left + right < 0.02, hint, 0.0), dtype=np.float32)
