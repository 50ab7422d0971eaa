"""Page one: what a referring doctor reads in a minute. Fits one page whatever the case holds."""

from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from reportlab.lib.units import mm
from reportlab.platypus import KeepInFrame, Paragraph, Spacer, Table, TableStyle

from twinviewer.report.bullseye import bullseye
from twinviewer.report.maps import ACTIVATION, TITLES, WORK, change_scale, segment_table
from twinviewer.report.pages.curves import loops, panel
from twinviewer.report.pages.deltas import chosen_deltas, deltas_of
from twinviewer.report.pages.ecg import small_ecg
from twinviewer.report.pages.fonts import BOLD, REGULAR
from twinviewer.report.pages.inks import Inked, inked, key
from twinviewer.report.pages.measured_front import measured_numbers
from twinviewer.report.pages.story import MOST_BESIDE, headline, limits, ready, title_of, what_was_done, who
from twinviewer.report.pages.styles import (
    INK,
    LEAD,
    QUIET,
    RULE,
    SHADE,
    SMALL,
    TEXT,
    TITLE,
    WIDTH,
    Heading,
    picture,
    plain_grid,
    said,
)  # fmt: skip
from twinviewer.report.pages.words import UNKNOWN, change, change_interval
from twinviewer.report.panes import panes
from twinviewer.session.case import BASELINE, Case
from twinviewer.session.finding import sentence as in_a_sentence
from twinviewer.session.metric_names import label_of, number_of

PANES_PX = (1620, 660)
HEIGHT = 262 * mm


def front(case: Case, notice: str, made: str) -> list[Any]:
    """The page. made: when, and by which version. RenderError where no renderer works."""
    parts: list[Any] = [
        Heading(title_of(case), shown=False),
        Paragraph(escape(title_of(case)), TITLE),
        said(who(case), TEXT),
        said(made, QUIET),
        Spacer(1, 1.5 * mm),
        _boxed(notice),
        Spacer(1, 1.5 * mm),
        said(what_was_done(case), LEAD),
        *_found(case),
        Spacer(1, 2 * mm),
    ]
    names = (BASELINE, *(one.name for one in ready(case)[:MOST_BESIDE]))
    shown = inked(case, names)
    if case.mesh is not None:
        rgb, caption = panes(case, names, PANES_PX, cut=bool(shown))
        parts += [picture(rgb, WIDTH), said(caption, QUIET), Spacer(1, 1.5 * mm)]
    parts += _numbers(case) or measured_numbers(case)
    if shown:
        parts += [Spacer(1, 2 * mm), *_drawings(case, shown)]
    parts += [Spacer(1, 1.5 * mm), _limits(case)]
    return [KeepInFrame(WIDTH, HEIGHT, parts, mode="shrink", hAlign="LEFT")]


def _found(case: Case) -> list[Any]:
    """One sentence a scenario: what changes most of what is read first."""
    told = []
    for one in ready(case)[:MOST_BESIDE]:
        deltas = deltas_of(case, one)
        if deltas:
            told.append(Paragraph(f"<b>{escape(in_a_sentence(one.label, deltas))}</b>", LEAD))
    return told


def _boxed(text: str) -> Table:
    made = Table([[Paragraph(f"<b>{escape(text)}</b>", SMALL)]], colWidths=[WIDTH])
    made.setStyle(
        TableStyle([("BOX", (0, 0), (-1, -1), 0.8, INK), ("FONT", (0, 0), (-1, -1), REGULAR, 7),
                    ("TOPPADDING", (0, 0), (-1, -1), 2),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 3), ("LEFTPADDING", (0, 0), (-1, -1), 4)])
    )  # fmt: skip
    return made


def _numbers(case: Case) -> list[Any]:
    """The six numbers: today's heart, then each scenario with its change and how sure that is."""
    others = ready(case)[:MOST_BESIDE]
    found = {one.name: deltas_of(case, one) for one in others}
    everything = [delta for deltas in found.values() for delta in deltas]
    names = headline(case, everything)
    baseline = case.baseline
    if not names or baseline is None:
        return []
    top: list[Any] = ["", "", "Today"]
    head: list[Any] = ["", "Unit", ""]
    narrow = len(others) > 1
    rows: list[list[Any]] = []
    for one in others:
        top += [Paragraph(f"<b>{escape(one.label)}</b>", SMALL), "", ""]
        head += ["then", "change", "90 % interval of the change" if not narrow else "90 % interval"]
    unknown = UNKNOWN if narrow else f"interval {UNKNOWN}"
    for name in names:
        row: list[Any] = [said(label_of(name), TEXT), "", ""]
        for one in others:
            delta = next(iter(chosen_deltas(found[one.name], [name])), None)
            if delta is None:
                row += ["", "", ""]
                continue
            row[1], row[2] = delta.unit, number_of(name, delta.baseline)
            sure = unknown if delta.apart is None else change_interval(delta)
            row += [number_of(name, delta.other), change(delta), said(sure, QUIET if delta.apart is None else SMALL)]
        rows.append(row)
    first = (46, 15, 14) if narrow else (54, 17, 17)
    each = (180 - sum(first)) / len(others)
    shares = (0.24, 0.28, 0.48) if narrow else (0.16, 0.18, 0.66)
    widths = [*first, *[share * each for _ in others for share in shares]]
    made = Table([top, head, *rows], colWidths=[w * mm for w in widths])
    columns = [3 + 3 * k + offset for k in range(len(others)) for offset in (0, 1)]
    made.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, 1), REGULAR, 6.6),
                ("FONT", (0, 2), (-1, -1), REGULAR, 8.4),
                ("TEXTCOLOR", (0, 0), (-1, -1), INK),
                ("LINEBELOW", (0, 1), (-1, 1), 0.7, INK),
                ("LINEBELOW", (0, 2), (-1, -1), 0.25, RULE),
                ("ALIGN", (2, 0), (2, -1), "RIGHT"),
                *[("ALIGN", (column, 1), (column, -1), "RIGHT") for column in columns],
                *[("SPAN", (3 + 3 * k, 0), (5 + 3 * k, 0)) for k in range(len(others))],
                *[("LEFTPADDING", (3 + 3 * k, 0), (3 + 3 * k, 0), 8) for k in range(len(others))],
                *[("FONT", (4 + 3 * k, 2), (4 + 3 * k, -1), BOLD, 8.8) for k in range(len(others))],
                *[("BACKGROUND", (4 + 3 * k, 1), (4 + 3 * k, -1), SHADE) for k in range(len(others))],
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("LEFTPADDING", (0, 1), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 3),
                ("TOPPADDING", (0, 0), (-1, 1), 0.5),
                ("BOTTOMPADDING", (0, 0), (-1, 1), 1.5),
                ("TOPPADDING", (0, 2), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 2), (-1, -1), 2.6),
            ]
        )
    )
    return [made]


def _drawings(case: Case, shown: list[Inked]) -> list[Any]:
    """ECG, pressure-volume loop and what changes in each segment, beside each other; and which line is which."""
    changes = _changes(case, shown)
    ecg = small_ecg(shown, 60.0)
    cells: list[tuple[Any, float]] = []
    room = WIDTH
    if ecg is not None:
        note = said("V1 and II, true scale: 25 mm/s, 10 mm/mV", QUIET)
        cells.append(([ecg, note], 64 * mm))
        room -= 64 * mm
    share = room / (1 + max(len(changes), 1))
    if lines := loops(shown):
        made = panel("LV pressure (mmHg)", "LV volume, mL", lines, share - 6, min(share, 54 * mm))
        cells.append(([made], share))
    for drawing in changes:
        cells.append((bullseye(*drawing[:2], min(share - 4, 46 * mm), drawing[2], heading_size=6.2), share))
    if not cells:
        return []
    return [plain_grid([[cell for cell, _ in cells]], [width for _, width in cells]), key(shown, WIDTH)]


def _changes(case: Case, shown: list[Inked]) -> list[tuple[Any, Any, str]]:
    """(17,) differences a treated scenario, all on one scale: of activation, or of work where that does not change."""
    if case.mesh is None or len(shown) < 2 or shown[0].scenario.name != BASELINE:
        return []
    tables = [segment_table(case.mesh, one.run) for one in shown]
    for name in (ACTIVATION, WORK):
        found = [one[name] - tables[0][name] for one in tables[1:] if name in one and name in tables[0]]
        most = max((float(np.nanmax(np.abs(values))) for values in found if np.isfinite(values).any()), default=0.0)
        if len(found) == len(tables) - 1 and most >= (2.0 if name == ACTIVATION else 0.05):
            scale = change_scale(name, found)
            return [
                (values, scale, f"\u0394 {TITLES[name].lower()} ({scale.unit}), {one.label}")
                for values, one in zip(found, shown[1:], strict=True)
            ]
    return []


def _limits(case: Case) -> Table:
    rows = [[Paragraph("<b>What limits this</b>", SMALL), ""]]
    rows += [[f"{n}.", said(text, SMALL)] for n, text in enumerate(limits(case), start=1)]
    made = Table(rows, colWidths=[5 * mm, WIDTH - 5 * mm])
    made.setStyle(
        TableStyle(
            [
                ("SPAN", (0, 0), (-1, 0)), ("BACKGROUND", (0, 0), (-1, -1), SHADE),
                ("FONT", (0, 0), (-1, -1), REGULAR, 7), ("FONT", (0, 1), (0, -1), BOLD, 6.6),
                ("VALIGN", (0, 0), (-1, -1), "TOP"), ("TOPPADDING", (0, 0), (-1, -1), 1.2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6), ("LEFTPADDING", (0, 0), (-1, -1), 4),
            ]
        )
    )  # fmt: skip
    return made
