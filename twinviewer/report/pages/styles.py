"""How the pages look: paragraphs, headings that land in the contents, tables. Readable without colours."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Raster
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Image, Paragraph, Table, TableStyle

from twinviewer.report.pages.fonts import BOLD, REGULAR

INK, QUIET_INK = colors.HexColor("#12181F"), colors.HexColor("#505B68")
RULE, SHADE = colors.HexColor("#C9D1DA"), colors.HexColor("#F1F4F7")
MARGIN, WIDTH = 15 * mm, A4[0] - 30 * mm
WIDTH_MM = WIDTH / mm

TEXT = ParagraphStyle("text", fontName=REGULAR, fontSize=7.6, leading=10.6, textColor=INK)
SMALL = ParagraphStyle("small", parent=TEXT, fontSize=6.6, leading=8.8)
SMALL_RIGHT = ParagraphStyle("small_right", parent=SMALL, alignment=2)
QUIET = ParagraphStyle("quiet", parent=SMALL, textColor=QUIET_INK)
LEAD = ParagraphStyle("lead", parent=TEXT, fontSize=9, leading=12.6)
TITLE = ParagraphStyle("title", parent=TEXT, fontName=BOLD, fontSize=16, leading=20)
HEADING = ParagraphStyle("heading", parent=TEXT, fontName=BOLD, fontSize=11.5, leading=15, spaceBefore=8, spaceAfter=3)
UNDER = ParagraphStyle("under", parent=TEXT, fontName=BOLD, fontSize=8.6, leading=12, spaceBefore=6, spaceAfter=2)
RIGHT = ParagraphStyle("right", parent=TEXT, alignment=2)
QUIET_RIGHT = ParagraphStyle("quiet_right", parent=QUIET, alignment=2)
HEAD_RIGHT = ParagraphStyle("head_right", parent=SMALL, fontName=BOLD, alignment=2)
CELL, CELL_RIGHT = ParagraphStyle("cell", parent=SMALL), ParagraphStyle("cell_right", parent=SMALL, alignment=2)


class Heading(Paragraph):
    """A heading that also stands in the contents and the bookmarks. level: 0 of a page, 1 of a part of it."""

    def __init__(self, text: str, level: int = 0, *, shown: bool = True) -> None:
        super().__init__(escape(text) if shown else "", (HEADING, UNDER)[level])
        self.said, self.level = text, level


def said(text: str, style: ParagraphStyle = TEXT) -> Paragraph:
    """Plain text, whatever letters it has."""
    return Paragraph(escape(text), style)


def table(
    rows: Sequence[Sequence[Any]],
    widths_mm: Sequence[float],
    *,
    padding: float = 1.3,
    right: Sequence[int] = (),
    more: Sequence[tuple[Any, ...]] = (),
    size: float = 7.0,
) -> Table:
    """Rows under a head line, which is repeated on each page. right: columns of numbers. more: further commands."""
    made = Table([list(row) for row in rows], colWidths=[w * mm for w in widths_mm], repeatRows=1)
    commands: list[tuple[Any, ...]] = [
        ("FONT", (0, 0), (-1, 0), BOLD, size),
        ("FONT", (0, 1), (-1, -1), REGULAR, size),
        ("TEXTCOLOR", (0, 0), (-1, -1), INK),
        ("LINEBELOW", (0, 0), (-1, 0), 0.7, INK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.25, RULE),
        ("TOPPADDING", (0, 0), (-1, -1), padding),
        ("BOTTOMPADDING", (0, 0), (-1, -1), padding),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ]
    commands += [("ALIGN", (column, 0), (column, -1), "RIGHT") for column in right]
    made.setStyle(TableStyle([*commands, *more]))
    return made


def plain_grid(rows: Sequence[Sequence[Any]], widths: Sequence[float]) -> Table:
    """Things beside and under each other, no lines. widths in points."""
    made = Table([list(row) for row in rows], colWidths=list(widths))
    made.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), REGULAR, 7),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 0),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        )
    )
    return made


def picture(rgb: NDArray[np.uint8], width: float) -> Image:
    """A picture (h, w, 3) as wide as given, in points; JPEG, so that the file stays small."""
    buffer = BytesIO()
    Raster.fromarray(rgb).save(buffer, "JPEG", quality=88, subsampling=0)
    buffer.seek(0)
    return Image(buffer, width=width, height=width * rgb.shape[0] / rgb.shape[1])
