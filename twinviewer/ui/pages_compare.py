"""The inspector's page Compare: scenarios side by side and what differs between them."""

from collections.abc import Sequence

from PySide6.QtCore import Signal

from twinviewer.domain import Comparison
from twinviewer.session.case import BASELINE, Case, Scenario
from twinviewer.session.reentry_words import reentry_words
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.number_tables import DeltaTable
from twinviewer.ui.page import Page, quiet_label
from twinviewer.ui.theme import Look


class ComparePage(Page):
    """Two scenarios, everything that differs."""

    other_chosen = Signal(str)
    colour_chosen = Signal(str)
    simulate_asked = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look, "Compare", "Same camera, same moment of the beat, same colour range.")
        self.hint = self.note()
        self.go = self.action("Choose a therapy", "run", primary=True)
        self.go.clicked.connect(self.simulate_asked)
        self._with = quiet_label("Baseline against")
        self.column.addWidget(self._with)
        self.other = ComboBox()
        self.other.setAccessibleName("Scenario to compare with the baseline")
        self.other.activated.connect(lambda _: self.other_chosen.emit(str(self.other.currentData())))
        self.column.addWidget(self.other)
        self._colour_text = quiet_label("Colour the wall by")
        self.column.addWidget(self._colour_text)
        self.colour = ComboBox()
        self.colour.setAccessibleName("Colour the wall by")
        self.colour.activated.connect(lambda _: self.colour_chosen.emit(str(self.colour.currentData())))
        self.column.addWidget(self.colour)
        self.section("DIFFERENCES")
        self.deltas = DeltaTable(look)
        self.column.addWidget(self.deltas)
        self.footnote = quiet_label("Point at a number to see where it comes from.")
        self.footnote.setProperty("role", "small")
        self.column.addWidget(self.footnote)
        self.end()

    def show_case(
        self, case: Case, comparison: Comparison | None, other: str, fields: Sequence[tuple[str, str]], field: str
    ) -> None:
        """Follow the case and the choices of the view."""
        ready = [s for s in case.treated if s.run is not None]
        for widget in (self.other, self.colour, self._with, self._colour_text, self.footnote):
            widget.setVisible(bool(ready))
        self.go.setVisible(not ready)
        wanted = "" if ready else "Simulate the baseline and one therapy; both then stand here side by side."
        said, kind = of_reentry(case.find(other))
        self.hint.say(said or wanted, kind or "info")
        if [self.other.itemData(i) for i in range(self.other.count())] != [s.name for s in ready]:
            self.other.clear()
            for scenario in ready:
                self.other.addItem(scenario.label, scenario.name)
        self.other.setCurrentIndex(max(0, self.other.findData(other)))
        if [self.colour.itemData(i) for i in range(self.colour.count())] != [name for name, _ in fields]:
            self.colour.clear()
            for name, label in fields:
                self.colour.addItem(label, name)
        self.colour.setCurrentIndex(max(0, self.colour.findData(field)))
        baseline, chosen = case.find(BASELINE), case.find(other)
        if comparison is None or baseline is None or chosen is None or baseline.run is None or chosen.run is None:
            self.deltas.show_comparison(None)
            return
        sources = (baseline.run.metrics, chosen.run.metrics)
        self.deltas.show_comparison(comparison, chosen.label, (baseline.colour, chosen.colour), sources)


def of_reentry(scenario: Scenario | None) -> tuple[str, str]:
    """What its run says of re-entry, and the kind of note."""
    return (
        reentry_words(scenario.run, scenario.setup) if scenario is not None and scenario.run is not None else ("", "")
    )
