"""Maps that run with the beat, made from a run's activation and recovery times at the very moment that is shown.

Frames of motion are 20 ms and more apart; excitation crosses the heart in four of them. These are therefore computed
for each picture and not interpolated.
"""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Run

SPREAD, MEMBRANE = "spread_ms", "membrane_mv"
ACTIVATION, RECOVERY, ONSET = "activation_ms", "recovery_ms", "excitation_ms"


def running_maps(run: Run | None) -> tuple[str, ...]:
    """The names of the maps that can be made of this run."""
    if run is None or ACTIVATION not in run.fields or RECOVERY not in run.fields or ONSET not in run.metrics:
        return ()
    return SPREAD, MEMBRANE


def map_at(run: Run, name: str, time_s: float) -> NDArray[np.floating]:
    """(n,) values at a time of the beat: activation where the wall is excited and NaN where it is at rest, or the
    membrane's potential."""
    activation, recovery = run.fields[ACTIVATION].values, run.fields[RECOVERY].values
    period_ms = 1000.0 * run.period_s
    now = 1000.0 * time_s - run.metrics[ONSET].value
    if name == MEMBRANE:
        from twinviewer.physics.membrane import membrane_mv

        return membrane_mv(now, activation, recovery, period_ms)
    since = (now - activation) % period_ms
    return np.where(since < recovery - activation, activation, np.nan).astype(np.float32)
