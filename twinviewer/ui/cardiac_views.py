"""Short axis, four, two and three chambers side by side, under a row of choices: slab, outline, planes as they were."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from twinviewer.geometry.cardiac_planes import FOUR, SHORT, THREE, TWO
from twinviewer.scene.state import Line, Section
from twinviewer.ui.cardiac_state import CardiacState
from twinviewer.ui.empty_state import EmptyState
from twinviewer.ui.icons import icon
from twinviewer.ui.image_display import ImageDisplay
from twinviewer.ui.oblique_view import ObliqueView
from twinviewer.ui.roomy_label import RoomyLabel
from twinviewer.ui.sister_lines import VIEW_COLOURS
from twinviewer.ui.slab_choice import SlabChoice
from twinviewer.ui.theme import Look

PLACES = {SHORT: (0, 0), FOUR: (0, 1), TWO: (1, 0), THREE: (1, 1)}
"""Row and column of each view."""
SHORT_NAMES = {SHORT: "SAX", FOUR: "4CH", TWO: "2CH", THREE: "3CH"}
GAP_PX = 3


class CardiacViews(QWidget):
    """The grid of views; ``cut_asked`` carries the view along whose plane the 3D heart is to be cut."""

    cut_asked = Signal(str)
    maximise = Signal(object)
    activated = Signal(object)

    def __init__(self, look: Look, display: ImageDisplay) -> None:
        super().__init__()
        self.look = look
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.state = CardiacState(display)
        self.views = {name: ObliqueView(look, self.state, name) for name in PLACES}
        self.alone = ""
        self.empty = EmptyState(look)
        self._bar = QWidget()
        self._row_of_choices()
        grid_widget = QWidget()
        self._grid = QGridLayout(grid_widget)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GAP_PX)
        for name, place in PLACES.items():
            view = self.views[name]
            self._grid.addWidget(view, *place)
            view.maximise.connect(lambda _=None, name=name: self.show_alone("" if self.alone == name else name))
            view.activated.connect(self.activated)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.empty)
        self._pages.addWidget(grid_widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar)
        column.addWidget(self._pages, 1)
        look.changed.connect(self._icons)
        self.state.changed.connect(self._follow)
        self._icons()
        self._follow()

    def _row_of_choices(self) -> None:
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(8, 3, 6, 3)
        row.setSpacing(3)
        self._pills = {}
        for name, text in SHORT_NAMES.items():
            button = self._tool(f"{self.views[name].title} alone, and back (Alt+{_KEY[name]})", checkable=True)
            button.setText(text)
            button.setProperty("role", "pill")
            button.clicked.connect(lambda _=False, name=name: self.show_alone("" if self.alone == name else name))
            row.addWidget(button)
            self._pills[name] = button
        row.addSpacing(6)
        self.slab = SlabChoice(self.state.display)
        row.addWidget(self.slab)
        self.scanned = self._tool(
            "Show the scanned plane that is nearest to each view. Off: interpolated between the short axes",
            checkable=True,
        )
        self.scanned.setText("As scanned")
        self.scanned.setProperty("role", "pill")
        self.scanned.clicked.connect(self._choose_scanned)
        row.addWidget(self.scanned)
        self.source = RoomyLabel(Qt.AlignmentFlag.AlignRight)
        row.addWidget(self.source, 1)
        self.outline = self._tool("The model's outline over the images (O)", checkable=True)
        self.outline.clicked.connect(self._choose_outline)
        self.cut = self._tool("Cut the 3D heart open along the view that was clicked last")
        self.cut.clicked.connect(lambda: self.cut_asked.emit(self.state.active))
        self.back = self._tool("Planes as computed from the heart")
        self.back.clicked.connect(self.state.reset_planes)
        for button in (self.outline, self.cut, self.back):
            row.addWidget(button)

    @staticmethod
    def _tool(tip: str, *, checkable: bool = False) -> QToolButton:
        button = QToolButton()
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setCheckable(checkable)
        button.setIconSize(QSize(16, 16))
        return button

    def _icons(self) -> None:
        for button, name in ((self.outline, "heart"), (self.cut, "cut"), (self.back, "reset")):
            button.setIcon(icon(name, self.look.tokens))

    # Choices -----------------------------------------------------------------------------------------------------

    def _choose_scanned(self, on: bool) -> None:
        self.state.as_scanned = on
        self.state.changed.emit()

    def _choose_outline(self, on: bool) -> None:
        self.state.outlines = on
        self.state.changed.emit()

    def _follow(self) -> None:
        """Show what may be chosen now."""
        s = self.state
        known = bool(s.planes) and s.image is not None
        self._bar.setVisible(known)
        self._pages.setCurrentIndex(1 if known else 0)
        for name, view in self.views.items():
            there = name in s.planes
            view.setVisible(there and self.alone in ("", name))
            self._pills[name].setEnabled(there)
            self._pills[name].setChecked(self.alone == name)
        self.slab.setVisible(not s.is_cine)
        self.scanned.setVisible(s.cine is not None and s.cine.can_interpolate)
        self.scanned.setChecked(s.as_scanned)
        self.outline.setVisible(s.lines is not None)
        self.outline.setChecked(s.outlines)
        self.cut.setVisible(s.lines is not None)
        self.back.setEnabled(any(s.planes[name] is not s.first[name] for name in s.planes))
        said = {"model": "planes from the model", "labels": "planes from the labels"}
        words = said.get(s.frame.source, "") if s.frame is not None else ""
        if s.lines is not None and s.outlines and s.outline_of:
            words = f"outline: {s.outline_of}"
        self.source.say(words)

    def show_alone(self, name: str) -> None:
        """One view alone, or with "" all of them."""
        self.alone = name if name in self.state.planes else ""
        if self.alone:
            self.state.active = self.alone
            self.activated.emit(self.views[self.alone])
        self._follow()

    def reset(self) -> None:
        """Fit every view."""
        for view in self.views.values():
            view.zoom, view.pan = 1.0, QPointF(0.0, 0.0)
            view.update()

    # In 3D -------------------------------------------------------------------------------------------------------

    def frames_in_space(self) -> tuple[Line, ...]:
        """The outlines of the views that are in sight, as lines in 3D."""
        lines = []
        for name, view in self.views.items():
            plane = self.state.shown(name)
            if plane is None or view.isHidden() or not self.isVisible():
                continue
            left, top, right, bottom = view.region()
            corners = [plane.to_mm(x, y) for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))]
            places = tuple((float(x), float(y), float(z)) for x, y, z in corners)
            lines.append(Line(places, VIEW_COLOURS[name], SHORT_NAMES[name], closed=True))
        return tuple(lines)

    def section(self, name: str) -> Section | None:
        """The plane of a view as a cut of the heart: the side of the eye is taken away."""
        plane = self.state.shown(name)
        if plane is None:
            return None
        origin, normal = plane.origin_mm, -plane.normal
        return Section(
            (float(origin[0]), float(origin[1]), float(origin[2])),
            (float(normal[0]), float(normal[1]), float(normal[2])),
        )


_KEY = {SHORT: "1", TWO: "2", THREE: "3", FOUR: "4"}
