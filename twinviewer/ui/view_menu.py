"""Layouts and cardiac views as actions: each with its key, greyed with the reason where it cannot be."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QCursor

from twinviewer.domain import CineStack, RulerKind
from twinviewer.geometry.cardiac_planes import FOUR as FOUR_CHAMBERS
from twinviewer.geometry.cardiac_planes import SHORT, THREE
from twinviewer.geometry.cardiac_planes import TWO as TWO_CHAMBERS
from twinviewer.scene.slices import percentile_window
from twinviewer.ui.image_display import AUTO
from twinviewer.ui.layouts import CARDIAC, FOUR, ONE, SOLID, TWO

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

LAYOUT_KEYS = {"layout_four": FOUR, "layout_one": ONE, "layout_cardiac": CARDIAC, "layout_two": TWO,
               "layout_solid": SOLID}  # fmt: skip
VIEW_KEYS = {
    "view_sax": (SHORT, "&Short axis", "Alt+1"),
    "view_2ch": (TWO_CHAMBERS, "&2-chamber", "Alt+2"),
    "view_3ch": (THREE, "&3-chamber", "Alt+3"),
    "view_4ch": (FOUR_CHAMBERS, "&4-chamber", "Alt+4"),
}


MEASURE = "Measure by hand"
TWO_VIEWS = "T&wo views: a slice and the heart, or two slices"
RULER_KEYS: dict[str, tuple[RulerKind, str, str, str]] = {
    "ruler_distance": ("distance", "&Distance", "D", "ruler"),
    "ruler_angle": ("angle", "&Angle", "A", "angle"),
    "ruler_ellipse": ("ellipse", "&Ellipse: area and mean", "E", "ellipse"),
    "ruler_polyline": ("polyline", "&Path or area", "P", "path"),
}


def add_view_actions(w: MainWindow) -> None:
    """Make them; ``allow_view_actions`` says which can be done now."""
    a = w.actions_
    a.add("layout_cardiac", "View", "Car&diac views", lambda: show_cardiac(w, ""), "F8", "heart", checkable=True)
    a.add(
        "layout_two",
        "View",
        TWO_VIEWS,
        lambda: w.set_layout(TWO),
        "F9",
        "",
        checkable=True,
    )
    a.add("layout_solid", "View", "3D a&lone", lambda: w.set_layout(SOLID), "F10", "model", checkable=True)
    for key, (name, text, shortcut) in VIEW_KEYS.items():
        a.add(key, "Cardiac views", text, partial(show_cardiac, w, name), shortcut)
    for key, (kind, text, shortcut, sign) in RULER_KEYS.items():
        a.add(key, MEASURE, text, partial(choose_ruler, w, kind), shortcut, sign, checkable=True)
    a.add("rulers_clear", MEASURE, "&Remove all measurements", lambda: w.rulers.remove_all(), "", "trash")
    a.add("volume", "View", "Images as a &volume in 3D", lambda: w.volume.toggle(), "V", "series", checkable=True)
    a.add("mark_key", "View", "Mark as &key image", lambda: w.keys.mark(), "K", "star")
    a.add("fusion", "View", "Lay a second &series over the images…", lambda: ask_fusion(w), "Shift+S", "fusion")
    a.add("straighten", "View", "Slices strai&ght again", w.display.straighten, "Shift+X", "reset")
    a.add("cut_here", "Cardiac views", "&Cut the heart along this view", lambda: cut_here(w), "Shift+C", "cut")
    a.add("planes_back", "Cardiac views", "Planes as &computed", w.views.cardiac.state.reset_planes, "Shift+R", "reset")


def choose_ruler(w: MainWindow, kind: RulerKind) -> None:
    """Take up a ruler, or lay it down."""
    w.rulers.choose(kind)


def measure_menu() -> list[str | tuple[str, list[str]]]:
    """Measuring by hand, in the Edit menu."""
    return [("&Measure by hand", [*RULER_KEYS, "-", "rulers_clear"])]


def view_menu() -> list[str | tuple[str, list[str]]]:
    """How the cardiac views stand in the View menu."""
    return [("&Cardiac views", [*VIEW_KEYS, "-", "cut_here", "planes_back"]), "volume", "fusion", "straighten",
            "mark_key"]  # fmt: skip


def ask_fusion(w: MainWindow) -> None:
    """Which series is to lie over the images: the same menu as that of the row over the slices."""
    cine = isinstance(w.presenter.case.image, CineStack)
    (w.views.cine.fusion_menu if cine else w.views.bar.fusion_menu).popup(QCursor.pos())


def use_window(w: MainWindow, key: int) -> None:
    """The preset of a number key in whatever images are open: 9 is their own window, 0 what holds their values."""
    stack = w.presenter.case.image
    if not isinstance(stack, CineStack):
        w.display.preset(key)
        return
    state = w.views.cardiac.state
    middle = stack.planes[len(stack.planes) // 2].frames
    found = percentile_window(middle) if key == AUTO else state.own_window
    w.views.cine.set_window(*found)
    state.set_window(*found)


def show_cardiac(w: MainWindow, name: str) -> None:
    """The four views, or one of them large beside the heart."""
    w.views.cardiac.show_alone(name)
    w.set_layout(CARDIAC)


def cut_here(w: MainWindow) -> None:
    """Cut along the view that was clicked last."""
    w.cardiac.cut(w.views.cardiac.state.active)


def allow_view_actions(w: MainWindow, known: bool, why: str) -> None:
    """Enable what can be done now. known: whether there are planes; else why not."""
    a = w.actions_
    a.allow("layout_cardiac", known, why)
    planes = w.views.cardiac.state.planes
    for key, (name, _, _) in VIEW_KEYS.items():
        a.allow(key, known and name in planes, why or "the aortic valve is not known")
    a.allow("planes_back", known, why)
    a.allow("cut_here", known and w.presenter.case.mesh is not None, why or "build the model first")
    image, mesh = w.presenter.case.image is not None, w.presenter.case.mesh is not None
    a.allow("layout_two", image, "open images first")
    a.allow("layout_solid", mesh, "build the model first")
