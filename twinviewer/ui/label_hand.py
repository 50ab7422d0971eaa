"""The hand that mends labels: strokes in the slices and on the surface in 3D, each one named step to undo."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QWheelEvent

from twinviewer.domain import LabelEdit, LabelMap, OrganMesh, StructureStyle, TwinviewerError, Volume
from twinviewer.scene.label_surface import LabelSurface, first_hit
from twinviewer.scene.state import PaneState, SceneState
from twinviewer.segmentation.edit.brush import Brush
from twinviewer.segmentation.edit.rule import Rule
from twinviewer.session.label_draft import LabelDraft
from twinviewer.session.label_edits import new_labels
from twinviewer.ui.edit_mode import EditMode
from twinviewer.ui.label_panel import ANYTHING, ERASE, NOTHING, PAINT, THRESHOLD, LabelPanel
from twinviewer.ui.label_ring import BrushRing
from twinviewer.ui.label_shapes import LabelShapes
from twinviewer.ui.slice_view import SliceView
from twinviewer.ui.step_bar import Step
from twinviewer.ui.theme import Tokens
from twinviewer.ui.view_choices import plain_style

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

BRUSHES = (PAINT, ERASE, THRESHOLD)
WAIT_MS = 30
SMALL_BYTES = 64 << 20
"""Labels below this are copied at once; larger ones in a thread."""
FIRST = "structure_1"
LEAP = 4.0
"""Times the brush's radius: two places on a surface further apart are not joined by a stroke through the air."""


class LabelHand(EditMode):
    """While it is on, left drags in a slice or on a surface change labels; all else goes to the views."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.panel = LabelPanel(window.look)
        self.shapes = LabelShapes(self)
        self.ring = BrushRing()
        self.draft: LabelDraft | None = None
        self._thread = ThreadPoolExecutor(1, "labels")
        self._copying: tuple[Future[LabelDraft], LabelMap] | None = None
        self._own = False
        self._action = ""
        self._surface: LabelSurface | None = None
        self._last_mm: NDArray[np.float64] | None = None
        self._had_model = False
        self.panel.changed.connect(self._chosen)
        self.panel.tool_chosen.connect(self.take_tool)
        self.panel.done.connect(self.stop)
        self.shapes.changed.connect(lambda: window.coupling.draw_scene() if self.on else None)
        window.presenter.case_changed.connect(self._follow)
        window.display.changed.connect(self._phase_changed)
        window.choices.changed.connect(self._show_structures)

    # The mode --------------------------------------------------------------------------------------------------

    @property
    def views(self) -> tuple[SliceView, ...]:
        """The slices that it works in."""
        return tuple(self.w.views.slices.values())

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
        self.on = True
        self._had_model = p.case.mesh is not None
        self._set_range()
        self._show_structures()
        self._follow()
        self.panel.show()
        self.w.inspector.segment.hand_is_on(True)
        for view in self.views:
            if self.ring.draw not in view.marks:
                view.marks.append(self.ring.draw)
        self.watch(*self.views)
        self._chosen()
        self.w.coupling.draw_scene()
        self.watch(self.w.views.view3d.interactor)
        self.w.coupling.refresh_jobs()
        QTimer.singleShot(0, lambda: self.w.inspector.segment.ensureWidgetVisible(self.panel))

    def stop(self) -> bool:
        """Lay it down; whether it was up. A stroke that is not finished is taken back, and the hand stays up."""
        if not self.on:
            return False
        if self.holding and self.draft is not None:
            self._held = None
            self._touched(self.draft.cancel())
            return True
        self.on = False
        self.ring.move(self.views, None, None)
        for view in self.views:
            view.marks.remove(self.ring.draw)
        self.unwatch()
        self.panel.hide()
        self.w.inspector.segment.hand_is_on(False)
        self.w.display.set_band(None)
        self.w.coupling.draw_scene()
        self.w.coupling.refresh_jobs()
        return True

    def close(self) -> None:
        """End the threads."""
        self.shapes.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def take_tool(self, name: str) -> None:
        """Take up a tool, and the hand with it."""
        if not self.on:
            self.start()
        if self.on:
            self.panel.choose_tool(name)
            self._chosen()

    def take_structure(self, place: int) -> None:
        """Paint the structure in a place of the list, from 0."""
        value = self.panel.structures.at(place)
        if value:
            self.panel.structures.choose(value)
            self._chosen()

    # What follows from the Case --------------------------------------------------------------------------------

    def _follow(self) -> None:
        """The Case changed: what was undone is undone on the draft, too."""
        labels = self.labels
        if not self.on:
            if self.draft is not None and not self.draft.follows(labels):
                self.draft = None  # a large array is not kept for nothing
            return
        if labels is None or self.why_not():
            self.stop()
            return
        if self.draft is None or not self.draft.follows(labels):
            self._take(labels)
        else:
            self._shape()
            if not self._own:
                self.shapes.again()
        self._show_structures()

    def _take(self, labels: LabelMap) -> None:
        self.draft = None
        image = self.w.presenter.case.image
        volume = image if isinstance(image, Volume) else None
        if labels.data.nbytes <= SMALL_BYTES:
            self._drafted(LabelDraft(labels, volume))
        elif self._copying is None or self._copying[1] is not labels:
            self._copying = self._thread.submit(LabelDraft, labels, volume), labels
            self._wait()

    def _wait(self) -> None:
        if self._copying is None:
            return
        if not self._copying[0].done():
            QTimer.singleShot(WAIT_MS, self._wait)
            return
        (future, labels), self._copying = self._copying, None
        if self.on and labels is self.labels:
            self._drafted(future.result())

    def _drafted(self, draft: LabelDraft) -> None:
        """From now on the views show the labels that strokes are drawn into."""
        self.draft = draft
        display = self.w.display
        display.open(display.volume, draft.labels, display.own_window)
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

    def _label_of(self, value: int) -> str:
        labels = self.labels
        return "" if labels is None or value not in labels.names else self.styles()[labels.names[value]].label

    # What is seen ----------------------------------------------------------------------------------------------

    def _chosen(self) -> None:
        """Another tool, structure or size was chosen."""
        if not self.on:
            return
        self.ring.radius_mm, self.ring.ball = self.panel.radius_mm, self.panel.ball.isChecked()
        self._colour_ring()
        brush = self.panel.tool in BRUSHES
        for view in self.views:
            view.setCursor(Qt.CursorShape.BlankCursor if brush else Qt.CursorShape.CrossCursor)
            view.update()
        self.w.display.set_band(self.panel.band if self.panel.tool == THRESHOLD else None)
        self.shapes.choose(self.panel.value)

    def _colour_ring(self) -> None:
        labels, value = self.labels, self.panel.value
        known = labels is not None and value in labels.names
        erasing = self.panel.tool == ERASE
        self.ring.colour = "#FFFFFF" if erasing or not known else self.styles()[labels.names[value]].colour  # type: ignore[union-attr]

    def scene(self, usual: SceneState | None, tokens: Tokens) -> SceneState | None:
        """The labels' surfaces in place of what else 3D shows."""
        labels = self.labels
        if not self.on or labels is None:
            return usual
        case, styles = self.w.presenter.case, self.styles()
        shown = {
            value: styles[name].colour
            for value, name in labels.names.items()
            if value and (styles[name].visible or value == self.panel.value)
        }
        mesh = case.mesh if case.mesh is not None else _nothing(labels.image_uid)
        hidden = () if usual is None or not usual.panes else usual.panes[0].structures
        structures = tuple(replace(one, visible=False) for one in hidden)
        title = "Labels"
        if labels.phases > 1:
            title += f", {labels.phase_percent[min(self.w.display.label_phase, labels.phases - 1)]:.0f} % R-R"
        pane = PaneState(title, mesh, structures=structures, accent=tokens.quiet, labels=self.shapes.shapes(shown))
        footer = f"{case.patient.pseudonym} · research only, not for clinical use".lstrip(" ·")
        return SceneState(
            (pane,), background=tokens.panel, text=tokens.text, quiet=tokens.quiet, footer=footer, legend=False
        )

    # Strokes ---------------------------------------------------------------------------------------------------

    def press(self, view: Any, event: QMouseEvent) -> bool:
        """A stroke begins; in 3D only on a surface, beside it the view is turned."""
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return False
        draft, labels = self.draft, self.labels
        if self.panel.tool not in BRUSHES:
            return False
        if draft is None or labels is None:
            self.w.messages.tell("The labels are being made ready: one moment")
            return True
        erase = self.panel.tool == ERASE or bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        value = self.panel.value
        if not value and not erase:
            self.w.messages.tell("There is no structure to paint yet", "Add one first", "caution")
            return True
        self._surface = self.shapes.surfaces.get(value)
        if not isinstance(view, SliceView):
            place = self._on_surface(event.position())
            if place is None:
                return False
        else:
            place = view.place_mm(event.position())
            if place is None:
                return False
        only = labels.names.get(value, "") if erase and self.panel.tool != ERASE else self.panel.may_replace
        self._action = self._name(erase, value, only)
        draft.begin(0 if erase else value, self._phase, self._rule(labels, erase, only))
        self._last_mm = None
        self._dab(view, place)
        return True

    @property
    def _phase(self) -> int:
        labels = self.labels
        return 0 if labels is None else min(self.w.display.label_phase, labels.phases - 1)

    def _rule(self, labels: LabelMap, erase: bool, only: str) -> Rule:
        over: frozenset[int] | None = None
        if only == NOTHING and not erase:
            over = frozenset({0})
        elif only not in (ANYTHING, NOTHING):
            over = frozenset({labels.value(only)})
        low, high = self.panel.band if self.panel.tool == THRESHOLD and not erase else (None, None)
        return Rule(over, low, high)

    def _name(self, erase: bool, value: int, only: str) -> str:
        labels = self.labels
        if erase:
            known = labels is not None and only in labels.names.values()
            action = f"Erase {self._label_of(labels.value(only))}" if known and labels is not None else "Erase"
        else:
            verb = "Threshold paint" if self.panel.tool == THRESHOLD else "Paint"
            action = f"{verb} {self._label_of(value)}"
        if labels is not None and labels.phases > 1:
            action += f", phase {self._phase + 1}"
        return action

    def drag(self, view: Any, event: QMouseEvent) -> None:
        if isinstance(view, SliceView):
            place = view.place_mm(event.position())
            self.ring.move(self.views, view, event.position())
        else:
            place = self._on_surface(event.position())
        if place is not None:
            self._dab(view, place)

    def _dab(self, view: Any, place_mm: NDArray[np.float64]) -> None:
        if self.draft is None:
            return
        flat = isinstance(view, SliceView) and not self.panel.ball.isChecked()
        normal = view.normal if flat else None
        brush = Brush(self.panel.radius_mm, None if normal is None else (normal[0], normal[1], normal[2]))
        self._touched(self.draft.dab(brush, place_mm))

    def _touched(self, box: tuple[slice, slice, slice] | None) -> None:
        """Voxels within a box have changed: slices at once, surfaces soon."""
        if box is None or self.draft is None:
            return
        start, stop = tuple(side.start for side in box), tuple(side.stop for side in box)
        self.w.display.touched.emit(start, stop)
        labels = self.w.display.labels
        if labels is not None:
            wide = tuple(slice(max(side.start - 1, 0), side.stop + 1) for side in box)
            near = np.unique(labels.data[(self._phase, *wide)])
            self.shapes.touch(start, stop, {int(value) for value in near} | {self.panel.value})

    def release(self, view: Any, event: QMouseEvent) -> None:
        if self.draft is not None:
            edit = self.draft.finish(self._action)
            if edit is not None:
                self.take(edit)

    def take(self, edit: LabelEdit) -> None:
        """Make an edit that the draft holds already a step of the Case."""
        p, draft = self.w.presenter, self.draft
        if draft is None:
            return
        model = p.case.mesh is not None
        self._own = True
        try:
            p.accept(draft.accept(p.case, edit))
        except (TwinviewerError, ValueError) as error:
            self.w.messages.tell_error(error, edit.action)
        finally:
            self._own = False
        if model and p.case.mesh is None:
            self.w.messages.tell("The model was made from the labels before this: build it again when you are done")
        if self.on:
            QTimer.singleShot(0, lambda: self.w.inspector.segment.ensureWidgetVisible(self.panel))

    # In 3D -----------------------------------------------------------------------------------------------------

    def _on_surface(self, where: QPointF) -> NDArray[np.float64] | None:
        """Where the line of sight meets the painted structure as it was when the stroke began, (3,) LPS mm."""
        view = self.w.views.view3d
        if view.stage is None or self._surface is None:
            return None
        from twinviewer.scene.pick import ray

        hit = first_hit([self._surface], *ray(view.stage.renderer(), *view.pixel(where)))
        return None if hit is None else hit[1]

    # Pointer and keys ------------------------------------------------------------------------------------------

    def hover(self, view: Any, event: QMouseEvent) -> None:
        if isinstance(view, SliceView):
            brush = self.panel.tool in BRUSHES
            self.ring.move(self.views, view if brush else None, event.position())

    def seen(self, view: Any, event: QEvent) -> None:
        if event.type() == QEvent.Type.Leave and not self.holding:
            self.ring.move(self.views, None, None)

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


@lru_cache(1)
def _nothing(uid: str) -> OrganMesh:
    """A mesh of nothing: a pane needs one."""
    return OrganMesh(
        organ="", points_mm=np.zeros((1, 3)), tets=np.zeros((0, 4), np.int32), surfaces={}, point_fields={},
        cell_fields={}, landmarks={}, wall_points=0, uid=f"labels of {uid}", label_uid="",
    )  # fmt: skip
