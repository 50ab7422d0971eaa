"""How the open images are shown: window, phase, crosshair, label overlay. All slice views of a case share one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from twinviewer.domain import LabelMap, Volume


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
"""Keys 1 to 8; key 9 is the images' own window."""


class ImageDisplay(QObject):
    """Shared state of linked views. ``changed`` asks for a repaint, ``moved`` says that the crosshair moved.

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

    def open(self, volume: Volume | None, labels: LabelMap | None, window: tuple[float, float]) -> None:
        """Show another volume (None: nothing). A volume already shown keeps its window, phase and crosshair."""
        new = volume is not self.volume
        self.volume, self.labels = volume, labels
        if volume is not None and new:
            self.own_window = window
            self.window, self.level = window
            self.phase = 0
            self.set_cross(volume.grid.centre_mm)
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
        """Use the preset of a number key, 1..9; the name of it, or "" where it does not apply (CT only, but for 9)."""
        if key == 9:
            self.set_window(*self.own_window)
            return "Images' own window"
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

    def set_cross(self, point_mm: NDArray[np.floating]) -> None:
        """Put the crosshair at the centre of the voxel that holds an LPS point, kept inside the volume.

        Voxel centres, because a crosshair halfway between two slices would belong to either.
        """
        if self.volume is None:
            return
        size = np.array(self.volume.grid.shape[::-1]) - 1
        ijk = np.clip(np.round(self.volume.grid.to_ijk(np.asarray(point_mm, float)[None])[0]), 0, size)
        self.cross_mm = self.volume.grid.to_mm(ijk[None])[0]
        self.moved.emit()

    def value_at(self, point_mm: NDArray[np.floating]) -> float | None:
        """The voxel value at an LPS point in the shown phase, None outside."""
        if self.volume is None:
            return None
        i, j, k = np.round(self.volume.grid.to_ijk(np.asarray(point_mm, float)[None])[0]).astype(int)
        shape = self.volume.grid.shape
        if not (0 <= k < shape[0] and 0 <= j < shape[1] and 0 <= i < shape[2]):
            return None
        return float(self.volume.data[self.phase, k, j, i])
