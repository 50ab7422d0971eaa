"""Values that are only tried, a lead under the mouse, a slider on its way: what excitation says of them, at once."""

from collections.abc import Sequence

import numpy as np

from twinviewer.domain import OrganMesh, Reporter, Run, Setup, silent
from twinviewer.session.partial import Partial
from twinviewer.session.scenarios import treat
from twinviewer.session.simulate import compute_excitation
from twinviewer.session.therapy_use import TherapyUse

QUICK = frozenset({"beat"})
"""Engines that tell the excitation of a heart within a fraction of a second."""


def compute_try(engine: str, setup: Setup, uses: Sequence[TherapyUse], report: Reporter = silent) -> Partial:
    """Activation, ECG and their numbers of a baseline under these therapies. Pure, for a worker. Raises TherapyError
    as :func:`treat`, EngineError as the engine."""
    return compute_excitation(engine, treat(setup, uses, engine), report)


def sketched(partial: Partial, mesh: OrganMesh, moves_as: Run | None) -> Run:
    """A Run of what is told so far, to be looked at and never kept: it moves as another run did, at its own rate, or
    stands still. It has no moving fields, and no numbers but those that were told."""
    period_s = partial.period_s
    if moves_as is None:
        time_s, points = np.zeros(1), mesh.points_mm[None].astype(np.float32)
    else:
        time_s, points = moves_as.time_s * (period_s / moves_as.period_s), moves_as.points_mm
    return Run(
        engine="", period_s=period_s, time_s=time_s, points_mm=points, moving_fields={}, fields=partial.fields,
        traces=partial.traces, metrics=partial.metrics, uid=f"{partial.uid}, {len(partial.metrics)} numbers",
    )  # fmt: skip
