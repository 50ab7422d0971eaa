"""A probe on the heart: click a site and read what the wall does there, in every heart that is shown.

A card in the corner of the 3D view tells activation, recovery, strain and work at the site, with the course of membrane
potential and fibre strain over the beat. The site is marked and rides on the wall.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from twinviewer.domain import OrganMesh, Run
from twinviewer.scene.bullseye import SEGMENTS
from twinviewer.scene.electrical import ACTIVATION, MEMBRANE, RECOVERY, map_at, running_maps
from twinviewer.scene.state import PaneState, SceneState
from twinviewer.ui.farewell import discard
from twinviewer.ui.icons import icon
from twinviewer.ui.theme import Look, round_pen

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

_SAMPLES = 161
_BELOW_BAR_PX, _ABOVE_CUBE_PX = 42, 66
_TITLE = 14
_AT_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
DURATION = "duration_ms"
_ROWS = (
    (ACTIVATION, "Activation", "ms", 0),
    (RECOVERY, "Recovery", "ms", 0),
    (DURATION, "Action potential", "ms", 0),
    ("work_kpa", "Fibre work", "kPa", 1),
)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """One signal at the site over one beat: (t,) values at (t,) times, in the colour of its heart."""

    time_s: NDArray[np.float64]
    values: NDArray[np.float64]
    colour: str


def place_of(mesh: OrganMesh, node: int) -> str:
    """Where a node of the wall lies, in words."""
    depth = mesh.point_fields.get("transmural")
    segment = mesh.point_fields.get("aha_segment")
    number = 0 if segment is None else int(np.asarray(segment)[node])
    name = f"AHA {number}, {SEGMENTS[number - 1].name}" if number else "RV free wall"
    if depth is None or not np.isfinite(float(np.asarray(depth)[node])):
        return name
    share = float(np.asarray(depth)[node])
    layer = "inside" if share < 0.25 else "middle of the wall" if share < 0.75 else "outside"
    return f"{name}, {layer}"


def values_at(pane: PaneState, node: int) -> dict[str, float]:
    """Field -> value at the site of what this heart's run knows."""
    run = pane.run
    if run is None:
        return {}
    found = {name: float(run.fields[name].values[node]) for name, *_ in _ROWS if name in run.fields}
    if ACTIVATION in found and RECOVERY in found:
        found[DURATION] = found[RECOVERY] - found[ACTIVATION]
    return {name: value for name, value in found.items() if np.isfinite(value)}


def courses_at(panes: tuple[PaneState, ...], node: int) -> tuple[tuple[Course, ...], tuple[Course, ...]]:
    """Membrane potential (mV) and fibre strain (%) over the beat at the site, a line for each heart."""
    potential, strain = [], []
    for pane in panes:
        run = pane.run
        if run is None or pane.values is not None:  # a difference has no course of its own
            continue
        clock_s = np.linspace(0.0, run.period_s / pane.time_scale, _SAMPLES)
        own_s = (clock_s * pane.time_scale + pane.shift_s) % run.period_s
        if MEMBRANE in running_maps(run):
            alone = _only(run, node)
            one = [float(map_at(alone, MEMBRANE, float(t))[0]) for t in own_s]
            potential.append(Course(clock_s, np.array(one), pane.accent))
        if "strain_fibre" in run.moving_fields:
            moving = np.asarray(run.moving_fields["strain_fibre"][:, node], np.float64)
            times, closed = np.append(run.time_s, run.period_s), np.append(moving, moving[0])
            if pane.shift_s:
                strain.append(Course(clock_s, np.interp(own_s, times, closed), pane.accent))
            else:
                strain.append(Course(times / pane.time_scale, closed, pane.accent))
    return tuple(potential), tuple(strain)


def _only(run: Run, node: int) -> Run:
    """The run with its fields cut down to one node."""
    kept = {name: replace(field, values=field.values[node : node + 1]) for name, field in run.fields.items()}
    return replace(run, fields=kept)


class _Lines(QWidget):
    """A small chart: lines over one beat, their range at the left, the moment as a line."""

    def __init__(self, look: Look, title: str) -> None:
        super().__init__()
        self.look, self.title = look, title
        self.courses: tuple[Course, ...] = ()
        self.time_s = 0.0
        self.setMinimumSize(QSize(220, 66))

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self.look.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(t.quiet))
        painter.drawText(QRectF(0, 0, self.width(), 14), Qt.AlignmentFlag.AlignLeft, self.title)
        values = [course.values[np.isfinite(course.values)] for course in self.courses]
        values = [one for one in values if len(one)]
        if not values:
            return
        low, high = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
        span_s = max(float(course.time_s[-1]) for course in self.courses)
        area = QRectF(34, 22, self.width() - 36, self.height() - 28)
        rise = area.height() / max(high - low, 1e-6)
        for value, y in ((high, area.top()), (low, area.bottom())):
            box = QRectF(0, y - 7, 30, 14)
            painter.drawText(box, _AT_RIGHT, f"{value:.0f}".replace("-", "−"))
        for course in self.courses:
            x = area.left() + course.time_s / span_s * area.width()
            up = area.bottom() - (course.values - low) * rise
            painter.setPen(round_pen(course.colour, 1.6))
            painter.drawPolyline(QPolygonF([QPointF(a, b) for a, b in zip(x.tolist(), up.tolist(), strict=True)]))
        painter.setPen(QPen(QColor(t.text), 1))
        now = area.left() + (self.time_s % span_s) / span_s * area.width()
        painter.drawLine(QPointF(now, area.top()), QPointF(now, area.bottom()))


class ProbeCard(QFrame):
    """What is known of one site. close: called by its button."""

    def __init__(self, look: Look, parent: QWidget, close: Callable[[], None]) -> None:
        super().__init__(parent)
        self.look = look
        self.setObjectName("probe")
        self.setFixedWidth(272)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 8, 8)
        column.setSpacing(4)
        row = QHBoxLayout()
        self.place = QLabel()
        self.place.setProperty("role", "strong")
        self.place.setWordWrap(True)
        row.addWidget(self.place, 1)
        self.shut = QToolButton()
        self.shut.setToolTip("Take the probe away")
        self.shut.setAccessibleName("Take the probe away")
        self.shut.clicked.connect(close)
        row.addWidget(self.shut, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        self.grid = QGridLayout()
        self.grid.setHorizontalSpacing(10)
        self.grid.setVerticalSpacing(1)
        column.addLayout(self.grid)
        self.potential, self.strain = _Lines(look, "Membrane potential, mV"), _Lines(look, "Fibre strain, %")
        column.addWidget(self.potential)
        column.addWidget(self.strain)
        look.changed.connect(self._dress)
        self._dress()
        self.hide()

    def _dress(self) -> None:
        t = self.look.tokens
        self.setStyleSheet(f"#probe {{ background: {t.panel}; border: 1px solid {t.line}; border-radius: 6px; }}")
        self.shut.setIcon(icon("close", t))

    def show_site(self, panes: tuple[PaneState, ...], node: int) -> None:
        """Fill the card with what the hearts in view say of this node."""
        self.place.setText(place_of(panes[0].mesh, node))
        while (item := self.grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                discard(widget)
        hearts = [pane for pane in panes if pane.run is not None and pane.values is None]
        for c, pane in enumerate(hearts, start=1):
            if len(hearts) > 1:
                self._put(_cell(_short(pane.title), pane.accent), 0, c)
        for r, (name, label, unit, decimals) in enumerate(_ROWS, start=1):
            found = [values_at(pane, node).get(name) for pane in hearts]
            if all(value is None for value in found):
                continue
            self._put(_cell(label), r, 0)
            for c, value in enumerate(found, start=1):
                text = "–" if value is None else f"{value:.{decimals}f} {unit}".replace("-", "−")
                self._put(_cell(text, strong=True), r, c)
        self.potential.courses, self.strain.courses = courses_at(panes, node)
        self.potential.setVisible(bool(self.potential.courses))
        self.strain.setVisible(bool(self.strain.courses))
        self.potential.update()
        self.strain.update()
        self.layout().activate()
        self.resize(self.width(), self.layout().totalHeightForWidth(self.width()))

    def _put(self, label: QLabel, row: int, column: int) -> None:
        self.grid.addWidget(label, row, column)
        label.show()  # a layout leaves out what has not been shown yet, and the card would be too small

    def show_time(self, time_s: float) -> None:
        for lines in (self.potential, self.strain):
            lines.time_s = time_s
            lines.update()


def _short(title: str) -> str:
    return title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…"


def _cell(text: str, colour: str = "", *, strong: bool = False) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "strong" if strong else "quiet")
    label.setTextFormat(Qt.TextFormat.PlainText)
    if colour:
        label.setStyleSheet(f"color: {colour};")
    return label


class Probe(QObject):
    """Puts the card where a click asks for it, and keeps it true as the case and the time change."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        view = window.views.view3d
        self.card = ProbeCard(window.look, view, self.clear)
        self._shown: tuple[object, ...] = ()
        view.probed.connect(self.choose)
        view.drawn.connect(self._follow)
        view.installEventFilter(self)

    @property
    def node(self) -> int:
        """The site, -1 for none."""
        return self.w.choices.probe

    def choose(self, node: int) -> None:
        """Probe this node of the heart in view; -1 takes the probe away."""
        if node != self.node:
            self.w.choices.set(probe=node)

    def clear(self) -> None:
        self.choose(-1)

    def _follow(self) -> None:
        state: SceneState | None = self.w.views.view3d.state
        if state is None or not state.panes or not 0 <= self.node < state.panes[0].mesh.wall_points:
            self.card.hide()
            self._shown = ()
            return
        key = (self.node, *(part for pane in state.panes for part in (id(pane.mesh), id(pane.run), pane.accent)))
        if key != self._shown:
            self._shown = key
            self.card.show_site(state.panes, self.node)
            self._place()
            self.card.show()
            self.card.raise_()
        self.card.show_time(state.time_s)

    def _place(self) -> None:
        """At the right: above the heart where there is one, below the hearts where several stand side by side."""
        view = self.w.views.view3d
        several = view.state is not None and len(view.state.panes) > 1
        below = max(view.height() - self.card.height() - _ABOVE_CUBE_PX, _BELOW_BAR_PX)
        self.card.move(max(view.width() - self.card.width() - 10, 0), below if several else _BELOW_BAR_PX)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.card.isVisible():
            self._place()
        return False
