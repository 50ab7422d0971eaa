"""Every file that pydicom ships; what is larger than the machine; links, pipes and names. Lies: tests/hostile."""

import contextlib
import os
import time
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_files
from pydicom.uid import RLELossless

from twinviewer import dicom
from twinviewer.dicom.decode import budget_bytes
from twinviewer.domain import Grid, LoadError, Patient, Series, Volume


def shipped() -> list[Path]:
    """The files that lie inside the pydicom package itself; nothing is downloaded."""
    here = Path(pydicom.__file__).parent
    return sorted(path for name in get_testdata_files() if (path := Path(name)).is_relative_to(here) and path.is_file())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five sound slices."""
    data = np.zeros((1, 5, 8, 8), np.int16)
    volume = Volume(data, Grid((5, 8, 8), np.diag([1.0, 1.0, 2.0, 1.0])), "CT", np.zeros(1), None, "x")
    names = {"study_description": "S", "series_description": "CTA"}
    dicom.write_ct(tmp_path / "ct", volume, Patient("P"), synthetic=True, **names)
    return tmp_path / "ct"


def try_all(path: Path) -> list[Series]:
    """Scan and read; only LoadError may come out."""
    found = dicom.scan(path)
    for series in found:
        with contextlib.suppress(LoadError):
            dicom.read(series)
    return list(found)


def test_every_file_that_pydicom_ships(tmp_path: Path) -> None:
    files = [path for path in shipped() if not path.name.startswith("DICOMDIR")]
    assert len(files) > 60
    found = [try_all(path) for path in files]
    assert all(found)
    assert {"planar", "not_image", "unreadable"} <= {series.kind for each in found for series in each}


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm"])
def test_single_images_against_pydicom(name: str) -> None:
    path = next(file for file in shipped() if file.name == name)
    (series,) = dicom.scan(path)
    volume = dicom.read(series)
    data = pydicom.dcmread(path)
    assert isinstance(volume, Volume)
    expected = data.pixel_array * float(data.get("RescaleSlope", 1)) + float(data.get("RescaleIntercept", 0))
    assert np.array_equal(volume.data[0, 0], expected)


def test_more_than_the_machine_holds_is_refused(folder: Path) -> None:
    """A compressed file can claim any size; the sum is checked against memory."""
    for path in folder.iterdir():
        data = pydicom.dcmread(path)
        data.Rows = data.Columns = 16_000
        data.NumberOfFrames = 1 + budget_bytes() // (2 * 16_000**2)
        data.file_meta.TransferSyntaxUID = RLELossless
        data.PixelData = pydicom.encaps.encapsulate([b"\0" * 64])
        data["PixelData"].is_undefined_length = True
        data.save_as(path)
    start = time.perf_counter()
    with pytest.raises(LoadError):
        dicom.read(dicom.scan(folder)[0])
    assert time.perf_counter() - start < 2


def test_links_and_pipes_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "link.dcm").symlink_to(sorted(folder.iterdir())[0])
    (folder / "round").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "pipe.dcm")
    (series,) = dicom.scan(folder)
    assert series.slices == 5 and not series.warnings


@pytest.mark.parametrize("name", ["../../etc/x", "CON", "a\0b", "\u202egnp.exe", "x" * 300, "Müller^Zoë"])
def test_a_name_is_never_shown_nor_logged(folder: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    for path in folder.iterdir():
        data = pydicom.dcmread(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data.PatientName = data.PatientID = name
            data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
            del data.PatientIdentityRemoved, data.PatientComments
            data.save_as(path)
    caplog.set_level(0)
    (series,) = dicom.scan(folder)
    assert len(series.patient.pseudonym) == 8 and series.patient.pseudonym.startswith("P-")
    assert name not in repr(series) and name not in caplog.text


def test_folders_that_hold_nothing(tmp_path: Path) -> None:
    assert dicom.scan(tmp_path) == ()
    (tmp_path / "readme.txt").write_text("hello")
    assert dicom.scan(tmp_path) == ()
    with pytest.raises(LoadError, match="no such folder"):
        dicom.scan(tmp_path / "absent")
