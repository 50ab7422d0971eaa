"""Everything that a measured motion says, frame by frame: what plots, bullseyes and the numbers are made from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import MeshError, OrganMesh
from twinviewer.geometry.surfaces import area_vectors
from twinviewer.organs.heart.motion.rings import find_rings, heights_mm
from twinviewer.organs.heart.motion.strain import face, muscle, strain
from twinviewer.organs.heart.motion.thickness import thickness
from twinviewer.organs.heart.motion.volumes import cavity_ml, peak_fraction

Array = NDArray[np.float64]

SEGMENTS = 17
RING_SEGMENTS = 16  # without the tip, where circumferential and longitudinal cannot be told apart
BULLSEYES = (
    "longitudinal_percent",
    "circumferential_percent",
    "radial_percent",
    "thickening_percent",
    "thickness_mm",
    "time_to_peak_percent",
)
"""What MotionCurves.bullseye() gives; scene.bullseye.SCALES says how each is coloured."""


@dataclass(frozen=True, slots=True, eq=False)
class MotionCurves:
    """Volumes, wall thickness and strain over one measured beat.

    fraction: (t,) of the beat, 0 = R wave. lv_ml, rv_ml: (t,) cavities (rv_ml None without a right ventricle).
    muscle_ml: (t,) left wall with septum; its spread is how far the motion is from keeping the muscle's volume.
    ed: the frame at which the mesh itself stands (points_mm, its end diastole); strains are relative to it. es: the
    frame of the smallest left volume.
    thickness_mm, circumferential_percent, longitudinal_percent, radial_percent: (t, 17) by AHA segment, NaN where
    there is no muscle, circumferential also in segment 17. global_…: (t,) means over the muscle of segments 1–16;
    endo_…: over the endocardium's area. rv_longitudinal_percent: (t,) right free wall, or None. septal_mm, lateral_mm,
    tricuspid_mm: (t,) height of the side of the ring above end diastole's left apex, along the long axis. radius_mm:
    mean distance of the left endocardium from the axis at frame ed.
    """

    fraction: Array
    lv_ml: Array
    rv_ml: Array | None
    muscle_ml: Array
    ed: int
    es: int
    thickness_mm: Array
    circumferential_percent: Array
    longitudinal_percent: Array
    radial_percent: Array
    global_circumferential_percent: Array
    global_longitudinal_percent: Array
    global_radial_percent: Array
    global_thickness_mm: Array
    endo_circumferential_percent: Array
    endo_longitudinal_percent: Array
    rv_longitudinal_percent: Array | None
    septal_mm: Array
    lateral_mm: Array
    tricuspid_mm: Array | None
    radius_mm: float

    @property
    def frames(self) -> int:
        """How many phases were measured."""
        return len(self.fraction)

    def bullseye(self, name: str, frame: int | None = None) -> Array:
        """(17,) values of one of BULLSEYES to draw, NaN where there is none; KeyError for another name.

        frame: default end systole, for thickness_mm end diastole. thickening_percent is relative to end diastole.
        time_to_peak_percent is when circumferential strain is most negative, in % of R-R, whatever the frame.
        """
        at = self.es if frame is None else frame
        if name == "time_to_peak_percent":
            found = [peak_fraction(curve, self.fraction) for curve in self.circumferential_percent.T]
            return np.array([np.nan if when is None else 100.0 * when for when in found])
        if name == "thickening_percent":
            return np.asarray(100.0 * (self.thickness_mm[at] / self.thickness_mm[self.ed] - 1.0))
        if name == "thickness_mm":
            return np.array(self.thickness_mm[self.ed if frame is None else frame])
        strains = {
            "longitudinal_percent": self.longitudinal_percent,
            "circumferential_percent": self.circumferential_percent,
            "radial_percent": self.radial_percent,
        }
        return np.array(strains[name][at])


def motion_curves(mesh: OrganMesh) -> MotionCurves:
    """Curves of a heart with motion_mm. Raises MeshError when it has no motion, fewer than 2 frames, or lacks the
    surfaces "lv_endocardium" and "lv_cavity" and the fields "transmural", "aha_segment" and "chamber"."""
    motion, fraction = mesh.motion_mm, mesh.motion_fraction
    if motion is None or fraction is None or len(motion) < 2:
        raise MeshError("This heart has no measured motion", remedy="Build the model from a cine study.")
    missing = {"lv_cavity", "lv_endocardium", "transmural", "aha_segment", "chamber"} - mesh.fields
    if missing:
        raise MeshError(f"The model lacks what motion is measured by: {', '.join(sorted(missing))}")
    lv_ml = cavity_ml(motion, mesh.surfaces["lv_cavity"])
    has_right = "rv_cavity" in mesh.surfaces and len(mesh.surfaces["rv_cavity"]) > 0
    rv_ml = cavity_ml(motion, mesh.surfaces["rv_cavity"]) if has_right else None
    ed, es = mesh.rest_frame, int(np.argmin(lv_ml))
    rest = motion[ed].astype(np.float64)
    rings = find_rings(mesh)

    aha = np.asarray(mesh.point_fields["aha_segment"])
    depth = np.asarray(mesh.point_fields["transmural"], dtype=np.float64)
    chamber = np.asarray(mesh.cell_fields["chamber"])
    groups = [aha == k for k in range(1, SEGMENTS + 1)]
    left = muscle(rest, mesh.tets[chamber == 1], depth, groups, rings.apex_mm, rings.up)
    wall = strain(motion, left, rest)
    thick, volume = thickness(motion, left, depth, rest, wall.turn)
    inner = face(rest, mesh.surfaces["lv_endocardium"], groups[:RING_SEGMENTS], rings.apex_mm, rings.up)
    endo = strain(motion, inner, rest)
    ringed = left.amount.copy()
    ringed[RING_SEGMENTS:] = 0.0
    circumferential = np.where(ringed > 0.0, wall.circumferential_percent, np.nan)
    part = volume[:, :RING_SEGMENTS]
    return MotionCurves(
        fraction=np.asarray(fraction, dtype=np.float64),
        lv_ml=lv_ml,
        rv_ml=rv_ml,
        muscle_ml=volume.sum(axis=1),
        ed=ed,
        es=es,
        thickness_mm=thick,
        circumferential_percent=circumferential,
        longitudinal_percent=wall.longitudinal_percent,
        radial_percent=wall.radial_percent,
        global_circumferential_percent=_mean(wall.circumferential_percent, ringed),
        global_longitudinal_percent=_mean(wall.longitudinal_percent, ringed),
        global_radial_percent=_mean(wall.radial_percent, ringed),
        global_thickness_mm=part.sum(axis=1) / np.nansum(part / thick[:, :RING_SEGMENTS], axis=1),
        endo_circumferential_percent=_mean(endo.circumferential_percent, inner.amount),
        endo_longitudinal_percent=_mean(endo.longitudinal_percent, inner.amount),
        rv_longitudinal_percent=_right(mesh, rest, chamber, depth, rings.apex_mm, rings.up),
        septal_mm=heights_mm(motion, rings.septal, rings),
        lateral_mm=heights_mm(motion, rings.lateral, rings),
        tricuspid_mm=heights_mm(motion, rings.tricuspid, rings) if len(rings.tricuspid) else None,
        radius_mm=_radius_mm(rest, mesh.surfaces["lv_endocardium"], rings.apex_mm, rings.up),
    )


def _mean(values: Array, weight: Array) -> Array:
    """(t,) mean of (t, groups) by weight; a group without muscle does not count."""
    return np.asarray(np.where(weight > 0.0, values, 0.0) @ weight / weight.sum())


def _radius_mm(points: Array, triangles: NDArray[np.integer], axis_point: Array, up: Array) -> float:
    """Mean distance of a surface from an axis, by area."""
    away = points[triangles].mean(axis=1) - axis_point
    away = away - np.outer(away @ up, up)
    weight = np.linalg.norm(area_vectors(points, triangles), axis=1)
    return float(np.average(np.linalg.norm(away, axis=1), weights=weight))


def _right(
    mesh: OrganMesh, rest: Array, chamber: NDArray[np.generic], depth: Array, apex_mm: Array, up: Array
) -> Array | None:
    """(t,) longitudinal strain of the right free wall in %; where it joins the septum its depth is not its own.

    It turns much on its way round the cavity, so each segment is cut into sectors of 45°.
    """
    assert mesh.motion_mm is not None
    segment = np.asarray(mesh.point_fields.get("rv_segment", np.zeros(len(rest), dtype=np.int8)))
    tets = mesh.tets[chamber == 2]
    tets = tets[(segment > 0)[tets].all(axis=1)]
    if len(tets) == 0:
        return None
    away = rest - rest[np.unique(tets)].mean(axis=0)
    side = np.cross(up, np.eye(3)[np.argmin(np.abs(up))])
    angle = np.arctan2(away @ np.cross(up, side), away @ side)
    sector = np.floor(4.0 * (angle / np.pi + 1.0)).astype(int)
    groups = [(segment == k) & (sector == j) for k in (1, 2, 3) for j in np.unique(sector)]
    used = np.zeros(len(rest), dtype=bool)
    used[tets] = True
    groups = [group for group in groups if np.any(group & used)]
    right = muscle(rest, tets, depth, groups, apex_mm, up)
    return _mean(strain(mesh.motion_mm, right, rest).longitudinal_percent, right.amount)
