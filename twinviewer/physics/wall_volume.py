"""Elements keep their volume while the wall's displacement is evened out along its layers.

A map of Jacobian 1 read at the corners of straight-edged elements, or evened out, changes their volumes a little. Each
element whose volume leaves a band round its reference is put back by moving its corners along the volume's gradient,
element after element (position-based dynamics: Muller et al., J Vis Commun Image R 18:109, 2007). What that moves is
evened out along the layers too, so that the wall thickens smoothly; and what is still inverted then is mended alone.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh

Array = NDArray[np.float64]

# Band that elements are brought back to, sweeps of that, rounds of evening out each; band of the last mending
BAND, SWEEPS, ROUNDS = (0.99, 1.01), 4, 6
LAST_BAND, LAST_ROUNDS = (0.25, 4.0), 60
# Flat elements are brought a little above what is asked, so that few rounds of few sweeps suffice
WIDEN_TO, WIDEN_ROUNDS, WIDEN_SWEEPS = 1.15, 40, 4
# Depth within the wall (0 endocardium .. 1 epicardium) over which two points count as of the same layer
LAYER = 0.22
ALL_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))


@njit(cache=True, nogil=True)
def volume_ratios(points: NDArray[np.floating], tets: NDArray[np.int32], reference_ml: Array, ratio: Array) -> float:
    """Fill ratio (m,): each tetrahedron's volume to its reference (<= 0: inverted). Returns the whole volume in mL."""
    total = 0.0
    for t in range(tets.shape[0]):
        a, b, c, d = tets[t, 0], tets[t, 1], tets[t, 2], tets[t, 3]
        ax, ay, az = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        bx, by, bz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        cx, cy, cz = points[d, 0] - points[a, 0], points[d, 1] - points[a, 1], points[d, 2] - points[a, 2]
        volume = (ax * (by * cz - bz * cy) - ay * (bx * cz - bz * cx) + az * (bx * cy - by * cx)) / 6000.0
        total += volume
        ratio[t] = volume / reference_ml[t]
    return total


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """Points joined by an edge: those of point i are to[start[i] : start[i + 1]], with weights that add up to 1."""

    start: NDArray[np.int32]
    to: NDArray[np.int32]
    weight: Array

    @classmethod
    def within(cls, mesh: OrganMesh, rows: NDArray[np.integer]) -> "Neighbours":
        """Of some of the wall's points; all edges weigh the same. Each other point is its own neighbour."""
        n = mesh.wall_points
        edges = _both_ways(mesh.tets, n, ALL_EDGES)
        still = np.ones(n, dtype=bool)
        still[rows] = False
        alone = np.flatnonzero(still)
        edges = np.concatenate([edges[~still[edges[:, 0]]], np.column_stack([alone, alone])])
        edges = edges[np.argsort(edges[:, 0], kind="stable")]
        return cls._of(edges, np.ones(len(edges)), n)

    @classmethod
    def _of(cls, edges: NDArray[np.int64], weight: Array, n: int) -> "Neighbours":
        weight = weight / np.bincount(edges[:, 0], weight, n)[edges[:, 0]]
        start = np.searchsorted(edges[:, 0], np.arange(n + 1))
        return cls(start.astype(np.int32), edges[:, 1].astype(np.int32), weight)

    @classmethod
    def in_layers(cls, mesh: OrganMesh) -> "Neighbours":
        """Of the wall's points. Those of other layers weigh little; points of the surface see only the surface."""
        n = mesh.wall_points
        outside = mesh.surfaces["myocardium"]
        surface = np.zeros(n, dtype=bool)
        surface[outside] = True
        edges = _both_ways(mesh.tets, n, ALL_EDGES)
        edges = np.concatenate([edges[~surface[edges[:, 0]]], _both_ways(outside, n, ((0, 1), (1, 2), (2, 0)))])
        edges = edges[np.argsort(edges[:, 0], kind="stable")]
        depth = np.asarray(mesh.point_fields["transmural"], np.float64)
        apart = depth[edges[:, 0]] - depth[edges[:, 1]]
        weight = 1e-3 + np.exp(-np.nan_to_num((apart / LAYER) ** 2))
        return cls._of(edges, weight, n)


def _both_ways(cells: NDArray[np.integer], points: int, pairs: tuple[tuple[int, int], ...]) -> NDArray[np.int64]:
    """(k, 2) edges of cells, each from both its ends, sorted by the first."""
    edges = cells[:, pairs].reshape(-1, 2).astype(np.int64)
    low, high = edges.min(axis=1), edges.max(axis=1)
    key = np.sort(low * points + high)
    key = key[np.concatenate([[True], key[1:] != key[:-1]])]
    once = np.stack(np.divmod(key, points), axis=1)
    both = np.concatenate([once, once[:, ::-1]])
    return both[np.argsort(both[:, 0], kind="stable")]


@njit(cache=True, nogil=True)
def _mixed(old: Array, new: Array, start: NDArray[np.int32], to: NDArray[np.int32], weight: Array) -> None:
    for i in range(start.shape[0] - 1):
        x = y = z = 0.0
        for j in range(start[i], start[i + 1]):
            k, w = to[j], weight[j]
            x += w * old[k, 0]
            y += w * old[k, 1]
            z += w * old[k, 2]
        new[i, 0] = 0.5 * (old[i, 0] + x)
        new[i, 1] = 0.5 * (old[i, 1] + y)
        new[i, 2] = 0.5 * (old[i, 2] + z)


def even_out(values: Array, neighbours: Neighbours, rounds: int) -> Array:
    """(points, 3) values, those of the wall's points mixed half and half with their neighbours' mean, so many times."""
    old, new = values.copy(), values.copy()
    for _ in range(rounds):
        _mixed(old, new, neighbours.start, neighbours.to, neighbours.weight)
        old, new = new, old
    return old


@njit(cache=True, nogil=True)
def _keep(points: Array, tets: NDArray[np.int32], reference_ml: Array, low: float, high: float, rounds: int) -> None:
    # written out by axis: three times as fast as loops over small arrays, for a wall's elements take part thousands of
    # times in a beat
    for _ in range(rounds):
        still = True
        for t in range(tets.shape[0]):
            i, j, k, m = tets[t, 0], tets[t, 1], tets[t, 2], tets[t, 3]
            x, y, z = points[i, 0], points[i, 1], points[i, 2]
            ax, ay, az = points[j, 0] - x, points[j, 1] - y, points[j, 2] - z
            bx, by, bz = points[k, 0] - x, points[k, 1] - y, points[k, 2] - z
            cx, cy, cz = points[m, 0] - x, points[m, 1] - y, points[m, 2] - z
            # gradients of the volume by the corners, all times 6
            gx, gy, gz = by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx
            volume = (ax * gx + ay * gy + az * gz) / 6.0
            reference = reference_ml[t] * 1000.0
            wanted = min(max(volume, low * reference), high * reference)
            if wanted == volume:
                continue
            still = False
            hx, hy, hz = cy * az - cz * ay, cz * ax - cx * az, cx * ay - cy * ax
            kx, ky, kz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
            ox, oy, oz = -(gx + hx + kx), -(gy + hy + ky), -(gz + hz + kz)
            square = gx * gx + gy * gy + gz * gz + hx * hx + hy * hy + hz * hz
            square += kx * kx + ky * ky + kz * kz + ox * ox + oy * oy + oz * oz
            step = 0.7 * (wanted - volume) * 6.0 / (square + 3.6e-8)
            points[i, 0] += step * ox
            points[i, 1] += step * oy
            points[i, 2] += step * oz
            points[j, 0] += step * gx
            points[j, 1] += step * gy
            points[j, 2] += step * gz
            points[k, 0] += step * hx
            points[k, 1] += step * hy
            points[k, 2] += step * hz
            points[m, 0] += step * kx
            points[m, 1] += step * ky
            points[m, 2] += step * kz
        if still:
            return


def keep_volumes(
    points: Array, tets: NDArray[np.int32], reference_ml: Array, neighbours: Neighbours
) -> tuple[float, float]:
    """Bring elements back to their volume, in place. Returns the wall's volume in mL and the smallest ratio left."""
    for _ in range(SWEEPS):
        before = points.copy()
        _keep(points, tets, reference_ml, *BAND, 1)
        step = points - before
        points[:] = before + even_out(step, neighbours, ROUNDS)
    _keep(points, tets, reference_ml, *LAST_BAND, LAST_ROUNDS)
    ratio = np.empty(len(tets))
    total = volume_ratios(points, tets, reference_ml, ratio)
    return total, float(ratio.min())


def widen(points: Array, tets: NDArray[np.int32], reference_ml: Array, least: float) -> None:
    """Bring elements below ``least`` of their reference volume back above it, in place; elements far from them stay.

    Only those elements and the ones that share a corner with them take part: what they push down joins the next round.
    """
    ratio = np.empty(len(tets))
    for _ in range(WIDEN_ROUNDS):
        volume_ratios(points, tets, reference_ml, ratio)
        flat = ratio < least
        if not flat.any():
            return
        corner = np.zeros(len(points), dtype=bool)
        corner[tets[flat]] = True
        near = np.flatnonzero(corner[tets].any(axis=1))
        _keep(points, tets[near], reference_ml[near], WIDEN_TO * least, 1e9, WIDEN_SWEEPS)
