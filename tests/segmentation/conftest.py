"""The cine study with published meshes, read and delineated once for all files of this folder."""

from pathlib import Path

import pytest

from twinviewer.dicom import read, scan
from twinviewer.domain import CineStack
from twinviewer.segmentation.cine import CineContours, delineate


@pytest.fixture(scope="session")
def patient(data_dir: Path) -> CineStack:
    stack = read(scan(data_dir / "cine_cmr_bivme_patient1" / "dicom")[0])
    assert isinstance(stack, CineStack)
    return stack


@pytest.fixture(scope="session")
def contours(patient: CineStack) -> CineContours:
    return delineate(patient)
