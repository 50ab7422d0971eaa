"""How the open images are shown: window, phase, crosshair, label overlay. All slice views of a case share one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from twinviewer.domain import LabelMap, Volume
from twinviewer.domain.image import READING
from twinviewer.scene.slab import THIN, Slab, gap_mm
from twinviewer.scene.slices import percentile_window
from twinviewer.scene.turned import Axes

if TYPE_CHECKING:
    from twinviewer.scene.fusion import Fused
    from twinviewer.scene.oblique import ObliqueSlicer


@dataclass(frozen=True, slots=True)
class WindowPreset:
    """A named window width and level, in HU."""

    name: str
    width: float
    level: float


CT_PRESETS = (
    WindowPreset("Cardiac CT angiography", 800, 250),
    WindowPreset("CT angiography", 600, 300),
    WindowPreset("Soft tissue", 400, 40),
    WindowPreset("Mediastinum", 400, 80),
    WindowPreset("Lung", 1500, -600),
    WindowPreset("Bone", 2500, 480),
    WindowPreset("Liver", 150, 90),
    WindowPreset("Brain", 80, 40),
)
"""Keys 1 to 8; key 9 is the images' own window, key 0 the percentiles of what is there."""
OWN, AUTO = 9, 0
LARGE_BYTES, PAGE_BYTES, FETCH_POLL_MS = 100_000_000, 4096, 15


def value_words(value: float, unit: str) -> str:
    """A voxel's value with its unit; without one the scanner's numbers are arbitrary, and it is called signal."""
    number = f"{value:.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"
    return f"{number} {unit}" if unit else f"signal {number}"


class ImageDisplay(QObject):
    """Shared state of linked views. ``changed`` asks for a repaint, ``moved`` says that the crosshair moved.

    axes: where the three slices look. unit: of the voxels, "" where the scanner's numbers are arbitrary. fused: a
    second series over the first. turning: slices are being turned, so that coarse ones will do. fetched: all voxels are
    at hand; until then, a tenth of a second with a large volume fresh from a worker, only scanned slices are shown.
    ``touched``: labels have changed in place within a box of voxels (k, j, i): the first, and one past the last.
    """

    changed = Signal()
    moved = Signal()
    touched = Signal(tuple, tuple)

    def __init__(self) -> None:
        super().__init__()
        self.volume: Volume | None = None
        self.labels: LabelMap | None = None
        self.colours: dict[str, str] = {}
        self.opacity = 0.25
        self.band: tuple[float, float] | None = None
        self.phase = 0
        self.window = 400.0
        self.level = 40.0
        self.own_window = (400.0, 40.0)
        self.cross_mm: NDArray[np.float64] = np.zeros(3)
        self.cross_shown = True
        self.slab: Slab = THIN
        self.axes: Axes | None = None
        self.unit = ""
        self.fused: Fused | None = None
        self.turning = False
        self._slicer: ObliqueSlicer | None = None
        self.fetched = True
        self._fetching: Thread | None = None
        self._look = QTimer(self)
        self._look.setInterval(FETCH_POLL_MS)
        self._look.timeout.connect(self._fetch_done)

    def open(self, volume: Volume | None, labels: LabelMap | None, window: tuple[float, float]) -> None:
        """Show another volume (None: nothing). A volume already shown keeps its window, phase and crosshair, also where
        its slices were still coming and now it is whole."""
        before, self.volume, self.labels = self.volume, volume, labels
        if volume is None or volume is before:
            self.changed.emit()
            return
        came = before is not None and before.uid == READING and before.grid.same_as(volume.grid)
        if not came or (self.window, self.level) == self.own_window:
            self.window, self.level = window
        self.own_window, self._slicer = window, None
        if not came:
            self.phase, self.slab, self.fused, self.axes = 0, THIN, None, Axes.of(volume.grid)
        self._fetch(volume.data[0])
        if not came:
            self.set_cross(volume.grid.centre_mm)
        self.changed.emit()

    def _fetch(self, voxels: NDArray[np.generic]) -> None:
        """A slice across the scan's own touches every page of memory: a thread does so first, and the window lives."""
        self.fetched = voxels.nbytes < LARGE_BYTES
        if not self.fetched:
            step = max(PAGE_BYTES // voxels.itemsize, 1)
            self._fetching = Thread(target=lambda: voxels.reshape(-1)[::step].max(), daemon=True)
            self._fetching.start()
            self._look.start()

    def _fetch_done(self) -> None:
        if self._fetching is None or not self._fetching.is_alive():
            self._look.stop()
            self.fetched, self._fetching = True, None
            self.changed.emit()

    def set_colours(self, colours: Mapping[str, str]) -> None:
        """Which structures to draw over the images, and in which colour."""
        if dict(colours) != self.colours:
            self.colours = dict(colours)
            self.changed.emit()

    def set_opacity(self, opacity: float) -> None:
        """How strongly structures cover the image, 0..1."""
        self.opacity = float(np.clip(opacity, 0.0, 1.0))
        self.changed.emit()

    def set_band(self, band: tuple[float, float] | None) -> None:
        """Mark the voxels from a lowest to a highest value; None marks none."""
        if band != self.band:
            self.band = band
            self.changed.emit()

    def set_window(self, window: float, level: float) -> None:
        """Window width (at least 1) and level in the volume's unit."""
        self.window, self.level = max(1.0, window), level
        self.changed.emit()

    def preset(self, key: int) -> str:
        """Use the preset of a number key; the name of it, or "" where it does not apply (1 to 8 are for CT only)."""
        if key == OWN:
            self.set_window(*self.own_window)
            return "Images' own window"
        if key == AUTO and self.volume is not None:
            self.set_window(*percentile_window(self.volume.data[self.phase]))
            return "0.1 to 99.9 % of the values"
        if self.volume is None or self.volume.modality != "CT" or not 1 <= key <= len(CT_PRESETS):
            return ""
        chosen = CT_PRESETS[key - 1]
        self.set_window(chosen.width, chosen.level)
        return chosen.name

    def set_phase(self, phase: int) -> None:
        """Show a phase of the beat; wraps."""
        if self.volume is None:
            return
        phase %= self.volume.phases
        if phase != self.phase:
            self.phase = phase
            self.changed.emit()

    def follow(self, percent: float) -> None:
        """Show the phase nearest to a position in the R-R interval, 0..100, periodic."""
        if self.volume is None or self.volume.phases < 2:
            return
        distance = np.abs((self.volume.phase_percent - percent + 50.0) % 100.0 - 50.0)
        self.set_phase(int(np.argmin(distance)))

    @property
    def label_phase(self) -> int:
        """The phase of the label map that goes with the shown phase of the images."""
        if self.labels is None or self.volume is None or self.labels.phases == self.volume.phases:
            return self.phase
        percent = self.volume.phase_percent[self.phase]
        return int(np.argmin(np.abs((self.labels.phase_percent - percent + 50.0) % 100.0 - 50.0)))

    def set_slab(self, slab: Slab) -> None:
        """Thickness of all slices, and what is made of it."""
        if slab != self.slab:
            self.slab = slab
            self.changed.emit()

    @property
    def gap_mm(self) -> float:
        """The step of a stack that is only shown as scanned; 0 where slices lie close enough to look between them."""
        return 0.0 if self.volume is None else gap_mm(self.volume.grid)

    # Turned slices ---------------------------------------------------------------------------------------------

    @property
    def turned(self) -> bool:
        """Whether the three slices have left the grid's own axes."""
        return self.axes is not None and self.axes.turned

    def slicer(self) -> ObliqueSlicer | None:
        """What makes turned slices of the present volume."""
        if self._slicer is None and self.volume is not None:
            from twinviewer.scene.oblique import ObliqueSlicer

            self._slicer = ObliqueSlicer(self.volume)
        return self._slicer

    def turn(self, orientation: str, degrees: float) -> None:
        """Turn the two other slices about this one's normal, through the crosshair."""
        if self.axes is not None:
            self.axes = self.axes.about(orientation, degrees)
            self.changed.emit()

    def face(self, orientation: str, normal: NDArray[np.float64]) -> None:
        """Turn all three so that one looks along a direction (or its opposite)."""
        if self.axes is not None and self.volume is not None:
            self.axes = Axes.of(self.volume.grid).facing(orientation, np.asarray(normal, float))
            self.set_cross(self.cross_mm)
            self.changed.emit()

    def straighten(self) -> None:
        """Along the grid again."""
        if self.turned and self.volume is not None:
            self.axes = Axes.of(self.volume.grid)
            self.set_cross(self.cross_mm)
            self.changed.emit()

    def labels_touched(self) -> None:
        """Labels have changed in place: what was made ready of them is not theirs any more."""
        if self._slicer is not None:
            self._slicer.touched()

    def set_cross(self, point_mm: NDArray[np.floating]) -> None:
        """Put the crosshair at an LPS point, kept inside the volume; of slices that are not turned at the centre of the
        voxel that holds it, because a crosshair halfway between two slices would belong to either."""
        if self.volume is None:
            return
        size = np.array(self.volume.grid.shape[::-1]) - 1
        ijk = self.volume.grid.to_ijk(np.asarray(point_mm, float)[None])[0]
        ijk = np.clip(ijk if self.turned else np.round(ijk), 0, size)
        self.cross_mm = self.volume.grid.to_mm(ijk[None])[0]
        self.moved.emit()

    def said(self, value: float) -> str:
        """A voxel's value with what it is: "287 HU", "signal 412"."""
        return value_words(value, self.unit)

    def value_at(self, point_mm: NDArray[np.floating]) -> float | None:
        """The voxel value at an LPS point in the shown phase, None outside."""
        if self.volume is None:
            return None
        i, j, k = np.round(self.volume.grid.to_ijk(np.asarray(point_mm, float)[None])[0]).astype(int)
        shape = self.volume.grid.shape
        if not (0 <= k < shape[0] and 0 <= j < shape[1] and 0 <= i < shape[2]):
            return None
        return float(self.volume.data[self.phase, k, j, i])
