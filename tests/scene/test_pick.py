"""Pixels and places agree: what is seen at a pixel lies on its line of sight."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from beating_ball import RADIUS_MM, ball

from twinviewer.domain import StructureStyle
from twinviewer.report.studio import grab, off_screen
from twinviewer.scene import compose
from twinviewer.scene.pick import on_ball, pixels_per_mm, ray, to_screen
from twinviewer.scene.stage import Stage
from twinviewer.scene.state import Marker, SceneState

STYLES = {"myocardium": StructureStyle("Muscle", "#C96A5B")}


@pytest.fixture
def stage() -> Iterator[Stage]:
    with off_screen((640, 480)) as made:
        mesh = ball()
        made.apply(SceneState((compose.pane("", mesh, compose.structures(mesh, STYLES)),)))
        made.frame((0.0, 1.0, 0.0))
        grab(made)
        yield made


def test_what_is_picked_lies_where_the_line_of_sight_meets_the_ball(stage):
    for x, y in ((320, 240), (280, 300), (360, 200)):
        start, along = ray(stage.renderer(), x, y)
        near = on_ball(start, along, np.zeros(3), RADIUS_MM)
        found = stage.pick(x, y)
        assert found is not None
        assert np.linalg.norm(near - found.position_mm) < 1.0  # the ball is made of flat triangles
        assert np.allclose(to_screen(stage.renderer(), [near]), [[x, y]], atol=0.01)


def test_beside_the_ball_its_outline_is_taken(stage):
    start, along = ray(stage.renderer(), 5, 240)
    edge = on_ball(start, along, np.zeros(3), RADIUS_MM)
    assert np.linalg.norm(edge) == pytest.approx(RADIUS_MM)
    far = on_ball(*ray(stage.renderer(), 320, 240), np.zeros(3), RADIUS_MM, behind=True)
    assert far[1] == pytest.approx(RADIUS_MM, abs=0.1)  # seen from the front, the back is behind


def test_a_millimetre_is_as_large_as_it_is_drawn(stage):
    left, right = to_screen(stage.renderer(), [(-10.0, 0, 0), (10.0, 0, 0)])
    assert pixels_per_mm(stage.renderer(), (0, 0, 0)) == pytest.approx(abs(right[0] - left[0]) / 20.0, rel=0.01)


def test_markers_off_the_heart_are_drawn_and_framed(stage):
    state = stage.state
    assert state is not None
    marker = Marker("V1", 0, "#40F040", 5.0, (0.0, -30.0, 130.0), "V1")
    stage.apply(replace(state, panes=(replace(state.panes[0], markers=(marker,)),)))
    stage.frame((0.0, 1.0, 0.0))
    x, y = to_screen(stage.renderer(), [marker.place_mm])[0]
    assert 0 < x < 640 and 0 < y < 480
    image = grab(stage)
    red, green, blue = image[round(480 - y), round(x)].astype(int)
    assert green > red + 60 and green > blue + 60
    stage.apply(replace(state, panes=(replace(state.panes[0], markers=()),)))
    assert not len(stage._panes[0].markers.places_mm)


def test_kinds_have_swatches_and_no_numbers(stage):
    mesh = ball()
    scar = np.zeros(len(mesh.points_mm), np.float32)
    scar[mesh.points_mm[:, 1] < -35] = 1.0
    marked = replace(mesh, point_fields={**mesh.point_fields, "scar": scar})
    colour = compose.colouring("scar", [], marked)
    assert (colour.low, colour.high, len(colour.names)) == (0.0, 1.0, 3)
    assert "scar" in compose.colourable(None, marked) and "scar" not in compose.colourable(None, mesh)
    stage.apply(SceneState((compose.pane("", marked, compose.structures(marked, STYLES), None, colour),)))
    image = grab(stage).astype(int)
    pale = (image.min(axis=2) > 200).sum()
    assert pale > 300  # the swatch and the front of the ball
