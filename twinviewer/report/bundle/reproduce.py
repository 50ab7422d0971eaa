"""Computing a bundle's numbers again from its inputs, and comparing every one of them with what the bundle says."""

import json
import math
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import (
    Cancelled,
    Reporter,
    Setup,
    StoreError,
    TwinviewerError,
    part,
    silent,
)  # fmt: skip
from twinviewer.report.bundle.again import recompute
from twinviewer.report.bundle.archive import damage, manifest_in, opened, small, streamed
from twinviewer.report.bundle.manifest import CASE, NUMBERS, Manifest, machine
from twinviewer.report.bundle.rows import Reproduction, Row, Verdict, curve_row, number_row
from twinviewer.report.pages.provenance import versions
from twinviewer.session import store
from twinviewer.session.case import Case, Scenario
from twinviewer.session.scenarios import compute_setup, setup_input
from twinviewer.session.studies.door import run_points
from twinviewer.session.studies.study import Answer, Study

DECISIVE = ("twinviewer", "numpy", "scipy", "numba", "llvmlite")
"""Packages that decide the last digits of a simulation."""
MOST_NUMBERS_BYTES = 64 << 20


def reproduce(
    path: Path, report: Reporter = silent, *, studies: bool = True, workers: int | None = None, fit: bool = True
) -> Reproduction:
    """Check a bundle's files, compute its runs and studies again, and compare. StoreError for what is no sound bundle.

    studies, fit: whether the studies, and the fit of the baseline, are computed again too.
    """
    report(0.0, "Opening the bundle")
    with opened(path) as archive:
        manifest = manifest_in(archive)
        broken = damage(archive, manifest, part(report, 0.0, 0.05))
        rows = [
            Row("file", name, "as in the manifest", broken.get(name, "the same"), "different" if name in broken else
                "identical")
            for name in sorted({*manifest.files, *broken})
        ]  # fmt: skip
        if broken.get(CASE, "") or CASE not in manifest.files:
            exact, other = _alike(manifest)
            why = broken.get(CASE, "is missing")
            return Reproduction((*rows, Row("file", CASE, "a case", f"nothing was computed: it {why}", "failed")),
                                exact, other)  # fmt: skip
        told = _numbers(small(archive, NUMBERS, MOST_NUMBERS_BYTES)) if NUMBERS not in broken else None
        with tempfile.TemporaryDirectory(prefix="twinviewer-") as scratch:
            kept = Path(scratch) / "case.twin"
            streamed(archive, CASE, kept)
            case = store.load(kept)
    exact, other = _alike(manifest)
    rows += _recomputed(case, told, exact, part(report, 0.05, 0.6), fit)
    if studies:
        rows += _studies(case, exact, part(report, 0.6, 1.0), workers)
    report(1.0, "Compared")
    return Reproduction(tuple(rows), exact, other)


def _alike(manifest: Manifest) -> tuple[bool, dict[str, tuple[str, str]]]:
    here, known = versions(), {**manifest.versions}
    other = {
        name: (known.get(name, "?"), here.get(name, "?")) for name in DECISIVE if known.get(name) != here.get(name)
    }
    for name, value in machine().items():
        if manifest.machine.get(name) != value:
            other[name] = manifest.machine.get(name, "?"), value
    return not other, other


def _numbers(content: bytes) -> Mapping[str, Mapping[str, float]]:
    """Scenario -> metric -> value, as the bundle's table says. StoreError."""
    try:
        document = json.loads(content.decode("utf-8"))
        return {
            str(scenario): {str(name): float(one["value"]) for name, one in metrics.items() if one["value"] is not None}
            for scenario, metrics in document["scenarios"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError("The bundle's numbers are not sound", where=NUMBERS) from error


def _recomputed(
    case: Case, told: Mapping[str, Mapping[str, float]] | None, exact: bool, report: Reporter, fit: bool
) -> Iterator[Row]:
    baseline = case.baseline
    if baseline is None:
        return
    ready = [one for one in case.scenarios if one.run is not None]
    steps = len(ready) + int(fit)
    if fit:
        yield from _fitted(case, baseline.setup, exact, part(report, 0.0, 1.0 / steps))
    for number, scenario in enumerate(ready, start=int(fit)):
        stage = part(report, number / steps, (number + 1) / steps)
        yield from _scenario(case, baseline.setup, scenario, None if told is None else told.get(scenario.name, {}),
                             exact, stage)  # fmt: skip


def _fitted(case: Case, kept: Setup, exact: bool, report: Reporter) -> Iterator[Row]:
    """The baseline's inputs from model, measurements, records and settings, as when the case was made."""
    try:
        setup = compute_setup(*setup_input(case, case.setup_values), report)
    except Cancelled:
        raise
    except (TwinviewerError, ValueError, KeyError) as error:
        yield Row("baseline", "fit", f"{len(kept.parameters)} inputs", str(error), "failed")
        return
    for name in dict.fromkeys((*kept.parameters, *setup.parameters)):
        said, found = kept.parameters.get(name), setup.parameters.get(name)
        if said is None or found is None:
            absent = "absent"
            texts = (absent if said is None else f"{said.value:.9g}", absent if found is None else f"{found.value:.9g}")
            yield Row("baseline", name, *texts, "different")
            continue
        yield number_row("baseline", name, said.value, found.value, exact)


def _scenario(
    case: Case, untreated: Setup, scenario: Scenario, told: Mapping[str, float] | None, exact: bool, report: Reporter
) -> Iterator[Row]:
    """A scenario's inputs, fields, traces and metrics: what the case keeps, what the table says, what comes out now."""
    run = scenario.run
    assert run is not None
    kept = {name: quantity.value for name, quantity in run.metrics.items()}
    report(0.0, f"Simulating {scenario.label}")
    try:
        again = recompute(case, untreated, scenario, report)
    except Cancelled:
        raise
    except (TwinviewerError, ArithmeticError, ValueError, KeyError, IndexError, np.linalg.LinAlgError) as error:
        yield Row(scenario.name, "simulation", f"{len(kept)} numbers", str(error), "failed")
        return
    if again.uid != run.uid:
        yield Row(scenario.name, "inputs and engine", run.uid[:16], again.uid[:16], "different" if exact else
                  "within tolerance")  # fmt: skip
    for name, value in kept.items():
        if name not in again.metrics:
            yield Row(scenario.name, name, f"{value:.9g}", "not given", "different")
            continue
        yield number_row(scenario.name, name, value, again.metrics[name], exact)
        if told is not None and told.get(name) != value:
            said = "absent" if name not in told else f"{told[name]:.9g} in the table"
            yield Row(scenario.name, name, said, f"{value:.9g} in the case", "different")
    for name in sorted(set(told or {}) - set(kept)):
        yield Row(scenario.name, name, f"{(told or {})[name]:.9g} in the table", "not in the case", "different")
    curves: dict[str, NDArray[Any]] = {f"trace {name}": trace.values for name, trace in run.traces.items()}
    curves |= {f"field {name}": one.values for name, one in run.fields.items()}
    for name, values in curves.items():
        yield curve_row(scenario.name, name, values, again.curves.get(name))


def _studies(case: Case, exact: bool, report: Reporter, workers: int | None) -> Iterator[Row]:
    baseline = case.baseline
    if baseline is None or not case.studies:
        return
    share = 1.0 / len(case.studies)
    for number, study in enumerate(case.studies):
        yield from _study(study, baseline.setup, exact, part(report, number * share, (number + 1) * share), workers)


def _study(study: Study, setup: Setup, exact: bool, report: Reporter, workers: int | None) -> Iterator[Row]:
    """Every number of every point that was answered; what is the same is counted, what is not has a row.

    Traces are not compared: a study may keep them thinned.
    """
    answered = {one.point: one for one in study.answers}
    points = [point for point in study.points if point.name in answered]
    again = run_points(study.engine, setup, points, study.wanted, workers=workers, report=report)
    alike: dict[Verdict, int] = {"identical": 0, "within tolerance": 0}
    for done in again:
        for row in _answer(study.name, answered[done.point], done, exact):
            if row.verdict in alike:
                alike[row.verdict] += 1
            else:
                yield row
    for verdict, count in alike.items():
        if count:
            yield Row(study.name, f"{count} results of {len(points)} points", "", "", verdict)


def _answer(where: str, said: Answer, found: Answer, exact: bool) -> Iterator[Row]:
    if bool(found.failure) != bool(said.failure):
        yield Row(where, said.point, said.failure or "answered", found.failure or "answered", "different")
        return
    for name, value in said.metrics.items():
        yield number_row(where, f"{said.point}: {name}", value, found.metrics.get(name, math.nan), exact)
    for name, values in said.segments.items():
        yield curve_row(where, f"{said.point}: {name} by segment", values, found.segments.get(name))
    for name, field in said.fields.items():
        yield curve_row(where, f"{said.point}: {name}", field, found.fields.get(name))
