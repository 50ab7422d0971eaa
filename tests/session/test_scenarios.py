"""Scenarios, their values, runs and comparisons; a control without therapy changes nothing at all."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import fake_twin
import numpy as np
import pytest

from twinviewer.domain import Cancelled, EngineError, Field, Frame, Setup, TherapyError
from twinviewer.session import catalog, scenarios, simulate, steps
from twinviewer.session.case import BASELINE, Case
from twinviewer.session.comparison import compare, symmetric_range
from twinviewer.session.metrics import metrics_document, read_metrics, write_metrics


def test_therapy_acts_through_the_engine_only(finished: Case) -> None:
    baseline, dose = finished.scenario(BASELINE), finished.scenario("dose")
    assert baseline.run is not None and dose.run is not None
    assert baseline.run.metrics["lv_ef_percent"].value == pytest.approx(100 * (1 - 0.9**3))
    assert dose.run.metrics["lv_ef_percent"].value == pytest.approx(100 * (1 - 0.85**3))
    assert dose.colour != baseline.colour
    assert baseline.run.points_mm.dtype == np.float32
    assert baseline.run.period_s == pytest.approx(60 / 70)


def test_control_without_therapy_gives_exactly_zero(finished: Case) -> None:
    control = scenarios.add_scenario(finished, [])
    control = steps.simulate_all(control)
    assert control.scenario("control").run is not None
    comparison = compare(control.scenario(BASELINE), control.scenario("control"))
    assert comparison.deltas and all(delta.change == 0.0 for delta in comparison.deltas)
    for values in comparison.difference_fields.values():
        assert np.nanmax(np.abs(values)) == 0.0


def test_comparison_has_the_engines_order_and_no_motion_that_is_not_known(finished: Case) -> None:
    comparison = compare(finished.scenario(BASELINE), finished.scenario("dose"))
    assert [delta.name for delta in comparison.deltas] == ["lv_ef_percent", "lv_edv_ml", "qrs_ms"]
    assert comparison.difference_fields["peak_strain_fibre"] == pytest.approx(-0.05)
    assert symmetric_range(comparison.difference_fields["peak_strain_fibre"]) == pytest.approx((-0.05, 0.05))
    still = compare(finished.scenario(BASELINE), finished.scenario("dose"), moving=False)
    assert still.deltas == comparison.deltas and "peak_strain_fibre" not in still.difference_fields
    swapped = compare(finished.scenario("dose"), finished.scenario(BASELINE))
    assert [d.change for d in swapped.deltas] == [-d.change for d in comparison.deltas]


def test_scenarios_on_two_meshes_cannot_be_compared(finished: Case) -> None:
    dose = finished.scenario("dose")
    other = replace(dose, setup=replace(dose.setup, mesh=fake_twin.mesh("other labels")))
    with pytest.raises(EngineError, match="different models"):
        compare(finished.scenario(BASELINE), other)


@pytest.mark.parametrize("values", [{"dose": 3.0}, {"dose": -0.1}, {"quick": "perhaps"}, {"dosage": 1.0}])
def test_values_out_of_bounds_are_refused(finished: Case, values: dict[str, float]) -> None:
    with pytest.raises(TherapyError) as caught:
        scenarios.add_scenario(finished, ["dose"], {"*": values})
    assert next(iter(values)) in str(caught.value)


def test_settings_out_of_bounds_are_refused(finished: Case) -> None:
    with pytest.raises(EngineError, match="heart_rate_bpm"):
        scenarios.prepare(finished, {"heart_rate_bpm": 500.0})


def test_a_default_setting_does_not_outrank_records(opened: Case) -> None:
    from twinviewer.domain import Quantity, Records

    known = Records({"heart_rate_bpm": Quantity(55.0, "bpm", "measured", "bundle")})
    case = steps.build(steps.segment(steps.accept_records(opened, known)))
    assert scenarios.prepare(case).scenario(BASELINE).setup.value("heart_rate_bpm") == 55.0


def test_names_labels_colours_and_removal(finished: Case) -> None:
    case = scenarios.add_scenario(finished, ["dose"], {"dose_2": {"dose.dose": "1.5"}})
    assert case.scenario("dose_2").therapies[0].values["dose"] == 1.5
    assert case.scenario("dose_2").label == "Dose 2"
    assert len({scenario.colour for scenario in case.scenarios}) == 3
    case = scenarios.rename_scenario(case, "dose_2", "High dose")
    copy = scenarios.duplicate_scenario(case, "dose_2")
    assert copy.scenario("dose_3").label == "High dose (copy)"
    left = scenarios.remove_scenario(copy, "dose_2")
    assert [s.name for s in left.scenarios] == [BASELINE, "dose", "dose_3"]
    with pytest.raises(TherapyError):
        scenarios.remove_scenario(left, BASELINE)


def test_changed_values_drop_only_that_run(finished: Case) -> None:
    case = scenarios.change_scenario(finished, "dose", {"dose": 1.0})
    assert case.scenario("dose").run is None and case.scenario(BASELINE).run is not None
    assert case.scenario("dose").therapies[0].values == {"dose": 1.0, "quick": False}


def test_an_engine_that_does_not_understand_is_not_offered(finished: Case) -> None:
    @dataclass(frozen=True)
    class Deaf(fake_twin.FakeEngine):
        understands: frozenset[str] = frozenset()

    verdict = catalog.offer(fake_twin.FakeTherapy(), Deaf())
    assert not verdict.ok and "contractility" in verdict.reason
    bare = replace(fake_twin.mesh(), cell_fields={})
    verdict = catalog.offer(fake_twin.FakeTherapy(), fake_twin.FakeEngine(), bare)
    assert not verdict.ok and "fibre" in verdict.reason


def test_divergence_is_refused_with_field_and_time(finished: Case) -> None:
    @dataclass(frozen=True)
    class Diverging(fake_twin.FakeEngine):
        def run(self, setup: Setup) -> Iterator[object]:
            points = setup.mesh.points_mm
            yield Frame(0.0, points)
            yield Frame(0.25, points * np.nan)

    with pytest.raises(EngineError) as caught:
        simulate.collect(Diverging(), finished.scenario(BASELINE).setup)
    assert "position" in caught.value.what and caught.value.where == "250 ms"


def test_a_wall_field_may_be_nan_off_the_wall_only(finished: Case) -> None:
    setup = finished.scenario(BASELINE).setup

    @dataclass(frozen=True)
    class Holes(fake_twin.FakeEngine):
        at: int = 0

        def run(self, setup: Setup) -> Iterator[object]:
            values = np.zeros(len(setup.mesh.points_mm))
            values[self.at] = np.nan
            yield Field("work_kpa", "kPa", values)
            yield Frame(0.0, setup.mesh.points_mm)

    assert simulate.collect(Holes(at=8), setup).fields["work_kpa"].values.shape == (9,)
    with pytest.raises(EngineError, match="work kpa"):
        simulate.collect(Holes(at=7), setup)


def test_the_reporter_can_cancel_between_yields(finished: Case) -> None:
    def impatient(fraction: float, text: str) -> None:
        if "Frame 3" in text:
            raise Cancelled

    with pytest.raises(Cancelled):
        simulate.collect(fake_twin.FakeEngine(), finished.scenario(BASELINE).setup, impatient)


def test_a_run_is_named_by_all_that_it_depends_on(finished: Case) -> None:
    setup = finished.scenario(BASELINE).setup
    engine = fake_twin.FakeEngine()
    uids = {
        simulate.setup_uid(engine, setup),
        simulate.setup_uid(fake_twin.FakeEngine(version="2"), setup),
        simulate.setup_uid(engine, finished.scenario("dose").setup),
        simulate.setup_uid(engine, replace(setup, tissue={"conduction_scale": np.full(6, 0.5)})),
        simulate.setup_uid(engine, replace(setup, mesh=fake_twin.mesh("others"))),
    }
    assert len(uids) == 5
    assert simulate.setup_uid(engine, replace(setup)) in uids


def test_metrics_document_has_origin_and_source_everywhere(finished: Case, tmp_path: object) -> None:
    from pathlib import Path

    document = metrics_document(finished)
    assert document["schema"] == 1
    assert set(document["scenarios"]) == {"baseline", "dose"}
    numbers = [*document["measurements"].values(), *document["scenarios"]["dose"].values()]
    assert all(number["unit"] and number["origin"] and number["source"] for number in numbers)
    change = document["deltas"]["dose"]["lv_ef_percent"]
    assert change["value"] - change["baseline"] == pytest.approx(change["change"])
    path = write_metrics(finished, Path(str(tmp_path)) / "metrics.json")
    assert read_metrics(path) == document


def test_intervals_of_changes_reach_the_deltas_and_say_what_can_be_told_apart(finished: Case) -> None:
    found = compare(finished.scenario(BASELINE), finished.scenario("dose"), {"qrs_ms": (-3.0, 5.0)})
    by_name = {delta.name: delta for delta in found.deltas}
    assert by_name["qrs_ms"].apart is False
    assert by_name["lv_ef_percent"].apart is None
