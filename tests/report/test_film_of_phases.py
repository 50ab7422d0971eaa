"""The measured beat of a multi-phase volume can be filmed, and lasts as long as the images say."""

from dataclasses import replace

import numpy as np
from moving_ball import FRAMES, moving

from twinviewer.domain import Grid, Volume
from twinviewer.report import can_film, follows_images
from twinviewer.report.studio import beat_s
from twinviewer.session.case import Case

GATED = Volume(
    np.zeros((FRAMES, 4, 4, 4), np.int16), Grid((4, 4, 4), np.eye(4)), "CT", np.arange(FRAMES) * 12.5, 0.9, "gated"
)


def test_a_mesh_that_follows_phases_is_filmed_for_one_true_beat() -> None:
    mesh = moving()
    case = Case(mesh=mesh, image=GATED)
    assert can_film(case) and not follows_images(case)
    assert beat_s(case) == 0.9
    still = replace(case, mesh=replace(mesh, motion_mm=None, motion_fraction=None))
    assert not can_film(still)


def test_a_beat_of_unknown_length_takes_a_second() -> None:
    assert beat_s(Case(mesh=moving(), image=replace(GATED, rr_s=None))) == 1.0
