"""The inputs that a number depends on most, as bars, each with the measurement that would make it better known."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from twinviewer.session.studies.uncertainty.sensitivity import Ranking
from twinviewer.session.studies.uncertainty.words import narrowed, percent, title
from twinviewer.ui.theme import SMALL_PX, Look, ui_font

ROW_PX, SHOWN = 50, 3


class InputBars(QWidget):
    """Up to three bars, the longest first; a full bar is all of the variance."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self._rows: list[tuple[str, float, str]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("What the number depends on")
        look.changed.connect(self.update)

    def show_ranking(self, ranking: Ranking | None) -> None:
        """None clears."""
        shares = () if ranking is None else ranking.shares[:SHOWN]
        self._rows = [(title(one.input), one.share, narrowed(one)) for one in shares]
        self.setAccessibleDescription(
            "; ".join(f"{name} {percent(share)}, would be narrowed by: {how}" for name, share, how in self._rows)
        )
        self.setVisible(bool(self._rows))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(420, ROW_PX * max(len(self._rows), 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self.look.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        wide = float(self.width())
        for k, (name, share, how) in enumerate(self._rows):
            top = float(k * ROW_PX)
            painter.setFont(ui_font(13))
            painter.setPen(QColor(t.text))
            line = QRectF(0.0, top, wide, 18.0)
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, percent(share))
            painter.setPen(Qt.PenStyle.NoPen)
            track = QRectF(0.0, top + 20.0, wide, 7.0)
            painter.setBrush(QColor(t.raised))
            painter.drawRoundedRect(track, 3.5, 3.5)
            painter.setBrush(QColor(t.accent))
            painter.drawRoundedRect(QRectF(0.0, top + 20.0, max(wide * min(share, 1.0), 7.0), 7.0), 3.5, 3.5)
            painter.setFont(ui_font(SMALL_PX))
            painter.setPen(QColor(t.quiet))
            below = QRectF(0.0, top + 29.0, wide, 17.0)
            said = painter.fontMetrics().elidedText(
                f"would be narrowed by: {how}" if not how.startswith("no ") else how[:1].upper() + how[1:],
                Qt.TextElideMode.ElideRight, int(wide),
            )  # fmt: skip
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, said)
        painter.end()
