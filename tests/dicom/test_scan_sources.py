"""Folders, archives and discs of any kind: the same series come out, nothing is written elsewhere, lies are refused."""

import os
import shutil
import stat
import struct
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.fileset import FileSet

from tests.support.mr_images import Study
from twinviewer import dicom
from twinviewer.dicom import elements as elements_module
from twinviewer.dicom import read_ahead, sources, unzip
from twinviewer.dicom.elements import FIRST_BYTES, elements
from twinviewer.dicom.tag_values import TAG_OF, WANTED, Tag, number_of, private_b_value, text_of
from twinviewer.domain import Cancelled, LoadError, Series, Volume


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Six slices in nested folders, and what lies beside them."""
    made = Study(tmp_path / "study" / "a" / "b")
    for z in range(6):
        made.image("s", 4.0 * z)
    (tmp_path / "study" / "readme.txt").write_text("viewer of the hospital")
    return tmp_path / "study"


def codes(found: tuple[Series, ...]) -> list[str]:
    return [warning.code for series in found for warning in series.warnings]


def pack(folder: Path, archive: Path, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(archive, "w", method) as opened:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                opened.write(path, path.relative_to(folder))
    return archive


# --- the walk over elements ----------------------------------------------------------------------------------------


def test_the_fast_walk_says_what_pydicom_says(data_dir: Path) -> None:
    """Every wanted value and the place of the pixels, in all plain files that we have."""
    shipped = Path(pydicom.__file__).parent / "data"
    paths = [
        path for folder in (data_dir / "dicom_edge_cases", shipped) for path in folder.rglob("*") if path.is_file()
    ]
    paths += sorted((data_dir / "cine_cmr_bivme_patient1").rglob("*.dcm"))[::30]
    walked = with_prefix = 0
    for path in paths:
        with path.open("rb") as stream:
            start = stream.read(FIRST_BYTES)
            with_prefix += start[128:132] == b"DICM"
            fast = elements(stream, start, WANTED)
            if fast is None:
                continue
            walked += 1
            stream.seek(0)
            slow = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=[Tag(tag) for tag in WANTED])
            assert stream.tell() == fast.pixels_at and str(slow.file_meta.TransferSyntaxUID) == fast.syntax
        for name in TAG_OF:
            assert text_of(fast, name) == text_of(slow, name), (path.name, name)
            assert number_of(fast, name) == number_of(slow, name), (path.name, name)
        assert private_b_value(fast) == private_b_value(slow)
    assert walked > 300 and walked > 0.7 * with_prefix


# --- folders -------------------------------------------------------------------------------------------------------


def test_any_nesting_and_naming(study: Path, tmp_path: Path) -> None:
    deep = study
    for n, path in enumerate(sorted((study / "a" / "b").iterdir())):
        deep = deep / f"({n}) Ä'\"${{x}}\u200b"
        deep.mkdir()
        path.rename(deep / ["x.jpg", "NO_EXTENSION", "a.b.c.txt", " ", "1.2.840", "ð.DCM"][n])
    (study / "round").symlink_to(study, target_is_directory=True)
    (study / "nowhere").symlink_to(tmp_path / "absent")
    (series,) = dicom.scan(study)
    assert (series.slices, series.warnings) == (6, ())


def test_folders_that_cannot_be_read_are_named(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (study / "locked").mkdir()
    listed = os.scandir

    def refused(folder: Path) -> object:
        if Path(folder).name == "locked":
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(sources.os, "scandir", refused)
    image, bad = dicom.scan(study)
    assert image.slices == 6 and codes((bad,))[0] == "unreadable_folder" and "locked" in bad.warnings[0].text


def test_a_folder_of_nothing_but_links_says_so(study: Path, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    for path in (study / "a" / "b").iterdir():
        (tmp_path / "links" / path.name).symlink_to(path)
    (row,) = dicom.scan(tmp_path / "links")
    assert row.kind == "unreadable" and "links" in row.warnings[0].text


def test_a_scan_is_cancelled_at_any_file(study: Path) -> None:
    calls = []

    def stop(fraction: float, text: str) -> None:
        calls.append(fraction)
        if len(calls) == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        dicom.scan(study, stop)
    assert len(calls) == 5


# --- archives ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_an_archive_is_its_folder(study: Path, tmp_path: Path, method: int) -> None:
    (series,) = dicom.scan(pack(study, tmp_path / "s.zip", method), unpack_into=tmp_path / "into")
    (truth,) = dicom.scan(study)
    image, same = dicom.read(series), dicom.read(truth)
    assert isinstance(image, Volume) and isinstance(same, Volume) and image.uid == same.uid
    written = [path for path in (tmp_path / "into").rglob("*") if path.is_file()]
    assert len(written) == 6  # the text was not unpacked
    for path in written:
        assert len(path.stem) == 32 and stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    before = {path: path.stat().st_mtime_ns for path in written}
    dicom.scan(tmp_path / "s.zip", unpack_into=tmp_path / "into")
    assert before == {path: path.stat().st_mtime_ns for path in before}  # not unpacked a second time


def test_names_in_an_archive_lead_nowhere(study: Path, tmp_path: Path) -> None:
    content = next((study / "a" / "b").iterdir()).read_bytes()
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as opened:
        for n, name in enumerate(("../../up.dcm", "/etc/twin.dcm", "C:\\x.dcm", "a\0b.dcm", "x" * 3000 + ".dcm")):
            changed = pydicom.dcmread(next((study / "a" / "b").iterdir()))
            changed.SOPInstanceUID = f"1.2.{n}"
            opened.writestr(name, content)
        link = zipfile.ZipInfo("link.dcm")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
    inside = tmp_path / "box" / "into"
    dicom.scan(tmp_path / "evil.zip", unpack_into=inside)
    outside = {path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(inside)}
    assert outside == {tmp_path / "evil.zip", *(p for p in study.rglob("*") if p.is_file())}
    assert not Path("/etc/twin.dcm").exists()


def test_archives_that_would_fill_the_disk_or_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as opened:
        for n in range(3):
            opened.writestr(f"{n}", bytes(1 << 22))
    monkeypatch.setattr(unzip, "RATIO_FROM_BYTES", 1 << 20)
    with pytest.raises(LoadError, match="times its size"):
        dicom.scan(bomb, unpack_into=tmp_path / "into")
    monkeypatch.setattr(unzip, "MAX_BYTES", 1 << 20)
    monkeypatch.setattr(unzip, "MAX_RATIO", 1 << 30)
    with pytest.raises(LoadError, match="GB of disk"):
        dicom.scan(bomb, unpack_into=tmp_path / "into")
    monkeypatch.setattr(unzip, "MAX_MEMBERS", 2)
    with pytest.raises(LoadError, match="lists more than 2 files"):
        dicom.scan(bomb, unpack_into=tmp_path / "into")
    assert not (tmp_path / "into").exists()


def test_a_member_longer_than_it_says_is_cut_there(study: Path, tmp_path: Path) -> None:
    """A forged length: what is written never exceeds it, and the member is named as damaged."""
    archive = pack(study, tmp_path / "s.zip")
    content = bytearray(archive.read_bytes())
    at = content.index(b"PK\x01\x02")
    (size,) = struct.unpack_from("<I", content, at + 24)
    struct.pack_into("<I", content, at + 24, size // 2)
    archive.write_bytes(content)
    found = dicom.scan(archive, unpack_into=tmp_path / "into")
    assert found[0].slices == 5 and "unreadable_file" in codes(found)
    assert not list((tmp_path / "into").rglob("*.part"))


def test_damaged_and_encrypted_archives(study: Path, tmp_path: Path) -> None:
    archive = pack(study, tmp_path / "s.zip")
    whole = archive.read_bytes()
    for content in (whole[:-40], whole[: len(whole) // 2], b"PK\x03\x04" + bytes(400)):
        archive.write_bytes(content)
        with pytest.raises(LoadError, match=r"damaged|cut short"):
            dicom.scan(archive, unpack_into=tmp_path / "into")
    rng = np.random.default_rng(5)
    for _ in range(60):
        content = bytearray(whole)
        for at in rng.integers(0, len(whole), 3):
            content[at] = rng.integers(256)
        archive.write_bytes(content)
        try:
            dicom.scan(archive, unpack_into=tmp_path / "into")
        except LoadError:
            continue
    content = bytearray(whole)
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    archive.write_bytes(content)
    found = dicom.scan(archive, unpack_into=tmp_path / "into")
    assert any("encrypted" in warning.text for series in found for warning in series.warnings)


def test_archives_in_a_folder(study: Path, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    pack(study, tmp_path / "given" / "export.zip")
    (series,) = dicom.scan(tmp_path / "given", unpack_into=tmp_path / "into")  # there is nothing else
    assert series.slices == 6
    shutil.copytree(study, tmp_path / "given" / "too")
    (tmp_path / "given" / "bad.dcm").write_bytes(b"x" * 300)
    image, rest = dicom.scan(tmp_path / "given", unpack_into=tmp_path / "other")
    assert image.slices == 6 and "archive" in codes((rest,)) and not (tmp_path / "other").exists()


# --- discs ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def disc(study: Path, tmp_path: Path) -> Path:
    """A DICOMDIR with its files, and one image beside them that it does not name."""
    files = FileSet()
    for path in sorted((study / "a" / "b").iterdir())[:5]:
        data = pydicom.dcmread(path)
        data.StudyDate, data.StudyTime, data.StudyID, data.AccessionNumber = "20260101", "120000", "1", ""
        files.add(data)
    files.write(tmp_path / "disc")
    shutil.copy(sorted((study / "a" / "b").iterdir())[5], tmp_path / "disc" / "beside")
    return tmp_path / "disc"


def test_a_dicomdir_leads_to_its_files(disc: Path) -> None:
    (series,) = dicom.scan(disc / "DICOMDIR")
    assert (series.slices, series.warnings) == (5, ())  # what it does not name is left alone
    (series,) = dicom.scan(disc)
    assert (series.slices, series.warnings) == (6, ())
    for path in sorted(disc.rglob("*"), reverse=True):  # as some drives show the names
        if path.name.isupper():
            path.rename(path.parent / path.name.lower())
    (series,) = dicom.scan(disc / "dicomdir")
    assert series.slices == 5


def test_broken_references_fall_back_to_the_folder(disc: Path) -> None:
    one = next(path for path in disc.rglob("*") if path.is_file() and path.name not in ("DICOMDIR", "beside"))
    one.unlink()
    for place in (disc, disc / "DICOMDIR"):
        image, rest = dicom.scan(place)
        assert image.slices == 5 and codes((rest,)) == ["dicomdir"] and "1 of 5 files" in rest.warnings[0].text
    content = (disc / "DICOMDIR").read_bytes()
    (disc / "DICOMDIR").write_bytes(content[:700])
    found = dicom.scan(disc / "DICOMDIR")
    assert found[0].slices == 5 and codes(found)[-1] == "dicomdir"


def test_references_out_of_the_folder_are_not_followed(disc: Path, study: Path, tmp_path: Path) -> None:
    shutil.copy(sorted((study / "a" / "b").iterdir())[5], tmp_path / "SECRET")
    data = pydicom.dcmread(disc / "DICOMDIR")
    for record in data.DirectoryRecordSequence:
        if "ReferencedFileID" in record:
            record.ReferencedFileID = ["..", "SECRET"]
    data.save_as(disc / "DICOMDIR")
    found = dicom.scan(disc / "DICOMDIR")
    assert not any("SECRET" in name for series in found for name in series.files)
    assert any("lead out" in warning.text for series in found for warning in series.warnings)


def test_slow_files_are_fetched_ahead_and_nothing_else_changes(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Study(tmp_path / "many")
    for z in range(120):
        made.image("s", 4.0 * z)
    (made.folder / "0070").unlink()
    truth = dicom.scan(made.folder)
    monkeypatch.setattr(read_ahead, "SLOW_S", -1.0)
    before = threading.active_count()
    assert dicom.scan(made.folder) == truth

    def stop(fraction: float, text: str) -> None:
        if "60 of" in text:
            raise Cancelled

    with pytest.raises(Cancelled):
        dicom.scan(made.folder, stop)
    ends = time.monotonic() + 2
    while threading.active_count() > before and time.monotonic() < ends:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_a_header_of_millions_of_elements_is_refused_and_the_rest_is_read(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sequence of items without end would keep a general parser busy for minutes."""
    monkeypatch.setattr(elements_module, "MOST_ELEMENTS", 2000)
    path = sorted((study / "a" / "b").iterdir())[2]
    content = path.read_bytes()
    at = content.index(b"\x10\x00\x10\x00PN")
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * 4000
    sequence = b"\x09\x00\x10\x10SQ\0\0\xff\xff\xff\xff" + items + b"\xfe\xff\xdd\xe0\0\0\0\0"
    path.write_bytes(content[:at] + sequence + content[at:])
    image, bad = dicom.scan(study)
    assert image.slices == 5 and "elements" in bad.warnings[0].text and path.name in bad.warnings[0].text
    monkeypatch.setattr(elements_module, "MOST_ELEMENTS", 5000)
    (image,) = dicom.scan(study)
    assert image.slices == 6
