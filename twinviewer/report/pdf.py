"""The report of a case: pictures, differences with units and intervals, traces, and where it all is from."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from PIL import Image as Raster
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Image, KeepTogether, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from twinviewer import __version__
from twinviewer.domain import Quantity, RenderError, Reporter, silent
from twinviewer.report import MEASURED_ONLY, RESEARCH_ONLY, TYPED_ONLY, can_report, follows_images
from twinviewer.report.bullseye import bullseye
from twinviewer.report.by_hand import by_hand
from twinviewer.report.drawings import curves, ecg_page
from twinviewer.report.fit_words import asked, counted, origin_of, parameter_label
from twinviewer.report.measured import still_of_both
from twinviewer.report.measures import GROUPS, LONG, group_of, paired, segment_values
from twinviewer.report.picture import simulated, still
from twinviewer.report.strip import Strip
from twinviewer.report.structures import by_structure, plain
from twinviewer.report.studio import footer
from twinviewer.session import catalog
from twinviewer.session.by_choice import is_by_choice
from twinviewer.session.case import NO_IMAGE, Case
from twinviewer.session.comparison import compare
from twinviewer.session.metric_names import label_of, order_of
from twinviewer.session.norms import Norm, norms_of

_TEXT = ParagraphStyle("text", fontName="Helvetica", fontSize=8.5, leading=11.5, textColor=colors.HexColor("#1A2029"))
_QUIET = ParagraphStyle("quiet", parent=_TEXT, fontSize=7, leading=9, textColor=colors.HexColor("#5C6876"))
_TITLE = ParagraphStyle("title", parent=_TEXT, fontName="Helvetica-Bold", fontSize=16, leading=20)
_HEAD = ParagraphStyle("head", parent=_TEXT, fontName="Helvetica-Bold", fontSize=10.5, leading=14, spaceBefore=8)
BY_SEGMENT = ("thickness_mm", "thickening_percent", "longitudinal_percent")
SIMULATED_LIMITS = (
    "Contours, motion and outcomes have not been validated in patients. The motion of the wall is a kinematic "
    "reconstruction from simulated volumes and strains. Differences show what the equations say for this geometry and "
    "these parameters; they advise nothing."
)
MEASURED_LIMITS = "Contours, motion and numbers have not been validated in patients; they advise nothing."
TYPED_LIMITS = "The shape is a generic heart's, not this patient's: only the typed numbers are. It advises nothing."
_RULE = colors.HexColor("#D5DBE2")


def pdf(case: Case, path: Path, report: Reporter = silent) -> Path:
    """Write the report and return its path. Raises RenderError when there is nothing to report or no disk space."""
    runs = simulated(case)
    if not can_report(case):
        raise RenderError("There is nothing to report yet", remedy="Segment and simulate first")
    notice = RESEARCH_ONLY if runs else TYPED_ONLY if case.typed else MEASURED_ONLY
    report(0.05, "Drawing the picture")
    measured = "Measures of an organ" if is_by_choice(case) else "Measures of one heart"
    story: list[Any] = [Paragraph("Simulated scenarios of one heart" if runs else measured, _TITLE)]
    story += [Paragraph(escape(_who(case)), _TEXT), Paragraph(notice, _QUIET)]
    if case.typed:
        typed = ", ".join(_typed(case))
        story.append(Paragraph(f"<b>{NO_IMAGE}.</b> Typed in: {escape(typed)}", _TEXT))
    story.append(Spacer(1, 4 * mm))
    if case.mesh is not None:
        colour = "activation_ms" if runs else ""
        story.append(_picture(still(case, (1600, 800 if runs else 640), colour, paper=True)))
    report(0.5, "Setting the tables")
    story += _comparison_tables(case)
    if runs and follows_images(case):
        story += [
            PageBreak(),
            Paragraph("The measured beat", _HEAD),
            _picture(still_of_both(case, (1600, 640), paper=True)),
        ]
    story += _measured_table(case)
    story += _by_hand(case)
    story += _fit_tables(case)
    story += _segments(case)
    if runs:
        story += [PageBreak(), Paragraph("12-lead ECG, 25 mm/s, 10 mm/mV", _HEAD), ecg_page(runs), _key(runs)]
        strip = Strip(runs, (1200, 240))
        story.append(Spacer(1, 4 * mm))
        panels = [curves(p.title, p.unit, p.curves, 87 * mm, 52 * mm) for p in strip.plots[1:]]
        right = [c for _, run, k in runs for c in strip.curves_of(run, "rv_pressure_mmhg", k)]
        panels.append(curves("RV pressure", "mmHg", right, 87 * mm, 52 * mm))
        story.append(Table([panels[:2], panels[2:]], colWidths=[90 * mm, 90 * mm]))
    story += [PageBreak() if runs else Spacer(1, 2 * mm), *_provenance(case)]
    report(0.8, "Writing the pages")
    partial = path.with_name(path.name + ".partial")
    try:
        document = SimpleDocTemplate(
            str(partial),
            pagesize=A4,
            leftMargin=15 * mm,
            rightMargin=15 * mm,
            topMargin=14 * mm,
            bottomMargin=16 * mm,
            title="Twinviewer: simulated scenario" if runs else "Twinviewer: measures of one heart",
            author="Twinviewer",
            subject=notice,
        )
        text = footer(case)

        def on_page(canvas: Any, page: Any) -> None:
            canvas.setFont("Helvetica", 7)
            canvas.setFillColor(colors.HexColor("#5C6876"))
            canvas.drawString(15 * mm, 9 * mm, text.replace("·", "-"))
            canvas.drawRightString(A4[0] - 15 * mm, 9 * mm, f"Twinviewer {__version__} - page {page.page}")

        document.build(story, onFirstPage=on_page, onLaterPages=on_page)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise RenderError("The report could not be written", where=path.name, remedy="Check free space") from error
    report(1.0, "Report written")
    return path


def _typed(case: Case) -> list[str]:
    """What was typed in, with labels and units as in the form."""
    organ = catalog.organs_from_numbers().get(case.organ)
    known = {} if organ is None else {one.name: one for one in organ.numbers}
    out = []
    for name, value in case.typed.items():
        one = known.get(name)
        label, unit = (one.label.removesuffix(", if known"), one.unit) if one is not None else (label_of(name), "")
        out.append(f"{label} {float(value):g} {unit}".rstrip())
    return out


def _who(case: Case) -> str:
    patient, series = case.patient, case.active_series
    parts = [patient.pseudonym or "no pseudonym", patient.sex]
    parts.append(f"{patient.age_years:.0f} years" if patient.age_years is not None else "")
    if series is not None:
        parts += [f"study {series.study_date}" if series.study_date else "", series.description]
        parts.append("SYNTHETIC patient" if series.synthetic else "")
    return " - ".join(part for part in parts if part)


def _picture(rgb: Any) -> Image:
    buffer = BytesIO()
    Raster.fromarray(rgb).save(buffer, "JPEG", quality=88)
    buffer.seek(0)
    return Image(buffer, width=180 * mm, height=180 * mm * rgb.shape[0] / rgb.shape[1])


def _number(value: float) -> str:
    size = abs(value)
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def _interval(quantity: Quantity) -> str:
    if quantity.low is None or quantity.high is None:
        return ""
    return f"{_number(quantity.low)} to {_number(quantity.high)}"


def _table(rows: list[list[Any]], widths: list[float], padding: float = 1.6) -> Table:
    table = Table(rows, colWidths=[w * mm for w in widths], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, 0), "Helvetica-Bold", 8),
                ("FONT", (0, 1), (-1, -1), "Helvetica", 8),
                ("LINEBELOW", (0, 0), (-1, -1), 0.3, _RULE),
                ("ALIGN", (1, 0), (-2, -1), "RIGHT"),
                ("TOPPADDING", (0, 0), (-1, -1), padding),
                ("BOTTOMPADDING", (0, 0), (-1, -1), padding),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        )
    )
    return table


def _comparison_tables(case: Case) -> list[Any]:
    baseline = case.baseline
    if baseline is None or baseline.run is None:
        return []
    story: list[Any] = []
    for other in case.treated:
        if other.run is None:
            continue
        rows: list[list[Any]] = [["", baseline.label, other.label, "change", "unit"]]
        for delta in compare(baseline, other).deltas:
            sign = "+" if delta.change > 0 else ""
            rows.append(
                [
                    label_of(delta.name),
                    _number(delta.baseline),
                    _number(delta.other),
                    sign + _number(delta.change),
                    delta.unit,
                ]
            )
        story += [Paragraph(escape(f"{baseline.label} and {other.label}: simulated"), _HEAD)]
        story.append(_table(rows, [62, 32, 32, 28, 26]))
    if not story:
        rows = [["", "simulated", "unit"]]
        rows += [[label_of(name), _number(q.value), q.unit] for name, q in baseline.run.metrics.items()]
        story = [Paragraph("Baseline: simulated", _HEAD), _table(rows, [80, 40, 40])]
    return story


def _measured_table(case: Case) -> list[Any]:
    if not case.measurements:
        return []
    if is_by_choice(case) and case.mesh is not None:
        return _structure_tables(case.measurements, tuple(case.mesh.surfaces))
    values = case.measurements
    pairs = paired(sorted(values, key=order_of))
    twice, norms = any(pairs.values()), norms_of(case)
    rows: list[list[Any]] = [["", "model" if twice else "value", "90 % interval", "discs" if twice else "", "unit",
                              "usual" if norms else ""]]  # fmt: skip
    sources: list[str] = []
    for group in GROUPS:
        named = [name for name in pairs if group_of(name) == group]
        if named and len(pairs) >= LONG:
            rows.append([Paragraph(f"<i>{group}</i>", _QUIET), "", "", "", "", ""])
        for name in named:
            found, discs = values[name], values.get(pairs[name])
            other = _number(discs.value) if discs is not None else ""
            unit = "" if found.unit == "1" else found.unit
            rows.append(
                [label_of(name), _number(found.value), _interval(found), other, unit, _usual(norms, name, found)]
            )
            if name in norms and norms[name].origin not in sources:
                sources.append(norms[name].origin)
    head = "Typed in, not measured" if case.typed else "Measured in the images"
    story: list[Any] = [Paragraph(head, _HEAD), _table(rows, [62, 24, 38, 18, 16, 26], 0.9)]
    if sources:
        story.append(Paragraph(escape("Usual: " + ". ".join(sources) + "."), _QUIET))
    return story


def _structure_tables(values: Mapping[str, Quantity], structures: tuple[str, ...]) -> list[Any]:
    """A row a structure of an organ that has any; then how far the largest lie apart."""
    found, apart = by_structure(values, structures)
    modality = {values[rows["mean"]].unit for rows in found.values() if "mean" in rows}
    unit = next(iter(modality), "")
    head = ["", "mL", "90 % interval", "in a slice, mm", "in space, mm", "cm²", f"{unit} ± SD", "pieces"]
    table: list[list[Any]] = [head]
    for name, rows in found.items():

        def said(row: str, rows: Mapping[str, str] = rows) -> str:
            return _number(values[rows[row]].value) if row in rows else ""

        flat = " × ".join(filter(None, (said("longest_in_slice_mm"), said("width_in_slice_mm"))))
        grey = [f"{values[rows[row]].value:.0f}" for row in ("mean", "sd") if row in rows]
        interval = _interval(values[rows["volume_ml"]]) if "volume_ml" in rows else ""
        pieces = f"{values[rows['pieces']].value:.0f}" if "pieces" in rows else ""
        label = plain(name)
        table.append([label[:1].upper() + label[1:], said("volume_ml"), interval, flat, said("longest_mm"),
                      said("area_cm2"), " ± ".join(grey), pieces])  # fmt: skip
    story: list[Any] = [
        Paragraph("Measured in the images", _HEAD),
        _table(table, [40, 14, 28, 26, 22, 14, 24, 12], 0.9),
    ]
    if apart:
        rows_apart = [["", "mm"], *([name, _number(values[key].value)] for name, key in apart.items())]
        story += [Paragraph("Between centres of gravity", _HEAD), _table(rows_apart, [80, 24], 0.9)]
    return story


def _by_hand(case: Case) -> list[Any]:
    """What was measured by hand, where anything was."""
    rows = [
        [name, f"{_number(value.value)} {value.unit}", _interval(value), where]
        for kind, where, found in by_hand(case)
        for name, value in ((f"{kind}: {what}", one) for what, one in found)
    ]
    if not rows:
        return []
    head = ["", "Value", "90 % interval", "On"]
    return [Paragraph("Measured by hand", _HEAD), _table([head, *rows], [62, 34, 44, 40], 0.9)]


def _usual(norms: Mapping[str, Norm], name: str, found: Quantity) -> Any:
    """The usual range of a measure, and where the value lies if outside."""
    if name not in norms:
        return ""
    verdict = norms[name].verdict(found.value)
    text = f"{norms[name].said}" + (f" <b>{verdict}</b>" if verdict else "")
    return Paragraph(text, _QUIET)


def _fit_tables(case: Case) -> list[Any]:
    """How well the baseline fits: measured beside simulated, and each parameter with its interval."""
    found = None if case.baseline is None else case.baseline.setup.fit
    if found is None:
        return []
    said = counted(found) if found.fits else " ".join(f"{problem}." for problem in found.problems)
    rows: list[list[Any]] = [["", "known", "± error", "simulated", "off by, in errors", ""]]
    for one in found.residuals:
        name = [label_of(one.name), _number(one.measured.value), _number(one.error), _number(one.simulated)]
        rows.append(
            [*name, f"{round(one.errors, 1) + 0.0:+.1f}" + ("" if one.met else " !"), Paragraph(origin_of(one), _QUIET)]
        )
    fitted: list[list[Any]] = [["Parameter", "value", "90 % interval", "unit", ""]]
    for other in sorted(found.parameters, key=lambda one: (not one.is_told, -one.told)):
        value = other.value
        line = [parameter_label(other.name), _number(value.value), _interval(value), value.unit]
        fitted.append([*line, Paragraph(escape(asked(other)), _QUIET)])
    story = [Paragraph("Measured beside simulated: the fit of the baseline", _HEAD), Paragraph(escape(said), _TEXT)]
    return [
        KeepTogether([*story, _table(rows, [52, 20, 20, 22, 28, 38], 0.9)]),
        _table(fitted, [42, 18, 34, 26, 60], 0.9),
    ]


def _segments(case: Case) -> list[Any]:
    """Bullseyes of thickness, thickening and strain of a heart that moves as the images show."""
    found = {} if case.mesh is None else segment_values(case.mesh)
    drawn = [bullseye(found[name], name, 58 * mm) for name in BY_SEGMENT if name in found]
    if not drawn:
        return []
    head = Paragraph("By segment: thickness at end-diastole, the others at end-systole", _HEAD)
    return [KeepTogether([head, Table([drawn], colWidths=[60 * mm] * len(drawn))])]


def _key(runs: list[Any]) -> Paragraph:
    parts = [f'<font color="{colour}">&#9632;</font> {escape(label)}' for label, _, colour in runs]
    return Paragraph(" &nbsp; ".join(parts), _QUIET)


def _provenance(case: Case) -> list[Any]:
    story: list[Any] = [Paragraph("Where the numbers are from", _HEAD)]
    lines = []
    if case.image is not None:
        lines.append(f"Images {case.image.uid}: {case.image.description}")
    if case.labels is not None:
        lines.append(f"Structures: {case.labels.made_by}, from images {case.labels.image_uid}")
        lines += list(case.labels.notes)
    if case.contours is not None:
        lines.append(f"Contours: {case.contours.made_by}, {len(case.contours.contours)} in all")
        lines += list(case.contours.notes)
    if case.mesh is not None:
        lines.append(f"Model {case.mesh.uid}: {len(case.mesh.points_mm)} points, {len(case.mesh.tets)} tetrahedra")
        lines += list(case.mesh.notes)
    for scenario in case.scenarios:
        if scenario.run is not None:
            used = "; ".join(
                f"{use.therapy} ({', '.join(f'{k} = {v}' for k, v in use.values.items())})"
                for use in scenario.therapies
            )
            lines.append(f"{scenario.label}: engine {scenario.run.engine}, run {scenario.run.uid}. {used}")
    story += [Paragraph(escape(line), _TEXT) for line in lines]
    first = case.baseline
    if first is not None:
        rows: list[list[Any]] = [["Parameter of the baseline", "value", "unit", "origin", "source"]]
        for name, q in first.setup.parameters.items():
            rows.append([label_of(name), _number(q.value), q.unit, q.origin, Paragraph(escape(q.source), _QUIET)])
        story += [Paragraph("What the simulation was given", _HEAD), _table(rows, [50, 18, 26, 20, 66])]
        story += [Paragraph(escape(note), _TEXT) for note in first.setup.notes]
    story.append(Paragraph("What this is not", _HEAD))
    story.append(
        Paragraph(
            SIMULATED_LIMITS if case.baseline is not None else TYPED_LIMITS if case.typed else MEASURED_LIMITS,
            _TEXT,
        )
    )
    return story
