"""What a baseline was fitted to, how well it meets that, and what the measurements tell of each parameter."""

from dataclasses import dataclass

from twinviewer.domain.quantity import Quantity

LIMIT = 2.0
"""A residual of more than so many errors of its measurement does not fit."""
TOLD = 0.75
"""A parameter is told by the data where they take away at least this share of its variance, so that its interval is at
most half as wide as that of the population, and"""
WITHIN = 1.5
"""where they leave a 90 % interval from value / WITHIN to value * WITHIN or less."""


@dataclass(frozen=True, slots=True)
class Residual:
    """One number known of the patient beside the simulated one. error: its standard deviation, in the unit of both.

    measured.origin "population" or "assumed" where a published mean stands in for what nobody measured. fitted: the
    parameters were chosen with it in view, else it is a check.
    """

    name: str
    measured: Quantity
    simulated: float
    error: float
    fitted: bool = True

    @property
    def errors(self) -> float:
        """Simulated less measured, in errors of the measurement."""
        return (self.simulated - self.measured.value) / self.error

    @property
    def known(self) -> bool:
        """Whether it is of this patient, not of a population."""
        return self.measured.origin in ("measured", "chosen")

    @property
    def met(self) -> bool:
        """Within LIMIT errors."""
        return abs(self.errors) <= LIMIT


@dataclass(frozen=True, slots=True)
class FittedParameter:
    """One parameter after the fit.

    value: with its 90 % interval. before: the same of the population, with its source. low, high: the range beyond
    which no patient is known, source in ``range_source``. told: share of its variance that this patient's measurements
    take away, 0 to 1. asks: what else would have to be measured to tell it, most telling first.
    """

    name: str
    value: Quantity
    before: Quantity
    low: float
    high: float
    range_source: str
    told: float
    asks: tuple[str, ...] = ()

    @property
    def is_told(self) -> bool:
        """Whether the data tell it."""
        assert self.value.high is not None
        return self.told >= TOLD and self.value.high <= WITHIN * self.value.value

    @property
    def in_range(self) -> bool:
        """Whether the value is one that patients have."""
        return self.low <= self.value.value <= self.high


@dataclass(frozen=True, slots=True)
class BaselineFit:
    """The fit of a baseline. directions: how many combinations of parameters the measurements determine. problems: one
    sentence for each reason why the model does not fit this patient; empty where it does."""

    residuals: tuple[Residual, ...]
    parameters: tuple[FittedParameter, ...]
    directions: int
    problems: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Every measurement is met and every parameter is one that patients have."""
        return not self.problems
