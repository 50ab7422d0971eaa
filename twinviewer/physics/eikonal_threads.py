"""Runs the kernels of the eikonal solver on one core or several, with the same result."""

import os
from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twinviewer.physics.eikonal_kernel import COLUMNS, assist, sweep
from twinviewer.physics.eikonal_metric import SHIFT, coded

if TYPE_CHECKING:
    from twinviewer.physics.eikonal import EikonalGrid, Medium

MOST_THREADS = 2
"""What the bench has shown to pay (docs/benchmarks.md): taking the bands apart and together stays with one thread."""
WORTH_SHARING = 20_000
"""Points below which starting a thread costs more than it saves."""


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def how_many(points: int) -> int:
    """Threads for a mesh of so many points on this machine."""
    return min(MOST_THREADS, cores()) if points >= WORTH_SHARING else 1


def metric(
    grid: "EikonalGrid",
    fibre: NDArray[np.float64],
    scale: NDArray[np.float64],
    fibre_speed_m_s: float,
    cross_speed_m_s: float,
    most_scale: float,
) -> tuple[NDArray[np.uint16], np.uint32, NDArray[np.bool_], float]:
    """Codes of the squared travel times by vertex, the bits of code 0, (n,) which points conduct, ms of a mean edge.

    most_scale: the largest of ``scale``.
    """
    m, n = len(grid.tets), len(grid.points_mm)
    fastest = max(fibre_speed_m_s, cross_speed_m_s) * (most_scale if most_scale > 0.0 else 1.0)
    # a fibre a little longer than one makes a time along it a little shorter than the fastest speed allows
    least = np.float32(max(0.5 * (grid.least_edge_mm / fastest) ** 2, 1e-30))
    base = least.view(np.uint32) >> np.uint32(SHIFT) << np.uint32(SHIFT)
    codes, conducts = np.empty(6 * len(grid.tet_entry), np.uint16), np.zeros(n, bool)
    found: list[tuple[float, int]] = []
    _shared(
        m, n,
        lambda first, last: found.append(
            coded(grid.points_mm, grid.tets, grid.tet_was, fibre, scale, fibre_speed_m_s, cross_speed_m_s, base,
                  grid.tet_start, grid.tet_entry, codes, conducts, first, last)
        ),
    )  # fmt: skip
    return codes, base, conducts, sum(part[0] for part in found) / max(sum(part[1] for part in found), 1)


def swept(
    medium: "Medium",
    arrival: NDArray[np.float32],
    sources: NDArray[np.int32],
    band_ms: float,
    tolerance_ms: float,
    threads: int | None = None,
) -> tuple[int, int]:
    """Lower ``arrival`` (n,) in place from the sources on; how often a vertex was solved, and how many bands."""
    grid = medium.grid
    threads = how_many(len(arrival)) if threads is None else threads
    size = max(len(arrival), len(sources))
    shared, waiting, found = np.zeros(64, np.int64), np.empty(size, np.int32), np.empty(size, np.float32)
    mesh = (
        shared, waiting, found, arrival, grid.near_start, grid.near, grid.tet_start, grid.local, medium.codes,
        medium.base, grid.triangles, medium.sides, grid.tri_start, grid.tri_entry,
    )  # fmt: skip

    def room() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return np.empty((9, COLUMNS), np.float32), np.empty(max(grid.most_near, 1), np.float32)

    helpers = [Thread(target=assist, args=(*mesh, *room(), False), daemon=True) for _ in range(threads - 1)]
    for helper in helpers:
        helper.start()
    solved, bands = sweep(*mesh, *room(), sources, band_ms, tolerance_ms)
    for helper in helpers:
        helper.join()
    return int(solved), int(bands)


def _shared(count: int, points: int, work: Callable[[int, int], object]) -> None:
    """work(first, last) over 0 … count, in as many parts as there are threads for a mesh of so many points."""
    threads = how_many(points)
    bounds = [count * i // threads for i in range(threads + 1)]
    helpers = [Thread(target=work, args=part, daemon=True) for part in zip(bounds[1:-1], bounds[2:], strict=True)]
    for helper in helpers:
        helper.start()
    work(bounds[0], bounds[1])
    for helper in helpers:
        helper.join()
