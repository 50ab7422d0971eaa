"""What a mesh must not have for excitation on it to mean anything, said with its place."""

import numba as nb
import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError


def refuse_faults(points: NDArray[np.float64], cells: NDArray[np.int32], layer: NDArray[np.int32]) -> None:
    """EngineError for points (n, 3) that are not finite, cells of missing points, flat or inverted cells (m, 4)."""
    if not np.isfinite(points).all():
        bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
        raise EngineError("The mesh has points that are not finite", where=f"{len(bad)} points, first {bad[0]}")
    for name, block in (("tetrahedra", cells), ("triangles", layer)):
        if block.size and (block.min() < 0 or block.max() >= len(points)):
            raise EngineError(f"The {name} use points that do not exist", where=f"{len(points)} points")
    if not cells.size and not layer.size:
        raise EngineError("There is nothing that could conduct: no tetrahedra and no triangles")
    flat, first_flat, inverted, first_inverted = faulty(points, cells)
    if flat or inverted:
        first = first_flat if flat else first_inverted
        raise EngineError(
            f"The mesh has {flat} flat and {inverted} inverted of {len(cells)} tetrahedra",
            where=f"first {first} {at(points[cells[first]].mean(axis=0))}",
            remedy="Mend the mesh; excitation through such elements has no meaning",
        )


def at(place: NDArray[np.float64]) -> str:
    """A point (3,) in words."""
    return "({:.0f}, {:.0f}, {:.0f}) mm LPS".format(*place)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def faulty(points: NDArray[np.float64], tets: NDArray[np.int32]) -> tuple[int, int, int, int]:
    """Flat and inverted tetrahedra: how many of each and the first (−1 if none). Inverted is against the majority."""
    flat, inverted, positive, first_flat, first_plus, first_minus = 0, 0, 0, -1, -1, -1
    for k in range(tets.shape[0]):
        a, b, c, d = tets[k, 0], tets[k, 1], tets[k, 2], tets[k, 3]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        wx, wy, wz = points[d, 0] - points[a, 0], points[d, 1] - points[a, 1], points[d, 2] - points[a, 2]
        volume = ux * (vy * wz - vz * wy) + uy * (vz * wx - vx * wz) + uz * (vx * wy - vy * wx)
        size = max(ux * ux + uy * uy + uz * uz, vx * vx + vy * vy + vz * vz, wx * wx + wy * wy + wz * wz)
        if volume * volume <= 1e-16 * size * size * size:
            flat += 1
            first_flat = k if first_flat < 0 else first_flat
        elif volume > 0.0:
            positive += 1
            first_plus = k if first_plus < 0 else first_plus
        else:
            inverted += 1
            first_minus = k if first_minus < 0 else first_minus
    if inverted > positive:
        return flat, first_flat, positive, first_plus
    return flat, first_flat, inverted, first_minus


@nb.njit(cache=True, nogil=True, error_model="numpy")
def unlikely(
    fibre: NDArray[np.float64], scale: NDArray[np.float64], most: float
) -> tuple[int, int, int, int, float, float]:
    """Elements with a scale outside 0 … most, the first; with a fibre longer than one, the first; least, most scale."""
    odd, first_odd, long, first_long, low, high = 0, -1, 0, -1, np.inf, -np.inf
    for k in range(scale.shape[0]):
        low, high = min(low, scale[k]), max(high, scale[k])
        if not 0.0 <= scale[k] <= most:
            first_odd = k if odd == 0 else first_odd
            odd += 1
        if not fibre[k, 0] ** 2 + fibre[k, 1] ** 2 + fibre[k, 2] ** 2 <= 1.02:
            first_long = k if long == 0 else first_long
            long += 1
    return odd, first_odd, long, first_long, low, high
