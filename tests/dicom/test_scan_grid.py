"""The grid of slices and phases that is shown before loading: every gap, copy and oddity of studies that we know."""

from pathlib import Path

import pytest

from tests.support.mr_images import Study
from twinviewer import dicom
from twinviewer.domain import SliceGrid


def grid(folder: Path) -> SliceGrid:
    found = dicom.scan(folder)[0].grid
    assert found is not None
    return found


def test_a_heart_of_eleven_series(data_dir: Path) -> None:
    """The study of issue 8: 6 short-axis and 5 long-axis slices, 25 phases each, every slice with its own beat."""
    found = grid(data_dir / "cine_cmr_bivme_patient1")
    assert [row.label for row in found.rows] == [
        *(f"SAX {n}" for n in range(1, 7)), "4CH 1", "4CH 2", "2CH 1", "2CH 2", "RVOT",
    ]  # fmt: skip
    assert found.complete and all(row.images == (1,) * 25 for row in found.rows)
    assert [round(1000 * (row.rr_s or 0)) for row in found.rows] == [
        863, 860, 829, 776, 814, 831, 876, 924, 975, 905, 966,
    ]  # fmt: skip
    depths = [row.depth_mm for row in found.rows[:6]]
    assert depths == pytest.approx([17.7 * n for n in range(6)], abs=0.1) and found.rows[6].depth_mm is None


def test_sunnybrook_lacks_most_of_itself(data_dir: Path) -> None:
    """Its own file names: IM-0009-0028 is image 8 of 20 of the second slice, and 180 images were made."""
    found = grid(data_dir / "sunnybrook_scd0003701_edes")
    there = [[n for n, count in enumerate(row.images) if count] for row in found.rows]
    assert there == [[19], [7, 19], [7, 19], [7, 19], [7, 19], [7], [], [], []]
    assert len(found.phase_percent) == 20 and found.missing_slices == 3 and found.lacking == 9 * 20 - 10
    assert [row.depth_mm for row in found.rows[:6]] == pytest.approx([8.0 * n for n in range(6)], abs=0.01)


def test_slices_lost_from_a_ct(data_dir: Path) -> None:
    breakage = data_dir / "dicom_edge_cases" / "synthetic_breakage"
    found = grid(breakage / "missing_two_slices")
    lost = [row.depth_mm for row in found.rows if row.lacks_all]
    assert len(found.rows) == 24 and lost == pytest.approx([12.0, 22.5])
    found = grid(breakage / "duplicate_slice")
    assert found.duplicates == 1 and [row.images for row in found.rows].count((2,)) == 1
    found = grid(breakage / "spacing_doubles_half_way")
    assert found.rows[-1].depth_mm == pytest.approx(sum([1.5] * 11 + [3.0] * 12))


def test_complete_scans_are_complete(data_dir: Path) -> None:
    for folder, slices in (("chest_ct_lidc0314", 90), ("abdomen_ct_siemens_j2k", 20)):
        found = grid(data_dir / folder)
        assert found.complete and len(found.rows) == slices


def test_phases_that_lack_stand_where_they_were(tmp_path: Path) -> None:
    """Each slice has its own beat, and each lacks a different moment of it."""
    study = Study(tmp_path)
    for n, beat in enumerate((900, 700, 1000)):
        paths = study.cine(f"s{n}", 8.0 * n, rr_ms=beat, SeriesNumber=n)
        if n:
            import pydicom

            times = {float(pydicom.dcmread(path).TriggerTime): path for path in paths}
            times[beat * 0.1 * (n + 2)].unlink()
    found = grid(tmp_path)
    by_beat = {round(1000 * (row.rr_s or 0)): row.images for row in found.rows}
    assert by_beat[900] == (1,) * 10
    assert by_beat[700].index(0) == 3 and by_beat[1000].index(0) == 4 and found.lacking == 2


def test_a_beat_unlike_the_others_a_copy_and_a_lost_slice(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for n in (0, 1, 2, 4, 5):
        study.cine(f"s{n}", -8.0 * n, rr_ms=1250 if n == 4 else 900, SeriesNumber=n)
    study.image("s2", -16.0, TriggerTime=180.0, NominalInterval=900, CardiacNumberOfImages=10, SeriesDescription="sax")
    found = grid(tmp_path)
    assert [row.lacks_all for row in found.rows] == [False, False, False, True, False, False]
    assert found.rows[2].images == (1, 1, 2, 1, 1, 1, 1, 1, 1, 1) and found.duplicates == 1
    assert [bool(row.odd) for row in found.rows] == [False, False, False, False, True, False]
    assert "1250 ms" in found.rows[4].odd and found.rows[3].depth_mm == pytest.approx(24.0)


def test_a_slice_off_its_place_is_odd(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for z in (0.0, 4.0, 8.0, 13.0, 16.0, 20.0):
        study.image("a", z)
    found = grid(tmp_path)
    assert [row.label for row in found.rows if row.odd] == ["slice 4", "slice 5"] and not found.missing_slices
