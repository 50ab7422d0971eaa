"""Virtual cohorts are drawn as published, size is exact where it is said to be, and who responds is counted right."""

from dataclasses import replace

import numpy as np
import pytest
from ideal_heart import ideal_heart
from ideal_patient import ideal_patient
from made_cohort import BASE, PATIENT, bare, made_study
from scipy.stats import kstest, norm

from twinviewer.domain import EngineError, Quantity, Setup
from twinviewer.engines.beat.mechanics import beating, walls_for
from twinviewer.physics import heart_model
from twinviewer.physics.heartbeat import Beat
from twinviewer.session.studies.cohort.bias import bias_statement, in_words, marginals
from twinviewer.session.studies.cohort.hearts import round_patient
from twinviewer.session.studies.cohort.people import Person
from twinviewer.session.studies.cohort.published import Surfaces, design, from_published
from twinviewer.session.studies.cohort.response import Share, criterion, difference
from twinviewer.session.studies.cohort.size import of_own, on_reference
from twinviewer.session.studies.cohort.step import compute_cohort, people_of, result_of
from twinviewer.session.studies.spreads import spreads
from twinviewer.session.studies.study import Answer, Study
from twinviewer.session.therapy_use import TherapyUse


def test_what_is_drawn_round_a_patient_has_the_published_spread() -> None:
    cohort = round_patient(bare(), PATIENT, 1500, 3)
    for name, spread in spreads("patient").items():
        z = np.log([one.drawn[name] for one in cohort.virtuals]) / spread.sd
        assert kstest(z, norm.cdf).pvalue > 1e-3, name
    women = np.mean([one.person.sex == "F" for one in cohort.virtuals])
    assert women == pytest.approx(0.32, abs=0.04)
    age = [one.person.age_years for one in cohort.virtuals]
    assert np.mean(age) == pytest.approx(64.0, abs=1.0) and np.std(age) == pytest.approx(11.0, abs=1.0)
    # Mosteller: a man of 180 cm and 80 kg has 2.00 m2
    assert Person("M", 40.0, 180.0, 80.0).bsa_m2 == pytest.approx(2.0)


def test_the_middle_of_a_cohort_round_a_patient_is_the_patient() -> None:
    cohort = round_patient(bare(), PATIENT, 1500, 4)
    like = [
        one for one in cohort.virtuals
        if one.person.sex == "M" and abs(one.person.age_years - 63) < 6 and abs(one.person.bsa_m2 - 2.04) < 0.1
    ]  # fmt: skip
    assert len(like) > 80
    for name in ("heart_rate_bpm", "contractility_lv_kpa", "systemic_compliance_ml_mmhg"):
        value = np.array([one.parameters[name] for one in like])
        own = value * [one.size if "compliance" in name else 1.0 for one in like]
        assert np.median(own) == pytest.approx(BASE[name], rel=0.09), name


def test_what_is_no_heart_says_what_it_lacks() -> None:
    setup = replace(bare(), parameters={n: q for n, q in bare().parameters.items() if n != "stressed_volume_ml"})
    with pytest.raises(EngineError, match="stressed_volume_ml"):
        round_patient(setup, PATIENT, 3, 1)
    with pytest.raises(EngineError, match="stressed_volume_ml"):
        design(setup, 1)
    with pytest.raises(EngineError, match="population"):
        compute_cohort("beat", setup, PATIENT, (TherapyUse("crt", {}),), source="martians")


def test_a_patient_rests_on_seed_and_number_alone() -> None:
    few, more, other = (round_patient(bare(), PATIENT, n, seed) for n, seed in ((5, 1), (40, 1), (5, 2)))
    assert all(
        a.parameters == b.parameters and a.person == b.person for a, b in zip(few.virtuals, more.virtuals, strict=False)
    )
    assert few.virtuals[0].parameters != other.virtuals[0].parameters


def test_a_scaled_mesh_beats_as_the_reference_with_scaled_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    """A heart of 1.4 times the volume, meshed at that size, has the pressures and, per volume, the volumes of the
    reference heart with the parameters of size.py."""
    more = {"pr_interval_ms": 160.0, "lv_filling_pressure_mmhg": 10.0, "rv_filling_pressure_mmhg": 5.0}
    parameters = {n: Quantity(v, "unit", "assumed", "test") for n, v in {**BASE, **more}.items()}
    setup, size = replace(bare(), mesh=ideal_heart(2.5), parameters=parameters), 1.4
    length = size ** (1.0 / 3.0)
    # fronts on the large mesh are late by its length: the same thing as slower speeds on the small one
    late = np.linspace(0.160, 0.260, len(setup.mesh.points_mm)) * 1000.0
    own = {n: setup.value(n) for n in setup.parameters}
    own["systemic_resistance_mmhg_s_ml"] /= size
    own["systemic_compliance_ml_mmhg"] *= size
    own["pulmonary_resistance_mmhg_s_ml"] /= size
    own["pulmonary_compliance_ml_mmhg"] *= size
    own["stressed_volume_ml"] *= size
    alike = on_reference(own, size)
    assert alike["conduction_fibre_m_s"] * length == pytest.approx(own["conduction_fibre_m_s"])
    beat = _beat(_with(setup, alike), late)
    large = replace(setup.mesh, points_mm=setup.mesh.points_mm * length, uid="large")
    for name, power in (
        ("VEIN_RESISTANCE", -1), ("VEIN_COMPLIANCE", 1), ("LUNG_VEIN_RESISTANCE", -1), ("LUNG_VEIN_COMPLIANCE", 1),
        ("ARTERY_INERTANCE", -1), ("SMALL_INERTANCE", -1), ("INFLOW_RESISTANCE", -1), ("CLOSED_RESISTANCE", -1),
        ("ATRIA_ML", 1),
    ):  # fmt: skip
        monkeypatch.setattr(heart_model, name, getattr(heart_model, name) * size**power)
    for name in ("LEFT_ATRIUM", "RIGHT_ATRIUM"):
        active, passive, rest = getattr(heart_model, name)
        monkeypatch.setattr(heart_model, name, (active / size, passive / size, rest * size))
    for name, power in (("ROOT_IMPEDANCE", -1), ("VALVE_AREAS_CM2", 1)):
        scaled = {valve: v * size**power for valve, v in getattr(heart_model, name).items()}
        monkeypatch.setattr(heart_model, name, scaled)
    true = _beat(_with(replace(setup, mesh=large), own), late)
    for name in ("lv_pressure_mmhg", "aortic_pressure_mmhg", "la_pressure_mmhg"):
        assert np.abs(true[name] - beat[name]).max() < 1.2, name
    for name in ("lv_volume_ml", "rv_volume_ml"):
        expected = of_own({name: 1.0}, size)[name] * beat[name]
        assert true[name].max() == pytest.approx(expected.max(), rel=1e-2), name
        assert true[name].min() == pytest.approx(expected.min(), rel=1e-2), name
        assert np.sqrt(np.mean((true[name] / expected - 1.0) ** 2)) < 1e-2, name


def _with(setup: Setup, value: dict[str, float]) -> Setup:
    for name, number in value.items():
        setup = setup.with_parameter(name, setup.parameters[name].with_value(number, "assumed", "test"))
    return setup


def _beat(setup: Setup, activation_ms: np.ndarray) -> Beat:
    patches = heart_model.patches_of(setup.mesh)
    *_, beat = beating(setup, walls_for(setup, patches, activation_ms))
    return beat


def test_surfaces_find_hearts_with_published_numbers() -> None:
    """On a heart whose answers are known functions, the found patients have what was drawn for them."""
    setup = bare()
    points = design(setup, 1)

    def known(value: dict[str, float]) -> dict[str, float]:
        force, load = value["contractility_lv_kpa"] / 60.0, value["systemic_resistance_mmhg_s_ml"]
        rate, blood = value["heart_rate_bpm"] / 70.0, value["stressed_volume_ml"] / 1200.0
        flow = force**0.4 * rate**0.3 * blood
        mean, pulse = 85.0 * load**0.8 * flow**0.8, 42.0 * flow / rate / (value["systemic_compliance_ml_mmhg"] / 1.2)
        return {
            "lv_ef_percent": 26.0 * force**0.5 / load**0.35, "systolic_aortic_mmhg": mean + 0.6 * pulse,
            "diastolic_aortic_mmhg": mean - 0.4 * pulse, "lv_edv_ml": 200.0 * blood**0.6 / rate**0.1,
            "qrs_ms": 160.0 * 0.7 / value["conduction_fibre_m_s"],
        }  # fmt: skip

    def full(parameters: dict[str, float]) -> dict[str, float]:
        return {**BASE, **parameters}

    answers = [Answer(p.name, known(full(dict(p.parameters)))) for p in points]
    surfaces = Surfaces.of(setup, points, answers)
    cohort = from_published(setup, surfaces, "crt", 400, 5)
    got = [of_own(known(full(dict(one.parameters))), one.size) for one in cohort.virtuals]
    for name, metric in (
        ("lv_ef_percent", "lv_ef_percent"),
        ("qrs_ms", "qrs_ms"),
        ("systolic_mmhg", "systolic_aortic_mmhg"),
    ):
        spread = spreads("crt")[name]
        found = np.array([one[metric] for one in got])
        drawn = np.array([one.drawn[name] for one in cohort.virtuals])
        assert np.sqrt(np.mean((found - drawn) ** 2)) < 0.35 * spread.sd, name
        assert found.mean() == pytest.approx(spread.mean, abs=0.5 * spread.sd), name
    # volumes go with QRS as published (r = 0.51), and size meets the drawn volume
    index = np.log([one.drawn["lv_edv_index_ml_m2"] for one in cohort.virtuals])
    assert 0.3 < np.corrcoef(index, [one.drawn["qrs_ms"] for one in cohort.virtuals])[0, 1] < 0.65


def test_wilson_and_newcombe_are_those_of_the_papers() -> None:
    # Newcombe (1998), table II, contrast (a): 56/70 and 48/80, 95 %: 0.0524 to 0.3339; Wilson of 81/263: 0.2553, 0.3662
    from twinviewer.session.studies.cohort import response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(response, "LEVEL", 0.95)
        assert Share(81, 263).interval == pytest.approx((0.2553, 0.3662), abs=2e-4)
        found = difference("b", Share(48, 80), "a", Share(56, 70))
        assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=2e-4) and found.told


def test_a_criterion_is_read_as_it_is_typed() -> None:
    assert criterion("qrs_ms:-20").met(-20.0) and not criterion("qrs_ms:-20").met(-19.9)
    shorter = criterion("lv_dpdt_max_mmhg_s:+10%")
    assert shorter.met(shorter.change(900.0, 991.0)) and shorter.text == "lv_dpdt_max_mmhg_s:+10%"
    with pytest.raises(EngineError):
        criterion("better")


def test_responders_are_those_who_respond() -> None:
    found = result_of(made_study())
    women = sum(m.person.sex == "F" for m in found.members)
    assert found.overall.responders == Share(women, 39) and sum(found.dropped.values()) == 1
    sex = found.divisions[0]
    assert [g.responders.share for g in sex.groups] == [0.0, 1.0] and sex.difference is not None and sex.difference.told
    assert "Women respond more often" in sex.difference.said
    assert "no difference can be told" in str(found.divisions[1].difference and found.divisions[1].difference.said) or (
        found.divisions[1].difference is not None
    )
    # half a study is read as far as it is
    half = result_of(made_study(10))
    assert half.waiting == 30 and half.overall.responders.of == 9
    assert people_of(made_study())[3].size > 0.0


def test_the_bias_statement_says_what_was_done() -> None:
    found = result_of(made_study())
    text = in_words(found)
    assert [part.heading for part in bias_statement(found)][0] == "Who was sampled"
    women = sum(one.person.sex == "F" for one in found.people)
    assert f"{women} women" in text and "could not be simulated 1" in text and "no remodelling" in text
    assert all(np.isfinite(one.drawn).all() for one in marginals(found))


@pytest.mark.slow
def test_one_and_two_workers_give_the_same_cohort_and_a_stopped_one_goes_on(tmp_path) -> None:  # type: ignore[no-untyped-def]
    setup, journal = ideal_patient(), tmp_path / "cohort.jsonl"
    uses = (TherapyUse("crt", {}),)

    def run(workers: int, patients: int, **more: object) -> Study:
        return compute_cohort(
            "beat", setup, PATIENT, uses, patients=patients, workers=workers, seed=2, **more,  # type: ignore[arg-type]
        )  # fmt: skip

    alone = run(1, 4)
    run(1, 2, journal=journal)
    before: list[str] = []
    two = run(2, 4, journal=journal, heard=lambda answer: before.append(answer.point))
    assert set(before[:4]) == {f"patient {k} {w}" for k in (1, 2) for w in ("untreated", "treated")}
    for a, b in zip(alone.answers, two.answers, strict=True):
        assert a.point == b.point and dict(a.metrics) == dict(b.metrics) and a.failure == b.failure
    found = result_of(alone)
    assert len(found.members) + sum(found.dropped.values()) == 4
