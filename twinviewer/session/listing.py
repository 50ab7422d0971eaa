"""What is in a folder, in the catalog and in a simulated case: as JSON values for scripts, as text for a terminal."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from twinviewer.domain import Parameter, Run, Series, Therapy
from twinviewer.session import catalog
from twinviewer.session.case import Case, Scenario
from twinviewer.session.grid_text import grid_document, grid_lines
from twinviewer.session.metric_names import label_of
from twinviewer.session.steps import suitable_organ
from twinviewer.session.structure_series import holds_structures, owner_of, structures_text

HEADLINES = ("lv_ef_percent", "lv_edv_ml", "lv_esv_ml", "qrs_ms", "lv_dpdt_max_mmhg_s")
"""The metrics that answer the first question: has the heart become better?"""


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
        "part": series.extra.get("part") or None,
        "grid": grid_document(series.grid),
        "warnings": [{"code": warning.code, "text": warning.text} for warning in series.warnings],
        "organ": organ or None,
        "organ_reason": verdict.reason,
        "structures": [name for name in series.extra.get("structures", "").split("; ") if name],
        "on_series": series.extra.get("on_series") or None,
        "on_by": series.extra.get("on_by") or None,
        "organs_by_choice": [name for name, _ in _by_choice(series)],
    }


def scan_text(found: Sequence[Series]) -> str:
    """All series of a scan for people, under a heading a patient and study where there are several."""
    studies = {(series.patient.pseudonym, series.study_uid) for series in found if series.kind != "unreadable"}
    lines: list[str] = []
    last = ("", "")
    for index, series in enumerate(found):
        study = series.patient.pseudonym, series.study_uid
        if len(studies) > 1 and study != last and series.kind != "unreadable":
            date = series.study_date or "without date"
            lines.append(f"patient {series.patient.pseudonym or 'unknown'}, study {date}")
            last = study
        lines.append(series_text(index, series, found))
    return "\n".join(lines)


def series_text(index: int, series: Series, among: Sequence[Series] = ()) -> str:
    """The same in a few lines for people. among: all that was found with it, to which structures may belong."""
    if holds_structures(series):
        return _structures_text(index, series, among)
    organ, verdict = suitable_organ(series)
    spacing = " × ".join(f"{length:.3g}" for length in series.spacing_mm)
    size = f"{series.slices} slices × {series.phases} phases, {series.shape[0]} × {series.shape[1]}, {spacing} mm"
    lines = [f"{index}  {series.kind}  {series.modality}  {series.description}".rstrip(), f"   {size}   {series.uid}"]
    lines += [f"   {line}" for line in grid_lines(series.grid)]
    lines += [f"   warning {warning.code}: {warning.text}" for warning in series.warnings]
    if organ:
        lines.append(f"   can become: {organ}" + (f" ({verdict.reason})" if verdict.reason else ""))
    elif verdict.reason:
        lines.append(f"   no organ: {verdict.reason}")
    lines += [f"   where asked for: {name} ({reason})" for name, reason in _by_choice(series)]
    return "\n".join(lines)


def _structures_text(index: int, series: Series, among: Sequence[Series]) -> str:
    """Segmentations and contours: what they hold, and on which series they lie."""
    lines = [f"{index}  structures  {series.modality}  {series.description}".rstrip()]
    owner = owner_of(series, among)
    place = f", on series {among.index(owner)}" if owner is not None else ""
    lines.append(f"   {structures_text(series)}{place}   {series.uid}")
    return "\n".join([*lines, *(f"   warning {one.code}: {one.text}" for one in series.warnings)])


def _by_choice(series: Series) -> list[tuple[str, str]]:
    """Organs that the series can become where a user wants it, and what is limited."""
    verdicts = {name: catalog.organ(name).suits(series) for name in catalog.organs_by_choice()}
    return [(name, verdict.reason) for name, verdict in verdicts.items() if verdict.ok]


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


def _measured_text(case: Case) -> str:
    """What the images say, a line each, with its interval."""
    lines = []
    width = max((len(name) for name in case.measurements), default=0)
    for name, found in case.measurements.items():
        between = "" if found.low is None or found.high is None else f"  ({found.low:.4g} to {found.high:.4g})"
        lines.append(f"{name.ljust(width)}  {found.value:>7.4g} {found.unit}{between}")
    head = "typed in, not measured: no image was used" if case.typed else "measured in the images"
    return "\n".join([head, *lines]) if lines else ""


def results_text(case: Case, only: Sequence[str] = ()) -> str:
    """Metrics of all scenarios side by side, the change from the baseline in brackets.

    only: these, by their names for people; none: all, by the names of metrics.json.
    """
    simulated = [(scenario, scenario.run) for scenario in case.scenarios if scenario.run is not None]
    if not simulated:
        return _measured_text(case) or "nothing was simulated"
    if not only and case.mesh is not None and case.mesh.motion_mm is not None:
        return "\n".join((_measured_text(case), "", "simulated", _simulated_text(simulated, ())))
    return _simulated_text(simulated, only)


def _simulated_text(simulated: Sequence[tuple[Scenario, Run]], only: Sequence[str]) -> str:
    _, first = simulated[0]
    rows = [["", *(scenario.label for scenario, _ in simulated), ""]]
    for name in only or first.metrics:
        if name not in first.metrics:
            continue
        base = first.metrics[name]
        cells = [label_of(name) if only else name, f"{base.value:.4g}"]
        for _, other in simulated[1:]:
            value = other.metrics[name].value if name in other.metrics else float("nan")
            cells.append(f"{value:.4g} ({value - base.value:+.3g})")
        rows.append([*cells, base.unit])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for first_cell, *cells, unit in rows:
        numbers = "  ".join(cell.rjust(width) for cell, width in zip(cells, widths[1:-1], strict=True))
        lines.append(f"{first_cell.ljust(widths[0])}  {numbers}  {unit}".rstrip())
    return "\n".join(lines)
