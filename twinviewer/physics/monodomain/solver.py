"""Reaction and diffusion in cardiac tissue:

    ∂V/∂t = ∇·(D∇V) − I_ion(V, s)/C_m + J,   ∂s/∂t = g(V, s),   n·D∇V = 0 at the border

with D = σ/(χ C_m). Space: stencil.py, with D corrected for the grid (correction.py). Time: one explicit step for both
terms at once, gates by Rush–Larsen; first order. (Diffusion first and cells after, each in its turn, was tried: with
the gates at the voltage between, fronts are 7 % fast at 0.02 ms; together the error is below 0.3 %.)

Assumptions: monodomain (intra- and extracellular anisotropy alike), no bath, no motion; a stimulus carries no ions.
Lengths mm, times ms, voltage mV, D mm²/ms.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy import float32 as f
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.domain.progress import Reporter, silent
from twinviewer.physics.monodomain.correction import TROUBLE, speed_law
from twinviewer.physics.monodomain.fast_math import CHUNK
from twinviewer.physics.monodomain.grid import VoxelGrid
from twinviewer.physics.monodomain.models import CellModel, TissueCell, cell_model
from twinviewer.physics.monodomain.recorder import Recorder
from twinviewer.physics.monodomain.stencil import Stencil, assemble
from twinviewer.physics.monodomain.stimulus import Current
from twinviewer.physics.monodomain.times import Outcome, outcome

REPORT_S = 0.03
"""Longest time between two calls of the reporter, but for one piece of a step (PIECE chunks, some ms)."""
PIECE = 128
SAMPLE_MS, SAMPLE_STEPS = 0.1, 4
"""How often crossings are looked for: the longer of the two; a sample costs about half a step of the simplest cell."""
THREAD_FROM = 60
"""Chunks from which a second core is worth its overhead."""


@dataclass(frozen=True, slots=True, eq=False)
class Tissue:
    """A piece of muscle. fibre: (cells, 3) unit vectors of the cells with fill > 0 in order k, j, i; along, across:
    diffusivity in mm²/ms, a number or (cells,). layer: (n,) 0 epi, 1 endo, 2 mid. factors: name -> (n,) of the cell
    (models.py), for scar and border zone."""

    grid: VoxelGrid
    fibre: NDArray[np.floating]
    along_mm2_ms: float | NDArray[np.floating]
    across_mm2_ms: float | NDArray[np.floating]
    layer: int | NDArray[np.integer] = 0
    factors: Mapping[str, NDArray[np.floating]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class VoltageFrame:
    """voltage_mv: (n,) float32 at a moment."""

    time_ms: float
    voltage_mv: NDArray[np.float32]


def diffusivity(
    intra_s_m: float, extra_s_m: float, surface_per_mm: float = 140.0, capacity_uf_mm2: float = 0.01
) -> float:
    """D in mm²/ms from conductivities inside and outside the cells in S/m (harmonic: σ_i σ_e / (σ_i + σ_e))."""
    return intra_s_m * extra_s_m / (intra_s_m + extra_s_m) / (surface_per_mm * capacity_uf_mm2)


class Monodomain:
    """Tissue with one kind of cell, stepping through time. Not safe to share between threads."""

    def __init__(self, tissue: Tissue, cell: TissueCell, *, step_ms: float | None = None, corrected: bool = True,
                 threads: int = 1, threshold_mv: float = -40.0) -> None:  # fmt: skip
        """step_ms: default that of the cell, or what diffusion allows. corrected: D' of correction.py in place of D.
        threads: cores to use. threshold_mv: at which a node counts as active.

        Raises EngineError where tissue, cell or step are not sound; it names the limit of the step.
        """
        self.tissue, self.grid = tissue, tissue.grid
        self.model: CellModel = cell_model(cell)
        wanted = self.model.step_ms if step_ms is None else float(step_ms)
        if not np.isfinite(wanted) or wanted <= 0.0:
            raise EngineError("The time step must be above zero", where=f"{wanted} ms")
        _within(wanted, self.model.longest_ms, f"the cell {self.model.name}")
        along, across = (np.asarray(d, np.float64) for d in (tissue.along_mm2_ms, tissue.across_mm2_ms))
        bad = [d for d in (along, across) if not np.isfinite(d).all() or (d < 0.0).any()]
        if bad or not ((along > 0.0).any() or (across > 0.0).any()):
            raise EngineError("The tissue's conductivity is zero everywhere, below zero or not finite",
                              where=f"along {along.max():.4g}, across {across.max():.4g} mm²/ms")  # fmt: skip
        self.raised = 1.0
        if corrected:
            law = speed_law(cell, wanted)
            shape = (int((self.grid.fill > 0.0).sum()),)
            along, across = (np.broadcast_to(d, shape) for d in (along, across))
            true = across
            along, across = law.fitted(along, across, tissue.fibre, self.grid.spacing_mm)
            self.raised = float(np.max(np.divide(across, true, out=np.ones(shape), where=true > 0.0)))
        self.stencil: Stencil = assemble(self.grid, tissue.fibre, along, across)
        if step_ms is None and wanted > 0.9 * self.stencil.limit_ms:
            wanted = 0.9 * self.stencil.limit_ms
        _within(wanted, self.stencil.limit_ms, f"diffusion on {self.grid.spacing_mm:g} mm cells")
        self.step_ms = wanted
        layer = np.broadcast_to(np.asarray(tissue.layer), (self.grid.nodes,))
        self._rows = self.model.fresh(self.grid.slots, self.grid.slot, layer, tissue.factors)
        self._place = self.grid.place()[self.grid.slot]
        self._dense = np.full(self.grid.dense, self.model.rest_u, np.float32)
        self._dense[self._place] = self._rows[:, 0].reshape(-1)[self.grid.slot]
        self._next = self._dense.copy()
        self.steps = 0
        self.threads = threads if self.grid.slots // CHUNK >= THREAD_FROM else 1
        self._threshold = self.model.own(threshold_mv)
        self.recorder = Recorder.fresh(self.grid, self._dense)
        self._good = self.save()

    @property
    def time_ms(self) -> float:
        """Time reached."""
        return self.steps * self.step_ms

    @property
    def coarse(self) -> bool:
        """Whether the grid is so coarse for this tissue that activation times may be off by more than 5 %."""
        return self.raised > TROUBLE

    def voltage_mv(self) -> NDArray[np.float32]:
        """(n,) voltage now: after an error, of the last good moment."""
        return self.model.millivolt(self._dense[self._place])

    def save(self) -> tuple[int, NDArray[np.float32], NDArray[np.float32], Recorder]:
        """A copy of all that changes in time, for :meth:`restore`."""
        return self.steps, self._dense.copy(), self._rows.copy(), self.recorder.copy()

    def restore(self, saved: tuple[int, NDArray[np.float32], NDArray[np.float32], Recorder]) -> None:
        """Go back to a saved moment (which stays usable)."""
        self.steps, self._dense, self._rows = saved[0], saved[1].copy(), saved[2].copy()
        self._next, self.recorder = self._dense.copy(), saved[3].copy()
        self._good = saved

    def frames(self, duration_ms: float, stimuli: Sequence[Current] = (), report: Reporter = silent,
               every_ms: float = 1.0) -> Iterator[VoltageFrame]:  # fmt: skip
        """Advance by duration_ms and yield the voltage every every_ms, the first after every_ms.

        report is called at least every 50 ms of wall time and may raise Cancelled. Raises EngineError where a stimulus
        lies outside the tissue, or the voltage is no longer finite. After either the state is that of a good frame.
        """
        self._check(stimuli)
        begin = self.steps
        end = begin + max(1, round(duration_ms / self.step_ms))
        frame_steps = max(1, round(every_ms / self.step_ms))
        sample = min(frame_steps, max(SAMPLE_STEPS, round(SAMPLE_MS / self.step_ms)))
        told = 0.0
        with ThreadPoolExecutor(self.threads) as pool:
            while self.steps < end:
                told = self._step(stimuli, pool, report, told, (self.steps - begin) / (end - begin))
                done = self.steps - begin
                last = self.steps == end
                if done % sample == 0 or last:
                    gap = sample if done % sample == 0 else done % sample
                    self._sample(gap * self.step_ms)
                if done % frame_steps == 0 or last:
                    if self.grid.slots < 200_000 or done % (5 * frame_steps) == 0:
                        self._good = self.save()
                    yield VoltageFrame(self.time_ms, self.voltage_mv())
        report(1.0, f"{self.time_ms:.0f} ms")

    def run(self, duration_ms: float, stimuli: Sequence[Current] = (), report: Reporter = silent,
            every_ms: float = 1.0, on_frame: Callable[[VoltageFrame], None] | None = None) -> Outcome:  # fmt: skip
        """As :meth:`frames`, handing each frame to on_frame; returns what was recorded since the beginning."""
        for frame in self.frames(duration_ms, stimuli, report, every_ms):
            if on_frame is not None:
                on_frame(frame)
        return self.outcome(stimuli)

    def outcome(self, stimuli: Sequence[Current] = ()) -> Outcome:
        """Times of every node so far."""
        return outcome(self.recorder, self.time_ms, max((s.start_ms + s.length_ms for s in stimuli), default=0.0))

    def _check(self, stimuli: Sequence[Current]) -> None:
        for one in stimuli:
            if not len(one.nodes) or one.nodes.min() < 0 or one.nodes.max() >= self.grid.nodes:
                raise EngineError("A stimulus lies outside the tissue",
                                  where=f"node {one.nodes.max() if len(one.nodes) else 'none'} of {self.grid.nodes}, "
                                  f"{one.start_ms:g} ms")  # fmt: skip
            if not np.isfinite([one.start_ms, one.length_ms]).all() or not np.isfinite(one.strengths()).all():
                raise EngineError("A stimulus is not finite", where=f"{one.start_ms} ms, {one.length_ms} ms")

    def _step(
        self, stimuli: Sequence[Current], pool: ThreadPoolExecutor, report: Reporter, told: float, part: float
    ) -> float:
        dt, now = self.step_ms, self.steps * self.step_ms
        count = self.grid.slots // CHUNK
        s, m = self.stencil, self.model
        rows, links = self._rows.reshape(-1), s.links.reshape(-1)
        fixed = (self._dense, self._next, rows, self.grid.base, links, s.factor, s.steps)
        piece = PIECE * self.threads
        for first in range(0, count, piece):
            last = min(first + piece, count)
            if self.threads == 1:
                m.advance(*fixed, first, last, f(dt), m.table)
            else:
                cuts = np.linspace(first, last, self.threads + 1).astype(int)
                jobs = [pool.submit(m.advance, *fixed, int(a), int(b), f(dt), m.table)
                        for a, b in zip(cuts[:-1], cuts[1:], strict=True)]  # fmt: skip
                for job in jobs:
                    job.result()
            clock = time.perf_counter()
            if clock - told > REPORT_S:
                try:
                    report(part, f"{now:.0f} ms")
                except BaseException:
                    self.restore(self._good)  # a step broken off would be neither here nor there
                    raise
                told = time.perf_counter()
        self._dense, self._next = self._next, self._dense
        for one in stimuli:
            share = min(one.start_ms + one.length_ms - now, dt, now + dt - one.start_ms)
            if share > 1e-9:
                self._dense[self._place[one.nodes]] += one.strengths() * f(share / m.span_mv)
        self.steps += 1
        return told

    def _sample(self, gap_ms: float) -> None:
        bad = self.recorder.note(self._dense, self.time_ms, gap_ms, self._threshold, self.model.rest_u)
        if bad >= 0:
            when, node = self.time_ms, int(np.flatnonzero(self.grid.slot == bad)[0])
            self.restore(self._good)
            raise EngineError(
                "The voltage is no longer finite", where=f"{self.grid.where(node)}, {when:.2f} ms",
                remedy=f"Try a shorter time step than {self.step_ms:g} ms, or a weaker stimulus",
            )  # fmt: skip


def _within(step_ms: float, limit_ms: float, whose: str) -> None:
    if step_ms > limit_ms:
        raise EngineError(f"The time step of {step_ms:.4g} ms is beyond the limit of {limit_ms:.4g} ms of {whose}",
                          where="time step", remedy=f"At most {limit_ms:.4g} ms")  # fmt: skip
