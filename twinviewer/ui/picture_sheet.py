"""Pictures of a series that is no volume, on a sheet of their own: X-rays, ultrasound films, captures in colour."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QSizePolicy, QSlider, QToolButton, QVBoxLayout, QWidget

from twinviewer.domain import Picture, Pictures, Series
from twinviewer.session.pictures import value_text
from twinviewer.ui.icons import icon
from twinviewer.ui.read_out import foot_line
from twinviewer.ui.theme import Look

CLAIM = "For research only, not for diagnosis"
HINT = "Wheel: next    Ctrl + wheel: zoom    drag: brightness of grey    right drag: move    R: as at first"
SHORTEST_FRAME_S, USUAL_FRAME_S = 0.02, 0.1
MOST_ZOOM = 32.0


class PictureCanvas(QWidget):
    """One picture, fitted into the room there is, its pixels' shape kept."""

    stepped = Signal(int)
    pointed = Signal(int, int)
    windowed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.picture: Picture | None = None
        self.window_: tuple[float, float] | None = None
        self.zoom, self.shift = 1.0, QPointF()
        self._image: QImage | None = None
        self._dragged: QPointF | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 180)
        self.setAccessibleName("Picture")

    def sizeHint(self) -> QSize:
        return QSize(900, 640)

    def show_picture(self, picture: Picture) -> None:
        """Show another one, at the zoom and window that are set."""
        self.picture = picture
        self._draw()

    def reset(self) -> None:
        """Fitted, with the picture's own brightness."""
        self.window_, self.zoom, self.shift = None, 1.0, QPointF()
        self._draw()
        self.windowed.emit()

    def _draw(self) -> None:
        if self.picture is None:
            return
        shown = self.picture.shown(self.window_)
        shown = shown if shown.flags.c_contiguous else shown.copy()
        rows, columns = shown.shape[:2]
        colour = shown.ndim == 3
        kind = QImage.Format.Format_RGB888 if colour else QImage.Format.Format_Grayscale8
        self._image = QImage(shown.data, columns, rows, shown.strides[0], kind).copy()
        self.update()

    def place(self) -> QRectF:
        """Where the picture lies in the widget."""
        if self.picture is None:
            return QRectF()
        rows, columns = self.picture.pixels.shape[:2]
        spacing = self.picture.spacing_mm or (self.picture.aspect, 1.0)
        wide, high = columns * spacing[1], rows * spacing[0]
        scale = min(self.width() / wide, self.height() / high) * self.zoom
        size = QPointF(wide * scale, high * scale)
        middle = QPointF(self.width() / 2, self.height() / 2) + self.shift
        return QRectF(middle.x() - size.x() / 2, middle.y() - size.y() / 2, size.x(), size.y())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#000000"))
        if self._image is not None:
            place = self.place()
            magnified = place.width() > 4 * self._image.width()  # then the pixels themselves are looked at
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not magnified)
            painter.drawImage(place, self._image)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turns = event.angleDelta().y()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            before = self.zoom
            self.zoom = min(max(self.zoom * 1.15 ** (turns / 120), 1.0), MOST_ZOOM)
            away = event.position() - QPointF(self.width() / 2, self.height() / 2)
            self.shift = QPointF() if self.zoom == 1.0 else away - (away - self.shift) * (self.zoom / before)
            self.update()
        elif turns:
            self.stepped.emit(-1 if turns > 0 else 1)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._dragged = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.picture is None:
            return
        if self._dragged is not None:
            by, self._dragged = event.position() - self._dragged, event.position()
            if event.buttons() & (Qt.MouseButton.RightButton | Qt.MouseButton.MiddleButton):
                self.shift += by
                self.update()
            elif not self.picture.in_colour:
                width, level = self.window_ or self.picture.own_window()
                step = max(width, 1.0) / 300.0
                up = by.y() if not self.picture.inverted else -by.y()
                self.window_ = max(width + by.x() * step, 1e-3), level + up * step
                self._draw()
                self.windowed.emit()
        place = self.place()
        rows, columns = self.picture.pixels.shape[:2]
        if place.width() > 0 and place.contains(event.position()):
            at = event.position() - place.topLeft()
            self.pointed.emit(int(at.y() / place.height() * rows), int(at.x() / place.width() * columns))
        else:
            self.pointed.emit(-1, -1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        if event.key() in steps:
            self.stepped.emit(steps[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_R:
            self.reset()
        else:
            super().keyPressEvent(event)


class PictureSheet(QDialog):
    """Pictures of one series; a film plays at the speed that its header gives."""

    def __init__(self, look: Look, series: Series, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.look, self.pictures, self.number = look, pictures, 0
        name = series.description or f"{series.modality or 'Image'} pictures"
        self.setWindowTitle(f"{name} ({series.patient.pseudonym})" if series.patient.pseudonym else name)
        self.setObjectName("sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.canvas = PictureCanvas(look)
        self.canvas.stepped.connect(lambda by: self.go((self.number + by) % len(self.pictures.frames)))
        self.canvas.pointed.connect(self._point)
        self.canvas.windowed.connect(self._say)
        self.said, self.value = QLabel(), QLabel()
        self.said.setProperty("role", "quiet")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, len(pictures.frames) - 1)
        self.slider.setAccessibleName("Which picture")
        self.slider.valueChanged.connect(self.go)
        self.play = QToolButton()
        self.play.setCheckable(True)
        self.play.setAccessibleName("Play")
        self.play.toggled.connect(self._toggle)
        self._timer = QTimer(self)
        self._timer.timeout.connect(lambda: self.go((self.number + 1) % len(self.pictures.frames)))
        top = QHBoxLayout()
        top.addWidget(self.said, 1)
        top.addWidget(self.value)
        line = QHBoxLayout()
        line.addWidget(self.play)
        line.addWidget(self.slider, 1)
        for widget in (self.play, self.slider):
            widget.setVisible(len(pictures.frames) > 1)
        notes = QLabel("  ".join(f"{note.rstrip('.')}." for note in pictures.notes))
        notes.setProperty("role", "quiet")
        notes.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 8)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(self.canvas, 1)
        column.addLayout(line)
        column.addWidget(notes)
        column.addLayout(foot_line(HINT, CLAIM))
        look.changed.connect(self._dress)
        self._dress()
        self.go(0)

    def sizeHint(self) -> QSize:
        return QSize(980, 780)

    def go(self, number: int) -> None:
        """Show picture ``number``, from 0."""
        self.number = number
        if self.slider.value() != number:
            self.slider.setValue(number)
            return
        self.canvas.show_picture(self.pictures.frames[number])
        self._say()

    def _toggle(self, on: bool) -> None:
        wait_s = max(self.pictures.frame_s or USUAL_FRAME_S, SHORTEST_FRAME_S)
        self._timer.start(round(1000 * wait_s)) if on else self._timer.stop()
        self._dress()

    def _dress(self) -> None:
        playing = self.play.isChecked()
        self.play.setIcon(icon("pause" if playing else "play", self.look.tokens))
        frame_s = self.pictures.frame_s
        speed = f"{1 / frame_s:.0f} pictures a second" if frame_s else "how fast is not told"
        self.play.setToolTip(f"{'Pause' if playing else 'Play'} ({speed})")

    def _say(self) -> None:
        picture = self.pictures.frames[self.number]
        rows, columns = picture.pixels.shape[:2]
        parts = [f"{self.number + 1} of {len(self.pictures.frames)}"] if len(self.pictures.frames) > 1 else []
        parts.append(f"{columns} × {rows} pixels")
        if picture.spacing_mm is not None:
            down, across = picture.spacing_mm
            size = f"{across:.3g} mm" if across == down else f"{across:.3g} × {down:.3g} mm"
            parts.append(f"{size} {picture.where}")
        if picture.in_colour:
            parts.append("in colour")
        elif picture.table is not None and self.canvas.window_ is None:
            parts.append("by the header's own curve")
        else:
            width, level = self.canvas.window_ or picture.own_window()
            parts.append(f"width {width:.4g}, level {level:.4g}")
        self.said.setText("    ".join(parts))

    def _point(self, row: int, column: int) -> None:
        self.value.setText(value_text(self.pictures, self.number, row, column) if row >= 0 else "")
