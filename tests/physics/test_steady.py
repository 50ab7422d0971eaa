"""Anderson's mixing on a map whose fixed point is known."""

import numpy as np
import pytest

from twinviewer.physics.steady import Mixer


def test_finds_the_fixed_point_of_a_slow_linear_map_soon_and_keeps_its_sum() -> None:
    # columns that add up to one keep the sum of the state, as beats keep blood; the errors fall by 6 to 10 % a step
    rng = np.random.default_rng(1)
    kernel = 0.9 * np.eye(6) + 0.1 * rng.dirichlet(np.ones(6), 6).T
    state = np.array([90.0, 60.0, 120.0, 80.0, 100.0, 70.0])
    value, vector = np.linalg.eig(kernel)
    fixed = np.real(vector[:, np.argmax(value.real)])
    fixed *= state.sum() / fixed.sum()
    plain, mixer = state.copy(), Mixer(6)
    for _ in range(16):
        state = mixer.next_start(state, kernel @ state)
        plain = kernel @ plain
        assert state.sum() == pytest.approx(520.0, rel=1e-12)
    assert np.abs(state - fixed).max() < 0.02 * np.abs(plain - fixed).max()


def test_first_step_is_the_beats_own() -> None:
    end = np.array([1.0, 2.0])
    assert Mixer(2).next_start(np.zeros(2), end) is end
