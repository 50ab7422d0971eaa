"""Hearts side by side: one legend for all that are coloured alike, under them; lighter surfaces are the same heart."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from beating_ball import PERIOD_S, ball, run

from twinviewer.domain import Comparison, StructureStyle
from twinviewer.report.studio import grab, off_screen
from twinviewer.scene import compose
from twinviewer.scene.framing import camera_for
from twinviewer.scene.legend_strip import groups, height_px
from twinviewer.scene.lighter import lighter, with_lighter
from twinviewer.scene.stage import MAX_PANES, Stage
from twinviewer.scene.state import SceneState

STYLES = {"myocardium": StructureStyle("Muscle", "#C96A5B"), "la": StructureStyle("Left atrium", "#E58A8A")}


@pytest.fixture
def stage() -> Iterator[Stage]:
    with off_screen((800, 300)) as made:
        yield made


def four() -> SceneState:
    mesh = ball()
    runs = [run(140.0), run(90.0), run(110.0)]
    shown = compose.structures(mesh, STYLES)
    colour = compose.colouring("activation_ms", runs, mesh)
    panes = [compose.pane(name, mesh, shown, one, colour) for name, one in zip("abc", runs, strict=True)]
    change = runs[1].fields["activation_ms"].values - runs[0].fields["activation_ms"].values
    difference = compose.difference_pane(
        mesh, shown, runs[1], Comparison("a", "b", (), {"activation_ms": change}), title="Difference"
    )
    assert difference is not None
    return SceneState((*panes, difference), footer="P-1 research only")


def test_three_hearts_share_one_legend_and_the_difference_has_its_own() -> None:
    state = four()
    assert len(state.panes) == MAX_PANES
    found = groups(state)
    assert [(first, count) for first, count, _ in found] == [(0, 3), (3, 1)]
    assert found[1][2].ends == ("earlier", "later")
    assert height_px(replace(state, panes=state.panes[:1])) == 0  # one heart alone has its legend beside it


def test_legends_stand_under_the_hearts_and_a_click_on_them_picks_nothing(stage: Stage) -> None:
    state = four()
    stage.apply(state)
    stage.frame(direction=(0.0, 1.0, 0.0))
    image = grab(stage).astype(int)
    below = height_px(state)
    edges = [pane.renderer.GetViewport() for pane in stage._panes]
    assert all(view[1] * 300 == pytest.approx(below, abs=1) for view in edges)
    assert [round(view[0], 3) for view in edges] == [0.0, 0.25, 0.5, 0.75]
    strip = image[300 - below :]
    assert (np.abs(strip - np.array([0x17, 0x1B, 0x22])).sum(axis=2) > 60).sum() > 1500  # two bars and their words
    assert stage.pick(100, below - 2) is None
    found = stage.pick(300, below + (300 - below) // 2)
    assert found is not None and found.pane == 1


def test_a_time_since_a_moment_shows_another_phase_than_a_share(stage: Stage) -> None:
    state = four()
    later = replace(state.panes[1], shift_s=0.25 * PERIOD_S)
    assert later.own_time(0.1) == pytest.approx(0.1 + 0.25 * PERIOD_S)
    stage.apply(replace(state, panes=(state.panes[0], later), time_s=0.25 * PERIOD_S))
    surface = stage._panes[1].surfaces["myocardium"]
    assert later.run is not None
    expected = later.run.points_at(0.5 * PERIOD_S)[surface.nodes[0]]
    assert np.allclose(surface.polydata.GetPoint(0), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("most", "top"), [(37.0, 40.0), (0.9, 1.0), (3.2, 4.0), (81.0, 100.0), (0.013, 0.02), (0.0, 1.0)]
)
def test_a_difference_ends_at_a_round_number_with_round_quarters(most: float, top: float) -> None:
    assert compose.difference_top(np.linspace(-most, most, 10001) / 0.99) == pytest.approx(top)


def test_a_narrow_pane_shows_all_of_the_heart_and_larger_than_a_ball_round_it_would_be() -> None:
    points = np.random.default_rng(1).normal(size=(500, 3)) * (20.0, 20.0, 45.0)
    camera = camera_for(points, (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), 24.0, 0.5)
    away = points - np.array(camera.position_mm)
    deep, high = away[:, 1], np.tan(np.deg2rad(12.0))
    assert np.all(np.abs(away[:, 0]) <= deep * high * 0.5) and np.all(np.abs(away[:, 2]) <= deep * high)
    radius = np.linalg.norm(points - points.mean(axis=0), axis=1).max()
    assert np.linalg.norm(np.array(camera.position_mm) - camera.focus_mm) < radius / np.sin(np.deg2rad(12.0)) / 0.5


def test_a_lighter_ball_is_closed_has_the_same_points_and_nearly_the_same_volume() -> None:
    turn, polar = np.meshgrid(np.arange(80) * 2 * np.pi / 80, np.linspace(0.05, np.pi - 0.05, 60))
    ring = np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)], axis=-1) * 40.0
    points = np.vstack([ring.reshape(-1, 3), [[0.0, 0.0, 40.0]], [[0.0, 0.0, -40.0]]])
    a = np.arange(59)[:, None] * 80 + np.arange(80)[None]
    b = np.arange(59)[:, None] * 80 + (np.arange(80)[None] + 1) % 80
    north, south = len(points) - 2, len(points) - 1
    side, nxt = np.arange(80), (np.arange(80) + 1) % 80
    triangles = np.concatenate(
        [
            np.stack([a, a + 80, b], -1).reshape(-1, 3),
            np.stack([b, a + 80, b + 80], -1).reshape(-1, 3),
            np.stack([np.full(80, north), side, nxt], -1),
            np.stack([np.full(80, south), 59 * 80 + nxt, 59 * 80 + side], -1),
        ]
    ).astype(np.int32)
    found = lighter(points, {"myocardium": triangles})["myocardium"]
    assert 0.25 * len(triangles) < len(found) < 0.5 * len(triangles)
    edges = np.sort(np.concatenate([found[:, [0, 1]], found[:, [1, 2]], found[:, [2, 0]]]), axis=1)
    assert set(np.unique(edges, axis=0, return_counts=True)[1].tolist()) == {2}

    def volume(corners: np.ndarray) -> float:
        one, two, three = points[corners].transpose(1, 0, 2)
        return float(np.einsum("ij,ij->i", one, np.cross(two, three)).sum() / 6.0)

    assert volume(found) == pytest.approx(volume(triangles), rel=0.02)
    mesh = ball()
    assert with_lighter(mesh, {"la": mesh.surfaces["la"][:4]}).uid == mesh.uid
