"""Case and choices → SceneState: which hearts stand side by side, and how they are coloured."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Comparison, OrganMesh
from twinviewer.report import OF_NUMBERS
from twinviewer.scene import compose
from twinviewer.scene.electrical import MEMBRANE
from twinviewer.scene.fibres import HELIX
from twinviewer.scene.state import Colouring, Marker, PaneState, SceneState, Section, StructureState
from twinviewer.session.case import Case, Scenario
from twinviewer.session.segments import ACTIVATION, WORK
from twinviewer.session.studies.uncertainty.bands import OfScenario
from twinviewer.ui.alignment import place, rate_bpm
from twinviewer.ui.live import Live
from twinviewer.ui.theme import Tokens
from twinviewer.ui.view_choices import ViewChoices

LEAD_COLOURS = ("#F4F1E8", "#E5B454")
PROBE_COLOUR = "#2B3440"
EXAGGERATION = 2.0
"""Enough to see a septum that hardly moves; more folds the wall."""
MANY_PANES = 3
SAFE_MAPS = {"activation": "activation_safe", "membrane": "membrane_safe"}


class SceneComposer:
    """Keeps what is costly between frames: colour ranges and the section plane."""

    def __init__(self) -> None:
        self._colourings: dict[tuple[object, ...], Colouring] = {}
        self._sections: dict[str, Section | None] = {}
        self.sure_of: Callable[[Scenario, Scenario], OfScenario | None] = lambda one, against: None
        """What a drawn uncertainty says of the change from the second to the first."""
        self._hatched: tuple[OfScenario, str, OrganMesh, NDArray[np.bool_] | None] | None = None
        self.lighter: dict[str, OrganMesh] = {}  # by uid; hearts side by side are drawn with fewer triangles

    def compose(
        self,
        case: Case,
        choices: ViewChoices,
        time_s: float,
        tokens: Tokens,
        comparison: Comparison | None,
        period_s: float,
        live: Live | None = None,
    ) -> SceneState | None:
        """The picture of this moment; None when there is no mesh.

        comparison: of the pair whose difference is shown. live: a run on its way, shown in place of the heart at that
        moment where only one is in view.
        """
        mesh = case.mesh
        if mesh is None:
            return None
        shown = tuple(
            StructureState(name, style.colour, style.opacity, style.visible) for name, style in choices.surfaces.items()
        )
        comparing = choices.comparing and comparison is not None
        if comparing:
            found = [case.find(name) for name in choices.compared]
            scenarios = [s for s in found if s is not None and s.run is not None]
        else:
            one = case.find(choices.scenario)
            scenarios = [one] if one is not None else []
        runs = [s.run for s in scenarios if s.run is not None]
        still = "Model" if mesh.motion_mm is None else "Measured motion"
        if case.typed:
            still = "Scaled from typed numbers"
        field = choices.colour_by if choices.colour_by in compose.colourable(runs[0] if runs else None, mesh) else ""
        colour = self._colouring(field, case, mesh, choices.safe_colours)
        probe = (Marker("probe", choices.probe, PROBE_COLOUR, 2.2),) if 0 <= choices.probe < mesh.wall_points else ()
        panes = [
            compose.pane(
                scenario.label if len(case.scenarios) > 1 or scenario.run is not None else still,
                mesh,
                shown,
                scenario.run,
                colour,
                (*self._leads(scenario), *probe),
                scenario.colour,
                period_s,
            )
            for scenario in scenarios
        ]
        if not panes:
            panes = [compose.pane(still, mesh, shown, None, colour, probe, tokens.quiet, period_s)]
        if live is not None and not comparing:
            panes = [self._live(panes[0], live, case)]
        if choices.overlay is not None and choices.overlay.mesh is mesh and live is None and not comparing:
            panes = [choices.overlay.over(panes[0])]
        if comparing and comparison is not None and len(runs) > 1:
            panes = self._side_by_side(panes, scenarios, choices)
            if choices.difference:
                panes += self._difference(case, choices, comparison, shown, field, tokens)
        light = self.lighter.get(mesh.uid)
        if len(panes) >= MANY_PANES and light is not None:
            panes = [replace(pane, mesh=light) for pane in panes]
        if choices.fibres:
            panes = [replace(pane, fibres=True, colouring=pane.colouring if pane.colouring.field else HELIX)
                     for pane in panes]  # fmt: skip
        if choices.exaggerated:
            panes = [replace(pane, exaggeration=EXAGGERATION) for pane in panes]
        made = OF_NUMBERS if case.typed else ""
        return SceneState(
            panes=tuple(panes),
            time_s=time_s,
            section=(choices.cut or self._section(mesh)) if choices.section else None,
            background=tokens.panel,
            text=tokens.text,
            quiet=tokens.quiet,
            footer=f"{case.patient.pseudonym}{made} · research only, not for clinical use".lstrip(" ·"),
        )

    @staticmethod
    def _side_by_side(panes: list[PaneState], scenarios: list[Scenario], choices: ViewChoices) -> list[PaneState]:
        """Panes on one clock, each with its true rate under its name."""
        done, reference = [], scenarios[0].run
        for pane, scenario in zip(panes, scenarios, strict=True):
            assert reference is not None and scenario.run is not None
            at = place(scenario.run, reference, choices.aligned)
            note = f"{rate_bpm(scenario.run):.0f} bpm"
            note += "  ·  reference" if scenario.name == choices.reference else ""
            done.append(replace(pane, time_scale=at.scale, shift_s=at.shift_s, note=note))
        return done

    def _difference(
        self,
        case: Case,
        choices: ViewChoices,
        comparison: Comparison,
        shown: tuple[StructureState, ...],
        field: str,
        tokens: Tokens,
    ) -> list[PaneState]:
        """The last pane: what is asked for or, where that is the colour's and has none, what changes at all."""
        one, against, first = (case.find(n) for n in (*choices.difference_of, choices.reference))
        if one is None or one.run is None or against is None or first is None or first.run is None:
            return []
        wanted = choices.difference_by or compose.DIFFERENCE_OF.get(field, field)
        if wanted not in comparison.difference_fields:
            fields = comparison.difference_fields
            there = [name for name in compose.DIFFERENCES if np.any(np.nan_to_num(fields.get(name, 0.0)))]
            wanted = next(iter(there), compose.DIFFERENCES[0])
        made = compose.difference_pane(case.mesh, shown, one.run, comparison, wanted, title="Difference")  # type: ignore[arg-type]
        if made is None:
            return []
        at = place(one.run, first.run, choices.aligned)
        note = made.note or f"{one.label} − {against.label}"
        unsure = self._unsure(one, against, wanted, made.mesh)
        if unsure is not None and unsure.any():
            note += "  ·  hatched: sign not sure"
        return [replace(made, accent=tokens.quiet, time_scale=at.scale, shift_s=at.shift_s, note=note, unsure=unsure)]

    def _unsure(self, one: Scenario, against: Scenario, field: str, mesh: OrganMesh) -> NDArray[np.bool_] | None:
        """(n,) points in segments whose change may be of either sign; None where nobody has asked."""
        told, segment = self.sure_of(one, against), mesh.point_fields.get("aha_segment")
        if told is None or segment is None or field not in (ACTIVATION, WORK):
            return None
        before = self._hatched
        if before is None or before[:2] != (told, field) or before[2] is not mesh:
            sure, number = told.sure(field), np.asarray(segment, int)
            found = None if sure is None else (number > 0) & ~np.append(True, sure)[np.clip(number, 0, len(sure))]
            self._hatched = before = told, field, mesh, found
        return before[3]

    @staticmethod
    def _live(pane: PaneState, live: Live, case: Case) -> PaneState:
        scenario = case.find(live.scenario)
        title = f"{scenario.label if scenario is not None else live.scenario}, {1000 * live.frame.time_s:.0f} ms"
        return replace(
            pane,
            title=title,
            run=None,
            colouring=compose.colouring(MEMBRANE, (), pane.mesh),
            values=live.frame.fields[MEMBRANE],
            structures=compose.faded(pane.structures, True),
            accent=scenario.colour if scenario is not None else pane.accent,
        )

    def _colouring(self, field: str, case: Case, mesh: OrganMesh, safe: bool) -> Colouring:
        runs = [s.run for s in case.scenarios if s.run is not None]
        key = (field, safe, mesh.uid, *(run.uid for run in runs))
        if key not in self._colourings:
            if len(self._colourings) > 16:
                self._colourings.clear()
            made = compose.colouring(field, runs, mesh)
            self._colourings[key] = replace(made, map=SAFE_MAPS.get(made.map, made.map)) if safe else made
        return self._colourings[key]

    def section_view(self, mesh: OrganMesh) -> tuple[tuple[float, float, float], tuple[float, float, float]] | None:
        """(direction, up) from which the cut face is seen straight on, apex down; None where there is no section."""
        section = self._section(mesh)
        if section is None:
            return None
        x, y, z = section.normal
        return (-x, -y, -z), compose.section_up(mesh)

    def _section(self, mesh: OrganMesh) -> Section | None:
        if mesh.uid not in self._sections:
            try:
                self._sections[mesh.uid] = compose.long_axis_section(mesh)
            except KeyError:  # another organ has other landmarks
                self._sections[mesh.uid] = None
        return self._sections[mesh.uid]

    @staticmethod
    def _leads(scenario: Scenario) -> tuple[Marker, ...]:
        """Pacing electrodes of a treated scenario, as balls that ride on the wall."""
        paced = [s for s in scenario.setup.stimuli if s.layer == "myocardium"] if scenario.therapies else []
        return tuple(Marker(s.name, int(s.node), LEAD_COLOURS[i % len(LEAD_COLOURS)], 3.2) for i, s in enumerate(paced))
