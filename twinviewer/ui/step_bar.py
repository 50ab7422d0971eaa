"""The step bar: Import → Segment → Model → Simulate → Compare → Report, each with its state and the reason for it."""

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from twinviewer.ui.theme import Look, mix, round_pen, ui_font


class Step(Enum):
    """The steps of the job, in order."""

    IMPORT = "Import"
    SEGMENT = "Segment"
    MODEL = "Model"
    SIMULATE = "Simulate"
    COMPARE = "Compare"
    REPORT = "Report"


class StepState(Enum):
    """How far a step is."""

    NOT_YET = "Not yet"
    OPEN = "Next"
    WORKING = "Working"
    READY = "Ready"
    NEEDS_LOOK = "Needs a look"


@dataclass(frozen=True, slots=True)
class StepStatus:
    """A state, why it is so, and how far the work is (0..1, only while WORKING)."""

    state: StepState = StepState.NOT_YET
    why: str = ""
    fraction: float = 0.0


class StepButton(QAbstractButton):
    """One step: a disc with its number or state, and its name."""

    def __init__(self, step: Step, number: int, look: Look) -> None:
        super().__init__()
        self.step, self.number, self.look = step, number, look
        self.status = StepStatus()
        self.setCheckable(True)
        self.setText(step.value)
        self.setAccessibleName(step.value)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        font = ui_font(13, QFont.Weight.DemiBold)
        self.setFont(font)
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 54, 36)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def set_status(self, status: StepStatus) -> None:
        """Show a state; the tooltip says why."""
        self.status = status
        why = f": {status.why}" if status.why else ""
        self.setToolTip(f"{self.number}. {self.step.value}. {status.state.value}{why}")
        self.setAccessibleDescription(f"{status.state.value}{why}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self.look.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        state = self.status.state
        lively = self.isChecked() or self.underMouse() or self.hasFocus()
        disc = QRectF(14, middle - 9, 18, 18)
        tone = {
            StepState.NOT_YET: t.quiet,
            StepState.OPEN: t.text,
            StepState.WORKING: t.accent,
            StepState.READY: t.good,
            StepState.NEEDS_LOOK: t.caution,
        }[state]
        if self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(mix(t.panel, t.accent, 0.16)))
            painter.drawRoundedRect(QRectF(4, middle - 15, self.width() - 8, 30), 6, 6)
        elif lively:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.raised))
            painter.drawRoundedRect(QRectF(4, middle - 15, self.width() - 8, 30), 6, 6)
        if state in (StepState.READY, StepState.NEEDS_LOOK):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tone))
            painter.drawEllipse(disc)
            mark = round_pen(t.panel, 1.8)
            painter.setPen(mark)
            c = disc.center()
            if state is StepState.READY:
                painter.drawPolyline(QPolygonF([c + QPointF(-4, 0.4), c + QPointF(-1.2, 3.2), c + QPointF(4.2, -3.2)]))
            else:
                painter.drawLine(c + QPointF(0, -4.4), c + QPointF(0, 0.8))
                painter.drawPoint(c + QPointF(0, 4.2))
        else:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(t.line if state is StepState.WORKING else tone), 1.4))
            painter.drawEllipse(disc)
            if state is StepState.WORKING:
                painter.setPen(round_pen(tone, 2.2))
                painter.drawArc(disc, 90 * 16, -int(360 * 16 * max(self.status.fraction, 0.04)))
            painter.setFont(ui_font(11, QFont.Weight.DemiBold))
            painter.setPen(QColor(tone))
            painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, str(self.number))
        strong = self.isChecked() or state is not StepState.NOT_YET
        painter.setFont(ui_font(13, QFont.Weight.DemiBold if self.isChecked() else QFont.Weight.Medium))
        painter.setPen(QColor(t.text if strong else t.quiet))
        painter.drawText(QRectF(40, 0, self.width() - 44, self.height()), Qt.AlignmentFlag.AlignVCenter, self.text())


class _Chevron(QWidget):
    """The arrow between two steps."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.setFixedSize(14, 36)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(mix(self.look.tokens.line, self.look.tokens.text, 0.2)), 1.4))
        y = self.height() / 2
        painter.drawPolyline(QPolygonF([QPointF(5, y - 4), QPointF(9, y), QPointF(5, y + 4)]))


class StepBar(QWidget):
    """All six steps in a row. ``chosen`` is emitted when the user goes to one; every step can be looked at."""

    chosen = Signal(Step)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[Step, StepButton] = {}
        group = QButtonGroup(self)
        group.setExclusive(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 4, 0)
        row.setSpacing(0)
        for number, step in enumerate(Step, start=1):
            if number > 1:
                row.addWidget(_Chevron(look))
            button = StepButton(step, number, look)
            button.clicked.connect(lambda _=False, which=step: self.chosen.emit(which))
            group.addButton(button)
            row.addWidget(button)
            self.buttons[step] = button
        row.addStretch(1)
        look.changed.connect(self.update)

    def go(self, step: Step) -> None:
        """Mark a step as the one in view."""
        self.buttons[step].setChecked(True)

    def show_states(self, states: dict[Step, StepStatus]) -> None:
        """Show every step's state."""
        for step, status in states.items():
            if self.buttons[step].status != status:
                self.buttons[step].set_status(status)
