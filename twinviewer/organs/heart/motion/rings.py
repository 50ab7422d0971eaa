"""The rings of the atrioventricular valves and how far they travel towards the apex: MAPSE and TAPSE.

A ring is the rim of the endocardium (its open edges) near its valve. Heights are taken along the left ventricle's long
axis of end diastole, above the place that its epicardial apex has then: travel is that in the scanner, as M-mode sees
it from the chest. The apex itself comes up by a few mm in systole, so the ventricle shortens by more than its ring
travels; a heart that moves as a whole adds to both rings.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import MeshError, OrganMesh
from twinviewer.geometry.surfaces import neighbours

Array = NDArray[np.float64]
Index = NDArray[np.int64]

SECTOR_DEG = 40.0  # a side of a ring: this far to both sides of its direction


@dataclass(frozen=True, slots=True, eq=False)
class Rings:
    """Rows of points on the mitral ring's septal and lateral side and the tricuspid ring's lateral side.

    up: unit vector from apex to base. base_mm: middle of the left rim. apex_mm, tip_mm: endocardial and epicardial
    apex. All at points_mm.
    tricuspid is empty where the mesh has no right ventricle.
    """

    septal: Index
    lateral: Index
    tricuspid: Index
    up: Array
    base_mm: Array
    apex_mm: Array
    tip_mm: Array


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
        up=up,
        base_mm=base,
        apex_mm=np.asarray(apex, dtype=np.float64),
        tip_mm=np.asarray(mesh.landmarks.get("lv_apex", apex), dtype=np.float64),
    )


def heights_mm(motion_mm: NDArray[np.floating], rows: Index, rings: Rings) -> Array:
    """(t,) mean height of points, at the positions (t, n, 3), above end diastole's tip along its axis."""
    return np.asarray((motion_mm[:, rows].astype(np.float64).mean(axis=1) - rings.tip_mm) @ rings.up)


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
