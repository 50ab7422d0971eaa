"""Plots under one time cursor: ECG, volumes, strain, pressures, PV loop, each scenario in its own colour; or, before
anything has been simulated, the volumes that the images give."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStackedLayout, QToolButton, QWidget

from twinviewer.scene.measured import MeasuredVolumes
from twinviewer.session.segment_motion import LATERAL, SEPTAL, moving_by_segment
from twinviewer.session.segments import STRAIN
from twinviewer.ui.beat_sheet import BeatSheet
from twinviewer.ui.charts import SAMPLES, LoopChart, TimeChart
from twinviewer.ui.curves import Clock, Curves, TimeLine
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
WALLS = (
    ("septum", SEPTAL, Qt.PenStyle.SolidLine, 1.8),
    ("lateral", LATERAL, Qt.PenStyle.DashLine, 1.4),
)
_WALLS = "\u00a0\u00a0 ".join(f"{_SAMPLE[style]} {name}" for name, _, style, _ in WALLS)
ROOMY_PX = 1500
"""From this width on strain has a chart of its own; below it takes turns with the volumes."""
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
        self._clock = Clock()
        self._fraction = 0.0
        self.ecg = EcgStrip(look)
        self.volumes = TimeChart(look)
        self.strains = TimeChart(look)
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
        self.strain = QToolButton()
        self.strain.setText("Strain")
        self.strain.setProperty("role", "pill")
        self.strain.setCheckable(True)
        self.strain.setToolTip("Fibre strain of septum and lateral wall in place of the volumes")
        self.strain.toggled.connect(lambda _: self._arrange())
        self.volume = QToolButton()
        self.volume.setText("Volumes")
        self.volume.setProperty("role", "pill")
        self.volume.setToolTip("Volumes in place of the strain")
        self.volume.clicked.connect(lambda: self.strain.setChecked(False))
        self.volume_box = PlotBox("VOLUMES", "mL", self.volumes, _legend(VOLUMES), tools=(self.strain,))
        self.strain_box = PlotBox("STRAIN", "%", self.strains, _WALLS, tools=(self.volume,))
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
        for box, stretch in (
            (self.ecg_box, 5),
            (self.volume_box, 4),
            (self.strain_box, 4),
            (self.pressure_box, 4),
            (self.loop_box, 3),
        ):
            row.addWidget(box, stretch)
        for source in (self.ecg, self.volumes, self.strains, self.pressures, self.loop, self.measured):
            source.sought.connect(self.sought)
        self._strained = False
        self._show_page(0)
        self._arrange()
        look.changed.connect(self._draw_volumes)
        look.changed.connect(self._icons)
        self._icons()

    def _show_page(self, index: int) -> None:
        """One of the pages; the others take no room, so that a line of text needs no more than that."""
        ignored, preferred = QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        for number in range(self._stack.count()):
            page = self._stack.widget(number)
            page.setSizePolicy(preferred if number == index else ignored, preferred if number == index else ignored)
        self._stack.setCurrentIndex(index)

    def _icons(self) -> None:
        for button in (self.enlarge, self.enlarge_beat):
            button.setIcon(icon("maximise", self.look.tokens))

    def open_sheet(self) -> None:
        """The twelve leads, larger, in a window beside this one."""
        if self.sheet is None:
            self.sheet = EcgSheet(self.look, self.window())
            self.sheet.ecg.sought.connect(self.sought)
        self.sheet.set_curves(self._curves, self._clock.period_s)
        self.sheet.show()
        self.sheet.raise_()

    def open_beat_sheet(self) -> None:
        """Pressures, flows, volumes and both loops, larger, in a window beside this one."""
        if self.beat_sheet is None:
            self.beat_sheet = BeatSheet(self.look, self.window())
            self.beat_sheet.sought.connect(self.sought)
        self.beat_sheet.set_curves(self._curves, self._clock)
        self.beat_sheet.show()
        self.beat_sheet.show_fraction(self._fraction)
        self.beat_sheet.raise_()

    def show_twelve(self, on: bool) -> None:
        """Twelve leads need the room of two plots: the loop and the pressures step aside."""
        self.ecg.set_twelve(on)
        self.twelve_shown.emit(on)
        self._arrange()
        self._row.setStretch(0, 9 if on else 5)

    def _arrange(self) -> None:
        """Which charts have room."""
        roomy = self.width() >= ROOMY_PX
        wanted = self.strain.isChecked() and self._strained
        self.strain.setVisible(self._strained and not roomy)
        self.volume.setVisible(not roomy)
        self.strain_box.setVisible(self._strained and (wanted or roomy) and not (roomy and self.ecg.twelve))
        self.volume_box.setVisible(not wanted or roomy)
        self.pressure_box.setVisible(not self.ecg.twelve)
        for part in (self.volumes, self.strains, self.pressures):
            part.show_fraction(self._fraction)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)
        self._arrange()

    def set_curves(
        self,
        curves: Sequence[Curves],
        measured: Sequence[MeasuredVolumes] = (),
        beat_s: float = 1.0,
        ahead: float = 0.0,
        clock: Clock | None = None,
    ) -> None:
        """Draw the scenarios, reference first; without any, what was measured in a beat of ``beat_s``.

        ahead: by what fraction of its beat a run starts before the R wave, where the measured beat starts. clock: the
        time that all share, default the first one's beat.
        """
        clock = clock or Clock(next((curve.run.period_s for curve in curves), 1.0))
        same = (
            len(curves) == len(self._curves)
            and clock == self._clock
            and all(
                a.run is b.run
                and a.sure is b.sure
                and (a.label, a.colour, a.scale, a.shift_s) == (b.label, b.colour, b.scale, b.shift_s)
                for a, b in zip(curves, self._curves, strict=True)
            )
        )
        seen = len(measured) == len(self._measured) and all(
            a is b for a, b in zip(measured, self._measured, strict=True)
        )
        if same and seen and (curves or beat_s == self.measured.beat_s):
            return
        self._curves, self._measured, self._ahead, self._clock = tuple(curves), tuple(measured), ahead, clock
        self._show_page(1 if curves else 2 if measured else 0)
        if not curves:
            self.measured.set_volumes(measured, beat_s)
        if not same:
            for part in (self.ecg, self.loop):
                part.set_curves(curves, clock.period_s)
            if self.sheet is not None:
                self.sheet.set_curves(curves, clock.period_s)
            if self.beat_sheet is not None:
                self.beat_sheet.set_curves(curves, clock)
            self.pressures.set_lines(self._lines(PRESSURES), clock)
            self.pressure_box.say(self._axis() + _legend(PRESSURES))
            self.strain_box.say(self._axis() + _WALLS)
            strains = self._wall_lines()
            self._strained = bool(strains)
            self.strains.set_lines(strains, clock)
            self._arrange()
        self._draw_volumes()

    def _axis(self) -> str:
        """What is written below, where it is not milliseconds of the beat."""
        return "" if self._clock.unit == "ms" else f"{self._clock.unit}\u00a0\u00a0 "

    def _wall_lines(self) -> list[TimeLine]:
        """Mean fibre strain of septum and lateral wall."""
        found = []
        time_s = np.linspace(0.0, self._clock.period_s, SAMPLES)
        for curve in self._curves:
            if curve.segment is None:
                continue
            moving = moving_by_segment(curve.run, STRAIN, curve.segment)
            if moving is None:
                continue
            times = np.append(curve.run.time_s, curve.run.period_s)
            for _, segments, style, width in WALLS:
                known = moving[:, [number - 1 for number in segments]]
                if not np.isfinite(known).any():
                    continue
                mean = np.nanmean(known, axis=1)
                values = np.interp(np.asarray(curve.own_s(time_s)), times, np.append(mean, mean[0]))
                found.append(TimeLine(time_s, values, curve.colour, width, style))
        return found

    def _lines(self, wanted: Sequence[Line]) -> list[TimeLine]:
        found = []
        for curve in self._curves:
            time_s = np.linspace(0.0, self._clock.period_s, SAMPLES)
            for line in wanted:
                trace = curve.run.traces.get(line.trace)
                if trace is not None:
                    values = np.interp(np.asarray(curve.own_s(time_s)), trace.time_s, trace.values)
                    low, high = curve.band_at(line.trace, time_s)
                    found.append(TimeLine(time_s, values, curve.colour, line.width, line.style, low, high))
        return found

    def _draw_volumes(self) -> None:
        """The simulated volumes over those that were measured: thin, from the model where there is one."""
        if not self._curves:
            self.volumes.set_lines((), 1.0)
            return
        behind = []
        period = self._clock.period_s
        fraction = np.linspace(0.0, 1.0, SAMPLES)
        for source in self._measured[-1:]:
            for side, style in (("lv", Qt.PenStyle.SolidLine), ("rv", Qt.PenStyle.DashLine)):
                values = source.at(side, fraction - self._ahead)
                if values is not None:
                    behind.append(TimeLine(fraction * period, values, self.look.tokens.quiet, 1.0, style))
        thin = f"   <span style='color:{self.look.tokens.quiet}'>──</span> measured" if behind else ""
        self.volume_box.say(self._axis() + _legend(VOLUMES) + thin)
        self.volumes.set_lines([*behind, *self._lines(VOLUMES)], self._clock)

    def show_time(self, time_s: float, period_s: float) -> None:
        """Move the common cursor. Runs at another rate are shown at the same phase."""
        fraction = self._fraction = (time_s % period_s) / period_s
        sheet = self.sheet if self.sheet is not None and self.sheet.isVisible() else None
        if self._curves:
            if sheet is not None:
                sheet.ecg.show_time(time_s)
            if self.beat_sheet is not None and self.beat_sheet.isVisible():
                self.beat_sheet.show_fraction(fraction)
            if self.isVisible():
                self.ecg.show_time(time_s)
                for part in (self.volumes, self.strains, self.pressures, self.loop):
                    if part.isVisible():
                        part.show_fraction(fraction)
        elif self._measured and self.isVisible():
            self.measured.show_fraction(fraction)


def _legend(lines: Sequence[Line]) -> str:
    return "\u00a0\u00a0 ".join(f"{_SAMPLE[line.style]} {line.label}" for line in lines)
