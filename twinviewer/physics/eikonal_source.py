"""Arrivals close to a point source, where piecewise linear ones are poor: from the straight path, in muscle and layer.

Within a few edges the travel time along the straight line is exact where the metric is constant; where fibres turn, the
mean of the metrics at both ends is taken. The ball ends where the speed changes, and never reaches over a gap.
"""

from typing import TYPE_CHECKING

import numba as nb
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from twinviewer.physics.eikonal import Medium


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _squared(points: NDArray[np.float64], a: int, b: int) -> float:
    x, y, z = points[a, 0] - points[b, 0], points[a, 1] - points[b, 1], points[a, 2] - points[b, 2]
    return x * x + y * y + z * z


@nb.njit(cache=True, nogil=True, error_model="numpy")
def connected_ball(
    points: NDArray[np.float64],
    cells: NDArray[np.int32],
    live: NDArray[np.bool_],
    start: NDArray[np.int32],
    entry: NDArray[np.int32],
    node: int,
    radius: float,
) -> NDArray[np.int32]:
    """Vertices within radius of a node that live cells connect to it without leaving the ball; node first."""
    seen = {np.int32(node): True}
    found = [np.int32(node)]
    at = 0
    while at < len(found):
        v = found[at]
        at += 1
        for q in range(start[v], start[v + 1]):
            k = entry[q] // cells.shape[1]
            if not live[k]:
                continue
            for i in range(cells.shape[1]):
                x = np.int32(cells[k, i])
                if x not in seen and _squared(points, int(x), node) <= radius * radius:
                    seen[x] = True
                    found.append(x)
    return np.array(found)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def even_radius(
    points: NDArray[np.float64],
    tets: NDArray[np.int32],
    was: NDArray[np.int32],
    scale: NDArray[np.float64],
    start: NDArray[np.int32],
    entry: NDArray[np.int32],
    ball: NDArray[np.int32],
    own: float,
    radius: float,
) -> float:
    """Largest radius in mm, up to the one given, with no vertex of the ball in an element of another scale than own."""
    for v in ball:
        for q in range(start[v], start[v + 1]):
            if abs(scale[was[entry[q] >> 2]] - own) > 1e-6:
                radius = min(radius, np.sqrt(_squared(points, v, ball[0])))
                break
    return radius


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _tensor(
    fibre: NDArray[np.float64],
    was: NDArray[np.int32],
    start: NDArray[np.int32],
    entry: NDArray[np.int32],
    v: int,
    out: NDArray[np.float64],
) -> None:
    """Mean of f fᵀ over the elements round a vertex: xx yy zz xy xz yz."""
    out[:] = 0.0
    for q in range(start[v], start[v + 1]):
        f = fibre[was[entry[q] >> 2]]
        out[0] += f[0] * f[0]
        out[1] += f[1] * f[1]
        out[2] += f[2] * f[2]
        out[3] += f[0] * f[1]
        out[4] += f[0] * f[2]
        out[5] += f[1] * f[2]
    out /= max(start[v + 1] - start[v], 1)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def straight_ms(
    points: NDArray[np.float64],
    was: NDArray[np.int32],
    fibre: NDArray[np.float64],
    start: NDArray[np.int32],
    entry: NDArray[np.int32],
    ball: NDArray[np.int32],
    fibre_speed: float,
    cross_speed: float,
) -> NDArray[np.float64]:
    """√(dᵀ D⁻¹ d) in ms from the ball's first vertex to each: the mean of the metrics at the two ends, at scale 1."""
    out = np.empty(ball.shape[0])
    here, there = np.empty(6), np.empty(6)
    _tensor(fibre, was, start, entry, ball[0], here)
    across = 1.0 / cross_speed**2
    along = 1.0 / fibre_speed**2 - across
    for i in range(ball.shape[0]):
        v = ball[i]
        _tensor(fibre, was, start, entry, v, there)
        x, y, z = (
            points[v, 0] - points[ball[0], 0],
            points[v, 1] - points[ball[0], 1],
            points[v, 2] - points[ball[0], 2],
        )
        d2 = across * (x * x + y * y + z * z)
        total = 0.0
        for f in (here, there):
            total += np.sqrt(
                d2 + along * (x * x * f[0] + y * y * f[1] + z * z * f[2]
                              + 2.0 * (x * y * f[3] + x * z * f[4] + y * z * f[5]))
            )  # fmt: skip
        out[i] = 0.5 * total
    return out


@nb.njit(cache=True, nogil=True, error_model="numpy")
def chord_ms(points: NDArray[np.float64], ball: NDArray[np.int32], speed: float) -> NDArray[np.float64]:
    """|d| / speed in ms from the ball's first vertex to each: within the fast layer."""
    out = np.empty(ball.shape[0])
    for i in range(ball.shape[0]):
        out[i] = np.sqrt(_squared(points, ball[i], ball[0])) / speed
    return out


def straight_paths(
    medium: "Medium", node: int, radius_mm: float
) -> list[tuple[NDArray[np.int32], NDArray[np.float64]]]:
    """Points near a source and travel times in ms along straight lines: itself, in the muscle, in the fast layer.

    Points are in the grid's numbering. radius_mm: 0 = only the source itself.
    """
    grid = medium.grid
    out = [(np.array([node], np.int32), np.zeros(1))]
    if radius_mm <= 0.0:
        return out
    own_tets = grid.tet_entry[grid.tet_start[node] : grid.tet_start[node + 1]] // 4
    own = float(medium.scale[grid.tet_was[own_tets]].max(initial=0.0))
    if own > 0.0:
        place = (grid.tet_start, grid.tet_entry)
        near = connected_ball(grid.points_mm, grid.tets, medium.live, *place, node, radius_mm)
        if not medium.even:
            reach = even_radius(grid.points_mm, grid.tets, grid.tet_was, medium.scale, *place, near, own, radius_mm)
            near = connected_ball(grid.points_mm, grid.tets, medium.live, *place, node, 0.999 * reach)
        speeds = (medium.fibre_speed_m_s, medium.cross_speed_m_s)
        out.append((near, straight_ms(grid.points_mm, grid.tet_was, medium.fibre, *place, near, *speeds) / own))
    own_triangles = grid.tri_entry[grid.tri_start[node] : grid.tri_start[node + 1]] // 3
    if medium.fast[own_triangles].any():
        place = (grid.tri_start, grid.tri_entry)
        near = connected_ball(grid.points_mm, grid.triangles, medium.fast, *place, node, radius_mm)
        out.append((near, chord_ms(grid.points_mm, near, medium.layer_speed_m_s)))
    return out
