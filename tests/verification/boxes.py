"""A box of tetrahedra with homogeneous anisotropic muscle, where first arrivals from a point are known exactly."""

import numpy as np
from numpy.typing import NDArray

SIDE_MM, FIBRE_M_S, CROSS_M_S = 20.0, 0.6, 0.3
FIBRE = np.array([1.0, 1.0, 0.0]) / np.sqrt(2.0)


def box(n: int) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """n³ points in mm, each cell cut into six tetrahedra."""
    g = np.linspace(0.0, SIDE_MM, n)
    points = np.stack(np.meshgrid(g, g, g, indexing="ij"), -1).reshape(-1, 3)
    index = np.arange(n**3).reshape(n, n, n)
    c = [index[i : n - 1 + i, j : n - 1 + j, k : n - 1 + k].ravel() for k in (0, 1) for j in (0, 1) for i in (0, 1)]
    split = [(0, 1, 3, 7), (0, 3, 2, 7), (0, 2, 6, 7), (0, 6, 4, 7), (0, 4, 5, 7), (0, 5, 1, 7)]
    return points, np.concatenate([np.stack([c[i] for i in t], 1) for t in split]).astype(np.int32)


def middle(points: NDArray[np.float64]) -> int:
    """The point next to the middle of the box."""
    return int(np.argmin(np.linalg.norm(points - SIDE_MM / 2.0, axis=1)))


def exact_ms(points: NDArray[np.float64], source: int) -> NDArray[np.float64]:
    """√(Δxᵀ D⁻¹ Δx) from a point."""
    line = points - points[source]
    along = (line @ FIBRE) ** 2
    return np.asarray(np.sqrt((line**2).sum(1) / CROSS_M_S**2 + (1.0 / FIBRE_M_S**2 - 1.0 / CROSS_M_S**2) * along))


def error(found: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Relative L2 error."""
    return float(np.linalg.norm(found - truth) / np.linalg.norm(truth))
