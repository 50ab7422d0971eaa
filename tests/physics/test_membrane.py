"""The potential that is shown has the shape that the ECG is made of."""

import numpy as np
import pytest

from twinviewer.physics.membrane import AMPLITUDE_MV, REST_MV, membrane_mv

PERIOD_MS = 860.0
ACTIVATION_MS, RECOVERY_MS = np.array([0.0, 80.0, np.nan]), np.array([300.0, 350.0, np.nan])


def at(time_ms: float) -> np.ndarray:
    return membrane_mv(time_ms, ACTIVATION_MS, RECOVERY_MS, PERIOD_MS)


def test_rest_upstroke_plateau_and_rest_again() -> None:
    # the bend of phase 2 takes a little off the plateau long before recovery
    assert at(40.0)[0] == pytest.approx(REST_MV + AMPLITUDE_MV, abs=1.5)
    assert at(40.0)[1] == pytest.approx(REST_MV, abs=0.5)
    assert at(80.0)[1] == pytest.approx(REST_MV + 0.5 * AMPLITUDE_MV, abs=20.0)  # middle of the upstroke
    assert (at(500.0)[:2] < REST_MV + 1.0).all()


def test_half_way_down_about_the_recovery_time() -> None:
    """R has its mean there; its early tail makes the median come a little later."""
    times = np.arange(100.0, 500.0)
    course = np.array([at(t)[0] for t in times])
    half = times[np.argmin(np.abs(course - (REST_MV + 0.5 * AMPLITUDE_MV)))]
    assert half == pytest.approx(300.0, abs=12.0)
    area = (course - REST_MV).sum() / AMPLITUDE_MV + 100.0  # time integral: the mean of R is the recovery time exactly
    assert area == pytest.approx(300.0, abs=1.0)


def test_beats_repeat_and_what_is_never_activated_stays_unknown() -> None:
    np.testing.assert_allclose(at(200.0), at(200.0 + PERIOD_MS), equal_nan=True)
    np.testing.assert_allclose(at(-30.0), at(PERIOD_MS - 30.0), equal_nan=True)
    assert np.isnan(at(200.0)[2])


def test_a_beat_that_is_too_fast_starts_from_what_is_left_of_the_one_before() -> None:
    slow = membrane_mv(-5.0, np.array([0.0]), np.array([300.0]), 320.0)
    assert REST_MV + 5.0 < slow[0] < REST_MV + 0.6 * AMPLITUDE_MV
