"""Drugs on the circulation against published states before and after them."""

from dataclasses import replace

import numpy as np
import pytest
from drug_studies import NEAR, STUDIES, Study, errors
from failing_heart import patient, setup_of

from twinviewer.domain import Therapy, TherapyError
from twinviewer.therapies.ace_inhibitor import THERAPY as ACE_INHIBITOR
from twinviewer.therapies.ace_inhibitor import share_of
from twinviewer.therapies.diuretic import THERAPY as DIURETIC
from twinviewer.therapies.dobutamine import THERAPY as DOBUTAMINE
from twinviewer.therapies.ivabradine import THERAPY as IVABRADINE
from twinviewer.therapies.ivabradine import rate_fall_bpm
from twinviewer.therapies.levosimendan import THERAPY as LEVOSIMENDAN
from twinviewer.therapies.nitroprusside import THERAPY as NITROPRUSSIDE
from twinviewer.therapies.noradrenaline import THERAPY as NORADRENALINE

DRUGS: dict[Therapy, str] = {
    ACE_INHIBITOR: "captopril_mg",
    DIURETIC: "urine_ml",
    DOBUTAMINE: "infusion_ug_kg_min",
    IVABRADINE: "dose_mg",
    LEVOSIMENDAN: "infusion_ug_kg_min",
    NITROPRUSSIDE: "resistance_fall_percent",
    NORADRENALINE: "infusion_ug_kg_min",
}


@pytest.mark.parametrize("study", STUDIES, ids=lambda s: f"{s.therapy}-{'own' if s.own else 'other'}")
def test_a_published_state_is_reached(study: Study) -> None:
    rest, after = study.ours()
    assert rest.output_l_min == pytest.approx(study.before.output_l_min, rel=0.02)
    assert rest.mean_mmhg == pytest.approx(study.before.mean_mmhg, rel=0.02)
    assert rest.wedge_mmhg == pytest.approx(study.before.wedge_mmhg, rel=0.03)
    for name, (published, ours, error) in errors(study, after).items():
        near = NEAR[name]
        if name in study.weak or (name == "stroke_ml" and "output_l_min" in study.weak):
            # known to fall short: the direction at least is that of the patients
            assert (ours - getattr(rest, name)) * (published - getattr(rest, name)) >= -1e-6 or abs(error) < near
        else:
            assert abs(error) <= near, f"{name}: {ours:.4g} for {published:.4g}"


@pytest.mark.parametrize("therapy", DRUGS, ids=lambda t: t.name)
def test_no_dose_changes_nothing_and_no_more_is_edited_than_declared(therapy: Therapy) -> None:
    assert isinstance(therapy, Therapy)
    before = setup_of(patient(STUDIES[0].before))
    assert therapy.apply(before, {DRUGS[therapy]: 0.0}) is before
    after = therapy.apply(before, {}).parameters
    kind = {
        "heart_rate": "heart_rate",
        "contractility": "contractility",
        "resistance": "resistance",
        "volume": "stressed",
    }
    changed = {name for name, own in before.parameters.items() if after[name].value != own.value}
    assert changed and all(any(kind[edit] in name for edit in therapy.edits) for name in changed)
    assert all(after[name].origin == "population" and after[name].source for name in changed)
    with pytest.raises(TherapyError):
        therapy.apply(before, {DRUGS[therapy]: 1e6})


def test_doses() -> None:
    assert share_of(25.0) == 1.0 and share_of(50.0) == 1.0 and 0.5 < share_of(6.25) < 0.7
    assert rate_fall_bpm(70.2, 7.5) == pytest.approx(12.2) and rate_fall_bpm(93.0, 7.5) == pytest.approx(25.0)
    assert rate_fall_bpm(45.0, 7.5) == 0.0  # a slow heart is not slowed


def test_more_fluid_than_there_is_cannot_be_lost() -> None:
    before = setup_of(patient(STUDIES[0].before))
    little = before.with_parameter("stressed_volume_ml", replace(before.parameters["stressed_volume_ml"], value=300.0))
    with pytest.raises(TherapyError, match="cannot be taken"):
        DIURETIC.apply(little, {"urine_ml": 4000.0})


def test_a_rate_stops_at_its_floor() -> None:
    before = setup_of(patient(STUDIES[0].before))
    slow = IVABRADINE.apply(before, {"dose_mg": 7.5, "lowest_rate_bpm": 70.0})
    assert np.isclose(slow.value("heart_rate_bpm"), 70.3, atol=0.5)
