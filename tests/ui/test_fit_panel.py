"""The fit panel: bars point where the simulation is off, beyond two errors in alarm, and what is not told is hollow."""

import pytest
from PySide6.QtGui import QColor

from twinviewer.domain import BaselineFit, FittedParameter, Quantity, Residual
from twinviewer.ui.fit_panel import FitPanel, IntervalBar, ResidualBar
from twinviewer.ui.theme import DARK, LIGHT, Look


def residual(errors: float, origin: str = "measured") -> Residual:
    return Residual("lv_edv_ml", Quantity(150.0, "mL", origin, "test"), 150.0 + 6.0 * errors, 6.0)  # type: ignore[arg-type]


def parameter(told: float, value: float = 80.0) -> FittedParameter:
    factor = 1.2 if told > 0.8 else 2.5
    after = Quantity(value, "kPa", "fitted", "test", value / factor, value * factor)
    before = Quantity(90.0, "kPa", "assumed", "test", 30.0, 270.0)
    return FittedParameter("contractility_lv_kpa", after, before, 20.0, 250.0, "test", told, ("rv_systolic_mmhg",))


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("errors", [-4.0, -1.5, 1.5, 2.5])
def test_a_bar_points_to_where_the_simulation_is_off(qtbot, tokens, errors) -> None:  # type: ignore[no-untyped-def]
    bar = ResidualBar(Look(tokens), residual(errors))
    qtbot.addWidget(bar)
    bar.resize(88, 14)
    image = bar.grab().toImage()
    ratio = image.width() / 88
    tone = QColor(tokens.good if abs(errors) <= 2.0 else tokens.alarm)

    def shown(x: float) -> bool:
        return image.pixelColor(int(x * ratio), int(7 * ratio)) == tone

    side = 1.0 if errors > 0.0 else -1.0
    assert shown(44 + side * 10) and not shown(44 - side * 10)


def test_what_is_not_told_is_hollow(qtbot) -> None:  # type: ignore[no-untyped-def]
    colours = []
    for told in (0.95, 0.2):
        bar = IntervalBar(Look(DARK), parameter(told, 90.0))
        qtbot.addWidget(bar)
        bar.resize(88, 14)
        image = bar.grab().toImage()
        colours.append(image.pixelColor(image.width() // 2, image.height() // 2))
    assert colours == [QColor(DARK.accent), QColor(DARK.panel)]


def test_the_panel_says_whether_it_fits_and_what_is_missing(qtbot) -> None:  # type: ignore[no-untyped-def]
    panel = FitPanel(Look(DARK))
    qtbot.addWidget(panel)
    panel.show_fit(None)
    assert panel.isHidden()
    panel.show_fit(BaselineFit((residual(0.3),), (parameter(0.95), parameter(0.2)), 1))
    assert "1 of 1" in panel.verdict.text and "1 of 2" in panel.verdict.text
    assert len(panel.bars) == 1 and len(panel.intervals) == 2
    assert "would need RV peak pressure" in panel.intervals[1].toolTip()
    panel.show_fit(BaselineFit((residual(3.0),), (parameter(0.95),), 1, ("Does not fit: LV EDV",)))
    assert panel.verdict.text == "Does not fit: LV EDV"


def test_a_published_mean_is_not_counted_as_measured(qtbot) -> None:  # type: ignore[no-untyped-def]
    panel = FitPanel(Look(LIGHT))
    qtbot.addWidget(panel)
    panel.show_fit(BaselineFit((residual(0.1), residual(0.4, "population")), (), 0))
    assert "1 of 1" in panel.verdict.text
    assert "not measured" in panel.bars[1].toolTip()
