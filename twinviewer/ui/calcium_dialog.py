"""Choosing the lesions that make the calcium score: a region, its candidates, and the sum of those that are ticked."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from twinviewer.segmentation.calcium import Lesion, cac_drs, category
from twinviewer.session.calcium import Region
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.page import Note
from twinviewer.ui.theme import Look

BALL = "Ball round the crosshair"
INTRO = (
    "Every patch from 130 HU on in the region is offered; bone, valves, stents and the aorta's wall are as bright as "
    "calcium of a coronary artery. Only what you tick is counted. Point at a lesion's number to see it in the slices."
)
SHOWN = 60
HEADS = ("", "SCORE", "PEAK", "VOLUME", "SLICES", "")
WIDTH_PX, ROW_PX = 560, 27


class CalciumDialog(QDialog):
    """``sought`` carries the Region to look in; ``chosen`` the region, the ticked lesions and how many were offered;
    ``pointed`` a lesion to show in the slices."""

    sought = Signal(object)
    chosen = Signal(object, object, int)
    pointed = Signal(object)

    def __init__(
        self, parent: QWidget | None, look: Look, structures: Sequence[tuple[str, str]],
        crosshair_mm: Callable[[], tuple[float, float, float]],
    ) -> None:  # fmt: skip
        """structures: (name, label) of the case's labels. crosshair_mm: where the crosshair is now."""
        super().__init__(parent)
        self.setWindowTitle("Calcium score")
        self._crosshair = crosshair_mm
        self.region = Region()
        self.remark = ""
        self.lesions: tuple[Lesion, ...] = ()
        self.boxes: dict[int, QCheckBox] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        head = QLabel("Calcium score")
        head.setProperty("role", "title")
        column.addWidget(head)
        intro = QLabel(INTRO)
        intro.setProperty("role", "quiet")
        intro.setWordWrap(True)
        column.addWidget(intro)
        line = QHBoxLayout()
        self.where = ComboBox()
        self.where.setAccessibleName("Where to look for calcium")
        self.where.addItem(BALL, "")
        for name, label in structures:
            self.where.addItem(label, name)
        self.radius = QSpinBox()
        self.radius.setRange(5, 150)
        self.radius.setValue(60)
        self.radius.setSuffix(" mm")
        self.radius.setAccessibleName("Radius of the ball")
        self.where.currentIndexChanged.connect(lambda _: self.radius.setEnabled(not self.where.currentData()))
        self.look = QPushButton("Look for lesions")
        self.look.clicked.connect(self._seek)
        line.addWidget(self.where, 1)
        line.addWidget(self.radius)
        line.addWidget(self.look)
        column.addLayout(line)
        self._area = QScrollArea()
        self._area.setObjectName("panelScroll")
        self._area.setWidgetResizable(True)
        self._area.setMinimumHeight(9 * ROW_PX)
        column.addWidget(self._area, 1)
        self.note = Note(look)
        column.addWidget(self.note)
        buttons = QHBoxLayout()
        self.plain = QPushButton("Tick all without a remark")
        self.plain.clicked.connect(self._tick_plain)
        self.plain.setEnabled(False)
        self.go = QPushButton("Keep the score")
        self.go.setProperty("role", "primary")
        self.go.setEnabled(False)
        self.go.clicked.connect(self._keep)
        cancel = QPushButton("Cancel")
        cancel.clicked.connect(self.reject)
        buttons.addWidget(self.plain)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.go)
        column.addLayout(buttons)
        self.note.say("Put the crosshair on the heart, or outline it by hand first.", "info")
        self.resize(WIDTH_PX, 520)

    def _seek(self) -> None:
        name = self.where.currentData()
        self.region = Region(name) if name else Region("", self._crosshair(), float(self.radius.value()))
        self.look.setEnabled(False)
        self.note.say("Looking…", "info")
        self.sought.emit(self.region)

    def refuse(self, why: str) -> None:
        """Nothing can be scored here, and why."""
        self.look.setEnabled(True)
        self.note.say(why, "caution")

    def show_lesions(self, lesions: Sequence[Lesion]) -> None:
        """Offer these, none ticked."""
        self.look.setEnabled(True)
        self.lesions = tuple(lesions)
        self.boxes = {}
        inside = QWidget()
        inside.setObjectName("page")
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(5, 1)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for place, text in enumerate(HEADS):
            label = QLabel(text)
            label.setProperty("role", "section")
            grid.addWidget(label, 0, place, right if 0 < place < 5 else Qt.AlignmentFlag.AlignLeft)
        for row, one in enumerate(self.lesions[:SHOWN], start=1):
            box = QCheckBox(f"{one.number}")
            box.setAccessibleName(f"Count lesion {one.number}")
            box.toggled.connect(self._told)
            box.clicked.connect(partial(self._point, one))
            self.boxes[one.number] = box
            first, last = one.slices
            at = f"{first + 1}" if first == last else f"{first + 1}–{last + 1}"
            texts = (f"{one.agatston:.1f}", f"{one.peak_hu:.0f} HU", f"{one.volume_mm3:.0f} mm³", at, one.doubt)
            grid.addWidget(box, row, 0)
            for place, text in enumerate(texts, start=1):
                label = QLabel(text)
                label.setProperty("role", "small" if place == 5 else "")
                label.setWordWrap(place == 5)
                label.mousePressEvent = partial(self._pressed, one)  # type: ignore[method-assign]
                grid.addWidget(label, row, place, right if place < 5 else Qt.AlignmentFlag.AlignVCenter)
        grid.setRowStretch(min(len(self.lesions), SHOWN) + 1, 1)
        self._area.setWidget(inside)
        self.plain.setEnabled(any(not one.doubt for one in self.lesions))
        self._told()

    def _pressed(self, lesion: Lesion, _event: object) -> None:
        self._point(lesion)

    def _point(self, lesion: Lesion, *_: object) -> None:
        self.pointed.emit(lesion)

    def _tick_plain(self) -> None:
        for one in self.lesions[:SHOWN]:
            self.boxes[one.number].setChecked(not one.doubt)

    @property
    def ticked(self) -> tuple[Lesion, ...]:
        """The lesions that count."""
        return tuple(one for one in self.lesions[:SHOWN] if self.boxes[one.number].isChecked())

    def _told(self, *_: object) -> None:
        """The score of what is ticked, in words."""
        chosen = self.ticked
        self.go.setEnabled(True)  # none in the region is a score too
        hidden = f" The {SHOWN} largest are shown." if len(self.lesions) > SHOWN else ""
        if not self.lesions:
            self.note.say("Nothing from 130 HU on lies in the region: the score is 0.", "good")
            return
        if not chosen:
            self.go.setEnabled(False)
            self.note.say(f"{len(self.lesions)} candidates, none counted yet.{hidden}", "info")
            return
        score = sum(one.agatston for one in chosen)
        low, high = sum(one.agatston_low for one in chosen), sum(one.agatston_high for one in chosen)
        said = f"{len(chosen)} of {len(self.lesions)}: score {score:.0f} ({low:.0f} to {high:.0f} if HU are off by 5), "
        caution = f" {self.remark}." if self.remark else ""
        kind = "caution" if caution else "info"
        self.note.say(f"{said}{category(score)}, CAC-DRS A{cac_drs(score)}.{hidden}{caution}", kind)

    def _keep(self) -> None:
        self.chosen.emit(self.region, self.ticked, len(self.lesions))
        self.accept()
