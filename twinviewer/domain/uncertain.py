"""What is not known exactly of a patient, and what would make it better known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain.progress import Reporter
from twinviewer.domain.simulation import Setup


@dataclass(frozen=True, slots=True)
class UncertainInput:
    """One independent reason why a simulation of this patient may be off.

    kind "measured": this patient's number, with the error of measuring it. "stands_in": a published mean in the place
    of a number that nobody measured. "parameter": what a population has, as far as measurements leave it open. label:
    as in the middle of a sentence. low, high: 90 % interval before the others are heard. asks: names of what would have
    to be measured to tell it, most telling first; empty where it is measured itself, or where nothing would tell it.
    """

    name: str
    label: str
    unit: str
    value: float
    low: float
    high: float
    kind: Literal["measured", "stands_in", "parameter"]
    source: str
    asks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """One heart that could be this patient's. parameters: those that differ from the baseline's, by name, in the
    Setup's units. off: how far it is from meeting its measurements, root mean square in their errors."""

    parameters: Mapping[str, float]
    off: float = 0.0


@runtime_checkable
class WithUncertainty(Protocol):
    """What an organ may offer besides: to say what is uncertain in a baseline, and to draw hearts that could be it."""

    def uncertain(self, setup: Setup) -> tuple[UncertainInput, ...]:
        """The inputs; empty where the setup was not fitted."""
        ...

    def measurable(self) -> Mapping[str, float]:
        """What could be measured in a patient, by its metric's name, with its usual error (standard deviation)."""
        ...

    def draw(self, setup: Setup, normals: NDArray[np.float64], report: Reporter) -> Sequence[Drawn | None]:
        """A heart for each row of normals (n, d): independent standard normal deviates of the d inputs, in their order.
        Each meets what was measured as well as the baseline does, but for the errors that its row says. A row of zeros
        is the baseline. None where no such heart can beat. EngineError where the baseline itself does not."""
        ...
