"""Therapies to choose from: a card each, by group; what does not fit is greyed, with the reason on it."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QVBoxLayout, QWidget

from twinviewer.domain import Suitability, Therapy
from twinviewer.ui.farewell import discard
from twinviewer.ui.page import quiet_label


class TherapyCard(QFrame):
    """One therapy to choose, by click or Return; greyed with the reason where it does not fit."""

    chosen = Signal(str)

    def __init__(self, therapy: Therapy, verdict: Suitability) -> None:
        super().__init__()
        self.setObjectName("card")
        self.name, self.verdict = therapy.name, verdict
        choices = " ".join(one.label for parameter in therapy.parameters for one in parameter.choices)
        self.group = therapy.group
        self.words = f"{therapy.label} {therapy.group} {therapy.summary} {choices}".casefold()
        self._summary = therapy.summary
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(therapy.label)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 7, 10, 7)
        column.setSpacing(1)
        self._title = QLabel(therapy.label)
        column.addWidget(self._title)
        self.text = quiet_label()
        self.text.setProperty("role", "small")
        column.addWidget(self.text)
        self.set_verdict(verdict)

    def set_verdict(self, verdict: Suitability) -> None:
        """Offer it, or grey it and say why."""
        self.verdict = verdict
        self._title.setProperty("role", "strong" if verdict.ok else "quiet")
        self._title.style().unpolish(self._title)
        self._title.style().polish(self._title)
        self.text.setText(self._summary if verdict.ok else verdict.reason)
        self.setToolTip(self._summary if not verdict.ok else "")
        self.setAccessibleDescription(self._summary if verdict.ok else f"Not here: {verdict.reason}")
        self.setCursor(Qt.CursorShape.PointingHandCursor if verdict.ok else Qt.CursorShape.ArrowCursor)

    def _outline(self, on: bool) -> None:
        self.setProperty("chosen", "true" if on else "false")
        self.style().unpolish(self)
        self.style().polish(self)

    def _choose(self) -> None:
        if self.verdict.ok:
            self.chosen.emit(self.name)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose()
        elif event.key() == Qt.Key.Key_Down:
            self.focusNextChild()
        elif event.key() == Qt.Key.Key_Up:
            self.focusPreviousChild()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._outline(event.reason() != Qt.FocusReason.MouseFocusReason)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._outline(False)
        super().focusOutEvent(event)


class TherapyCards(QWidget):
    """All therapies by group, those that fit first in each."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.cards: dict[str, TherapyCard] = {}
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(6)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Find a therapy")
        self.filter.setAccessibleName("Find a therapy")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._find)
        whole.addWidget(self.filter)
        self._column = QVBoxLayout()
        self._column.setSpacing(6)
        whole.addLayout(self._column)
        self._heads: dict[str, QLabel] = {}

    def offer(self, therapies: Mapping[str, Therapy], verdicts: Mapping[str, Suitability]) -> None:
        """Make a card of each."""
        while self._column.count():
            widget = self._column.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                discard(widget)
        self.cards, self._heads, group = {}, {}, ""
        for name, therapy in therapies.items():
            if therapy.group != group:
                group = therapy.group
                self._heads[group] = quiet_label(group)
                self._column.addWidget(self._heads[group])
            card = TherapyCard(therapy, verdicts[name])
            card.chosen.connect(self.chosen)
            self.cards[name] = card
            self._column.addWidget(card)
        if not therapies:
            self._column.addWidget(quiet_label("No therapy is installed."))
        self._find(self.filter.text())

    def _find(self, text: str) -> None:
        """Show those in whose words all of these are found; choices count too: "verapamil" finds its therapy."""
        wanted = text.casefold().split()
        for card in self.cards.values():
            card.setVisible(all(word in card.words for word in wanted))
        for group, head in self._heads.items():
            head.setVisible(any(card.group == group and not card.isHidden() for card in self.cards.values()))

    def show_verdicts(self, verdicts: Mapping[str, Suitability]) -> None:
        """What may be chosen now."""
        for name, verdict in verdicts.items():
            if name in self.cards and self.cards[name].verdict != verdict:
                self.cards[name].set_verdict(verdict)
