"""An artery closed or opened: what balloons in the LAD showed, and what cannot be brought back."""

from dataclasses import replace

import numpy as np
import pytest
from ideal_patient import ideal_patient

from twinviewer.domain import Field, Frame, Metric, Setup, Therapy, TherapyError
from twinviewer.engines.beat import ENGINE
from twinviewer.therapies.coronary import TERRITORIES, THERAPY, territory


def beat(setup: Setup) -> tuple[dict[str, float], np.ndarray]:
    """Metrics, and (t, n) fibre strain."""
    metrics, strain = {}, []
    for one in ENGINE.run(setup):
        if isinstance(one, Metric):
            metrics[one.name] = one.quantity.value
        if isinstance(one, Frame):
            strain.append(one.fields["strain_fibre"])
    return metrics, np.array(strain)


def test_is_a_therapy_and_the_territories_are_the_left_ventricle() -> None:
    assert isinstance(THERAPY, Therapy)
    segments = sorted(s for name in ("lad", "lcx", "rca") for s in TERRITORIES[name])
    assert segments == list(range(1, 18))
    mesh = ideal_patient().mesh
    counts = sum(territory(mesh, TERRITORIES[name]).astype(int) for name in ("lad", "lcx", "rca"))
    left = np.asarray(mesh.cell_fields["chamber"]) == 1
    assert (counts[~left] == 0).all() and (counts[left] >= 1).mean() > 0.99


@pytest.mark.slow
def test_a_balloon_in_the_lad() -> None:
    """As in 16 patients (J Am Coll Cardiol 12:341, 1988): dyskinesia of the anterior wall, EF and dP/dt down, filling
    pressure up."""
    before, moved = beat(ideal_patient())
    after, bulging = beat(THERAPY.apply(ideal_patient(), {"vessel": "lad"}))
    assert after["lv_ef_percent"] < 0.8 * before["lv_ef_percent"]
    assert after["lv_dpdt_max_mmhg_s"] < 0.9 * before["lv_dpdt_max_mmhg_s"]
    assert after["lv_end_diastolic_mmhg"] > before["lv_end_diastolic_mmhg"]
    assert after["mean_arterial_mmhg"] < before["mean_arterial_mmhg"]
    mesh = ideal_patient().mesh
    anterior = np.flatnonzero(np.asarray(mesh.point_fields["aha_segment"]).astype(int) == 7)
    inferior = np.flatnonzero(np.asarray(mesh.point_fields["aha_segment"]).astype(int) == 10)
    end_systole = int(np.nanmean(bulging[:, inferior], axis=1).argmin())
    assert np.nanmean(moved[end_systole, anterior]) < -8.0  # it shortened
    assert np.nanmean(bulging[end_systole, anterior]) > 0.0  # and is stretched now
    assert np.nanmean(bulging[end_systole, inferior]) < -8.0  # the rest goes on


def test_only_what_lives_is_brought_back() -> None:
    setup = ideal_patient()
    with pytest.raises(TherapyError, match="lives and does not work"):
        THERAPY.apply(setup, {"change": "revascularise"})
    inside = np.flatnonzero(territory(setup.mesh, TERRITORIES["lad"]))
    force = np.ones(len(setup.mesh.tets))
    force[inside[:100]], force[inside[100:300]] = 0.0, 0.5
    sick = replace(setup, tissue={**setup.tissue, "contractility_scale": force, "conduction_scale": force.copy()})
    well = THERAPY.apply(sick, {"change": "revascularise", "recovery_percent": 80.0}).tissue
    for name in ("contractility_scale", "conduction_scale"):
        assert (well[name][inside[:100]] == 0.0).all()
        assert np.allclose(well[name][inside[100:300]], 0.9)
    assert np.array_equal(sick.tissue["contractility_scale"], force)  # the setup given is left as it was


def test_a_closed_artery_leaves_what_it_is_told_to() -> None:
    setup = ideal_patient()
    after = THERAPY.apply(setup, {"vessel": "rca", "force_left_percent": 30.0, "speed_left_percent": 70.0}).tissue
    inside = territory(setup.mesh, TERRITORIES["rca"])
    assert np.allclose(after["contractility_scale"][inside], 0.3) and np.allclose(
        after["conduction_scale"][inside], 0.7
    )
    assert (after["contractility_scale"][~inside] == 1.0).all()


def work(setup: Setup) -> np.ndarray:
    return next(one.values for one in ENGINE.run(setup) if isinstance(one, Field) and one.name == "work_kpa")


def test_muscle_without_blood_does_no_work() -> None:
    lateral = np.asarray(ideal_patient().mesh.point_fields["aha_segment"]).astype(int) == 11
    before, after = work(ideal_patient()), work(THERAPY.apply(ideal_patient(), {"vessel": "lcx"}))
    assert np.nanmean(after[lateral]) < 0.25 * np.nanmean(before[lateral])
