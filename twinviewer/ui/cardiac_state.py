"""What the cardiac views share: images, planes, slab, the heart's outline at the moment, and which view is active."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from twinviewer.domain import CineStack, OrganMesh, Volume
from twinviewer.geometry.cardiac_planes import (
    FOUR,
    SHORT,
    HeartFrame,
    Plane,
    cardiac_planes,
    tilt_deg,
)
from twinviewer.scene.label_paint import LabelColours, painted
from twinviewer.scene.slices import percentile_window, windowed
from twinviewer.ui.image_display import ImageDisplay

if TYPE_CHECKING:
    from twinviewer.scene.oblique import ObliqueSlicer, Raster
    from twinviewer.scene.oblique_cine import CineSlicer, Native
    from twinviewer.scene.oblique_lines import ObliqueLines

BEYOND = 0.25
"""How far past apex and base the short axis may be scrolled, as a share of the axis."""
LEAST_STEP_MM = 1.0


class CardiacState(QObject):
    """``changed``: paint all views again. ``moved``: a plane has moved (its name)."""

    changed = Signal()
    moved = Signal(str)

    def __init__(self, display: ImageDisplay) -> None:
        super().__init__()
        self.display = display
        self.frame: HeartFrame | None = None
        self.planes: dict[str, Plane] = {}
        self.first: dict[str, Plane] = {}
        self.active = FOUR
        self.image: Volume | CineStack | None = None
        self.volume: ObliqueSlicer | None = None
        self.cine: CineSlicer | None = None
        self.as_scanned = True
        self.window, self.level = 1.0, 0.5
        self.own_window = (1.0, 0.5)
        self.fraction = 0.0
        self.cross_mm: NDArray[np.float64] | None = None
        self.outlines = True
        self.lines: ObliqueLines | None = None
        self.points_mm: NDArray[np.floating] | None = None
        self.line_colours: Mapping[str, str] = {}
        self.outline_of = ""
        self._label_colours: tuple[object, LabelColours] | None = None
        self._edits = 0
        display.changed.connect(self.changed)
        display.touched.connect(self._touched)

    # What is shown ---------------------------------------------------------------------------------------------

    def open(self, image: Volume | CineStack | None, shift_mm: NDArray[np.float64] | None = None) -> None:
        """Take up images; the slicers are made when first needed. shift_mm: breath-hold corrections of a cine study."""
        new = image is not self.image
        if image is not None:
            from twinviewer.scene.oblique import ObliqueSlicer
            from twinviewer.scene.oblique_cine import CineSlicer
        self.image = image
        self.volume = ObliqueSlicer(image) if isinstance(image, Volume) and new else self.volume if not new else None
        if isinstance(image, CineStack):
            self.cine = CineSlicer(image, shift_mm)
            if new:
                middle = image.planes[len(image.planes) // 2]
                self.own_window = image.window or percentile_window(middle.frames[0])
                self.window, self.level = self.own_window
        else:
            self.cine = None
        if new:
            self.planes, self.first, self.frame, self.cross_mm = {}, {}, None, None
        self.changed.emit()

    def set_frame(self, frame: HeartFrame | None) -> None:
        """The planes of a heart; those that have been moved by hand begin anew, since the heart is another."""
        old = self.frame
        self.frame = frame
        if frame is None:
            self.planes, self.first = {}, {}
        elif old is None or _differ(old, frame):
            self.first = cardiac_planes(frame)
            self.planes = dict(self.first)
        self.changed.emit()

    def set_mesh(self, mesh: OrganMesh | None, colours: Mapping[str, str]) -> None:
        """The model whose outline is drawn; None takes it away."""
        from twinviewer.scene.oblique_lines import SURFACES, VENTRICLES, ObliqueLines

        # atria and vessels of a cine study's model are those of the template: not seen in its images, so not drawn
        wanted = VENTRICLES if self.is_cine else SURFACES
        if mesh is None:
            self.lines, self.points_mm = None, None
        elif self.lines is None or self.lines.mesh is not mesh or self.lines.surfaces != wanted:
            self.lines, self.points_mm = ObliqueLines(mesh, wanted), mesh.points_mm
        self.line_colours = colours
        self.changed.emit()

    def show_moment(self, fraction: float, points_mm: NDArray[np.floating] | None, outline_of: str = "") -> None:
        """The images at a fraction of the beat, and the model's points then. outline_of: whose motion that is."""
        repaint = points_mm is not self.points_mm or (self.cine is not None and fraction != self.fraction)
        self.fraction, self.points_mm, self.outline_of = fraction, points_mm, outline_of
        if repaint:
            self.changed.emit()

    @property
    def is_cine(self) -> bool:
        """Whether the images are planes with gaps."""
        return self.cine is not None

    def _touched(self, *_: object) -> None:
        """A hand has changed labels in place."""
        self._edits += 1
        if self.volume is not None:
            self.volume.touched()
        self.changed.emit()

    # Planes ----------------------------------------------------------------------------------------------------

    def native(self, name: str) -> Native | None:
        """The scanned plane that a view shows; None where it is made by interpolation, or of a volume."""
        if self.cine is None or name not in self.planes or not (self.as_scanned or not self.cine.can_interpolate):
            return None
        return self.cine.nearest(self.planes[name], name == SHORT)

    def shown(self, name: str) -> Plane | None:
        """The plane that a view shows: of a cine study the scanned one where it is near."""
        plane = self.planes.get(name)
        found = self.native(name)
        return (
            plane if plane is None or found is None or self.cine is None else self.cine.as_scanned(plane, found.number)
        )

    def put(self, name: str, plane: Plane) -> None:
        """Move a plane."""
        self.planes[name] = plane
        self.moved.emit(name)
        self.changed.emit()

    def step(self, name: str, by: int) -> None:
        """A view so many slices on, away from the eye: the short axis between apex and base."""
        plane, frame = self.planes.get(name), self.frame
        if plane is None or frame is None:
            return
        found = self.native(name) if name == SHORT else None
        if found is not None and self.cine is not None:
            number = self.cine.step(found.number, by, plane.normal)
            self.put(name, plane.through(self.cine.as_scanned(plane, number).origin_mm))
            return
        grid = self.image.grid if isinstance(self.image, Volume) else None
        step_mm = max(min(grid.spacing_mm) if grid is not None else 2.0, LEAST_STEP_MM)
        moved = plane.moved(by * step_mm)
        if name == SHORT:
            height = float((moved.origin_mm - frame.apex_mm) @ frame.up) / frame.length_mm
            if not -BEYOND < height < 1.0 + BEYOND:
                return
        self.put(name, moved)

    def turn(self, name: str, degrees: float, *, tilt: bool = False) -> None:
        """Turn a view about its upright, which of long axes is the ventricle's axis, or tilt it about its level."""
        plane = self.planes.get(name)
        if plane is not None:
            axis = plane.right if tilt else plane.down
            self.put(name, plane.turned(axis, degrees, plane.origin_mm))

    def reset_planes(self) -> None:
        """As the heart says."""
        self.planes = dict(self.first)
        self.moved.emit("")
        self.changed.emit()

    def by_hand(self, name: str) -> bool:
        """Whether a view was turned or, but for the short axis, moved by hand."""
        one, first = self.planes.get(name), self.first.get(name)
        if one is None or first is None:
            return False
        away = abs(float(first.away_mm(one.origin_mm[None])[0])) if name != SHORT else 0.0
        return tilt_deg(one, first) > 0.1 or away > 0.1

    def set_cross(self, point_mm: NDArray[np.float64], of: str) -> None:
        """The crosshair in all views; pointed at in a long axis, it takes the short axis along."""
        self.cross_mm = point_mm
        if of != SHORT and SHORT in self.planes:
            self.planes[SHORT] = self.planes[SHORT].through(point_mm)
            self.moved.emit(SHORT)
        self.display.set_cross(point_mm)
        self.changed.emit()

    # Pixels ----------------------------------------------------------------------------------------------------

    def pixels(self, name: str, raster: Raster, coarse: bool = False) -> NDArray[np.uint8] | None:
        """(rows, columns, 3) RGB of a view; None without images. coarse: something moves, so quickly."""
        d = self.display
        if self.volume is not None:
            values = self.volume.values(raster, d.phase, d.slab, coarse=coarse)
            grey = windowed(values, d.window, d.level)
            found = table = None
            if d.labels is not None and d.colours:
                found, table = self.volume.structures(raster, d.labels, d.label_phase, coarse=coarse), self._colours()
            rgb = painted(grey, found, table)
            if d.fused is not None and d.volume is not None:
                rgb = d.fused.over(rgb, raster.affine, float(d.volume.phase_percent[d.phase]), d.slab)
            return rgb
        if self.cine is not None:
            native = self.native(name)
            if native is not None:
                values = self.cine.native_values(raster, native.number, self.fraction)
            elif self.cine.can_interpolate:
                values = self.cine.between_values(raster, self.fraction)
            else:
                return None
            rgb = painted(windowed(values, self.window, self.level), None, None)
            if d.fused is not None:
                rgb = d.fused.over(rgb, self._scanned_at(name, raster), 100.0 * self.fraction)
            return rgb
        return None

    def _scanned_at(self, name: str, raster: Raster) -> NDArray[np.float64]:
        """(4, 4), (column, row, 0, 1) -> LPS mm where the scanner had these pixels: a breath-hold that was corrected
        moved the plane, and not what lies over it."""
        affine, native = raster.affine, self.native(name)
        if native is not None and self.cine is not None:
            affine[:3, 3] -= self.cine.shift_mm[native.number]
        return affine

    def _colours(self) -> LabelColours:
        d = self.display
        assert d.labels is not None
        key = (d.labels.names, d.colours, d.opacity)
        if self._label_colours is None or self._label_colours[0] != key:
            self._label_colours = key, LabelColours.of(d.labels.names, d.colours, d.opacity)
        return self._label_colours[1]

    def key(self) -> tuple[Any, ...]:
        """Changes when the pixels of a view do though its plane has not."""
        d = self.display
        grey = (d.window, d.level, d.phase) if self.cine is None else (self.window, self.level, self.fraction)
        over = (id(d.labels), self._edits, d.label_phase, tuple(sorted(d.colours.items())), d.opacity)
        fused = None if d.fused is None else (id(d.fused), d.fused.look)
        return (id(self.image), d.slab, fused, self.as_scanned, *grey, *over)

    def fused_note(self, name: str, raster: Raster | None) -> str:
        """What a reader must know of the second series in a view; "" where none lies there."""
        fused = self.display.fused
        if fused is None or raster is None:
            return ""
        return "\n".join(fused.notes(self._scanned_at(name, raster), raster.size))

    def note(self, name: str) -> str:
        """What a reader must know about where the pixels come from; "" for a thin slice of a volume."""
        if self.cine is not None:
            native = self.native(name)
            if native is None:
                gap = self.cine.gap_mm
                return f"interpolated, planes {gap:.1f} mm apart" if self.cine.can_interpolate else "not scanned"
            label = self.cine.stack.planes[native.number].label
            off = f", {native.tilt_deg:.0f}° off" if name != SHORT and native.tilt_deg >= 1 else ""
            return f"as scanned: {label}{off}"
        gap = self.volume.gap_mm if self.volume is not None else 0.0
        apart = f"nearest slice, steps of {gap:.3g} mm" if gap else ""
        return "\n".join(filter(None, (self.display.slab.words, apart)))

    def set_window(self, window: float, level: float) -> None:
        """Window and level of all views."""
        if self.cine is None:
            self.display.set_window(window, level)
        else:
            self.window, self.level = max(window, 1e-6), level
            self.changed.emit()

    def value_at(self, point_mm: NDArray[np.floating], name: str = "") -> str:
        """The voxel under a place of a view, with its unit."""
        d = self.display
        value = d.value_at(point_mm) if self.volume is not None else None
        text = "" if value is None else d.said(value)
        if d.fused is not None:
            moment = 100.0 * self.fraction if d.volume is None else float(d.volume.phase_percent[d.phase])
            shown = self.native(name) if name else None
            shift = 0.0 if shown is None or self.cine is None else self.cine.shift_mm[shown.number]
            over = d.fused.said_at(point_mm - shift, moment)
            text = "\n".join(filter(None, (text, over)))
        return text


def _differ(one: HeartFrame, other: HeartFrame) -> bool:
    """Whether the planes of two frames are not the same: a model made again, another patient."""
    for name in ("apex_mm", "mitral_mm", "septal", "tricuspid_mm", "aortic_mm"):
        a, b = getattr(one, name), getattr(other, name)
        if (a is None) is not (b is None) or (a is not None and not np.allclose(a, b)):
            return True
    return False
