"""A sweep as files: every simulation as a line of CSV, and what it says as JSON."""

import csv
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twinviewer import __version__
from twinviewer.session.studies.study import Study
from twinviewer.session.studies.sweep.plan import Plan, plan_of
from twinviewer.session.studies.sweep.points import BASELINE_POINT
from twinviewer.session.studies.sweep.ranking import TARGETS, Ranked, Table, Target, best_of_places, pareto, ranked


def write_csv(study: Study, table: Table, target: Target, path: Path) -> Path:
    """Rows by a target, the baseline first: rank, values, numbers, and why a row has no rank. UTF-8."""
    swept = plan_of(study)
    axes = [axis.parameter.name for axis in swept.axes]
    numbers = sorted({name for row in table.rows for name in row.numbers})
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["rank", *axes, *numbers, "note"])
        writer.writerow(["", *([BASELINE_POINT] * len(axes)), *(_cell(table.baseline.get(n)) for n in numbers), ""])
        for one in ranked(table.rows, target):
            row = one.row
            note = row.failure or (row.masked.reason if row.masked else "")
            values = [f"{v:g}" if isinstance(v, float) else v for v in row.values]
            writer.writerow([one.rank or "", *values, *(_cell(row.numbers.get(n)) for n in numbers), note])
        for place, why in table.left_out.items():
            if not why.simulated and swept.site is not None:
                site = [place if axis is swept.site else "" for axis in swept.axes]
                writer.writerow(["", *site, *("" for _ in numbers), why.reason])
    return path


def document(study: Study, table: Table, first: Target, second: Target) -> dict[str, Any]:
    """What a sweep says, for programs."""
    swept, order = plan_of(study), ranked(table.rows, first)
    shown = best_of_places(order) if swept.site is not None else order
    return {
        "schema": 1,
        "made_by": f"twinviewer {__version__}",
        "note": "Simulated scenario, research only",
        "engine": study.engine,
        "baseline_uid": study.baseline_uid,
        "therapies": study.settings.get("therapies", ""),
        "over": study.settings.get("over", ""),
        "simulations": len(study.answers),
        "ranked_by": {"metric": first.metric, "unit": first.unit, "first": first.first},
        "baseline": dict(table.baseline),
        "best": [_said(swept, one) for one in shown],
        "masked": [{"place": str(p), "kind": w.kind, "reason": w.reason} for p, w in table.left_out.items()],
        "pareto": {
            "of": [first.metric, second.metric],
            "rows": [
                _said(swept, Ranked(row, 0, row.numbers[first.metric])) for row in pareto(table.rows, first, second)
            ],
        },
        "failed": [{"point": row.point.name, "why": row.failure} for row in table.rows if row.failure],
    }


def write_json(content: Mapping[str, Any], path: Path) -> Path:
    """UTF-8, indented."""
    path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return path


def _said(swept: Plan, one: Ranked) -> dict[str, Any]:
    values = {axis.parameter.name: value for axis, value in zip(swept.axes, one.row.values, strict=True)}
    numbers = {name: value for name, value in one.row.numbers.items() if name in TARGETS and math.isfinite(value)}
    said: dict[str, Any] = {"rank": one.rank, "values": values, "numbers": numbers}
    if one.row.masked is not None:
        said["masked"] = one.row.masked.reason
    return said


def _cell(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:.6g}"
