"""Programmed stimulation puts beats where and when an electrophysiologist would, and nothing else."""

import numpy as np
import pytest

from twinviewer.domain import OrganMesh, Quantity, Setup, Stimulus, Therapy, TherapyError
from twinviewer.therapies.programmed_stimulation import START_MS, THERAPY, WATCHED


@pytest.fixture
def setup() -> Setup:
    """Four points: two of segment 11, the second on the outside; two of the right ventricle's inside, apex first."""
    fields = {
        "aha_segment": np.array([11, 11, 0, 0], np.int8),
        "rv_segment": np.array([0, 0, 0, 0], np.int8),
        "transmural": np.array([0.1, 1.0, 0.0, 0.0]),
        "apicobasal": np.array([0.5, 0.5, 0.0, 0.9]),
        "rotational_rad": np.array([3.0, 3.0, 0.0, 0.8]),
    }
    surfaces = {"rv_endocardium": np.array([[2, 3, 3]], np.int32)}
    points = np.array([[0.0, 0, 0], [0, 10, 0], [30, 0, -40], [30, 0, 40]])
    mesh = OrganMesh("heart", points, np.zeros((0, 4), np.int32), surfaces, fields, {}, {}, 4, "mesh", "labels")
    own = (Stimulus("his", 0, 160.0, "purkinje"),)
    return Setup(mesh, {"heart_rate_bpm": Quantity(70.0, "bpm", "measured", "test")}, own)


def test_is_a_therapy_that_only_an_engine_of_tissue_can_answer() -> None:
    assert isinstance(THERAPY, Therapy)
    assert THERAPY.edits == {"extrastimuli"}


def test_the_train_and_its_premature_beats(setup: Setup) -> None:
    treated = THERAPY.apply(setup, {"s1_beats": 3, "s1_ms": 400, "s2_ms": 280, "s3_ms": 240, "watch_ms": 1000})
    times = [s.time_ms - START_MS for s in treated.stimuli]
    assert times == [0, 400, 800, 1080, 1320]
    assert [s.name for s in treated.stimuli] == ["S1 1", "S1 2", "S1 3", "S2", "S3"]
    assert all(s.layer == "myocardium" for s in treated.stimuli)  # the heart's own conduction waits
    assert treated.value(WATCHED) == START_MS + 1320 + 1000


@pytest.mark.parametrize(
    ("values", "node"), [({}, 2), ({"site": "AHA11"}, 1), ({"site": "rv_outflow"}, 3), ({"site_node": 0}, 0)]
)
def test_where_the_electrode_lies(setup: Setup, values: dict, node: int) -> None:
    assert {s.node for s in THERAPY.apply(setup, values).stimuli} == {node}


@pytest.mark.parametrize("values", [{"s2_ms": 20}, {"site_node": 9}, {"site": "AHA4"}, {"speed": 1}])
def test_what_cannot_be_is_refused(setup: Setup, values: dict) -> None:
    with pytest.raises(TherapyError):
        THERAPY.apply(setup, values)
