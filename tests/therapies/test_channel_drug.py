"""Channel drugs against what is known of their effect on QT, and their manners as a therapy."""

from functools import lru_cache

import numpy as np
import pytest

from twinviewer.domain import OrganMesh, Quantity, Setup, Therapy, TherapyError
from twinviewer.physics.repolarisation import duration_ms
from twinviewer.therapies.channel_drug import THERAPY, taken
from twinviewer.therapies.channel_drug.table import lengthening


@lru_cache(maxsize=1)
def setup() -> Setup:
    mesh = OrganMesh("heart", np.zeros((0, 3)), np.zeros((0, 4), np.int32), {}, {}, {}, {}, 0, "mesh", "labels")
    return Setup(mesh, {"heart_rate_bpm": Quantity(60.0, "bpm", "measured", "test")}, ())


def longer_ms(name: str, dose: float) -> float:
    """What the wall's mean action potential gains under a drug: QT gains as much."""
    treated = THERAPY.apply(setup(), {"drug": name, "dose_cmax": dose})
    scale = {layer: treated.value(f"apd_{layer}_scale") for layer in ("endo", "mid", "epi")}
    depth, start = np.linspace(0.0, 1.0, 11), np.zeros(11)
    return float((duration_ms(depth, start, 1000.0, scale) - duration_ms(depth, start, 1000.0)).mean())


def under(*doses: tuple[str, float], start: Setup | None = None) -> Setup:
    treated = start or setup()
    for name, times in doses:
        treated = THERAPY.apply(treated, {"drug": name, "dose_cmax": times})
    return treated


def test_a_second_drug_of_no_dose_is_the_first_alone() -> None:
    alone = under(("dofetilide", 2.0))
    assert under(("dofetilide", 2.0), ("verapamil", 0.0)).parameters == alone.parameters
    assert under(("verapamil", 0.0), ("dofetilide", 2.0)).parameters == alone.parameters


def test_the_order_of_drugs_does_not_matter() -> None:
    pair = [("dofetilide", 1.0), ("diltiazem", 1.0)]
    one, other = under(*pair), under(*pair[::-1])
    assert {n: q.value for n, q in one.parameters.items()} == {n: q.value for n, q in other.parameters.items()}
    assert taken(one) == {"dofetilide": 1.0, "diltiazem": 1.0}


def test_a_pair_is_paced_together_not_multiplied() -> None:
    """Diltiazem takes back part of what dofetilide adds; the pair is not the product of the two alone."""
    alone = {name: under((name, 1.0)).value("apd_endo_scale") for name in ("dofetilide", "diltiazem")}
    both = under(("dofetilide", 1.0), ("diltiazem", 1.0)).value("apd_endo_scale")
    assert both < alone["dofetilide"] and abs(both / (alone["dofetilide"] * alone["diltiazem"]) - 1.0) > 0.01


def test_a_faster_beat_between_two_drugs_leaves_no_trace_of_the_slower() -> None:
    """The first drug's share is taken out again before both are paced at the rate of now."""
    between = under(("dofetilide", 1.0))
    faster = between.with_parameter("heart_rate_bpm", Quantity(90.0, "bpm", "measured", "test"))
    both = under(("diltiazem", 1.0), start=faster)
    fast = setup().with_parameter("heart_rate_bpm", Quantity(90.0, "bpm", "measured", "test"))
    expected = under(("dofetilide", 1.0), ("diltiazem", 1.0), start=fast)
    assert both.value("apd_mid_scale") == pytest.approx(expected.value("apd_mid_scale"), rel=1e-12)


def test_one_drug_twice_is_its_sum_and_bounded() -> None:
    once, twice = under(("sotalol", 2.0)), under(("sotalol", 1.0), ("sotalol", 1.0))
    assert twice.value("apd_endo_scale") == pytest.approx(once.value("apd_endo_scale"), rel=1e-12)
    with pytest.raises(TherapyError, match="given twice"):
        under(("verapamil", 20.0), ("verapamil", 20.0))


def test_a_pair_near_the_table_is_as_the_table() -> None:
    """Next to nothing of a second drug, paced now, against the first alone, read from the table."""
    both = under(("dofetilide", 2.0), ("metoprolol", 0.01)).value("apd_endo_scale")
    assert both == pytest.approx(under(("dofetilide", 2.0)).value("apd_endo_scale"), rel=0.02)


def test_it_explains_what_the_cell_does() -> None:
    text = THERAPY.explain(setup(), [{"drug": "dofetilide", "dose_cmax": 4.0}])
    assert "high risk" in text and "APD90" in text
    assert THERAPY.explain(setup(), [{"dose_cmax": 0.0}]) == ""


def test_is_a_therapy_of_28_drugs() -> None:
    assert isinstance(THERAPY, Therapy) and THERAPY.edits == {"repolarisation"}
    assert len(THERAPY.parameters[0].choices) == 28


def test_dofetilide_lengthens_qt_with_its_dose() -> None:
    """Mean largest gain of QTc 79 ms after 0.5 mg (Johannesen 2014), about 25 ms a ng/mL: 20 to 100 ms at Cmax."""
    once, four = longer_ms("dofetilide", 1.0), longer_ms("dofetilide", 4.0)
    assert 20.0 < once < 100.0 and once < four < 200.0


def test_verapamil_hardly_does_and_quinidine_does_more() -> None:
    """Verapamil balances hERG by calcium block: QTc did not grow (Johannesen 2014)."""
    assert abs(longer_ms("verapamil", 1.0)) < 25.0
    assert longer_ms("quinidine", 0.25 * 2) > 40.0


def test_no_dose_changes_nothing() -> None:
    assert THERAPY.apply(setup(), {"dose_cmax": 0.0}) is setup()


def test_says_which_drug_and_what_risk() -> None:
    source = THERAPY.apply(setup(), {"drug": "dofetilide"}).parameters["apd_endo_scale"].source
    assert "dofetilide 2 nM" in source and "high risk" in source


@pytest.mark.parametrize("values", [{"dose_cmax": 26.0}, {"dose_cmax": -1.0}, {"drug": "water"}, {"dose": 1.0}])
def test_refuses_what_it_does_not_know(values: dict[str, float | str]) -> None:
    with pytest.raises(TherapyError):
        THERAPY.apply(setup(), values)


def test_refuses_a_dose_at_which_cells_do_not_repolarise() -> None:
    with pytest.raises(TherapyError, match="no longer repolarise"):
        THERAPY.apply(setup(), {"drug": "quinidine", "dose_cmax": 25.0})


def test_between_the_rows_of_the_table_cells_say_the_same() -> None:
    """Dofetilide at 3 x Cmax and 1000 ms, paced now: the table has neither; and no dose at all is the cell itself."""
    from twinviewer.therapies.channel_drug.make import lengthening as paced

    assert lengthening("dofetilide", 3.0, 1000.0) == pytest.approx(paced("dofetilide", 3.0, 1000.0), abs=0.02)
    assert lengthening("dofetilide", 0.0, 1000.0) == 1.0
    assert 1.0 < lengthening("dofetilide", 0.1, 1000.0) < lengthening("dofetilide", 0.5, 1000.0)
