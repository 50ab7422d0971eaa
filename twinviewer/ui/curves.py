"""What the plots draw: a scenario's run in its colour; single lines over a beat; marks on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt

from twinviewer.domain import Run


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """A scenario's run as traces. colour "#RRGGBB" is the scenario's in every view. segment: (n,) AHA number of each
    point of its mesh, where it has them."""

    label: str
    run: Run
    colour: str
    segment: NDArray[np.integer] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TimeLine:
    """One line of a chart: time_s, values (t,) each; width in logical pixels."""

    time_s: NDArray[np.float64]
    values: NDArray[np.float64]
    colour: str
    width: float = 1.8
    style: Qt.PenStyle = Qt.PenStyle.SolidLine


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of the beat with a name, such as ED."""

    name: str
    time_s: float
