"""Scenarios side by side in the window: which they are, on which clock, and what page, bar and plots are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from twinviewer.domain import Comparison, Run
from twinviewer.scene import compose
from twinviewer.session.case import Scenario
from twinviewer.ui.alignment import BY_SHARE, ONSET, clock_s, one_rate, onset_s, place
from twinviewer.ui.compare_bar import CompareBar
from twinviewer.ui.curves import Clock, Curves
from twinviewer.ui.playback import Loop

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

SEEN = frozenset({"myocardium", "la", "ra", "aorta", "pulmonary_artery"})
KEPT = 2


class CompareFlow(QObject):
    """Owned by the coupling; everything here follows from the view's choices and the case."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self._asked: set[str] = set()
        self.bar = CompareBar()
        self.bar.chosen.connect(lambda choices: window.choices.set(**choices))
        window.views.view3d.below_bar.addWidget(self.bar)
        page = window.inspector.compare
        page.ticked.connect(window.choices.tick)
        page.referred.connect(window.choices.refer_to)
        page.sure_asked.connect(lambda: window.uncertainty.ask())
        page.segments.chosen.connect(self._probe_segment)

    # What is compared ------------------------------------------------------------------------------------------

    def scenarios(self) -> tuple[Scenario, ...]:
        """Those side by side that have run, the reference first; outside the comparison the baseline and what is in
        view."""
        case, choices = self.w.coupling.case, self.w.choices
        names = choices.compared if choices.comparing else ("baseline", self.w.coupling.other())
        found = [case.find(name) for name in dict.fromkeys(names)]
        return tuple(s for s in found if s is not None and s.run is not None)

    def comparisons(self) -> dict[str, Comparison]:
        """Scenario -> it against the reference."""
        choices = self.w.choices
        found = {name: self.w.coupling.live.comparison(name, choices.reference) for name in choices.others}
        return {name: one for name, one in found.items() if one is not None}

    def pair(self) -> Comparison | None:
        """The pair of which the difference is shown."""
        one, against = self.w.choices.difference_of
        return self.w.coupling.live.comparison(one, against)

    def can_compare(self) -> bool:
        """Whether the chosen ones have run."""
        return bool(self.comparisons())

    # On which clock --------------------------------------------------------------------------------------------

    @property
    def aligned(self) -> str:
        """How beats of different length stand beside each other."""
        return self.w.choices.aligned if self.w.choices.comparing else BY_SHARE

    def period_s(self, period_s: float) -> float:
        """The clock's period where scenarios are compared, else the one given."""
        runs = self._runs()
        return clock_s(runs, self.aligned) if self.w.choices.comparing and len(runs) > 1 else period_s

    def clock(self) -> Clock:
        """The axis that all plots share."""
        runs = self._runs()
        if not runs:
            return Clock()
        if self.aligned != BY_SHARE:
            return Clock(clock_s(runs, self.aligned), -1000.0 * onset_s(runs[0]), 1000.0, "from QRS")
        period = runs[0].period_s
        return Clock(period) if one_rate(runs) else Clock(period, 0.0, 100.0 / period, "in % R-R")

    def loops(self, ed: float | None, es: float | None) -> tuple[Loop, ...]:
        """Parts of the beat that are worth watching again and again; shares of the clock."""
        found = []
        shown = self.w.coupling.shown()
        runs = self._runs() if self.w.choices.comparing else [shown.run] if shown and shown.run else []
        known = [run for run in runs if "activation_ms" in run.fields and ONSET in run.metrics]
        if known:
            period = clock_s(runs, self.aligned)
            times = []
            for run in known:
                at = place(run, runs[0], self.aligned)
                last_s = float(np.nanmax(run.fields["activation_ms"].values)) / 1000.0
                for own_s in (onset_s(run), onset_s(run) + last_s):
                    times.append((own_s - at.shift_s) / at.scale / period)
            start, end = min(times) - 0.01, max(times) + 0.02
            if end - start < 1.0:
                found.append(Loop("Excitation alone", start % 1.0, end % 1.0))
        if ed is not None and es is not None and abs(ed - es) > 0.02:
            found += [Loop("Systole, ED to ES", ed, es), Loop("Diastole, ES to ED", es, ed)]
        return tuple(found)

    def curves(self) -> tuple[Curves, ...]:
        """What the plots draw."""
        scenarios = self.scenarios()
        runs = self._runs()
        made, reference = [], self.w.presenter.case.find(self.w.choices.reference)
        for scenario, run in zip(scenarios, runs, strict=True):
            at = place(run, runs[0], self.aligned)
            segment = scenario.setup.mesh.point_fields.get("aha_segment")
            sure = self.w.uncertainty.of(scenario, reference)
            made.append(Curves(scenario.label, run, scenario.colour, segment, at.scale, at.shift_s, sure))
        return tuple(made)

    def _runs(self) -> list[Run]:
        return [scenario.run for scenario in self.scenarios() if scenario.run is not None]

    def lighten(self) -> None:
        """Have a worker thin out the surfaces, once a mesh, so that several hearts play smoothly."""
        mesh, known = self.w.presenter.case.mesh, self.w.coupling.composer.lighter
        if mesh is None or mesh.uid in self._asked:
            return
        from twinviewer.scene.lighter import lighter, with_lighter, worth_it

        self._asked.add(mesh.uid)
        surfaces = worth_it(mesh, SEEN)

        def take(found: dict[str, NDArray[np.int32]]) -> None:
            while len(known) >= KEPT:
                del known[next(iter(known))]
            known[mesh.uid] = with_lighter(mesh, found)
            self.w.coupling.draw_scene()

        if surfaces:
            self.w.presenter.look_up(lighter, mesh.points_mm, surfaces, done=take)

    # What is told ----------------------------------------------------------------------------------------------

    def show(self) -> None:
        """Page and bar."""
        w, choices = self.w, self.w.choices
        case, found = w.coupling.case, self.comparisons()
        w.inspector.compare.show_case(case, case.find(choices.reference), found, choices.compared)
        if choices.comparing:
            self.lighten()
            w.inspector.compare.show_curves(self.curves(), self.clock().period_s)
        known = {name for one in found.values() for name in one.difference_fields}
        fields = [(n, compose.FIELDS[n].label.lower()) for n in compose.DIFFERENCES if n in known]
        self.bar.show_choices(choices, self.scenarios() if choices.comparing else (), fields)

    def show_time(self, time_s: float, period_s: float) -> None:
        """The moment, for the bullseyes of the page."""
        page = self.w.inspector.compare
        if self.w.choices.comparing and page.isVisible():
            page.segments.show_fraction((time_s % period_s) / period_s)

    def _probe_segment(self, number: int) -> None:
        """A segment was clicked on the bullseye: the probe goes to its middle on the heart."""
        mesh = self.w.presenter.case.mesh
        if mesh is None or "aha_segment" not in mesh.point_fields:
            return
        from twinviewer.session.segment_motion import middle_of

        node = middle_of(mesh, number)
        if node >= 0:
            self.w.choices.set(probe=-1 if self.w.choices.probe == node else node)
