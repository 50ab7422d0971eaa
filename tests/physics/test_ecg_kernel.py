"""One pass for several sequences gives what the plain kernel gives, which test_ecg.py holds against closed forms."""

import numpy as np
import pytest

from twinviewer.domain import EngineError
from twinviewer.physics import ecg
from twinviewer.physics.ecg_kernel import fronts, leads


def wall() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    points = random.uniform(-30.0, 30.0, (400, 3))
    near = np.argsort(np.linalg.norm(points[:, None] - points[None], axis=2), axis=1)[:, :4]
    tets = near.astype(np.int32)
    fields = random.normal(size=(len(tets), 9, 3))
    times = 40.0 + points @ np.array([0.5, 0.9, -0.3]) + 0.01 * points[:, 0] ** 2
    return points, tets, times, fields


@pytest.mark.parametrize("threads", [1, 2])
def test_two_sequences_at_once_are_the_two_alone(threads: int) -> None:
    points, tets, times, fields = wall()
    late = times[::-1] + 300.0
    late[7] = np.nan
    both = fronts(leads(points, tets, fields), [times, late], threads)
    for found, sequence in zip(both, (times, late), strict=True):
        plain = ecg.muscle_fronts(points, tets, sequence, fields)
        assert found.start_ms == plain.start_ms
        width = plain.weight.shape[1]
        scale = np.abs(plain.weight).max()
        assert np.abs(found.weight[:, :width] - plain.weight).max() < 1e-4 * scale
        assert np.abs(found.weight[:, width:]).max(initial=0.0) == 0.0


def test_a_sequence_without_times_is_refused() -> None:
    points, tets, times, fields = wall()
    with pytest.raises(EngineError, match="400 points"):
        fronts(leads(points, tets, fields), [np.full_like(times, np.nan)])
