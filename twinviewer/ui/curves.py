"""What the plots draw: a scenario's run in its colour; single lines over a beat; marks on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt

from twinviewer.domain import Run
from twinviewer.session.studies.uncertainty.bands import OfScenario


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """A scenario's run as traces. colour "#RRGGBB" is the scenario's in every view. segment: (n,) AHA number of each
    point of its mesh, where it has them. scale, shift_s: its own time is the common clock's, scaled and shifted."""

    label: str
    run: Run
    colour: str
    segment: NDArray[np.integer] | None = None
    scale: float = 1.0
    shift_s: float = 0.0
    sure: OfScenario | None = None
    """How sure it is, where hearts that could be this patient's were drawn and shall be shown."""

    def own_s(self, clock_s: NDArray[np.float64] | float) -> NDArray[np.float64] | float:
        """Time in this run's beat, 0 to its period, at times of the common clock."""
        return (clock_s * self.scale + self.shift_s) % self.run.period_s

    def band_at(
        self, trace: str, clock_s: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | tuple[None, None]:
        """(t,) low and high of a trace's 90 % band at times of the common clock; None where there is none."""
        band = None if self.sure is None else self.sure.band(trace)
        if band is None:
            return None, None
        own = np.asarray(self.own_s(clock_s))
        return np.interp(own, band.time_s, band.low), np.interp(own, band.time_s, band.high)


@dataclass(frozen=True, slots=True)
class Clock:
    """The time that several beats share: its period, and how it is written on an axis (start + factor * seconds)."""

    period_s: float = 1.0
    start: float = 0.0
    factor: float = 1000.0
    unit: str = "ms"


@dataclass(frozen=True, slots=True, eq=False)
class TimeLine:
    """One line of a chart: time_s, values (t,) each; width in logical pixels. low, high: (t,) its 90 % band."""

    time_s: NDArray[np.float64]
    values: NDArray[np.float64]
    colour: str
    width: float = 1.8
    style: Qt.PenStyle = Qt.PenStyle.SolidLine
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of the beat with a name, such as ED."""

    name: str
    time_s: float
