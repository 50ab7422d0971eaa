"""Simulated beats by AHA segment: one bullseye a scenario, all on one scale, of a measure chosen from a list."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from twinviewer.scene.bullseye import Scale
from twinviewer.session.segments import ACTIVATION, STRAIN, WORK, by_segment
from twinviewer.ui.bullseye import Bullseye
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.curves import Curves
from twinviewer.ui.theme import Look

MEASURES = {ACTIVATION: "Activation (ms)", WORK: "Fibre work (kPa)", STRAIN: "Fibre strain at end-systole (%)"}
MOST = 2


def scale_of(name: str, values: Sequence[NDArray[np.floating]]) -> Scale:
    """One scale for all: activation from 0 to the latest, work and strain alike on both sides of 0."""
    known = np.concatenate([v[np.isfinite(v)] for v in values]) if values else np.zeros(0)
    most = float(np.abs(known).max()) if known.size else 1.0
    if name == ACTIVATION:
        return Scale("Activation", "ms", 0.0, max(10.0 * np.ceil(most / 10.0), 10.0), "activation")
    if name == WORK:
        end = max(float(np.ceil(most)), 1.0)
        return Scale("Fibre work", "kPa", -end, end, "difference", 1 if end < 10.0 else 0)
    end = max(5.0 * np.ceil(most / 5.0), 5.0)
    return Scale("Fibre strain", "%", -end, end, "strain")


class SegmentMaps(QWidget):
    """At most two bullseyes side by side, baseline first."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._found: list[tuple[str, Mapping[str, NDArray[np.float64]]]] = []
        self.measure = ComboBox()
        self.measure.setAccessibleName("Measure shown by segment")
        for name, label in MEASURES.items():
            self.measure.addItem(label, name)
        self.measure.activated.connect(lambda _: self._draw())
        self.maps = tuple(Bullseye(look) for _ in range(MOST))
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 0, 0)
        column.addWidget(self.measure)
        row = QHBoxLayout()
        for one in self.maps:
            row.addWidget(one, 1)
        column.addLayout(row, 1)

    def set_curves(self, curves: Sequence[Curves]) -> None:
        """The scenarios to show; those whose mesh has no segments are left out."""
        self._found = [
            (one.label, by_segment(one.run, np.asarray(one.segment))) for one in curves if one.segment is not None
        ][:MOST]
        self._draw()

    def _draw(self) -> None:
        name = str(self.measure.currentData())
        shown = [(label, values[name]) for label, values in self._found if name in values]
        scale = scale_of(name, [values for _, values in shown])
        for k, one in enumerate(self.maps):
            one.setVisible(k < len(shown))
            if k < len(shown):
                one.show_values(shown[k][1], scale, f"{shown[k][0]}, {scale.title.lower()} ({scale.unit})")
