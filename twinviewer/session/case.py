"""The Case: everything that is known about one patient at one moment, frozen. Undo is a list of these."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import (
    CineContours,
    CineStack,
    EntryKind,
    Fusion,
    KeyImage,
    LabelEdit,
    LabelMap,
    OrganMesh,
    ParameterValue,
    Patient,
    Quantity,
    Records,
    Ruler,
    Run,
    Series,
    Setup,
    Volume,
)
from twinviewer.session.studies.study import Study
from twinviewer.session.therapy_use import TherapyUse

__all__ = [
    "BASELINE",
    "NO_IMAGE",
    "NO_SIMULATION",
    "SCENARIO_COLOURS",
    "STEPS",
    "Case",
    "Change",
    "EarlierTwin",
    "Scenario",
    "StepState",
    "TherapyUse",
    "can_simulate",
    "step_states",
]

BASELINE = "baseline"
"""Name of the scenario in which nothing is treated."""

SCENARIO_COLOURS = ("#8FA3BF", "#3FB6C6", "#D98FD0", "#E5B454", "#5BC58C", "#E5645B", "#9A8CFF", "#C9A27A")
"""Baseline first, then the scenarios in the order in which they were added. The same in tables, traces and legends."""

STEPS = ("Import", "Segment", "Model", "Simulate", "Compare", "Report")

# What each field rests on: when one of these changes, everything to its right is dropped.
_ORDER = ("series", "active_series_uid", "image", "contours", "labels", "mesh", "scenarios")


NO_SIMULATION = "No simulation exists for this organ yet"
NO_IMAGE = "The model is scaled from typed numbers, not from images: no image was used"


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """One way in which this patient may be treated. The one named "baseline" has no therapy.

    setup: what the engine is given, therapies applied. run: the engine's answer to exactly this setup, None until then.
    colour: "#RRGGBB".
    """

    name: str
    label: str
    therapies: tuple[TherapyUse, ...]
    setup: Setup
    run: Run | None = None
    colour: str = SCENARIO_COLOURS[0]


@dataclass(frozen=True, slots=True)
class Change:
    """What new records did to one value, finding or medicine.

    before, after: the numbers of a value, None where there was or is none. was, is_now: whether it was said before and
    is so now. The dates are ISO 8601, "" where undated.
    """

    name: str
    kind: EntryKind
    before: Quantity | None
    after: Quantity | None
    was: bool
    is_now: bool
    before_when: str
    after_when: str


@dataclass(frozen=True, slots=True, eq=False)
class EarlierTwin:
    """The twin as it was before newer records: what it rested on, and what was simulated of it.

    until: ISO day of its newest record, "" where none is dated. changes: what the records that came after it changed.
    """

    label: str
    until: str
    records: Records
    setup_values: Mapping[str, ParameterValue]
    engine: str
    scenarios: tuple[Scenario, ...]
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class StepState:
    """How far one step of the pipeline is. why: one sentence for the tooltip, never empty."""

    state: Literal["not_yet", "working", "ready", "needs_a_look"]
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A patient's images and everything made from them. Every change gives a new Case that shares the old arrays.

    title: what the window shows, never identifying. folder: where the images were found (shown inside the case only).
    organ, engine: names in the catalog. setup_values: the user's settings of ``Organ.setup_parameters``.
    revision: rises with every change and is never used twice within one history; jobs carry it so that an answer to
    an older question is not taken for one to the present. action: what led here, for the undo menu.
    messages: step -> what a reader must know about it ("blood and muscle cannot be told apart here"). typed: the
    numbers that the model was scaled to where no image was used, by name of ``FromNumbers.numbers``; else empty.
    tissue: scar and its like from a mask, on the mask's own grid, laid on every model of these images.
    earlier: twins that newer records have replaced, oldest first. label_edits: what hands did to the labels since they
    were made, oldest first, so that it can be undone one by one in another session too. rulers: measured by hand on
    these images or on a model of them, in order. edge_mm: the longest edge that the user wants in a mesh of labels, 0
    for the organ's own. landmarks: name -> (3,) LPS mm of those that a hand has put right.
    studies: many simulations of the baseline at once; they go when it changes. key_images: views of these images that a
    reader has marked. fusion: which series lies over them.
    """

    title: str = "New case"
    patient: Patient = field(default_factory=lambda: Patient(""))
    folder: str = ""
    series: tuple[Series, ...] = ()
    active_series_uid: str = ""
    image: Volume | CineStack | None = None
    contours: CineContours | None = None
    labels: LabelMap | None = None
    mesh: OrganMesh | None = None
    measurements: Mapping[str, Quantity] = field(default_factory=dict)
    records: Records = field(default_factory=Records)
    organ: str = ""
    engine: str = ""
    setup_values: Mapping[str, ParameterValue] = field(default_factory=dict)
    scenarios: tuple[Scenario, ...] = ()
    revision: int = 0
    action: str = ""
    messages: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, ParameterValue] = field(default_factory=dict)
    earlier: tuple[EarlierTwin, ...] = ()
    tissue: LabelMap | None = None
    edge_mm: float = 0.0
    rulers: tuple[Ruler, ...] = ()
    landmarks: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    label_edits: tuple[LabelEdit, ...] = ()
    studies: tuple[Study, ...] = ()
    key_images: tuple[KeyImage, ...] = ()
    fusion: Fusion | None = None

    @property
    def active_series(self) -> Series | None:
        """The series that is open, or None."""
        return next((series for series in self.series if series.uid == self.active_series_uid), None)

    @property
    def baseline(self) -> Scenario | None:
        """The untreated scenario, or None before the model is prepared."""
        return self.find(BASELINE)

    @property
    def treated(self) -> tuple[Scenario, ...]:
        """All scenarios but the baseline, in the order in which they were added."""
        return tuple(scenario for scenario in self.scenarios if scenario.name != BASELINE)

    def find(self, name: str) -> Scenario | None:
        """The scenario of that name, or None."""
        return next((scenario for scenario in self.scenarios if scenario.name == name), None)

    def scenario(self, name: str) -> Scenario:
        """The scenario of that name; KeyError with the known names if there is none."""
        found = self.find(name)
        if found is None:
            raise KeyError(f"{name} is not among {', '.join(s.name for s in self.scenarios) or 'no scenarios'}")
        return found

    def changed(self, action: str, **fields: Any) -> "Case":
        """A new Case with some fields replaced, and without anything that rested on what they replace.

        Nothing stale is kept, and nothing is dropped silently: ``messages`` says so at the step that lost its result.
        """
        messages = {**self.messages, **fields.pop("messages", {})}
        replaced = [name for name in _ORDER if name in fields and fields[name] is not getattr(self, name)]
        if replaced:
            first = _ORDER.index(replaced[0])
            for name in _ORDER[first + 1 :]:
                if name in fields:
                    continue
                lost = getattr(self, name)
                if name in _STEP_OF and lost:
                    messages[_STEP_OF[name]] = f"Made again after: {action}"
                fields[name] = type(self).__dataclass_fields__[name].default
            if first <= _ORDER.index("mesh") and "measurements" not in fields:
                fields["measurements"] = {}
            if first <= _ORDER.index("mesh") and "typed" not in fields:
                fields["typed"] = {}
            if first <= _ORDER.index("image"):
                fields.setdefault("tissue", None)
                fields.setdefault("rulers", ())
                fields.setdefault("key_images", ())
                fields.setdefault("fusion", None)
                fields.setdefault("landmarks", {})
            if first <= _ORDER.index("labels"):
                fields.setdefault("label_edits", ())
        for name in _STEP_OF:  # a fresh result answers what was said about the step
            if name in fields and fields[name]:
                messages.pop(_STEP_OF[name], None)
        made = replace(self, **fields, messages=messages, action=action, revision=self.revision + 1)
        if "studies" not in fields and made.studies and _heart(made) is not _heart(self):
            messages["Simulate"] = f"Studies were dropped, as the baseline is another: {action}"
            made = replace(made, studies=(), messages=messages)
        return made

    def with_message(self, step: str, text: str) -> "Case":
        """The same Case with a word about one step; an empty text takes it away. No new revision: nothing changed."""
        messages = {name: said for name, said in self.messages.items() if name != step}
        return replace(self, messages={**messages, step: text} if text else messages)

    def with_scenario(self, scenario: Scenario, action: str) -> "Case":
        """A new Case in which the scenario of that name is replaced, or added at the end."""
        if self.find(scenario.name) is None:
            return self.changed(action, scenarios=(*self.scenarios, scenario))
        return self.changed(action, scenarios=tuple(scenario if s.name == scenario.name else s for s in self.scenarios))


def _heart(case: Case) -> Setup | None:
    return case.baseline.setup if case.baseline is not None else None


_STEP_OF = {"contours": "Segment", "labels": "Segment", "mesh": "Model", "scenarios": "Simulate"}


def step_states(case: Case, working: Mapping[str, str] | None = None) -> dict[str, StepState]:
    """The state of each step of the bar, in order. working: step -> what is being done there just now."""
    segmented = case.labels is not None or case.contours is not None
    found = {
        "Import": _import_state(case),
        "Segment": StepState("ready", NO_IMAGE)
        if case.typed
        else _made(segmented, case.image is not None, "labels", "Open a series first"),
        "Model": _made(case.mesh is not None, segmented, "model", "Segment the organ first"),
        "Simulate": _simulate_state(case),
        "Compare": _compare_state(case),
        "Report": _report_state(case),
    }
    if case.labels is not None and case.labels.notes:
        found["Segment"] = StepState("needs_a_look", "; ".join(case.labels.notes))
    if case.contours is not None and case.contours.notes:
        found["Segment"] = StepState("needs_a_look", "; ".join(case.contours.notes))
    if case.mesh is not None and case.mesh.notes:
        found["Model"] = StepState("needs_a_look", "; ".join(case.mesh.notes))
    for step, text in case.messages.items():
        if step in found:
            state = "not_yet" if text.startswith("Made again") and found[step].state == "not_yet" else "needs_a_look"
            found[step] = StepState(state, text)  # type: ignore[arg-type]
    for step, text in (working or {}).items():
        found[step] = StepState("working", text or "Working")
    return found


def _made(done: bool, possible: bool, noun: str, first: str) -> StepState:
    if done:
        return StepState("ready", f"The {noun} can be looked at" if noun == "model" else "Structures are labelled")
    return StepState("not_yet", f"Nothing made yet: make the {noun}" if possible else first)


def _import_state(case: Case) -> StepState:
    if case.image is None:
        if case.typed:
            return StepState("ready", NO_IMAGE)
        if case.series:
            return StepState("not_yet", f"{len(case.series)} series found: open one")
        return StepState("not_yet", "Open a DICOM folder, or the demo patient")
    series = case.active_series
    if series is not None and series.warnings:
        return StepState("needs_a_look", "; ".join(warning.text for warning in series.warnings))
    return StepState("ready", "Images are open")


def _simulate_state(case: Case) -> StepState:
    if case.mesh is None:
        return StepState("not_yet", "Build the model first")
    waiting = [scenario.label for scenario in case.scenarios if scenario.run is None]
    if not case.scenarios:
        return StepState("not_yet", "Prepare the baseline" if can_simulate(case) else NO_SIMULATION)
    if waiting:
        return StepState("not_yet", f"Not simulated yet: {', '.join(waiting)}")
    if case.baseline is not None and case.baseline.setup.fit is not None and not case.baseline.setup.fit.fits:
        return StepState("needs_a_look", "; ".join(case.baseline.setup.fit.problems))
    return StepState("ready", f"{len(case.scenarios)} scenario(s) simulated")


def can_simulate(case: Case) -> bool:
    """Whether there is a model that some engine can run on, or none yet of which that could be said."""
    from twinviewer.session import catalog

    return case.mesh is None or bool(case.scenarios) or catalog.simulated(case.mesh)


def _compare_state(case: Case) -> StepState:
    baseline = case.baseline
    if not can_simulate(case):
        return StepState("not_yet", NO_SIMULATION)
    if baseline is None or baseline.run is None:
        return StepState("not_yet", "Simulate the baseline first")
    if not any(scenario.run is not None for scenario in case.treated):
        return StepState("not_yet", "Add a therapy and simulate it")
    return StepState("ready", "Scenarios can be compared")


def _report_state(case: Case) -> StepState:
    if case.baseline is None or case.baseline.run is None:
        return StepState("not_yet", "Simulate the baseline first")
    return StepState("ready", "A report can be written")


def only_runs_came(before: Case, now: Case) -> bool:
    """Whether ``now`` is ``before`` with answers of engines in it and nothing else."""
    told = {"scenarios", "revision", "action", "messages"}
    if any(getattr(before, f.name) is not getattr(now, f.name) for f in fields(Case) if f.name not in told):
        return False
    if dict(before.messages) != dict(now.messages):
        return False
    pairs = list(zip(before.scenarios, now.scenarios, strict=False))
    came = [(old, new) for old, new in pairs if old is not new]
    return (
        len(before.scenarios) == len(now.scenarios)
        and bool(came)
        and all(old.name == new.name and old.setup is new.setup and new.run is not None for old, new in came)
    )
