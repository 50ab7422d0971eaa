"""Play, pause, speed, what is played again and again, and a phase bar with ED and ES marks; time in ms."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.icons import icon
from twinviewer.ui.playback import SPEEDS, WHOLE, Loop, Playback
from twinviewer.ui.theme import Look, mix, round_pen, ui_font

SPOKEN = {0.1: "1/10 ×", 0.25: "¼ ×", 0.5: "½ ×", 1.0: "1 ×", 2.0: "2 ×"}
ONCE = "Once, then stop"
LONGEST_BEAT_S = 2.0
"""What lasts longer is no beat but a stimulation that is watched: it has no rate."""


class PhaseBar(QWidget):
    """The beat as a line from 0 to its period; drag to seek. Marks name moments such as ED and ES."""

    sought = Signal(float)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.fraction = 0.0
        self.marks: tuple[tuple[str, float], ...] = ()
        self.loop = WHOLE
        self.setMinimumWidth(140)
        self.setFixedHeight(34)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Phase of the beat")
        self.setToolTip("Drag to go to a moment of the beat")

    def sizeHint(self) -> QSize:
        return QSize(260, 34)

    def show_fraction(self, fraction: float) -> None:
        """Where in the beat we are, 0..1."""
        before, self.fraction = self.fraction, fraction % 1.0
        if abs(before - self.fraction) * self.width() >= 0.5:
            self.update()

    def set_marks(self, marks: tuple[tuple[str, float], ...]) -> None:
        """(name, fraction) of the moments to mark."""
        self.marks = marks
        self.update()

    def set_loop(self, loop: Loop) -> None:
        """The part that is played."""
        self.loop = loop
        self.update()

    def _x(self, fraction: float) -> float:
        return 10 + fraction * (self.width() - 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self.look.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        y = 22.0
        groove = mix(t.raised, t.text, 0.10)
        painter.setPen(round_pen(groove, 3))
        painter.drawLine(QPointF(self._x(0), y), QPointF(self._x(1), y))
        if not self.isEnabled():
            return
        if self.loop.whole:
            painter.setPen(round_pen(t.accent, 3))
            painter.drawLine(QPointF(self._x(0), y), QPointF(self._x(self.fraction), y))
        else:
            painter.setPen(QPen(QColor(mix(t.panel, t.accent, 0.75)), 7))
            end = self.loop.start + self.loop.length
            for low, high in ((self.loop.start, min(end, 1.0)), (0.0, end - 1.0)):
                if high > low:
                    painter.drawLine(QPointF(self._x(low), y), QPointF(self._x(high), y))
        painter.setFont(ui_font(11, QFont.Weight.DemiBold))
        for name, fraction in self.marks:
            x = self._x(fraction)
            painter.setPen(QPen(QColor(t.quiet), 1.4))
            painter.drawLine(QPointF(x, y - 6), QPointF(x, y + 6))
            painter.drawText(QRectF(x - 20, 0, 40, 14), Qt.AlignmentFlag.AlignCenter, name)
        painter.setPen(QPen(QColor(t.accent if self.hasFocus() else t.panel), 2))
        painter.setBrush(QColor(t.text))
        painter.drawEllipse(QPointF(self._x(self.fraction), y), 6, 6)

    def _seek(self, event: QMouseEvent) -> None:
        self.sought.emit(min(max((event.position().x() - 10) / max(self.width() - 20, 1), 0.0), 0.9999))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._seek(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._seek(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -0.01, Qt.Key.Key_Right: 0.01}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.sought.emit((self.fraction + step) % 1.0)


class Transport(QWidget):
    """The row of controls over the plots."""

    ed_asked = Signal()
    es_asked = Signal()

    def __init__(self, look: Look, playback: Playback) -> None:
        super().__init__()
        self.look, self.playback = look, playback
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(4)
        self.to_ed = self._button("Go to end-diastole (Home)")
        self.play = self._button("Play or pause (Space)")
        self.to_es = self._button("Go to end-systole (End)")
        for button in (self.to_ed, self.play, self.to_es):
            row.addWidget(button)
        self.speed = ComboBox()
        for speed in SPEEDS:
            self.speed.addItem(SPOKEN[speed], speed)
        self.speed.setCurrentIndex(SPEEDS.index(1.0))
        self.speed.setToolTip("Speed: 1× is the patient's own heart rate")
        self.speed.setAccessibleName("Speed of playback")
        self.speed.setFixedWidth(84)
        self.speed.currentIndexChanged.connect(lambda _: playback.set_speed(self.speed.currentData()))
        row.addSpacing(4)
        row.addWidget(self.speed)
        self.loop = self._button("What is played again and again")
        self.loop.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.loops = QMenu(self.loop)
        self.loop.setMenu(self.loops)
        self._offered: tuple[Loop, ...] = ()
        row.addWidget(self.loop)
        row.addSpacing(4)
        self.bar = PhaseBar(look)
        row.addWidget(self.bar, 1)
        self.time = QLabel("")
        self.time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.time.setMinimumWidth(96)
        self.rate = QLabel("")
        self.rate.setProperty("role", "quiet")
        self.rate.setMinimumWidth(56)
        row.addSpacing(4)
        row.addWidget(self.time)
        row.addSpacing(8)
        row.addWidget(self.rate)
        self.to_ed.clicked.connect(self.ed_asked)
        self.to_es.clicked.connect(self.es_asked)
        self.play.clicked.connect(playback.toggle)
        self.bar.sought.connect(lambda fraction: playback.seek(fraction * playback.period_s))
        playback.ticked.connect(self._show_time)
        playback.state_changed.connect(self._show_state)
        look.changed.connect(self._show_state)
        self.offer_loops(())
        self._show_state()

    def offer_loops(self, parts: Sequence[Loop]) -> None:
        """Parts of the beat that can be played again and again, besides all of it and all of it once."""
        offered = (WHOLE, *parts, Loop(ONCE, once=True))
        if offered == self._offered:
            return
        self._offered = offered
        self.loops.clear()
        group = QActionGroup(self.loops)
        now = self.playback.loop
        for one in offered:
            action = self.loops.addAction(one.name)
            action.setCheckable(True)
            action.setChecked(one.name == now.name)
            action.triggered.connect(lambda _=False, one=one: self.playback.set_loop(one))
            group.addAction(action)
        same = next((one for one in offered if one.name == now.name), WHOLE)
        if same != now:  # the same part of another beat, or no such part any more
            self.playback.set_loop(same)

    def _button(self, tip: str) -> QToolButton:
        button = QToolButton()
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setIconSize(QSize(20, 20))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def set_marks(self, ed_fraction: float | None, es_fraction: float | None) -> None:
        """Where ED and ES lie in the beat, 0..1; None where it is not known."""
        pairs = (("ED", ed_fraction), ("ES", es_fraction))
        self.bar.set_marks(tuple((name, fraction) for name, fraction in pairs if fraction is not None))
        self.to_ed.setEnabled(self.playback.enabled and ed_fraction is not None)
        self.to_es.setEnabled(self.playback.enabled and es_fraction is not None)

    def _show_state(self) -> None:
        t, on = self.look.tokens, self.playback.enabled
        self.to_ed.setIcon(icon("start", t))
        self.to_es.setIcon(icon("end", t))
        self.play.setIcon(icon("pause" if self.playback.playing else "play", t, t.accent_text))
        for widget in (self.play, self.bar, self.speed):
            widget.setEnabled(on)
        why = "" if on else "Nothing moves yet: open a multi-phase study or simulate a beat"
        self.play.setToolTip(why or "Play or pause (Space)")
        if self.speed.currentData() != self.playback.speed and self.playback.speed in SPEEDS:
            self.speed.setCurrentIndex(SPEEDS.index(self.playback.speed))
        beating = on and self.playback.period_s < LONGEST_BEAT_S
        loop = self.playback.loop
        self.bar.set_loop(loop)
        plain = loop == WHOLE
        self.loop.setIcon(icon("once" if loop.once else "loop", t, t.text if plain else t.accent_text))
        self.loop.setToolTip(f"Played again and again: {loop.name.lower()}" if not loop.once else "Played once")
        self.loop.setEnabled(on)
        for action in self.loops.actions():
            action.setChecked(action.text() == loop.name)
        self.rate.setText(f"{60.0 / self.playback.period_s:.0f} bpm" if beating else "")
        self._show_time(self.playback.time_s)
        self.bar.update()

    def _show_time(self, _: float) -> None:
        if not self.playback.enabled:
            self.time.setText("")
            return
        now, period = self.playback.in_beat_s, self.playback.period_s
        self.bar.show_fraction(now / period)
        quiet = self.look.tokens.quiet
        self.time.setText(f"{1000 * now:.0f} <span style='color:{quiet}'>/ {1000 * period:.0f} ms</span>")
