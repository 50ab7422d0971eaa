"""The diffusivity that makes a front travel at its true speed on a coarse grid.

In a continuum a plane front has the speed c = c₁ √D, with c₁ a property of the cell alone (scaling of lengths by √D
leaves the equation as it is). On nodes h apart with lumped mass the speed in nodes per ms is a function of r = D/h²
alone, and lower. Both are measured on cables of the very kernel and time step that the tissue will use:

    c₁ by Richardson's extrapolation from fine cables (the error is first order in 1/r, and first order in the step),
    F(r) = c/(h√r) / c₁  from a family of coarse ones;

then r' solves √r' F(r') = √r, and D' = r' h² takes the place of D. It does so along the fibre and across it. D' -> D as
h -> 0. Where the front is thinner than a cell, the larger D' also spreads it over two or three cells, which is what
makes the speed the same in all directions of the grid (cf. thickened flames: Colin et al., Phys Fluids 12:1843, 2000).

Holds for tissue at rest with the cell's nominal currents; premature beats and border zones take the same factor. What
error is left: docs/verification.md.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy import float32 as f
from numpy.typing import ArrayLike, NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.monodomain.fast_math import CHUNK
from twinviewer.physics.monodomain.models import TissueCell, cell_model

COARSE = (0.03, 0.045, 0.06, 0.075, 0.095, 0.12, 0.16, 0.22, 0.32, 0.5, 0.8, 1.4, 2.5, 5.0)
FINE = (6.0, 12.0)
FINE_MS = 0.005
FOOT_NODES = 6
STRENGTH_MV_MS, STRENGTH_MS = 60.0, 2.0
NARROWEST = 0.5
TROUBLE = 2.1
"""D'/D above which activation times may be off by more than 5 % (measured on the N-version slab)."""


@dataclass(frozen=True, slots=True, eq=False)
class SpeedLaw:
    """unit: c₁ in mm/ms per √(mm²/ms). r: (k,) diffusivity over h² in 1/ms, rising; nodes_ms: (k,) speed there."""

    unit: float
    r: NDArray[np.float64]
    nodes_ms: NDArray[np.float64]

    def speed_m_s(self, diffusivity_mm2_ms: float) -> float:
        """True speed of a plane front."""
        return self.unit * float(np.sqrt(diffusivity_mm2_ms))

    def diffusivity(self, speed_m_s: float) -> float:
        """mm²/ms that give a plane front a speed in m/s."""
        return (speed_m_s / self.unit) ** 2

    def corrected(self, diffusivity_mm2_ms: ArrayLike, spacing_mm: ArrayLike) -> NDArray[np.float64]:
        """D' for D in mm²/ms on a lattice; 0 stays 0. Raises EngineError where it is too coarse for any D'."""
        true, spacing = np.broadcast_arrays(np.asarray(diffusivity_mm2_ms, float), np.asarray(spacing_mm, float))
        wanted = self.unit * np.sqrt(true) / spacing
        slowest, fastest = self.nodes_ms[0], self.nodes_ms[-1]
        if ((wanted > 0.0) & (wanted < slowest)).any():
            worst = int(np.argmin(np.where(wanted > 0.0, wanted, np.inf)))
            speed, width = float((wanted * spacing).flat[worst]), float(spacing.flat[worst])
            raise EngineError(
                f"The grid is too coarse: a front of {speed:.3f} m/s would stop between nodes",
                where=f"spacing {width:.3g} mm", remedy=f"At most {speed / slowest:.2f} mm",
            )  # fmt: skip
        # beyond the family the error falls as 1/r
        last = self.r[-1] / (fastest / self.unit) ** 2 - 1.0
        tail = (wanted / self.unit) ** 2 + last * self.r[-1] / (1.0 + last)
        inside = np.exp(np.interp(np.log(np.maximum(wanted, 1e-12)), np.log(self.nodes_ms), np.log(self.r)))
        r = np.where(wanted > fastest, tail, inside)
        return np.where(true > 0.0, r * spacing**2, 0.0)

    def fitted(
        self, along: NDArray[np.float64], across: NDArray[np.float64], fibre: NDArray[np.floating], spacing_mm: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """D' along and across the fibre, (cells,) each, for the stencil's own lattice in those directions."""
        first, second = self.corrected(along, spacing_mm), self.corrected(across, spacing_mm)
        lengthwise, crosswise = lattice(fibre)
        more = first - second
        wide = np.sqrt(1.0 + more / np.maximum(first, 1e-12) * (lengthwise - 1.0))
        narrow = np.sqrt(np.clip(1.0 + more / np.maximum(second, 1e-12) * crosswise, NARROWEST**2, 1.0))
        return self.corrected(along, spacing_mm * wide), self.corrected(across, spacing_mm * narrow)


def lattice(fibre: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Squared width (in cells) of the lattice that the fibre's links make, along the fibre and, to be added to 1, in
    the mean across it: Σ w (e·n)⁴ / Σ w (e·n)² over the links e with weights w of stencil.py, (cells,) each."""
    direction = np.atleast_2d(np.asarray(fibre, np.float64))
    size = np.linalg.norm(direction, axis=1, keepdims=True)
    f_ = -np.sort(-np.abs(direction) / np.maximum(size, 1e-12), axis=1)
    share = np.stack([f_[:, 0] - f_[:, 1], f_[:, 1] - f_[:, 2], f_[:, 2]], axis=1)
    corner = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    links = [(share[:, n] * f_[:, 0], corner[n]) for n in range(3)]
    links += [(-share[:, n] * share[:, d], corner[d] - corner[n]) for n in range(3) for d in range(n + 1, 3)]
    lengthwise, crosswise = np.zeros(len(f_)), np.zeros(len(f_))
    for weight, link in links:
        part = (f_ @ link) ** 2
        lengthwise += weight * part**2
        # mean of the fourth power over the directions across: 3/8 of the square of what is left
        crosswise += weight * 0.375 * (link @ link - part) ** 2
    return lengthwise, crosswise


def _cables(cell: TissueCell, ratios: tuple[float, ...], step_ms: float) -> NDArray[np.float64]:
    """Speed in nodes/ms on a cable for each r; NaN where no front arrives."""
    model = cell_model(cell)
    count = [int(30 + 44 * np.sqrt(r)) for r in ratios]
    ends = np.cumsum(count)
    slots = -(-int(ends[-1]) // CHUNK) * CHUNK
    layer = LAYER_OF.get(getattr(cell, "layer", "epi"), 0)
    w = model.fresh(slots, np.arange(slots), np.full(slots, layer), {})
    starts = ends - count
    ratio = np.zeros(slots, np.float32)
    right, left = np.arange(slots), np.arange(slots)
    stimulated = np.zeros(slots, bool)
    probe = []
    for r, a, b in zip(ratios, starts, ends, strict=True):
        ratio[a:b] = r
        right[a : b - 1] += 1
        left[a + 1 : b] -= 1
        stimulated[a : a + int(FOOT_NODES + 3 * np.sqrt(r))] = True
        probe.append((a + (b - a) // 2, b - 3 - int(2 * np.sqrt(r))))
    watched = np.array(probe)
    crossed = np.full(watched.shape, np.nan)
    level = f(model.own(-20.0))
    flat, dt, time = w.reshape(-1), f(step_ms), 0.0
    kick = f(step_ms * STRENGTH_MV_MS / model.span_mv)
    u = w[:, 0].reshape(-1).copy()
    while np.isnan(crossed).any() and time < 300.0:
        before = u
        w[:, 0] = u.reshape(-1, CHUNK)
        for c in range(slots // CHUNK):
            model.chunk(flat, c * model.rows * CHUNK, dt, model.table)
        u = w[:, 0].reshape(-1) + dt * ratio * (before[left] + before[right] - f(2.0) * before)
        if time < STRENGTH_MS:
            u[stimulated] += kick
        old, new = before[watched], u[watched]
        hit = np.isnan(crossed) & (old < level) & (new >= level)
        if hit.any():
            crossed[hit] = time + step_ms * ((level - old[hit]) / (new[hit] - old[hit]))
        time += step_ms
        if not np.isfinite(u).all():
            raise EngineError("The cell's voltage is not finite on a cable", where=f"{model.name}, {time:.2f} ms")
    return (watched[:, 1] - watched[:, 0]) / (crossed[:, 1] - crossed[:, 0])


LAYER_OF = {"epi": 0, "endo": 1, "mid": 2}


@lru_cache(maxsize=32)
def speed_law(cell: TissueCell, step_ms: float) -> SpeedLaw:
    """The law of a cell at a time step, measured on cables (about a second, kept). Raises EngineError where the cell
    does not conduct at all."""
    fine = 2.0 * _cables(cell, FINE, FINE_MS) - _cables(cell, FINE, 2.0 * FINE_MS)
    if not np.isfinite(fine).all():
        raise EngineError("A front does not travel in this cell even on a fine cable", where=repr(cell))
    one, two = fine / np.sqrt(FINE)
    unit = float(two + (two - one) * FINE[0] / (FINE[1] - FINE[0]))
    ratios = tuple(r for r in COARSE if r * step_ms < 0.4)
    speeds = _cables(cell, ratios, step_ms)
    good = np.isfinite(speeds)
    return SpeedLaw(unit, np.array(ratios)[good], speeds[good])
