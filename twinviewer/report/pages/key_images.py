"""The views that a reader has marked, two in a row."""

from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Spacer, Table, TableStyle

from twinviewer.report.key_images import key_pictures
from twinviewer.report.pages.styles import QUIET, WIDTH, Heading, picture, said
from twinviewer.session.case import Case

MOST = 24
GAP = 3 * mm
TALLEST = 95 * mm


def key_images_page(case: Case) -> list[Any]:
    """Empty where nothing is marked, or the images are not in the case."""
    found = key_pictures(case)
    if not found:
        return []
    cells = []
    for rgb, caption in found[:MOST]:
        wide = min((WIDTH - GAP) / 2, TALLEST * rgb.shape[1] / rgb.shape[0])
        cells.append([picture(rgb, wide), said(caption, QUIET)])
    rows = [cells[n : n + 2] + [""] * (2 - len(cells[n : n + 2])) for n in range(0, len(cells), 2)]
    made = Table(rows, colWidths=[WIDTH / 2, WIDTH / 2])
    made.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]))
    more = [said(f"{len(found) - MOST} more are in the case.", QUIET)] if len(found) > MOST else []
    return [Heading("Key images"), Spacer(1, 1.5 * mm), made, *more]
