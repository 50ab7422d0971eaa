"""The one holder of the current Case. Runs steps in workers, takes in their answers, and tells the widgets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from twinviewer.domain import (
    Comparison,
    LoadError,
    ParameterValue,
    Series,
    Setup,
    StoreError,
    TwinviewerError,
)
from twinviewer.session import demo, scenarios, steps, store, therapy_list
from twinviewer.session.case import BASELINE, Case, step_states
from twinviewer.session.case import StepState as CaseStepState
from twinviewer.session.claim import Claim
from twinviewer.session.comparison import compare
from twinviewer.session.history import History
from twinviewer.session.jobs import DEADLINE_S, Job, JobRunner
from twinviewer.session.labels_in_hand import settled
from twinviewer.session.pictures import compute_pictures, opens_as_pictures
from twinviewer.session.simulate import compute_run
from twinviewer.session.studies.uncertainty.bands import Spread, change_intervals, spread_of
from twinviewer.session.therapy_use import TherapyUse

POLL_MS = 40
PROGRESS_MS = 200
MOST_REASONS = 3
LONGEST_RUN_S = 7200.0
"""Excitation of the tissue takes minutes for a beat; its progress is in view, and the user can end it."""
"""Progress is shown this often: each time the whole window is composed anew, dear where OpenGL runs in software."""


READ_IMAGES = "Read images"


class Presenter(QObject):
    """Widgets call its verbs and listen to its signals; nothing else changes the Case.

    Heavy work runs in worker processes. An answer is taken only if what it was made from is still in the Case.
    """

    case_changed = Signal()
    jobs_changed = Signal()
    progressed = Signal()
    failed = Signal(object, str)
    noticed = Signal(str, str)
    finished = Signal(str)
    previewed = Signal(object)
    pictures_read = Signal(object, object)
    """A volume whose slices are still coming."""
    frame_reached = Signal(str, object)
    about_to_use = Signal()
    """The Case is about to be read by a worker, saved or stepped back: what a hand only tries is not to be in it."""

    def __init__(self, runner: JobRunner | None = None) -> None:
        super().__init__()
        self.history = History()
        self.path: Path | None = None
        self._claim: Claim | None = None
        self._saved_revision = 0
        self._own_runner = runner is None
        self._runner = runner
        self._jobs: dict[str, Job] = {}
        self._step_of: dict[str, str] = {}
        self._plan: list[Callable[[], None]] = []
        self._comparisons: dict[tuple[str, ...], Comparison] = {}
        self._spread: Spread | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)
        self._progress_timer = QTimer(self)
        self._progress_timer.setInterval(PROGRESS_MS)
        self._progress_timer.setSingleShot(True)
        self._progress_timer.timeout.connect(self.progressed)

    # What is ---------------------------------------------------------------------------------------------------

    @property
    def case(self) -> Case:
        """The present Case."""
        return self.history.current

    @property
    def runner(self) -> JobRunner:
        """Worker processes, started when they are first wanted."""
        if self._runner is None:
            self._runner = JobRunner()
        return self._runner

    def warm_up(self) -> None:
        """Start a worker now, so that the first job does not wait for it."""
        _ = self.runner

    @property
    def busy(self) -> tuple[Job, ...]:
        """Jobs that are waiting or running."""
        return tuple(job for job in self._jobs.values() if not job.ended)

    def runs(self, scenario: str) -> bool:
        """Whether a scenario is being simulated."""
        job = self._jobs.get(f"run {scenario}")
        return job is not None and not job.ended

    @property
    def planned(self) -> bool:
        """Whether more steps follow by themselves."""
        return bool(self._plan)

    @property
    def unsaved(self) -> bool:
        """Whether the Case has changed since it was saved or opened."""
        return self.case.revision != self._saved_revision and not (self.case.image is None and self.case.mesh is None)

    def states(self) -> dict[str, tuple[CaseStepState, float]]:
        """Each step's state, and the progress of what works on it."""
        working = {self._step_of[key]: job.text or "Starting" for key, job in self._jobs.items() if not job.ended}
        fractions = {self._step_of[key]: job.fraction for key, job in self._jobs.items() if not job.ended}
        return {name: (state, fractions.get(name, 0.0)) for name, state in step_states(self.case, working).items()}

    def comparison(self, name: str, reference: str = BASELINE) -> Comparison | None:
        """A scenario against another, by default the baseline; None until both have run."""
        baseline, other = self.case.find(reference), self.case.find(name)
        if baseline is None or other is None or baseline.run is None or other.run is None or other is baseline:
            return None
        key = (baseline.name, other.name, baseline.run.uid, other.run.uid)
        spread = spread_of(self.case)
        if spread is not self._spread:
            self._comparisons, self._spread = {}, spread
        if key not in self._comparisons:
            intervals = change_intervals(spread, baseline, other)
            self._comparisons = {key: compare(baseline, other, intervals), **dict(list(self._comparisons.items())[:7])}
        return self._comparisons[key]

    # Verbs of the pipeline -------------------------------------------------------------------------------------

    def open_folder(self, folder: Path, then_open: bool = True) -> None:
        """Scan a folder; with ``then_open`` the series that suits best is opened when there is no doubt."""

        def accept(found: tuple[Series, ...]) -> None:
            if not any(s.kind not in ("not_image", "unreadable") for s in found):
                reasons = [warning.text for one in found for warning in one.warnings]
                more = f", and {len(reasons) - MOST_REASONS} more" if len(reasons) > MOST_REASONS else ""
                remedy = "; ".join(reasons[:MOST_REASONS]) + more or "Choose the folder that holds the scan"
                self.failed.emit(LoadError("No images were found", where=folder.name, remedy=remedy), "Open folder")
                return
            self._hold(None)
            self._push(steps.accept_scan(self.case, str(folder), found))
            self._saved_revision = self.case.revision
            images = [s for s in found if s.kind not in ("not_image", "unreadable")]
            if then_open and len(images) == 1:
                self.open_series(images[0].uid)

        self.submit("scan", "Import", steps.compute_scan, str(folder), done=accept, name="Scan folder")

    @property
    def reading(self) -> bool:
        """Whether images are being read."""
        return any(job.name == READ_IMAGES for job in self.busy)

    def open_series(self, uid: str) -> None:
        """Decode one of the case's series and make it the active one."""
        series = next((s for s in self.case.series if s.uid == uid), None)
        if series is None:
            return

        if opens_as_pictures(series):  # beside what is open, which stays
            self.submit("pictures", "Import", compute_pictures, series, name="Read pictures",
                        done=lambda found: self.pictures_read.emit(series, found))  # fmt: skip
            return

        def known() -> bool:
            return any(s.uid == uid for s in self.case.series)

        def see(image: Any) -> None:
            if steps.is_coming(image):
                self.previewed.emit(image)
            elif known():  # it is there; which organ it may be takes longer
                self._push(steps.accept_image(self.case, series, (image, "", steps.LOOKING)))

        def accept(image: Any) -> None:
            here = self.case.image
            if here is not None and here.uid == image[0].uid and self.case.active_series_uid == uid:
                self.accept(steps.accept_organ(self.case, image), step=False)
            elif known():
                self._push(steps.accept_image(self.case, series, image))
            if known() and self.case.image is not None and self.case.image.left_out:
                told = "The series was opened without some of its images"
                self.noticed.emit(told, "; ".join(self.case.image.left_out))

        self.submit("image", "Import", steps.compute_image, series, done=accept, live=see, name=READ_IMAGES)

    def segment(self) -> None:
        """Label the organ in every phase."""
        made_from = self.case.image
        self._attempt("Segment", lambda: self.submit(
            "labels", "Segment", steps.compute_segmentation, *steps.segment_input(self.case), name="Segment",
            done=lambda found: self._take(
                self.case.image is made_from, lambda: steps.accept_segmentation(self.case, found)
            ),
        ))  # fmt: skip

    def build(self) -> None:
        """Mesh the organ and measure it."""
        made_from = (self.case.labels, self.case.contours)
        self._attempt("Build model", lambda: self.submit(
            "model", "Model", steps.compute_model, *steps.build_input(self.case), name="Build model",
            done=lambda model: self._take(
                (self.case.labels, self.case.contours) == made_from, lambda: steps.accept_model(self.case, model)
            ),
        ))  # fmt: skip

    def prepare(
        self, values: Mapping[str, ParameterValue] | None = None, then: Callable[[], None] | None = None
    ) -> None:
        """Fit the baseline to this patient, with the settings that the user has made; ``then`` follows on success."""
        mesh = self.case.mesh
        if then is not None:
            self._plan.insert(0, then)

        def submit() -> None:
            inputs = scenarios.setup_input(self.case, {**self.case.setup_values, **(values or {})})

            def accept(setup: Setup) -> None:
                if mesh is not None and self.case.mesh is mesh:  # the worker's copy of the mesh is let go
                    self._push(scenarios.accept_setup(self.case, replace(setup, mesh=mesh), inputs[-1]))

            self.submit("setup", "Simulate", scenarios.compute_setup, *inputs, done=accept, name="Fit the baseline")

        self._attempt("Fit the baseline", submit)

    def add_scenario(self, therapies: Sequence[str], values: Mapping[str, ParameterValue]) -> str:
        """A new scenario; its name, or "" when it was refused."""
        before = {s.name for s in self.case.scenarios}
        self._attempt(
            "Add scenario", lambda: self._push(scenarios.add_scenario(self.case, therapies, {"*": dict(values)}))
        )
        return next((s.name for s in self.case.scenarios if s.name not in before), "")

    def change_scenario(self, name: str, values: Mapping[str, ParameterValue], action: str = "") -> None:
        """Other values for a scenario's therapies."""

        def change() -> None:
            self._push(scenarios.change_scenario(self.case, name, values), action)

        self._attempt("Change scenario", change)

    def add_uses(self, uses: Sequence[TherapyUse]) -> str:
        """A new scenario of a list of therapies; its name, or "" when it was refused."""
        before = {s.name for s in self.case.scenarios}
        self._attempt("Add scenario", lambda: self._push(therapy_list.add_uses(self.case, uses)))
        return next((s.name for s in self.case.scenarios if s.name not in before), "")

    def set_therapies(self, name: str, uses: Sequence[TherapyUse], action: str = "") -> bool:
        """A scenario's list of therapies as it is now; whether it was taken. action: its name in the undo menu."""
        taken: list[Case] = []

        def change() -> None:
            taken.append(therapy_list.set_therapies(self.case, name, uses, action))
            if taken[0] is not self.case:
                self._push(taken[0])

        self._attempt("Change therapies", change)
        return bool(taken)

    def rename_scenario(self, name: str, label: str) -> None:
        """Another label for people."""
        self._attempt("Rename scenario", lambda: self._push(scenarios.rename_scenario(self.case, name, label)))

    def remove_scenario(self, name: str) -> None:
        """Take a scenario away."""
        self._attempt("Remove scenario", lambda: self._push(scenarios.remove_scenario(self.case, name)))

    def duplicate_scenario(self, name: str) -> None:
        """Copy a scenario under a new name."""
        self._attempt("Duplicate scenario", lambda: self._push(scenarios.duplicate_scenario(self.case, name)))

    def simulate(self, name: str, joined: bool = False) -> None:
        """Run the engine on one scenario. joined: its run is part of the step that was just made (a lead that was
        moved), and one undo takes back both."""
        scenario = self.case.find(name)
        if scenario is None:
            return
        setup, revision = scenario.setup, self.case.revision

        def accept(run: Any) -> None:
            now = self.case.find(name)
            if now is None or now.setup is not setup:
                return
            unseen = self.case.revision == revision and self._saved_revision != revision
            self.accept(steps.accept_run(self.case, name, run), step=not (joined and unseen))

        def begin() -> None:
            engine = scenarios.engine_of(self.case, scenario)
            self.submit(
                f"run {name}", "Simulate", compute_run, engine, setup, done=accept, name=f"Simulate {scenario.label}",
                live=lambda reached: self.frame_reached.emit(name, reached), deadline_s=LONGEST_RUN_S,
            )  # fmt: skip

        self._attempt(f"Simulate {scenario.label}", begin)

    def simulate_all(self) -> None:
        """Run the engine on every scenario that has no result."""
        for scenario in self.case.scenarios:
            if scenario.run is None:
                self.simulate(scenario.name)

    def carry_on(self, therapies: Sequence[str] = ()) -> None:
        """From where the case is to simulated scenarios, each step when the last is done."""
        self._plan = []
        if self.case.image is None and self.case.mesh is None:
            self._plan.append(lambda: self.open_series(steps.choose_series(self.case).uid))
        if self.case.mesh is None and self.case.labels is None and self.case.contours is None:
            self._plan.append(self.segment)
        if self.case.mesh is None:
            self._plan.append(self.build)
        if self.case.baseline is None:
            self._plan.append(self.prepare)
        if therapies and not self.case.treated:
            self._plan.append(lambda: (self.add_scenario(therapies, {}), None)[1])
        self._plan.append(self.simulate_all)
        self._advance()

    def open_demo(self) -> None:
        """Write the demo patient if it is not there, open it, and carry it to a comparison."""

        def opened(folder: str) -> None:
            records = demo.demo_records(Path(folder))
            if records is not None:
                self._plan.append(lambda: self.load_records(records))
            self._plan.append(lambda: self.carry_on(demo.THERAPIES[0]))
            self.open_folder(demo.demo_images(Path(folder)), then_open=False)

        self._plan = []
        self.submit("demo", "Import", demo.write_demo, done=opened, name="Prepare the demo patient")

    def load_records(self, path: Path) -> None:
        """Read a FHIR bundle or a table of vitals that belongs to this patient."""
        self.submit(
            "records", "Import", steps.compute_records, str(path), name="Read records",
            done=lambda found: self._push(steps.accept_records(self.case, found)),
        )  # fmt: skip

    # Case files ------------------------------------------------------------------------------------------------

    def open_case(self, path: Path) -> None:
        """Open a case file."""

        def accept(case: Case) -> None:
            self._hold(path)
            self._push(case, f"Open {path.name}")
            self._saved_revision = self.case.revision
            if self._claim is not None and not self._claim.writable:
                self.noticed.emit(
                    f"{path.name} is open in another window", "Here it is read-only: save under another name."
                )

        self.submit("load", "Import", store.load, path, done=accept, name="Open case")

    def save_case(self, path: Path) -> None:
        """Write the case as one file. A file that another window has open is not touched."""
        self.about_to_use.emit()
        saved = self.case
        own = self.path == path
        if own and self._claim is not None:
            if not self._claim.writable:
                self._fail(
                    StoreError("Another window has this case open", where=path.name, remedy="Save under another name"),
                    "Save case",
                )
                return
            self._claim.release()  # the worker claims the file while it writes

        def accept(_: object) -> None:
            self._saved_revision = saved.revision
            self._hold(path)
            self.noticed.emit(f"Saved {path.name}", "")

        def refused() -> None:
            if own:
                self._hold(path)

        still = settled(saved)  # strokes that follow while the job waits are not to reach the file
        self.submit("save", "Report", store.save, still, path, done=accept, name="Save case", ended=refused)

    def _hold(self, path: Path | None) -> None:
        """Claim the case file for this window, and let the former one go."""
        if self._claim is not None:
            self._claim.release()
        self.path = path
        self._claim = Claim(path) if path is not None else None

    def export(self, name: str, function: Callable[..., Any], *arguments: Any, path: Path) -> None:
        """Write a picture, film, page or table in a worker."""
        self.submit(
            f"export {path}", "Report", function, *arguments, name=name,
            done=lambda _: self.noticed.emit(f"{name}: {path.name}", str(path.parent)),
        )  # fmt: skip

    def look_up(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        done: Callable[[Any], None],
        failed: Callable[[TwinviewerError], None] = lambda _: None,
    ) -> None:
        """Ask a worker for something that is nice to have (a thumbnail): unseen, and silent when it fails."""
        self.runner.submit(function, *arguments, done=done, failed=failed, name="Look up", deadline_s=30.0)
        self._timer.start()

    # History ---------------------------------------------------------------------------------------------------

    def undo(self) -> None:
        """One step back."""
        self.about_to_use.emit()
        if self.history.can_undo:
            self.history.undo()
            self.case_changed.emit()

    def redo(self) -> None:
        """One step forward again."""
        self.about_to_use.emit()
        if self.history.can_redo:
            self.history.redo()
            self.case_changed.emit()

    # Jobs ------------------------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Stop all that runs or waits, and forget what was to follow."""
        self._plan = []
        for job in self.busy:
            job.cancel()
        self._poll()

    def close(self) -> None:
        """End all workers and the timer."""
        self._timer.stop()
        self._plan = []
        self._jobs.clear()
        if self._claim is not None:
            self._claim.release()
        if self._runner is not None and self._own_runner:
            self._runner.close()
            self._runner = None

    def submit(
        self,
        key: str,
        step: str,
        function: Callable[..., Any],
        *arguments: Any,
        done: Callable[[Any], None],
        name: str,
        ended: Callable[[], None] = lambda: None,
        live: Callable[[Any], None] | None = None,
        deadline_s: float = DEADLINE_S,
        refused: Callable[[TwinviewerError], None] | None = None,
    ) -> None:
        """Run a step in a worker; a newer one of the same key takes its place. ended: it failed or was cancelled. live:
        is given what the step shows while it runs. refused: is told why it failed, in place of the whole window."""
        self.about_to_use.emit()
        old = self._jobs.get(key)
        if old is not None and not old.ended:
            old.cancel(gently=True)  # its worker knows this heart by now

        def finish(result: Any) -> None:
            self._jobs.pop(key, None)
            try:
                done(result)
            except TwinviewerError as error:
                self._fail(error, name)
                return
            QTimer.singleShot(0, follow)  # what has come is drawn first

        def follow() -> None:
            self.jobs_changed.emit()
            self.finished.emit(key)
            self._advance()

        def fail(error: TwinviewerError) -> None:
            self._jobs.pop(key, None)
            ended()
            if refused is None:
                self._fail(error, name)
            else:
                self.jobs_changed.emit()
                refused(error)

        def dropped() -> None:
            if self._jobs.get(key) is job:
                self._jobs.pop(key)
            ended()
            self.jobs_changed.emit()

        self._step_of[key] = step
        job = self.runner.submit(
            function,
            *arguments,
            done=finish,
            failed=fail,
            cancelled=dropped,
            live=live,
            deadline_s=deadline_s,
            progress=lambda *_: None if self._progress_timer.isActive() else self._progress_timer.start(),
            name=name,
            revision=self.case.revision,
        )
        self._jobs[key] = job
        self._timer.start()
        self.jobs_changed.emit()

    def _poll(self) -> None:
        if self._runner is not None:
            self._runner.poll()
            if not self._runner.busy and not self._jobs:
                self._timer.stop()

    def _take(self, fresh: bool, accept: Callable[[], Case]) -> None:
        if fresh:
            self._push(accept())

    def accept(self, case: Case, *, step: bool = True) -> None:
        """Make this the present Case: as a step that can be undone, or in place of the present one."""
        if step:
            self._push(case)
        else:
            self.history.amend(case)
            self.case_changed.emit()

    def _push(self, case: Case, action: str = "") -> None:
        self.history.push(case, action)
        self.case_changed.emit()

    def _attempt(self, doing: str, act: Callable[[], Any]) -> None:
        try:
            act()
        except TwinviewerError as error:
            self._fail(error, doing)

    def _fail(self, error: BaseException, doing: str) -> None:
        self._plan = []
        self.jobs_changed.emit()
        self.failed.emit(error, doing)

    def _advance(self) -> None:
        """Start what the plan says next, once nothing runs that it waits for."""
        if self._plan and not self.busy:
            step = self._plan.pop(0)
            self._attempt("Next step", step)
            if not self.busy:
                QTimer.singleShot(0, self._advance)
