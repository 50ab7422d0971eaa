"""Computing a bundle's numbers again from its inputs, and comparing every one of them with what the bundle says."""

import json
import math
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from twinviewer.domain import Cancelled, Reporter, Setup, StoreError, TwinviewerError, part, silent
from twinviewer.report.bundle.archive import damage, manifest_in, opened, small, streamed
from twinviewer.report.bundle.manifest import CASE, NUMBERS, Manifest, machine
from twinviewer.report.pages.provenance import versions
from twinviewer.session import store
from twinviewer.session.case import Case, Scenario
from twinviewer.session.scenarios import compute_setup, setup_input
from twinviewer.session.studies.door import run_points
from twinviewer.session.studies.point import answer
from twinviewer.session.studies.study import Point, Study, Wanted

TOLERANCE = 1e-3
"""Across versions and processors: share of a number, or of 1 in its unit where the number is smaller."""
DECISIVE = ("twinviewer", "numpy", "scipy", "numba", "llvmlite")
"""Packages that decide the last digits of a simulation."""
MOST_NUMBERS_BYTES = 64 << 20

Verdict = Literal["identical", "within tolerance", "different", "failed"]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing compared. part: file, baseline, scenario or study. said, found: as the bundle says and as it came out
    here; text where it is no number."""

    part: str
    name: str
    said: str
    found: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What was compared. exact: whether versions and processor are those of the bundle, so that numbers have to be the
    same to the last bit. versions: package -> (there, here) of those that differ."""

    rows: tuple[Row, ...]
    exact: bool
    versions: Mapping[str, tuple[str, str]]

    @property
    def same(self) -> bool:
        """Nothing differs beyond what is allowed."""
        allowed = ("identical",) if self.exact else ("identical", "within tolerance")
        return all(row.verdict in allowed for row in self.rows)

    @property
    def differing(self) -> tuple[Row, ...]:
        """What does."""
        allowed = ("identical",) if self.exact else ("identical", "within tolerance")
        return tuple(row for row in self.rows if row.verdict not in allowed)


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


def verdict_of(said: float, found: float, exact: bool) -> Verdict:
    """Whether two numbers are one. exact: to the last bit, else within TOLERANCE too."""
    if said == found or (math.isnan(said) and math.isnan(found)):
        return "identical"
    close = abs(said - found) <= TOLERANCE * max(abs(said), 1.0)
    return "within tolerance" if close and math.isfinite(found) else "different"


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
        yield _row("baseline", name, said.value, found.value, exact)


def _scenario(
    case: Case, untreated: Setup, scenario: Scenario, told: Mapping[str, float] | None, exact: bool, report: Reporter
) -> Iterator[Row]:
    """A scenario's metrics: what the case keeps, what the table says, and what comes out now."""
    assert scenario.run is not None
    kept = {name: quantity.value for name, quantity in scenario.run.metrics.items()}
    report(0.0, f"Simulating {scenario.label}")
    point = Point(scenario.name, scenario.therapies)
    done = answer(case.engine, untreated, point, Wanted(metrics=frozenset(kept)), report)
    if done.failure:
        yield Row(scenario.name, "simulation", f"{len(kept)} numbers", done.failure, "failed")
        return
    for name, value in kept.items():
        if name not in done.metrics:
            yield Row(scenario.name, name, f"{value:.9g}", "not given", "different")
            continue
        yield _row(scenario.name, name, value, done.metrics[name], exact)
        if told is not None and told.get(name) != value:
            said = "absent" if name not in told else f"{told[name]:.9g} in the table"
            yield Row(scenario.name, name, said, f"{value:.9g} in the case", "different")
    for name in sorted(set(told or {}) - set(kept)):
        yield Row(scenario.name, name, f"{(told or {})[name]:.9g} in the table", "not in the case", "different")


def _studies(case: Case, exact: bool, report: Reporter, workers: int | None) -> Iterator[Row]:
    baseline = case.baseline
    if baseline is None or not case.studies:
        return
    share = 1.0 / len(case.studies)
    for number, study in enumerate(case.studies):
        yield from _study(study, baseline.setup, exact, part(report, number * share, (number + 1) * share), workers)


def _study(study: Study, setup: Setup, exact: bool, report: Reporter, workers: int | None) -> Iterator[Row]:
    """Every number of every point that was answered; points are counted where all of one's numbers are the same."""
    answered = {one.point: one for one in study.answers}
    points = [point for point in study.points if point.name in answered]
    wanted = replace(study.wanted, fields=frozenset(), traces=frozenset())
    again = run_points(study.engine, setup, points, wanted, workers=workers, report=report)
    alike: dict[Verdict, int] = {"identical": 0, "within tolerance": 0}
    for done in again:
        said = answered[done.point]
        if bool(done.failure) != bool(said.failure):
            yield Row(study.name, done.point, said.failure or "answered", done.failure or "answered", "different")
            continue
        for name, value in said.metrics.items():
            row = _row(study.name, f"{done.point}: {name}", value, done.metrics.get(name, math.nan), exact)
            if row.verdict == "different":
                yield row
            else:
                alike[row.verdict] += 1
    for verdict, count in alike.items():
        if count:
            yield Row(study.name, f"{count} numbers of {len(points)} points", "", "", verdict)


def _row(where: str, name: str, said: float, found: float, exact: bool) -> Row:
    return Row(where, name, f"{said:.9g}", f"{found:.9g}", verdict_of(said, found, exact))


def document(found: Reproduction) -> dict[str, Any]:
    """As JSON values."""
    return {
        "same": found.same,
        "exact": found.exact,
        "tolerance": 0.0 if found.exact else TOLERANCE,
        "versions_that_differ": {name: list(pair) for name, pair in found.versions.items()},
        "rows": [
            {"part": r.part, "name": r.name, "said": r.said, "found": r.found, "verdict": r.verdict} for r in found.rows
        ],
    }
