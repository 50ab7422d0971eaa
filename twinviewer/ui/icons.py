"""Icons of one family (Phosphor, through qtawesome), tinted with the theme."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QPixmap

from twinviewer.ui.theme import Tokens, mix

SMALL = QSize(16, 16)
LARGE = QSize(20, 20)

GLYPHS = {
    "about": "ph.info",
    "angle": "ph.triangle",
    "area": "ph.polygon",
    "add": "ph.plus",
    "beat": "ph.heartbeat",
    "cancel": "ph.x",
    "case": "ph.file",
    "caution": "ph.warning",
    "check": "ph.check",
    "close": "ph.x",
    "closed": "ph.caret-right",
    "compare": "ph.columns",
    "crosshair": "ph.crosshair",
    "cut": "ph.scissors",
    "demo": "ph.play-circle",
    "dock": "ph.arrows-in-simple",
    "down": "ph.caret-down",
    "drop": "ph.download-simple",
    "ellipse": "ph.circle-dashed",
    "end": "ph.skip-forward",
    "erase": "ph.eraser",
    "export": "ph.export",
    "eye": "ph.eye",
    "eye_off": "ph.eye-slash",
    "film": "ph.film-strip",
    "fit": "ph.frame-corners",
    "fusion": "ph.intersect",
    "float": "ph.arrow-square-out",
    "folder": "ph.folder-open",
    "four": "ph.squares-four",
    "grid": "ph.grid-four",
    "grow": "ph.magic-wand",
    "heart": "ph.heart",
    "help": "ph.question",
    "loop": "ph.repeat",
    "once": "ph.arrow-line-right",
    "keyboard": "ph.keyboard",
    "maximise": "ph.arrows-out",
    "model": "ph.cube",
    "more": "ph.dots-three",
    "next": "ph.caret-right",
    "one": "ph.square",
    "open": "ph.caret-down",
    "outline": "ph.scribble-loop",
    "page": "ph.file-text",
    "palette": "ph.command",
    "path": "ph.line-segments",
    "patient": "ph.user",
    "pause": "ph.pause",
    "pick": "ph.cursor",
    "picture": "ph.image",
    "play": "ph.play",
    "previous": "ph.caret-left",
    "redo": "ph.arrow-clockwise",
    "rename": "ph.pencil-simple",
    "reset": "ph.arrow-counter-clockwise",
    "ruler": "ph.ruler",
    "run": "ph.play",
    "save": "ph.floppy-disk",
    "scenario": "ph.git-branch",
    "search": "ph.magnifying-glass",
    "segment": "ph.paint-brush",
    "series": "ph.stack",
    "star": "ph.star",
    "start": "ph.skip-back",
    "structure": "ph.stack-simple",
    "table": "ph.table",
    "theme": "ph.circle-half",
    "threshold": "ph.sliders-horizontal",
    "trash": "ph.trash",
    "undo": "ph.arrow-counter-clockwise",
    "up": "ph.caret-up",
}


def icon(name: str, tokens: Tokens, colour: str | None = None) -> QIcon:
    """A tinted icon; disabled state in the quiet tone. KeyError for a name outside GLYPHS."""
    import qtawesome

    tint = colour or tokens.text
    return qtawesome.icon(GLYPHS[name], color=tint, color_disabled=mix(tokens.quiet, tokens.panel, 0.35))


def pixmap(name: str, tokens: Tokens, size: QSize = SMALL, colour: str | None = None, ratio: float = 1.0) -> QPixmap:
    """The same as a pixmap, sharp at a device pixel ratio."""
    return icon(name, tokens, colour).pixmap(size, ratio)
