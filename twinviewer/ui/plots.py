"""Plots under one time cursor: ECG, volumes, pressures, PV loop, each scenario in its own colour; or, before anything
has been simulated, the volumes that the images give."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedLayout, QToolButton, QWidget

from twinviewer.scene.measured import MeasuredVolumes
from twinviewer.ui.beat_sheet import BeatSheet
from twinviewer.ui.charts import SAMPLES, LoopChart, TimeChart
from twinviewer.ui.curves import Curves, TimeLine
from twinviewer.ui.ecg_sheet import EcgSheet
from twinviewer.ui.ecg_strip import EcgStrip
from twinviewer.ui.icons import icon
from twinviewer.ui.measured_plots import MeasuredPlots
from twinviewer.ui.plot_box import PlotBox
from twinviewer.ui.theme import Look


@dataclass(frozen=True, slots=True)
class Line:
    """A trace in a plot: its name in Run.traces, what the legend says, and how it is drawn."""

    trace: str
    label: str
    style: Qt.PenStyle = Qt.PenStyle.SolidLine
    width: float = 1.8


VOLUMES = (Line("lv_volume_ml", "LV"), Line("rv_volume_ml", "RV", Qt.PenStyle.DashLine, 1.3))
PRESSURES = (
    Line("lv_pressure_mmhg", "LV"),
    Line("aortic_pressure_mmhg", "aorta", Qt.PenStyle.DashLine, 1.3),
    Line("rv_pressure_mmhg", "RV", Qt.PenStyle.DotLine, 1.3),
)
_SAMPLE = {Qt.PenStyle.SolidLine: "━━", Qt.PenStyle.DashLine: "╌╌", Qt.PenStyle.DotLine: "┈┈"}
HINT = "ECG, volumes, pressures and the PV loop appear here when a beat has been simulated."


class Plots(QWidget):
    """All plots in a row. ``sought`` carries the fraction of the beat that the user clicked."""

    sought = Signal(float)
    twelve_shown = Signal(bool)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.look = look
        self._curves: tuple[Curves, ...] = ()
        self._measured: tuple[MeasuredVolumes, ...] = ()
        self._ahead = 0.0
        self._fraction = 0.0
        self.ecg = EcgStrip(look)
        self.volumes = TimeChart(look)
        self.pressures = TimeChart(look)
        self.loop = LoopChart(look)
        switch = QToolButton()
        switch.setText("12 leads")
        switch.setProperty("role", "pill")
        switch.setCheckable(True)
        switch.setToolTip("Show all twelve leads, or lead II alone")
        switch.toggled.connect(self.show_twelve)
        self.twelve = switch
        self.sheet: EcgSheet | None = None
        self.enlarge = QToolButton()
        self.enlarge.setToolTip("The twelve leads on a sheet of their own")
        self.enlarge.setAccessibleName("Open the 12-lead sheet")
        self.enlarge.clicked.connect(self.open_sheet)
        self.beat_sheet: BeatSheet | None = None
        self.enlarge_beat = QToolButton()
        self.enlarge_beat.setToolTip("Pressures, flows, volumes and both PV loops on a sheet of their own")
        self.enlarge_beat.setAccessibleName("Open the sheet of pressures and loops")
        self.enlarge_beat.clicked.connect(self.open_beat_sheet)
        self.ecg_box = PlotBox("ECG", "25 mm/s · 10 mm/mV", self.ecg, tools=(switch, self.enlarge))
        self.volume_box = PlotBox("VOLUMES", "mL", self.volumes, _legend(VOLUMES))
        self.pressure_box = PlotBox("PRESSURES", "mmHg", self.pressures, _legend(PRESSURES))
        self.loop_box = PlotBox("PV LOOP", "mmHg / mL", self.loop, tools=(self.enlarge_beat,))
        self.hint = QLabel(HINT)
        self.hint.setProperty("role", "quiet")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        boxes = QWidget()
        self.measured = MeasuredPlots(look)
        self._stack = QStackedLayout(self)
        for page in (self.hint, boxes, self.measured):
            self._stack.addWidget(page)
        row = QHBoxLayout(boxes)
        row.setContentsMargins(0, 0, 4, 2)
        row.setSpacing(4)
        self._row = row
        for box, stretch in ((self.ecg_box, 5), (self.volume_box, 4), (self.pressure_box, 4), (self.loop_box, 3)):
            row.addWidget(box, stretch)
        for source in (self.volumes, self.pressures, self.measured):
            source.sought.connect(self.sought)
        look.changed.connect(self._draw_volumes)
        look.changed.connect(self._icons)
        self._icons()

    def _icons(self) -> None:
        for button in (self.enlarge, self.enlarge_beat):
            button.setIcon(icon("maximise", self.look.tokens))

    def open_sheet(self) -> None:
        """The twelve leads, larger, in a window beside this one."""
        if self.sheet is None:
            self.sheet = EcgSheet(self.look, self.window())
        self.sheet.set_curves(self._curves)
        self.sheet.show()
        self.sheet.raise_()

    def open_beat_sheet(self) -> None:
        """Pressures, flows, volumes and both loops, larger, in a window beside this one."""
        if self.beat_sheet is None:
            self.beat_sheet = BeatSheet(self.look, self.window())
            self.beat_sheet.sought.connect(self.sought)
        self.beat_sheet.set_curves(self._curves)
        self.beat_sheet.show()
        self.beat_sheet.show_fraction(self._fraction)
        self.beat_sheet.raise_()

    def show_twelve(self, on: bool) -> None:
        """Twelve leads need the room of two plots: the loop and the pressures step aside."""
        self.ecg.set_twelve(on)
        self.twelve_shown.emit(on)
        self.pressure_box.setVisible(not on)
        self._row.setStretch(0, 9 if on else 5)

    def set_curves(
        self,
        curves: Sequence[Curves],
        measured: Sequence[MeasuredVolumes] = (),
        beat_s: float = 1.0,
        ahead: float = 0.0,
    ) -> None:
        """Draw the scenarios, baseline first; without any, what was measured in a beat of ``beat_s``.

        ahead: by what fraction of its beat a run starts before the R wave, where the measured beat starts.
        """
        same = len(curves) == len(self._curves) and all(
            a.run is b.run and a.colour == b.colour for a, b in zip(curves, self._curves, strict=True)
        )
        seen = len(measured) == len(self._measured) and all(
            a is b for a, b in zip(measured, self._measured, strict=True)
        )
        if same and seen and (curves or beat_s == self.measured.beat_s):
            return
        self._curves, self._measured, self._ahead = tuple(curves), tuple(measured), ahead
        self._stack.setCurrentIndex(1 if curves else 2 if measured else 0)
        self.measured.set_volumes(measured, beat_s)
        if not same:
            period = max((c.run.period_s for c in self._curves), default=1.0)
            for part in (self.ecg, self.loop):
                part.set_curves(curves)
            for sheet in (self.sheet, self.beat_sheet):
                if sheet is not None:
                    sheet.set_curves(curves)
            self.pressures.set_lines(self._lines(PRESSURES), period)
        self._draw_volumes()

    def _lines(self, wanted: Sequence[Line]) -> list[TimeLine]:
        found = []
        for curve in self._curves:
            time_s = np.linspace(0.0, curve.run.period_s, SAMPLES)
            for line in wanted:
                trace = curve.run.traces.get(line.trace)
                if trace is not None:
                    values = np.interp(time_s, trace.time_s, trace.values)
                    found.append(TimeLine(time_s, values, curve.colour, line.width, line.style))
        return found

    def _draw_volumes(self) -> None:
        """The simulated volumes over those that were measured: thin, from the model where there is one."""
        if not self._curves:
            self.volumes.set_lines((), 1.0)
            return
        behind = []
        period = max(c.run.period_s for c in self._curves)
        fraction = np.linspace(0.0, 1.0, SAMPLES)
        for source in self._measured[-1:]:
            for side, style in (("lv", Qt.PenStyle.SolidLine), ("rv", Qt.PenStyle.DashLine)):
                values = source.at(side, fraction - self._ahead)
                if values is not None:
                    behind.append(TimeLine(fraction * period, values, self.look.tokens.quiet, 1.0, style))
        thin = f"   <span style='color:{self.look.tokens.quiet}'>──</span> measured" if behind else ""
        self.volume_box.say(_legend(VOLUMES) + thin)
        self.volumes.set_lines([*behind, *self._lines(VOLUMES)], period)

    def show_time(self, time_s: float, period_s: float) -> None:
        """Move the common cursor. Runs at another rate are shown at the same phase."""
        fraction = self._fraction = (time_s % period_s) / period_s
        sheet = self.sheet if self.sheet is not None and self.sheet.isVisible() else None
        if self._curves:
            first = self._curves[0].run.period_s
            if sheet is not None:
                sheet.ecg.show_time(time_s * first / period_s)
            if self.beat_sheet is not None and self.beat_sheet.isVisible():
                self.beat_sheet.show_fraction(fraction)
            if self.isVisible():
                self.ecg.show_time(time_s * first / period_s)
                for part in (self.volumes, self.pressures, self.loop):
                    part.show_fraction(fraction)
        elif self._measured and self.isVisible():
            self.measured.show_fraction(fraction)


def _legend(lines: Sequence[Line]) -> str:
    return "\u00a0\u00a0 ".join(f"{_SAMPLE[line.style]} {line.label}" for line in lines)
