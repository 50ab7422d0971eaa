"""Runs the sweep of :mod:`twinviewer.physics.eikonal_kernel` on one core or several, with the same result."""

import os
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twinviewer.physics.eikonal_kernel import assist, sweep

if TYPE_CHECKING:
    from twinviewer.physics.eikonal import EikonalGrid

MOST_THREADS = 2
"""What the bench has shown to pay (docs/benchmarks.md): taking the bands apart and together stays with one thread."""
WORTH_SHARING = 20_000
"""Points below which starting a thread costs more than it saves."""


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def swept(
    grid: "EikonalGrid",
    edges: NDArray[np.float32],
    sides: NDArray[np.float32],
    arrival: NDArray[np.float32],
    sources: NDArray[np.int32],
    band_ms: float,
    tolerance_ms: float,
    threads: int | None = None,
) -> int:
    """Lower ``arrival`` (n,) in place from the sources on; how often a vertex was solved."""
    if threads is None:
        threads = min(MOST_THREADS, cores()) if len(arrival) >= WORTH_SHARING else 1
    shared, waiting = np.zeros(64, np.int64), np.empty(max(len(arrival), len(sources)), np.int32)
    found = np.empty(len(waiting), np.float32)
    mesh = (
        grid.tets, edges, grid.tet_start, grid.tet_entry, grid.triangles, sides, grid.tri_start, grid.tri_entry,
    )  # fmt: skip
    helpers = [
        Thread(target=assist, args=(shared, waiting, found, arrival, *mesh, False), daemon=True)
        for _ in range(threads - 1)
    ]
    for helper in helpers:
        helper.start()
    solved = sweep(
        shared, waiting, found, arrival, *mesh, grid.near_start, grid.near, sources, band_ms, tolerance_ms
    )  # fmt: skip
    for helper in helpers:
        helper.join()
    return int(solved)
