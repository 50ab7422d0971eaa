"""Real scans through the steps: what can be opened opens, what cannot become a heart says so plainly."""

from pathlib import Path

import numpy as np
import pytest

from twinviewer.domain import CineStack, SegmentationError, Volume
from twinviewer.session import catalog, steps, store
from twinviewer.session.case import Case, step_states


def opened(folder: Path) -> Case:
    case = steps.scan_folder(Case(), folder)
    return steps.open_series(case, steps.choose_series(case))


def test_a_cine_study_opens_and_says_that_it_cannot_be_segmented_yet(data_dir: Path, tmp_path: Path) -> None:
    case = opened(data_dir / "cine_cmr_bivme_patient1" / "dicom")
    assert isinstance(case.image, CineStack)
    assert len(case.image.planes) == 11 and case.image.phases == 25
    assert step_states(case)["Segment"].state == "needs_a_look"
    with pytest.raises(SegmentationError) as caught:
        steps.segment(case)
    assert caught.value.what and "viewed" in caught.value.remedy
    back = store.load(store.save(case, tmp_path / "cine.twin"))
    assert isinstance(back.image, CineStack)
    for ours, theirs in zip(case.image.planes, back.image.planes, strict=True):
        assert np.array_equal(ours.frames, theirs.frames) and np.array_equal(ours.affine, theirs.affine)


def test_a_chest_without_contrast_opens_and_is_refused_with_the_reason(data_dir: Path) -> None:
    if "heart" not in catalog.organs():
        pytest.fail(str(catalog.failures()))
    case = opened(data_dir / "chest_ct_lidc0314")
    assert isinstance(case.image, Volume)
    with pytest.raises(SegmentationError, match="told apart"):
        steps.segment(case)
