"""What is in a folder and in the catalog, as plain JSON values for scripts."""

from dataclasses import asdict
from typing import Any

from twinviewer.domain import Parameter, Series, Therapy
from twinviewer.session.steps import suitable_organ


def series_document(index: int, series: Series) -> dict[str, Any]:
    """One series as ``inspect --json`` shows it. File names are left out: they may name a patient."""
    organ, verdict = suitable_organ(series)
    return {
        "index": index,
        "uid": series.uid,
        "study_uid": series.study_uid,
        "patient": series.patient.pseudonym,
        "kind": series.kind,
        "modality": series.modality,
        "description": series.description,
        "study_date": series.study_date,
        "slices": series.slices,
        "phases": series.phases,
        "rows": series.shape[0],
        "columns": series.shape[1],
        "spacing_mm": list(series.spacing_mm),
        "rr_s": series.rr_s,
        "contrast_agent": series.contrast_agent,
        "synthetic": series.synthetic,
        "files": len(series.files),
        "warnings": [{"code": warning.code, "text": warning.text} for warning in series.warnings],
        "organ": organ or None,
        "organ_reason": verdict.reason,
    }


def series_text(index: int, series: Series) -> str:
    """The same in a few lines for people."""
    organ, verdict = suitable_organ(series)
    spacing = " × ".join(f"{length:.3g}" for length in series.spacing_mm)
    size = f"{series.slices} slices × {series.phases} phases, {series.shape[0]} × {series.shape[1]}, {spacing} mm"
    lines = [f"{index}  {series.kind}  {series.modality}  {series.description}".rstrip(), f"   {size}   {series.uid}"]
    lines += [f"   warning {warning.code}: {warning.text}" for warning in series.warnings]
    if organ:
        lines.append(f"   can become: {organ}" + (f" ({verdict.reason})" if verdict.reason else ""))
    elif verdict.reason:
        lines.append(f"   no organ: {verdict.reason}")
    return "\n".join(lines)


def therapy_document(therapy: Therapy) -> dict[str, Any]:
    """One therapy with its declared parameters."""
    return {
        "name": therapy.name,
        "label": therapy.label,
        "summary": therapy.summary,
        "edits": sorted(therapy.edits),
        "parameters": [asdict(parameter) for parameter in therapy.parameters],
    }


def therapy_text(therapy: Therapy) -> str:
    """The same in a few lines for people."""
    lines = [f"{therapy.name}  {therapy.label}: {therapy.summary}"]
    lines += [f"    {_parameter_text(parameter)}" for parameter in therapy.parameters]
    return "\n".join(lines)


def _parameter_text(parameter: Parameter) -> str:
    if parameter.kind == "choice":
        values = "|".join(choice.key for choice in parameter.choices)
    elif parameter.kind == "switch":
        values = "on|off"
    else:
        low = "" if parameter.minimum is None else f"{parameter.minimum:g}"
        high = "" if parameter.maximum is None else f"{parameter.maximum:g}"
        values = f"{low} to {high} {parameter.unit}".strip()
    return f"{parameter.name} = {parameter.default}   {parameter.label}: {values}   [{parameter.source}]"
