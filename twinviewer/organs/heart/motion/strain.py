"""Stretch of the wall along its own directions, averaged over segments; thickness of the wall.

Directions at end diastole in each tetrahedron: radial r = ∇d/|∇d| of the transmural depth d; circumferential
c ∥ axis × r, in the short-axis plane and along the wall; longitudinal l = r × c, along the wall towards the base.

With F = ∂x/∂X the deformation gradient of a tetrahedron:
  circumferential stretch |F c|, longitudinal |F l|: lengths now of what was a unit length at end diastole;
  radial stretch F r · n with n ∥ F c × F l: distance now between two layers of the wall that were a unit apart;
  strain = stretch − 1 (Lagrangian, of lengths; not Green's), a segment's being the mean over its muscle.
The mean of |F c| along an arc is the arc's length over its first length, which is what feature tracking of contours
gives, here for every depth of the wall instead of one contour; radial strain is the change of the distance between
contours, so that layers which slide over each other count as no thickening. All three are 0 in any rigid motion.

Thickness of a segment: mean of 1/|∇d| over a layer of equal depth, by its area, and then over the depths. By the
co-area formula that is ΣV / Σ|∇d|V in each of LAYERS slices of depth, then the mean over the slices; moving, V → J V
with J = det F and |∇d| V → |∇d| V |F c × F l|.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from twinviewer.domain import MeshError

Array = NDArray[np.float64]
Single = NDArray[np.float32]
LAYERS = 4
_CHUNK = 4  # frames at once: a few tens of MB
_LEVEL = 0.25  # sine of the angle between axis and r below which axis × r is too short to trust


@dataclass(frozen=True, slots=True, eq=False)
class Wall:
    """A wall at end diastole, ready to be followed.

    rows: points used. along: (3m, len(rows)) sparse: derivative of a point field along c, l, r in each tetrahedron.
    directions: (3, m, 3) c, l, r. share: (groups, m) sparse: mm³ of each tetrahedron that belong to a group.
    slope: (m,) |∇d| per mm.
    """

    rows: NDArray[np.intp]
    along: sparse.csr_matrix
    directions: Single
    share: sparse.csr_matrix
    slope: Single

    @property
    def groups(self) -> int:
        """How many groups the wall is divided into."""
        return int(self.share.shape[0]) // LAYERS


@dataclass(frozen=True, slots=True, eq=False)
class GroupMotion:
    """(t, groups) float64 each; NaN in a group without muscle. Strains in % of end diastole's lengths."""

    circumferential_percent: Array
    longitudinal_percent: Array
    radial_percent: Array
    thickness_mm: Array
    volume_ml: Array


def gradients(points_mm: Array, tets: NDArray[np.integer]) -> tuple[Array, Array]:
    """(m, 4, 3) gradients per mm of the four linear shape functions, and (m,) signed volumes in mm³."""
    corner = points_mm[tets]
    a, b, c = (corner[:, k] - corner[:, 0] for k in (1, 2, 3))
    faces = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=1)
    six = np.einsum("ij,ij->i", a, faces[:, 0])
    ends = faces / np.where(six == 0.0, 1.0, six)[:, None, None]
    return np.concatenate([-ends.sum(axis=1, keepdims=True), ends], axis=1), six / 6.0


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
    c /= np.linalg.norm(c, axis=1)[:, None]
    return c, np.cross(r, c), r


def wall(
    points_mm: Array,
    tets: NDArray[np.integer],
    depth: Array,
    groups: list[NDArray[np.bool_]],
    axis_point_mm: Array,
    up: Array,
) -> Wall:
    """Prepare a wall: points (n, 3) at end diastole, its tets (m, 4), depth (n,), groups of points (n,) each.

    A tetrahedron's volume goes in quarters to the groups of its corners, so that no muscle is lost between segments.
    Tetrahedra without positive volume count nowhere. Raises MeshError when there is no muscle at all.
    """
    rows, local = np.unique(tets, return_inverse=True)
    local = local.reshape(-1, 4)
    points = points_mm[rows]
    shape, volume = gradients(points, local)
    if not np.any(volume > 0.0):
        raise MeshError("The wall has no tetrahedra to follow")
    radial = np.einsum("mi,mia->ma", np.nan_to_num(depth[rows])[local], shape)
    directions = np.stack(wall_directions(radial, points[local].mean(axis=1), axis_point_mm, up))
    derivative = np.einsum("mia,kma->kmi", shape, directions)
    count = len(local)
    along = sparse.csr_matrix(
        (
            derivative.astype(np.float32).ravel(),
            np.broadcast_to(local, (3, count, 4)).ravel(),
            np.arange(0, 12 * count + 1, 4),
        ),
        shape=(3 * count, len(rows)),
    )
    middle = np.nan_to_num(depth[rows])[local].mean(axis=1)
    layer = np.clip(np.floor(middle * LAYERS), 0, LAYERS - 1).astype(int)
    quarter = np.maximum(volume, 0.0).astype(np.float32) / 4.0
    corner_of = sparse.csr_matrix(
        (np.repeat(quarter, 4), (local.ravel(), np.repeat(np.arange(count), 4))), shape=(len(rows), count)
    )
    whole = (sparse.csr_matrix(np.stack(groups)[:, rows].astype(np.float32)) @ corner_of).tocsc()
    share = sparse.vstack([whole.multiply(layer == k) for k in range(LAYERS)]).tocsr()
    slope = np.linalg.norm(radial, axis=1).astype(np.float32)
    return Wall(rows, along, directions.astype(np.float32), share, slope)


def follow(motion_mm: NDArray[np.floating], wall: Wall, rest_mm: Array) -> GroupMotion:
    """Means over the groups of a wall at the positions (t, n, 3); rest_mm (n, 3) is the end diastole it was made at."""
    frames, count = len(motion_mm), len(wall.slope)
    sums = np.zeros((5, frames, wall.share.shape[0]))
    rest = rest_mm[wall.rows]
    for start in range(0, frames, _CHUNK):
        moved = motion_mm[start : start + _CHUNK][:, wall.rows] - rest
        k = len(moved)
        columns = np.ascontiguousarray(moved.astype(np.float32).transpose(1, 2, 0)).reshape(len(rest), 3 * k)
        f = (wall.along @ columns).reshape(3, count, 3, k)
        f += wall.directions[..., None]
        fc, fl, fr = (np.ascontiguousarray(f[j].transpose(1, 0, 2)) for j in range(3))  # (3, m, k)
        normal = (
            fc[1] * fl[2] - fc[2] * fl[1],
            fc[2] * fl[0] - fc[0] * fl[2],
            fc[0] * fl[1] - fc[1] * fl[0],
        )
        area = np.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2)
        swelling = normal[0] * fr[0] + normal[1] * fr[1] + normal[2] * fr[2]  # det F
        parts = (
            np.sqrt(fc[0] ** 2 + fc[1] ** 2 + fc[2] ** 2) - 1.0,
            np.sqrt(fl[0] ** 2 + fl[1] ** 2 + fl[2] ** 2) - 1.0,
            swelling / np.maximum(area, 1e-6) - 1.0,
            swelling,
            area * wall.slope[:, None],
        )
        for j, part in enumerate(parts):
            sums[j, start : start + k] = (wall.share @ part).T
    sliced = sums.reshape(5, frames, LAYERS, wall.groups)
    total = sliced.sum(axis=2)
    rest_mm3 = np.asarray(wall.share.sum(axis=1), dtype=np.float64).reshape(LAYERS, wall.groups)
    slices = np.count_nonzero(rest_mm3 > 0.0, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = 100.0 * total[:3] / rest_mm3.sum(axis=0)
        thickness = np.where(rest_mm3 > 0.0, sliced[3] / sliced[4], 0.0).sum(axis=1) / slices
    means[:, :, slices == 0] = np.nan
    return GroupMotion(means[0], means[1], means[2], thickness, total[3] / 1000.0)
