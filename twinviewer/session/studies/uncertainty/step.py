"""What is uncertain in a patient, as many hearts that could be theirs, each simulated without and with every therapy.

The same hearts meet every therapy (common random numbers), so what they have in common cancels in a change: a scenario
without therapies changes exactly nothing. Hearts are drawn from scrambled Sobol points (scipy.stats.qmc) with a seed
that the Study keeps.
"""

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from twinviewer.domain import (
    Drawn,
    EngineError,
    ParameterValue,
    Reporter,
    Run,
    Setup,
    Trace,
    UncertainInput,
    WithUncertainty,
    part,
    silent,
)
from twinviewer.session import catalog
from twinviewer.session.case import BASELINE, Case, Scenario
from twinviewer.session.scenarios import engine_of
from twinviewer.session.simulate import setup_uid
from twinviewer.session.studies.door import run_points
from twinviewer.session.studies.journal import identity
from twinviewer.session.studies.study import Answer, Point, Study, Wanted
from twinviewer.session.studies.uncertainty.draws import LEAST, acting, drawn_hash, normals
from twinviewer.session.therapy_use import TherapyUse

Array = NDArray[np.float64]

SEED, SAMPLES, MOST = 7, 128, 4096
FEWEST_RUNS = 32
TRACES = (
    "lv_volume_ml", "rv_volume_ml", "lv_pressure_mmhg", "rv_pressure_mmhg", "aortic_pressure_mmhg",
    "la_pressure_mmhg", "pulmonary_artery_pressure_mmhg", "aortic_flow_ml_s", "mitral_flow_ml_s",
    *(f"ecg_{lead}" for lead in ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")),
)  # fmt: skip
SEGMENTS = ("activation_ms", "work_kpa")
SAMPLE_S = {"ecg": 0.002, "": 0.004}
"""How finely a band's traces are kept."""
_LATE = ("motion_pattern_percent",)
"""Metrics that come with the frames, which a spread does not wait for."""

Uses = Mapping[str, tuple[TherapyUse, ...]]


def organ_of(name: str) -> WithUncertainty:
    """The organ as one that knows what is uncertain. EngineError where it does not."""
    organ = catalog.organ(name)
    if not isinstance(organ, WithUncertainty):
        raise EngineError(f"What is uncertain of a {organ.label.lower()} is not known")
    return organ


def inputs_of(organ: str, setup: Setup) -> tuple[UncertainInput, ...]:
    """What is uncertain in this baseline. EngineError where nothing is known of that."""
    found = organ_of(organ).uncertain(setup)
    if not found:
        raise EngineError("This baseline was not fitted to a patient", remedy="Prepare the baseline again")
    return found


def spread_scenarios(case: Case) -> tuple[tuple[Scenario, ...], tuple[str, ...]]:
    """Scenarios that a spread can hold, the baseline first, and labels of those that need a slower engine."""
    chosen = [one for one in case.scenarios if engine_of(case, one) == case.engine]
    return tuple(chosen), tuple(one.label for one in case.scenarios if one not in chosen)


def spread_input(
    case: Case, names: Sequence[str] = (), samples: int = SAMPLES, runs: int = 0, seed: int = SEED
) -> tuple[str, str, Setup, Uses, Wanted, int, int, int]:
    """What :func:`compute_spread` needs of this case. names: scenarios besides the baseline, by default all that can.

    samples: how many hearts an interval stands on. runs: how many of them are simulated (0: all); with fewer an
    emulator answers for the rest. EngineError with what is missing.
    """
    if case.baseline is None:
        raise EngineError("There is no baseline", remedy="Prepare the baseline first")
    runs = runs or samples
    if not (LEAST <= samples <= MOST and FEWEST_RUNS <= runs <= samples):
        raise EngineError(
            "An interval needs more hearts",
            where=f"{samples} samples, {runs} of them simulated",
            remedy=f"{LEAST} to {MOST} samples, at least {FEWEST_RUNS} of them simulated",
        )
    inputs_of(case.organ, case.baseline.setup)
    able, slow = spread_scenarios(case)
    known = {one.name: one for one in able}
    if unknown := [name for name in names if name not in known]:
        raise EngineError(
            f"{', '.join(unknown)} cannot be drawn",
            where=f"needs a slower engine: {', '.join(slow)}" if slow else "",
            remedy=f"Choose among {', '.join(known)}",
        )
    chosen = [known[name] for name in known if not names or name in names or name == BASELINE]
    uses: dict[str, tuple[TherapyUse, ...]] = {}
    for one in chosen:  # those that are treated alike, as a control is, are one
        if acting(one.therapies) not in [acting(known_uses) for known_uses in uses.values()]:
            uses[one.name] = one.therapies
    given = [one.run for one in chosen if one.run is not None]
    return case.organ, case.engine, case.baseline.setup, uses, wanted_of(given), samples, runs, seed


def wanted_of(runs: Sequence[Run]) -> Wanted:
    """Metrics that all these runs have, and the traces that are drawn."""
    if not runs:
        raise EngineError("The baseline has not been simulated", remedy="Simulate it first")
    common = set.intersection(*(set(run.metrics) for run in runs)) - set(_LATE)
    traces = set.intersection(*(set(run.traces) for run in runs)) & set(TRACES)
    segments = set.intersection(*(set(run.fields) for run in runs)) & set(SEGMENTS)
    return Wanted(frozenset(common), frozenset(), frozenset(traces), frozenset(segments))


def compute_spread(
    organ: str,
    engine: str,
    setup: Setup,
    uses: Uses,
    wanted: Wanted,
    samples: int,
    runs: int,
    seed: int,
    *,
    name: str = "How sure",
    journal: Path | None = None,
    workers: int | None = None,
    scheduler: str = "",
    report: Reporter = silent,
    heard: Callable[[Answer], None] | None = None,
) -> Study:
    """Draw hearts and simulate each in every scenario. For a worker process; resumable where a journal is kept.

    Raises Cancelled, and EngineError where the baseline cannot be drawn from.
    """
    inputs = inputs_of(organ, setup)
    rows = normals(len(inputs), samples, seed)[:runs]
    uid = setup_uid(catalog.engine(engine), setup)
    drawn = _drawn(organ, setup, rows, uid, journal, part(report, 0.0, 0.35))
    points = points_of(drawn, uses)
    extra = {} if heard is None else {"heard": heard}
    answers = run_points(
        engine, setup, points, wanted, workers=workers, scheduler=scheduler, journal=journal,
        report=part(report, 0.35, 1.0), **extra,
    )  # fmt: skip
    settings: dict[str, ParameterValue] = {
        "samples": float(samples),
        "runs": float(runs),
        "seed": float(seed),
        "inputs": ",".join(one.name for one in inputs),
        "scenarios": ",".join(uses),
        "drawn": drawn_hash(rows),
        "could_not_beat": float(sum(one is None for one in drawn)),
    }
    thinned = tuple(thin(answer, setup) for answer in answers)
    return Study(name, "spread", engine, uid, points, thinned, wanted, settings)


def points_of(drawn: Sequence[Drawn | None], uses: Uses) -> tuple[Point, ...]:
    """Heart by heart, so that a study that was stopped holds whole hearts. Names: "0007.crt"."""
    return tuple(
        Point(f"{number:04d}.{name}", therapies, heart.parameters)
        for number, heart in enumerate(drawn)
        if heart is not None
        for name, therapies in uses.items()
    )


def _drawn(
    organ: str, setup: Setup, rows: Array, uid: str, journal: Path | None, report: Reporter
) -> Sequence[Drawn | None]:
    """The hearts of these rows; beside a journal they are kept, so that a resumed study need not draw them again."""
    kept = None if journal is None else journal.with_name(journal.name + ".hearts.json")
    mark = f"{uid} {drawn_hash(rows)}"
    if kept is not None and kept.exists():
        try:
            found = json.loads(kept.read_text(encoding="utf-8"))
            if found["of"] == mark:
                return [None if one is None else Drawn(one) for one in found["hearts"]]
        except (ValueError, KeyError, TypeError, OSError):
            pass
    drawn = organ_of(organ).draw(setup, rows, report)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        hearts = [None if one is None else dict(one.parameters) for one in drawn]
        kept.write_text(json.dumps({"of": mark, "hearts": hearts}), encoding="utf-8")
    return drawn


def thin(answer: Answer, setup: Setup) -> Answer:
    """Traces on the baseline's own beat, no finer than a band is drawn: a heart that beats faster rests at the end, one
    that beats slower has not come to its own."""
    period_s = 60.0 / setup.value("heart_rate_bpm") if "heart_rate_bpm" in setup.parameters else 1.0
    return Answer(
        answer.point,
        answer.metrics,
        answer.fields,
        {name: _thinned(trace, period_s) for name, trace in answer.traces.items()},
        answer.failure,
        answer.segments,
    )


def _thinned(trace: Trace, period_s: float) -> Trace:
    time_s = _axis(period_s, SAMPLE_S["ecg" if trace.name.startswith("ecg") else ""])
    values = np.interp(time_s, trace.time_s, trace.values)
    single: Any = values.astype(np.float32)  # half the file
    return Trace(trace.name, trace.unit, time_s, single)


@cache
def _axis(period_s: float, step_s: float) -> Array:
    """One array for all traces of a beat."""
    return np.linspace(0.0, period_s, int(np.ceil(period_s / step_s)) + 1)


def accept_spread(case: Case, study: Study) -> Case:
    """Take a spread in; an older one of that name makes room. EngineError where the baseline is another by now."""
    baseline = case.baseline
    if baseline is None or setup_uid(catalog.engine(case.engine), baseline.setup) != study.baseline_uid:
        raise EngineError("The baseline has changed meanwhile", remedy="Start again")
    others = tuple(one for one in case.studies if one.kind != "spread")
    return case.changed("How sure is this", studies=(*others, study))


def journal_of(engine: str, setup: Setup, wanted: Wanted) -> Path:
    """Where the window keeps what a spread of this heart has come to, so that it goes on after a kill. Nothing in it
    says whose heart it is."""
    folder = Path(platformdirs.user_cache_dir("twinviewer", False)) / "studies"
    return folder / f"{identity(engine, setup, wanted)[:24]}.journal"


def forget(journal: Path) -> None:
    """A study that is in the case needs its journal no more."""
    for path in (journal, journal.with_name(journal.name + ".hearts.json")):
        with contextlib.suppress(OSError):
            path.unlink()


def spread_job(
    organ: str, engine: str, setup: Setup, uses: Uses, wanted: Wanted, samples: int, runs: int, seed: int,
    journal: str, report: Reporter = silent,
) -> Study:  # fmt: skip
    """:func:`compute_spread` for the window's worker."""
    where = Path(journal) if journal else None
    return compute_spread(organ, engine, setup, uses, wanted, samples, runs, seed, journal=where, report=report)
