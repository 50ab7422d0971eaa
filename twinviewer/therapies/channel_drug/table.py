"""How much longer a cell's action potential lasts under a drug: a table that make.py has paced, read between its rows.

Between doses and cycle lengths the logarithm of the ratio is interpolated, linear in the logarithm of the dose above
the lowest one and in the dose below it, and linear in the cycle length.
"""

import csv
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DOSES = (0.5, 1.0, 2.0, 4.0, 10.0, 25.0)
"""Multiples of Cmax."""
CYCLES_MS = (500.0, 800.0, 1200.0)
PATH = Path(__file__).with_name("lengthening.csv")


@cache
def _table() -> dict[str, NDArray[np.float64]]:
    """Drug -> (cycles, doses) ratio, NaN where the cell does not repolarise."""
    found = {}
    with PATH.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    for name in {row[0] for row in rows}:
        found[name] = np.array([[float(cell or "nan") for cell in row[2:]] for row in rows if row[0] == name])
    return found


def lengthening(name: str, dose_cmax: float, cycle_ms: float) -> float:
    """APD90 under the drug over that without, at steady state; NaN where the cell does not repolarise. KeyError for an
    unknown drug."""
    if dose_cmax <= 0.0:
        return 1.0
    logs = np.log(_table()[name])
    doses = np.log(DOSES)
    if dose_cmax < DOSES[0]:
        by_cycle = logs[:, 0] * dose_cmax / DOSES[0]
    else:
        by_cycle = np.array([np.interp(np.log(dose_cmax), doses, row) for row in logs])
    return float(np.exp(np.interp(cycle_ms, CYCLES_MS, by_cycle)))
