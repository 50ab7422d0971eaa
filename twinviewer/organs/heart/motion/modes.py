"""The smooth ways in which a wall may be bent and thickened: low eigenfunctions of its own Laplacian (see
template/shape.py), and the lowest of them once more times the depth in the wall, which part its faces.

Found on clumps of neighbouring points and then smoothed by the full Laplacian, as multigrid methods do (aggregation;
Vanek P, Mandel J, Brezina M. Computing 1996;56:179): wavenumbers are right to a few percent, in a second.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import eigsh

from twinviewer.domain import Reporter, silent
from twinviewer.geometry.laplace import Elements

Array = NDArray[np.float64]

CLUMP_MM = 5.0
SMOOTHINGS = 10
UNIT_MM = 30.0
"""Coordinates in the basis and wavenumbers are counted in this length, about a cavity's radius."""


@dataclass(frozen=True, slots=True, eq=False)
class Modes:
    """values: (n, k) float64 functions on the wall's points: 1, x, y, z, the modes, mean square about 1, and the first
    of all these times −1 at the endocardium to 1 at the epicardium. roughness: (k,) fourth power of the wavenumber
    times UNIT_MM."""

    values: Array
    roughness: Array


def wall_modes(
    points_mm: Array,
    tets: NDArray[np.integer],
    depth: Array,
    count: int,
    across: int,
    report: Reporter = silent,
) -> Modes:
    """The ``count`` lowest modes of a wall with points (n, 3) and tetrahedra (m, 4), and the first ``across`` functions
    times its depth: (n,), 0 at the endocardium to 1 at the epicardium."""
    text = "Finding how the wall can bend"
    elements = Elements(points_mm, tets)
    report(0.2, text)
    stiffness, mass = elements.stiffness, elements.mass
    clump, clumps = _clumps(points_mm, stiffness)
    count = min(count, clumps - 2)
    gather = sparse.csr_matrix((np.ones(len(points_mm)), (np.arange(len(points_mm)), clump)))
    coarse = (gather.T @ stiffness @ gather).tocsc()
    _, vector = eigsh(coarse, count + 1, sparse.diags(gather.T @ mass).tocsc(), sigma=-1e-4, v0=np.ones(clumps))
    found = gather @ vector
    report(0.5, text)
    damped = 0.6 / stiffness.diagonal()[:, None]
    for turn in range(SMOOTHINGS):
        report(0.5 + 0.4 * turn / SMOOTHINGS, text)
        found -= damped * (stiffness @ found)
    square, turn = linalg.eigh(found.T @ (stiffness @ found), found.T @ (mass[:, None] * found))
    found = (found @ turn)[:, 1:] * np.sqrt(mass.sum())
    x = (points_mm - points_mm.mean(axis=0)) / UNIT_MM
    values = np.concatenate([np.ones((len(x), 1)), x, found], axis=1)
    rough = np.concatenate([np.zeros(4), (np.maximum(square[1:], 0.0) * UNIT_MM**2) ** 2])
    parting = values[:, :across] * (2.0 * np.nan_to_num(depth, nan=0.5) - 1.0)[:, None]
    return Modes(np.concatenate([values, parting], axis=1), np.concatenate([rough, rough[:across]]))


def _clumps(points_mm: Array, stiffness: sparse.spmatrix) -> tuple[NDArray[np.intp], int]:
    """(n,) clump of each point and how many there are: joined points within one cube."""
    cube = np.floor(points_mm / CLUMP_MM).astype(np.int64)
    _, key = np.unique(cube, axis=0, return_inverse=True)
    key = key.ravel()
    joins = stiffness.tocoo()
    same = key[joins.row] == key[joins.col]
    graph = sparse.coo_matrix((np.ones(int(same.sum())), (joins.row[same], joins.col[same])), shape=stiffness.shape)
    clumps, clump = connected_components(graph, directed=False)
    return clump, int(clumps)
