"""A sweep of lead places: in a left bundle branch block the lateral wall does best and the septum worst, dead muscle is
left out, and the numbers are the same on one worker and on two."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from ideal_heart import ideal_heart
from ideal_patient import ideal_patient

from twinviewer.domain import Quantity, Setup, TherapyError
from twinviewer.organs.heart.conduction import stimuli
from twinviewer.organs.heart.scar import scar_of_segments
from twinviewer.session import catalog
from twinviewer.session.case import BASELINE, Case, Scenario
from twinviewer.session.codec import decode, encode
from twinviewer.session.simulate import setup_uid
from twinviewer.session.studies.door import run_points
from twinviewer.session.studies.study import Answer, Point, Study
from twinviewer.session.studies.sweep import ranking
from twinviewer.session.studies.sweep.places import Masked, places
from twinviewer.session.studies.sweep.plan import axis_values, plan, plan_of, settings
from twinviewer.session.studies.sweep.points import BASELINE_POINT, ELECTRICAL, WANTED, points
from twinviewer.session.studies.sweep.step import accept_study, compute_sweep, sweep_input

LATERAL, SEPTAL = {5, 6, 11, 12, 16}, {2, 3, 8, 9, 14}


@lru_cache(maxsize=1)
def blocked() -> Setup:
    """The ideal patient, fitted while sound, then with a left bundle branch block."""
    found, layer, _ = stimuli(ideal_heart(), "lbbb", 160.0)
    return replace(ideal_patient(), stimuli=found, tissue={"fast_layer": layer})


def case_of(setup: Setup) -> Case:
    return Case(engine="beat", mesh=setup.mesh, scenarios=(Scenario(BASELINE, "Baseline", (), setup),))


@lru_cache(maxsize=1)
def swept() -> Study:
    case = case_of(blocked())
    return compute_sweep(*sweep_input(case, plan(["crt"], ["lv_segment", "av_delay_ms=80:120:2"]), ELECTRICAL))


def test_in_a_left_bundle_branch_block_the_lateral_wall_is_first_and_the_septum_last() -> None:
    table = ranking.table(swept(), blocked())
    for metric in ("qrs_ms", "lv_activation_ms"):
        best = ranking.best_of_places(ranking.ranked(table.rows, ranking.TARGETS[metric]))
        assert best[0].rank == 1 and best[0].row.segment in LATERAL, metric
        assert {one.row.segment for one in best if not one.rank} == SEPTAL, "no vein leads there"
        assert best[0].value < table.baseline[metric], "pacing the lateral wall resynchronises"
        of = {one.row.segment: one.value for one in best}
        # an apical lead lies beside the one in the right ventricle's apex, and is no better than the septum
        ring = {segment: value for segment, value in of.items() if segment <= 12}
        assert max(ring, key=lambda segment: ring[segment]) in SEPTAL, metric
        assert max(of[segment] for segment in LATERAL - {16}) < min(of[segment] for segment in SEPTAL), metric


def test_the_map_holds_the_best_of_each_segment() -> None:
    table = ranking.table(swept(), blocked())
    target = ranking.TARGETS["qrs_ms"]
    values = ranking.by_segment(ranking.ranked(table.rows, target))
    assert values.shape == (17,) and np.isfinite(values).all()
    for segment in (1, 11, 17):
        own = [row.numbers["qrs_ms"] for row in table.rows if row.segment == segment]
        assert len(own) == 2 and values[segment - 1] == min(own)


def test_two_workers_give_what_one_gives_bit_for_bit() -> None:
    found = points(blocked(), plan(["crt"], ["lv_segment=AHA5,AHA9,AHA11", "av_delay_ms=80:120:2"]))
    alone = run_points("beat", blocked(), found, ELECTRICAL, workers=1)
    both = run_points("beat", blocked(), found, ELECTRICAL, workers=2)
    assert_same(alone, both)


@pytest.mark.slow
def test_two_workers_give_the_same_beats_bit_for_bit() -> None:
    found = points(blocked(), plan(["crt"], ["lv_segment=AHA5,AHA9", "av_delay_ms=80:120:2"]))
    alone = run_points("beat", blocked(), found, WANTED, workers=1)
    assert_same(alone, run_points("beat", blocked(), found, WANTED, workers=2))
    assert "stroke_work_mmhg_ml" in alone[0].metrics and alone[0].segments["work_kpa"].shape == (17,)


def assert_same(first: tuple[Answer, ...], second: tuple[Answer, ...]) -> None:
    for one, other in zip(first, second, strict=True):
        assert not one.failure and one.metrics == other.metrics
        for name in one.segments:
            assert np.array_equal(one.segments[name], other.segments[name], equal_nan=True)


def test_dead_muscle_is_not_simulated_and_says_why() -> None:
    scar = scar_of_segments(blocked().mesh, {5: 1.0, 11: 0.5})
    setup = replace(blocked(), tissue={**blocked().tissue, "conduction_scale": scar.conduction_scale})
    swept_over = plan(["crt"], ["lv_segment"])
    found = places(setup, swept_over)
    why = found["AHA5"].masked
    assert why is not None and why.kind == "scar" and not why.simulated and "%" in why.reason
    assert found["AHA11"].masked is None, "a scar of the inner half leaves the outside alive"
    assert found["AHA2"].masked == Masked("unreachable", found["AHA2"].masked.reason, True)  # type: ignore[union-attr]
    names = [point.name for point in points(setup, swept_over)]
    assert len(names) == 17 and "lv_lead=AHA5" not in names and names[0] == BASELINE_POINT


def test_vein_sites_are_places_of_their_segments() -> None:
    found = places(blocked(), plan(["crt"], ["lv_vein"]))
    assert len(found) >= 9 and "none" not in found
    assert {one.segment for one in found.values()} & LATERAL and not {one.segment for one in found.values()} & SEPTAL
    assert found["lateral_mid"].segment in {11, 12} and found["lateral_mid"].masked is None


def test_ranges_are_read_as_they_are_written() -> None:
    crt = {parameter.name: parameter for parameter in catalog.therapy("crt").parameters}
    assert axis_values(crt["av_delay_ms"], "80:160:5") == (80.0, 100.0, 120.0, 140.0, 160.0)
    assert axis_values(crt["av_delay_ms"], "80:90:4") == (80.0, 85.0, 90.0), "devices step by 5 ms"
    assert axis_values(crt["av_delay_ms"]) == (40.0, 90.0, 145.0, 200.0, 250.0)
    assert axis_values(crt["rv_lead"], "apex,septum") == ("apex", "septum") and len(axis_values(crt["lv_lead"])) == 17
    made = plan(["crt", "beta_blocker"], ["crt.lv_segment", "vv_delay_ms=-40:40:3"], {"av_delay_ms": 110.0})
    assert made.combinations == 51 and made.uses[0].values["av_delay_ms"] == 110.0
    study = Study("s", "sweep", "beat", "", points(blocked(), made), (), WANTED, settings(made))
    again = plan_of(study)
    assert [axis.values for axis in again.axes] == [axis.values for axis in made.axes]
    assert again.uses[0].values["av_delay_ms"] == 110.0


@pytest.mark.parametrize(
    "over", ["colour", "av_delay_ms=10:500:3", "av_delay_ms=80:160", "lv_lead=AHA99", "lv_lead=,", "rv_lead=apex,apex"]
)
def test_what_is_not_understood_is_said(over: str) -> None:
    with pytest.raises(TherapyError):
        plan(["crt"], [over])


def test_a_parameter_varies_once_and_not_without_bound() -> None:
    with pytest.raises(TherapyError, match="twice"):
        plan(["crt"], ["av_delay_ms", "av_delay_ms=80:160:5"])
    with pytest.raises(TherapyError, match="too many"):
        plan(["crt"], ["lv_lead", "lv_second", "av_delay_ms=40:250:43", "vv_delay_ms=-80:80:33"])


def row(name: str, **numbers: float) -> ranking.Row:
    return ranking.Row(Point(name), (name,), name, numbers)


QRS, WORK = ranking.TARGETS["qrs_ms"], ranking.TARGETS["stroke_work_mmhg_ml"]


def order(rows: list[ranking.Row], target: ranking.Target) -> Mapping[str, int]:
    return {one.row.point.name: one.rank for one in ranking.ranked(rows, target)}


def test_what_the_simulation_cannot_tell_apart_is_a_tie() -> None:
    rows = [row("a", qrs_ms=120.0), row("b", qrs_ms=120.6), row("c", qrs_ms=121.2), row("d", qrs_ms=119.0)]
    assert order(rows, QRS) == {"d": 1, "a": 2, "b": 2, "c": 4}
    assert order([row("a", stroke_work_mmhg_ml=5000.0), row("b", stroke_work_mmhg_ml=5009.0)], WORK) == {"b": 1, "a": 1}


def test_masked_and_failed_rows_have_no_rank() -> None:
    hidden = replace(row("septum", qrs_ms=90.0), masked=Masked("unreachable", "no vein", True))
    broken = replace(row("broken"), failure="diverged")
    assert order([hidden, broken, row("a", qrs_ms=120.0)], QRS) == {"a": 1, "septum": 0, "broken": 0}


def test_the_front_is_what_no_other_beats() -> None:
    rng = np.random.default_rng(3)
    drawn = zip(rng.uniform(100, 160, 80), rng.uniform(4000, 6000, 80), strict=True)
    rows = [row(f"{i}", qrs_ms=float(q), stroke_work_mmhg_ml=float(w)) for i, (q, w) in enumerate(drawn)]
    front = ranking.pareto(rows, QRS, WORK)
    assert 1 < len(front) < 20
    works = [one.numbers["stroke_work_mmhg_ml"] for one in front]
    assert works == sorted(works), "along the front, more work costs a longer QRS"
    for one in rows:
        beaten = any(
            other.numbers["qrs_ms"] < one.numbers["qrs_ms"] - 1.0
            and other.numbers["stroke_work_mmhg_ml"] > one.numbers["stroke_work_mmhg_ml"] + 12.0
            for other in rows
        )
        assert not (beaten and one in front)


def test_a_case_keeps_its_sweep_until_the_heart_is_another() -> None:
    case = accept_study(case_of(blocked()), replace(swept(), baseline_uid=uid(blocked())))
    tree, arrays = encode(case)
    again = decode(tree, lambda index: arrays[index])
    assert len(again.studies) == 1 and again.studies[0].answers[3].metrics == swept().answers[3].metrics
    assert case.changed("Rename", title="other").studies == case.studies
    faster = blocked().with_parameter("heart_rate_bpm", Quantity(90.0, "bpm", "chosen", "test"))
    moved = case.changed("Prepare baseline", scenarios=case_of(faster).scenarios)
    assert moved.studies == () and "dropped" in moved.messages["Simulate"]


def uid(setup: Setup) -> str:
    return setup_uid(catalog.engine("beat"), setup)
