"""What lies over a view when it is marked: structures under its pane, the lines that are drawn, the second series."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Fusion, KeyImage, KeyLine
from twinviewer.ui.oblique_view import ObliqueView
from twinviewer.ui.plane_view import PlaneView
from twinviewer.ui.slice_view import SliceView

OUTLINE_PX = 1.3
Line = tuple[str, float, bool, NDArray[np.float64]]


def with_overlay(key: KeyImage, view: Any, shift_mm: NDArray[np.float64], over: Fusion | None) -> KeyImage:
    """The key image with what lies over its view now. shift_mm: (3,) from the scanner's places to the view's."""
    return replace(_with_labels(key, view), lines=_lines(key, view, shift_mm), over=over)


def _with_labels(key: KeyImage, view: Any) -> KeyImage:
    if isinstance(view, PlaneView) or key.plane >= 0:
        return key
    d = view.display if isinstance(view, SliceView) else view.state.display
    if d.volume is None or d.labels is None or not d.colours or not d.labels.grid.same_as(d.volume.grid):
        return key
    from twinviewer.scene.key_picture import labels_under

    found = labels_under(d.volume, d.labels, key, d.label_phase)
    there = set(np.unique(found).tolist())
    shown = tuple((value, name, d.colours[name]) for value, name in d.labels.names.items()
                  if value in there and value and name in d.colours)  # fmt: skip
    return replace(key, labels=found, structures=shown, opacity=d.opacity) if shown else key


def _lines(key: KeyImage, view: Any, shift_mm: NDArray[np.float64]) -> tuple[KeyLine, ...]:
    found: list[Line] = []
    if isinstance(view, PlaneView):
        found = view.drawn_mm()
    elif isinstance(view, ObliqueView):
        found = [(colour, OUTLINE_PX, False, ends - shift_mm) for colour, ends in view.drawn_mm()]
    kept = ((*line[:3], _in_pane(line[3], key)) for line in found)
    return tuple(KeyLine(colour, px, dashed, ends) for colour, px, dashed, ends in kept if len(ends))


def _in_pane(ends: NDArray[np.float64], key: KeyImage) -> NDArray[np.float32]:
    away = ends - key.centre_mm
    half = np.array(key.size_px) * key.mm_per_px / 2
    inside = (np.abs(np.stack([away @ key.right, away @ key.down], -1)) <= half).all(-1).any(-1)
    return np.ascontiguousarray(ends[inside], dtype=np.float32)
