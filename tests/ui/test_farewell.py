"""What is destroyed is destroyed whole, and its Python side outlives it."""

import weakref

import pytest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from shiboken6 import isValid

from twinviewer.ui.farewell import destroy, discard


def panel() -> tuple[QWidget, "weakref.ref[QLabel]"]:
    """A widget with a label that nobody but its parent knows."""
    made = QWidget()
    column = QVBoxLayout(made)
    label = QLabel("text")
    column.addWidget(label)
    return made, weakref.ref(label)


@pytest.mark.parametrize("go", [destroy, discard])
def test_a_label_outlives_what_qt_destroys_and_goes_then(qtbot, go) -> None:  # type: ignore[no-untyped-def]
    made, label = panel()
    seen: list[bool] = []
    made.destroyed.connect(lambda: seen.append(label() is not None))
    go(made)
    qtbot.waitUntil(lambda: bool(seen), timeout=2000)
    assert seen == [True] and not isValid(made)
    qtbot.waitUntil(lambda: label() is None, timeout=2000)
