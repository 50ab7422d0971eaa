"""Strokes of the brush: where they lie, what they may change, and what the undo menu calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt

from twinviewer.domain import LabelMap
from twinviewer.scene.label_surface import LabelSurface, first_hit
from twinviewer.ui.label_panel import ANYTHING, ERASE, NOTHING, RANGE
from twinviewer.ui.slice_view import SliceView

if TYPE_CHECKING:
    from twinviewer.segmentation.edit.rule import Rule
    from twinviewer.ui.label_hand import LabelHand

LEAP = 3.0
"""Times the brush's radius: two places on a surface further apart are not joined by a stroke through the air."""


class LabelStrokes:
    """Leads the draft's brush for the hand."""

    def __init__(self, hand: LabelHand) -> None:
        self.hand = hand
        self._action = ""
        self._surface: LabelSurface | None = None
        self._last_mm: NDArray[np.float64] | None = None

    def begin(self, view: Any, where: QPointF, keys: Qt.KeyboardModifier) -> bool:
        """A stroke begins; whether it does. In 3D only on the painted structure's surface."""
        hand = self.hand
        draft, labels, panel = hand.draft, hand.labels, hand.panel
        if draft is None or labels is None:
            hand.w.messages.tell("The labels are being made ready: one moment")
            return True
        with_key = bool(keys & Qt.KeyboardModifier.ControlModifier)
        erase = panel.tool == ERASE or with_key
        value = panel.value
        if not value and not erase:
            panel.note.say("There is no structure to paint yet: add one", "caution")
            return True
        self._surface = hand.shapes.surfaces.get(value)
        self._last_mm = None
        place = self._place(view, where)
        if place is None:
            return False
        only = labels.names.get(value, "") if with_key and panel.tool != ERASE else panel.may_replace
        self._action = self._name(labels, erase, value, only)
        draft.begin(0 if erase else value, hand.phase, self._rule(labels, erase, only))
        self._dab(view, place)
        return True

    def lead(self, view: Any, where: QPointF) -> None:
        """The stroke goes on."""
        place = self._place(view, where)
        if place is not None:
            self._dab(view, place)

    def end(self) -> None:
        """The stroke is done: a step of the Case, if it changed anything."""
        draft = self.hand.draft
        edit = draft.finish(self._action) if draft is not None else None
        if edit is not None:
            self.hand.take(edit)

    def _place(self, view: Any, where: QPointF) -> NDArray[np.float64] | None:
        """(3,) LPS under the pointer: in a slice, or where the line of sight meets the surface as it was at first."""
        if isinstance(view, SliceView):
            return view.place_mm(where)
        view3d = self.hand.w.views.view3d
        if view3d.stage is None or self._surface is None:
            return None
        from twinviewer.scene.pick import ray

        hit = first_hit([self._surface], *ray(view3d.stage.renderer(), *view3d.pixel(where)))
        if hit is None:
            return None
        last, self._last_mm = self._last_mm, hit[1]
        reach = LEAP * self.hand.panel.radius_mm + 4.0
        if last is not None and np.linalg.norm(hit[1] - last) > reach and self.hand.draft is not None:
            self.hand.draft.lift()
        return hit[1]

    def _dab(self, view: Any, place_mm: NDArray[np.float64]) -> None:
        from twinviewer.segmentation.edit.brush import Brush

        hand = self.hand
        if hand.draft is None:
            return
        flat = isinstance(view, SliceView) and not hand.panel.ball.isChecked()
        normal = view.normal if flat else None
        brush = Brush(hand.panel.radius_mm, None if normal is None else (normal[0], normal[1], normal[2]))
        hand.touched(hand.draft.dab(brush, place_mm))

    def _rule(self, labels: LabelMap, erase: bool, only: str) -> Rule:
        from twinviewer.segmentation.edit.rule import Rule

        over: frozenset[int] | None = None
        if only == NOTHING and not erase:
            over = frozenset({0})
        elif only not in (ANYTHING, NOTHING):
            over = frozenset({labels.value(only)})
        panel = self.hand.panel
        low, high = panel.band if panel.tool == RANGE and not erase else (None, None)
        return Rule(over, low, high)

    def _name(self, labels: LabelMap, erase: bool, value: int, only: str) -> str:
        hand = self.hand
        if erase:
            action = f"Erase {hand.label_of(labels.value(only))}" if only in labels.names.values() else "Erase"
        else:
            verb = "Threshold paint" if hand.panel.tool == RANGE else "Paint"
            action = f"{verb} {hand.label_of(value)}"
        return f"{action}, phase {hand.phase + 1}" if labels.phases > 1 else action
