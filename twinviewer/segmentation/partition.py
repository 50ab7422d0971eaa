"""Share one connected region among seeds with a random walker.

For each label the probability that a walker starting in a voxel first meets that label's seeds solves Laplace's
equation on the region's graph with Dirichlet values at the seeds (Grady 2006, IEEE TPAMI 28:1768). Potentials drop
mostly across necks, so two chambers joined by a valve are parted at the valve without a shape model.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import cg


def random_walk(
    region: NDArray[np.bool_],
    seeds: NDArray[np.integer],
    ease: NDArray[np.floating] | None = None,
    tolerance: float = 1e-3,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Probabilities of each seed label in every voxel of a region.

    region: (k, j, i) mask. seeds: (k, j, i), 0 = free, other values are labels; only seeds inside the region count.
    ease: optional (k, j, i), above 0: a step between two voxels is as likely as the lesser of their values says.
    Returns (labels (n,), probability (n, k, j, i) float32, 0 outside the region and where no seed can be reached).
    """
    inside = np.asarray(np.flatnonzero(region), dtype=np.int64)
    index = np.full(region.size, -1, dtype=np.int64)
    index[inside] = np.arange(inside.size)
    lattice = index.reshape(region.shape)
    seed_of = np.where(region, seeds, 0).ravel()[inside]
    labels = np.unique(seed_of[seed_of > 0])

    rows, cols, weights = [], [], []
    for axis in range(region.ndim):
        a = np.take(lattice, range(region.shape[axis] - 1), axis).ravel()
        b = np.take(lattice, range(1, region.shape[axis]), axis).ravel()
        keep = (a >= 0) & (b >= 0)
        a, b = a[keep], b[keep]
        weight = np.ones(a.size)
        if ease is not None:
            value = ease.ravel()[inside].astype(np.float64)
            weight = np.minimum(value[a], value[b])
        rows.append(a)
        cols.append(b)
        weights.append(weight)
    row, col, weight = np.concatenate(rows), np.concatenate(cols), np.concatenate(weights)
    n = inside.size
    adjacency = sparse.coo_matrix((weight, (row, col)), shape=(n, n))
    adjacency = (adjacency + adjacency.T).tocsr()
    degree = np.asarray(adjacency.sum(axis=1)).ravel()

    free = np.flatnonzero(seed_of == 0)
    held = np.flatnonzero(seed_of > 0)
    laplacian = (sparse.diags(degree + 1e-9) - adjacency).tocsr()
    inner = laplacian[free][:, free]
    outer = laplacian[free][:, held]
    jacobi = sparse.diags(1.0 / np.maximum(degree[free] + 1e-9, 1e-9))

    probability = np.zeros((labels.size, region.size), dtype=np.float32)
    for row_of_label, label in enumerate(labels):
        held_value = (seed_of[held] == label).astype(np.float64)
        solution, _ = cg(inner, -(outer @ held_value), rtol=tolerance, maxiter=400, M=jacobi)
        values = np.zeros(n)
        values[held] = held_value
        values[free] = np.clip(solution, 0.0, 1.0)
        probability[row_of_label, inside] = values
    return labels.astype(np.int64), probability.reshape((labels.size, *region.shape))
