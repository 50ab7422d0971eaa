"""Odd cine studies: what is broken in them is left out or refused in words, never a crash."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twinviewer import dicom
from twinviewer.domain import CinePlane, CineStack, SegmentationError
from twinviewer.segmentation.cine import delineate


def study(data_dir: Path) -> CineStack:
    found = dicom.read(dicom.scan(data_dir / "cine_cmr_bivme_patient1" / "dicom")[0])
    assert isinstance(found, CineStack)
    return found


def black(plane: CinePlane) -> CinePlane:
    return replace(plane, frames=np.zeros_like(plane.frames))


@pytest.mark.slow
def test_black_broken_and_repeated_planes_without_times_are_left_out(data_dir: Path) -> None:
    stack = study(data_dir)
    planes = [replace(plane, trigger_s=np.zeros(len(plane.frames)), rr_s=None) for plane in stack.planes]
    planes[6] = black(planes[6])
    planes[3] = replace(planes[3], frames=np.full(planes[3].frames.shape, np.nan, dtype=np.float32))
    found = delineate(replace(stack, planes=(*planes, planes[2])))
    assert 3 not in found.short_axis and len(set(found.short_axis)) == 5
    assert len([c for c in found.contours if c.structure == "lv_endocardium"]) > 75


def test_a_study_of_black_images_is_refused_with_the_way_on(data_dir: Path) -> None:
    stack = study(data_dir)
    with pytest.raises(SegmentationError, match="import a mask"):
        delineate(replace(stack, planes=tuple(black(plane) for plane in stack.planes)))
