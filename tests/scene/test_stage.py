"""The Stage draws what the state says, in place, and paired panes share camera, time and colours."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from beating_ball import PERIOD_S, ball, run

from twinviewer.domain import Comparison, StructureStyle
from twinviewer.report.studio import grab, off_screen
from twinviewer.scene import compose
from twinviewer.scene.stage import Stage
from twinviewer.scene.state import Marker, SceneState

STYLES = {"myocardium": StructureStyle("Muscle", "#C96A5B"), "la": StructureStyle("Left atrium", "#E58A8A")}


@pytest.fixture
def stage() -> Iterator[Stage]:
    with off_screen((640, 320)) as made:
        yield made


def panes(colour_by: str = "") -> SceneState:
    mesh, first, second = ball(), run(140.0), run(90.0)
    shown = compose.structures(mesh, STYLES)
    colour = compose.colouring(colour_by, [first, second], mesh)
    return SceneState(
        (compose.pane("baseline", mesh, shown, first, colour), compose.pane("other", mesh, shown, second, colour)),
        footer="P-1 research only",
    )


def heart_pixels(image: np.ndarray) -> np.ndarray:
    return np.abs(image.astype(int) - np.array([0x17, 0x1B, 0x22])).sum(axis=2) > 30


def test_two_panes_with_one_camera_show_the_same_outline(stage):
    stage.apply(replace(panes(), legend=False, footer="", panes=tuple(replace(p, title="") for p in panes().panes)))
    stage.frame()
    image = heart_pixels(grab(stage))[:, :620]
    left, right = image[:250, :300], image[:250, 320:620]
    assert left.sum() > 5000
    assert (left ^ right).sum() < 0.02 * left.sum()


def test_mid_beat_the_heart_is_smaller_and_after_a_whole_beat_the_same(stage):
    state = replace(panes(), footer="", panes=tuple(replace(p, title="") for p in panes().panes))
    stage.apply(state)
    stage.frame()
    start = grab(stage)
    stage.apply(replace(state, time_s=PERIOD_S / 2))
    middle = grab(stage)
    stage.apply(replace(state, time_s=PERIOD_S))
    again = grab(stage)
    assert heart_pixels(middle).sum() < 0.85 * heart_pixels(start).sum()
    assert np.abs(again.astype(int) - start.astype(int)).max() <= 2


def test_exaggerated_motion_goes_twice_as_far_and_the_title_says_so(stage):
    pane = panes().panes[0]
    stretched = replace(pane, exaggeration=2.0)
    moved = pane.points_at(PERIOD_S / 2) - pane.mesh.points_mm
    assert np.abs(moved).max() > 1.0
    assert np.allclose(stretched.points_at(PERIOD_S / 2) - pane.mesh.points_mm, 2.0 * moved, atol=1e-4)
    state = replace(panes(), panes=(pane,), time_s=PERIOD_S / 2)
    stage.apply(state)
    stage.frame()
    usual = heart_pixels(grab(stage)).sum()
    stage.apply(replace(state, panes=(stretched,)))
    assert heart_pixels(grab(stage)).sum() < 0.95 * usual
    assert "motion × 2" in stage._panes[0].title.note.GetInput()


def test_moving_keeps_the_actors_and_their_arrays(stage):
    state = panes("activation_ms")
    stage.apply(state)
    surface = stage._panes[0].surfaces["myocardium"]
    before = (surface.actor, surface.polydata, surface.polydata.GetPoints().GetData())
    stage.apply(replace(state, time_s=0.3))
    surface = stage._panes[0].surfaces["myocardium"]
    assert before == (surface.actor, surface.polydata, surface.polydata.GetPoints().GetData())
    where = np.array(surface.polydata.GetPoint(0))
    assert np.allclose(where, state.panes[0].run.points_at(0.3)[surface.nodes[0]], atol=1e-4)


def test_both_panes_use_one_colour_range():
    state = panes("activation_ms")
    assert state.panes[0].colouring == state.panes[1].colouring
    low, high = state.panes[0].colouring.low, state.panes[0].colouring.high
    assert low == 0.0 and 140.0 <= high < 180.0
    assert (high - low) % 40 == 0  # five ticks at multiples of 10 ms


def test_a_heart_of_another_rate_shows_the_same_phase(stage):
    state = panes()
    slow = replace(state.panes[1].run, period_s=2 * PERIOD_S, time_s=2 * state.panes[1].run.time_s)
    shown = compose.structures(ball(), STYLES)
    other = compose.pane("slow", ball(), shown, slow, period_s=PERIOD_S)
    stage.apply(replace(state, panes=(state.panes[0], other), time_s=0.2))
    surface = stage._panes[1].surfaces["myocardium"]
    assert np.allclose(surface.polydata.GetPoint(0), slow.points_at(0.4)[surface.nodes[0]], atol=1e-4)


def test_pick_returns_the_node_under_the_pointer(stage):
    state = panes()
    stage.apply(state)
    stage.frame(direction=(0.0, 1.0, 0.0))
    grab(stage)
    centre = np.argwhere(heart_pixels(grab(stage))[:, :320]).mean(axis=0)
    found = stage.pick(int(centre[1]), 320 - int(centre[0]))
    assert found is not None and found.pane == 0
    assert np.linalg.norm(ball().points_mm[found.node] - np.array(found.position_mm)) < 5.0
    assert stage.pick(2, 2) is None


def test_difference_pane_is_zero_centred():
    mesh = ball()
    change = np.where(np.arange(len(mesh.points_mm)) < mesh.wall_points, -37.0, np.nan)
    comparison = Comparison("Baseline", "CRT", (), {"activation_ms": change})
    made = compose.difference_pane(mesh, compose.structures(mesh, STYLES), run(), comparison)
    assert made is not None
    assert made.colouring.low == -made.colouring.high and made.colouring.high >= 37


def test_section_hides_the_front_and_caps_the_wall(stage):
    state = replace(panes(), section=compose.long_axis_section(ball()))
    stage.apply(state)
    stage.frame(direction=tuple(-c for c in state.section.normal), up=(0.0, 0.0, 1.0))
    grab(stage)
    cap = stage._panes[0].cap
    cap.mapper.Update()
    # The plane goes through the poles: the cut wall is a ring of area pi (40^2 - 30^2)
    polygons = cap.mapper.GetInput()
    import pyvista as pv

    assert pv.wrap(polygons).triangulate().area == pytest.approx(np.pi * (40**2 - 30**2), rel=0.03)


def test_markers_ride_on_their_node(stage):
    state = panes()
    marked = replace(state.panes[0], markers=(Marker("lead", 5, "#FFE08A"),))
    stage.apply(replace(state, panes=(marked,), time_s=0.4))
    marker, (actor,) = stage._panes[0].markers._parts[0]
    node = marker.node
    assert np.allclose(actor.GetPosition(), marked.run.points_at(0.4)[node], atol=1e-4)
