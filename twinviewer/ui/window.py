"""The main window: header, docks, views, menus. It builds the parts and shows what the presenter and choices say."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDockWidget,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QMenuBar,
    QMessageBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from twinviewer.session import unpacked
from twinviewer.session.image_files import opens_alone
from twinviewer.session.settings import Settings, load_settings, save_settings
from twinviewer.ui import gl_probe
from twinviewer.ui.actions import Actions
from twinviewer.ui.banner import Banner
from twinviewer.ui.cardiac_flow import CardiacFlow
from twinviewer.ui.case_tree import CaseTree
from twinviewer.ui.coupling import Coupling
from twinviewer.ui.dock_title import DockTitle
from twinviewer.ui.fusion_flow import FusionFlow
from twinviewer.ui.icons import icon
from twinviewer.ui.image_display import ImageDisplay
from twinviewer.ui.inspector import Inspector
from twinviewer.ui.key_images import KeyImages
from twinviewer.ui.layouts import COMPARE, ViewArea
from twinviewer.ui.litter import Litter
from twinviewer.ui.menus import add_actions, fill_menus
from twinviewer.ui.message_strip import MessageStrip
from twinviewer.ui.playback import Playback
from twinviewer.ui.presenter import Presenter
from twinviewer.ui.probe import Probe
from twinviewer.ui.records_flow import RecordsFlow
from twinviewer.ui.ruler_tool import RulerTool
from twinviewer.ui.solid_check import SolidCheck
from twinviewer.ui.status_line import StatusLine
from twinviewer.ui.step_bar import StepBar
from twinviewer.ui.studies.uncertainty_flow import UncertaintyFlow
from twinviewer.ui.theme import THEMES, Look
from twinviewer.ui.timeline_panel import TimelinePanel
from twinviewer.ui.transport import Transport
from twinviewer.ui.view_choices import ViewChoices
from twinviewer.ui.view_menu import LAYOUT_KEYS, RULER_KEYS
from twinviewer.ui.volume_flow import VolumeFlow
from twinviewer.ui.warm_up import WarmUp

STATE_VERSION = 1
BEAT_PX, EMPTY_BEAT_PX, TWELVE_LEADS_PX, TIMELINE_PX = 196, 96, 330, 250
"""Heights of the bottom panel: curves, nothing to draw, four rows of ECG, eight rows of the timeline."""


class MainWindow(QMainWindow):
    """One window, one patient."""

    def __init__(
        self,
        look: Look,
        presenter: Presenter | None = None,
        settings: Settings | None = None,
        *,
        warm: bool = True,
    ) -> None:
        super().__init__()
        self.look = look
        self.settings = settings or load_settings()
        self.presenter = presenter or Presenter()
        self.choices = ViewChoices()
        self.display = ImageDisplay()
        self.playback = Playback()
        self.playback.set_speed(self.settings.speed)
        self.choices.safe_colours = self.settings.colour_blind_safe
        self.renderer = gl_probe.renderer()
        self.plots: Any = None
        self.closing = False
        self._curves_shown: bool | None = None
        self.setWindowTitle("Twinviewer")
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.setMinimumSize(960, 600)

        self.views = ViewArea(look, self.display, bool(self.renderer))
        self.messages = MessageStrip(look)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.messages)
        column.addWidget(self.views, 1)
        self.setCentralWidget(centre)

        self.tree = CaseTree(look, self.choices)
        self.inspector = Inspector(look)
        self.transport = Transport(look, self.playback)
        self.plot_place = QWidget()
        self.plot_place.setObjectName("panel")
        self.plot_column = QVBoxLayout(self.plot_place)
        self.plot_column.setContentsMargins(0, 0, 0, 0)
        side = Qt.DockWidgetArea
        self.case_dock = self._dock("Case", self.tree, side.LeftDockWidgetArea)
        self.inspector_dock = self._dock("Inspector", self.inspector, side.RightDockWidgetArea)
        self.beat_dock = self._dock("Beat", self.plot_place, side.BottomDockWidgetArea, self.transport)
        self.timeline = TimelinePanel(look)
        self.timeline_dock = self._dock("Timeline", self.timeline, side.BottomDockWidgetArea)
        self.tabifyDockWidget(self.beat_dock, self.timeline_dock)
        self.timeline_dock.hide()

        self.status = StatusLine(look)
        self.status.show_renderer(self.renderer)
        self.setStatusBar(self.status)
        self.actions_ = Actions(self, look)
        add_actions(self)
        self._make_header()
        self.records = RecordsFlow(self)
        self.coupling = Coupling(self)
        self.cardiac = CardiacFlow(self)
        self.volume = VolumeFlow(self)
        self.rulers = RulerTool(self)
        self.coupling.modes = (*self.coupling.modes, self.rulers)  # type: ignore[assignment]
        self.keys = KeyImages(self)
        self.fusion = FusionFlow(self)
        self.probe = Probe(self)
        self.check = SolidCheck(self)
        self.uncertainty = UncertaintyFlow(self)
        self.uncertainty.changed.connect(self.coupling.refresh)
        self.views.layout_changed.connect(self._layout_changed)
        self.litter = Litter(self)
        self.warm_up = WarmUp()
        self.warm_up.done.connect(self.litter.settle)
        self.warm_up.ready.connect(self._module_ready)
        self._warm = warm
        self.status.cancel_asked.connect(self.presenter.cancel)
        self._restore()
        self.coupling.refresh()

    # Building --------------------------------------------------------------------------------------------------

    def _dock(self, name: str, body: QWidget, area: Qt.DockWidgetArea, title: QWidget | None = None) -> QDockWidget:
        dock = QDockWidget(name, self)
        dock.setObjectName(f"dock-{name.lower()}")
        dock.setWidget(body)
        dock.setTitleBarWidget(DockTitle(dock, self.look, title))
        self.addDockWidget(area, dock)
        return dock

    def _make_header(self) -> None:
        self.header = QWidget()
        self.header.setObjectName("header")
        self.header.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.banner = Banner()
        self.menu_bar = QMenuBar()
        self.menu_bar.setNativeMenuBar(False)
        fill_menus(self)
        top = QHBoxLayout()
        top.setContentsMargins(6, 3, 0, 3)
        top.setSpacing(0)
        top.addWidget(self.menu_bar, 0, Qt.AlignmentFlag.AlignVCenter)
        top.addWidget(self.banner, 1)
        self.steps = StepBar(self.look)
        step_row = QWidget()
        step_row.setObjectName("stepRow")
        step_row.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        lower = QHBoxLayout(step_row)
        lower.setContentsMargins(4, 2, 8, 2)
        lower.setSpacing(2)
        lower.addWidget(self.steps, 1)
        self._tools: list[tuple[QToolButton, str]] = []
        for key, sign in (
            ("layout_four", "four"),
            ("layout_cardiac", "heart"),
            ("layout_one", "one"),
            ("layout_compare", "compare"),
            ("ruler_distance", "ruler"),
            ("palette", "palette"),
            ("theme", "theme"),
            ("shortcuts", "help"),
        ):
            button = QToolButton()
            button.setDefaultAction(self.actions_.all[key])
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            button.setIconSize(QSize(18, 18))
            button.setAccessibleName(self.actions_.name(key))
            if key in ("palette", "ruler_distance"):
                lower.addSpacing(12)
            lower.addWidget(button)
            self._tools.append((button, sign))
            if key == "ruler_distance":
                menu = QMenu(button)
                menu.addActions([self.actions_.all[one] for one in (*RULER_KEYS, "rulers_clear")])
                button.setMenu(menu)
                button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        column = QVBoxLayout(self.header)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(step_row)
        self.setMenuWidget(self.header)

    def _restore(self) -> None:
        geometry, state = self.settings.window_geometry, self.settings.window_state
        shown = bool(geometry) and self.restoreGeometry(QByteArray(base64.b64decode(geometry)))
        if not shown:
            self.resize(1366, 768)
        if not (state and self.restoreState(QByteArray(base64.b64decode(state)), STATE_VERSION)):
            self.resizeDocks([self.case_dock, self.inspector_dock], [236, 304], Qt.Orientation.Horizontal)
            self.resizeDocks([self.beat_dock], [BEAT_PX], Qt.Orientation.Vertical)

    def reset_panels(self) -> None:
        """Panels where they were at first."""
        for dock, area in (
            (self.case_dock, Qt.DockWidgetArea.LeftDockWidgetArea),
            (self.inspector_dock, Qt.DockWidgetArea.RightDockWidgetArea),
            (self.beat_dock, Qt.DockWidgetArea.BottomDockWidgetArea),
        ):
            dock.setFloating(False)
            self.addDockWidget(area, dock)
            dock.show()
        self.timeline_dock.setFloating(False)
        self.tabifyDockWidget(self.beat_dock, self.timeline_dock)
        self.timeline_dock.hide()
        self.resizeDocks([self.case_dock, self.inspector_dock], [236, 304], Qt.Orientation.Horizontal)
        self.resizeDocks([self.beat_dock], [BEAT_PX], Qt.Orientation.Vertical)

    def start_warm_up(self) -> None:
        """Load the rest, now that the window is on the screen."""
        if self._warm:
            self._warm = False
            self.warm_up.start()

    def _module_ready(self, name: str) -> None:
        if self.closing:
            return
        if name == "pyqtgraph":
            self.make_plots()
        elif name == "twinviewer.scene.compose":
            self.coupling.draw_scene()
            self.presenter.warm_up()
        elif name == "catalog":
            self.coupling.plugins_ready()

    def make_plots(self) -> None:
        """Build the plots; pyqtgraph is slow to import, so this waits for the first idle moment."""
        if self.plots is None and not self.closing:
            from twinviewer.ui.plots import Plots

            self.plots = Plots(self.look)
            self.plot_column.addWidget(self.plots)
            self.plots.sought.connect(lambda fraction: self.playback.seek(fraction * self.playback.period_s))
            self.plots.twelve_shown.connect(self._make_room)
            self.coupling.show_plots()

    def give_plots_room(self, curves: bool) -> None:
        """Without curves the panel is only as tall as its one line of text, and the images have the room."""
        if curves != self._curves_shown and not self.beat_dock.isFloating():
            self._curves_shown = curves
            if self.timeline_dock.isVisible() and not self.timeline_dock.visibleRegion().isEmpty():
                return  # the timeline is in front and has the room that it needs
            self.resizeDocks([self.beat_dock], [BEAT_PX if curves else EMPTY_BEAT_PX], Qt.Orientation.Vertical)

    def _make_room(self, twelve: bool) -> None:
        """Twelve leads need four rows."""
        if not self.beat_dock.isFloating():
            self.resizeDocks([self.beat_dock], [TWELVE_LEADS_PX if twelve else BEAT_PX], Qt.Orientation.Vertical)

    def make_timeline_room(self) -> None:
        """The timeline needs some rows."""
        wanted = max(TIMELINE_PX, int(0.3 * self.height()))
        if not self.timeline_dock.isFloating() and self.timeline_dock.height() < wanted:
            self.resizeDocks([self.timeline_dock], [wanted], Qt.Orientation.Vertical)

    # Verbs that belong to the window ---------------------------------------------------------------------------

    def toggle_theme(self) -> None:
        """Dark to light and back; remembered."""
        self.look.toggle()
        self.settings = replace(self.settings, theme=self.look.tokens.name)  # type: ignore[arg-type]

    def set_theme(self, name: str) -> None:
        """ "dark" or "light"."""
        self.look.use(THEMES[name])

    def set_layout(self, name: str) -> None:
        """One of the layouts' names."""
        self.views.set_layout(name)

    def _layout_changed(self, name: str) -> None:
        self.choices.comparing = name == COMPARE
        for key, layout in {**LAYOUT_KEYS, "layout_compare": COMPARE}.items():
            self.actions_.all[key].setChecked(name == layout)
        self.choices.changed.emit()

    def open_path(self, path: Path) -> None:
        """A folder of images, a case file, or records of the open patient."""
        if self.records.dropped([path]) or self.coupling.other_ways.dropped([path]):
            return
        if path.is_dir():
            self.presenter.open_folder(path)
        elif path.suffix == ".twin":
            self.presenter.open_case(path)
        elif path.exists():
            self.presenter.open_folder(path if opens_alone(path) else path.parent)
        else:
            self.messages.tell("There is no such file or folder", str(path.name), "alarm")

    # Events ----------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            if len(paths) > 1 and (self.records.dropped(paths) or self.coupling.other_ways.dropped(paths)):
                return
            if len(paths) > 1:
                self.messages.tell("One patient at a time: the first of what was dropped is opened")
            self.open_path(paths[0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the button that has the focus, because Space plays."""
        focus = QApplication.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(focus, QAbstractButton):
            focus.click()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.presenter.unsaved and self.isVisible() and not self._may_close():
            event.ignore()
            return
        self.shut_down()
        event.accept()

    def _may_close(self) -> bool:
        """Ask once when work would be lost."""
        if not self.settings_ask_before_close:
            return True
        box = QMessageBox(self)
        box.setWindowTitle("Close Twinviewer")
        box.setText("This case has not been saved.")
        box.setInformativeText("The images stay where they are; model and scenarios would have to be made again.")
        save = box.addButton("Save…", QMessageBox.ButtonRole.AcceptRole)
        discard = box.addButton("Close without saving", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton("Keep working", QMessageBox.ButtonRole.RejectRole)
        box.exec()
        if box.clickedButton() is save:
            self.actions_.all["save_case"].trigger()
            return False
        return box.clickedButton() is discard

    settings_ask_before_close = True

    def shut_down(self) -> None:
        """End timers, workers and GL, and remember the panels. May be called twice."""
        if self.closing:
            return
        self.closing = True
        self.playback.close()
        self.status.close_down()
        self.coupling.close()
        self.inspector.simulate.close_down()
        self.volume.close()
        self.presenter.close()
        archive = self.findChild(QObject, "archive flow")
        if archive is not None:
            archive.close_down()
        unpacked.forget()
        self.warm_up.close()
        self.settings = replace(
            self.settings,
            theme=self.look.tokens.name,  # type: ignore[arg-type]
            colour_blind_safe=self.choices.safe_colours,
            speed=self.playback.speed,
            window_geometry=_text(self.saveGeometry()),
            window_state=_text(self.saveState(STATE_VERSION)),
        )
        save_settings(self.settings)
        self.views.view3d.close_gl()
        self.litter.close()

    def showEvent(self, event: object) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self.start_warm_up)

    def tint(self, name: str) -> object:
        """An icon in the theme's text colour."""
        return icon(name, self.look.tokens)


def _text(data: QByteArray) -> str:
    return base64.b64encode(data.data()).decode()
