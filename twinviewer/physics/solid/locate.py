"""Values of a quadratic mesh anywhere in it."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twinviewer.physics.solid.element import EDGES, QuadraticMesh, tet_shapes

Array = NDArray[np.float64]
EIGHT = np.array(
    [[0, 4, 6, 7], [4, 1, 5, 8], [6, 5, 2, 9], [7, 8, 9, 3], [4, 8, 6, 7], [4, 5, 6, 8], [6, 9, 7, 8], [6, 5, 9, 8]]
)
"""A ten-node tetrahedron as eight small ones on its corners and middles."""
_CORNERS = np.concatenate([np.eye(4), 0.5 * (np.eye(4)[EDGES[:, 0]] + np.eye(4)[EDGES[:, 1]])])
CANDIDATES = 16


def locate(mesh: QuadraticMesh, points_mm: Array) -> tuple[NDArray[np.int64], Array, NDArray[np.bool_]]:
    """Element (k,), weights of its ten nodes (k, 10), and whether each of (k, 3) points lies in the mesh or within a
    tenth of a small tetrahedron beside it. Points further off get the values of the nearest place."""
    small = mesh.tets[:, EIGHT].reshape(-1, 4)
    corner = mesh.points_mm[small]
    tree = cKDTree(corner.mean(axis=1))
    near = tree.query(points_mm, k=min(CANDIDATES, len(small)))[1].reshape(len(points_mm), -1)
    inverse = np.linalg.inv(np.swapaxes(corner[:, 1:] - corner[:, :1], 1, 2))
    best = np.full(len(points_mm), -np.inf)
    chosen = np.zeros(len(points_mm), np.int64)
    share = np.zeros((len(points_mm), 4))
    for k in range(near.shape[1]):
        one = near[:, k]
        three = np.einsum("kij,kj->ki", inverse[one], points_mm - corner[one, 0])
        four = np.concatenate([1.0 - three.sum(axis=1, keepdims=True), three], axis=1)
        least = four.min(axis=1)
        better = least > best
        best[better], chosen[better], share[better] = least[better], one[better], four[better]
    inside = best > -0.1
    share = np.where(inside[:, None], share, np.clip(share, 0.0, 1.0))
    share /= share.sum(axis=1, keepdims=True)
    bary = np.einsum("kc,kcb->kb", share, _CORNERS[EIGHT[chosen % 8]])
    return chosen // 8, tet_shapes(bary)[0], inside


def deformation(mesh: QuadraticMesh, x_mm: Array) -> Array:
    """(m, q, 3, 3) deformation gradient F at the points of quadrature, of positions (n, 3)."""
    return np.asarray(np.einsum("mai,mqaj->mqij", x_mm[mesh.tets], mesh.gradients[0]))


def stretch(mesh: QuadraticMesh, x_mm: Array, fibre: Array) -> Array:
    """(m, q) length of fibres (m, q, 3) relative to rest."""
    return np.asarray(np.linalg.norm(np.einsum("mqij,mqj->mqi", deformation(mesh, x_mm), fibre), axis=-1))
