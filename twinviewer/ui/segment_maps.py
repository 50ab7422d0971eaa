"""Simulated beats by AHA segment: one bullseye a scenario, all on one scale, of a measure chosen from a list; and what
one has more than the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from twinviewer.scene.bullseye import Scale
from twinviewer.scene.compose import difference_top
from twinviewer.session.segment_motion import at_time, moving_by_segment
from twinviewer.session.segments import ACTIVATION, STRAIN, WORK, by_segment
from twinviewer.ui.bullseye import Bullseye
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.curves import Curves
from twinviewer.ui.theme import Look

NOW = "strain now"
MEASURES = {
    ACTIVATION: "Activation (ms)",
    WORK: "Fibre work (kPa)",
    STRAIN: "Fibre strain at end-systole (%)",
    NOW: "Fibre strain at this moment (%)",
}
MOST = 3
COLUMNS = 2


def scale_of(name: str, values: Sequence[NDArray[np.floating]]) -> Scale:
    """One scale for all: activation from 0 to the latest, work and strain alike on both sides of 0."""
    known = np.concatenate([v[np.isfinite(v)] for v in values]) if values else np.zeros(0)
    most = float(np.abs(known).max()) if known.size else 1.0
    if name == ACTIVATION:
        return Scale("Activation", "ms", 0.0, max(10.0 * np.ceil(most / 10.0), 10.0), "activation")
    if name == WORK:
        end = max(float(np.ceil(most)), 1.0)
        return Scale("Fibre work", "kPa", -end, end, "difference", 1 if end < 10.0 else 0)
    end = max(5.0 * np.ceil(most / 5.0), 5.0)
    return Scale("Fibre strain", "%", -end, end, "strain")


def difference_scale(name: str, values: NDArray[np.floating]) -> Scale:
    """Zero in the middle, the same on both sides."""
    known = values[np.isfinite(values)]
    plain = scale_of(name, [known])
    end = difference_top(known)
    return Scale(f"Δ {plain.title}", plain.unit, -end, end, "difference", 1 if end < 10.0 else 0)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What is known of one scenario: measures by segment, and strain by frame."""

    curve: Curves
    values: Mapping[str, NDArray[np.float64]]
    moving: NDArray[np.float64] | None


class SegmentMaps(QWidget):
    """Up to three bullseyes, the reference first, and what the last one has more than the first. ``chosen``: a segment
    was clicked."""

    chosen = Signal(int)

    def __init__(self, look: Look, map_px: int = 0) -> None:
        """map_px: height of a map where the widget stands in a column that scrolls, 0 to fill what there is."""
        super().__init__()
        self._found: list[_Found] = []
        self._fraction = 0.0
        self._clock_s = 1.0
        self._key: tuple[object, ...] = ()
        self.measure = ComboBox()
        self.measure.setAccessibleName("Measure shown by segment")
        for name, label in MEASURES.items():
            self.measure.addItem(label, name)
        self.measure.activated.connect(lambda _: self._draw())
        self.maps = tuple(Bullseye(look) for _ in range(MOST))
        self.difference = Bullseye(look)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.addWidget(self.measure)
        self._grid = QGridLayout()
        self._grid.setSpacing(2)
        for one in (*self.maps, self.difference):
            one.setMinimumSize(118, map_px or 150)
            if map_px:
                one.setMaximumHeight(map_px)
            one.hovered.connect(self._point)
            one.chosen.connect(self.chosen)
        column.addLayout(self._grid, 1)

    def set_curves(self, curves: Sequence[Curves], clock_s: float | None = None) -> None:
        """The scenarios to show; those whose mesh has no segments are left out. clock_s: the period that they share."""
        self._clock_s = clock_s or next((one.run.period_s for one in curves), 1.0)
        key = tuple((id(one.run), one.label, one.scale, one.shift_s, id(one.sure)) for one in curves)
        if key == self._key:
            return
        self._key = key
        self._found = [
            _Found(
                one,
                by_segment(one.run, np.asarray(one.segment)),
                moving_by_segment(one.run, STRAIN, one.segment),
            )
            for one in curves
            if one.segment is not None
        ][:MOST]
        self._draw()

    def show_fraction(self, fraction: float) -> None:
        """The moment of the common beat; drawn where the measure moves."""
        self._fraction = fraction
        if self.measure.currentData() == NOW and self.isVisible():
            self._draw()

    def _values(self, found: _Found, name: str) -> NDArray[np.float64] | None:
        if name != NOW:
            return found.values.get(name)
        if found.moving is None:
            return None
        return at_time(found.curve.run, found.moving, float(found.curve.own_s(self._fraction * self._clock_s)))

    def _draw(self) -> None:
        name = str(self.measure.currentData())
        shown = [(one, values) for one in self._found if (values := self._values(one, name)) is not None]
        spread = [one.moving for one, _ in shown if one.moving is not None] if name == NOW else [v for _, v in shown]
        scale = scale_of(STRAIN if name == NOW else name, [np.ravel(values) for values in spread])
        drawn: list[Bullseye] = []
        for view, (one, values) in zip(self.maps, shown, strict=False):
            view.show_values(values, scale, f"{one.curve.label}, {scale.unit}")
            drawn.append(view)
        if len(shown) > 1:
            change = shown[-1][1] - shown[0][1]
            own = difference_scale(STRAIN if name == NOW else name, change)
            if name == NOW:
                own = Scale(own.title, own.unit, scale.low, scale.high, own.colours)
            title = f"Difference, {own.unit}"
            told = shown[-1][0].curve.sure
            sure = None if told is None or name == NOW else told.sure(name)
            if sure is not None and not sure.all():
                title += " · hatched: sign not sure"
            self.difference.show_values(change, own, title, sure)
            self.difference.setToolTip(f"{shown[-1][0].curve.label} − {shown[0][0].curve.label}")
            drawn.append(self.difference)
        for view in (*self.maps, self.difference):
            self._grid.removeWidget(view)
            view.setVisible(view in drawn)
        for place, view in enumerate(drawn):
            self._grid.addWidget(view, place // COLUMNS, place % COLUMNS)

    def _point(self, number: int) -> None:
        """The same segment in all of them."""
        for view in (*self.maps, self.difference):
            if view.segment != number:
                view.point_at(number)
