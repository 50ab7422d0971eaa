"""Fronts through muscle as electrodes see them: ∇Z·G∇τ over time, for several sequences in one pass on both cores.

A tetrahedron gives electrode s the share ∇Z_s·G∇τ V = Σ_i (τ_i − τ_0) w_is with w_is = V ∇Z_s·G∇λ_i for the corners
i = 1, 2, 3. The weights w belong to mesh, torso and conductivity and not to the sequence, so they are made once, in
single precision; what remains for a beat is to read them once for activation and repolarisation together, which is
bound by memory.

A linear time in a tetrahedron has the variance Σ(τ_i − mean)² / 20. The share is spread evenly over a box of that
variance, kept within the element's times, so that the mesh need not resolve the front.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread

import numba as nb
import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.ecg import TORSO_S_M, Fronts
from twinviewer.physics.eikonal_threads import how_many
from twinviewer.physics.membrane import BIN_MS

_FAST = {"nsz", "contract", "arcp"}  # times that are not known are NaN and must stay so


@dataclass(frozen=True, slots=True, eq=False)
class Leads:
    """tets: (m, 4). weight: (m, 3, e) float32, without unit: what one ms at corner 1, 2 or 3 gives an electrode."""

    tets: NDArray[np.int32]
    weight: NDArray[np.float32]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _weights(
    points: NDArray[np.float64], tets: NDArray[np.int32], fields: NDArray[np.float64], out: NDArray[np.float32]
) -> None:
    e, g = np.empty((3, 3)), np.empty((3, 3))
    for k in range(tets.shape[0]):
        for i in range(3):
            for c in range(3):
                e[i, c] = points[tets[k, i + 1], c] - points[tets[k, 0], c]
        for i in range(3):
            u, v = e[(i + 1) % 3], e[(i + 2) % 3]
            g[i, 0] = (u[1] * v[2] - u[2] * v[1]) / 6.0  # gradient of λ times volume
            g[i, 1] = (u[2] * v[0] - u[0] * v[2]) / 6.0
            g[i, 2] = (u[0] * v[1] - u[1] * v[0]) / 6.0
        for i in range(3):
            for s in range(fields.shape[1]):
                out[k, i, s] = fields[k, s, 0] * g[i, 0] + fields[k, s, 1] * g[i, 1] + fields[k, s, 2] * g[i, 2]


@nb.njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _spread(
    tets: NDArray[np.int32],
    weight: NDArray[np.float32],
    times: NDArray[np.float32],
    alive: NDArray[np.bool_],
    width: float,
    out: NDArray[np.float32],
    first: int,
    last: int,
) -> None:
    """Add the elements first … last to out (sequences, bins, e). times: (n, sequences) ms from the first bin's edge.

    alive: (m,), or empty where every element is.
    """
    share = np.empty(weight.shape[2], np.float32)
    per_ms = np.float32(1.0 / width)
    half_bin = np.float32(0.5)
    some_dead = alive.shape[0] > 0
    for k in range(first, last):
        if some_dead and not alive[k]:
            continue
        a, b, c, d = tets[k, 0], tets[k, 1], tets[k, 2], tets[k, 3]
        for f in range(times.shape[1]):
            t0 = times[a, f] * per_ms
            d1, d2, d3 = times[b, f] * per_ms - t0, times[c, f] * per_ms - t0, times[d, f] * per_ms - t0
            mean = np.float32(0.25) * (d1 + d2 + d3)
            if not np.isfinite(mean):
                continue
            square = mean * mean + (d1 - mean) ** 2 + (d2 - mean) ** 2 + (d3 - mean) ** 2
            half = max(np.sqrt(np.float32(0.15) * square), half_bin)
            zero = np.float32(0.0)
            low = t0 + max(mean - half, min(zero, d1, d2, d3) - half_bin)
            high = t0 + min(mean + half, max(zero, d1, d2, d3) + half_bin)
            each = np.float32(1.0) / ((high - low) * per_ms)
            d1 *= each
            d2 *= each
            d3 *= each
            for s in range(share.shape[0]):
                share[s] = d1 * weight[k, 0, s] + d2 * weight[k, 1, s] + d3 * weight[k, 2, s]
            for at in range(int(low), int(high) + 1):
                part = min(high, np.float32(at + 1)) - max(low, np.float32(at))
                for s in range(share.shape[0]):
                    out[f, at, s] += share[s] * part


def leads(points_mm: NDArray[np.float64], tets: NDArray[np.int32], fields: NDArray[np.float64]) -> Leads:
    """What belongs to mesh and torso.

    fields: (m, e, 3) G∇Z at the elements' centres (ecg.lead_fields, weighed by physics/wall_leads.py).
    """
    cells = np.ascontiguousarray(tets, np.int32)
    weight = np.empty((len(cells), 3, fields.shape[1]), np.float32)
    _weights(np.ascontiguousarray(points_mm, np.float64), cells, np.ascontiguousarray(fields, np.float64), weight)
    return Leads(cells, weight)


def fronts(
    of: Leads,
    times_ms: Sequence[NDArray[np.float64]],
    alive: NDArray[np.bool_] | None = None,
    threads: int | None = None,
) -> list[Fronts]:
    """What each of several sequences of activation or repolarisation, (n,) ms, gives each electrode.

    Elements with a corner that has no time (NaN) are left out, and those that are not alive, (m,): dead tissue carries
    no current. Raises EngineError where a sequence has no finite time.
    """
    starts, longest = [], 0.0
    for times in times_ms:
        if not np.isfinite(times).any():
            raise EngineError("A sequence without any time gives no ECG", where=f"{len(times)} points")
        starts.append(float(np.nanmin(times)) - 2.0 * BIN_MS)
        longest = max(longest, float(np.nanmax(times)) - starts[-1])
    after = np.stack([times - start for times, start in zip(times_ms, starts, strict=True)], axis=1).astype(np.float32)
    count = how_many(len(after)) if threads is None else threads
    m, bins = len(of.tets), int(longest / BIN_MS) + 4
    parts = np.zeros((count, len(times_ms), bins, of.weight.shape[2]), np.float32)
    living = np.zeros(0, bool) if alive is None else np.ascontiguousarray(alive, bool)
    bounds = [m * i // count for i in range(count + 1)]
    work = [
        Thread(target=_spread, args=(of.tets, of.weight, after, living, BIN_MS, parts[i], bounds[i], bounds[i + 1]))
        for i in range(count)
    ]
    for one in work[1:]:
        one.start()
    work[0].run()
    for one in work[1:]:
        one.join()
    # mm⁻² from the field, mm³ and ms/mm from volume and gradient: only ms is left, and a bin divides it away
    total = parts.sum(axis=0, dtype=np.float64) / (4.0 * np.pi * TORSO_S_M * BIN_MS)
    return [Fronts(start, one.T) for start, one in zip(starts, total, strict=True)]
