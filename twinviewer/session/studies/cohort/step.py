"""A virtual cohort simulated: from who is asked for to a Study, and from the Study to who responds."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twinviewer.domain import EngineError, Patient, Reporter, Setup, silent
from twinviewer.session import catalog
from twinviewer.session.simulate import setup_uid
from twinviewer.session.studies.cohort.hearts import Cohort, Virtual, round_patient
from twinviewer.session.studies.cohort.people import Person
from twinviewer.session.studies.cohort.published import METRICS, Surfaces, design, from_published
from twinviewer.session.studies.cohort.response import (
    Criterion,
    Division,
    Group,
    Member,
    changes,
    criterion,
    divisions,
    group,
)
from twinviewer.session.studies.cohort.size import of_own
from twinviewer.session.studies.door import Heard, run_points, unheard
from twinviewer.session.studies.journals import journal_path
from twinviewer.session.studies.study import Answer, Point, Study, Wanted
from twinviewer.session.therapy_use import TherapyUse

PATIENT, PUBLISHED, CRT, ADULTS = "patient", "published", "crt", "adults"
SOURCES = (PATIENT, PUBLISHED, CRT, ADULTS)
FAILING_PERCENT = 45.0
"""A heart that ejects less stands among those of a CRT trial where "published" is asked for."""
MOST = 5000
PACING = "Pacing"
"""Group of therapies in the catalog."""
KEPT = METRICS | {
    "lv_dpdt_max_mmhg_s", "lv_stroke_volume_ml", "cardiac_output_l_min", "mean_arterial_mmhg", "mean_left_atrial_mmhg",
    "heart_rate_bpm", "septal_lateral_delay_ms",
}  # fmt: skip
CALIBRATING = 0.08
"""Share of the progress that calibration has."""

POSSIBLE: Mapping[str, tuple[float, float, str]] = {
    "lv_ef_percent": (8.0, 82.0, "ejection fraction"),
    "mean_arterial_mmhg": (55.0, 140.0, "mean arterial pressure"),
    "mean_left_atrial_mmhg": (1.0, 40.0, "left atrial pressure"),
    "qrs_ms": (60.0, 260.0, "QRS"),
}
"""What an untreated patient lives with; who does not is dropped after the simulation (assumed bounds)."""
INDEX_L_MIN_M2 = (1.0, 6.0)


def criterion_for(therapies: Sequence[TherapyUse]) -> str:
    """The word of the criterion that is usual for these therapies."""
    groups = {catalog.therapy(use.therapy).group for use in therapies}
    return "dpdt" if PACING in groups else "stroke_volume"


def compute_cohort(
    engine: str,
    setup: Setup,
    patient: Patient,
    therapies: tuple[TherapyUse, ...],
    *,
    name: str = "Virtual cohort",
    patients: int = 1000,
    source: str = PATIENT,
    seed: int = 1,
    response: str = "",
    workers: int | None = None,
    scheduler: str = "",
    journal: Path | None = None,
    report: Reporter = silent,
    heard: Heard = unheard,
) -> Study:
    """Simulate every virtual patient untreated and treated. source: one of SOURCES; "published" takes the population
    that the heart belongs to. response: as :func:`response.criterion` reads it, "" for what is usual. The same seed is
    the same cohort on any number of workers. EngineError for what cannot be asked, else as the door raises."""
    if not 1 <= patients <= MOST:
        raise EngineError(f"A cohort has 1 to {MOST} patients", where=str(patients))
    if source not in SOURCES:
        raise EngineError(f"There is no population {source!r}", remedy=f"One of {', '.join(SOURCES)}")
    if not therapies:
        raise EngineError("A cohort needs a therapy to respond to", remedy="Name one")
    wished = criterion(response or criterion_for(therapies))
    wanted = Wanted(frozenset(KEPT | {wished.metric}))
    through = {"workers": workers, "scheduler": scheduler, "journal": journal}
    points: tuple[Point, ...] = ()
    answers: tuple[Answer, ...] = ()
    begun = 0.0
    surfaces: Surfaces | None = None
    if source == PATIENT:
        cohort = round_patient(setup, patient, patients, seed)
    else:
        points, begun = design(setup, seed), CALIBRATING

        def calibrating(fraction: float, text: str) -> None:
            report(begun * fraction, f"Calibrating: {text}")

        answers = run_points(engine, setup, points, wanted, report=calibrating, **through)  # type: ignore[arg-type]
        surfaces = Surfaces.of(setup, points, answers)
        if source == PUBLISHED:
            source = CRT if surfaces.base["lv_ef_percent"] < FAILING_PERCENT else ADULTS
        cohort = from_published(setup, surfaces, source, patients, seed)

    def simulating(fraction: float, text: str) -> None:
        report(begun + (1.0 - begun) * fraction, text)

    own = points_of(cohort, therapies)
    answers += run_points(engine, setup, own, wanted, report=simulating, heard=heard, **through)  # type: ignore[arg-type]
    settings: dict[str, float | str | bool] = {
        "source": cohort.source,
        "patients": float(patients),
        "seed": float(seed),
        "response": wished.text,
        "why": wished.source,
        "people": _told(cohort),
        "redrawn": json.dumps(cohort.redrawn, sort_keys=True),
        "guessed": json.dumps(cohort.guessed),
    }
    if surfaces is not None:
        settings["surface_errors"] = json.dumps({n: round(e, 4) for n, e in surfaces.error.items()}, sort_keys=True)
    uid = setup_uid(catalog.engine(engine), setup)
    return Study(name, "cohort", engine, uid, (*points, *own), answers, wanted, settings)


def compute_cohort_kept(
    engine: str,
    setup: Setup,
    patient: Patient,
    therapies: tuple[TherapyUse, ...],
    name: str,
    patients: int,
    source: str,
    seed: int,
    response: str,
    report: Reporter = silent,
) -> Study:
    """As :func:`compute_cohort`, for the window's worker, with this heart's own journal."""
    wished = criterion(response or criterion_for(therapies))
    journal = journal_path(engine, setup, Wanted(frozenset(KEPT | {wished.metric})))
    return compute_cohort(
        engine, setup, patient, therapies, name=name, patients=patients, source=source, seed=seed, response=response,
        journal=journal, report=report,
    )  # fmt: skip


def points_of(cohort: Cohort, therapies: tuple[TherapyUse, ...]) -> tuple[Point, ...]:
    """Each virtual patient untreated and then treated."""
    return tuple(
        Point(point_name(one.number, treated), therapies if treated else (), one.parameters)
        for one in cohort.virtuals
        for treated in (False, True)
    )


def point_name(number: int, treated: bool) -> str:
    """Name of a virtual patient's point."""
    return f"patient {number + 1} {'treated' if treated else 'untreated'}"


def _told(cohort: Cohort) -> str:
    """Who was sampled, as text that a Study can keep."""
    rows = []
    for one in cohort.virtuals:
        who = one.person
        drawn = {name: float(f"{value:.5g}") for name, value in one.drawn.items()}
        rows.append([who.sex, who.age_years, who.height_cm, who.weight_kg, float(f"{one.size:.6g}"), drawn])
    return json.dumps(rows, separators=(",", ":"))


def people_of(study: Study) -> tuple[Virtual, ...]:
    """Who was sampled for a study. Their parameters are those of their points."""
    parameters = {point.name: point.parameters for point in study.points}
    rows = json.loads(str(study.settings["people"]))
    return tuple(
        Virtual(k, Person(*row[:4]), float(row[4]), row[5], parameters.get(point_name(k, False), {}))
        for k, row in enumerate(rows)
    )


@dataclass(frozen=True, slots=True, eq=False)
class CohortResult:
    """What a cohort says. members: who could be simulated and lives, in order. dropped: reason -> how many were dropped
    after the simulation; dropped_women: of them. redrawn: reason -> how often somebody was drawn again before.
    waiting: virtual patients that have no answer yet. paced: whether the therapy paces."""

    source: str
    seed: int
    criterion: Criterion
    people: tuple[Virtual, ...]
    members: tuple[Member, ...]
    dropped: Mapping[str, int]
    dropped_women: int
    redrawn: Mapping[str, int]
    guessed: tuple[str, ...]
    surface_errors: Mapping[str, float]
    waiting: int
    overall: Group
    divisions: tuple[Division, ...]
    paced: bool = False

    @property
    def changes(self) -> np.ndarray:
        """(members,) of what the criterion looks at."""
        return changes(self.members, self.criterion)


def result_of(study: Study, response: str = "") -> CohortResult:
    """Read a study of kind "cohort", whole or as far as it is. response: another criterion than it was made for."""
    if study.kind != "cohort":
        raise EngineError(f"{study.name} is no cohort")
    wished = criterion(response or str(study.settings["response"]))
    if not response:
        wished = Criterion(wished.metric, wished.by, wished.percent, str(study.settings["why"]))
    people = people_of(study)
    answers = {answer.point: answer for answer in study.answers}
    members: list[Member] = []
    dropped: Counter[str] = Counter()
    women = waiting = 0
    for one in people:
        before, after = (answers.get(point_name(one.number, treated)) for treated in (False, True))
        if before is None or after is None:
            waiting += 1
            continue
        member = Member(
            one.number, one.person, one.size, of_own(before.metrics, one.size), of_own(after.metrics, one.size)
        )
        why = _why_not(before, after, member, wished)
        if why:
            dropped[why] += 1
            women += one.person.sex == "F"
        else:
            members.append(member)
    return CohortResult(
        str(study.settings["source"]),
        int(float(study.settings["seed"])),
        wished,
        people,
        tuple(members),
        dict(dropped),
        women,
        json.loads(str(study.settings["redrawn"])),
        tuple(json.loads(str(study.settings["guessed"]))),
        json.loads(str(study.settings.get("surface_errors", "{}"))),
        waiting,
        group("All", members, wished),
        divisions(members, wished),
        any(catalog.therapy(use.therapy).group == PACING for point in study.points[-1:] for use in point.therapies),
    )


def _why_not(before: Answer, after: Answer, member: Member, wished: Criterion) -> str:
    """Why a virtual patient counts for nothing, "" for one who does."""
    if before.failure:
        return "the untreated heart could not be simulated"
    if after.failure:
        return "the treated heart could not be simulated"
    for name, (low, high, said) in POSSIBLE.items():
        value = member.before.get(name)
        if value is not None and not low <= value <= high:
            return f"{said} {'below' if value < low else 'above'} {low if value < low else high:g}"
    low, high = INDEX_L_MIN_M2
    output = member.before.get("cardiac_output_l_min")
    if output is not None and not low <= output / member.person.bsa_m2 <= high:
        return f"cardiac index not from {low:g} to {high:g} L/min/m²"
    if wished.metric not in member.before or wished.metric not in member.after:
        return f"the simulation gives no {wished.metric}"
    return ""
