"""How sure a simulation is, in the window: intervals told apart or not, bands behind lines, hatching on bullseyes."""

from dataclasses import replace

import numpy as np
from known_hearts import INPUTS, PILL, SETUP, made

from tests.ui.conftest import ball_case
from twinviewer.domain import Quantity
from twinviewer.session.case import BASELINE, Scenario
from twinviewer.session.studies.uncertainty.bands import Spread, of_scenario
from twinviewer.session.studies.uncertainty.sensitivity import rank
from twinviewer.ui.bullseye import Bullseye
from twinviewer.ui.charts import SAMPLES, TimeChart
from twinviewer.ui.curves import Curves, TimeLine
from twinviewer.ui.studies.uncertainty_sheet import UncertaintySheet
from twinviewer.ui.theme import Look


def scenarios() -> tuple[Scenario, ...]:
    run = replace(ball_case().scenarios[0].run, metrics={"edp": Quantity(12.0, "mmHg", "simulated", "test")})  # type: ignore[type-var]
    return (
        Scenario(BASELINE, "Baseline", (), SETUP, run),
        Scenario("pill", "Pill", PILL, SETUP, run, "#3FB6C6"),
        Scenario("control", "No therapy (control)", (), SETUP, run),
    )


def test_the_table_tells_apart_no_change_and_what_cannot_be_told_apart(qapp: object) -> None:
    sheet = UncertaintySheet(Look())
    sheet.show_spread(Spread(made(128)), scenarios())
    sheet.everything.setChecked(True)
    table = sheet.table
    rows = {table.verticalHeaderItem(k).text().split(",")[0]: k for k in range(table.rowCount())}
    said = {name: [table.item(row, c).text() for c in range(table.columnCount())] for name, row in rows.items()}
    cuff, edp = next(v for k, v in said.items() if k.lower() == "cuff"), next(v for k, v in said.items() if "dp" in k)
    assert edp[1] == edp[2] == "no change"
    assert cuff[1].endswith("≈") and cuff[2] == "no change"
    assert "cannot be told apart" in table.item(next(r for k, r in rows.items() if k.lower() == "cuff"), 1).toolTip()


def test_the_sheet_names_three_inputs_and_what_would_narrow_them(qapp: object) -> None:
    spread, sheet = Spread(made(128)), UncertaintySheet(Look())
    sheet.show_spread(spread, scenarios())
    sheet.show_ranking("work", scenarios()[0], rank(spread, INPUTS, {"edp": 1.0}, "work", "baseline"))
    told = sheet.bars.accessibleDescription()
    assert told.count("would be narrowed by") == 3 and "Pressure (measured)" in told
    assert "force (8" in sheet.said.text()


def test_a_band_lies_behind_its_line_and_reaches_as_far(qapp: object) -> None:
    chart, time_s = TimeChart(Look()), np.linspace(0.0, 0.8, SAMPLES)
    middle = np.full(SAMPLES, 100.0)
    chart.set_lines([TimeLine(time_s, middle, "#3FB6C6", low=middle - 20.0, high=middle + 30.0)], 0.8)
    low, high = chart.getPlotItem().viewRange()[1]
    assert low < 80.0 and high > 130.0
    chart.set_lines([TimeLine(time_s, middle, "#3FB6C6")], 0.8)
    assert chart.getPlotItem().viewRange()[1][1] < 101.0 and len(chart.getPlotItem().items) == 1


def test_curves_read_a_band_at_their_own_time() -> None:
    spread, (_, pill, _) = Spread(made(128)), scenarios()
    assert pill.run is not None
    curve = Curves("Pill", pill.run, pill.colour, None, sure=of_scenario(spread, pill))
    low, high = curve.band_at("lv_volume_ml", np.array([0.1, 0.5]))
    assert low is not None and high is not None and (low < 100.0).all() and (high > 100.0).all()
    assert Curves("Pill", pill.run, pill.colour).band_at("lv_volume_ml", np.array([0.1])) == (None, None)


def test_a_segment_whose_sign_is_not_sure_is_hatched(qapp: object) -> None:
    sure = np.ones(17, bool)
    sure[4] = False
    drawn = []
    for marked in (None, sure):
        view = Bullseye(Look())
        view.resize(300, 340)
        view.show_values(np.linspace(-5.0, 5.0, 17), "longitudinal_percent", "", marked)
        drawn.append(view.grab().toImage())
    assert drawn[0] != drawn[1]
