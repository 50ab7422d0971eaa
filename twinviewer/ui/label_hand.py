"""The hand that mends labels: a mode with tools, the labels that they change, and what is seen meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QWheelEvent

from twinviewer.domain import LabelEdit, LabelMap, StructureStyle, TwinviewerError, Volume
from twinviewer.scene.state import SceneState
from twinviewer.session.case import Case
from twinviewer.session.label_edits import new_labels
from twinviewer.ui.edit_mode import EditMode
from twinviewer.ui.label_drafts import DraftSource
from twinviewer.ui.label_level import LevelLine
from twinviewer.ui.label_menu import fill_whole
from twinviewer.ui.label_panel import BRUSHES, ERASE, RANGE, TRACE, LabelPanel
from twinviewer.ui.label_ring import BrushRing
from twinviewer.ui.label_runs import LabelRuns
from twinviewer.ui.label_scene import label_scene
from twinviewer.ui.label_shapes import LabelShapes
from twinviewer.ui.label_strokes import LabelStrokes
from twinviewer.ui.slice_view import SliceView
from twinviewer.ui.step_bar import Step
from twinviewer.ui.theme import Tokens
from twinviewer.ui.view_choices import plain_style

if TYPE_CHECKING:
    from twinviewer.session.label_draft import LabelDraft
    from twinviewer.ui.window import MainWindow

FIRST = "structure_1"
SETTLE_MS = 40
"""Until a panel that has changed knows its size."""
GIVEN_UP = "The model was made from the labels before this: build it again when you are done."


class LabelHand(EditMode):
    """While it is on, left drags in a slice or on a surface change labels; all else goes to the views."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.panel = LabelPanel(window.look)
        self.shapes = LabelShapes(self)
        self.ring = BrushRing()
        self.level = LevelLine(self)
        self._source = DraftSource(self)
        self._source.ready.connect(self._drafted)
        self._own = False
        self.strokes = LabelStrokes(self)
        self.runs = LabelRuns(self)
        fill_whole(window.actions_, self.panel.menu)
        self.panel.changed.connect(self.chosen)
        self.panel.tool_chosen.connect(self.take_tool)
        self.panel.structure_asked.connect(self.structure_verb)
        self.panel.box.left.connect(lambda: self.take_tool(self.panel.brush))
        self.panel.done.connect(self.stop)
        self.shapes.changed.connect(lambda: window.coupling.draw_scene() if self.on else None)
        window.presenter.case_changed.connect(self._follow)
        window.presenter.about_to_use.connect(self.leave_nothing)
        window.display.changed.connect(self._phase_changed)
        window.choices.changed.connect(self._show_structures)

    # The mode --------------------------------------------------------------------------------------------------

    @property
    def views(self) -> tuple[SliceView, ...]:
        """The slices that it works in."""
        return tuple(self.w.views.slices.values())

    @property
    def draft(self) -> LabelDraft | None:
        """What strokes are drawn into; None until it is ready."""
        return self._source.draft

    @property
    def labels(self) -> LabelMap | None:
        """The labels that are mended."""
        return self.w.presenter.case.labels

    def why_not(self) -> str:
        """Why there is nothing to mend by hand; "" where there is."""
        image, labels = self.w.presenter.case.image, self.labels
        if not isinstance(image, Volume):
            return "open a CT or MR volume first"
        if labels is not None and not labels.grid.same_as(image.grid):
            return "these labels lie on another grid than the images"
        return ""

    def start(self) -> None:
        """Take the hand up: time stands still, the surfaces of the labels stand in 3D."""
        why = self.why_not()
        if why:
            self.w.messages.tell("Labels cannot be edited here", why.capitalize(), "caution")
            return
        p = self.w.presenter
        if p.case.labels is None:
            try:
                p.accept(new_labels(p.case, [FIRST]))
            except TwinviewerError as error:
                self.w.messages.tell_error(error, "Outline by hand")
                return
        self.w.coupling.go(Step.SEGMENT)
        self.w.playback.pause()
        self.w.display.straighten()  # a flat brush paints whole voxels of one slice
        super().start()
        self.panel.note.say("")
        self._set_range()
        self._show_structures()
        self._follow()
        self.panel.show()
        self.w.inspector.segment.hand_is_on(True)
        for view in self.views:
            view.marks += [self.level.draw, self.ring.draw]
        self.watch(*self.views)
        self.chosen()
        self.w.coupling.draw_scene()
        self.watch(self.w.views.view3d.interactor)
        self.w.coupling.refresh_jobs()
        QTimer.singleShot(SETTLE_MS, self._show_controls)

    def stop(self) -> bool:
        """Lay it down; whether it was up. A stroke that is not finished is taken back, and the hand stays up."""
        if not self.on:
            return False
        if self.holding and self.draft is not None:
            self.leave_nothing()
            return True
        self.runs.take_back()
        super().stop()
        self.ring.move(self.views, None, None)
        self.level.move(None, QPointF())
        for view in self.views:
            view.marks.remove(self.ring.draw)
            view.marks.remove(self.level.draw)
        self.panel.hide()
        self.w.inspector.segment.hand_is_on(False)
        self.w.display.set_band(None)
        self.w.coupling.refresh()
        self.w.cardiac.follow(self.w.presenter.case)
        return True

    def leave_nothing(self) -> None:
        """Take back what is only tried, and a stroke that has not ended: the draft's array is the Case's own."""
        self.runs.take_back()
        if self.holding and self.draft is not None:
            self._held = None
            self.touched(self.draft.cancel())

    def close(self) -> None:
        """End the threads."""
        self.shapes.close()
        self._source.close()

    def take_tool(self, name: str) -> None:
        """Take up a brush, or a tool of the session by name, and the hand with it."""
        if not self.on:
            self.start()
        if self.on:
            self.runs.take_back()
            self.panel.note.say("")
            self.panel.choose_tool(name)
            self.chosen()
            QTimer.singleShot(SETTLE_MS, self._show_controls)

    def _show_controls(self) -> None:
        """The tool's own controls are in view, whatever the window's height."""
        page = self.w.inspector.segment
        for widget in (self.panel.box, self.panel, page.widget()):
            if widget.layout() is not None:
                widget.layout().activate()
        page.widget().resize(page.widget().width(), page.widget().sizeHint().height())
        page.ensureWidgetVisible(self.panel)
        if self.panel.box.isVisible():
            page.ensureWidgetVisible(self.panel.finish, 0, 8)

    def structure_verb(self, verb: str) -> None:
        """ "add", "rename" or "remove" a structure."""
        self.take_tool(verb)
        if self.on and verb == "remove":
            self.runs.run()
            self.take_tool(self.panel.brush)
        elif self.on:
            self.panel.box.name.setFocus()
            self.panel.box.name.selectAll()

    def take_structure(self, place: int) -> None:
        """Paint the structure in a place of the list, from 0."""
        value = self.panel.structures.at(place)
        if value:
            self.panel.structures.choose(value)
            self.chosen()

    # What follows from the Case --------------------------------------------------------------------------------

    def _follow(self) -> None:
        """The Case changed: what was undone is undone on the draft, too."""
        labels = self.labels
        if not self.on:
            self._source.let_go(labels)
            return
        if labels is None or self.why_not():
            self.stop()
            return
        if not self._source.fits(labels):
            image = self.w.presenter.case.image
            self._source.take(labels, image if isinstance(image, Volume) else None)
        else:
            self._shape()
            if not self._own:
                self.shapes.again()
        self._show_structures()

    def _drafted(self) -> None:
        """From now on the views show the labels that strokes are drawn into."""
        display = self.w.display
        if self.on and self.draft is not None and self._source.fits(self.labels):
            display.open(display.volume, self.draft.labels, display.own_window)
            self._shape()

    def _shape(self) -> None:
        shown = self.w.display.labels
        if shown is not None:
            phase = min(self.w.display.label_phase, shown.phases - 1)
            self.shapes.follow(shown.data[phase], shown.grid, self.panel.value)

    def _phase_changed(self) -> None:
        if self.on and self.draft is not None:
            self._shape()

    def _set_range(self) -> None:
        image = self.w.presenter.case.image
        if not isinstance(image, Volume):
            return
        if image.modality == "CT":
            self.panel.set_range(-1024.0, 3071.0, "HU")
        else:
            window, level = self.w.display.own_window
            self.panel.set_range(min(0.0, level - window), level + window, "")

    def styles(self) -> dict[str, StructureStyle]:
        """How each structure is written and coloured."""
        labels, known = self.labels, self.w.choices.labels
        names = () if labels is None else labels.names.values()
        return {name: known.get(name) or plain_style(name, surface=False) for name in names}

    def _show_structures(self) -> None:
        labels = self.labels
        if self.on and labels is not None:
            self.panel.show_structures({v: name for v, name in labels.names.items() if v}, self.styles())
            self._colour_ring()

    def label_of(self, value: int) -> str:
        labels = self.labels
        """How a structure is written."""
        return "" if labels is None or value not in labels.names else self.styles()[labels.names[value]].label

    # What is seen ----------------------------------------------------------------------------------------------

    def chosen(self) -> None:
        """Another tool, structure or size was chosen."""
        if not self.on:
            return
        self.ring.radius_mm, self.ring.ball = self.panel.radius_mm, self.panel.ball.isChecked()
        self._colour_ring()
        self.panel.show_box(self.labels)
        brush = self.panel.tool in BRUSHES
        for view in self.views:
            view.setCursor(Qt.CursorShape.BlankCursor if brush else Qt.CursorShape.CrossCursor)
            view.update()
        self.w.display.set_band(self.panel.band if self.panel.tool == RANGE else None)
        self.shapes.choose(self.panel.value)

    def _colour_ring(self) -> None:
        labels, value = self.labels, self.panel.value
        known = labels is not None and value in labels.names
        erasing = self.panel.tool == ERASE
        self.ring.colour = "#FFFFFF" if erasing or not known else self.styles()[labels.names[value]].colour  # type: ignore[union-attr]

    def scene(self, usual: SceneState | None, tokens: Tokens) -> SceneState | None:
        """The labels' surfaces in place of what else 3D shows."""
        return label_scene(self, usual, tokens) if self.on and self.labels is not None else usual

    # What the hand does ----------------------------------------------------------------------------------------

    @property
    def phase(self) -> int:
        """The phase of the labels that is in view, and that strokes bear on."""
        labels = self.labels
        return 0 if labels is None else min(self.w.display.label_phase, labels.phases - 1)

    def go_to_phase(self, phase: int) -> None:
        """Show another phase of the labels."""
        labels, display = self.labels, self.w.display
        if labels is not None and display.volume is not None:
            away = np.abs((display.volume.phase_percent - labels.phase_percent[phase] + 50.0) % 100.0 - 50.0)
            display.set_phase(int(np.argmin(away)))
            self.w.coupling.keep_phase()

    def press(self, view: Any, event: QMouseEvent) -> bool:
        """A stroke begins, or a tool acts on a place; in 3D only on a surface, beside it the view is turned."""
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return False
        self.runs.take_back()
        if self.panel.tool in BRUSHES:
            return self.strokes.begin(view, event.position(), event.modifiers())
        if not isinstance(view, SliceView) or not self.panel.box.waits_for_click:
            return False
        self.runs.run(point_mm=view.place_mm(event.position()), normal=view.normal)
        return True

    def drag(self, view: Any, event: QMouseEvent) -> None:
        if self.panel.tool not in BRUSHES:
            return
        self.strokes.lead(view, event.position())
        if isinstance(view, SliceView):
            self.ring.move(self.views, view, event.position())

    def release(self, view: Any, event: QMouseEvent) -> None:
        if self.panel.tool in BRUSHES:
            self.strokes.end()

    def touched(self, box: tuple[slice, slice, slice] | None) -> None:
        """Voxels within a box have changed on the draft: slices at once, surfaces soon."""
        if box is None or self.draft is None:
            return
        k, j, i = box
        start, stop = (k.start, j.start, i.start), (k.stop, j.stop, i.stop)
        self.w.display.touched.emit(start, stop)
        labels = self.w.display.labels
        if labels is not None:
            wide = tuple(slice(max(side.start - 1, 0), side.stop + 1) for side in box)
            near = np.unique(labels.data[(self.phase, *wide)])
            self.shapes.touch(start, stop, {int(value) for value in near} | {self.panel.value})

    def take(self, edit: LabelEdit) -> None:
        """Make an edit that the draft holds already a step of the Case."""
        if self.draft is None:
            return
        self._own = True
        try:
            case = self.draft.accept(self.w.presenter.case, edit)
            self._source.used()
            self.w.display.labels = case.labels  # the slices show them already
            self.accept(case)
        except (TwinviewerError, ValueError) as error:
            self.w.messages.tell_error(error, edit.action)
        finally:
            self._own = False

    def accept(self, case: Case) -> None:
        """Make a Case with other labels the present one; where that gives up a model, say so once."""
        p = self.w.presenter
        model = p.case.mesh is not None
        p.accept(case)
        self.panel.note.say(GIVEN_UP if model and p.case.mesh is None else "")

    # Pointer and keys ------------------------------------------------------------------------------------------

    def hover(self, view: Any, event: QMouseEvent) -> None:
        if isinstance(view, SliceView):
            brush = self.panel.tool in BRUSHES
            self.ring.move(self.views, view if brush else None, event.position())
            self.level.move(view if self.panel.tool == TRACE else None, event.position())

    def seen(self, view: Any, event: QEvent) -> None:
        if event.type() == QEvent.Type.Leave and not self.holding:
            self.ring.move(self.views, None, None)
            self.level.move(None, QPointF())

    def other(self, view: Any, event: QEvent) -> bool:
        """Ctrl and the wheel change the brush."""
        if not isinstance(event, QWheelEvent) or not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        turned = event.angleDelta().y()
        if turned and self.panel.tool in BRUSHES:
            self.panel.resize_brush(1 if turned > 0 else -1)
            if isinstance(view, SliceView):
                self.ring.move(self.views, view, event.position())
            return True
        return False
