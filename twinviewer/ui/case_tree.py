"""The case at a glance: patient, series with thumbnail and slice × phase grid, structures, scenarios."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import (
    QColorDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from twinviewer.domain import StructureStyle
from twinviewer.session.by_choice import is_by_choice
from twinviewer.session.case import BASELINE, Case, Scenario
from twinviewer.session.structure_series import arranged, holds_structures, owner_of
from twinviewer.ui.icons import icon
from twinviewer.ui.key_image_list import KeyImageRow
from twinviewer.ui.ruler_list import RulerRow
from twinviewer.ui.series_row import KIND_NAMES as KIND_NAMES
from twinviewer.ui.series_row import SeriesRow, StudyHead, study_heads
from twinviewer.ui.series_row import grid_text as grid_text
from twinviewer.ui.structure_row import StructureSeriesRow
from twinviewer.ui.theme import Look, mix, ui_font
from twinviewer.ui.view_choices import ViewChoices

VERBS = (("Change…", "change"), ("Rename…", "rename"), ("Duplicate", "duplicate"), ("Remove", "remove"))
"""What may be done with a scenario."""
CONTROL = (("Add a control without therapy", "duplicate"),)
"""With the baseline."""


class StructureRow(QWidget):
    """Visibility, colour and opacity of one structure."""

    changed = Signal(str, str, dict)

    def __init__(self, look: Look, kind: str, name: str, style: StructureStyle) -> None:
        super().__init__()
        self.look, self.kind, self.name, self.style_now = look, kind, name, style
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 8, 0)
        row.setSpacing(6)
        self.eye = QToolButton()
        self.eye.setIconSize(QSize(16, 16))
        self.eye.setCheckable(True)
        self.eye.setChecked(style.visible)
        self.eye.toggled.connect(lambda on: self._say(visible=on))
        self.swatch = QToolButton()
        self.swatch.setFixedSize(18, 18)
        self.swatch.clicked.connect(self._choose_colour)
        self.label = QLabel(style.label)
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setValue(round(100 * style.opacity))
        self.slider.setFixedWidth(44)
        self.slider.setToolTip("Opacity")
        self.slider.setAccessibleName(f"Opacity of {style.label}")
        self.slider.valueChanged.connect(lambda value: self._say(opacity=value / 100))
        self.slider.setVisible(kind == "surface")
        row.addWidget(self.eye)
        row.addWidget(self.swatch)
        row.addWidget(self.label, 1)
        row.addWidget(self.slider)
        self.setFixedHeight(26)
        self._draw()

    def _say(self, **change: object) -> None:
        self.changed.emit(self.kind, self.name, change)

    def show_style(self, style: StructureStyle) -> None:
        """Take up a change made elsewhere."""
        self.style_now = style
        self._draw()

    def _draw(self) -> None:
        t, style = self.look.tokens, self.style_now
        self.eye.setIcon(icon("eye" if style.visible else "eye_off", t, t.text if style.visible else t.quiet))
        self.eye.setToolTip(f"{'Hide' if style.visible else 'Show'} {style.label}")
        self.eye.setAccessibleName(self.eye.toolTip())
        self.swatch.setStyleSheet(
            f"QToolButton {{ background: {style.colour}; border: 1px solid {t.line}; border-radius: 4px; }}"
        )
        self.swatch.setToolTip(f"Colour of {style.label}")
        self.swatch.setAccessibleName(self.swatch.toolTip())
        self.label.setToolTip(style.label)
        self.label.setStyleSheet("" if style.visible else f"color: {t.quiet};")

    def _choose_colour(self) -> None:
        chosen = QColorDialog.getColor(QColor(self.style_now.colour), self, f"Colour of {self.style_now.label}")
        if chosen.isValid():
            self._say(colour=chosen.name().upper())


class ScenarioRow(QWidget):
    """One scenario: colour, label, whether it has been simulated, and its menu."""

    chosen = Signal(str)
    asked = Signal(str, str)

    def __init__(self, look: Look, scenario: Scenario, current: bool, running: float | None) -> None:
        super().__init__()
        self.look, self.scenario, self.current, self.running = look, scenario, current, running
        self.setFixedHeight(32)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.addStretch(1)
        self._more = more = QToolButton()
        more.setIcon(icon("more", look.tokens))
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(more)
        for text, verb in VERBS if scenario.name != BASELINE else CONTROL:
            menu.addAction(text).triggered.connect(lambda _=False, verb=verb: self.asked.emit(verb, scenario.name))
        more.setMenu(menu)
        row.addWidget(more)
        self._say()

    def show_scenario(self, scenario: Scenario) -> None:
        """Show what the scenario of this row has become."""
        if scenario is not self.scenario:
            self.scenario = scenario
            self._say()
            self.update()

    def _say(self) -> None:
        scenario = self.scenario
        state = "simulated" if scenario.run is not None else "not simulated yet"
        self.setToolTip(f"{scenario.label}: {state}. Click to show it")
        self.setAccessibleName(f"Scenario {scenario.label}, {state}")
        self._more.setToolTip(f"More for {scenario.label}")
        self._more.setAccessibleName(self._more.toolTip())

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self.look.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.current or self.hasFocus():
            painter.setPen(QPen(QColor(t.accent), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(mix(t.panel, t.accent, 0.16) if self.current else t.panel))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(4, 1, -4, -1), 6, 6)
        dot = QRectF(14, self.height() / 2 - 5, 10, 10)
        painter.setPen(QPen(QColor(self.scenario.colour), 2))
        painter.setBrush(QColor(self.scenario.colour) if self.scenario.run is not None else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(dot)
        painter.setFont(ui_font(13, QFont.Weight.DemiBold if self.current else QFont.Weight.Normal))
        painter.setPen(QColor(t.text))
        space = self.width() - 34 - 40
        text = painter.fontMetrics().elidedText(self.scenario.label, Qt.TextElideMode.ElideRight, space)
        painter.drawText(QRectF(34, 0, space, self.height()), Qt.AlignmentFlag.AlignVCenter, text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit(self.scenario.name)

    def keyPressEvent(self, event: object) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.scenario.name)
        else:
            super().keyPressEvent(event)


class CaseTree(QScrollArea):
    """Sections that fold: series, model, labels, scenarios."""

    series_opened = Signal(str)
    structures_opened = Signal(str)
    scenario_chosen = Signal(str)
    scenario_asked = Signal(str, str)
    ruler_chosen = Signal(str)
    ruler_removed = Signal(str)
    key_chosen = Signal(str)
    key_removed = Signal(str)
    key_renamed = Signal(str, str, str)

    def __init__(self, look: Look, choices: ViewChoices) -> None:
        super().__init__()
        self.setObjectName("panelScroll")
        self.look, self.choices = look, choices
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._case = Case()
        self._thumbnails: dict[str, QPixmap] = {}
        self._folded: set[str] = {"labels"}
        self._signature: tuple[object, ...] = ()
        self._scenario_rows: list[ScenarioRow] = []
        self._rows: dict[tuple[str, str], StructureRow] = {}
        look.changed.connect(self._rebuild)
        choices.changed.connect(self._restyle)
        self._rebuild()

    def show_case(self, case: Case) -> None:
        """Show a case; rows are made again only when something that they show has changed."""
        signature = (
            case.series,
            case.active_series_uid,
            tuple(self.choices.surfaces) if case.mesh is not None else (),
            tuple(self.choices.labels) if case.labels is not None else (),
            tuple(s.name for s in case.scenarios),
            case.rulers,
            case.key_images,
        )
        self._case = case
        if signature != self._signature:
            self._signature = signature
            self._rebuild()
            return
        for row, scenario in zip(self._scenario_rows, case.scenarios, strict=True):
            row.show_scenario(scenario)

    def set_thumbnail(self, uid: str, picture: QPixmap) -> None:
        """A series' picture has arrived."""
        self._thumbnails[uid] = picture
        for row in self.findChildren(SeriesRow):
            if row.series.uid == uid:
                row.picture = picture
                row.update()

    @property
    def thumbnails(self) -> Mapping[str, QPixmap]:
        """Pictures that have arrived, by series UID."""
        return self._thumbnails

    def _restyle(self) -> None:
        for (kind, name), row in self._rows.items():
            table = self.choices.surfaces if kind == "surface" else self.choices.labels
            if name in table and row.style_now != table[name]:
                row.show_style(table[name])
        for scenario_row in self.findChildren(ScenarioRow):
            current = scenario_row.scenario.name in self._current_scenarios()
            if scenario_row.current != current:
                scenario_row.current = current
                scenario_row.update()

    def _current_scenarios(self) -> tuple[str, ...]:
        return self.choices.compared if self.choices.comparing else (self.choices.scenario,)

    def _rebuild(self) -> None:
        case = self._case
        self._rows, self._scenario_rows = {}, []
        inside = QWidget()
        inside.setObjectName("panel")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 4, 0, 8)
        column.setSpacing(1)
        if not case.series and case.mesh is None:
            hint = QLabel("Series, structures and scenarios of the open case appear here.")
            hint.setProperty("role", "quiet")
            hint.setWordWrap(True)
            hint.setContentsMargins(12, 8, 12, 8)
            column.addWidget(hint)
        if case.series:
            self._section(column, "series", f"SERIES  {len(case.series)}", self._add_series)
        if case.mesh is not None:
            organ = "organ" if is_by_choice(case) else case.organ or "organ"
            self._section(column, "model", f"{organ.upper()} MODEL", self._add_surfaces)
        if case.labels is not None:
            self._section(column, "labels", "LABELS ON SLICES", self._add_labels)
        if case.scenarios:
            self._section(column, "scenarios", f"SCENARIOS  {len(case.scenarios)}", self._add_scenarios)
        if case.key_images:
            self._section(column, "keys", f"KEY IMAGES  {len(case.key_images)}", self._add_keys)
        if case.rulers:
            self._section(column, "rulers", f"MEASURED BY HAND  {len(case.rulers)}", self._add_rulers)
        column.addStretch(1)
        self.setWidget(inside)

    def _section(self, column: QVBoxLayout, key: str, title: str, fill: Callable[[QVBoxLayout], None]) -> None:
        head = QToolButton()
        head.setText(f"  {title}")
        head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        head.setIconSize(QSize(10, 10))
        head.setCheckable(True)
        head.setChecked(key not in self._folded)
        head.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        head.setStyleSheet(
            f"QToolButton {{ color: {self.look.tokens.quiet}; font-size: 11px; font-weight: 600; border: none;"
            " background: transparent; padding: 6px 8px; text-align: left; }"
        )
        body = QWidget()
        inner = QVBoxLayout(body)
        inner.setContentsMargins(0, 0, 0, 4)
        inner.setSpacing(0)
        fill(inner)

        def fold(on: bool) -> None:
            body.setVisible(on)
            head.setIcon(icon("open" if on else "closed", self.look.tokens, self.look.tokens.quiet))
            (self._folded.discard if on else self._folded.add)(key)

        head.toggled.connect(fold)
        fold(head.isChecked())
        column.addWidget(head)
        column.addWidget(body)

    def _add_series(self, column: QVBoxLayout) -> None:
        listed = arranged(self._case.series)
        heads = study_heads(tuple(series for series, depth in listed if depth == 0))  # what lies below is its series'
        for series, depth in listed:
            if series.uid in heads:
                column.addWidget(StudyHead(heads[series.uid]))
            if holds_structures(series):
                owner = owner_of(series, self._case.series)
                below = StructureSeriesRow(self.look, series, depth, owner.description if owner is not None else "")
                below.opened.connect(self.structures_opened)
                column.addWidget(below)
                continue
            active = series.uid == self._case.active_series_uid
            row = SeriesRow(self.look, series, self._thumbnails.get(series.uid), active)
            row.opened.connect(self.series_opened)
            column.addWidget(row)

    def _add_surfaces(self, column: QVBoxLayout) -> None:
        for name, style in self.choices.surfaces.items():
            self._add_structure(column, "surface", name, style)

    def _add_labels(self, column: QVBoxLayout) -> None:
        for name, style in self.choices.labels.items():
            self._add_structure(column, "label", name, style)

    def _add_structure(self, column: QVBoxLayout, kind: str, name: str, style: StructureStyle) -> None:
        row = StructureRow(self.look, kind, name, style)
        row.changed.connect(lambda kind, name, change: self.choices.restyle(kind, name, **change))
        self._rows[kind, name] = row
        column.addWidget(row)

    def _add_keys(self, column: QVBoxLayout) -> None:
        for key in self._case.key_images:
            row = KeyImageRow(self.look, key)
            row.chosen.connect(self.key_chosen)
            row.removed.connect(self.key_removed)
            row.renamed.connect(self.key_renamed)
            column.addWidget(row)

    def _add_rulers(self, column: QVBoxLayout) -> None:
        for ruler in self._case.rulers:
            row = RulerRow(self.look, ruler)
            row.chosen.connect(self.ruler_chosen)
            row.removed.connect(self.ruler_removed)
            column.addWidget(row)

    def _add_scenarios(self, column: QVBoxLayout) -> None:
        self._scenario_rows = []
        for scenario in self._case.scenarios:
            row = ScenarioRow(self.look, scenario, scenario.name in self._current_scenarios(), None)
            row.chosen.connect(self.scenario_chosen)
            row.asked.connect(self.scenario_asked)
            self._scenario_rows.append(row)
            column.addWidget(row)
