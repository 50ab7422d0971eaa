"""Files that lie, break or attack: within a second, in little memory, a row names file and reason; the rest loads."""

import json
import time
import tracemalloc
from pathlib import Path

import hostile_files
import pytest

from twinviewer import dicom
from twinviewer.domain import LoadError, Series, Volume


def folder(where: Path, content: bytes) -> Path:
    """Five slices of which the third is what is given."""
    for k, sound in enumerate(hostile_files.sound()):
        (where / f"s{k}.dcm").write_bytes(content if k == 2 else sound)
    return where


def said(found: tuple[Series, ...], code: str = "") -> str:
    """All warnings, or those of one code."""
    return "\n".join(w.text for one in found for w in one.warnings if not code or w.code == code)


@pytest.mark.parametrize("lie", hostile_files.LIES)
def test_a_lie_is_named_and_the_rest_loads(tmp_path: Path, lie: str) -> None:
    make, fate, reason = hostile_files.LIES[lie]
    place = folder(tmp_path, make(hostile_files.sound()[2]))
    tracemalloc.start()
    start_s = time.process_time()
    found = dicom.scan(place)
    taken_s, (_, peak_bytes) = time.process_time() - start_s, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken_s < 1.0 and peak_bytes < 80 << 20
    main = next(one for one in found if one.kind == "ct_volume")
    volume = dicom.read(main)
    assert isinstance(volume, Volume) and volume.data.shape == (1, 5, 8, 8)  # all five, or four and what lies between
    if fate == "read":
        assert len(found) == 1 and len(main.files) == 5 and not volume.left_out
    elif fate == "left out":
        assert volume.left_out[0].startswith("s2.dcm: ") and reason in volume.left_out[0]
    else:
        assert len(main.files) == 4 and main not in (other := [one for one in found if one is not main])
        assert [one.kind for one in other] == ["unreadable" if fate == "refused" else "planar"]
        assert reason in said(tuple(other)) and "s2.dcm" in said(tuple(other))
        with pytest.raises(LoadError):
            dicom.read(other[0])


@pytest.mark.parametrize("start", hostile_files.PROGRAMS.values(), ids=hostile_files.PROGRAMS)
def test_a_preamble_that_is_a_program(tmp_path: Path, start: bytes) -> None:
    found = dicom.scan(folder(tmp_path, start + hostile_files.sound()[2][len(start) :]))
    assert "s2.dcm" in said(found, "executable_preamble") and found[0].slices == 5


def test_uids_that_are_paths_lead_nowhere(tmp_path: Path) -> None:
    """A series of its own; its UIDs are looked up and compared, and name no file."""
    put = hostile_files.set_to(StudyInstanceUID="../../../etc", SeriesInstanceUID="/dev/zero")
    found = dicom.scan(folder(tmp_path, put(hostile_files.sound()[2])))
    assert sorted(len(one.files) for one in found) == [1, 4]
    assert all(Path(name).parent == tmp_path for one in found for name in one.files)


def test_inspect_lists_every_bad_file_with_its_reason(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from twinviewer.cli import app

    for k, sound in enumerate(hostile_files.sound()):
        (tmp_path / f"s{k}.dcm").write_bytes(sound)
    refused = {name: make for name, (make, fate, _) in hostile_files.LIES.items() if fate == "refused"}
    for name, make in refused.items():
        (tmp_path / f"{name}.dcm").write_bytes(make(hostile_files.sound()[2]))
    answer = CliRunner().invoke(app, ["inspect", str(tmp_path), "--json", "--in-process"])
    assert answer.exit_code == 0
    rows = json.loads(answer.stdout)["series"]
    bad = [row for row in rows if row["kind"] == "unreadable"]
    assert len(bad) == 1 and rows[0]["slices"] == 5
    for name in refused:
        (text,) = [one["text"] for one in bad[0]["warnings"] if one["text"].startswith(f"{name}.dcm")]
        assert len(text) > len(name) + 10
