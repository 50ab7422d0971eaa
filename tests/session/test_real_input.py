"""Real scans through the steps: what can be opened opens, what cannot become a heart says so plainly."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twinviewer.domain import CineStack, SegmentationError, Volume
from twinviewer.session import catalog, listing, steps, store
from twinviewer.session.case import Case, step_states


def opened(folder: Path) -> Case:
    case = steps.scan_folder(Case(), folder)
    return steps.open_series(case, steps.choose_series(case))


@pytest.mark.slow
def test_a_cine_study_becomes_a_measured_moving_model_that_a_hand_can_correct(data_dir: Path, tmp_path: Path) -> None:
    case = steps.segment(opened(data_dir / "cine_cmr_bivme_patient1" / "dicom"))
    assert isinstance(case.image, CineStack)
    assert len(case.image.planes) == 11 and case.image.phases == 25
    assert case.contours is not None and case.labels is None
    # published fit of the same study: LV 174.5 and 72.1 mL
    discs = case.measurements["lv_edv_ml"].value
    assert discs == pytest.approx(174.5, rel=0.08)
    case = steps.build(case)
    assert case.mesh is not None and case.mesh.motion_mm is not None
    assert case.measurements["lv_edv_ml"].value == pytest.approx(174.5, rel=0.08)
    assert case.measurements["lv_edv_discs_ml"].value == discs
    assert step_states(case)["Model"].state in ("ready", "needs_a_look")
    assert "lv_edv_ml" in listing.results_text(case) and "mL" in listing.results_text(case)

    old = case.contours.at(2, 9, "lv_endocardium")
    assert old is not None
    middle = old.points_mm.mean(axis=0)
    edit = replace(old, points_mm=middle + 1.15 * (old.points_mm - middle), confidence=1.0)
    moved = steps.accept_correction(case, steps.compute_correction(*steps.correction_input(case), edit), edit)
    assert moved.mesh is not None and moved.contours is not None and "phase 10" in moved.action
    gained = [moved.mesh.enclosed_ml("lv_cavity", moved.mesh.motion_mm[k]) for k in (9, 22)]
    gained = [
        b - case.mesh.enclosed_ml("lv_cavity", case.mesh.motion_mm[k]) for b, k in zip(gained, (9, 22), strict=True)
    ]
    # 15 % wider in one of five slices, 17.7 mm apart, of a cavity of 70 mL; half a beat away nothing moves
    assert 2.0 < gained[0] < 12.0 and abs(gained[1]) < 0.5
    assert moved.contours.at(2, 9, "lv_endocardium") is edit and case.contours.at(2, 9, "lv_endocardium") is old

    back = store.load(store.save(moved, tmp_path / "cine.twin"))
    assert isinstance(back.image, CineStack) and back.contours is not None and back.mesh is not None
    assert np.array_equal(back.mesh.motion_mm, moved.mesh.motion_mm)
    for ours, theirs in zip(case.image.planes, back.image.planes, strict=True):
        assert np.array_equal(ours.frames, theirs.frames) and np.array_equal(ours.affine, theirs.affine)
    for mine, read in zip(moved.contours.contours, back.contours.contours, strict=True):
        assert np.array_equal(mine.points_mm, read.points_mm) and mine.confidence == read.confidence


def test_a_chest_without_contrast_opens_and_is_refused_with_the_reason(data_dir: Path) -> None:
    if "heart" not in catalog.organs():
        pytest.fail(str(catalog.failures()))
    case = opened(data_dir / "chest_ct_lidc0314")
    assert isinstance(case.image, Volume)
    with pytest.raises(SegmentationError, match="told apart"):
        steps.segment(case)
