"""What a spread's hearts are drawn from, and whether two lists of therapies are one: light enough for the window."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import ParameterValue
from twinviewer.session.therapy_use import TherapyUse, in_force

Array = NDArray[np.float64]

LEAST = 100
"""Fewer simulated hearts are answered for by an emulator (emulator.py)."""


def normals(inputs: int, samples: int, seed: int) -> Array:
    """(samples, inputs) standard normal deviates that fill space evenly; the first of more are the same."""
    from scipy.stats import norm, qmc

    power = int(np.ceil(np.log2(max(samples, 2))))
    even = qmc.Sobol(inputs, scramble=True, rng=np.random.default_rng(seed)).random_base2(power)[:samples]
    return np.asarray(norm.ppf(np.clip(even, 1e-6, 1.0 - 1e-6)))


def drawn_hash(rows: Array) -> str:
    """Tells whether the same deviates come out of a seed as when a study was made."""
    return hashlib.sha256(np.round(rows, 6).tobytes()).hexdigest()[:16]


def acting(uses: Sequence[TherapyUse]) -> list[tuple[str, list[tuple[str, ParameterValue]]]]:
    """What therapies do, to compare by."""
    return [(use.therapy, sorted(use.values.items())) for use in in_force(uses)]
