"""Two and three scenarios side by side in a real window: one clock, one range, any difference, words and table."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication

from tests.ui.conftest import PERIOD_S, ball_case, ball_run
from twinviewer.domain import Quantity
from twinviewer.session.case import Case, Scenario, TherapyUse
from twinviewer.session.comparison import compare
from twinviewer.ui.alignment import BY_SHARE, SINCE_QRS, clock_s, onset_s, place
from twinviewer.ui.curves import Curves
from twinviewer.ui.delta_table import Column, ComparisonTable
from twinviewer.ui.step_bar import Step
from twinviewer.ui.theme import Look


def slower(run, period_s: float, onset_ms: float, uid: str):  # type: ignore[no-untyped-def]
    """The same beat, stretched, with another time of first excitation."""
    stretch = period_s / run.period_s
    traces = {name: replace(trace, time_s=trace.time_s * stretch) for name, trace in run.traces.items()}
    metrics = {**run.metrics, "excitation_ms": Quantity(onset_ms, "ms", "simulated", "ball engine")}
    return replace(run, period_s=period_s, time_s=run.time_s * stretch, traces=traces, metrics=metrics, uid=uid)


@pytest.fixture(scope="module")
def four() -> Case:
    """Baseline, CRT, a slower heart, and a control that is the baseline itself."""
    case = ball_case()
    base, crt = case.scenarios
    mesh = case.mesh
    slow = slower(ball_run(mesh, 0.12, 150.0), 1.0, 150.0, "slow")
    base_run, crt_run = slower(base.run, PERIOD_S, 160.0, "base"), slower(crt.run, PERIOD_S, 120.0, "crt")
    return replace(
        case,
        scenarios=(
            replace(base, run=base_run),
            replace(crt, run=crt_run),
            Scenario("slow", "Slower", (TherapyUse("beta_blocker", {}),), base.setup, slow, "#D98FD0"),
            Scenario("control", "No therapy (control)", (), base.setup, replace(base_run, uid="again"), "#E5B454"),
        ),
    )


def show(window, case: Case) -> None:  # type: ignore[no-untyped-def]
    window.presenter.history.push(case)
    window.coupling.plugins_ready()
    window.make_plots()
    window.coupling.refresh()
    window.coupling.go(Step.COMPARE)
    window.playback.pause()


def panes(window):  # type: ignore[no-untyped-def]
    if not window.renderer:
        pytest.skip("no OpenGL on this display")
    return window.views.view3d.stage.state.panes


def test_three_scenarios_and_a_difference_share_clock_camera_and_range(window, four, qtbot) -> None:  # type: ignore[no-untyped-def]
    show(window, four)
    window.choices.set(colour_by="activation_ms")
    window.choices.tick("slow", True)
    qtbot.wait(30)
    shown = panes(window)
    assert [pane.title for pane in shown] == ["Baseline", "CRT", "Slower", "Difference"]
    assert [pane.note for pane in shown] == ["75 bpm  ·  reference", "75 bpm", "60 bpm", "Slower − Baseline"]
    assert len({(pane.colouring.low, pane.colouring.high) for pane in shown[:3]}) == 1
    assert shown[3].colouring.low == -shown[3].colouring.high
    half = 0.5 * PERIOD_S
    assert [pane.own_time(half) / pane.run.period_s for pane in shown] == pytest.approx([0.5] * 4)
    window.choices.set(aligned=SINCE_QRS)
    assert window.playback.period_s == pytest.approx(1.0)  # the longest beat is seen whole
    since = [pane.own_time(0.2) - onset_s(pane.run) for pane in panes(window)]
    assert since == pytest.approx([0.04] * 4)


def test_a_fourth_takes_the_place_of_the_one_chosen_first_and_one_always_stays(window, four) -> None:  # type: ignore[no-untyped-def]
    show(window, four)
    for name in ("slow", "control"):
        window.choices.tick(name, True)
    assert window.choices.compared == ("baseline", "slow", "control")
    for name in ("slow", "control"):
        window.choices.tick(name, False)
    assert window.choices.compared == ("baseline", "control")
    assert window.inspector.compare.picks.boxes["control"].isChecked()


def test_any_scenario_may_be_the_reference_and_the_former_one_stays_in_view(window, four) -> None:  # type: ignore[no-untyped-def]
    show(window, four)
    window.choices.refer_to("crt")
    assert window.choices.compared == ("crt", "baseline")
    row = {line[0]: line[1:3] for line in window.inspector.compare.deltas.rows}
    assert row["qrs_ms"] == ("120", "160")
    assert "Baseline against CRT" in window.inspector.compare.finding.text()
    assert window.coupling.shown().name == "crt"


def test_the_control_is_zero_everywhere_and_says_so(window, four) -> None:  # type: ignore[no-untyped-def]
    show(window, four)
    window.choices.tick("control", True)
    window.choices.tick("crt", False)
    page = window.inspector.compare
    assert "the same in all" in page.finding.text()
    assert page.deltas.rows and all(line[-1] == "same" for line in page.deltas.rows)
    assert page.nothing.isVisibleTo(page)
    last = panes(window)[-1]
    assert last.note == "exactly the same everywhere"
    assert not np.any(np.nan_to_num(last.values))


def test_the_difference_is_of_the_pair_and_quantity_that_were_chosen(window, four) -> None:  # type: ignore[no-untyped-def]
    show(window, four)
    window.choices.set(colour_by="activation_ms")
    window.choices.tick("slow", True)
    window.choices.set(pair=("slow", "crt"), difference_by="peak_strain_fibre")
    last = panes(window)[-1]
    assert last.colouring.title == "Δ Peak fibre strain" and last.note == "Slower − CRT"
    assert np.nanmean(last.values) == pytest.approx(0.02, abs=2e-3)  # 12 % against 14 % of shortening
    window.choices.set(difference=False)
    assert len(panes(window)) == 3


def test_a_drag_in_a_plot_moves_time_everywhere(window, four, qtbot) -> None:  # type: ignore[no-untyped-def]
    show(window, four)
    chart = window.plots.pressures
    box = chart.plot_box()
    middle, later = (QPoint(int(box.left() + share * box.width()), int(box.center().y())) for share in (0.5, 0.75))
    qtbot.mousePress(chart.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert window.playback.in_beat_s / PERIOD_S == pytest.approx(0.5, abs=0.03)
    qtbot.mouseMove(chart.viewport(), later)
    window.plots.pressures.sought.emit(0.75)
    qtbot.mouseRelease(chart.viewport(), Qt.MouseButton.LeftButton, pos=later)
    assert window.playback.in_beat_s / PERIOD_S == pytest.approx(0.75, abs=0.03)
    assert window.transport.bar.fraction == pytest.approx(0.75, abs=0.03)
    place_on_paper = QPoint(int(0.25 * PERIOD_S * 25.0 * window.plots.ecg._mm), 30)
    qtbot.mouseClick(window.plots.ecg, Qt.MouseButton.LeftButton, pos=place_on_paper)
    assert window.playback.in_beat_s / PERIOD_S == pytest.approx(0.25, abs=0.03)


def test_the_table_is_copied_as_csv_with_every_number_of_its_rows(window, four) -> None:  # type: ignore[no-untyped-def]
    show(window, four)
    page = window.inspector.compare
    page.copy_csv()
    lines = QGuiApplication.clipboard().text().strip().split("\n")
    assert lines[0].startswith("metric,unit,reference,reference_value,scenario,value,change")
    qrs = next(line for line in lines if line.startswith("qrs_ms")).split(",")
    assert qrs[2:7] == ["Baseline", "160", "CRT", "120", "-40"]


def test_words_follow_intervals(qtbot) -> None:  # type: ignore[no-untyped-def]
    case = ball_case()
    base, crt = case.scenarios
    table = ComparisonTable(Look())
    qtbot.addWidget(table)

    def last_words(intervals: dict[str, tuple[float, float]]) -> dict[str, str]:
        found = compare(base, crt, intervals)
        table.show_columns(base, [Column(crt, {d.name: d for d in found.deltas})], ("qrs_ms", "lv_ef_percent"))
        return {line[0]: line[-1] for line in table.rows}

    assert last_words({})["qrs_ms"] == "↓ better?"  # EF 10 %, QRS 160 ms; no interval has been computed
    assert last_words({"qrs_ms": (-52.0, -31.0)})["qrs_ms"] == "↓ better"
    assert last_words({"qrs_ms": (-90.0, 5.0)})["qrs_ms"] == "cannot be told apart"


def test_clocks() -> None:
    case = ball_case()
    base = slower(case.scenarios[0].run, 0.8, 160.0, "a")
    slow = slower(case.scenarios[1].run, 1.0, 120.0, "b")
    assert clock_s([base, slow], BY_SHARE) == 0.8 and clock_s([base, slow], SINCE_QRS) == 1.0
    at = place(slow, base, BY_SHARE)
    assert Curves("", slow, "", None, at.scale, at.shift_s).own_s(0.4) == pytest.approx(0.5)
    at = place(slow, base, SINCE_QRS)
    assert Curves("", slow, "", None, at.scale, at.shift_s).own_s(0.16) == pytest.approx(0.12)


class _Sure:
    """Segment 11 may change either way, all others for sure."""

    def sure(self, field: str) -> np.ndarray:
        known = np.ones(17, bool)
        known[10] = field != "activation_ms"
        return known


def test_the_heart_is_hatched_where_the_sign_of_a_change_is_not_sure(window, four, qtbot) -> None:  # type: ignore[no-untyped-def]
    show(window, four)
    window.coupling.composer.sure_of = lambda one, against: _Sure()  # type: ignore[return-value]
    window.choices.set(colour_by="activation_ms")
    qtbot.wait(30)
    *others, last = panes(window)
    segment = four.mesh.point_fields["aha_segment"]
    assert np.array_equal(last.unsure, segment == 11) and "hatched: sign not sure" in last.note
    assert all(pane.unsure is None for pane in others)
    window.choices.set(difference_by="peak_strain_fibre")  # nobody has asked about that one
    qtbot.wait(30)
    assert panes(window)[-1].unsure is None
