"""How sound a mesh is: dihedral angles, scaled Jacobian, closedness of surfaces."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Array = NDArray[np.float64]
Triangles = NDArray[np.integer]
_FACES = ((1, 2, 3), (0, 3, 2), (0, 1, 3), (0, 2, 1))  # outward for positive tetrahedra


@dataclass(frozen=True, slots=True)
class TetQuality:
    """What a mesh of tetrahedra is like. Lengths in mm, angles in degrees, scaled Jacobian 1 = regular."""

    tets: int
    points: int
    min_dihedral_deg: float
    max_dihedral_deg: float
    min_scaled_jacobian: float
    mean_edge_mm: float
    p99_edge_mm: float
    max_edge_mm: float
    inverted: int
    components: int
    boundary_manifold: bool


def dihedral_deg(points_mm: Array, tets: Triangles) -> Array:
    """(m, 6) dihedral angles of each tetrahedron in degrees."""
    return np.degrees(np.arccos(np.clip(_dihedral_cosine(points_mm, tets), -1.0, 1.0)))


def dihedral_range_deg(points_mm: Array, tets: Triangles) -> tuple[Array, Array]:
    """(m,) smallest and (m,) largest dihedral angle of each tetrahedron in degrees."""
    cosine = np.clip(_dihedral_cosine(points_mm, tets), -1.0, 1.0)
    return np.degrees(np.arccos(cosine.max(axis=1))), np.degrees(np.arccos(cosine.min(axis=1)))


def _dihedral_cosine(points: Array, tets: Triangles) -> Array:
    p = [points[tets[:, k]] for k in range(4)]
    normals = []
    for i, j, k in _FACES:
        n = np.cross(p[j] - p[i], p[k] - p[i])
        normals.append(n / np.maximum(np.sqrt(np.einsum("ij,ij->i", n, n)), 1e-300)[:, None])
    return np.stack([-np.einsum("ij,ij->i", normals[f], normals[g]) for f in range(4) for g in range(f)], axis=1)


def six_volumes(points_mm: Array, tets: Triangles) -> Array:
    """(m,) six times the signed volume of each tetrahedron in mm³."""
    a = points_mm[tets[:, 0]]
    b, c, d = (points_mm[tets[:, k]] - a for k in (1, 2, 3))
    return np.einsum("ij,ij->i", b, np.cross(c, d))


def scaled_jacobian(points_mm: Array, tets: Triangles) -> Array:
    """(m,) √2 · 6 V over the largest product of the three edges at a corner: 1 regular, 0 flat, negative inverted."""
    p = [points_mm[tets[:, k]] for k in range(4)]
    six = six_volumes(points_mm, tets)
    square = {}
    for i in range(4):
        for j in range(i):
            between = p[i] - p[j]
            square[i, j] = square[j, i] = np.einsum("ij,ij->i", between, between)
    worst = np.zeros(len(six))
    for corner in range(4):
        a, b, c = (square[corner, k] for k in range(4) if k != corner)
        worst = np.maximum(worst, a * b * c)
    return np.asarray(np.sqrt(2.0) * six / np.sqrt(np.maximum(worst, 1e-300)))


def edge_list(cells: Triangles) -> NDArray[np.int64]:
    """(e, 2) unique undirected edges of triangles or tetrahedra."""
    width = cells.shape[1]
    pairs = np.concatenate([cells[:, [i, j]] for i in range(width) for j in range(i)]).astype(np.int64)
    pairs.sort(axis=1)
    top = int(pairs.max()) + 1
    codes = np.sort(pairs[:, 0] * top + pairs[:, 1])  # sorting beats np.unique's hash table threefold here
    codes = codes[np.concatenate([[True], codes[1:] != codes[:-1]])]
    return np.stack([codes // top, codes % top], axis=1)


def is_closed_manifold(triangles: Triangles) -> bool:
    """Whether every edge has exactly two triangles, run through in opposite senses."""
    top = int(triangles.max()) + 1
    a = np.concatenate([triangles[:, 0], triangles[:, 1], triangles[:, 2]]).astype(np.int64)
    b = np.concatenate([triangles[:, 1], triangles[:, 2], triangles[:, 0]]).astype(np.int64)
    forward, backward = np.sort(a * top + b), np.sort(b * top + a)
    return bool(np.all(forward[1:] != forward[:-1]) and np.array_equal(forward, backward))


def components(cells: Triangles) -> int:
    """Number of parts that share no point."""
    used, local = np.unique(cells, return_inverse=True)
    edges = edge_list(local.reshape(cells.shape))
    graph = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(len(used), len(used)))
    return int(connected_components(graph, directed=False)[0])


def tet_quality(points_mm: Array, tets: Triangles) -> TetQuality:
    """All figures of one mesh."""
    from twinviewer.geometry.surfaces import boundary_triangles

    angle = dihedral_deg(points_mm, tets)
    edges = edge_list(tets)
    length = np.linalg.norm(points_mm[edges[:, 0]] - points_mm[edges[:, 1]], axis=1)
    jacobian = scaled_jacobian(points_mm, tets)
    return TetQuality(
        tets=len(tets),
        points=len(np.unique(tets)),
        min_dihedral_deg=float(angle.min()),
        max_dihedral_deg=float(angle.max()),
        min_scaled_jacobian=float(jacobian.min()),
        mean_edge_mm=float(length.mean()),
        p99_edge_mm=float(np.quantile(length, 0.99)),
        max_edge_mm=float(length.max()),
        inverted=int((jacobian <= 0).sum()),
        components=components(tets),
        boundary_manifold=is_closed_manifold(boundary_triangles(tets)),
    )
