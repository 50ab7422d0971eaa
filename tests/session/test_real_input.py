"""Real scans through the steps: what can be opened opens, what cannot become a heart says so plainly."""

from pathlib import Path

import numpy as np
import pytest

from twinviewer.domain import CineStack, MeshError, SegmentationError, Volume
from twinviewer.session import catalog, listing, steps, store
from twinviewer.session.case import Case, step_states


def opened(folder: Path) -> Case:
    case = steps.scan_folder(Case(), folder)
    return steps.open_series(case, steps.choose_series(case))


@pytest.mark.slow
def test_a_cine_study_is_delineated_and_measured_and_says_that_there_is_no_model(
    data_dir: Path, tmp_path: Path
) -> None:
    folder = data_dir / "cine_cmr_bivme_patient1" / "dicom"
    case = steps.run_pipeline(folder)
    assert isinstance(case.image, CineStack)
    assert len(case.image.planes) == 11 and case.image.phases == 25
    assert case.contours is not None and case.labels is None and not case.scenarios
    # published fit of the same study: LV 174.5 and 72.1 mL, RV 204 and 77 mL
    assert case.measurements["lv_edv_ml"].value == pytest.approx(174.5, rel=0.08)
    assert case.measurements["rv_edv_ml"].value == pytest.approx(204.0, rel=0.15)
    assert step_states(case)["Segment"].state in ("ready", "needs_a_look")
    assert "not made from cine MR" in step_states(case)["Model"].why
    assert "lv_edv_ml" in listing.results_text(case) and "mL" in listing.results_text(case)
    with pytest.raises(MeshError, match="cine MR"):
        steps.build(case)
    back = store.load(store.save(case, tmp_path / "cine.twin"))
    assert isinstance(back.image, CineStack) and back.contours is not None
    for ours, theirs in zip(case.image.planes, back.image.planes, strict=True):
        assert np.array_equal(ours.frames, theirs.frames) and np.array_equal(ours.affine, theirs.affine)
    for mine, read in zip(case.contours.contours, back.contours.contours, strict=True):
        assert np.array_equal(mine.points_mm, read.points_mm) and mine.confidence == read.confidence


def test_a_chest_without_contrast_opens_and_is_refused_with_the_reason(data_dir: Path) -> None:
    if "heart" not in catalog.organs():
        pytest.fail(str(catalog.failures()))
    case = opened(data_dir / "chest_ct_lidc0314")
    assert isinstance(case.image, Volume)
    with pytest.raises(SegmentationError, match="told apart"):
        steps.segment(case)
