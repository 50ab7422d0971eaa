"""What was measured in the images, in groups, each value drawn against what is usual."""

from collections.abc import Mapping
from typing import Any

from reportlab.graphics.shapes import Drawing, Line, Rect
from reportlab.lib import colors
from reportlab.platypus import Paragraph

from twinviewer.domain import Quantity
from twinviewer.report.by_hand import by_hand
from twinviewer.report.measures import GROUPS, group_of, paired
from twinviewer.report.pages.styles import CELL, QUIET, SHADE, Heading, said, table
from twinviewer.report.pages.words import interval, number, value_of
from twinviewer.report.structures import by_structure, plain
from twinviewer.session.by_choice import is_by_choice
from twinviewer.session.case import Case
from twinviewer.session.metric_names import label_of, order_of
from twinviewer.session.norms import Norm, norms_of

_INK, _BAND = colors.HexColor("#12181F"), colors.HexColor("#D3DAE2")


def measures_page(case: Case) -> list[Any]:
    """Tables of measures, and of what was measured by hand."""
    story: list[Any] = []
    if case.measurements and is_by_choice(case) and case.mesh is not None:
        story += _structures(case.measurements, tuple(case.mesh.surfaces))
    elif case.measurements:
        story += _measured(case)
    hand = _by_hand(case)
    return [*story, *([] if not hand or story else [Heading("Measured by hand")]), *hand]


def _measured(case: Case) -> list[Any]:
    values = case.measurements
    pairs = paired(sorted(values, key=order_of))
    norms = norms_of(case)
    twice = any(pairs.values())
    rows: list[list[Any]] = [["", "Model" if twice else "Value", "Discs" if twice else "", "Unit", "90 % interval",
                              "Usual", "", ""]]  # fmt: skip
    commands: list[tuple[Any, ...]] = []
    sources: list[str] = []
    for group in GROUPS:
        named = [name for name in pairs if group_of(name) == group]
        if not named:
            continue
        commands += [("SPAN", (0, len(rows)), (-1, len(rows))), ("BACKGROUND", (0, len(rows)), (-1, len(rows)), SHADE)]
        rows.append([Paragraph(f"<b>{group}</b>", CELL), *[""] * 7])
        for name in named:
            found, discs, norm = values[name], values.get(pairs[name]), norms.get(name)
            row = [label_of(name), value_of(name, found), value_of(name, discs) if discs is not None else "",
                   "" if found.unit == "1" else found.unit, interval(found)]  # fmt: skip
            if norm is None:
                rows.append([*row, "", "", ""])
                continue
            verdict = norm.verdict(found.value)
            rows.append([*row, norm.said, Paragraph(f"<b>{verdict}</b>", CELL), range_bar(found, norm)])
            if norm.origin not in sources:
                sources.append(norm.origin)
    head = "Typed in, not measured" if case.typed else "Measures against what is usual"
    story: list[Any] = [Heading(head)]
    story.append(table(rows, [58, 16, 14, 15, 24, 19, 12, 22], right=(1, 2), padding=0.7, more=commands))
    if sources:
        story.append(said("Usual: " + ". ".join(sources) + ".", QUIET))
    story.append(said("Bar: shaded what is usual, line the 90 % interval, mark the value.", QUIET))
    return story


def range_bar(found: Quantity, norm: Norm, width: float = 56.0, height: float = 7.0) -> Drawing:
    """The usual range shaded, the interval as a line, the value as a mark; readable without colour."""
    drawing = Drawing(width, height)
    ends = [v for v in (norm.low, norm.high, found.value, found.low, found.high) if v is not None]
    low, high = min(ends), max(ends)
    room = 0.18 * max(high - low, abs(high) * 0.05, 1e-9)
    low, high = low - room, high + room

    def at(value: float) -> float:
        return width * (value - low) / (high - low)

    left = 0.0 if norm.low is None else at(norm.low)
    right = width if norm.high is None else at(norm.high)
    drawing.add(Rect(left, 1.2, right - left, height - 2.4, fillColor=_BAND, strokeColor=None))
    if found.low is not None and found.high is not None:
        drawing.add(Line(at(found.low), height / 2, at(found.high), height / 2, strokeColor=_INK, strokeWidth=0.7))
    drawing.add(Rect(at(found.value) - 0.9, 0.4, 1.8, height - 0.8, fillColor=_INK, strokeColor=None))
    return drawing


def _structures(values: Mapping[str, Quantity], structures: tuple[str, ...]) -> list[Any]:
    """A row a structure of an organ that has any; then how far the largest lie apart."""
    found, apart = by_structure(values, structures)
    modality = {values[rows["mean"]].unit for rows in found.values() if "mean" in rows}
    head = ["", "mL", "90 % interval", "In a slice, mm", "In space, mm", "cm²", f"{next(iter(modality), '')} ± SD",
            "Pieces"]  # fmt: skip
    lines: list[list[Any]] = [head]
    for name, rows in found.items():

        def told(row: str, rows: Mapping[str, str] = rows) -> str:
            return number(values[rows[row]].value) if row in rows else ""

        flat = " × ".join(filter(None, (told("longest_in_slice_mm"), told("width_in_slice_mm"))))
        grey = [f"{values[rows[row]].value:.0f}" for row in ("mean", "sd") if row in rows]
        between = interval(values[rows["volume_ml"]]) if "volume_ml" in rows else ""
        pieces = f"{values[rows['pieces']].value:.0f}" if "pieces" in rows else ""
        label = plain(name)
        lines.append([label[:1].upper() + label[1:], told("volume_ml"), between, flat, told("longest_mm"),
                      told("area_cm2"), " ± ".join(grey), pieces])  # fmt: skip
    story: list[Any] = [
        Heading("Measured in the images"),
        table(lines, [40, 16, 28, 26, 22, 16, 20, 12], right=(1, 4, 5, 7), padding=0.8),
    ]
    if apart:
        rows_apart = [["", "mm"], *([name, number(values[key].value)] for name, key in apart.items())]
        story += [Heading("Between centres of gravity", 1), table(rows_apart, [80, 24], right=(1,), padding=0.8)]
    return story


def _by_hand(case: Case) -> list[Any]:
    """What was measured by hand, where anything was."""
    rows = [
        [name, f"{number(value.value)} {value.unit}", interval(value), where]
        for kind, where, found in by_hand(case)
        for name, value in ((f"{kind}: {what}", one) for what, one in found)
    ]
    if not rows:
        return []
    head = ["", "Value", "90 % interval", "On"]
    return [Heading("Measured by hand", 1), table([head, *rows], [62, 34, 44, 40], right=(1,), padding=0.8)]
