"""Strain by segment over the beat: means of the points of each segment, at the frame and between frames."""

from dataclasses import replace

import numpy as np
import pytest

from tests.ui.conftest import PERIOD_S, ball_mesh, ball_run
from twinviewer.session.segment_motion import at_time, middle_of, moving_by_segment


def test_means_of_segments_follow_their_points_through_the_beat() -> None:
    mesh = ball_mesh()
    run = ball_run(mesh, 0.1, 160.0)
    segment = np.where(mesh.points_mm[:, 0] > 0, 11, 8).astype(np.int8)
    values = np.outer(np.arange(len(run.time_s)), np.where(segment == 11, -1.0, 2.0)).astype(np.float32)
    run = replace(run, moving_fields={"strain_fibre": values})
    found = moving_by_segment(run, "strain_fibre", segment)
    assert found is not None and found.shape == (len(run.time_s), 17)
    assert found[3, 10] == pytest.approx(-3.0) and found[3, 7] == pytest.approx(6.0)
    assert np.isnan(found[:, 0]).all()
    between = at_time(run, found, 3.5 * PERIOD_S / len(run.time_s))
    assert between[7] == pytest.approx(7.0)
    assert moving_by_segment(run, "strain_wall", segment) is None


def test_the_middle_of_a_segment_lies_in_it() -> None:
    mesh = ball_mesh()
    node = middle_of(mesh, 11)
    assert mesh.point_fields["aha_segment"][node] == 11
    assert middle_of(mesh, 3) == -1
