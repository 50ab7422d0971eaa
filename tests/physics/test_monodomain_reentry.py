"""Circuits: a spiral in a sheet, and a scar's isthmus that sustains one until it is cut."""

import numpy as np
import pytest
from numpy.typing import NDArray

from twinviewer.physics.cells.phenomenological import MitchellSchaeffer
from twinviewer.physics.monodomain.grid import VoxelGrid
from twinviewer.physics.monodomain.induce import Induction, induce, without
from twinviewer.physics.monodomain.solver import Monodomain, Tissue
from twinviewer.physics.monodomain.stimulus import Current
from twinviewer.physics.monodomain.times import reentry

X = np.array([1.0, 0.0, 0.0])
SHORT = MitchellSchaeffer(tau_open_ms=80.0, tau_close_ms=80.0)
"""Muscle in fast rhythm: short, so that a circuit fits a small piece."""


def crossed_stimuli(second: bool) -> tuple[Monodomain, object]:
    """A sheet of 50 x 50 mm paced from its left border, then (or not) in a quarter behind the wave."""
    grid = VoxelGrid.build(np.ones((1, 50, 50)), 1.0)
    sheet = Monodomain(Tissue(grid, X, 0.06, 0.06), SHORT)
    x, y = grid.points_mm[:, 0], grid.points_mm[:, 1]
    stimuli = [Current(np.flatnonzero(x < 2.0), 0.0)]
    if second:
        stimuli.append(Current(np.flatnonzero((x < 30.0) & (y < 25.0)), 255.0, 4.0))
    sheet.run(260.0, stimuli, every_ms=20.0)
    before = sheet.outcome(stimuli)
    sheet.run(900.0, stimuli, every_ms=20.0)
    return sheet, reentry(before, sheet.outcome(stimuli))


def test_a_crossed_second_stimulus_makes_a_spiral_and_one_alone_does_not() -> None:
    _, alone = crossed_stimuli(False)
    assert not alone.sustained
    assert alone.beats == 0
    sheet, spiral = crossed_stimuli(True)
    assert spiral.sustained
    assert 100.0 < spiral.cycle_ms < 400.0
    voltage = sheet.voltage_mv()
    assert voltage.max() > -20.0  # still going at the end
    assert voltage.min() < -60.0


def scarred(cut: bool) -> tuple[Tissue, NDArray[np.int64]]:
    """A slab of wall, 50 x 40 x 3 mm, with two blocks of dead tissue and a slow, long lasting isthmus between them."""
    grid = VoxelGrid.build(np.ones((3, 40, 50)), 1.0)
    middle = np.argwhere(grid.fill > 0)[:, ::-1] + 0.5
    isthmus = (abs(middle[:, 0] - 25) < 10) & (abs(middle[:, 1] - 20) < 2)
    node = (abs(grid.points_mm[:, 0] - 25) < 10.5) & (abs(grid.points_mm[:, 1] - 20) < 2.5)
    speed = np.where(isthmus, 0.06, 0.1)
    whole = Tissue(grid, X, speed, speed, 0, {"tau_close": np.where(node, 1.8, 1.0)})
    dead = np.zeros(grid.fill.shape, bool)
    dead[:, 6:18, 15:35] = dead[:, 22:34, 15:35] = True
    dead[:, 18:22, 24:26] = cut
    left, number = without(whole, dead)
    assert np.allclose(grid.points_mm[number], left.grid.points_mm)
    return left, left.grid.nearest([(10.0, y, z) for y in (19, 20, 21) for z in (0, 1, 2, 3)])


def study(cut: bool, couplings_ms: tuple[float, ...]) -> Induction:
    tissue, site = scarred(cut)
    return induce(tissue, SHORT, site, couplings_ms, cycle_ms=400.0, beats=2, watch_ms=800.0)


@pytest.mark.slow
def test_an_isthmus_is_inducible_until_it_is_cut() -> None:
    before = study(False, (250.0, 230.0))
    assert before.inducible
    assert before.coupling_ms == 230.0
    assert not before.found[0].sustained  # not premature enough: the isthmus conducts both ways
    circuit = before.found[-1]
    assert circuit.beats >= 3
    assert 200.0 < circuit.cycle_ms < 350.0
    after = study(True, (230.0, 210.0))
    assert not after.inducible
    assert len(after.tried_ms) == 2
    assert max(one.lasted_ms for one in after.found) < 400.0
