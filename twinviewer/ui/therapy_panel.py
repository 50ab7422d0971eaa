"""The therapies of a scenario: a list in the order in which they act, and the cards from which more are taken."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from twinviewer.domain import Conflict, Suitability, Therapy
from twinviewer.session.therapy_use import TherapyUse
from twinviewer.ui.farewell import discard
from twinviewer.ui.page import Note
from twinviewer.ui.theme import Look
from twinviewer.ui.therapy_cards import TherapyCards
from twinviewer.ui.therapy_row import TherapyRow

TONES = (
    ("impossible", "alarm"),
    ("overrides", "caution"),
    ("opposes", "caution"),
    ("order", "info"),
    ("together", "info"),
)
"""Kind of conflict -> tone of its note, worst first."""


class TherapyPanel(QWidget):
    """``edited``: one was added, taken out, moved or switched. ``touched``: a value was changed. ``pick_asked``:
    parameter, kind of site, on or off."""

    edited = Signal()
    touched = Signal()
    pick_asked = Signal(str, str, bool)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.rows: list[TherapyRow] = []
        self.therapies: Mapping[str, Therapy] = {}
        self._picking: TherapyRow | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._list = QVBoxLayout()
        self._list.setSpacing(6)
        column.addLayout(self._list)
        self.notes = {tone: Note(look) for tone in ("alarm", "caution", "info")}
        for note in self.notes.values():
            column.addWidget(note)
        self.explained = Note(look)
        column.addWidget(self.explained)
        self.more = QPushButton("Add a therapy…")
        self.more.setProperty("role", "link")
        self.more.setCheckable(True)
        self.more.toggled.connect(lambda _: self._arrange())
        column.addWidget(self.more)
        self.cards = TherapyCards()
        self.cards.chosen.connect(self.add)
        column.addWidget(self.cards)
        self._arrange()

    # What is offered -------------------------------------------------------------------------------------------

    def offer(self, therapies: Mapping[str, Therapy], verdicts: Mapping[str, Suitability]) -> None:
        """Which therapies there are, with a reason for each that does not fit."""
        self.therapies = therapies
        self.cards.offer(therapies, verdicts)
        self.show_uses([use for use in self.uses() if use.therapy in therapies])

    def show_verdicts(self, verdicts: Mapping[str, Suitability]) -> None:
        """Which of them may join the list as it is."""
        self.cards.show_verdicts(verdicts)

    def show_conflicts(self, found: Sequence[Conflict]) -> None:
        """What is to be said of the list, under it."""
        for tone, note in self.notes.items():
            told = [f"{one.text}." for kind, own in TONES if own == tone for one in found if one.kind == kind]
            note.say("\n".join(dict.fromkeys(told)), tone)

    # The list --------------------------------------------------------------------------------------------------

    def uses(self) -> tuple[TherapyUse, ...]:
        """The list as it stands."""
        return tuple(row.use() for row in self.rows)

    def show_uses(self, uses: Sequence[TherapyUse]) -> None:
        """Show another list; nothing is emitted. Rows stay where the therapies are the same, and as they are folded."""
        known = [use for use in uses if use.therapy in self.therapies]
        if [row.therapy.name for row in self.rows] == [use.therapy for use in known]:
            for row, use in zip(self.rows, known, strict=True):
                row.take(use)
        else:
            for row in self.rows:
                self._drop(row)
            self.rows = [self._made(use) for use in known]
            if len(self.rows) == 1:
                self.rows[0].open(True)
        self._arrange()

    def add(self, name: str) -> None:
        """A therapy more, at the end, with its form folded out."""
        for row in self.rows:
            row.open(False)
        row = self._made(TherapyUse(name))
        row.open(True)
        self.rows.append(row)
        self.more.setChecked(False)
        self.cards.filter.clear()
        self._arrange()
        row.title.setFocus()
        self.edited.emit()

    def _made(self, use: TherapyUse) -> TherapyRow:
        row = TherapyRow(self.therapies[use.therapy], use, self.look)
        row.asked.connect(lambda verb, row=row: self._asked(row, verb))
        row.changed.connect(self.touched)
        row.pick_asked.connect(lambda name, kind, on, row=row: self._pick(row, name, kind, on))
        self._list.addWidget(row)
        return row

    def _drop(self, row: TherapyRow) -> None:
        if self._picking is row:
            self._picking = None
        self._list.removeWidget(row)
        row.hide()
        discard(row)

    def _asked(self, row: TherapyRow, verb: str) -> None:
        at = self.rows.index(row)
        if verb in ("up", "down"):
            to = at + (1 if verb == "down" else -1)
            if not 0 <= to < len(self.rows):
                return
            self.rows.insert(to, self.rows.pop(at))
            self._list.removeWidget(row)
            self._list.insertWidget(to, row)
        elif verb == "remove":
            self.rows.remove(row)
            self._drop(row)
            if self.rows:
                self.rows[min(at, len(self.rows) - 1)].title.setFocus()
        self._arrange()
        self.edited.emit()

    def _arrange(self) -> None:
        for at, row in enumerate(self.rows):
            row.place(at, len(self.rows))
        open_ = self.more.isChecked() or not self.rows
        self.more.setVisible(bool(self.rows))
        self.more.setText("Close the list of therapies" if self.more.isChecked() else "Add a therapy…")
        self.cards.setVisible(open_)

    # Sites clicked on the heart --------------------------------------------------------------------------------

    def _pick(self, row: TherapyRow, name: str, kind: str, on: bool) -> None:
        self._picking = row
        self.pick_asked.emit(name, kind, on)

    def picked(self, parameter: str, choice: str, node: int) -> None:
        """A site was clicked."""
        if self._picking is not None:
            self._picking.picked(parameter, choice, node)

    def stop_picking(self, parameter: str) -> None:
        """Release the button that asked for a site."""
        if self._picking is not None:
            self._picking.form.set_picking(parameter, False)
