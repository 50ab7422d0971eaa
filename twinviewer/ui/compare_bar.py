"""The row over hearts that stand side by side: what the difference shows, of which pair, and how beats are aligned."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from twinviewer.session.case import Scenario
from twinviewer.ui.alignment import ALIGNMENTS
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.view_choices import FOLLOW_COLOUR, ViewChoices

OFF = "off"


class CompareBar(QWidget):
    """``chosen`` carries choices of the view by name."""

    chosen = Signal(dict)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 6, 3)
        row.setSpacing(6)
        self.difference = self._box(row, "Difference", "What the last pane shows")
        self.difference.activated.connect(self._difference)
        self.pair = self._box(row, "of", "Which scenario minus which")
        self.pair.activated.connect(lambda _: self.chosen.emit({"pair": self.pair.currentData()}))
        row.addStretch(1)
        self.aligned = self._box(row, "Beats", "What stands at the same moment in all hearts")
        for name, label in ALIGNMENTS.items():
            self.aligned.addItem(label, name)
        self.aligned.activated.connect(lambda _: self.chosen.emit({"aligned": self.aligned.currentData()}))
        self.hide()

    @staticmethod
    def _box(row: QHBoxLayout, text: str, tip: str) -> ComboBox:
        label = QLabel(text)
        label.setProperty("role", "quiet")
        row.addWidget(label)
        box = ComboBox()
        box.setToolTip(tip)
        box.setAccessibleName(tip)
        box.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
        box.setMinimumWidth(96)
        box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row.addWidget(box)
        return box

    def _difference(self, _: int) -> None:
        what = str(self.difference.currentData())
        self.chosen.emit({"difference": what != OFF, **({} if what == OFF else {"difference_by": what})})

    def show_choices(
        self, choices: ViewChoices, compared: Sequence[Scenario], fields: Sequence[tuple[str, str]]
    ) -> None:
        """Follow the view. fields: (name, label) of what differences there are."""
        self.setVisible(choices.comparing and len(compared) > 1)
        offered = [(OFF, "Off"), (FOLLOW_COLOUR, "As coloured"), *((name, f"Δ {label}") for name, label in fields)]
        _fill(self.difference, offered, choices.difference_by if choices.difference else OFF)
        pairs = [
            ((a.name, b.name), f"{a.label} − {b.label}") for k, b in enumerate(compared) for a in compared[k + 1 :]
        ]
        _fill(self.pair, pairs, choices.difference_of)
        self.pair.setEnabled(choices.difference and len(pairs) > 1)
        self.aligned.setCurrentIndex(max(0, self.aligned.findData(choices.aligned)))


def _fill(box: ComboBox, offered: Sequence[tuple[object, str]], chosen: object) -> None:
    if [(box.itemData(k), box.itemText(k)) for k in range(box.count())] != list(offered):
        box.clear()
        for data, label in offered:
            box.addItem(label, data)
    found = next((k for k, (data, _) in enumerate(offered) if data == chosen), 0)
    box.setCurrentIndex(found)
