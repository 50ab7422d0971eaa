"""A spread as a document and a table, for scripts."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twinviewer.domain import EngineError
from twinviewer.session import catalog
from twinviewer.session.case import BASELINE, Case
from twinviewer.session.metric_names import order_of
from twinviewer.session.studies.uncertainty.bands import Interval, Spread, spread_of
from twinviewer.session.studies.uncertainty.sensitivity import Ranking, rank
from twinviewer.session.studies.uncertainty.step import inputs_of, organ_of
from twinviewer.session.studies.uncertainty.words import LIMITS, apart, foundation, gain, narrowed, sentence, still

RANKED = ("qrs_ms", "lv_ef_percent", "lv_esv_ml", "lv_dpdt_max_mmhg_s", "cardiac_output_l_min", "mean_arterial_mmhg")
"""What a script is told the inputs of without asking."""


def ranking_of(case: Case, spread: Spread, metric: str, scenario: str, less: str = "") -> Ranking | None:
    """What a number, or its change, depends on in this case; None where that cannot be told."""
    assert case.baseline is not None
    inputs = inputs_of(case.organ, case.baseline.setup)
    return rank(spread, inputs, organ_of(case.organ).measurable(), metric, scenario, less)


def document(case: Case) -> dict[str, Any]:
    """Intervals of every scenario's numbers and of their changes, and what these depend on. EngineError without."""
    spread = spread_of(case)
    if spread is None or case.baseline is None:
        raise EngineError("This case has no spread of its baseline")
    units = {} if case.baseline.run is None else {n: q.unit for n, q in case.baseline.run.metrics.items()}
    names = sorted(spread.metric_names(), key=order_of)
    out: dict[str, Any] = {"about": foundation(spread), "limits": LIMITS, "engine": _engine(case), "scenarios": {}}
    out["hearts"], out["settings"] = len(spread.hearts), dict(spread.study.settings)
    for scenario in case.scenarios:
        own = spread.like(scenario)
        if own is None:
            continue
        rows: dict[str, Any] = {}
        for name in names:
            row: dict[str, Any] = {"unit": units.get(name, "")}
            if (value := spread.interval(name, own)) is not None:
                row["value"] = _interval(value)
            if scenario.name != BASELINE and (change := spread.interval(name, own, BASELINE)) is not None:
                row["change"] = {**_interval(change), "told_apart": apart(change), "no_change": still(change)}
            rows[name] = row
        less = "" if scenario.name == BASELINE else BASELINE
        rankings = [ranking_of(case, spread, name, own, less) for name in RANKED if name in names]
        out["scenarios"][scenario.name] = {
            "label": scenario.label,
            "numbers": rows,
            "depend_on": {one.metric: _ranking(one, bool(less)) for one in rankings if one is not None},
        }
    return out


def write_spread(case: Case, folder: Path) -> Mapping[str, Path]:
    """spread.csv: a row for each scenario and number. sensitivity.csv: inputs of the chief numbers."""
    found = document(case)
    table, inputs = folder / "spread.csv", folder / "sensitivity.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["scenario", "metric", "unit", "low", "high", "change_low", "change_high", "told_apart", "emulator_error"]
        )
        for scenario, rows in found["scenarios"].items():
            for name, row in rows["numbers"].items():
                value, change = row.get("value", {}), row.get("change", {})
                writer.writerow(
                    [scenario, name, row["unit"], value.get("low"), value.get("high"), change.get("low"),
                     change.get("high"), change.get("told_apart"), value.get("emulator_error")]
                )  # fmt: skip
    with inputs.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["scenario", "metric", "input", "share", "narrowed_by"])
        for scenario, rows in found["scenarios"].items():
            for name, ranking in rows["depend_on"].items():
                for one in ranking["inputs"]:
                    writer.writerow([scenario, name, one["input"], one["share"], one["narrowed_by"]])
    return {"spread": table, "sensitivity": inputs}


def _interval(found: Interval) -> dict[str, Any]:
    out: dict[str, Any] = {"low": found.low, "high": found.high}
    return {**out, "emulator_error": found.error} if found.emulated else out


def _ranking(found: Ranking, change: bool) -> dict[str, Any]:
    return {
        "said": " ".join(text for text in (sentence(found, change), gain(found)) if text),
        "explained": found.explained,
        "inputs": [
            {"input": one.input.name, "share": one.share, "rises_with_it": one.rises, "narrowed_by": narrowed(one)}
            for one in found.shares[:3]
        ],
        "measurements": {one.measurement: one.narrower for one in found.gains},
    }


def _engine(case: Case) -> str:
    engine = catalog.engine(case.engine)
    return f"{engine.name} {engine.version}"
