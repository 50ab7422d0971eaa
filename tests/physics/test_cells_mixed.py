"""Several channel drugs at once: exact where two are one, and as trials found where one undoes another."""

from dataclasses import replace

import numpy as np
import pytest

from twinviewer.domain import EngineError
from twinviewer.physics.cells.drugs import NO_DRUG, drug, risk_class, together
from twinviewer.physics.cells.herg import herg_step
from twinviewer.physics.cells.herg_mixed import herg_mixed_step
from twinviewer.physics.cells.ohara_cipa import OHaraCiPA
from twinviewer.physics.cells.pacing import pace
from twinviewer.physics.cells.steady import mixed

CLAMP = [(-80.0, 0.5), (30.0, 0.1), (30.0, 1.0), (0.0, 2.0), (-40.0, 5.0), (-88.0, 50.0)] * 20
"""Voltage in mV and step in ms."""


def chains(*bindings: tuple[float, float, float]) -> np.ndarray:
    """Drug-free states and the sum of the bound ones after the voltage clamp."""
    chain = np.zeros(6 + 3 * len(bindings))
    chain[0] = 1.0
    scratch = np.zeros((9, 5))
    for voltage_mv, step_ms in CLAMP:
        herg_mixed_step(chain, voltage_mv, step_ms, np.array(bindings).reshape(-1, 3), scratch)
        assert chain.sum() == pytest.approx(1.0, abs=1e-12) and (chain >= 0.0).all()
    return np.concatenate([chain[:6], chain[6:].reshape(-1, 3).sum(axis=0)])


def test_one_drug_in_the_mixed_chain_is_the_published_chain() -> None:
    binding = (0.02, 0.004, -60.0)
    chain, scratch = np.zeros(9), np.zeros((9, 5))
    chain[0] = 1.0
    for voltage_mv, step_ms in CLAMP:
        herg_step(chain, voltage_mv, step_ms, *binding, scratch)
    np.testing.assert_allclose(chains(binding), chain, rtol=1e-10, atol=1e-15)


def test_two_drugs_that_bind_alike_at_half_the_rate_are_one_at_the_whole() -> None:
    whole = chains((0.02, 0.004, -60.0))
    np.testing.assert_allclose(chains((0.01, 0.004, -60.0), (0.01, 0.004, -60.0)), whole, rtol=1e-10, atol=1e-15)
    parts = [(0.002, 0.004, -60.0), (0.006, 0.004, -60.0), (0.012, 0.004, -60.0)]
    np.testing.assert_allclose(chains(*parts), whole, rtol=1e-10, atol=1e-15)


def test_drugs_compete_for_the_channel() -> None:
    """Together they hold more than either, less than the sum."""
    one, other = (0.02, 0.004, -60.0), (0.05, 0.02, -20.0)
    held = [chains(b)[6:].sum() for b in (one, other)]
    both = chains(one, other)[6:].sum()
    assert max(held) < both < sum(held)


def test_what_is_left_of_a_current_is_the_product() -> None:
    first, second = drug("verapamil").at_cmax(2.0), drug("mexiletine").at_cmax(3.0)
    both = together([first, second])
    assert both.calcium == pytest.approx(first.calcium * second.calcium)
    assert both.late_sodium == pytest.approx(first.late_sodium * second.late_sodium)
    assert len(both.others) == 1


def test_order_and_a_dose_of_nothing_do_not_matter() -> None:
    effects = [drug(name).at_cmax(2.0) for name in ("verapamil", "mexiletine", "dofetilide", "sotalol")]
    assert together(effects) == together(effects[::-1]) == together([effects[2], *effects[:2], effects[3]])
    assert together([effects[0], drug("quinidine").at_cmax(0.0)]) == effects[0]
    assert together([]) == together([NO_DRUG]) == NO_DRUG


def test_a_cell_under_two_halves_is_the_cell_under_the_whole() -> None:
    """Sotalol split into two drugs of half its binding rate, through the whole cell."""
    whole = drug("sotalol").at_cmax(2.0)
    half = (whole.bind_per_ms / 2, whole.unbind_per_ms, whole.half_mv)
    split = replace(whole, bind_per_ms=half[0], others=(half,))
    one = pace(OHaraCiPA("endo", whole), 1000.0, 12)
    two = pace(OHaraCiPA("endo", split), 1000.0, 12)
    np.testing.assert_allclose(two.apd90_ms, one.apd90_ms, rtol=1e-6)


def test_broken_binding_is_refused() -> None:
    broken = replace(drug("sotalol").at_cmax(1.0), others=((float("nan"), 0.1, 0.0),))
    with pytest.raises(EngineError, match="binding"):
        pace(OHaraCiPA("endo", broken), 1000.0, 1)


def test_mexiletine_makes_dofetilide_safer_by_qnet() -> None:
    """Johannesen et al., Clin Pharmacol Ther 99:214 (2016), 22 volunteers: late sodium block by mexiletine took about
    20 ms off the QTc that dofetilide had added. With the panel's binding, by which mexiletine holds hERG too, the cell
    does not shorten; but it adds less than alone, and qNet says that the risk falls, as the trial was made to show."""
    none, other = mixed("endo", 1000.0, []).apd90_ms, mixed("endo", 1000.0, [("mexiletine", 1.0)]).apd90_ms
    alone = mixed("endo", 1000.0, [("dofetilide", 1.0)]).apd90_ms
    both = mixed("endo", 1000.0, [("dofetilide", 1.0), ("mexiletine", 1.0)]).apd90_ms
    assert both - alone < other - none < 10.0
    qnet = [mixed("endo", 2000.0, [("dofetilide", 4.0), *more]).qnet_uc_uf for more in ([], [("mexiletine", 1.0)])]
    assert risk_class(qnet[0]) == 2 and qnet[1] > qnet[0] + 0.01


def test_diltiazem_takes_back_what_dofetilide_adds() -> None:
    """Calcium block shortens the plateau: the cell under both lies between dofetilide's and none's."""
    none = mixed("endo", 1000.0, []).apd90_ms
    alone = mixed("endo", 1000.0, [("dofetilide", 1.0)]).apd90_ms
    both = mixed("endo", 1000.0, [("dofetilide", 1.0), ("diltiazem", 1.0)]).apd90_ms
    assert none < both < alone - 10.0
