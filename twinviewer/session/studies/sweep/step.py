"""A sweep as a step: what it needs of a case, the long part for a worker process, and what the case becomes."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from twinviewer.domain import EngineError, ParameterValue, Reporter, Setup, silent
from twinviewer.session import catalog
from twinviewer.session.case import Case
from twinviewer.session.simulate import setup_uid
from twinviewer.session.studies.door import run_points
from twinviewer.session.studies.journals import journal_path
from twinviewer.session.studies.study import LIMIT, Answer, Point, Study, Wanted
from twinviewer.session.studies.sweep.plan import Plan, settings
from twinviewer.session.studies.sweep.points import WANTED, points

NEWS_S = 0.7
"""Answers are handed on in portions, so that who listens has time for other things."""

SweepInput = tuple[str, Setup, tuple[Point, ...], Wanted, Mapping[str, ParameterValue]]
Live = Callable[[tuple[Answer, ...]], None]


def sweep_input(case: Case, swept: Plan, wanted: Wanted = WANTED) -> SweepInput:
    """What :func:`compute_sweep` needs of this case. EngineError without a baseline or with no place left."""
    if case.baseline is None:
        raise EngineError("There is no baseline to sweep", remedy="Prepare the baseline first")
    found = points(case.baseline.setup, swept)
    if len(found) < 2:
        raise EngineError("No place is left to simulate", remedy="Choose other segments")
    return case.engine, case.baseline.setup, found, wanted, settings(swept)


def compute_sweep(
    engine: str,
    setup: Setup,
    swept: tuple[Point, ...],
    wanted: Wanted,
    kept: Mapping[str, ParameterValue],
    *,
    name: str = "Sweep",
    journal: Path | None = None,
    workers: int | None = None,
    scheduler: str = "",
    report: Reporter = silent,
    live: Live | None = None,
) -> Study:
    """Simulate all points. For a worker process; resumable where a journal is kept. live: is given new answers in
    portions while it runs, whole fields and traces left out."""
    fresh: list[Answer] = []
    told_s = 0.0

    def heard(answer: Answer) -> None:
        if live is not None:
            fresh.append(replace(answer, fields={}, traces={}))

    def told(fraction: float, text: str) -> None:
        nonlocal told_s
        report(fraction, text)
        if live is not None and fresh and time.monotonic() - told_s > NEWS_S:
            live(tuple(fresh))
            fresh.clear()
            told_s = time.monotonic()

    answers = run_points(
        engine, setup, swept, wanted, workers=workers, scheduler=scheduler, journal=journal, report=told, heard=heard
    )
    return Study(name, "sweep", engine, setup_uid(catalog.engine(engine), setup), swept, answers, wanted, dict(kept))


def compute_sweep_kept(
    engine: str,
    setup: Setup,
    swept: tuple[Point, ...],
    wanted: Wanted,
    kept: Mapping[str, ParameterValue],
    name: str,
    report: Reporter = silent,
    live: Live | None = None,
) -> Study:
    """As :func:`compute_sweep`, with this heart's own journal: stopped or killed, it goes on from there."""
    journal = journal_path(engine, setup, wanted)
    return compute_sweep(engine, setup, swept, wanted, kept, name=name, journal=journal, report=report, live=live)


def accept_study(case: Case, study: Study) -> Case:
    """The case with a study more, or with it in the place of one of the same name; the oldest makes room.

    EngineError where it was made of another baseline.
    """
    uid = setup_uid(catalog.engine(case.engine), case.baseline.setup) if case.baseline is not None else ""
    if study.baseline_uid != uid:
        raise EngineError("The study was made of another baseline", where=study.name, remedy="Make it again")
    others = tuple(one for one in case.studies if one.name != study.name)
    return case.changed(f"Keep {study.name}", studies=(*others, study)[-LIMIT:])


def free_study_name(case: Case, stem: str) -> str:
    """stem, or "stem 2" … : the first that no study of the case has."""
    names = {study.name for study in case.studies}
    return next(name for name in [stem, *(f"{stem} {i}" for i in range(2, LIMIT + 3))] if name not in names)
