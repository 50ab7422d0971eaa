"""Where and when current is put into tissue: a list of nodes, when, for how long, how strongly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.monodomain.grid import VoxelGrid

STRENGTH_MV_MS, LENGTH_MS = 40.0, 2.0
"""About twice what a 1.5 mm cube needs (Niederer et al. 2011 use 35.7 mV/ms for 2 ms)."""


@dataclass(frozen=True, slots=True, eq=False)
class Current:
    """strength_mv_ms: rate at which it alone would raise the voltage, one number or (k,) for the k nodes."""

    nodes: NDArray[np.int64]
    start_ms: float
    length_ms: float = LENGTH_MS
    strength_mv_ms: float | NDArray[np.floating] = STRENGTH_MV_MS

    def strengths(self) -> NDArray[np.float32]:
        """(k,) mV/ms."""
        return np.broadcast_to(np.asarray(self.strength_mv_ms, np.float32), self.nodes.shape)


def box(grid: VoxelGrid, low_mm: ArrayLike, high_mm: ArrayLike, start_ms: float = 0.0, length_ms: float = LENGTH_MS,
        strength_mv_ms: float = STRENGTH_MV_MS) -> Current:  # fmt: skip
    """Current in the box between two corners in LPS mm. A node gets it in the share of its own cell (h wide, cut by
    the tissue's block) that lies in the box, so that the charge does not depend on h.

    Raises EngineError where no tissue lies in the box.
    """
    low, high = np.asarray(low_mm, np.float64), np.asarray(high_mm, np.float64)
    points, half = grid.points_mm, 0.5 * grid.spacing_mm
    begin, end = points.min(axis=0), points.max(axis=0)
    left, right = np.maximum(points - half, begin), np.minimum(points + half, end)
    share = np.clip(np.minimum(right, high) - np.maximum(left, low), 0.0, None) / (right - left)
    part = share.prod(axis=1)
    nodes = np.flatnonzero(part > 1e-6)
    if not len(nodes):
        raise EngineError("A stimulus lies outside the tissue", where=f"box from {low} to {high} mm")
    return Current(nodes, start_ms, length_ms, strength_mv_ms * part[nodes])


def ball(grid: VoxelGrid, centre_mm: ArrayLike, radius_mm: float, start_ms: float = 0.0, length_ms: float = LENGTH_MS,
         strength_mv_ms: float = STRENGTH_MV_MS) -> Current:  # fmt: skip
    """Current in the nodes within a radius of a point in LPS mm. Raises EngineError where there are none."""
    centre = np.asarray(centre_mm, np.float64)
    nodes = np.flatnonzero(((grid.points_mm - centre) ** 2).sum(axis=1) <= radius_mm**2)
    if not len(nodes):
        x, y, z = centre
        place = f"({x:.1f}, {y:.1f}, {z:.1f}) mm, {start_ms:g} ms"
        raise EngineError("A stimulus lies outside the tissue", where=place)
    return Current(nodes, start_ms, length_ms, strength_mv_ms)


def repeated(current: Current, times_ms: Sequence[float]) -> tuple[Current, ...]:
    """The same current at other times (burst pacing)."""
    return tuple(Current(current.nodes, float(t), current.length_ms, current.strength_mv_ms) for t in times_ms)


def s1_s2(first: Current, cycle_ms: float, beats: int, coupling_ms: float | Sequence[float],
          second: Current | None = None) -> tuple[Current, ...]:  # fmt: skip
    """``beats`` S1 at a cycle length, then one or more premature beats each coupling_ms after the one before, at the
    nodes of ``second`` (default: those of S1)."""
    train = [k * cycle_ms for k in range(beats)]
    last, extra = train[-1] if train else 0.0, []
    for gap in np.atleast_1d(np.asarray(coupling_ms, np.float64)):
        last += float(gap)
        extra.append(last)
    return repeated(first, train) + repeated(second or first, extra)
