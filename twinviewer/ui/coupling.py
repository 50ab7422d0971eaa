"""Keeps widgets and Case together: one place that says what follows from a change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from twinviewer.domain import CineStack, Organ, StructureStyle, Suitability, Volume
from twinviewer.scene.electrical import MEMBRANE
from twinviewer.scene.palette import CONTOURS
from twinviewer.scene.slices import default_window
from twinviewer.session import catalog
from twinviewer.session.by_choice import is_by_choice
from twinviewer.session.case import BASELINE, Case, Scenario, can_simulate, only_runs_came
from twinviewer.session.reentry_words import is_study
from twinviewer.ui.beat_marks import image_fraction, marks, period_of, r_wave
from twinviewer.ui.calcium import CalciumScore
from twinviewer.ui.compare_flow import CompareFlow
from twinviewer.ui.corrections import Corrections
from twinviewer.ui.edit_landmarks import Landmarks
from twinviewer.ui.electrodes import Electrodes
from twinviewer.ui.files_menu import SUFFIXES as FILE_SUFFIXES
from twinviewer.ui.files_menu import ask_export
from twinviewer.ui.guidance import allow_actions, guide
from twinviewer.ui.label_hand import LabelHand
from twinviewer.ui.label_menu import allow_label_actions
from twinviewer.ui.layouts import COMPARE, FOUR
from twinviewer.ui.lead_drag import LeadDrag
from twinviewer.ui.live import LiveRun
from twinviewer.ui.measured_beat import MeasuredBeat
from twinviewer.ui.other_ways import OtherWays
from twinviewer.ui.outline_flow import OutlineFlow
from twinviewer.ui.picking import Picking
from twinviewer.ui.picture_sheet import PictureSheet
from twinviewer.ui.reading_flow import ReadingFlow
from twinviewer.ui.report_flow import ReportFlow
from twinviewer.ui.scar_brush import ScarBrush
from twinviewer.ui.scenario_flow import ScenarioFlow
from twinviewer.ui.scene_composer import SceneComposer
from twinviewer.ui.segment_values import SegmentMeasures
from twinviewer.ui.series_pictures import SeriesPictures
from twinviewer.ui.step_bar import Step, StepState, StepStatus
from twinviewer.ui.studies.sweep_flow import SweepFlow
from twinviewer.ui.turns import Turns

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

DRAWING = ("plots", "scene")
"""Of what follows from a change, what takes longest."""
STATES = {
    "not_yet": StepState.NOT_YET,
    "working": StepState.WORKING,
    "ready": StepState.READY,
    "needs_a_look": StepState.NEEDS_LOOK,
}
SUFFIXES = {
    "pdf": ("Report", "report.pdf", "PDF (*.pdf)"),
    "film": ("Film", "beat.mp4", "MP4 film (*.mp4)"),
    "picture": ("Picture", "heart.png", "PNG (*.png)"),
    "measured": ("Measured film", "measured.mp4", "MP4 film (*.mp4)"),
    "moments": ("Measured picture", "measured.png", "PNG (*.png)"),
    "metrics": ("Numbers", "metrics.json", "JSON (*.json)"),
    "measures": ("Measures", "measures.csv", "CSV (*.csv)"),
    "sr": ("DICOM SR", "measures.dcm", "DICOM (*.dcm)"),
    "seg": ("DICOM SEG", "labels.dcm", "DICOM (*.dcm)"),
    **FILE_SUFFIXES,
}


class Coupling(QObject):
    """Listens to presenter, choices, display and clock; shows the result in the window's parts."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self.step = Step.IMPORT
        self.composer = SceneComposer()
        self.composer.sure_of = lambda one, against: self.w.uncertainty.of(one, against)
        self.measured = MeasuredBeat(window.presenter)
        self._catalog_known = False
        self.other_ways = OtherWays(window)
        self.outlines = OutlineFlow(window)
        self.picking = Picking(window)
        self.brush = ScarBrush(window)
        self.electrodes = Electrodes(window)
        self.hand = LabelHand(window)
        self.landmarks = Landmarks(window)
        self.leads = LeadDrag(window)
        self.modes = (self.picking, self.leads, self.brush, self.electrodes, self.hand, self.landmarks)
        window.inspector.segment.add_hand(self.hand.panel)
        window.inspector.model.add_landmarks(self.landmarks.panel)
        self.live = LiveRun(window.presenter)
        self.live.changed.connect(self.draw_scene)
        self.live.told.connect(self.show_told)
        self.corrections = Corrections(window.presenter, window.views.cine.restore)
        self.calcium = CalciumScore(window)
        self.scenarios = ScenarioFlow(window)
        self.compared = CompareFlow(window)
        self.sweep = SweepFlow(window)
        self.pictures = SeriesPictures(window)
        self.segments = SegmentMeasures(window.presenter, window.inspector.model.segments)
        self.turns = Turns(self)
        self.reading = ReadingFlow(window)
        self._shown: Case | None = None
        self._moved = False
        self._image: object = None
        self._cut: tuple[bool, str] = (False, "")
        self._closed = False
        self._connect()

    def _connect(self) -> None:
        w, p = self.w, self.w.presenter
        p.case_changed.connect(self.refresh)
        p.jobs_changed.connect(lambda: self._in_turn(DRAWING, jobs=self.refresh_jobs))
        p.progressed.connect(self.show_progress)
        p.failed.connect(w.messages.tell_error)
        p.noticed.connect(lambda text, detail: w.messages.tell(text, detail))
        p.finished.connect(self._finished)
        self.measured.changed.connect(self.show_choices)
        w.choices.changed.connect(lambda: self._in_turn(**self._pieces()))
        w.playback.ticked.connect(self._tick)
        w.look.changed.connect(self.draw_scene)
        w.steps.chosen.connect(self.go)
        w.transport.ed_asked.connect(lambda: self.go_to("ed"))
        w.transport.es_asked.connect(lambda: self.go_to("es"))
        w.tree.series_opened.connect(p.open_series)
        p.pictures_read.connect(lambda series, found: PictureSheet(w.look, series, found, w).show())
        view, pages = w.views.view3d, w.inspector
        view.colour_chosen.connect(lambda name: w.choices.set(colour_by=name))
        view.section_chosen.connect(lambda on: w.choices.set(section=on))
        view.safe_chosen.connect(lambda on: w.choices.set(safe_colours=on))
        w.views.cine.grabbed.connect(w.playback.pause)
        w.views.cine.corrected.connect(self.corrections.add)
        w.views.cine.hand.toggled.connect(self.corrections.get_ready)
        w.views.cine.outlines_chosen.connect(lambda what: w.choices.set(outlines=what))
        pages.importing.folder_asked.connect(w.actions_.all["open_folder"].trigger)
        pages.importing.archive_asked.connect(w.actions_.all["archive"].trigger)
        pages.importing.case_asked.connect(w.actions_.all["open_case"].trigger)
        pages.importing.demo_asked.connect(w.actions_.all["open_demo"].trigger)
        pages.segment.segment_asked.connect(p.segment)
        pages.segment.calcium_asked.connect(w.actions_.all["calcium"].trigger)
        pages.segment.mask_asked.connect(w.actions_.all["import_mask"].trigger)
        pages.segment.hand_asked.connect(self.hand.toggle)
        pages.segment.outline_asked.connect(self.outlines.ask)
        pages.model.edge_asked.connect(self.outlines.set_edge)
        pages.model.numbers_asked.connect(w.actions_.all["typed_model"].trigger)
        pages.segment.opacity_changed.connect(w.display.set_opacity)
        pages.model.landmarks_asked.connect(self.landmarks.toggle)
        pages.model.build_asked.connect(p.build)
        pages.simulate.cancel_asked.connect(p.cancel)
        pages.compare.simulate_asked.connect(lambda: self.go(Step.SIMULATE))
        pages.report.export_asked.connect(self.export)
        self.report = ReportFlow(w)

    # The catalog -----------------------------------------------------------------------------------------------

    def plugins_ready(self) -> None:
        """Organs, engines and therapies are imported: forms and styles can be made."""
        self._catalog_known = True
        for where, why in catalog.failures().items():
            self.w.messages.tell(f"A plug-in could not be loaded: {where}", why, "caution")
        self.refresh()

    def _organ(self) -> Organ | None:
        if not self._catalog_known:
            return None
        return catalog.organs().get(self.w.presenter.case.organ)

    def _styles(self) -> Mapping[str, StructureStyle]:
        organ = self._organ()
        return {} if organ is None else organ.styles

    def _offer(self) -> None:
        if not self._catalog_known:
            return
        case = self.w.presenter.case
        therapies = catalog.therapies()
        engines = catalog.engines()
        engine = engines.get(case.engine) or next(iter(engines.values()), None)
        verdicts = {
            name: Suitability(False, "No engine is installed")
            if engine is None
            else catalog.answered(therapy, engine, case.mesh)
            for name, therapy in therapies.items()
        }
        self.w.inspector.simulate.offer(self._organ(), therapies, verdicts)

    # What follows from a change of the Case --------------------------------------------------------------------

    def show_again(self) -> None:
        """Show the present Case's image, whatever was shown in its place meanwhile."""
        self._image = self  # which no image is
        self.refresh()

    def refresh(self) -> None:
        """Show the present Case everywhere."""
        if self._closed:
            return
        w, case = self.w, self.w.presenter.case
        series = case.active_series
        found = {one.patient.pseudonym for one in case.series}
        patient = case.patient if series is not None or len(found) == 1 or case.mesh is not None else None
        w.banner.show_patient(patient, series.study_date if series else "", synthetic=bool(series and series.synthetic))
        w.setWindowTitle(
            f"{case.title} · Twinviewer" if case.image is not None or case.mesh is not None else "Twinviewer"
        )
        if case.image is not self._image:
            self._image = case.image
            volume = case.image if isinstance(case.image, Volume) else None
            w.display.open(volume, case.labels, default_window(volume) if volume is not None else (400.0, 40.0))
        elif w.display.labels is not case.labels:
            w.display.open(w.display.volume, case.labels, w.display.own_window)
        w.choices.blockSignals(True)
        w.choices.follow(case, self._styles())
        w.choices.blockSignals(False)
        w.views.show_image(case.image, case.mesh is not None)
        w.views.cine.show_contours(case.contours, CONTOURS)
        w.views.cine.show_model(case.mesh, CONTOURS)
        self.measured.follow(case)
        self._set_period()
        self.turns.ask(
            offer=self._offer, tree=self._show_tree, pages=self._show_pages,
            **self._pieces(), play=self._play, jobs=self.refresh_jobs,
        )  # fmt: skip
        if self._shown is None or not only_runs_came(self._shown, case):
            # What a hand has done is seen at once; only drawing takes long, and a heart that beats is drawn anyway.
            self.turns.finish(but=DRAWING if self.w.playback.playing else ())
        self._shown = case

    def _in_turn(self, but: Collection[str] = (), **piece: Callable[[], None]) -> None:
        """At once, or behind what waits from a beat that has just come. but: what may wait on."""
        waited = self.turns.waits(DRAWING)
        self.turns.ask(**piece)
        if not waited:
            self.turns.finish(but)

    def _show_tree(self) -> None:
        self.w.tree.show_case(self.w.presenter.case)

    def _show_pages(self) -> None:
        pages, case = self.w.inspector, self.w.presenter.case
        pages.importing.show_case(case)
        pages.segment.show_case(case)
        pages.model.show_case(case)
        self.segments.follow(case.mesh)
        self.report.show_case(case)

    def _compare(self) -> None:
        """Work out what the pages and the picture will ask for."""
        if not self._closed:
            self.live.comparison(self.other())

    def _play(self) -> None:
        """A heart that has begun to move is shown moving."""
        moves = self._heart_moves()
        if moves and not self._moved:
            self.w.playback.play()
        self._moved = moves

    def refresh_jobs(self) -> None:
        """Show step states, progress and what may be done now."""
        if self._closed:
            return
        self.show_progress()
        self.w.playback.yielding = bool(self.w.presenter.busy)
        allow_actions(self.w)
        allow_label_actions(self.w)
        self.pictures.ask()

    def show_progress(self) -> None:
        """Show step states and how far the work is."""
        if self._closed:
            return
        w, p = self.w, self.w.presenter
        found = p.states()
        shown: dict[Step, StepStatus] = {}
        first_open = True
        for step in Step:
            state, fraction = found[step.value]
            status = StepStatus(STATES[state.state], state.why, fraction)
            if status.state is StepState.NOT_YET and first_open:
                first_open = False
                status = StepStatus(StepState.OPEN, state.why)
            shown[step] = status
        w.steps.show_states(shown)
        w.steps.go(self.step)
        busy = p.busy
        job = busy[0] if busy else None
        text = "" if job is None else f"{job.name}: {job.text}" if job.text else job.name
        w.status.show_job(text, None if job is None else job.fraction, len(busy) - 1)
        runs = [one for one in busy if one.name.startswith(("Simulate", "Fit"))]
        w.inspector.simulate.show_progress(
            f"{runs[0].name}: {runs[0].text}" if runs else "", runs[0].fraction if runs else None
        )
        guide(self.w)

    def open_best(self) -> None:
        """Open the series that suits an organ best."""
        from twinviewer.session import steps

        self.w.presenter.open_series(steps.choose_series(self.w.presenter.case).uid)

    # What is in view -------------------------------------------------------------------------------------------

    @property
    def case(self) -> Case:
        """The Case as it is shown: what is still being computed with what is known of it (live.py)."""
        return self.live.over(self.w.presenter.case)

    def shown(self) -> Scenario | None:
        """The scenario whose beat is the clock's: the reference in paired views, else the one in view."""
        case, choices = self.case, self.w.choices
        found = case.find(choices.reference if choices.comparing else choices.scenario)
        return found if found is not None and found.run is not None else case.baseline

    def _heart_moves(self) -> bool:
        """Whether there is a beat to show in 3D, simulated or measured."""
        case = self.w.presenter.case
        simulated = case.baseline is not None and case.baseline.run is not None
        return simulated or (case.mesh is not None and case.mesh.motion_mm is not None)

    def other(self) -> str:
        """The scenario that the baseline is compared with: the chosen one, or the one in view."""
        choices = self.w.choices
        return choices.other if choices.comparing or choices.scenario == BASELINE else choices.scenario

    def _set_period(self) -> None:
        w, case, shown = self.w, self.case, self.shown()
        period, moves = period_of(case, shown)
        own, period = period, self.compared.period_s(period)
        if (period, moves) != (w.playback.period_s, w.playback.enabled):
            w.playback.set_period(period, moves)
        if not self.hand.on:  # counting the blood of every phase after every stroke would hold the hand up
            self.ed, self.es = marks(case, shown, self.measured.volumes)
            if own != period:  # beats since QRS run on the longest one's clock
                self.ed, self.es = (None if mark is None else mark * own / period for mark in (self.ed, self.es))
        w.transport.set_marks(self.ed, self.es)
        w.transport.offer_loops(self.compared.loops(self.ed, self.es))

    def show_choices(self) -> None:
        """Show all that depends on what is chosen and known, at once."""
        for piece in self._pieces().values():
            piece()

    def show_told(self) -> None:
        """Show what a run tells on its way: each part in a turn of its own, so that none holds the window up."""
        self.turns.ask(**self._pieces())

    def _pieces(self) -> dict[str, Callable[[], None]]:
        return {
            "compare": self._compare,
            "controls": self._show_controls,
            "numbers": self._show_numbers,
            "plots": self.show_plots,
            "scene": self._show_scene,
        }

    def _show_controls(self) -> None:
        if self._closed:
            return
        w, case = self.w, self.case
        if w.choices.comparing and not self.compared.can_compare():
            w.set_layout(FOUR)  # which comes back here
        w.display.set_colours(w.choices.label_colours if case.labels is not None else {})
        self._set_period()
        w.views.view3d.offer_fields(self._fields(), w.choices.colour_by)
        for button, on in ((w.views.view3d.cut, w.choices.section), (w.views.view3d.safe, w.choices.safe_colours)):
            button.setChecked(on)
        w.actions_.all["section"].setChecked(w.choices.section)
        w.actions_.all["safe"].setChecked(w.choices.safe_colours)
        w.views.cine.show_outlines(w.choices.outlines)

    def _show_numbers(self) -> None:
        if self._closed:
            return
        self.w.inspector.simulate.show_case(self.case, self.live.comparison(self.other()), self.other())
        self.compared.show()

    def _show_scene(self) -> None:
        if self._closed:
            return
        if self.hand.on:
            self.draw_scene()
            self.keep_phase()
            return
        if not self._heart_moves():  # else the tick draws it
            self.draw_scene()
        self._tick(self.w.playback.time_s)

    def keep_phase(self) -> None:
        """Put the clock where it shows the phase of the images that is in view, whatever the beat is now."""
        w, display = self.w, self.w.display
        if display.volume is None or display.volume.phases < 2 or not w.playback.enabled:
            return
        wanted, shares = float(display.volume.phase_percent[display.phase]), np.linspace(0.0, 1.0, 200, endpoint=False)
        seen = np.array([100.0 * image_fraction(self.shown(), float(share)) for share in shares])
        away = np.abs((seen - wanted + 50.0) % 100.0 - 50.0)
        w.playback.seek(float(shares[np.argmin(away)]) * w.playback.period_s)

    def _fields(self) -> tuple[tuple[str, str], ...]:
        case = self.case
        if case.mesh is None:
            return (("", "Anatomy"),)
        from twinviewer.scene import compose

        runs = [scenario.run for scenario in case.scenarios]
        known = {name for run in (runs or [None]) for name in compose.colourable(run, case.mesh)}
        names = [name for name in ("", *compose.FIELDS) if name in known]
        return tuple((n, compose.FIELDS[n].label if n else "Anatomy") for n in names)

    def show_plots(self) -> None:
        """Traces of the scenarios side by side, else of the baseline and of the one in view."""
        if self.w.plots is None or self._closed:
            return
        case, curves = self.case, self.compared.curves()
        found, shown = self.measured.volumes, self.shown()
        if case.typed and curves:
            found = ()  # beside a simulation they would be read as measured
        if not self.hand.on:  # nothing moves under a hand that has just painted
            self.w.give_plots_room(bool(curves or found))
        self.w.plots.set_curves(curves, found, self.w.playback.period_s, r_wave(shown), self.compared.clock())

    def draw_scene(self) -> None:
        """The 3D picture of this moment."""
        w = self.w
        if self._closed:
            return
        case = self.case
        if (case.mesh is None and not self.hand.on and not w.volume.on) or not w.views.view3d.can_draw:
            w.views.view3d.show_state(None)
            return
        comparison = self.compared.pair() if w.choices.comparing else None
        state = self.composer.compose(
            case,
            w.choices,
            w.playback.time_s,
            w.look.tokens,
            comparison,
            w.playback.period_s,
            self.live.now,
        )
        if state is not None:
            state = self.leads.picture(self.live.picture(state))
            state = self.landmarks.picture(self.electrodes.picture(self.brush.picture(state)))
        state = self.hand.scene(state, w.look.tokens)
        state = w.volume.picture(state)
        if state is not None:
            state = w.cardiac.picture(state)
        w.views.view3d.show_state(state)
        cut = (state is not None and state.section is not None, w.cardiac.cut_along)
        if state is not None and case.mesh is not None and cut != self._cut:
            self._cut = cut
            view = (w.cardiac.cut_look() or self.composer.section_view(case.mesh)) if cut[0] else None
            if view is not None:
                w.views.view3d.look_along(*view)

    def _tick(self, time_s: float) -> None:
        w, shown = self.w, self.shown()
        period_s = shown.run.period_s if shown is not None and shown.run is not None else w.playback.period_s
        fraction = ((time_s % w.playback.period_s) % period_s) / period_s
        if w.playback.enabled:
            w.display.follow(100.0 * image_fraction(shown, fraction))
            w.views.cine.show_time(image_fraction(shown, fraction))
        if w.plots is not None:
            w.plots.show_time(time_s, w.playback.period_s)
        self.compared.show_time(time_s, w.playback.period_s)
        if self._heart_moves():
            self.draw_scene()

    # Steps and scenarios ---------------------------------------------------------------------------------------

    def go(self, step: Step) -> None:
        """Show a step's page, and the layout that goes with it."""
        w = self.w
        self.step = step
        w.steps.go(step)
        w.inspector.go(step)
        for mode in self.modes:
            mode.stop()
        if step is Step.COMPARE and self.compared.can_compare():
            w.set_layout(COMPARE)
        elif w.views.layout_name == COMPARE:
            w.set_layout(FOUR)
        if not w.inspector_dock.isVisible():
            w.inspector_dock.show()

    def do_next(self) -> None:
        """Do what comes next, whatever that is."""
        p, case = self.w.presenter, self.w.presenter.case
        if case.image is None and case.mesh is None:
            (self.open_best if case.series else p.open_demo)()
        elif case.mesh is None and case.labels is None and case.contours is None:
            self.go(Step.SEGMENT)
            (self.outlines.ask if is_by_choice(case) else p.segment)()
        elif case.mesh is None:
            self.go(Step.MODEL)
            p.build()
        elif not can_simulate(case):
            self.go(Step.MODEL)
        elif case.baseline is None or case.baseline.run is None:
            self.go(Step.SIMULATE)
            p.carry_on()
        elif self.compared.can_compare():
            self.go(Step.COMPARE)
        else:
            self.go(Step.SIMULATE)

    def _finished(self, key: str) -> None:
        """Follow the work: show the page of what has just been made, unless the user is elsewhere on purpose."""
        case = self.w.presenter.case
        if key == "scan" and case.series and case.image is None:  # another study is open now
            self.w.messages.clear()
            self.go(Step.IMPORT)
        model = Step.SIMULATE if can_simulate(case) else Step.MODEL  # where its measures stand
        onward = {"image": Step.SEGMENT, "labels": Step.MODEL, "model": model, "setup": Step.SIMULATE}
        order = list(Step)
        if key in onward and order.index(self.step) <= order.index(onward[key]):
            self.go(onward[key])
        if key.startswith("run ") and key != f"run {BASELINE}":
            self.w.choices.set(other=key[4:], scenario=key[4:])
        p = self.w.presenter
        if key.startswith("run ") and is_study(p.case.find(key[4:])):  # it has beats of its own, and no pair
            self.w.choices.set(colour_by=MEMBRANE)
            return
        ready = all(scenario.run is not None for scenario in p.case.scenarios)
        compared = ready and self.compared.can_compare()
        following = self.w.inspector.simulate.follow.switch.isChecked() or self.electrodes.on  # stay under the hand
        if key == f"run {self.leads.moved}":
            following, self.leads.moved = True, ""
        if key.startswith("run ") and compared and self.step is Step.SIMULATE and not following:
            if not self.w.choices.colour_by:
                self.w.choices.set(colour_by="activation_ms")
            self.go(Step.COMPARE)  # a therapy is judged beside today's heart

    # Time and files --------------------------------------------------------------------------------------------

    def go_to(self, mark: str) -> None:
        """ "ed" or "es"."""
        fraction = self.ed if mark == "ed" else self.es
        if fraction is not None:
            self.w.playback.pause()
            self.w.playback.seek(fraction * self.w.playback.period_s)

    def step_phase(self, by: int) -> None:
        """One phase of the images on or back; a fiftieth of the beat where there are no phases."""
        image = self.w.presenter.case.image
        count = image.phases if isinstance(image, Volume | CineStack) and image.phases > 1 else 50
        self.w.playback.step(by * self.w.playback.period_s / count)

    def export(self, kind: str) -> None:
        """Ask where, then write in a worker."""
        if kind == "case":
            self.w.actions_.all["save_case_as"].trigger()
            return
        ask_export(self.w, kind, SUFFIXES[kind])

    def write(self, kind: str, path: Path) -> None:
        """Write one export to a path, in a worker."""
        from twinviewer.ui import exports

        name = SUFFIXES[kind][0]
        self.w.presenter.export(name, getattr(exports, f"write_{kind}"), self.w.presenter.case, str(path), path=path)

    def close(self) -> None:
        """Stop following."""
        self._closed = self.pictures.closed = True
        self.turns.forget()
        self.brush.close()
        self.hand.close()
