"""Simulating while a slider moves: one question a drag, none while the switch is off."""

from collections.abc import Callable

from twinviewer.ui.follow import QUIET_MS, Follow
from twinviewer.ui.theme import Look


def test_a_drag_asks_once_and_only_when_it_rests(qtbot: Callable) -> None:  # type: ignore[type-arg]
    follow = Follow(Look())
    qtbot.addWidget(follow)  # type: ignore[attr-defined]
    asked: list[int] = []
    follow.asked.connect(lambda: asked.append(1))
    follow.changed()
    qtbot.wait(2 * QUIET_MS)  # type: ignore[attr-defined]
    assert asked == []  # off
    follow.switch.setChecked(True)
    assert asked == [1]  # what stands there now
    for _ in range(5):
        follow.changed()
        qtbot.wait(QUIET_MS // 10)  # type: ignore[attr-defined]
    assert asked == [1]
    qtbot.wait(2 * QUIET_MS)  # type: ignore[attr-defined]
    assert asked == [1, 1]
    follow.changed()
    follow.switch.setChecked(False)
    qtbot.wait(2 * QUIET_MS)  # type: ignore[attr-defined]
    assert asked == [1, 1]
