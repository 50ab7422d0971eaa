"""Key images in the window: mark the view that was clicked last, see which views are marked, go back to one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QPainter

from twinviewer.domain import KeyImage, TwinviewerError
from twinviewer.geometry.cardiac_planes import Plane
from twinviewer.scene.slab import THIN, Slab
from twinviewer.session.fusion import put_back
from twinviewer.session.key_images import add_key_image, remove_key_image
from twinviewer.ui.image_canvas import ImageCanvas
from twinviewer.ui.key_overlay import with_overlay
from twinviewer.ui.layouts import CARDIAC, FOUR, ONE, TWO
from twinviewer.ui.oblique_view import ObliqueView
from twinviewer.ui.plane_view import PlaneView
from twinviewer.ui.ruler_draw import Spot, spot_of
from twinviewer.ui.slice_view import SliceView

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

SAME_COSINE, SAME_MM = 0.9999, 0.6


class KeyImages(QObject):
    """Follows the Case; its marks are drawn on every view."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self._active: ImageCanvas | None = None
        window.views.bar.marked.connect(self.mark)
        window.views.cine.marked.connect(self.mark)
        window.tree.key_chosen.connect(self.show)
        window.tree.key_removed.connect(self.remove)
        window.tree.key_renamed.connect(self.rename)
        window.presenter.case_changed.connect(self._follow)
        self._follow()

    def _canvases(self) -> list[Any]:
        views = self.w.views
        return [*views.slices.values(), *views.cardiac.views.values(), *views.cine.planes]

    def _follow(self) -> None:
        canvases = self._canvases()
        for view in canvases:
            if self._mark not in view.marks:
                view.marks.append(self._mark)
                view.activated.connect(self._activate)
            view.update()
        if self._active not in canvases:
            self._active = None
        image = self.w.presenter.case.image is not None
        self.w.views.bar.star.setEnabled(image)
        if "mark_key" in self.w.actions_.all:
            self.w.actions_.allow("mark_key", image, "open images first")

    def _activate(self, view: Any) -> None:
        self._active = view

    def view(self) -> Any:
        """What would be marked: the view clicked last, else the first that is in sight; None without images."""
        if self._active is not None and self._active.isVisible() and spot_of(self._active) is not None:
            return self._active
        return next((one for one in self._canvases() if one.isVisible() and spot_of(one) is not None), None)

    # Marking ---------------------------------------------------------------------------------------------------

    def mark(self) -> None:
        """Keep the present view with the case."""
        view, p = self.view(), self.w.presenter
        key = None if view is None else self.key_of(view)
        if key is None:
            self.w.messages.tell("There is no view of images to mark", "Show one first")
            return
        try:
            p.accept(add_key_image(p.case, key))
        except TwinviewerError as error:
            self.w.messages.tell_error(error, "Key image")

    def key_of(self, view: Any) -> KeyImage | None:
        """A view as it is now."""
        spot, image, d = spot_of(view), self.w.presenter.case.image, self.w.display
        centre = view.place_mm(QPointF(view.width() / 2, view.height() / 2))
        if spot is None or image is None or centre is None or view.pixels_per_mm <= 0:
            return None
        cine = view.state if isinstance(view, ObliqueView) and view.state.is_cine else None
        shades = (d.window, d.level)
        if isinstance(view, PlaneView):
            shades = (view.window_width, view.window_level)
        elif cine is not None:
            shades = (cine.window, cine.level)
        slab = d.slab if spot.plane < 0 and cine is None else THIN
        cross = cine.cross_mm if cine is not None else d.cross_mm if spot.plane < 0 else centre
        key = KeyImage(
            "", _title(view, spot, slab, image.phases), image.uid, centre - spot.shift_mm, spot.right, spot.down,
            np.asarray(centre if cross is None else cross, float), 1.0 / view.pixels_per_mm,
            (view.width(), view.height()), spot.view, spot.plane, spot.frame, spot.fraction, float(shades[0]),
            float(shades[1]), slab.kind, slab.thickness_mm,
        )  # fmt: skip
        return with_overlay(key, view, spot.shift_mm, self.w.presenter.case.fusion if d.fused is not None else None)

    def rename(self, uid: str, title: str, note: str) -> None:
        """Another name or note; can be undone."""
        p = self.w.presenter
        key = next((one for one in p.case.key_images if one.uid == uid), None)
        if key is None or (key.title, key.note) == (title.strip(), note.strip()):
            return
        try:
            p.accept(add_key_image(p.case, replace(key, title=title, note=note)))
        except TwinviewerError as error:
            self.w.messages.tell_error(error, "Key image")

    def remove(self, uid: str) -> None:
        """Take one away; can be undone."""
        p = self.w.presenter
        p.accept(remove_key_image(p.case, uid))

    # Coming back -----------------------------------------------------------------------------------------------

    def show(self, uid: str) -> None:
        """The view as it was: plane, moment, window, slab, and how near."""
        key = next((one for one in self.w.presenter.case.key_images if one.uid == uid), None)
        if key is None:
            return
        w = self.w
        w.playback.pause()
        if key.over is not None and w.presenter.case.fusion != key.over:
            try:
                w.presenter.accept(put_back(w.presenter.case, key.over))
            except TwinviewerError as error:
                w.messages.tell_error(error, "Key image")
        if key.view in w.views.slices:
            self._show_slice(key)
        elif key.view in w.views.cardiac.state.planes:
            self._show_cardiac(key)
        elif 0 <= key.plane < len(w.views.cine.planes):
            self._show_plane(key)

    def _show_slice(self, key: KeyImage) -> None:
        w, view = self.w, self.w.views.slices[key.view]
        w.display.set_phase(key.frame)
        w.coupling.keep_phase()
        self._take_shades(key)
        w.display.straighten()
        if w.display.axes is not None and abs(w.display.axes.normals[key.view] @ key.normal) < SAME_COSINE:
            w.display.face(key.view, key.normal)
        w.display.set_cross(key.cross_mm)
        if view.isHidden() or w.views.layout_name not in (FOUR, ONE, TWO):
            w.set_layout(FOUR)
        self._aim_soon(view, key)

    def _show_cardiac(self, key: KeyImage) -> None:
        w, state = self.w, self.w.views.cardiac.state
        plane = state.planes[key.view]
        if state.is_cine:
            state.fraction = key.fraction
            state.set_window(key.window, key.level)
        else:
            w.display.set_phase(key.frame)
            w.coupling.keep_phase()
            self._take_shades(key)
        if key.plane < 0:
            away = key.normal * float((key.centre_mm - plane.origin_mm) @ key.normal)
            state.put(key.view, Plane(plane.origin_mm + away, key.right, key.down))
        elif state.cine is not None:
            state.put(key.view, plane.through(state.cine.as_scanned(plane, key.plane).origin_mm))
        w.set_layout(CARDIAC)
        if w.views.cardiac.alone not in ("", key.view):
            w.views.cardiac.show_alone("")
        self._aim_soon(w.views.cardiac.views[key.view], key)

    def _show_plane(self, key: KeyImage) -> None:
        cine = self.w.views.cine
        view = cine.planes[key.plane]
        if self.w.views.layout_name == CARDIAC:
            self.w.set_layout(FOUR)
        cine.show_large(view)
        cine.set_window(key.window, key.level)
        cine.show_time(key.fraction)
        self._aim_soon(view, key)

    def _take_shades(self, key: KeyImage) -> None:
        self.w.display.set_slab(Slab(key.slab, key.slab_mm) if key.slab_mm > 0 else THIN)  # type: ignore[arg-type]
        self.w.display.set_window(key.window, key.level)

    def _aim_soon(self, view: Any, key: KeyImage) -> None:
        def then() -> None:
            if not self.w.closing:
                aim(view, key)

        QTimer.singleShot(0, then)  # when the layout has its sizes

    # Drawing ---------------------------------------------------------------------------------------------------

    def _mark(self, painter: QPainter, view: Any) -> None:
        keys = self.w.presenter.case.key_images
        if not keys:
            return
        spot = spot_of(view)
        shown = next((one for one in keys if spot is not None and shows(view, spot, one)), None)
        if shown is not None:
            aside = 0 if isinstance(view, PlaneView) else 8  # under the title, past its colour
            painter.translate(aside, 17)
            view.corner(painter, f"★ {shown.title}", Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            painter.translate(-aside, -17)


def shows(view: Any, spot: Spot, key: KeyImage) -> bool:
    """Whether a view shows the plane and moment of a key image, wherever it is panned to."""
    if key.plane != spot.plane or key.frame != spot.frame:
        return False
    if key.plane >= 0:
        return True
    normal: NDArray[np.float64] = np.cross(spot.right, spot.down)
    away = abs(float(view.point_of(key.centre_mm + spot.shift_mm)[1]))
    return abs(float(normal @ key.normal)) > SAME_COSINE and away < min(spot.thick_mm, SAME_MM)


def aim(view: Any, key: KeyImage) -> None:
    """Pan and zoom a view to what a key image showed, as much of it as there is room for."""
    columns, rows = key.size_px
    if view.pixels_per_mm <= 0 or view.width() < 4:
        return
    wanted = min(view.width() / columns, view.height() / rows) / key.mm_per_px
    view.zoom *= wanted / view.pixels_per_mm
    spot = spot_of(view)
    shift = spot.shift_mm if spot is not None else np.zeros(3)
    view.pan += QPointF(view.width() / 2, view.height() / 2) - view.point_of(key.centre_mm + shift)[0]
    view.update()


def _title(view: Any, spot: Spot, slab: Slab, phases: int) -> str:
    if isinstance(view, SliceView):
        image, d = view.slice(), view.display
        where = "" if image is None else f"{image.index + 1}/{image.count}"
        if d.axes is not None and d.turned:
            straight = d.axes.straight(view.orientation)
            where = "" if image is None else f"{image.position_mm:+.1f} mm" if straight else "turned"
        words = [f"{view.title} {where}"]
    elif isinstance(view, PlaneView):
        return f"{view.title} frame {spot.frame + 1}"
    else:
        words = [view.title]
    words += [slab.words] if slab.words else []
    words += [f"{100 * spot.fraction:.0f} % R-R"] if phases > 1 else []
    return ", ".join(words)
