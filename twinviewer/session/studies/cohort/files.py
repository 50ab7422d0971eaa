"""A cohort as files: a row a virtual patient (CSV), and everything that it says (JSON)."""

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

from twinviewer import __version__
from twinviewer.session.metrics import NOTICE
from twinviewer.session.studies.cohort.bias import bias_statement, marginals
from twinviewer.session.studies.cohort.response import LEVEL, Division, Group
from twinviewer.session.studies.cohort.step import CohortResult

SCHEMA = 1


def table(found: CohortResult) -> str:
    """CSV: who, the response, metrics untreated and treated in the patient's own size, the parameters of the model."""
    metrics = sorted({name for one in found.members for name in (*one.before, *one.after)})
    parameters = sorted({name for one in found.people for name in one.parameters})
    counted = {one.number: one for one in found.members}
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n")
    write.writerow([
        "patient", "sex", "age_years", "height_cm", "weight_kg", "bsa_m2", "size", "counts", "change", "responds",
        *(f"untreated_{name}" for name in metrics), *(f"treated_{name}" for name in metrics),
        *(f"model_{name}" for name in parameters),
    ])  # fmt: skip
    for one in found.people:
        who, member = one.person, counted.get(one.number)
        row: list[Any] = [
            one.number + 1, who.sex, who.age_years, who.height_cm, who.weight_kg, f"{who.bsa_m2:.3f}",
            f"{one.size:.4f}", int(member is not None),
        ]  # fmt: skip
        if member is None:
            row += ["", "", *([""] * 2 * len(metrics))]
        else:
            name = found.criterion.metric
            change = found.criterion.change(member.before[name], member.after[name])
            row += [f"{change:.4g}", int(found.criterion.met(change))]
            row += [_short(numbers.get(name)) for numbers in (member.before, member.after) for name in metrics]
        write.writerow([*row, *(_short(one.parameters.get(name)) for name in parameters)])
    return text.getvalue()


def document(found: CohortResult, therapies: str = "") -> dict[str, Any]:
    """What ``cohort.json`` holds. therapies: in words."""
    return {
        "schema": SCHEMA,
        "notice": NOTICE,
        "program": f"Twinviewer {__version__}",
        "source": found.source,
        "seed": found.seed,
        "therapies": therapies,
        "criterion": {"said": found.criterion.said, "typed": found.criterion.text, "source": found.criterion.source},
        "interval_level": LEVEL,
        "sampled": len(found.people),
        "counted": len(found.members),
        "waiting": found.waiting,
        "redrawn": dict(found.redrawn),
        "dropped": dict(found.dropped),
        "responders": _group(found.overall),
        "subgroups": [_division(one) for one in found.divisions],
        "marginals": [
            {
                "name": one.name,
                "unit": one.unit,
                "published": _both(one.published),
                "drawn": _both(one.drawn),
                "simulated": None if one.simulated is None else _both(one.simulated),
                "source": one.source,
                "source_read": one.checked,
            }
            for one in marginals(found)
        ],
        "bias": [{"heading": part.heading, "sentences": list(part.sentences)} for part in bias_statement(found)],
    }


def write_cohort(found: CohortResult, folder: Path, therapies: str = "") -> dict[str, Path]:
    """Write ``cohort.csv`` and ``cohort.json`` into a folder. OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {"patients": folder / "cohort.csv", "cohort": folder / "cohort.json"}
    paths["patients"].write_text(table(found), encoding="utf-8")
    text = json.dumps(document(found, therapies), indent=2, ensure_ascii=False)
    paths["cohort"].write_text(text + "\n", encoding="utf-8")
    return paths


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _both(pair: tuple[float, float]) -> dict[str, float | None]:
    mean, sd = pair
    return {"mean": _finite(mean), "sd": _finite(sd)}


def _finite(value: float) -> float | None:
    return float(f"{value:.5g}") if math.isfinite(value) else None


def _group(one: Group) -> dict[str, Any]:
    low, high = one.responders.interval
    return {
        "label": one.label,
        "responders": one.responders.count,
        "of": one.responders.of,
        "share": _finite(one.responders.share),
        "low": _finite(low),
        "high": _finite(high),
        "change_median": _finite(one.median),
        "change_5_percent": _finite(one.low),
        "change_95_percent": _finite(one.high),
    }


def _division(one: Division) -> dict[str, Any]:
    gap = one.difference
    return {
        "by": one.by,
        "groups": [_group(each) for each in one.groups],
        "difference": None
        if gap is None
        else {"said": gap.said, "by": gap.by, "low": gap.low, "high": gap.high, "told": gap.told},
    }
