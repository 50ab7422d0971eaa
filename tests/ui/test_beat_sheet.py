"""The sheet of pressures, flows and loops: valves open and close where the flow says so."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.ui.conftest import ball_case
from twinviewer.domain import Trace
from twinviewer.ui.beat_sheet import BeatSheet, valve_marks
from twinviewer.ui.curves import Curves
from twinviewer.ui.segment_maps import SegmentMaps
from twinviewer.ui.theme import Look


def flows(shift_s: float = 0.0) -> dict[str, Trace]:
    """Ejection from 0.25 to 0.55 s, filling from 0.65 to 0.85 s and, after a pause, from 0.95 to 0.15 s of a beat of
    1 s; all later by shift_s."""
    time_s = np.linspace(0.0, 1.0, 2001)
    at = (time_s - shift_s) % 1.0

    def wave(start: float, end: float) -> np.ndarray:
        share = ((at - start) % 1.0) / ((end - start) % 1.0)
        return np.where(share < 1.0, np.sin(np.pi * np.minimum(share, 1.0)), 0.0)

    return {
        "aortic_flow_ml_s": Trace("aortic_flow_ml_s", "mL/s", time_s, 400 * wave(0.25, 0.55)),
        "mitral_flow_ml_s": Trace("mitral_flow_ml_s", "mL/s", time_s, 300 * wave(0.65, 0.85) + 200 * wave(0.95, 0.15)),
    }


@pytest.mark.parametrize("shift_s", [0.0, 0.2, 0.4, 0.6, 0.8])
def test_valves_open_and_close_with_their_flow(shift_s: float) -> None:
    found = {mark.name: (mark.time_s - shift_s) % 1.0 for mark in valve_marks(flows(shift_s), 1.0)}
    # the pause between the two waves of filling closes nothing
    assert found == pytest.approx({"MC": 0.15, "AO": 0.25, "AC": 0.55, "MO": 0.65}, abs=0.006)


def test_a_valve_that_never_closes_has_no_marks() -> None:
    time_s = np.linspace(0.0, 1.0, 100)
    assert valve_marks({"aortic_flow_ml_s": Trace("aortic_flow_ml_s", "mL/s", time_s, np.ones(100))}, 1.0) == ()
    assert valve_marks({}, 1.0) == ()


def test_the_sheet_follows_scenarios_and_time(qtbot: Callable) -> None:  # type: ignore[type-arg]
    sheet = BeatSheet(Look())
    qtbot.addWidget(sheet)  # type: ignore[attr-defined]
    run = ball_case().scenarios[0].run
    assert run is not None
    sheet.set_curves([Curves("Baseline", run, "#8FA3BF")])
    sheet.show()
    assert "Baseline" in sheet.read.text()
    assert len(sheet.charts["VOLUMES"].lines) >= 1
    sheet.show_fraction(0.5)
    asked: list[float] = []
    sheet.sought.connect(asked.append)
    sheet.charts["VOLUMES"].sought.emit(0.25)
    assert asked == [0.25]
    sheet.set_curves([])
    assert sheet.charts["VOLUMES"].lines == ()


def test_segments_of_two_scenarios_share_a_scale(qtbot: Callable) -> None:  # type: ignore[type-arg]
    maps = SegmentMaps(Look())
    qtbot.addWidget(maps)  # type: ignore[attr-defined]
    case = ball_case()
    assert case.mesh is not None
    segment = np.asarray(case.mesh.point_fields["aha_segment"])
    runs = [s.run for s in case.scenarios if s.run is not None]
    maps.set_curves([Curves(str(k), run, "#8FA3BF", segment) for k, run in enumerate(runs)])
    first, second, third = maps.maps
    assert not third.isVisibleTo(maps)
    assert maps.difference.values[10] == pytest.approx(second.values[10] - first.values[10])
    assert first.scale == second.scale
    assert first.values[10] == pytest.approx(runs[0].fields["activation_ms"].values[segment == 11].mean(), rel=1e-5)
    assert np.isnan(first.values[0])
    maps.set_curves([Curves("no segments", runs[0], "#8FA3BF")])
    assert not first.isVisibleTo(maps)
