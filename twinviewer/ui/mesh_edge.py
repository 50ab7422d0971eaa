"""How fine a mesh of labels is to be: by itself, or a longest edge; and what that costs."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from twinviewer.domain import LabelMap, WithEdge
from twinviewer.session import by_choice, catalog
from twinviewer.session.case import Case
from twinviewer.ui.farewell import discard
from twinviewer.ui.form import NumberField
from twinviewer.ui.page import quiet_label
from twinviewer.ui.theme import Look

TETS_A_SECOND = 12_000
"""Measured on two cores: meshing, evening out, fibres and coordinates together."""
MANY = 600_000
"""More tetrahedra than this make a simulation slow; a user is told so."""


class MeshEdge(QWidget):
    """``changed`` carries the longest edge in mm, 0 where it is left to the organ."""

    changed = Signal(float)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        row = QHBoxLayout()
        label = QLabel("Longest edge")
        label.setProperty("role", "quiet")
        self.own = QCheckBox("Automatic")
        self.own.setChecked(True)
        self.own.toggled.connect(self._toggled)
        row.addWidget(label, 1)
        row.addWidget(self.own)
        self._column.addLayout(row)
        self.field: NumberField | None = None
        self.cost = quiet_label("")
        self.cost.setProperty("role", "small")
        self._column.addWidget(self.cost)
        self._case = Case()
        self._organ = ""
        self._told: tuple[LabelMap | None, float] = (None, 0.0)

    def show_case(self, case: Case) -> bool:
        """Follow the case; whether an edge can be set at all."""
        recipe = catalog.organs().get(case.organ)
        self._case = case
        if not isinstance(recipe, WithEdge) or case.labels is None:
            return False
        if self._organ != case.organ:
            self._organ = case.organ
            if self.field is not None:
                self.field.hide()
                discard(self.field)
            self.field = NumberField(recipe.edge)
            self.field.changed.connect(self._typed)
            self.field.setToolTip(recipe.edge.help)
            self._column.insertWidget(1, self.field)
        assert self.field is not None
        self.own.blockSignals(True)
        self.own.setChecked(not case.edge_mm)
        self.own.blockSignals(False)
        if case.edge_mm:
            self.field.set_value(case.edge_mm)
        self.field.setVisible(bool(case.edge_mm))
        if self.isVisible():
            self._tell()
        return True

    def showEvent(self, event: object) -> None:
        """The cost is counted from the labels when someone looks, and not at every stroke of a hand."""
        self._tell()

    def _toggled(self, own: bool) -> None:
        if self.field is None:
            return
        self.field.setVisible(not own)
        self.changed.emit(0.0 if own else self.field.value())

    def _typed(self, *_: object) -> None:
        if self.field is not None and not self.own.isChecked():
            self.changed.emit(self.field.value())

    def _tell(self) -> None:
        edge_mm = self._case.edge_mm
        if self._told == (self._case.labels, edge_mm):
            return
        self._told = (self._case.labels, edge_mm)
        tets = by_choice.expected_tets(self._case, edge_mm)
        if not tets:
            self.cost.setText("")
            return
        rounded = max(round(tets, 1 - len(str(tets))), 10)
        seconds = max(1, round(tets / TETS_A_SECOND))
        time = f"{seconds} s" if seconds < 90 else f"{round(seconds / 60)} min"
        slow = ". Simulations will be slow" if tets > MANY and self._case.organ == "heart" else ""
        number = f"{rounded:,}".replace(",", "\u2009")
        self.cost.setText(f"About {number} tetrahedra, {time}{slow}.")
