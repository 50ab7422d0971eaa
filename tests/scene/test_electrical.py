"""Maps that run with the beat: the front is where activation times say, at any moment between frames."""

from dataclasses import replace

import numpy as np
import pytest

from twinviewer.domain import Field, OrganMesh, Quantity, Run
from twinviewer.scene import compose
from twinviewer.scene.electrical import map_at, running_maps

PERIOD_S, ONSET_MS = 0.8, 160.0


def run() -> Run:
    activation = np.linspace(0.0, 100.0, 11)
    return Run(
        engine="test",
        period_s=PERIOD_S,
        time_s=np.array([0.0]),
        points_mm=np.zeros((1, 11, 3), np.float32),
        moving_fields={},
        fields={
            "activation_ms": Field("activation_ms", "ms", activation),
            "recovery_ms": Field("recovery_ms", "ms", activation + 280.0),
        },
        traces={},
        metrics={"excitation_ms": Quantity(ONSET_MS, "ms", "simulated", "test")},
        uid="run",
    )


@pytest.mark.parametrize("after_ms", [5.0, 42.0, 95.0])
def test_the_front_stands_where_activation_says(after_ms: float) -> None:
    values = map_at(run(), "spread_ms", (ONSET_MS + after_ms) / 1000.0)
    activation = run().fields["activation_ms"].values
    excited = activation <= after_ms
    np.testing.assert_allclose(values[excited], activation[excited])
    assert np.isnan(values[~excited]).all()


def test_the_wall_is_at_rest_before_and_after() -> None:
    for time_s in (0.05, 0.159, (ONSET_MS + 381.0) / 1000.0):
        assert np.isnan(map_at(run(), "spread_ms", time_s)).all()
    assert (map_at(run(), "membrane_mv", 0.1) < -80.0).all()


def test_they_are_offered_only_where_a_run_knows_recovery_and_onset() -> None:
    assert running_maps(run()) == ("spread_ms", "membrane_mv")
    assert {"spread_ms", "membrane_mv"} <= set(compose.colourable(run(), None))
    assert running_maps(replace(run(), metrics={})) == ()
    assert running_maps(None) == ()


def test_colours_are_those_of_activation_and_of_a_fixed_span() -> None:
    mesh = OrganMesh("heart", np.zeros((11, 3)), np.zeros((0, 4), np.int32), {}, {}, {}, {}, 11, "m", "l")
    assert compose.field_range("spread_ms", [run()], mesh) == compose.field_range("activation_ms", [run()], mesh)
    assert compose.field_range("membrane_mv", [run()], mesh) == (-90.0, 40.0)
