"""Strain of the wall along its own directions, by groups of muscle such as the AHA segments.

Directions at end diastole in each tetrahedron: radial r = ∇d/|∇d| of the transmural depth d; circumferential
c ∥ axis × r, in the short-axis plane and along the wall; longitudinal l = r × c, along the wall towards the base. On a
surface r is its normal.

F = ∂x/∂X is the deformation gradient of an element and ⟨ ⟩ the mean over a group's volume (or area). R is the rotation
that carries the group's tangent plane: the orthogonal factor of ⟨Fc⊗c + Fl⊗l⟩ (least squares; Kabsch W. Acta Cryst A
1976;32:922). Then
  circumferential strain ⟨Rc·Fc⟩ − 1, longitudinal ⟨Rl·Fl⟩ − 1, radial ⟨Rr·Fr⟩ − 1:
the change of length of lines that had unit length at end diastole (Lagrangian, not Green's), as far as it lies in the
direction to which the group as a whole has turned. That is what tracking of smoothed contours measures. The length |Fc|
of each piece for itself would be larger: in a fit to contours each wrinkle and each shear between neighbours, seen or
not, makes lines longer and none makes them shorter. Layers that slide over each other are no thickening. All are 0 in
any rigid motion.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from twinviewer.domain import MeshError
from twinviewer.geometry.surfaces import area_vectors

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
_LEVEL = 0.25  # sine of the angle between axis and r below which axis × r is too short to trust


@dataclass(frozen=True, slots=True, eq=False)
class Tissue:
    """Elements (tetrahedra, or triangles of a face) at end diastole and the G groups that they belong to.

    rows: (p,) points used. cells: (m, 3 or 4) into rows. shape: (m, 3 or 4, 3) gradients of the shape functions per mm.
    depth_slope: (m, 3) ∇d per mm, or unit normals. directions: (3, m, 3) c, l, r. share: (G, m) sparse: mm³ or mm² of
    each element that belong to a group.
    """

    rows: NDArray[np.intp]
    cells: NDArray[np.intp]
    shape: Array
    depth_slope: Array
    directions: Array
    share: sparse.csc_matrix

    @property
    def amount(self) -> Array:
        """(G,) mm³ or mm² of each group at end diastole."""
        return np.asarray(self.share.sum(axis=1), dtype=np.float64).ravel()

    def along(self, k: int) -> sparse.csr_matrix:
        """(m, p) derivative of a point field along direction k: 0 c, 1 l, 2 r."""
        count, corners = self.cells.shape
        slope = np.einsum("mia,ma->mi", self.shape, self.directions[k]).astype(np.float32)
        ends = np.arange(0, count * corners + 1, corners)
        return sparse.csr_matrix((slope.ravel(), self.cells.ravel(), ends), shape=(count, len(self.rows)))


@dataclass(frozen=True, slots=True, eq=False)
class GroupStrain:
    """Strains (t, G) in % of end diastole's lengths, NaN in a group without elements; turn: (t, G, 3, 3) its R."""

    circumferential_percent: Array
    longitudinal_percent: Array
    radial_percent: Array
    turn: Array


def muscle(
    points_mm: Array, tets: NDArray[np.integer], depth: Array, groups: list[Mask], axis_point_mm: Array, up: Array
) -> Tissue:
    """A wall: points (n, 3) at end diastole, tets (m, 4), depth (n,), groups of points (n,) each, the long axis.

    A tetrahedron's volume goes in quarters to the groups of its corners, so that no muscle is lost between segments.
    Tetrahedra without positive volume count nowhere. Raises MeshError when there is no muscle at all.
    """
    rows, cells = _local(tets)
    corner = points_mm[rows][cells]
    a, b, c = (corner[:, k] - corner[:, 0] for k in (1, 2, 3))
    faces = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=1)
    six = np.einsum("ij,ij->i", a, faces[:, 0])
    if not np.any(six > 0.0):
        raise MeshError("The wall has no tetrahedra to follow")
    ends = faces / np.where(six == 0.0, 1.0, six)[:, None, None]
    shape = np.concatenate([-ends.sum(axis=1, keepdims=True), ends], axis=1)
    slope = np.einsum("mi,mia->ma", np.nan_to_num(depth[rows])[cells], shape)
    directions = np.stack(wall_directions(slope, corner.mean(axis=1), axis_point_mm, up))
    share = _share(cells, np.maximum(six / 6.0, 0.0), [group[rows] for group in groups])
    return Tissue(rows, cells, shape, slope, directions, share)


def face(
    points_mm: Array, triangles: NDArray[np.integer], groups: list[Mask], axis_point_mm: Array, up: Array
) -> Tissue:
    """A face of the wall, such as the endocardium, in the same way; its area goes in thirds to the groups."""
    rows, cells = _local(triangles)
    corner = points_mm[rows][cells]
    normal = 2.0 * area_vectors(points_mm[rows], cells)
    square = np.einsum("ij,ij->i", normal, normal)
    across = np.stack([corner[:, (k + 2) % 3] - corner[:, (k + 1) % 3] for k in range(3)], axis=1)
    shape = np.cross(normal[:, None], across) / np.where(square == 0.0, 1.0, square)[:, None, None]
    unit = normal / np.maximum(np.sqrt(square), 1e-300)[:, None]
    directions = np.stack(wall_directions(unit, corner.mean(axis=1), axis_point_mm, up))
    share = _share(cells, np.sqrt(square) / 2.0, [group[rows] for group in groups])
    return Tissue(rows, cells, shape, unit, directions, share)


def strain(motion_mm: NDArray[np.floating], tissue: Tissue, rest_mm: Array) -> GroupStrain:
    """Strain at the positions (t, n, 3) of all points; rest_mm (n, 3) is the end diastole that the tissue was made at.

    Linear in the positions up to the rotation, so that the noise of single elements averages out.
    """
    groups, frames = tissue.share.shape[0], len(motion_mm)
    moved = (motion_mm[:, tissue.rows] - rest_mm[tissue.rows]).astype(np.float32)
    columns = np.ascontiguousarray(moved.transpose(1, 2, 0)).reshape(len(tissue.rows), -1)
    tensor = np.empty((frames, groups, 3, 3, 3))  # Σ V Fk ⊗ k for k = c, l, r
    for k, direction in enumerate(tissue.directions):
        along = tissue.along(k)
        gather = sparse.vstack(
            [tissue.share.multiply(direction[:, a].astype(np.float32)).tocsr() @ along for a in range(3)]
        )
        change = (gather @ columns).reshape(3, groups, 3, frames)  # component of k, group, component of x, frame
        still = tissue.share @ np.einsum("mx,ma->mxa", direction, direction).reshape(-1, 9)
        tensor[:, :, k] = still.reshape(groups, 3, 3) + change.transpose(3, 1, 2, 0)
    turn = _rotations(tensor[:, :, 0] + tensor[:, :, 1])
    with np.errstate(invalid="ignore", divide="ignore"):
        found = 100.0 * (np.einsum("tgxa,tgkxa->ktg", turn, tensor) / tissue.amount - 1.0)
    return GroupStrain(found[0], found[1], found[2], turn)


def wall_directions(radial: Array, middle_mm: Array, axis_point_mm: Array, up: Array) -> tuple[Array, Array, Array]:
    """c, l, r, each (m, 3) unit and orthogonal, from ∇d (m, 3) at (m, 3) places and the long axis.

    Where the wall stands across the axis, at the tip, the direction round the axis takes the place of axis × r.
    """
    away = middle_mm - axis_point_mm
    away = away - np.outer(away @ up, up)
    away /= np.maximum(np.linalg.norm(away, axis=1), 1e-9)[:, None]
    size = np.linalg.norm(radial, axis=1)
    r = np.where((size > 1e-9)[:, None], radial / np.maximum(size, 1e-300)[:, None], away)
    c = np.cross(up, r)
    flat = np.linalg.norm(c, axis=1) < _LEVEL
    c[flat] = np.cross(up, away[flat])
    c -= np.einsum("ij,ij->i", c, r)[:, None] * r
    length = np.linalg.norm(c, axis=1)
    spare = np.cross(r, np.eye(3)[np.argmin(np.abs(r), axis=1)])
    c = np.where((length > 1e-6)[:, None], c, spare)
    c /= np.maximum(np.linalg.norm(c, axis=1), 1e-300)[:, None]
    return c, np.cross(r, c), r


def _local(cells: NDArray[np.integer]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    rows, local = np.unique(cells, return_inverse=True)
    return rows, local.reshape(cells.shape)


def _share(cells: NDArray[np.intp], amount: Array, groups: list[Mask]) -> sparse.csc_matrix:
    """(G, m): what each element gives to a group, a corner's part for each of its corners that is a member."""
    count, corners = cells.shape
    part = np.repeat((amount / corners).astype(np.float32), corners)
    at = (cells.ravel(), np.repeat(np.arange(count), corners))
    corner_of = sparse.csr_matrix((part, at), shape=(len(groups[0]), count))
    return (sparse.csr_matrix(np.stack(groups).astype(np.float32)) @ corner_of).tocsc()


def _rotations(tensor: Array) -> Array:
    """(…, 3, 3) nearest rotations to tensors (…, 3, 3)."""
    u, _, v = np.linalg.svd(tensor)
    u[..., 2] *= np.sign(np.linalg.det(u @ v))[..., None]
    return np.asarray(u @ v)
