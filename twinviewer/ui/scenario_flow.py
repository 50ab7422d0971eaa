"""What is done with scenarios in the window: chosen, changed, duplicated, removed, simulated."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QInputDialog

from twinviewer.session.case import BASELINE
from twinviewer.session.therapy_use import TherapyUse
from twinviewer.ui.step_bar import Step

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow


class ScenarioFlow(QObject):
    """Verbs behind the case tree's scenarios and the buttons of the page Simulate."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        window.tree.scenario_chosen.connect(self.chosen)
        window.tree.scenario_asked.connect(self.asked)
        page = window.inspector.simulate
        page.baseline_asked.connect(self.simulate_baseline)
        page.run_asked.connect(self.simulate_therapies)
        page.list_edited.connect(self.edit_list)
        page.panel.touched.connect(self.try_values)

    def chosen(self, name: str) -> None:
        """One was clicked in the case tree: it comes into view."""
        choices = self.w.choices
        if choices.comparing:
            if self.w.presenter.comparison(name, choices.reference) is not None:
                choices.set(other=name)
        else:
            choices.set(scenario=name)
            if self.w.coupling.step is Step.SIMULATE:  # the form is that of the scenario in view
                self.w.inspector.simulate.edit(self.w.presenter.case, name)

    def asked(self, verb: str, name: str) -> None:
        """Change, rename, duplicate or remove one."""
        p = self.w.presenter
        if verb == "change":
            self.w.coupling.go(Step.SIMULATE)
            self.w.inspector.simulate.edit(p.case, name)
            self.w.coupling.show_choices()
        elif verb == "duplicate":
            p.duplicate_scenario(name)
        elif verb == "rename":
            self.rename(name)
        else:
            p.remove_scenario(name)

    def simulate_baseline(self, values: dict[str, Any]) -> None:
        """The heart as it is, prepared anew where its settings have changed."""
        p = self.w.presenter
        known = p.case.setup_values
        if p.case.baseline is None or any(known.get(name) != value for name, value in values.items()):
            p.prepare(values, then=p.simulate_all)
        else:
            p.simulate(BASELINE)

    def simulate_therapies(self, name: str, uses: Sequence[TherapyUse]) -> None:
        """These therapies, in the scenario of that name or a new one; the baseline first where it waits."""
        p, page = self.w.presenter, self.w.inspector.simulate
        if p.case.baseline is None:
            settings = {} if page.setup_form is None else page.setup_form.chosen()
            p.prepare(settings, then=partial(self.simulate_therapies, name, uses))
            return
        if p.case.find(name) is None:
            name = p.add_uses(uses)
        elif not p.set_therapies(name, uses):
            return
        if not name:
            return
        page.edit(p.case, name)
        self.w.coupling.show_choices()
        if p.case.baseline is not None and p.case.baseline.run is None:
            p.simulate(BASELINE)
        self.w.coupling.live.after(partial(p.simulate, name))

    def try_values(self) -> None:
        """A value is being changed by hand while the display follows: excitation and ECG go with it."""
        page = self.w.inspector.simulate
        if page.follow.switch.isChecked() and page.editing:
            self.w.coupling.live.try_out(page.editing, page.panel.uses())

    def edit_list(self, name: str, uses: Sequence[TherapyUse]) -> None:
        """A scenario's list as it was left by hand."""
        self.w.presenter.set_therapies(name, uses)

    def rename(self, name: str) -> None:
        """Ask for another label."""
        scenario = self.w.presenter.case.find(name)
        if scenario is None:
            return
        label, given = QInputDialog.getText(self.w, "Rename scenario", "Name of this scenario", text=scenario.label)
        if given and label.strip() and label.strip() != scenario.label:
            self.w.presenter.rename_scenario(name, label)
