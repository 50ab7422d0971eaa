"""Checking a scenario by finite elements: a second, slower opinion on how its segments shorten, beside the fast one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from twinviewer.domain import OrganMesh, Run, Setup
from twinviewer.scene.bullseye import Scale
from twinviewer.session.beside import off_percent, strain_table
from twinviewer.session.case import Scenario
from twinviewer.session.simulate import compute_run
from twinviewer.ui.bullseye import Bullseye
from twinviewer.ui.page import quiet_label
from twinviewer.ui.presenter import LONGEST_RUN_S
from twinviewer.ui.read_out import CLAIM, foot_line
from twinviewer.ui.theme import Look

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

ENGINE = "solid"
STRAIN = Scale("Fibre strain", "%", -20.0, 20.0, "strain")
OFF = Scale("Difference", "points", -10.0, 10.0, "difference")


class SolidSheet(QDialog):
    """Three bullseyes: the fast engine, the finite elements, and what is between them."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("Check by finite elements")
        self.setObjectName("sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.head = QLabel()
        self.head.setTextFormat(Qt.TextFormat.RichText)
        self.fast, self.solid, self.off = Bullseye(look), Bullseye(look), Bullseye(look)
        row = QHBoxLayout()
        for one in (self.fast, self.solid, self.off):
            row.addWidget(one, 1)
        self.told = quiet_label("")
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        column.setSpacing(8)
        column.addWidget(self.head)
        column.addLayout(row, 1)
        column.addWidget(self.told)
        column.addLayout(foot_line(CLAIM))

    def sizeHint(self) -> QSize:
        return QSize(1040, 480)

    def show_check(self, scenario: Scenario, mesh: OrganMesh, fast: Run, solid: Run) -> None:
        """The two runs of one scenario on its mesh."""
        rows = strain_table(mesh, fast, solid)
        values = np.full((3, 17), np.nan)
        for one in rows:
            if 1 <= one.segment <= 17:
                values[:, one.segment - 1] = one.fast_percent, one.solid_percent, one.difference_percent
        self.fast.show_values(values[0], STRAIN, "Fast engine, fibre strain at end-systole (%)")
        self.solid.show_values(values[1], STRAIN, "Finite elements, the same (%)")
        self.off.show_values(values[2], OFF, "Difference (points of strain)")
        self.head.setText(
            f"<span style='color:{scenario.colour}'><b>{scenario.label}</b></span>&nbsp;&nbsp; "
            f"the two differ by <b>{off_percent(rows):.1f}</b> points of strain (root mean square over the segments)"
        )
        number = {name: quantity.value for name, quantity in solid.metrics.items()}
        before, after = number["solid_ejected_at_fast_tension_percent"], number["solid_ejected_percent"]
        self.told.setText(
            "Left ventricle only, from end-diastole to end-systole. With the fast engine's tension this shape would "
            f"eject {before:.0f} %; all of it times {number['solid_tension_factor']:.2f} makes it {after:.0f} %, so "
            f"that strains are compared at equal volumes. Twist {number['solid_twist_deg']:.1f}°. "
            f"{solid.metrics['solid_strain_percent'].source}."
        )


class SolidCheck(QObject):
    """The verb behind the menu. Keeps the last answer of each scenario, as long as its setup is the same."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self.sheet: SolidSheet | None = None
        self._kept: dict[str, tuple[Setup, Run]] = {}

    @property
    def scenario(self) -> Scenario | None:
        """What would be checked: the scenario in view, once it has a result."""
        choices, case = self.w.choices, self.w.presenter.case
        found = case.find(choices.other if choices.comparing else choices.scenario) or case.baseline
        return found if found is not None and found.run is not None else None

    def ask(self) -> None:
        """Show the check of the scenario in view; where there is none yet, start it in the background."""
        scenario = self.scenario
        if scenario is None:
            self.w.messages.tell("Nothing to check yet", "Simulate the baseline or a therapy first.", "caution")
            return
        kept = self._kept.get(scenario.name)
        if kept is not None and kept[0] is scenario.setup:
            self._show(scenario, kept[1])
            return
        name, setup = scenario.name, scenario.setup

        def accept(run: Run) -> None:
            self._kept[name] = (setup, run)
            now = self.w.presenter.case.find(name)
            if now is not None and now.setup is setup and now.run is not None:
                self._show(now, run)

        self.w.presenter.submit(
            f"check {name}", "Simulate", compute_run, ENGINE, setup, done=accept,
            name=f"Check {scenario.label} by finite elements", deadline_s=LONGEST_RUN_S,
        )  # fmt: skip

    def _show(self, scenario: Scenario, run: Run) -> None:
        assert scenario.run is not None
        if self.sheet is None:
            self.sheet = SolidSheet(self.w.look, self.w)
        self.sheet.show_check(scenario, scenario.setup.mesh, scenario.run, run)
        self.sheet.show()
        self.sheet.raise_()
