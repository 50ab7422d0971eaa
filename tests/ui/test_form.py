"""A form is what its Parameters declare: nothing outside the bounds can be entered."""

from PySide6.QtCore import Qt

from twinviewer.domain import Choice, Parameter
from twinviewer.ui.form import Form, decimals_of, step_of
from twinviewer.ui.theme import Look

DELAY = Parameter("av_delay_ms", "AV delay", "number", 120.0, "test", "ms", 60.0, 250.0, 5.0)
LEAD = Parameter("lv_lead", "LV lead", "choice", "AHA11", "test", choices=(Choice("AHA5", "5"), Choice("AHA11", "11")),
                 pick="lv_segment")  # fmt: skip
PACED = Parameter("rv_paced", "RV paced", "switch", True, "test")


def form(qtbot) -> Form:  # type: ignore[no-untyped-def]
    made = Form((DELAY, LEAD, PACED), Look())
    qtbot.addWidget(made)
    return made


def test_defaults_and_types(qtbot) -> None:  # type: ignore[no-untyped-def]
    assert form(qtbot).values() == {"av_delay_ms": 120.0, "lv_lead": "AHA11", "rv_paced": True}


def test_bounds_clamp(qtbot) -> None:  # type: ignore[no-untyped-def]
    made = form(qtbot)
    made.set_values({"av_delay_ms": 9999.0, "lv_lead": "AHA99"})
    assert made.values()["av_delay_ms"] == 250.0
    assert made.values()["lv_lead"] == "AHA11"
    made.set_values({"av_delay_ms": -5.0})
    assert made.values()["av_delay_ms"] == 60.0


def test_slider_moves_in_declared_steps_and_tells(qtbot) -> None:  # type: ignore[no-untyped-def]
    made = form(qtbot)
    with qtbot.waitSignal(made.changed) as heard:
        made.fields["av_delay_ms"].slider.setValue(517)
    value = made.values()["av_delay_ms"]
    assert heard.args == ["av_delay_ms"]
    assert 60 <= value <= 250 and (value - 60) % 5 == 0


def test_typing_works(qtbot) -> None:  # type: ignore[no-untyped-def]
    made = form(qtbot)
    box = made.fields["av_delay_ms"].box
    box.selectAll()
    qtbot.keyClicks(box, "200")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert made.values()["av_delay_ms"] == 200.0


def test_a_default_is_not_a_choice(qtbot) -> None:  # type: ignore[no-untyped-def]
    made = form(qtbot)
    made.set_values({"av_delay_ms": 90.0})
    assert made.chosen() == {}
    made.fields["av_delay_ms"].box.setValue(100.0)
    assert made.chosen() == {"av_delay_ms": 100.0}


def test_pick_button_only_where_declared(qtbot) -> None:  # type: ignore[no-untyped-def]
    made = form(qtbot)
    with qtbot.waitSignal(made.pick_asked) as heard:
        made.fields["lv_lead"].pick.click()
    assert heard.args == ["lv_lead", True]


def test_steps_without_a_declared_one() -> None:
    free = Parameter("x", "x", "number", 1.0, "test", "", 0.0, 3.0)
    assert step_of(free) == 0.02
    assert decimals_of(0.02) == 2 and decimals_of(5.0) == 0
