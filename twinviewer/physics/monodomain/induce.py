"""Can a premature beat set off a circuit in this tissue? Programmed stimulation, as in an electrophysiology study.

A train of S1 is paced once and kept; from there each coupling interval is tried, longest first, and the tissue watched.
Scar core and ablation are cells taken out of the grid (:func:`without`); border zone is slower (lower diffusivity) and
recovers later (the cell's factors).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.domain.progress import Reporter, part, silent
from twinviewer.physics.monodomain.grid import VoxelGrid
from twinviewer.physics.monodomain.models import TissueCell
from twinviewer.physics.monodomain.solver import Monodomain, Tissue
from twinviewer.physics.monodomain.stimulus import Current, repeated
from twinviewer.physics.monodomain.times import Reentry, reentry


@dataclass(frozen=True, slots=True, eq=False)
class Induction:
    """tried_ms: coupling intervals in order; found: what followed each. inducible: whether one set off a circuit."""

    tried_ms: tuple[float, ...]
    found: tuple[Reentry, ...]

    @property
    def inducible(self) -> bool:
        """Whether any premature beat set off a sustained circuit."""
        return any(one.sustained for one in self.found)

    @property
    def coupling_ms(self) -> float:
        """The first coupling interval that did; NaN where none."""
        return next((t for t, one in zip(self.tried_ms, self.found, strict=True) if one.sustained), float("nan"))


def without(tissue: Tissue, cells: NDArray[np.bool_]) -> tuple[Tissue, NDArray[np.int64]]:
    """The tissue with cells (k, j, i) taken out (scar core, ablation), and (n_new,) the old number of each new node.

    Raises EngineError where nothing is left.
    """
    old = tissue.grid
    on = old.fill > 0.0
    keep = ~np.asarray(cells, bool)[on]
    grid = VoxelGrid.build(np.where(cells, 0.0, old.fill), old.spacing_mm, old.origin_mm)
    number = old.node_map()[tuple(grid.nodes_kji.T)].astype(np.int64)

    def of_cells(values: NDArray[np.floating] | float) -> NDArray[np.floating] | float:
        return values if np.ndim(values) == 0 else np.asarray(values)[keep]

    fibre = tissue.fibre if np.ndim(tissue.fibre) == 1 else tissue.fibre[keep]
    layer = tissue.layer if np.ndim(tissue.layer) == 0 else np.asarray(tissue.layer)[number]
    made = replace(
        tissue, grid=grid, fibre=fibre, along_mm2_ms=of_cells(tissue.along_mm2_ms),
        across_mm2_ms=of_cells(tissue.across_mm2_ms), layer=layer,
        factors={name: np.asarray(values)[number] for name, values in tissue.factors.items()},
    )  # fmt: skip
    return made, number


def induce(tissue: Tissue, cell: TissueCell, site: NDArray[np.integer], couplings_ms: Sequence[float], *,
           cycle_ms: float = 600.0, beats: int = 4, watch_ms: float = 1200.0, until_found: bool = True,
           second_site: NDArray[np.integer] | None = None, step_ms: float | None = None,
           report: Reporter = silent) -> Induction:  # fmt: skip
    """Pace ``beats`` S1 at nodes ``site``, then try each S2 (at second_site, default the same) and watch for watch_ms.

    until_found: stop at the first interval that sets off a circuit. Raises EngineError as the solver does, and where S1
    does not excite the tissue.
    """
    heart = Monodomain(tissue, cell, step_ms=step_ms)
    first = Current(np.asarray(site, np.int64), 0.0)
    start = (beats - 1) * cycle_ms
    longest = max(couplings_ms)
    lead = min(couplings_ms) - 1.0
    train = repeated(first, [k * cycle_ms for k in range(beats)])
    share = 1.0 / (1 + len(couplings_ms))
    if lead <= first.length_ms:
        raise EngineError("A coupling interval is shorter than the stimulus", where=f"{min(couplings_ms):g} ms")
    heart.run(start + lead, train, part(report, 0.0, share), every_ms=20.0)
    if heart.outcome().beats.max() < 1:
        raise EngineError("S1 does not excite the tissue", where=heart.grid.where(int(first.nodes[0])))
    paced = heart.save()
    tried, found = [], []
    for n, coupling in enumerate(sorted(couplings_ms, reverse=True)):
        heart.restore(paced)
        at = first.nodes if second_site is None else np.asarray(second_site, np.int64)
        second = Current(at, start + coupling)
        own = part(report, share * (n + 1), share * (n + 2))
        heart.run(start + coupling - heart.time_ms, (second,), own, every_ms=20.0)
        before = heart.outcome((second,))
        heart.run(watch_ms + longest - coupling, (second,), own, every_ms=20.0)
        tried.append(float(coupling))
        found.append(reentry(before, heart.outcome((second,))))
        if found[-1].sustained and until_found:
            break
    return Induction(tuple(tried), tuple(found))
