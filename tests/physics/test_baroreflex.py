"""The reflex against the basal values that its author gives, and its senses."""

import pytest

from twinviewer.physics.baroreflex import SET_POINT_MMHG, _effectors, answer


def test_basal_values_of_the_paper() -> None:
    # Ursino 1998, tables 1 and 3: 3.307 and 1.407 mmHg s/mL, elastances 2.95 and 1.75 mmHg/mL, some 70 bpm
    period, resistance, left, right, _ = _effectors(SET_POINT_MMHG)
    assert resistance == pytest.approx(1.0 / (1.0 / 3.307 + 1.0 / 1.407), rel=0.04)
    assert left == pytest.approx(2.95, rel=0.03)
    assert right == pytest.approx(1.75, rel=0.03)
    assert 60.0 / period == pytest.approx(70.0, abs=3.0)


def test_it_is_silent_at_the_set_point() -> None:
    assert tuple(answer(87.0, 87.0)) == pytest.approx((1.0, 1.0, 1.0, 1.0, 0.0))


def test_low_pressure_calls_for_rate_tone_force_and_blood_and_high_for_less() -> None:
    low, high = answer(80.0, 92.0), answer(104.0, 92.0)
    assert min(low[:4]) > 1.0 and low.filling_mmhg > 0.0
    assert max(high[:4]) < 1.0 and high.filling_mmhg < 0.0
    # it saturates
    assert answer(40.0, 92.0).rate - answer(50.0, 92.0).rate < 0.02


def test_half_the_gain_is_the_answer_to_half_the_fall() -> None:
    assert tuple(answer(80.0, 92.0, 0.5)) == pytest.approx(tuple(answer(86.0, 92.0)))
