"""metrics.json, schema 1: every number of a case with unit, interval, origin and source, for scripts and reports."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinviewer import __version__
from twinviewer.domain import BaselineFit, CineStack, Delta, KeyImage, LoadError, Quantity, Ruler, StoreError
from twinviewer.session.case import BASELINE, Case, Scenario
from twinviewer.session.comparison import compare
from twinviewer.session.norms import norms_of
from twinviewer.session.studies.uncertainty.bands import change_intervals, spread_of
from twinviewer.session.therapy_use import use_names

SCHEMA = 1
NOTICE = "Research only, not for clinical use. Outcomes are simulated scenarios."


def metrics_document(case: Case) -> dict[str, Any]:
    """The document of ``docs/metrics.md``. measurements are from the images (or typed in, where
    case.typed says so), with what is usual where that is known; scenarios from the engine."""
    baseline = case.baseline
    simulated = [scenario for scenario in case.scenarios if scenario.run is not None]
    deltas = {}
    if baseline is not None and baseline.run is not None:
        for scenario in simulated:
            if scenario.name != BASELINE:
                intervals = change_intervals(spread_of(case), baseline, scenario)
                found = compare(baseline, scenario, intervals).deltas
                deltas[scenario.name] = {d.name: delta_document(d) for d in found}
    return {
        "schema": SCHEMA,
        "notice": NOTICE,
        "case": _case_document(case),
        "measurements": _measured(case),
        "by_hand": [_ruler(one) for one in case.rulers],
        "key_images": [_key_image(one, case) for one in case.key_images],
        "scenarios": {s.name: _quantities(s.run.metrics) for s in simulated if s.run is not None},
        "deltas": deltas,
    }


def quantity_document(quantity: Quantity) -> dict[str, Any]:
    """One number with all that is known about it; null where it is not finite or not known."""
    return {
        "value": _number(quantity.value),
        "unit": quantity.unit,
        "low": _number(quantity.low),
        "high": _number(quantity.high),
        "origin": quantity.origin,
        "source": quantity.source,
    }


def _ruler(ruler: Ruler) -> dict[str, Any]:
    """A measurement by hand: its numbers, its points in LPS mm, and what it was placed on."""
    return {
        "kind": ruler.kind,
        "values": _quantities(ruler.values),
        "points_mm": [[round(x, 3) for x in point] for point in ruler.points_mm.tolist()],
        "on": "model" if ruler.nodes is not None else "image",
        "image_uid": ruler.image_uid or None,
        "mesh_uid": ruler.mesh_uid or None,
        "plane": ruler.plane if ruler.plane >= 0 else None,
        "frame": ruler.frame if ruler.nodes is None else None,
        "beat_fraction": ruler.fraction,
    }


def _key_image(key: KeyImage, case: Case) -> dict[str, Any]:
    """A view that a reader has marked: what it shows of which series, where in LPS mm, and what lay over it."""
    image = case.image
    planes = image.planes if isinstance(image, CineStack) else ()
    columns, rows = key.size_px
    return {
        "title": key.title,
        "note": key.note or None,
        "series_uid": case.active_series_uid or None,
        "image_uid": key.image_uid,
        "view": key.view or None,
        "plane": {
            "number": key.plane if key.plane >= 0 else None,
            "label": planes[key.plane].label if 0 <= key.plane < len(planes) else None,
            "centre_mm": _place(key.centre_mm),
            "right": _place(key.right, 6),
            "down": _place(key.down, 6),
            "width_mm": round(columns * key.mm_per_px, 3),
            "height_mm": round(rows * key.mm_per_px, 3),
        },
        "slab": {"kind": key.slab, "thickness_mm": key.slab_mm} if key.slab_mm > 0 else None,
        "window": {"width": key.window, "level": key.level},
        "frame": key.frame,
        "beat_fraction": key.fraction,
        "structures": [name for _, name, _ in key.structures],
        "second_series": None
        if key.over is None
        else {
            "series_uid": key.over.series_uid,
            "colours": key.over.colours,
            "low": key.over.low,
            "high": key.over.high,
            "opacity": key.over.opacity,
            "frame_of_reference_overruled": key.over.overruled,
        },
    }


def _place(vector: NDArray[np.float64], digits: int = 3) -> list[float]:
    return [round(float(x), digits) for x in vector]


def delta_document(delta: Delta) -> dict[str, Any]:
    """One difference: baseline, value, change in the same unit, percent or null; the change's 90 % interval and whether
    it leaves out 0, null where nobody computed one."""
    return {
        "baseline": _number(delta.baseline),
        "value": _number(delta.other),
        "change": _number(delta.change),
        "percent": _number(delta.percent),
        "low": _number(delta.low),
        "high": _number(delta.high),
        "told_apart": delta.apart,
        "unit": delta.unit,
    }


def write_metrics(case: Case, path: Path) -> Path:
    """Write the document as UTF-8 JSON. StoreError."""
    try:
        path.write_text(json.dumps(metrics_document(case), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"The metrics could not be written: {error.strerror}", where=path.name) from error
    return path


def read_metrics(path: Path) -> dict[str, Any]:
    """Read such a document again. LoadError if it is none, or of a newer schema."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise LoadError("The metrics cannot be read", where=path.name) from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise LoadError("This is not a metrics file of schema 1", where=path.name)
    return document


def _case_document(case: Case) -> dict[str, Any]:
    series = case.active_series
    return {
        "title": case.title,
        "pseudonym": case.patient.pseudonym,
        "synthetic": series.synthetic if series is not None else None,
        "study_uid": series.study_uid if series is not None else None,
        "series_uid": case.active_series_uid or None,
        "image_uid": case.image.uid if case.image is not None else None,
        "labels_made_by": case.labels.made_by if case.labels is not None else None,
        "label_uid": case.mesh.label_uid if case.mesh is not None else None,
        "mesh_uid": case.mesh.uid if case.mesh is not None else None,
        "typed": dict(case.typed) or None,
        "organ": case.organ or None,
        "twinviewer": __version__,
        "scenarios": {scenario.name: _scenario_document(scenario) for scenario in case.scenarios},
        "findings": dict(case.records.findings),
        "notes": list(dict.fromkeys((*_notes(case), *case.messages.values()))),
    }


def _scenario_document(scenario: Scenario) -> dict[str, Any]:
    names = use_names([use.therapy for use in scenario.therapies])
    return {
        "label": scenario.label,
        "therapies": dict(zip(names, (dict(use.values) for use in scenario.therapies), strict=True)),
        "off": [name for name, use in zip(names, scenario.therapies, strict=True) if not use.on],
        "engine": scenario.run.engine if scenario.run is not None else None,
        "run_uid": scenario.run.uid if scenario.run is not None else None,
        "parameters": _quantities(scenario.setup.parameters),
        "notes": list(scenario.setup.notes),
        "fit": None if scenario.setup.fit is None else _fit_document(scenario.setup.fit),
    }


def _fit_document(fit: BaselineFit) -> dict[str, Any]:
    """Measured beside simulated, and what the measurements tell of each parameter."""
    return {
        "fits": fit.fits,
        "problems": list(fit.problems),
        "residuals": {
            one.name: {
                "measured": quantity_document(one.measured),
                "simulated": _number(one.simulated),
                "error": _number(one.error),
                "off_by_errors": _number(one.errors),
            }
            for one in fit.residuals
        },
        "parameters": {
            one.name: {
                "value": quantity_document(one.value),
                "told_by_data": one.is_told,
                "told_share": _number(one.told),
                "would_need": list(one.asks),
                "range": [one.low, one.high],
                "range_source": one.range_source,
            }
            for one in fit.parameters
        },
    }


def _notes(case: Case) -> tuple[str, ...]:
    return (*(case.labels.notes if case.labels else ()), *(case.mesh.notes if case.mesh else ()))


def _quantities(values: Mapping[str, Quantity]) -> dict[str, Any]:
    return {name: quantity_document(quantity) for name, quantity in values.items()}


def _measured(case: Case) -> dict[str, Any]:
    """The measures, each with what is usual where a table covers the patient."""
    norms = norms_of(case)
    found = _quantities(case.measurements)
    for name, norm in norms.items():
        found[name]["usual"] = {
            "low": _number(norm.low),
            "high": _number(norm.high),
            "verdict": norm.verdict(case.measurements[name].value) or "within",
            "basis": norm.basis,
            "source": norm.source,
            "verified": norm.checked,
            "widened": norm.widened or None,
        }
    return found


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
