"""What comparing gives: a row a thing, and what counts as the same."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-3
"""Across versions and processors: share of a number, or of 1 in its unit where the number is smaller."""

Verdict = Literal["identical", "within tolerance", "different", "failed"]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing compared. part: file, baseline, scenario or study. said, found: as the bundle says and as it came out
    here; text where it is no number."""

    part: str
    name: str
    said: str
    found: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What was compared. exact: whether versions and processor are those of the bundle, so that numbers have to be the
    same to the last bit. versions: package -> (there, here) of those that differ."""

    rows: tuple[Row, ...]
    exact: bool
    versions: Mapping[str, tuple[str, str]]

    @property
    def same(self) -> bool:
        """Nothing differs beyond what is allowed."""
        allowed = ("identical",) if self.exact else ("identical", "within tolerance")
        return all(row.verdict in allowed for row in self.rows)

    @property
    def differing(self) -> tuple[Row, ...]:
        """What does."""
        allowed = ("identical",) if self.exact else ("identical", "within tolerance")
        return tuple(row for row in self.rows if row.verdict not in allowed)


def verdict_of(said: float, found: float, exact: bool) -> Verdict:
    """Whether two numbers are one. exact: to the last bit, else within TOLERANCE too."""
    if said == found or (math.isnan(said) and math.isnan(found)):
        return "identical"
    close = abs(said - found) <= TOLERANCE * max(abs(said), 1.0)
    return "within tolerance" if close and math.isfinite(found) else "different"


def number_row(where: str, name: str, said: float, found: float, exact: bool) -> Row:
    return Row(where, name, f"{said:.9g}", f"{found:.9g}", verdict_of(said, found, exact))


def curve_row(where: str, name: str, said: NDArray[np.floating], found: NDArray[np.floating] | None) -> Row:
    """A whole curve or field: its largest difference, over the span of what the bundle holds."""
    if found is None or found.shape != said.shape:
        return Row(
            where, name, f"{said.size} values", "absent" if found is None else f"{found.size} values", "different"
        )
    if np.array_equal(said, found, equal_nan=True):
        return Row(where, name, f"{said.size} values", "the same", "identical")
    both = np.isfinite(said) & np.isfinite(found)
    off = float(np.abs(said[both] - found[both]).max()) if both.any() else math.inf
    span = max(float(np.ptp(said[both])) if both.any() else 0.0, 1e-12)
    close = off <= TOLERANCE * span and bool((np.isfinite(said) == np.isfinite(found)).all())
    return Row(where, name, f"{said.size} values", f"up to {off:.3g} off", "within tolerance" if close else "different")


def document(found: Reproduction) -> dict[str, Any]:
    """As JSON values."""
    return {
        "same": found.same,
        "exact": found.exact,
        "tolerance": 0.0 if found.exact else TOLERANCE,
        "versions_that_differ": {name: list(pair) for name, pair in found.versions.items()},
        "rows": [
            {"part": r.part, "name": r.name, "said": r.said, "found": r.found, "verdict": r.verdict} for r in found.rows
        ],
    }
