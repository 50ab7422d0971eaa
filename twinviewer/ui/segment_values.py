"""Thickness by AHA segment, and strain of a heart that moves as the images show: a bullseye and what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QVBoxLayout, QWidget

from twinviewer.domain import OrganMesh
from twinviewer.report.measures import segment_values
from twinviewer.scene.bullseye import SCALES
from twinviewer.ui.bullseye import Bullseye
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.page import quiet_label
from twinviewer.ui.theme import Look

if TYPE_CHECKING:
    from twinviewer.ui.presenter import Presenter

Values = Mapping[str, NDArray[np.float64]]
"""(17,) by name of scene.bullseye.SCALES."""

MOMENTS = {"thickness_mm": "end-diastole"}
"""When the values are of; what is not here is of end-systole."""
HEIGHT_PX = 262


class SegmentValues(QWidget):
    """A bullseye of one measure, chosen from a list."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._values: Values = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.measure = ComboBox()
        self.measure.setAccessibleName("Measure shown by segment")
        self.measure.activated.connect(lambda _: self._draw())
        self.bullseye = Bullseye(look)
        self.bullseye.setFixedHeight(HEIGHT_PX)
        self.waiting = quiet_label("Measuring the segments…")
        column.addWidget(self.measure)
        column.addWidget(self.bullseye)
        column.addWidget(self.waiting)
        self.show_values(None)

    def show_values(self, values: Values | None) -> None:
        """Show these; None while they are being measured."""
        self._values = values or {}
        chosen = self.measure.currentData()
        self.measure.clear()
        for name, scale in SCALES.items():
            if name in self._values:
                self.measure.addItem(f"{scale.title}, {MOMENTS.get(name, 'end-systole')}", name)
        self.measure.setCurrentIndex(max(self.measure.findData(chosen), 0))
        there = self.measure.count() > 0
        self.measure.setVisible(there)
        self.bullseye.setVisible(there)
        self.waiting.setVisible(not there)
        self.waiting.setText("Measuring the segments…" if values is None else "This model has no values by segment.")
        self._draw()

    def _draw(self) -> None:
        name = self.measure.currentData()
        if name is not None:
            self.bullseye.show_values(self._values[name], name)


class SegmentMeasures(QObject):
    """Asks a worker for the values of the mesh in view, and hands them to the widget when they come."""

    def __init__(self, presenter: Presenter, widget: SegmentValues) -> None:
        super().__init__(widget)
        self._presenter, self._widget = presenter, widget
        self._mesh: OrganMesh | None = None

    def follow(self, mesh: OrganMesh | None) -> None:
        """Another mesh is in view, or none."""
        if mesh is self._mesh:
            return
        self._mesh = mesh
        self._widget.show_values(None)
        if mesh is not None:
            self._presenter.look_up(segment_values, mesh, done=lambda found: self._take(mesh, found))

    def _take(self, mesh: OrganMesh, found: Values) -> None:
        if mesh is self._mesh:
            self._widget.show_values(found)
