"""The typeface of the pages. DejaVu Sans, which comes with matplotlib, has minus, arrows, Greek and Cyrillic; embedded
as the letters that are used, so that a page looks the same everywhere. Its licence is free (Bitstream Vera's)."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from reportlab.graphics import shapes
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

REGULAR, BOLD, SLANTED, BOLD_SLANTED = "Report", "Report-Bold", "Report-Slanted", "Report-BoldSlanted"
_FILES = {
    REGULAR: ("DejaVuSans.ttf", "Vera.ttf"),
    BOLD: ("DejaVuSans-Bold.ttf", "VeraBd.ttf"),
    SLANTED: ("DejaVuSans-Oblique.ttf", "VeraIt.ttf"),
    BOLD_SLANTED: ("DejaVuSans-BoldOblique.ttf", "VeraBI.ttf"),
}
"""Name here -> matplotlib's file, and reportlab's own, which has fewer letters, where that is missing."""


def _folder() -> Path | None:
    found = find_spec("matplotlib")  # found, not imported: that would take half a second
    return None if found is None or found.origin is None else Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"


@cache
def register() -> None:
    """Make the four faces known to reportlab, once a process."""
    folder = _folder()
    for name, (wanted, spare) in _FILES.items():
        path = None if folder is None else folder / wanted
        try:
            pdfmetrics.registerFont(TTFont(name, str(path) if path is not None and path.is_file() else spare))
        except TTFError:
            pdfmetrics.registerFont(TTFont(name, spare))
    shapes.STATE_DEFAULTS["fontName"] = REGULAR  # every drawing begins with it: Helvetica would be named, not embedded
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=SLANTED, boldItalic=BOLD_SLANTED)


register()
