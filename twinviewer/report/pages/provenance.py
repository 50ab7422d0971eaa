"""Where every number is from: inputs with their hashes, versions, runs, and how many numbers were measured at all."""

import platform
import re
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from reportlab.graphics.shapes import Drawing, Rect, String
from reportlab.lib import colors

from twinviewer import __version__
from twinviewer.report.pages.fonts import REGULAR
from twinviewer.report.pages.story import origin_counts
from twinviewer.report.pages.styles import CELL, QUIET, TEXT, WIDTH, Heading, said, table
from twinviewer.report.pages.words import interval, number
from twinviewer.session.case import Case
from twinviewer.session.metric_names import label_of

PACKAGES = ("numpy", "scipy", "numba", "llvmlite", "SimpleITK", "vtk", "pydicom", "highdicom", "reportlab", "av")
"""What numbers or files depend on."""
_SHADES = ("#12181F", "#5B6774", "#94A0AF", "#C3CBD4", "#E3E8ED", "#F5F7F9")


def versions() -> dict[str, str]:
    """Of this program and of what its numbers depend on."""
    found = {"twinviewer": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def inputs_of(case: Case) -> list[tuple[str, str, str]]:
    """(what, description, hash or UID) of everything that the numbers rest on. Nothing of it names a patient."""
    rows: list[tuple[str, str, str]] = []
    series = case.active_series
    if series is not None:
        rows.append(("Series", series.description, series.uid))
    if case.image is not None:
        rows.append(("Images", "hash of voxels and geometry", case.image.uid))
    if case.labels is not None:
        rows.append(("Structures", case.labels.made_by, case.mesh.label_uid if case.mesh is not None else ""))
    if case.contours is not None:
        rows.append(("Contours", case.contours.made_by, case.contours.image_uid))
    if case.mesh is not None:
        rows.append(("Model", f"{len(case.mesh.points_mm)} points, {len(case.mesh.tets)} tetrahedra", case.mesh.uid))
    for name, value in case.records.values.items():
        rows.append(("Records", f"{label_of(name)} {number(value.value)} {value.unit}".strip(), value.source))
    rows += [("Records", name.replace("_", " "), where) for name, where in case.records.findings.items()]
    rows += [("Typed in", name.replace("_", " "), str(value)) for name, value in case.typed.items()]
    rows += [("Setting", name.replace("_", " "), str(value)) for name, value in case.setup_values.items()]
    for scenario in case.scenarios:
        if scenario.run is not None:
            rows.append(("Run", f"{scenario.label}, engine {scenario.run.engine}", scenario.run.uid))
    for study in case.studies:
        rows.append(("Study", f"{study.name}, {len(study.answers)} of {len(study.points)} points", study.baseline_uid))
    return rows


def provenance_page(case: Case) -> list[Any]:
    """Inputs, versions, parameters with origin and source, references."""
    story: list[Any] = [Heading("Where the numbers are from")]
    rows: list[list[Any]] = [["", "What", "Hash, identifier or source"]]
    rows += [[kind, said(text, CELL), said(_breakable(mark), QUIET)] for kind, text, mark in inputs_of(case)]
    story.append(table(rows, [20, 70, 90], padding=0.7))
    used = ", ".join(f"{name} {number_}" for name, number_ in versions().items())
    story.append(said(f"Versions: {used}; {platform.system()} {platform.machine()}.", QUIET))
    baseline = case.baseline
    if baseline is None:
        return story
    parameters = baseline.setup.parameters
    story += [Heading("What the simulation was given"), said(_counted(case), TEXT), _origin_bar(case)]
    lines: list[list[Any]] = [["Input of the baseline", "Value", "90 % interval", "Unit", "Origin", "Source"]]
    for name, q in parameters.items():
        lines.append([said(label_of(name), CELL), number(q.value), interval(q), q.unit, q.origin,
                      said(q.source, QUIET)])  # fmt: skip
    story.append(table(lines, [42, 15, 24, 20, 17, 62], right=(1,), padding=0.7))
    story += [said(f"• {note}", TEXT) for note in baseline.setup.notes]
    return story


def references(case: Case) -> list[str]:
    """Publications that numbers of this report cite, each once: sources of inputs, settings and usual ranges."""
    from twinviewer.session import catalog
    from twinviewer.session.norms import norms_of

    texts = [q.source for s in case.scenarios for q in s.setup.parameters.values()]
    texts += [q.source for q in case.measurements.values()]
    texts += [norm.source for norm in norms_of(case).values()]
    for scenario in case.treated:
        for use in scenario.therapies:
            therapy = catalog.therapies().get(use.therapy)
            texts += [] if therapy is None else [one.source for one in therapy.parameters]
    if case.baseline is not None and case.baseline.setup.fit is not None:
        texts += [one.range_source for one in case.baseline.setup.fit.parameters]
    found = [piece.strip(" .()") for text in texts for piece in re.split(r"; |\. ", text) if _cites(piece)]
    return list(dict.fromkeys(_closed(one[:1].upper() + one[1:]) for one in found))


def _closed(text: str) -> str:
    """With as many brackets closed as opened."""
    return text + ")" * max(text.count("(") - text.count(")"), 0)


def _cites(text: str) -> bool:
    """A year between 1900 and 2099 beside a name, and not a record's date."""
    return bool(re.search(r"\b(19|20)\d\d\b", text) and re.search(r"[A-Z][a-z]{2}", text)) and not re.search(
        r"\d{4}-\d{2}|FHIR", text
    )


def _counted(case: Case) -> str:
    assert case.baseline is not None
    counts = origin_counts(case.baseline.setup.parameters.values())
    total = sum(count for _, count in counts)
    return f"{total} inputs: " + ", ".join(f"{count} {name}" for name, count in counts) + "."


def _origin_bar(case: Case, height: float = 9.0) -> Drawing:
    """The same as a bar, each part labelled: readable in grey."""
    assert case.baseline is not None
    counts = origin_counts(case.baseline.setup.parameters.values())
    drawing, x = Drawing(WIDTH, height + 3), 0.0
    total = sum(count for _, count in counts)
    for (name, count), shade in zip(counts, _SHADES, strict=False):
        wide = WIDTH * count / total
        fill = colors.HexColor(shade)
        drawing.add(Rect(x, 2, wide, height, fillColor=fill, strokeColor=colors.white, strokeWidth=0.5))
        ink = colors.white if shade in _SHADES[:2] else colors.HexColor("#12181F")
        drawing.add(String(x + 3, 4.4, f"{count} {name}", fontName=REGULAR, fontSize=6.2, fillColor=ink))
        x += wide
    return drawing


def _breakable(mark: str) -> str:
    """A long hash with places to break."""
    return mark if " " in mark or len(mark) <= 70 else " ".join(mark[at : at + 32] for at in range(0, len(mark), 32))
