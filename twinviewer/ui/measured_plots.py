"""The volumes of both ventricles as the images give them, before anything has been simulated."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from twinviewer.scene.measured import MeasuredVolumes
from twinviewer.ui.charts import SAMPLES, TimeChart
from twinviewer.ui.curves import Mark, TimeLine
from twinviewer.ui.plot_box import PlotBox
from twinviewer.ui.theme import Look

SIDES = (("lv", "LV VOLUME"), ("rv", "RV VOLUME"))
FEW = 5
"""With fewer frames the way between them is not known, and dashed."""
WAITING = "ECG, pressures and the PV loop need a simulation."


class MeasuredPlots(QWidget):
    """One chart a ventricle: discs and model over each other, end-diastole and end-systole marked."""

    sought = Signal(float)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.beat_s = 1.0
        self._found: tuple[MeasuredVolumes, ...] = ()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 4, 2)
        row.setSpacing(4)
        self.charts: dict[str, TimeChart] = {}
        self.boxes: dict[str, PlotBox] = {}
        for side, title in SIDES:
            chart = TimeChart(look)
            chart.sought.connect(self.sought)
            self.charts[side], self.boxes[side] = chart, PlotBox(title, "mL", chart)
            row.addWidget(self.boxes[side], 5)
        self.waiting = QLabel(WAITING)
        self.waiting.setProperty("role", "quiet")
        self.waiting.setWordWrap(True)
        self.waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        place = QWidget()
        column = QVBoxLayout(place)
        column.setContentsMargins(12, 0, 12, 0)
        column.addWidget(self.waiting)
        row.addWidget(place, 2)
        look.changed.connect(self._draw)

    def set_volumes(self, found: Sequence[MeasuredVolumes], beat_s: float) -> None:
        """Draw what was measured over a beat of ``beat_s``."""
        self._found, self.beat_s = tuple(found), beat_s
        self._draw()

    def _draw(self) -> None:
        t = self.look.tokens
        colours = {"discs": t.quiet, "model": t.accent}
        for side, chart in self.charts.items():
            lines, legend = [], []
            for one in self._found:
                values = one.of(side)
                if values is None:
                    continue
                # no further than the frames reach: two phases alone say nothing of the rest of the beat
                closed = one.at(side, np.array([1.0]))
                ends = closed is not None and abs(float(closed[0]) - float(values[0])) < 1e-9
                low, high = (0.0, 1.0) if ends else (float(one.fraction[0]), float(one.fraction[-1]))
                fraction = np.linspace(low, high, SAMPLES)
                drawn = one.at(side, fraction)
                assert drawn is not None
                colour = colours.get(one.kind, t.quiet)
                few = len(one.fraction) < FEW
                style = Qt.PenStyle.DashLine if few else Qt.PenStyle.SolidLine
                lines.append(TimeLine(fraction * self.beat_s, drawn, colour, 1.3 if few else 1.8, style))
                legend.append(
                    f"<span style='color:{colour}'>━━</span> {one.kind} {values.max():.0f} → {values.min():.0f}"
                    f" ({100.0 * (1.0 - values.min() / max(float(values.max()), 1e-9)):.0f} %)"
                )
            marks = (
                [Mark("ED", self._found[-1].ed * self.beat_s), Mark("ES", self._found[-1].es * self.beat_s)]
                if (lines)
                else []
            )
            self.boxes[side].setVisible(bool(lines))
            self.boxes[side].say("&nbsp;&nbsp; ".join(legend))
            chart.set_lines(lines, self.beat_s, marks)

    def show_fraction(self, fraction: float) -> None:
        """Move the common cursor."""
        for chart in self.charts.values():
            chart.show_fraction(fraction)
