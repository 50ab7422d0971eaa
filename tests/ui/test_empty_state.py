"""An empty view says whole sentences only, as many as it has room for, and keeps the rest at hand."""

import pytest
from pytestqt.qtbot import QtBot

from twinviewer.ui.empty_state import EmptyState
from twinviewer.ui.theme import Look

SENTENCES = [f"Sentence number {n} is long enough to fill a line and a half of a narrow view." for n in range(8)]
ACTIONS = [(f"Way on number {n}", "series", lambda: None) for n in range(4)]


@pytest.mark.parametrize("height", [260, 420, 900])
def test_words_are_never_cut_in_the_middle(qtbot: QtBot, height: int) -> None:
    view = EmptyState(Look())
    qtbot.addWidget(view)
    view.resize(258, height)
    view.say("heart", "Nothing yet", " ".join(SENTENCES), ACTIONS)
    view.show()
    qtbot.waitExposed(view)
    label, said = view._text, view._text.text()
    shown = said.count("Sentence")
    assert said == " ".join(SENTENCES[:shown]) and shown >= 1
    if shown > 1:
        assert label.heightForWidth(label.width()) <= label.height() + 1
    assert label.toolTip() == ("" if shown == 8 else " ".join(SENTENCES))
    assert (shown == 8) is (height == 900)
    view.resize(700, 900)
    assert label.text() == " ".join(SENTENCES) and label.toolTip() == ""
