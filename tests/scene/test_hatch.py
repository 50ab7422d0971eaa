"""What is not sure is striped, and nothing else is touched."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from beating_ball import ball, run

from twinviewer.domain import Comparison, StructureStyle
from twinviewer.report.studio import grab, off_screen
from twinviewer.scene import compose
from twinviewer.scene.stage import Stage
from twinviewer.scene.state import PaneState, SceneState, Section

STYLES = {"myocardium": StructureStyle("Muscle", "#C96A5B")}


@pytest.fixture
def stage() -> Iterator[Stage]:
    with off_screen((400, 400)) as made:
        yield made


def difference() -> PaneState:
    mesh, values = ball(), np.full(len(ball().points_mm), 12.0)
    comparison = Comparison("Baseline", "CRT", (), {"activation_ms": values})
    made = compose.difference_pane(mesh, compose.structures(mesh, STYLES), run(140.0), comparison)
    assert made is not None
    return replace(made, title="", note="")


def seen(stage: Stage, pane: PaneState, section: Section | None = None) -> np.ndarray:
    stage.apply(SceneState((pane,), section=section, legend=False))
    return grab(stage).astype(int).sum(axis=2)


def test_stripes_lie_on_the_unsure_half_alone_and_go_again(stage: Stage) -> None:
    pane = difference()
    stage.apply(SceneState((pane,), legend=False))
    stage.frame()
    plain = seen(stage, pane)
    half = pane.mesh.points_mm[:, 0] > pane.mesh.points_mm[:, 0].mean()  # the patient's left: right in the picture
    striped = seen(stage, replace(pane, unsure=half))
    darker = plain - striped > 60
    left, right = darker[:330, :90].mean(), darker[:330, 210:].mean()  # the eye stands a little to the left
    assert left < 0.002 and 0.04 < right < 0.5
    rows = darker[60:330, 210:]
    assert (np.abs(np.diff(rows.astype(int), axis=0)).sum(axis=0) >= 6).any()  # stripes, and not one patch
    assert np.abs(seen(stage, pane) - plain).max() <= 2


def test_a_cut_face_is_striped_too(stage: Stage) -> None:
    pane = difference()
    middle = tuple(pane.mesh.points_mm.mean(axis=0))
    cut = Section(middle, (0.0, -1.0, 0.0))  # type: ignore[arg-type]
    stage.apply(SceneState((pane,), section=cut, legend=False))
    stage.frame()
    plain = seen(stage, pane, cut)
    striped = seen(stage, replace(pane, unsure=np.ones(len(pane.mesh.points_mm), bool)), cut)
    assert (plain - striped > 60).mean() > 0.03
