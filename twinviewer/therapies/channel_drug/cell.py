"""A cell under several drugs, paced now: no table holds the pairs of 28 drugs. Seconds each, then remembered."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from twinviewer.physics.cells.drugs import risk_class
from twinviewer.physics.cells.steady import mixed
from twinviewer.therapies.channel_drug.table import lengthening

MOST_BEATS = 200
"""As the table of single drugs was paced (make.py)."""
CIPA_CYCLE_MS = 2000.0
STEP_MS = 10.0
"""Cycle lengths are paced to this: APD90 changes by less than 0.3 % between."""

Doses = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """An endocardial cell at steady state. apd90_ms and control_ms (no drug) at the heart's cycle, NaN where it does
    not repolarise; qnet_uc_uf at the 2 s cycle of CiPA; risk: 0 low, 1 intermediate, 2 high, by its limits of qNet."""

    apd90_ms: float
    control_ms: float
    qnet_uc_uf: float
    risk: int


def in_order(doses: Mapping[str, float]) -> Doses:
    """Those that are there at all, by name, so that the order in which they were given cannot matter."""
    return tuple(sorted((name, float(times)) for name, times in doses.items() if times > 0.0))


def ratio(doses: Mapping[str, float], cycle_ms: float) -> float:
    """APD90 under these drugs (multiples of Cmax) over that without; NaN where the cell does not repolarise. One drug
    is read from the table."""
    taken = in_order(doses)
    if len(taken) < 2:
        return lengthening(*taken[0], cycle_ms) if taken else 1.0
    return _paced(taken, STEP_MS * round(cycle_ms / STEP_MS))


def cell(doses: Mapping[str, float], cycle_ms: float) -> Cell:
    """What these drugs do to the cell, and what CiPA's classifier says of it. Seconds."""
    at_ms = STEP_MS * round(cycle_ms / STEP_MS)
    control = mixed("endo", at_ms, (), MOST_BEATS).apd90_ms
    qnet = mixed("endo", CIPA_CYCLE_MS, in_order(doses), MOST_BEATS).qnet_uc_uf
    return Cell(control * ratio(doses, cycle_ms), control, qnet, risk_class(qnet))


@lru_cache(maxsize=512)
def _paced(doses: Doses, cycle_ms: float) -> float:
    under = mixed("endo", cycle_ms, doses, MOST_BEATS).apd90_ms
    return under / mixed("endo", cycle_ms, (), MOST_BEATS).apd90_ms
