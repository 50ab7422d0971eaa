"""Durations of action potentials through the wall against the cells that they are made of, and in their order."""

import numpy as np
import pytest

from twinviewer.physics.cells.ohara_cipa import OHaraCiPA
from twinviewer.physics.cells.steady import steady
from twinviewer.physics.repolarisation import (
    CYCLES_MS,
    DEPTHS,
    IN_VIVO,
    LAYER_APD90_MS,
    duration_ms,
    layer_apd90_ms,
    wall_profile_ms,
)


def test_the_table_is_what_the_cells_do() -> None:
    found = steady(OHaraCiPA("endo"), 1000.0).apd90_ms
    assert found == pytest.approx(LAYER_APD90_MS["endo"][CYCLES_MS.index(1000.0)], rel=0.01)


def test_neighbours_even_out_what_single_cells_differ_by() -> None:
    cells = layer_apd90_ms(1000.0)
    profile = wall_profile_ms(cells)
    assert 20.0 < np.ptp(profile) < 60.0 < cells["mid"] - cells["epi"]  # Glukhov 2010; single cells about 100 ms
    assert profile[-1] == profile.min() and cells["epi"] < profile.min() and profile.max() < cells["mid"]
    assert profile.mean() == pytest.approx(0.2 * cells["endo"] + 0.3 * cells["mid"] + 0.5 * cells["epi"], rel=0.01)
    assert wall_profile_ms(dict.fromkeys(cells, 300.0)) == pytest.approx(np.full(len(DEPTHS), 300.0))


def test_durations_are_shorter_outside_late_and_at_fast_rates() -> None:
    depth, activation = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 60.0])
    slow, fast = duration_ms(depth, activation, 1000.0), duration_ms(depth, activation, 600.0)
    assert slow[1] < slow[0] and slow[2] < slow[0] and (fast < slow).all()


def test_a_drug_acts_on_its_layers() -> None:
    depth, activation = np.array([0.0, 1.0]), np.zeros(2)
    plain = duration_ms(depth, activation, 1000.0)
    longer = duration_ms(depth, activation, 1000.0, {"endo": 1.2, "mid": 1.2, "epi": 1.2})
    assert longer == pytest.approx(1.2 * plain)
    inner = duration_ms(depth, activation, 1000.0, {"endo": 1.2}) - plain
    assert 0.0 < inner[1] < inner[0] < 0.2 * IN_VIVO * LAYER_APD90_MS["endo"][4]
