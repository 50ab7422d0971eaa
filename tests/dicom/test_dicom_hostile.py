"""Files that lie, break or attack: typed errors in good time, nothing allocated, nothing followed, nobody named."""

import contextlib
import os
import time
import warnings
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_files
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

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


def test_mutants(tmp_path: Path) -> None:
    """Random bytes changed, cut or inserted in the header and pixels of varied files: typed errors only, and fast."""
    rng = np.random.default_rng(20261121)
    files = [file for file in shipped() if file.stat().st_size < 60_000 and file.suffix == ".dcm"]
    for number in range(2000):
        content = bytearray(files[number % len(files)].read_bytes())
        for _ in range(int(rng.integers(1, 8))):
            at = int(rng.integers(128, max(129, min(len(content), 3000))))
            kind = rng.integers(4)
            if kind == 0:
                content[at : at + 1] = bytes([int(rng.integers(256))])
            elif kind == 1:
                content[at : at + 4] = b"\xff\xff\xff\xff"
            elif kind == 2:
                del content[at : at + int(rng.integers(1, 40))]
            else:
                content[at:at] = rng.bytes(int(rng.integers(1, 20)))
        path = tmp_path / "m.dcm"
        path.write_bytes(content)
        start = time.perf_counter()
        try_all(path)
        assert time.perf_counter() - start < 10, files[number % len(files)].name


@pytest.mark.parametrize(
    ("tag", "value"),
    [("Rows", 0), ("Columns", 0), ("Rows", 65535), ("NumberOfFrames", 2**31 - 1), ("NumberOfFrames", -1)],
)
def test_impossible_sizes_are_named_before_anything_is_allocated(folder: Path, tag: str, value: int) -> None:
    path = sorted(folder.iterdir())[0]
    data = pydicom.dcmread(path)
    setattr(data, tag, value)
    data.save_as(path)
    start = time.perf_counter()
    image, bad = dicom.scan(folder)
    assert time.perf_counter() - start < 1
    assert image.slices == 4 and bad.kind == "unreadable"
    assert [warning.code for warning in bad.warnings] == ["unreadable_file"] and path.name in bad.warnings[0].text


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


def test_deflate_bomb(folder: Path) -> None:
    path = sorted(folder.iterdir())[0]
    data = pydicom.dcmread(path)
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data.save_as(path, enforce_file_format=True)
    content = path.read_bytes()
    start = 144 + int.from_bytes(content[140:144], "little")
    squeeze = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    bomb = b"".join(squeeze.compress(bytes(1 << 24)) for _ in range(20)) + squeeze.flush()
    path.write_bytes(content[:start] + bomb)
    began = time.perf_counter()
    _, bad = dicom.scan(folder)
    assert "inflates" in bad.warnings[0].text and time.perf_counter() - began < 5


def test_deep_sequences(folder: Path) -> None:
    """5,000 nested items in a tag that is read."""
    path = sorted(folder.iterdir())[0]
    data = pydicom.dcmread(path)
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    data.save_as(path)
    nest = b"\x00\x52\x29\x92SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 5000
    content = path.read_bytes()
    pixels = content.rindex(b"\xe0\x7f\x10\x00")
    path.write_bytes(content[:pixels] + nest + content[pixels:])
    start = time.perf_counter()
    try_all(folder)
    assert time.perf_counter() - start < 2


def test_links_and_pipes_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "link.dcm").symlink_to(sorted(folder.iterdir())[0])
    (folder / "round").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "pipe.dcm")
    (series,) = dicom.scan(folder)
    assert series.slices == 5 and not series.warnings


def test_a_preamble_that_is_a_program(folder: Path) -> None:
    path = sorted(folder.iterdir())[0]
    path.write_bytes(b"MZ" + path.read_bytes()[2:])
    assert "executable_preamble" in {warning.code for warning in dicom.scan(folder)[0].warnings}


def test_places_that_are_no_numbers(folder: Path) -> None:
    path = sorted(folder.iterdir())[2]
    content = path.read_bytes()
    assert content.count(b"0.0\\0.0\\4.0") == 1
    path.write_bytes(content.replace(b"0.0\\0.0\\4.0", b"0.0\\nan\\4.0"))
    found = try_all(folder)
    assert "no_position" in {warning.code for series in found for warning in series.warnings}


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
