"""The rings of the atrioventricular valves and how far they travel towards the apex: MAPSE and TAPSE.

A ring is the rim of the endocardium (its open edges) near its valve. Heights are taken along the left ventricle's long
axis of end diastole, from its epicardial apex, so that a heart that is carried along as a whole travels nowhere.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import MeshError, OrganMesh
from twinviewer.geometry.surfaces import neighbours

Array = NDArray[np.float64]
Index = NDArray[np.int64]

SECTOR_DEG = 40.0  # a side of a ring: this far to both sides of its direction
APEX_MM = 5.0  # the tip is the mean of the muscle this near to it


@dataclass(frozen=True, slots=True, eq=False)
class Rings:
    """Rows of points on the mitral ring's septal and lateral side, the tricuspid ring's lateral side, and the tip.

    up: unit vector from apex to base. base_mm: middle of the mitral ring. apex_mm: endocardial apex. All at points_mm.
    tricuspid is empty where the mesh has no right ventricle.
    """

    septal: Index
    lateral: Index
    tricuspid: Index
    tip: Index
    up: Array
    base_mm: Array
    apex_mm: Array


def rim(triangles: NDArray[np.integer]) -> tuple[Index, Index]:
    """Both ends (k,) of the open edges of a surface."""
    tri, side = np.nonzero(neighbours(triangles) < 0)
    return triangles[tri, side].astype(np.int64), triangles[tri, (side + 1) % 3].astype(np.int64)


def find_rings(mesh: OrganMesh) -> Rings:
    """Rings of a heart at its end diastole. Raises MeshError when the left endocardium has no opening."""
    points = mesh.points_mm
    start, stop = rim(mesh.surfaces["lv_endocardium"])
    if len(start) == 0:
        raise MeshError("The left ventricle has no valve opening", remedy="Cut the endocardium at the valve plane.")
    length = np.linalg.norm(points[stop] - points[start], axis=1)
    base = np.average((points[start] + points[stop]) / 2.0, axis=0, weights=length)
    endo = points[np.unique(mesh.surfaces["lv_endocardium"])]
    apex = mesh.landmarks.get("lv_apex_endo")
    if apex is None:
        apex = endo[np.argmax(np.linalg.norm(endo - base, axis=1))]
    up = (base - apex) / np.linalg.norm(base - apex)
    wall = points[: mesh.wall_points]
    tip_mm = mesh.landmarks.get("lv_apex", apex)
    far = np.linalg.norm(wall - tip_mm, axis=1)
    tip = np.nonzero(far <= max(APEX_MM, float(far.min())))[0]

    mitral = mesh.landmarks.get("mitral_centre", base)
    own = _nearer(mesh, np.unique(start), "mitral_centre", "aortic_centre")
    right = np.zeros(0, dtype=np.int64)
    if "rv_endocardium" in mesh.surfaces and len(mesh.surfaces["rv_endocardium"]):
        ends, _ = rim(mesh.surfaces["rv_endocardium"])
        right = _nearer(mesh, np.unique(ends), "tricuspid_centre", "pulmonary_centre")
    if len(right):
        tricuspid = mesh.landmarks.get("tricuspid_centre", points[right].mean(axis=0))
        towards = tricuspid - mitral
    else:
        tricuspid = mitral
        towards = mesh.landmarks.get("rv_centre", mitral + np.eye(3)[np.argmin(np.abs(up))]) - mitral
    towards = towards - (towards @ up) * up
    return Rings(
        septal=_side(points, own, mitral, up, towards),
        lateral=_side(points, own, mitral, up, -towards),
        tricuspid=_side(points, right, tricuspid, up, towards) if len(right) else right,
        tip=tip,
        up=up,
        base_mm=base,
        apex_mm=np.asarray(apex, dtype=np.float64),
    )


def heights_mm(motion_mm: NDArray[np.floating], rows: Index, rings: Rings) -> Array:
    """(t,) mean height of points above the tip along the axis, at the positions (t, n, 3)."""
    up = rings.up.astype(np.float64)
    part = motion_mm[:, rows].astype(np.float64).mean(axis=1) - motion_mm[:, rings.tip].astype(np.float64).mean(axis=1)
    return np.asarray(part @ up)


def _nearer(mesh: OrganMesh, rows: Index, own: str, other: str) -> Index:
    """Those rows that are nearer to their own valve than to the other of the same ventricle."""
    if own not in mesh.landmarks or other not in mesh.landmarks:
        return rows
    here, there = (np.linalg.norm(mesh.points_mm[rows] - mesh.landmarks[name], axis=1) for name in (own, other))
    kept = rows[here <= there]
    return kept if len(kept) >= 6 else rows


def _side(points: Array, rows: Index, centre: Array, up: Array, towards: Array) -> Index:
    """Rows of a ring that lie on one side of its centre, within SECTOR_DEG; else the one nearest in direction."""
    away = points[rows] - centre
    away = away - np.outer(away @ up, up)
    cosine = away @ towards / np.maximum(np.linalg.norm(away, axis=1) * np.linalg.norm(towards), 1e-9)
    kept = rows[cosine >= np.cos(np.radians(SECTOR_DEG))]
    return kept if len(kept) else rows[[int(np.argmax(cosine))]]
