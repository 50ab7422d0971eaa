"""A contour or a ring point put right by hand: the model follows near it, in that phase and those beside it.

The edit is one more observation. What it asks for is met by the smoothest bend (bend.py) that otherwise stays where the
model is; phases further away in the beat follow less, since a contour that is wrong is seldom wrong in one frame only.
"""

import hashlib
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twinviewer.domain import CineContour, CineContours, CinePoint, CineStack, MeshError, OrganMesh
from twinviewer.organs.heart.template.bend import Anchor, Basis, Faces, step
from twinviewer.organs.heart.template.mend import unfold
from twinviewer.organs.heart.template.observations import STRUCTURES, Observations, evenly, outward
from twinviewer.organs.heart.template.shape import Template, template
from twinviewer.organs.heart.template.strain import WallStrain
from twinviewer.physics.wall_volume import volume_ratios
from twinviewer.segmentation.cine.phases import beat_fraction

Array = NDArray[np.float64]

SPREAD = 0.12
"""Of the beat, over which a correction fades (standard deviation)."""
_STIFFNESS, _VOLUME, _ROUGHNESS, _STAY = 0.5, 5.0, 1e-5, 0.02
_REACH_MM = 25.0
_ROUNDS, _SAMPLES = 2, 300
_CARRIED = 4
_LEAST_MOVE_MM = 0.1
_AT_POINT = 10


def correct(mesh: OrganMesh, contours: CineContours, stack: CineStack, edit: CineContour | CinePoint) -> OrganMesh:
    """The mesh after one edit. edit: a contour or a named point of docs/rooms.md, as the plane shows it (before its
    breath-hold's shift).

    Raises MeshError where the mesh is not a fitted template, or the edit would fold the wall.
    """
    shape = template()
    if mesh.motion_mm is None or mesh.motion_fraction is None or mesh.wall_points != len(shape.points_mm):
        raise MeshError("This model is not the fitted template", remedy="Build the model from the cine study again")
    shift = np.zeros(3) if contours.shift_mm is None else contours.shift_mm[edit.plane]
    fraction = float(beat_fraction(stack.planes[edit.plane])[edit.phase])
    away = np.abs(mesh.motion_fraction - fraction)
    away = np.minimum(away, 1.0 - away)
    frame = int(np.argmin(away))
    before = mesh.motion_mm[frame].astype(np.float64)
    wall = before[: mesh.wall_points]
    move = _bend(shape, wall, edit, stack, shift) - wall
    share = np.exp(-0.5 * (away / SPREAD) ** 2)
    share[frame] = 1.0
    carried = _carried(before, mesh.wall_points, move)
    motion = (mesh.motion_mm + share[:, None, None] * carried[None]).astype(np.float32)
    rest = mesh.rest_frame
    # only elements that move can fold
    moved = np.linalg.norm(move, axis=1) > _LEAST_MOVE_MM
    near = shape.tets[moved[shape.tets].any(axis=1)]
    for k in np.flatnonzero(share > 0.2):
        wall = motion[k, : mesh.wall_points]
        if _folded(wall, near):
            wall[:] = unfold(wall.astype(np.float64), mesh.points_mm[: mesh.wall_points], near)
    if _folded(motion[rest, : mesh.wall_points], near):
        raise MeshError("The wall would fold over itself", remedy="Move the contour less, or in two steps")
    motion.setflags(write=False)
    points = motion[rest].astype(np.float64)
    points.setflags(write=False)
    return replace(mesh, points_mm=points, motion_mm=motion, uid=f"{mesh.uid[:10]}+{_digest(motion)}")


def _folded(points: NDArray[np.float32], tets: NDArray[np.int32]) -> bool:
    volume_mm3 = np.empty(len(tets))
    volume_ratios(points, tets, np.full(len(tets), 1e-3), volume_mm3)
    return bool((volume_mm3 <= 0.0).any())


def with_edit(contours: CineContours, edit: CineContour | CinePoint) -> CineContours:
    """The contours with one replaced, or added where there was none."""
    if isinstance(edit, CinePoint):
        points = [
            p
            for p in contours.points
            if (p.plane, p.phase, p.name, p.side) != (edit.plane, edit.phase, edit.name, edit.side)
        ]
        return replace(contours, points=(*points, edit))
    kept = [c for c in contours.contours if (c.plane, c.phase, c.structure) != (edit.plane, edit.phase, edit.structure)]
    return replace(contours, contours=(*kept, edit))


def _bend(shape: Template, wall: Array, edit: CineContour | CinePoint, stack: CineStack, shift: Array) -> Array:
    basis, faces = _prepared()
    nothing = {name: np.zeros((0, 3)) for name in STRUCTURES}
    trust = {name: np.zeros(0) for name in STRUCTURES}
    seen, anchors = Observations(nothing, nothing, trust), []
    if isinstance(edit, CineContour):
        target = evenly(edit.points_mm, 2.0) + shift
        facing = outward(target, stack.planes[edit.plane].normal)
        seen = Observations(
            nothing | {edit.structure: target},
            nothing | {edit.structure: facing},
            trust | {edit.structure: np.ones(len(target))},
        )
    else:
        ends = _ends(shape, edit.name)
        near = ends[np.argsort(np.linalg.norm(wall[ends] - edit.point_mm - shift, axis=1))[:_AT_POINT]]
        anchors = [Anchor(near, edit.point_mm + shift, None, 1.0)]
    now = np.zeros((basis.values.shape[1], 3))
    energy = WallStrain.at(shape, basis.values, wall, samples=_SAMPLES).form(now, _STIFFNESS, _VOLUME)
    for _ in range(_ROUNDS):
        now, _ = step(basis, wall, now, faces, seen, anchors, energy, _ROUGHNESS, _REACH_MM)
    return wall + basis.values @ now


def _ends(shape: Template, name: str) -> NDArray[np.int64]:
    """The template's points that a named point may belong to."""
    if name in ("lv_apex_endo", "lv_apex_epi"):
        return shape.nodes("lv_endocardium" if name == "lv_apex_endo" else "lv_epicardium")
    return shape.rim("rv" if name == "tricuspid" else "lv")


@cache
def _prepared() -> tuple[Basis, Faces]:
    basis = Basis.of(template())
    # far from the edit the wall stays: modes have mean square 1 over the wall, so this is the mean square displacement
    return replace(basis, roughness=basis.roughness + _STAY / _ROUGHNESS), Faces.of(template())


def _carried(before: Array, wall_points: int, move: Array) -> Array:
    """(n, 3) the wall's move, and for chambers and vessels that of the wall near them."""
    out = np.zeros_like(before)
    out[:wall_points] = move
    distance, near = cKDTree(before[:wall_points]).query(before[wall_points:], k=_CARRIED)
    weight = 1.0 / (distance + 2.0) ** 2
    weight /= weight.sum(axis=1, keepdims=True)
    fading = np.exp(-((distance[:, 0] / 20.0) ** 2))
    out[wall_points:] = fading[:, None] * np.einsum("ij,ijk->ik", weight, move[near])
    return out


def _digest(motion: NDArray[np.float32]) -> str:
    return hashlib.sha256(motion.tobytes()).hexdigest()[:8]
