"""What each face of the wall's skin is, the lids over the valves, and skins moved until volumes are the voxels'."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import MeshError
from twinviewer.geometry.lids import crossings, lid
from twinviewer.geometry.patches import clean_patch, islands
from twinviewer.geometry.quality import dihedral_range_deg, edge_list, is_closed_manifold
from twinviewer.geometry.relax import accept
from twinviewer.geometry.surfaces import (
    area_mm2,
    area_vectors,
    boundary_loops,
    boundary_triangles,
    neighbours,
    vertex_normals,
    volume_ml,
)
from twinviewer.organs.heart.wall import LV, RV, WallShape

Array = NDArray[np.float64]
Triangles = NDArray[np.int32]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]

LARGEST_SHIFT_MM = 0.6
LEAST_DIHEDRAL_DEG = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """The wall's closed boundary and what each triangle of it is; lids close the two cavities."""

    every: Triangles
    lv: Mask
    rv: Mask
    base: Mask
    lv_lid: Triangles
    rv_lid: Triangles

    @property
    def epi(self) -> Mask:
        """Triangles of the epicardium."""
        return ~(self.lv | self.rv | self.base)

    def cavity(self, which: Mask, lids: Triangles) -> Triangles:
        """Endocardium and lids as a closed surface that looks outwards, out of the blood."""
        return np.ascontiguousarray(np.concatenate([self.every[which], lids])[:, ::-1])

    def closed_again(self, points: Array) -> "Faces":
        """The same with new lids, for points that have moved since those were laid."""
        return replace(self, lv_lid=_lids(points, self.every[self.lv]), rv_lid=_lids(points, self.every[self.rv]))

    def mirrored(self) -> "Faces":
        """The same after a reflection of the points."""
        flip = [np.ascontiguousarray(t[:, ::-1]) for t in (self.every, self.lv_lid, self.rv_lid)]
        return Faces(flip[0], self.lv, self.rv, self.base, flip[1], flip[2])


def find_faces(shape: WallShape, points: Array, tets: NDArray[np.integer]) -> Faces:
    """Tell endocardium, epicardium and base apart by what lies in front of each triangle; close the cavities."""
    every = boundary_triangles(tets)
    middle = points[every].mean(axis=1)
    left, right, envelope = shape.left.at(middle), shape.right.at(middle), shape.envelope.at(middle)
    lv, rv = shape.lv.at(middle), shape.rv.at(middle)
    left_beyond, right_beyond = shape.left_beyond.at(middle), shape.right_beyond.at(middle)
    facing_left = (-left >= envelope - 0.3) & (left < right)
    facing_right = (-right >= envelope - 0.3) & (right < left)
    is_lv = clean_patch(every, facing_left & (lv < left_beyond), ~(facing_right & (rv < right_beyond)))
    is_rv = clean_patch(every, facing_right & (rv < right_beyond) & ~is_lv, ~is_lv)
    for member, name in ((is_lv, "left"), (is_rv, "right")):
        if not member.any():
            raise MeshError(f"The {name} ventricle has no inner face")
        if not boundary_loops(every[member]):
            raise MeshError(f"The {name} ventricle has no valve opening")
    lids = [_lids(points, every[member]) for member in (is_lv, is_rv)]
    up = -np.concatenate([area_vectors(points, t) for t in lids]).sum(axis=0)
    up /= np.linalg.norm(up)
    base = _base(points, every, is_lv | is_rv, up, np.minimum(left_beyond, right_beyond))
    return Faces(every, is_lv, is_rv, base, lids[0], lids[1])


def _lids(points: Array, endo: Triangles) -> Triangles:
    """Lids over all openings of an endocardium, none through it or through another."""
    found = np.empty((0, 3), dtype=np.int32)
    for loop in boundary_loops(endo):
        found = np.concatenate([found, lid(points, loop, np.concatenate([endo, found]))])
    return found


def closed_clear(points: Array, tets: NDArray[np.integer], faces: Faces, rounds: int = 2) -> tuple[Array, Faces]:
    """Points and faces with new lids. Where folds of the endocardium at a rim still run through a lid, the skin round
    them is evened out, as far as angles allow; a few triangles at a rim may stay so."""
    edges = edge_list(faces.every)
    count = np.maximum(np.bincount(edges.ravel(), minlength=len(points)), 1)
    faces = faces.closed_again(points)
    for _ in range(rounds):
        found = [
            crossings(points, lids, faces.every[which])[:, 1].ravel()
            for which, lids in ((faces.lv, faces.lv_lid), (faces.rv, faces.rv_lid))
        ]
        near = np.zeros(len(points), dtype=bool)
        near[np.concatenate(found)] = True
        if not near.any():
            break
        for _ in range(2):
            near[faces.every[near[faces.every].any(axis=1)]] = True
        mean = np.zeros_like(points)
        for axis in range(3):
            mean[:, axis] = np.bincount(edges[:, 0], points[edges[:, 1], axis], minlength=len(points))
            mean[:, axis] += np.bincount(edges[:, 1], points[edges[:, 0], axis], minlength=len(points))
        mean /= count[:, None]
        for which in (faces.lv, faces.rv):
            for loop in boundary_loops(faces.every[which]):
                mean[loop] = 0.5 * (points[np.roll(loop, 1)] + points[np.roll(loop, -1)])
        ids = np.nonzero(near)[0]
        points = accept(points, tets, ids, 0.5 * (mean[ids] - points[ids]))
        faces = faces.closed_again(points)
    return points, faces


def _base(points: Array, every: Triangles, endo: Mask, up: Array, beyond: Array) -> Mask:
    """The rim between endocardium and epicardium: looks up or at an atrium or vessel, and hangs on the openings."""
    vectors = area_vectors(points, every)
    level = vectors @ up / np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)
    guess = ~endo & ((level > 0.6) | (beyond < 1.5))
    beside = neighbours(every)
    for _ in range(3):
        votes = np.where(beside >= 0, guess[np.maximum(beside, 0)], False).sum(axis=1)
        guess = ~endo & ((votes >= 2) | (guess & (votes > 0)))
    rim = (beside >= 0) & endo[np.maximum(beside, 0)]
    part_of = islands(beside, guess)
    touching = np.unique(part_of[guess & rim.any(axis=1)])
    # every triangle at an opening belongs to the rim, so that epicardium and endocardium never share an edge
    return (guess & np.isin(part_of, touching)) | (~endo & rim.any(axis=1))


def keep_volumes(shape: WallShape, points: Array, tets: NDArray[np.integer], faces: Faces) -> Array:
    """Shift endocardium and epicardium by tenths of a mm so that blood and muscle have the volumes of their voxels."""
    inner = [
        (faces.every[which], faces.cavity(which, lids), shape.volume_ml(value))
        for which, lids, value in ((faces.lv, faces.lv_lid, LV), (faces.rv, faces.rv_lid, RV))
    ]
    outside = faces.every[faces.epi]
    outer = np.setdiff1d(outside, faces.every[~faces.epi]).astype(np.int64)
    for _ in range(3):
        shift = np.zeros(len(points))
        missing = shape.wall_ml - volume_ml(points, faces.every)
        for skin, closed, target in inner:
            lack = target - volume_ml(points, closed)
            missing += lack  # what the blood gains the muscle loses
            shift[skin] = -1000.0 * lack / area_mm2(points, skin)
        shift[outer] = 1000.0 * missing / area_mm2(points, outside)
        shift = np.clip(shift, -LARGEST_SHIFT_MM, LARGEST_SHIFT_MM)
        ids = np.nonzero(shift)[0]
        points = accept(points, tets, ids, shift[ids, None] * vertex_normals(points, faces.every)[ids])
    return points


def check(shape: WallShape, points: Array, tets: NDArray[np.integer], faces: Faces) -> tuple[str, ...]:
    """MeshError if the mesh is not sound; a note where its volumes are more than 2 % off the labels'."""
    angle = float(dihedral_range_deg(points, tets)[0].min())
    if angle < LEAST_DIHEDRAL_DEG:
        raise MeshError(f"A tetrahedron is nearly flat: its smallest dihedral angle is {angle:.1f}°")
    notes = []
    for name, triangles, target in (
        ("left cavity", faces.cavity(faces.lv, faces.lv_lid), shape.volume_ml(LV)),
        ("right cavity", faces.cavity(faces.rv, faces.rv_lid), shape.volume_ml(RV)),
        ("wall", faces.every, shape.wall_ml),
    ):
        if not is_closed_manifold(triangles):
            raise MeshError(f"The surface of the {name} is not closed")
        off = 100.0 * (volume_ml(points, triangles) / target - 1.0)
        if abs(off) > 2.0:
            notes.append(f"The {name} of the mesh is {off:+.1f} % off the label map's volume")
    return tuple(notes)
