"""The sheet of a sweep: its cost, ranks with ties, masked places that say why, a row that becomes a scenario."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QToolTip

from twinviewer.domain import Suitability
from twinviewer.session import catalog, scenarios
from twinviewer.session.case import Case
from twinviewer.session.simulate import setup_uid
from twinviewer.session.studies.study import Answer, Point, Study
from twinviewer.session.studies.sweep import ranking
from twinviewer.session.studies.sweep.places import Masked, Place
from twinviewer.session.studies.sweep.plan import Plan, plan, settings
from twinviewer.session.studies.sweep.points import BASELINE_POINT, WANTED
from twinviewer.ui.studies.sweep_sheet import SweepSheet
from twinviewer.ui.theme import Look

NO_VEIN = Masked("unreachable", "No coronary vein leads to the septum", True)
SCAR = Masked("scar", "Scar: 80 % of it is dead", False)


def study_of(swept: Plan, numbers: dict[tuple[Any, ...], tuple[float, float]], uid: str = "") -> Study:
    """values on the axes -> QRS and stroke work."""
    points, answers = (
        [Point(BASELINE_POINT)],
        [Answer(BASELINE_POINT, {"qrs_ms": 160.0, "stroke_work_mmhg_ml": 5000.0})],
    )
    for values, (qrs, work) in numbers.items():
        chosen = {axis.parameter.name: value for axis, value in zip(swept.axes, values, strict=True)}
        use = replace(swept.uses[0], values={**swept.uses[0].values, **chosen})
        points.append(Point(str(values), (use,)))
        answers.append(Answer(str(values), {"qrs_ms": qrs, "stroke_work_mmhg_ml": work}))
    return Study("Sweep", "sweep", "beat", uid, tuple(points), tuple(answers), WANTED, settings(swept))


@pytest.fixture
def sheet(qtbot: Any, small_case: Case) -> SweepSheet:
    """A sheet with five places and two AV delays; segment 9 has no vein, segment 4 is scar."""
    made = SweepSheet(Look())
    qtbot.addWidget(made)
    made.show()
    swept = plan(["crt"], ["lv_lead=AHA4,AHA5,AHA9,AHA11,AHA12", "av_delay_ms=100:140:2"])
    study = study_of(
        swept,
        {
            ("AHA5", 100.0): (120.0, 5400.0), ("AHA5", 140.0): (126.0, 5500.0),
            ("AHA11", 100.0): (120.4, 5450.0), ("AHA11", 140.0): (140.0, 5300.0),
            ("AHA12", 100.0): (130.0, 5350.0), ("AHA12", 140.0): (131.0, 5390.0),
            ("AHA9", 100.0): (100.0, 4900.0), ("AHA9", 140.0): (155.0, 4950.0),
        },
    )  # fmt: skip
    known = {f"AHA{n}": Place(n, n, {4: SCAR, 9: NO_VEIN}.get(n)) for n in (4, 5, 9, 11, 12)}
    made.show_table(swept, ranking.table(study, small_case.scenario("baseline").setup, known))
    return made


def texts(sheet: SweepSheet, column: int) -> list[str]:
    model = sheet.rows.model_
    return [str(model.data(model.index(k, column), Qt.ItemDataRole.DisplayRole)) for k in range(model.rowCount())]


def test_the_best_of_each_place_is_ranked_with_ties_and_what_no_lead_reaches_comes_last(sheet: SweepSheet) -> None:
    assert texts(sheet, 0) == ["1", "1", "3", "–"]
    assert texts(sheet, 1) == [
        "5 basal inferolateral",
        "11 mid inferolateral",
        "12 mid anterolateral",
        "9 mid inferoseptal",
    ]
    assert texts(sheet, 2) == ["100 ms"] * 4 and texts(sheet, 3) == ["120", "120", "130", "100"]
    assert "120 ms, untreated 160; 2 combinations cannot be told apart" in sheet.said.text()
    sheet.best_only.setChecked(False)
    assert len(texts(sheet, 0)) == 8


def test_masked_segments_are_hatched_and_say_why(sheet: SweepSheet, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda place, text, *more: shown.append(text))
    values = sheet.map.values
    assert values[4] == 120.0 and values[11] == 130.0 and np.isnan(values[[3, 8]]).all()
    centre, radius = sheet.map._disc()
    for x, y in ((-0.54, -0.31), (-0.1, -0.88)):  # mid inferoseptal, basal inferior
        place = QPoint(round(centre.x() + radius * x), round(centre.y() - radius * y))
        sheet.map.event(QHelpEvent(QEvent.Type.ToolTip, place, place))
    assert "No coronary vein leads to the septum (100 ms)" in shown[0] and "Scar: 80 %" in shown[1]


def test_a_segment_a_dot_and_a_row_are_one_choice(sheet: SweepSheet, qtbot: Any) -> None:
    assert not sheet.make.isEnabled()
    sheet.map.chosen.emit(12)
    row = sheet.selected
    assert row is not None and row.values == ("AHA12", 100.0) and sheet.map.segment == 12 and sheet.make.isEnabled()
    front = [one.values for one in sheet.front.front]
    assert front == [("AHA5", 100.0), ("AHA11", 100.0), ("AHA5", 140.0)]
    place = sheet.front.pixel(126.0, 5500.0)
    assert sheet.front.under(QPointF(place.x() + 2.0, place.y())) is sheet.front.front[2]
    sheet.front.chosen.emit(sheet.front.front[2])
    assert sheet.selected is sheet.front.front[2] and not sheet.best_only.isChecked(), "it is not the best of its place"
    with qtbot.waitSignal(sheet.scenario_asked) as asked:
        sheet.make.click()
    assert asked.args[0].point.therapies[0].values["av_delay_ms"] == 140.0


def test_another_target_is_another_order(sheet: SweepSheet) -> None:
    sheet.first.setCurrentIndex(sheet.first.findData("stroke_work_mmhg_ml"))
    sheet.first.activated.emit(0)
    assert texts(sheet, 1)[0] == "5 basal inferolateral" and texts(sheet, 2)[0] == "140 ms"
    assert sheet.map.values[4] == 5500.0 and "Stroke work" in sheet.map._heading()


def test_the_form_says_ranges_as_the_command_line_does(qtbot: Any) -> None:
    made = SweepSheet(Look())
    qtbot.addWidget(made)
    made.form.offer({"crt": catalog.therapy("crt"), "beta_blocker": catalog.therapy("beta_blocker")})
    rows = made.form.rows
    assert rows["lv_lead"].varies and "lv_lead_node" not in rows
    rows["av_delay_ms"].tick.setChecked(True)
    rows["av_delay_ms"].many.set_range(80, 160, 5)
    said = plan(["crt"], made.form.over(), made.form.values())
    assert [axis.parameter.name for axis in said.axes] == ["lv_lead", "av_delay_ms"] and said.combinations == 85
    rows["lv_lead_vein"].tick.setChecked(True)
    assert not rows["lv_lead"].varies, "a lead has one place"
    rows["lv_lead_vein"].many.set_keys(["lateral_mid", "lateral_basal"])
    assert "lv_lead_vein=lateral_basal,lateral_mid" in made.form.over()
    made.form.choose("beta_blocker")
    assert any(row.varies for row in made.form.rows.values()), "a dose is offered as a range"


@pytest.fixture
def asked(window: Any, small_case: Case, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[dict[str, Any]]]:
    """A window whose engine takes any mesh, and what it submits instead of running it."""
    monkeypatch.setattr(catalog, "runs_on", lambda engine, mesh: Suitability(True))
    found: list[dict[str, Any]] = []
    window.presenter.accept(small_case.changed("Open"))
    monkeypatch.setattr(
        window.presenter, "submit", lambda key, step, function, *args, **more: found.append({"args": args, **more})
    )
    return window, found


def test_a_sweep_is_begun_stopped_gone_on_with_and_kept(asked: tuple[Any, list[dict[str, Any]]], qtbot: Any) -> None:
    window, submitted = asked
    window.actions_.all["sweep"].trigger()
    sheet = window.coupling.sweep.sheet
    assert sheet.isVisible()
    qtbot.waitUntil(lambda: "No place is left" in sheet.note.text)  # the ball has none
    sheet.form.rows["lv_lead"].tick.setChecked(False)
    sheet.form.rows["av_delay_ms"].tick.setChecked(True)
    sheet.form.rows["av_delay_ms"].many.set_range(100, 140, 3)
    qtbot.waitUntil(lambda: "4 simulations" in sheet.cost.text())
    sheet.start.click()
    assert len(submitted) == 1 and sheet.running and len(submitted[0]["args"][2]) == 4
    points = submitted[0]["args"][2]
    answers = tuple(Answer(p.name, {"qrs_ms": 120.0 + k, "stroke_work_mmhg_ml": 5000.0}) for k, p in enumerate(points))
    submitted[0]["live"](answers[:2])
    assert texts(sheet, 1) == ["100 ms"] and not sheet.map.isVisible(), (
        "what is known is shown while the rest is computed"
    )
    submitted[0]["ended"]()
    qtbot.waitUntil(lambda: not sheet.running)
    assert sheet.start.text() == "Go on" and "2 simulations" in sheet.note.text
    sheet.start.click()
    baseline = window.presenter.case.baseline
    kept = Study("Sweep", "sweep", "beat", "another heart", points, answers, WANTED, submitted[1]["args"][4])
    submitted[1]["done"](kept)
    assert "another baseline" in sheet.note.text and not sheet.running and window.presenter.case.studies == ()
    submitted[1]["done"](replace(kept, baseline_uid=setup_uid(catalog.engine("beat"), baseline.setup)))
    assert len(window.presenter.case.studies) == 1 and texts(sheet, 1) == ["100 ms", "120 ms", "140 ms"]
    assert not sheet.running and sheet.start.text() == "Simulate all"


def test_the_map_lies_on_the_heart_until_the_sheet_goes(asked: tuple[Any, list[dict[str, Any]]]) -> None:
    window, _ = asked
    window.actions_.all["sweep"].trigger()
    sheet = window.coupling.sweep.sheet
    setup = window.presenter.case.baseline.setup
    swept = plan(["crt"], ["lv_lead=AHA11"])
    study = study_of(swept, {("AHA11",): (120.0, 5400.0)})
    sheet.show_table(swept, ranking.table(study, setup, {"AHA11": Place(11, 30, None)}))
    sheet.choose(sheet.order[0].row)
    assert window.choices.overlay is None
    sheet.heart.setChecked(True)
    overlay = window.choices.overlay
    segment = np.asarray(setup.mesh.point_fields["aha_segment"])
    assert (overlay.values[segment == 11] == 120.0).all() and np.isnan(overlay.values[segment != 11]).all()
    assert overlay.node == 30 and overlay.colouring.unit == "ms"
    case = window.presenter.case
    state = window.coupling.composer.compose(case, window.choices, 0.0, window.look.tokens, None, 0.8)
    assert state.panes[0].values is overlay.values and "Sweep" in state.panes[0].title
    sheet.close()
    assert not sheet.isVisible()
    assert window.choices.overlay is None


def test_a_row_becomes_a_scenario_in_one_step_that_says_what_it_is(
    asked: tuple[Any, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    window, _ = asked
    window.actions_.all["sweep"].trigger()
    flow, presenter = window.coupling.sweep, window.presenter
    monkeypatch.setattr(scenarios, "treat", lambda setup, uses, engine: setup)
    swept = plan(["crt"], ["lv_lead=AHA11", "av_delay_ms=100:140:2"])
    flow.study = study_of(swept, {("AHA11", 140.0): (120.0, 5400.0)})
    before = presenter.case
    row = ranking.Row(flow.study.points[1], ("AHA11", 140.0), "AHA11", {})
    flow.make_scenario(row)
    made = presenter.case.scenarios[-1]
    assert made.label == "CRT: 11 mid inferolateral, 140 ms" and made.therapies[0].values["av_delay_ms"] == 140.0
    presenter.undo()
    assert presenter.case is before
