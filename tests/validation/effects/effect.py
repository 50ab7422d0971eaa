"""One published effect of a therapy beside ours."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Effect:
    """One row of docs/validation.md.

    study: who says so, and of how many. what: the quantity with its unit. low, high: the published value, or its range.
    near: how far off still passes, relative to the nearer bound, or in the quantity's own unit where ``absolute``.
    fitted: whether numbers of the therapy were taken from this study, so that it shows no more than that they suffice.
    why: what is known to be off. direction: the range is ours and stands for a sign that was published.
    """

    therapy: str
    study: str
    what: str
    low: float
    high: float
    ours: float
    near: float = 0.10
    absolute: bool = False
    before: float = np.nan
    fitted: bool = False
    why: str = ""
    direction: bool = False

    @property
    def kind(self) -> str:
        """fitted, direction or predicted."""
        return "fitted" if self.fitted else "direction" if self.direction else "predicted"

    @property
    def off(self) -> float:
        """Difference from the nearer bound of the published range, 0 within it; NaN where ours is missing."""
        if not np.isfinite(self.ours):
            return float("nan")
        return self.ours - float(np.clip(self.ours, self.low, self.high))

    @property
    def error(self) -> float:
        """The same, relative to that bound."""
        bound = float(np.clip(self.ours, self.low, self.high))
        return self.off / abs(bound) if bound else (0.0 if self.off == 0.0 else float("inf"))

    @property
    def passed(self) -> bool:
        """Whether ours is near enough."""
        return bool(abs(self.off if self.absolute else self.error) <= self.near)

    @property
    def published(self) -> str:
        """The published value or range, in few digits."""
        if np.isinf(self.high):
            return f"≥ {self.low:.3g}"
        if np.isinf(self.low):
            return f"≤ {self.high:.3g}"
        return f"{self.low:.3g}" if self.low == self.high else f"{self.low:.3g} to {self.high:.3g}"

    @property
    def said_error(self) -> str:
        """The error as the table shows it."""
        if not np.isfinite(self.ours):
            return "none"
        if self.off == 0.0 and self.low != self.high:
            return "within"
        if self.absolute or np.isinf(self.error):
            return f"{self.off:+.3g}"
        return f"{round(100.0 * self.error):+d} %" if round(100.0 * self.error) else "0 %"


def at(value: float) -> dict[str, Any]:
    """A single published value."""
    return {"low": value, "high": value}


def towards(low: float, high: float) -> dict[str, Any]:
    """A range that stands for a published direction."""
    return {"low": low, "high": high, "direction": True}
