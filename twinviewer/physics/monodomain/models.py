"""The cells that tissue can be made of, as rows of numbers that the kernels advance.

A cell is one of twinviewer/physics/cells: MitchellSchaeffer, BuenoOrovio, TenTusscher (whose conductance factors are
what a drug leaves). Layers and factors may differ from node to node.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.cells.phenomenological import BuenoOrovio, MitchellSchaeffer
from twinviewer.physics.cells.tentusscher import TenTusscher
from twinviewer.physics.monodomain import kernel_simple as simple
from twinviewer.physics.monodomain import kernel_tt06 as tt06
from twinviewer.physics.monodomain.fast_math import CHUNK
from twinviewer.physics.monodomain.grid import BLOCKS
from twinviewer.physics.monodomain.step_kernel import into_chunk, out_of_chunk

TissueCell = MitchellSchaeffer | BuenoOrovio | TenTusscher
LAYERS = ("epi", "endo", "mid")
"""Layer numbers 0, 1, 2."""


@dataclass(frozen=True, slots=True, eq=False)
class CellModel:
    """A cell ready for tissue. Voltage in mV = rest_mv + span_mv * (u − rest_u), u as the kernel keeps it.

    rows: of a chunk, the first is u. start: (3, states) initial values by layer. factors: name -> row. table: of the
    kernel. step_ms: default; longest_ms: beyond which the cell's own time constants are lost. peak_mv: about.
    """

    name: str
    rows: int
    start: NDArray[np.float32]
    layer_rows: tuple[int, int] | None
    factors: Mapping[str, int]
    uniform: Mapping[str, float]
    table: NDArray[np.float32]
    advance: Callable[..., None]
    chunk: Callable[..., None]
    rest_u: float
    rest_mv: float
    span_mv: float
    step_ms: float
    longest_ms: float

    def fresh(self, slots: int, live: NDArray[np.int64], layer: NDArray[np.integer],
              factors: Mapping[str, NDArray[np.floating]]) -> NDArray[np.float32]:  # fmt: skip
        """(slots / CHUNK, rows, CHUNK) of cells at rest; layer and factors: of the nodes at the places ``live``.

        Raises EngineError for an unknown factor or layer, or a factor that is not finite or below zero.
        """
        unknown = set(factors) - set(self.factors)
        if unknown:
            raise EngineError(f"The cell {self.name} has no factor {sorted(unknown)[0]!r}",
                              remedy="Known: " + ", ".join(self.factors))  # fmt: skip
        if len(layer) and (layer.min() < 0 or layer.max() > 2):
            raise EngineError("Layers are 0 (epi), 1 (endo) and 2 (mid)", where=f"{layer.min()} to {layer.max()}")
        flat = np.zeros((self.rows, slots), np.float32)
        kind = np.zeros(slots, np.int64)
        kind[live] = layer if self.layer_rows is not None else 0
        flat[: self.start.shape[1]] = self.start[kind].T
        if self.layer_rows is not None:
            flat[self.layer_rows[0]], flat[self.layer_rows[1]] = kind == 1, kind == 2
        for name, row in self.factors.items():
            flat[row] = self.uniform[name]
            if name in factors:
                values = np.asarray(factors[name], np.float64)
                if values.shape != live.shape or not np.isfinite(values).all() or (values < 0.0).any():
                    raise EngineError("A cell's factor must be finite and not below zero at every node", where=name)
                flat[row, live] = values * self.uniform[name]
        return np.ascontiguousarray(flat.reshape(self.rows, -1, CHUNK).transpose(1, 0, 2))

    def millivolt(self, u: NDArray[np.floating]) -> NDArray[np.float32]:
        """Voltage in mV."""
        return (self.rest_mv + self.span_mv * (u - self.rest_u)).astype(np.float32)

    def own(self, millivolt: float) -> float:
        """The kernel's u at a voltage in mV."""
        return (millivolt - self.rest_mv) / self.span_mv + self.rest_u


@njit(cache=True, nogil=True, error_model="numpy")
def _advance_ms(a, out, w, base, links, factor, steps, first, last, dt, table):  # type: ignore[no-untyped-def]
    for c in range(first, last):
        start = c * simple.MS_ROWS * CHUNK
        into_chunk(a, w, start, base, c * BLOCKS, (c + 1) * BLOCKS)
        simple.mitchell_schaeffer_chunk(w, start, dt, table)
        out_of_chunk(a, out, w, start, base, links, factor, steps, c * BLOCKS, (c + 1) * BLOCKS, dt)


@njit(cache=True, nogil=True, error_model="numpy")
def _advance_bo(a, out, w, base, links, factor, steps, first, last, dt, table):  # type: ignore[no-untyped-def]
    for c in range(first, last):
        start = c * simple.BO_ROWS * CHUNK
        into_chunk(a, w, start, base, c * BLOCKS, (c + 1) * BLOCKS)
        simple.bueno_orovio_chunk(w, start, dt, table)
        out_of_chunk(a, out, w, start, base, links, factor, steps, c * BLOCKS, (c + 1) * BLOCKS, dt)


@njit(cache=True, nogil=True, error_model="numpy")
def _advance_tt06(a, out, w, base, links, factor, steps, first, last, dt, table):  # type: ignore[no-untyped-def]
    for c in range(first, last):
        start = c * tt06.ROWS * CHUNK
        into_chunk(a, w, start, base, c * BLOCKS, (c + 1) * BLOCKS)
        tt06.tt06_chunk(w, start, dt, table)
        out_of_chunk(a, out, w, start, base, links, factor, steps, c * BLOCKS, (c + 1) * BLOCKS, dt)


def cell_model(cell: TissueCell) -> CellModel:
    """The rows, kernel and limits of a cell. Raises EngineError where the cell's own parameters are not sound."""
    if isinstance(cell, MitchellSchaeffer):
        return CellModel(
            "Mitchell–Schaeffer", simple.MS_ROWS, np.tile(cell.initial(), (3, 1)).astype(np.float32), None,
            {"inward": simple.MS_FAST, "tau_close": simple.MS_SLOW}, {"inward": 1.0, "tau_close": 1.0},
            cell.parameters()[None].astype(np.float32), _advance_ms, simple.mitchell_schaeffer_chunk,
            0.0, -80.0, 100.0, 0.05, 0.5 * cell.tau_in_ms,
        )  # fmt: skip
    if isinstance(cell, BuenoOrovio):
        cell.parameters()
        epi, endo, mid = (BuenoOrovio(name).parameters() for name in LAYERS)  # type: ignore[arg-type]
        return CellModel(
            "Bueno-Orovio", simple.BO_ROWS, np.tile(cell.initial(), (3, 1)).astype(np.float32),
            (simple.BO_ENDO, simple.BO_MID), {"fast_inward": simple.BO_FAST, "slow_inward": simple.BO_SLOW},
            {"fast_inward": 1.0, "slow_inward": 1.0}, np.array([epi, endo - epi, mid - epi], np.float32), _advance_bo,
            simple.bueno_orovio_chunk, 0.0, -84.0, 85.7, 0.04, 0.1,
        )  # fmt: skip
    if isinstance(cell, TenTusscher):
        cell.parameters()
        start = np.array([TenTusscher(name).initial() for name in LAYERS])  # type: ignore[arg-type]
        start[:, 1:3] = 0.0  # K and Na count from here
        rows = {"sodium": tt06.G_NA, "calcium": tt06.G_CAL, "rapid_potassium": tt06.G_KR, "slow_potassium": tt06.G_KS}
        rest = float(start[0, 0])
        return CellModel(
            "ten Tusscher–Panfilov", tt06.ROWS, start.astype(np.float32), (tt06.ENDO, tt06.MID), rows,
            {name: float(getattr(cell, name)) for name in rows}, np.zeros((1, 1), np.float32), _advance_tt06,
            tt06.tt06_chunk, rest, rest, 1.0, 0.02, 0.05,
        )  # fmt: skip
    raise EngineError(f"There is no tissue kernel for {type(cell).__name__}",
                      remedy="MitchellSchaeffer, BuenoOrovio or TenTusscher")  # fmt: skip
