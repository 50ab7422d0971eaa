"""The brush's own controls in the inspector: what it leaves, how wide and how deep, and how much is painted."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from twinviewer.domain import Parameter
from twinviewer.session.scar_edit import Brush, Kind
from twinviewer.ui.form import NumberField, tooltip_of
from twinviewer.ui.page import quiet_label
from twinviewer.ui.theme import Look

KINDS: tuple[tuple[Kind, str, str], ...] = (
    ("core", "Core", "Dead muscle: neither conducts nor contracts (1)"),
    ("border", "Border zone", "Surviving strands: slow, and half the force (2)"),
    ("healthy", "Healthy", "Take the scar away again (3)"),
)
RADIUS = Parameter(
    "radius_mm", "Radius", "number", 8.0, "The user's choice", "mm", 2.0, 30.0, 1.0, help="Of the brush on the surface"
)
DEPTH = Parameter(
    "depth_percent", "Depth from the inside", "number", 100.0,
    "100 transmural, 50 or less subendocardial; necrosis runs from inside outwards: Reimer and Jennings, Lab Invest "
    "40:633 (1979)", "%", 20.0, 100.0, 5.0,
    help="How far through the wall the brush reaches, whichever side is painted",
)  # fmt: skip
HINT = (
    "Drag on the heart to paint, beside it to turn it. Cut it open (C) to paint inside. Each stroke can be undone; Esc "
    "leaves. Without any border zone painted, the baseline puts 6 mm of it round the core."
)


class ScarPanel(QWidget):
    """``changed`` when another brush is wanted; ``cleared`` and ``done`` for the two buttons."""

    changed = Signal()
    cleared = Signal()
    done = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        head = QLabel("PAINT SCAR")
        head.setProperty("role", "section")
        column.addWidget(head)
        row = QHBoxLayout()
        row.setSpacing(2)
        self._group = QButtonGroup(self)
        self.kinds: dict[Kind, QToolButton] = {}
        for kind, text, tip in KINDS:
            button = QToolButton()
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(f"Paint {text.lower()}")
            button.setCheckable(True)
            button.setProperty("role", "pill")
            button.clicked.connect(lambda _=False: self.changed.emit())
            self._group.addButton(button)
            self.kinds[kind] = button
            row.addWidget(button)
        row.addStretch(1)
        self.kinds["core"].setChecked(True)
        column.addLayout(row)
        self.radius_field, self.depth_field = NumberField(RADIUS), NumberField(DEPTH)
        for parameter, field in ((RADIUS, self.radius_field), (DEPTH, self.depth_field)):
            label = QLabel(parameter.label)
            label.setProperty("role", "quiet")
            label.setToolTip(tooltip_of(parameter))
            field.setToolTip(tooltip_of(parameter))
            field.changed.connect(lambda _: self.changed.emit())
            column.addWidget(label)
            column.addWidget(field)
        self.amount = QLabel()
        self.amount.setProperty("role", "strong")
        self.amount.setWordWrap(True)
        column.addWidget(self.amount)
        hint = quiet_label(HINT)
        hint.setProperty("role", "small")
        column.addWidget(hint)
        buttons = QHBoxLayout()
        self.clear = QPushButton("Clear all")
        self.clear.clicked.connect(self.cleared)
        self.finish = QPushButton("Done")
        self.finish.setToolTip("Leave the brush (Esc)")
        self.finish.clicked.connect(self.done)
        buttons.addWidget(self.clear)
        buttons.addWidget(self.finish)
        column.addLayout(buttons)
        self.hide()

    @property
    def brush(self) -> Brush:
        """As the controls say."""
        kind = next(kind for kind, button in self.kinds.items() if button.isChecked())
        return Brush(kind, self.radius_field.value(), self.depth_field.value())

    def choose(self, kind: Kind) -> None:
        """Take another kind up."""
        self.kinds[kind].setChecked(True)
        self.changed.emit()

    def show_amount(self, core_ml: float, border_ml: float) -> None:
        """How much is painted."""
        any_ = core_ml > 0.0 or border_ml > 0.0
        said = f"Core {core_ml:.1f} mL, border zone {border_ml:.1f} mL" if any_ else "Nothing is painted yet"
        self.amount.setText(said)
        self.clear.setEnabled(any_)
        self.clear.setToolTip("" if any_ else "Nothing is painted yet")
