"""A beat by segment: means over the points that a segment has, at the moment that is asked for."""

import numpy as np
import pytest

from tests.ui.conftest import PERIOD_S, ball_mesh, ball_run
from twinviewer.session.segments import by_segment


def test_means_are_those_of_the_segments_points_at_end_systole() -> None:
    mesh = ball_mesh()
    run = ball_run(mesh, 0.2, 120.0)
    segment = np.asarray(mesh.point_fields["aha_segment"])
    found = by_segment(run, segment)
    own = segment == 11
    assert found["activation_ms"][10] == pytest.approx(float(run.fields["activation_ms"].values[own].mean()), rel=1e-5)
    assert np.isnan(found["activation_ms"][np.arange(17) != 10]).all()  # the ball has no other
    # smallest in the middle of the beat, where the ball has shrunk by its whole ejection
    assert found["strain_fibre"][10] == pytest.approx(run.field_at("strain_fibre", PERIOD_S / 2)[own].mean(), abs=0.003)
    assert "work_kpa" not in found


def test_points_without_a_value_do_not_count() -> None:
    mesh = ball_mesh()
    run = ball_run(mesh, 0.2, 120.0)
    segment = np.asarray(mesh.point_fields["aha_segment"])
    values = run.fields["activation_ms"].values
    own = np.flatnonzero(segment == 11)
    values[own[0]] = np.nan
    assert by_segment(run, segment)["activation_ms"][10] == pytest.approx(float(values[own[1:]].mean()), rel=1e-5)
