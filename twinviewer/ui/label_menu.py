"""Every action of the hand that mends labels, with its key: for the menu bar and the command palette alike."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from twinviewer.ui.actions import Actions
from twinviewer.ui.label_panel import LABEL_TOOLS

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

MENU = "Edit labels"
PLACES = 9
WHOLE = (
    ("Surface", (("smooth", "Smooth"), ("fill", "Fill holes"), ("close", "Close gaps"), ("open", "Remove spurs"),
                 ("resize", "Grow or shrink"), ("hollow", "Hollow"))),
    ("Pieces", (("islands", "Islands"), ("cut", "Split by a plane"), ("part", "Split at necks"))),
    ("Slices and phases", (("interpolate", "Interpolate slices"), ("copy", "Copy to phases"))),
    ("By brightness", (("threshold", "Threshold"), ("compete", "Grow several at once"))),
    ("Structures", (("combine", "Combine"), ("merge", "Merge"), ("clear", "Clear"))),
)  # fmt: skip
"""Tools of ``session/label_tools.py`` in the menu, in groups: their import is dear, so they are named here as well."""
LENT = {
    **{f"preset_{n}": f"label_{n}" for n in range(1, PLACES + 1)}, "slower": "label_smaller", "faster": "label_larger"
}  # fmt: skip
"""Actions that lend their keys to the hand while it is up, and to which of its own."""


def add_label_actions(w: MainWindow) -> None:
    """Make them; ``allow_label_actions`` says which can be done now."""
    a = w.actions_
    a.add("label_hand", MENU, "Edit labels by &hand", lambda: w.coupling.hand.toggle(), "L", "rename")
    for tool in LABEL_TOOLS:
        a.add(
            f"label_{tool.name}", MENU, tool.title, partial(_tool, w, tool.name), tool.key, tool.sign
        )  # fmt: skip
    a.add("label_smaller", MENU, "S&maller brush", lambda: w.coupling.hand.panel.resize_brush(-1))
    a.add("label_larger", MENU, "&Larger brush", lambda: w.coupling.hand.panel.resize_brush(1))
    a.add("label_ball", MENU, "Brush is a 3D &ball", lambda: _ball(w), "Shift+B", checkable=True)
    for place in range(PLACES):
        a.add(f"label_{place + 1}", MENU, f"Structure &{place + 1}", partial(_structure, w, place))
    for _, tools in WHOLE:
        for name, text in tools:
            a.add(f"label_{name}", MENU, f"{text}…", partial(_tool, w, name))
    for verb in ("add", "rename", "remove"):
        sign = "trash" if verb == "remove" else verb
        a.add(f"label_structure_{verb}", MENU, f"{verb.capitalize()} structure…", partial(_verb, w, verb), "", sign)


def label_menu() -> list[str | tuple[str, list[str]]]:
    """How they stand in the menu."""
    whole: list[str | tuple[str, list[str]]] = [
        (title, [f"label_{name}" for name, _ in tools]) for title, tools in WHOLE
    ]
    return [
        "label_hand", "-", *(f"label_{tool.name}" for tool in LABEL_TOOLS), "-", "label_smaller", "label_larger",
        "label_ball", "-", *whole, "-", ("&Structure", [f"label_{n}" for n in range(1, PLACES + 1)]),
        "label_structure_add", "label_structure_rename", "label_structure_remove",
    ]  # fmt: skip


def fill_whole(actions: Actions, menu: QMenu) -> None:
    """The same tools behind the panel's own button."""
    for title, tools in WHOLE:
        menu.addSection(title)
        for name, _ in tools:
            menu.addAction(actions.all[f"label_{name}"])


def allow_label_actions(w: MainWindow) -> None:
    """Enable what can be done now; while the hand is up its keys are its own."""
    a, hand = w.actions_, w.coupling.hand
    why = hand.why_not()
    for tool in LABEL_TOOLS:
        a.allow(f"label_{tool.name}", not why, why)
    a.allow("label_hand", not why, why)
    for name in (name for _, tools in WHOLE for name, _ in tools):
        a.allow(f"label_{name}", w.presenter.case.labels is not None and not why, why or "there are no labels yet")
    first = "take up the hand first (L)"
    for key in ("label_smaller", "label_larger", "label_ball", "label_structure_add"):
        a.allow(key, hand.on, first)
    for key in ("label_structure_rename", "label_structure_remove"):
        a.allow(key, hand.on and bool(hand.panel.value), first if not hand.on else "there is no structure yet")
    chips = list(hand.panel.structures.chips.values())
    for place in range(PLACES):
        key = f"label_{place + 1}"
        there = hand.on and place < len(chips)
        a.all[key].setText(f"&{place + 1}  {chips[place].text()}" if place < len(chips) else f"Structure &{place + 1}")
        a.allow(key, there, first if not hand.on else "there is no such structure")
    a.all["label_ball"].setChecked(hand.panel.ball.isChecked())
    _lend_keys(w, hand.on)


def _lend_keys(w: MainWindow, up: bool) -> None:
    """Give number keys and brackets to the hand, or back."""
    actions = w.actions_.all
    for usual, own in LENT.items():
        giver, taker = (actions[usual], actions[own]) if up else (actions[own], actions[usual])
        if not giver.shortcut().isEmpty():
            taker.setShortcut(giver.shortcut())
            giver.setShortcut(QKeySequence())


def _tool(w: MainWindow, name: str) -> None:
    w.coupling.hand.take_tool(name)


def _structure(w: MainWindow, place: int) -> None:
    w.coupling.hand.take_structure(place)


def _verb(w: MainWindow, verb: str) -> None:
    w.coupling.hand.structure_verb(verb)


def _ball(w: MainWindow) -> None:
    panel = w.coupling.hand.panel
    (panel.flat if panel.ball.isChecked() else panel.ball).click()
