"""The beat on its own sheet: pressures, flows, volumes and ECG over one time (after Wiggers), and both PV loops.

A row is seen where a run has one of its signals: those of machines only with one.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QSizePolicy, QTabWidget, QVBoxLayout, QWidget

from twinviewer.domain import Trace
from twinviewer.ui.charts import SAMPLES, LoopChart, TimeChart
from twinviewer.ui.curves import Clock, Curves, Mark, TimeLine
from twinviewer.ui.plot_box import PlotBox
from twinviewer.ui.read_out import CLAIM, foot_line, read_out
from twinviewer.ui.segment_maps import SegmentMaps
from twinviewer.ui.theme import Look

SOLID, DASH, DOT = Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine
_SAMPLE = {SOLID: "━━", DASH: "╌╌", DOT: "┈┈"}
ROWS: tuple[tuple[str, str, tuple[tuple[str, str, Qt.PenStyle], ...], int], ...] = (
    (
        "LEFT PRESSURES", "mmHg",
        (("lv_pressure_mmhg", "LV", SOLID), ("aortic_pressure_mmhg", "aorta", DASH), ("la_pressure_mmhg", "LA", DOT)),
        5,
    ),
    (
        "RIGHT PRESSURES", "mmHg",
        (("rv_pressure_mmhg", "RV", SOLID), ("pulmonary_artery_pressure_mmhg", "pulmonary artery", DASH)),
        3,
    ),
    ("FLOWS", "mL/s", (("aortic_flow_ml_s", "aortic", SOLID), ("mitral_flow_ml_s", "mitral", DASH)), 3),
    (
        "MACHINES", "mL/s, balloon mL",
        (("pump_flow_ml_s", "pump", SOLID), ("ecmo_flow_ml_s", "ECMO", DASH), ("balloon_volume_ml", "balloon", DOT)),
        2,
    ),
    ("VOLUMES", "mL", (("lv_volume_ml", "LV", SOLID), ("rv_volume_ml", "RV", DASH)), 3),
    ("ECG", "mV, lead II", (("ecg_II", "", SOLID),), 2),
)  # fmt: skip
READ = (
    "lv_edv_ml", "lv_esv_ml", "lv_ef_percent", "lv_stroke_volume_ml", "cardiac_output_l_min", "lv_systolic_mmhg",
    "lv_end_diastolic_mmhg", "lv_dpdt_max_mmhg_s", "stroke_work_mmhg_ml",
)  # fmt: skip
OPEN_SHARE = 0.02
"""A valve counts as open while its flow is above this share of its greatest."""


def valve_marks(traces: Mapping[str, Trace], period_s: float) -> tuple[Mark, ...]:
    """When mitral and aortic valve close and open (MC, AO, AC, MO), of the traces aortic_flow_ml_s, mitral_flow_ml_s.

    A valve that never closes, or without a trace, has no marks.
    """
    found = []
    time_s = np.linspace(0.0, period_s, 1000, endpoint=False)
    for name, opens, closes in (("aortic_flow_ml_s", "AO", "AC"), ("mitral_flow_ml_s", "MO", "MC")):
        if name not in traces:
            continue
        flow = np.interp(time_s, traces[name].time_s, traces[name].values)
        forward = flow > OPEN_SHARE * flow.max()
        if forward.all() or not forward.any():
            continue
        # filling comes in two waves with next to no flow between them: shut is the longest stretch without flow
        first = int(np.flatnonzero(forward & ~np.roll(forward, 1))[0])
        rolled = np.roll(forward, -first)
        edge = np.flatnonzero(np.diff(rolled.astype(np.int8))) + 1  # closes, opens, closes …, closes
        ends = np.append(edge[1::2], len(rolled))
        longest = int(np.argmax(ends - edge[0::2]))
        for mark, at in ((closes, edge[0::2][longest]), (opens, ends[longest])):
            found.append(Mark(mark, float(time_s[(first + at) % len(time_s)])))
    return tuple(sorted(found, key=lambda mark: mark.time_s))


class BeatSheet(QDialog):
    """Stays open beside the window and follows what is in view there. ``sought``: fraction of the beat clicked."""

    sought = Signal(float)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("Pressures, flows and volumes")
        self.setObjectName("sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.look = look
        self._curves: tuple[Curves, ...] = ()
        self.read = QLabel()
        self.read.setTextFormat(Qt.TextFormat.RichText)
        self.read.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # cut off in a narrow sheet
        self.read.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.charts: dict[str, TimeChart] = {}
        self._boxes: dict[str, PlotBox] = {}
        left = QVBoxLayout()
        left.setSpacing(2)
        for title, unit, lines, stretch in ROWS:
            chart = TimeChart(look)
            chart.sought.connect(self.sought)
            if title != ROWS[-1][0]:  # one time axis below all of them
                axis = chart.getPlotItem().getAxis("bottom")
                axis.setStyle(showValues=False)
                axis.setHeight(4)
            legend = "\u00a0\u00a0 ".join(f"{_SAMPLE[style]} {label}" for _, label, style in lines if label)
            box = PlotBox(title, unit, chart, legend)
            self.charts[title], self._boxes[title] = chart, box
            left.addWidget(box, stretch)
        self.loops = {"lv": LoopChart(look, "lv"), "rv": LoopChart(look, "rv")}
        for loop in self.loops.values():
            loop.sought.connect(self.sought)
        loops = QWidget()
        column = QVBoxLayout(loops)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for side, loop in self.loops.items():
            column.addWidget(PlotBox(f"PV LOOP, {side.upper()}", "mmHg / mL", loop), 1)
        self.segments = SegmentMaps(look)
        self.right = QTabWidget()
        self.right.setDocumentMode(True)
        self.right.addTab(loops, "Loops")
        self.right.addTab(self.segments, "Segments")
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.addLayout(left, 0, 0)
        grid.addWidget(self.right, 0, 1)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 8)
        column.setSpacing(6)
        column.addWidget(self.read)
        column.addLayout(grid, 1)
        column.addLayout(foot_line("MC, MO mitral valve closes, opens   AC, AO aortic valve", CLAIM))
        look.changed.connect(self._say)

    def sizeHint(self) -> QSize:
        return QSize(1340, 860)

    def set_curves(self, curves: Sequence[Curves], clock: Clock | None = None) -> None:
        """The scenarios to draw, reference first; valve marks are those of the first. clock: what they share, default
        the first one's beat."""
        self._curves = tuple(curves)
        clock = clock or Clock(next((curve.run.period_s for curve in curves), 1.0))
        marks = valve_marks(curves[0].run.traces, curves[0].run.period_s) if curves else ()
        for title, _, lines, _ in ROWS:
            drawn = []
            for curve in curves:
                time_s = np.linspace(0.0, clock.period_s, SAMPLES)
                for name, _, style in lines:
                    trace = curve.run.traces.get(name)
                    if trace is not None:
                        values = np.interp(np.asarray(curve.own_s(time_s)), trace.time_s, trace.values)
                        width, band = 1.8 if style == SOLID else 1.4, curve.band_at(name, time_s)
                        drawn.append(TimeLine(time_s, values, curve.colour, width, style, *band))
            self._boxes[title].setVisible(bool(drawn) or not curves)
            self.charts[title].set_lines(drawn, clock, marks if title == "LEFT PRESSURES" else ())
        for loop in self.loops.values():
            loop.set_curves(curves, clock.period_s)
        self.segments.set_curves(curves, clock.period_s)
        self._say()

    def show_fraction(self, fraction: float) -> None:
        """Move the common cursor, 0..1 of the beat."""
        for chart in (*self.charts.values(), *self.loops.values()):
            chart.show_fraction(fraction)
        if self.segments.isVisible():
            self.segments.show_fraction(fraction)

    def _say(self) -> None:
        self.read.setText(read_out(self._curves, READ, self.look))
