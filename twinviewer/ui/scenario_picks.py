"""Which scenarios stand side by side: a reference, and up to two that are ticked, each in its colour."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from twinviewer.session.case import Scenario
from twinviewer.ui.alignment import rate_bpm
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.farewell import discard
from twinviewer.ui.theme import Look
from twinviewer.ui.view_choices import MOST_COMPARED

DOT_PX = 12
FEW = 4


def dot(colour: str, ratio: float = 1.0) -> QIcon:
    """A scenario's colour as an icon."""
    picture = QPixmap(round(DOT_PX * ratio), round(DOT_PX * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawEllipse(QRectF(1, 1, DOT_PX - 2, DOT_PX - 2))
    painter.end()
    return QIcon(picture)


class ScenarioPicks(QWidget):
    """``ticked`` carries (name, on); ``referred`` the name of another reference."""

    ticked = Signal(str, bool)
    referred = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.boxes: dict[str, QCheckBox] = {}
        self._key: tuple[object, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        row = QHBoxLayout()
        row.setSpacing(8)
        name = QLabel("Reference")
        name.setProperty("role", "quiet")
        row.addWidget(name)
        self.reference = ComboBox()
        self.reference.setAccessibleName("Scenario that the others are held against")
        self.reference.setToolTip("Every change is counted from this one")
        self.reference.setIconSize(QSize(DOT_PX, DOT_PX))
        self.reference.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.reference.activated.connect(lambda _: self.referred.emit(str(self.reference.currentData())))
        row.addWidget(self.reference, 1)
        column.addLayout(row)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(3)
        column.addLayout(self._rows)
        self._lines: dict[str, QWidget] = {}
        self._compared: tuple[str, ...] = ()
        self.more = QPushButton()
        self.more.setProperty("role", "link")
        self.more.setCheckable(True)
        self.more.toggled.connect(lambda _: self._fold())
        column.addWidget(self.more)

    def show_scenarios(self, ready: Sequence[Scenario], compared: Sequence[str]) -> None:
        """Those that have been simulated, and which are compared, the reference first."""
        key = (tuple((s.name, s.label, s.colour, id(s.run)) for s in ready), compared[0] if compared else "")
        if key != self._key:
            self._key = key
            self._make(ready, compared[0] if compared else "")
        self._compared = tuple(compared)
        self._fold()
        for name, box in self.boxes.items():
            on = name in compared
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)
            last = on and len(compared) <= 2
            full = not on and len(compared) >= MOST_COMPARED
            box.setToolTip(
                "One scenario stays beside the reference" if last
                else f"Shown in place of the one ticked longest ago: {MOST_COMPARED} stand side by side at most" if full
                else ""
            )  # fmt: skip

    def _fold(self) -> None:
        """Of a long list those that are ticked, and a word that there are more: the table below is what one is here
        for."""
        many = len(self.boxes) > FEW
        hidden = [name for name in self.boxes if many and not self.more.isChecked() and name not in self._compared]
        for name, line in self._lines.items():
            line.setVisible(name not in hidden)
        self.more.setVisible(many)
        self.more.setText("Fewer" if self.more.isChecked() else f"{len(hidden)} more to choose from")

    def _make(self, ready: Sequence[Scenario], reference: str) -> None:
        self.reference.clear()
        while self._rows.count():
            widget = self._rows.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                discard(widget)
        self.boxes, self._lines = {}, {}
        ratio = self.devicePixelRatioF()
        for scenario in ready:
            self.reference.addItem(dot(scenario.colour, ratio), scenario.label, scenario.name)
            if scenario.name == reference or scenario.run is None:
                continue
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(6)
            box = QCheckBox(scenario.label)
            box.setIcon(dot(scenario.colour, ratio))
            box.setIconSize(QSize(DOT_PX, DOT_PX))
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.setMinimumWidth(80)
            box.setAccessibleName(f"Compare {scenario.label}")
            box.toggled.connect(lambda on, name=scenario.name: self.ticked.emit(name, on))
            rate = QLabel(f"{rate_bpm(scenario.run):.0f} bpm")
            rate.setProperty("role", "small")
            row.addWidget(box, 1)
            row.addWidget(rate)
            self.boxes[scenario.name] = box
            self._lines[scenario.name] = line
            self._rows.addWidget(line)
        self.reference.setCurrentIndex(max(0, self.reference.findData(reference)))
