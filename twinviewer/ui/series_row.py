"""One series in the case tree: picture, name, extent, and a strip of what is there and what lacks."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFont, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from twinviewer.domain import Series
from twinviewer.ui.banner import date_text
from twinviewer.ui.grid_canvas import paint_strip
from twinviewer.ui.icons import icon
from twinviewer.ui.series_sheet import SeriesSheet
from twinviewer.ui.theme import Look, mix, ui_font

KIND_NAMES = {
    "ct_volume": "CT volume",
    "ct_multiphase": "CT, multi-phase",
    "mr_cine": "MR cine",
    "mr_volume": "MR volume",
    "volume": "Volume",
    "planar": "Single images",
    "not_image": "Not an image",
    "unreadable": "Unreadable",
}
QUIET = frozenset({"mixed_patients", "no_contrast_tag", "few_slices", "units"})
"""Warnings that are told on asking, not in the row: the rows' headings say whose they are."""


def grid_text(series: Series) -> str:
    """ "128 slices × 10 phases", or what there is of it; "30 pictures" of what is no volume."""
    if series.extra.get("opens_as") == "pictures":
        return f"{series.slices} picture{'s' if series.slices != 1 else ''}"
    slices = f"{series.slices} slice{'s' if series.slices != 1 else ''}"
    return f"{slices} × {series.phases} phases" if series.phases > 1 else slices


class SeriesRow(QWidget):
    """Double click or Enter opens it; the button on the right, G or a right click shows its slices and phases."""

    opened = Signal(str)

    def __init__(self, look: Look, series: Series, picture: QPixmap | None, active: bool) -> None:
        super().__init__()
        self.look, self.series, self.picture, self.active = look, series, picture, active
        self.usable = series.kind not in ("not_image", "unreadable")
        self.title = series.description or KIND_NAMES.get(series.kind, series.kind)
        self.setFixedHeight(64)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        lines = [f"<b>{self.title}</b>", grid_text(series) if self.usable else ""]
        if self.usable:
            rows, columns = series.shape
            lines.append(f"{columns} × {rows} pixels, {' × '.join(f'{s:.2f}' for s in series.spacing_mm)} mm")
        lines += [f"⚠ {warning.text}" for warning in series.warnings[:8]]
        lines.append("Double click to open" if self.usable and not active else "")
        self.setToolTip("<br>".join(line for line in lines if line))
        self.setAccessibleName(f"Series {series.description}, {grid_text(series)}")
        self.sheet: SeriesSheet | None = None
        if series.grid is not None or series.warnings:
            self._add_button()

    def _add_button(self) -> None:
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 6, 8, 0)
        line.addStretch(1)
        self.more = QToolButton()
        self.more.setIcon(icon("grid", self.look.tokens, self.look.tokens.quiet))
        self.more.setIconSize(QSize(16, 16))
        self.more.setFixedSize(22, 22)
        self.more.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.more.setToolTip("Slices, phases and what is odd (G)")
        self.more.setAccessibleName(f"Slices and phases of {self.title}")
        self.more.clicked.connect(self.show_sheet)
        line.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)

    def show_sheet(self) -> None:
        """All that is known of the series, beside its row."""
        if self.series.grid is None and not self.series.warnings:
            return
        self.sheet = SeriesSheet(self, self.look, self.series, self.title, self.usable and not self.active)
        self.sheet.open_asked.connect(self.opened)
        self.sheet.show_beside(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self.look.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(4, 2, -4, -2)
        if self.active or self.underMouse() or self.hasFocus():
            painter.setPen(QPen(QColor(t.accent), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(mix(t.panel, t.accent, 0.16) if self.active else t.raised))
            painter.drawRoundedRect(area, 6, 6)
        self._draw_picture(painter, QRectF(10, 8, 48, 48))
        x, width = 68.0, self.width() - 68.0 - 10.0
        painter.setFont(ui_font(13, QFont.Weight.DemiBold if self.active else QFont.Weight.Medium))
        painter.setPen(QColor(t.text if self.usable else t.quiet))
        self._text(painter, QRectF(x, 8, width - 24, 18), self.title)
        painter.setFont(ui_font(11))
        grid = self.series.grid
        lacking = grid is not None and bool(grid.lacking)
        painter.setPen(QColor(t.quiet))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        below = grid_text(self.series) if self.usable else _count(self.series)
        if grid is not None and lacking:
            some = f"{grid.missing_slices} slices" if grid.missing_slices else f"{grid.lacking} images"
            below += f", {some} lacking"
        self._text(painter, QRectF(x, 25, width, 15), below)
        used = 0.0
        told = next((warning.text for warning in self.series.warnings if warning.code not in QUIET), "")
        if grid is not None and grid.rows:
            room = width * (0.4 if told else 1.0)
            used = paint_strip(painter, QRectF(x, 43, room, 13), grid, t, self.active) + 8.0
        if told:
            painter.setPen(QColor(t.caution))
            self._text(painter, QRectF(x + used, 41, width - used, 16), f"⚠ {told}")

    def _draw_picture(self, painter: QPainter, box: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#05070A"))
        painter.drawRoundedRect(box, 4, 4)
        if self.picture is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(box.adjusted(1, 1, -1, -1), self.picture, QRectF(self.picture.rect()))
            return
        painter.setFont(ui_font(11, QFont.Weight.DemiBold))
        painter.setPen(QColor("#94A0AF"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.series.modality or "–")

    def _text(self, painter: QPainter, area: QRectF, text: str) -> None:
        short = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(area.width()))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, short)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.usable:
            self.opened.emit(self.series.uid)
        else:
            self.show_sheet()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.show_sheet()

    def keyPressEvent(self, event: object) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.usable:
                self.opened.emit(self.series.uid)
            else:
                self.show_sheet()
        elif event.key() == Qt.Key.Key_G and not event.modifiers():
            self.show_sheet()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: object) -> None:
        self.update()

    def leaveEvent(self, event: object) -> None:
        self.update()


class StudyHead(QLabel):
    """Whose the series below are, and of which day, where a folder holds several patients or studies."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "small")
        self.setContentsMargins(12, 8, 8, 2)


def study_heads(series: tuple[Series, ...]) -> dict[str, str]:
    """UID of the first series of each study -> the heading above it; none where there is one study only."""
    images = [one for one in series if one.kind != "unreadable"]
    studies = {(one.patient.pseudonym, one.study_uid) for one in images}
    if len(studies) < 2:
        return {}
    several = len({pseudonym for pseudonym, _ in studies}) > 1
    heads: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for one in images:
        key = (one.patient.pseudonym, one.study_uid)
        if key in seen:
            continue
        seen.add(key)
        date = date_text(one.study_date).replace("-00", "")  # what was taken out of a date is written as zeros
        study = date or "Study without date"
        heads[one.uid] = f"{one.patient.pseudonym}  ·  {study}" if several else study
    return heads


def _count(series: Series) -> str:
    if series.kind != "unreadable":
        return KIND_NAMES.get(series.kind, series.kind)
    count = len(series.warnings)
    return f"{count} reason{'s' if count != 1 else ''}: double click"
