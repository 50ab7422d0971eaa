"""Series that we write ourselves: exact round trips, every way of exporting phases, and what breaks them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest

from twinviewer import dicom
from twinviewer.domain import Cancelled, Grid, LoadError, Patient, Series, Volume

PATIENT = Patient("DEMO-01", "F", 62, 70.5, 165)
Edit = Callable[[pydicom.Dataset, int, int], None]


def oblique(shape: tuple[int, int, int] = (9, 12, 10)) -> Grid:
    """A grid that lies askew, with three different spacings."""
    a, b = np.radians(25), np.radians(-12)
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    turn = turn @ np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([0.7, 0.9, 1.3])
    affine[:3, 3] = [-101.23456789, 55.5, -1234.56789]
    return Grid(shape, affine)


def image(phases: int = 4, high: int = 2000, rr_s: float | None = 0.8) -> Volume:
    grid = oblique()
    data = np.random.default_rng(7).integers(-1024, high, (phases, *grid.shape)).astype(np.int16)
    return Volume(data, grid, "CT", np.arange(phases) * (100.0 / phases), rr_s, "x", window=(600.0, 300.0))


def write(folder: Path, volume: Volume, **more: object) -> tuple[Path, ...]:
    names = {"study_description": "Cardiac CT", "series_description": "CorCTA 0.75", "synthetic": True}
    return dicom.write_ct(folder, volume, PATIENT, **{**names, **more})  # type: ignore[arg-type]


def edited(folder: Path, edit: Edit) -> None:
    """Change every written file: edit(dataset, phase, slice)."""
    for path in sorted(folder.rglob("*.dcm")):
        data = pydicom.dcmread(path)
        edit(data, int(data.get("TemporalPositionIdentifier", 1)) - 1, int(data.InstanceNumber) - 1)
        data.save_as(path)


def only(folder: Path) -> Series:
    (series,) = dicom.scan(folder)
    return series


def volume_of(series: Series) -> Volume:
    found = dicom.read(series)
    assert isinstance(found, Volume)
    return found


def same(found: Volume, truth: Volume) -> None:
    assert found.data.dtype == np.int16 and np.array_equal(found.data, truth.data)
    assert np.abs(found.grid.affine - truth.grid.affine).max() < 1e-6
    assert found.phase_percent == pytest.approx(truth.phase_percent)


def test_round_trip_is_exact(tmp_path: Path) -> None:
    truth = image()
    write(tmp_path, truth)
    series = only(tmp_path)
    assert (series.kind, series.slices, series.phases, series.shape) == ("ct_multiphase", 9, 4, (12, 10))
    assert series.synthetic and series.patient == PATIENT and series.warnings == ()
    assert series.contrast_agent and series.description == "CorCTA 0.75" and series.study_date == "2026-01-01"
    assert series.spacing_mm == pytest.approx((0.7, 0.9, 1.3))
    found = volume_of(series)
    same(found, truth)
    assert found.rr_s == pytest.approx(0.8) and found.window == (600.0, 300.0)


@pytest.mark.parametrize("phases", [1, 3])
def test_the_same_volume_gives_the_same_files(tmp_path: Path, phases: int) -> None:
    first, second = (write(tmp_path / name, image(phases)) for name in ("a", "b"))
    assert [p.relative_to(tmp_path / "a") for p in first] == [p.relative_to(tmp_path / "b") for p in second]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(first, second, strict=True))
    a, b = only(tmp_path / "a"), only(tmp_path / "b")
    assert a.uid == b.uid and volume_of(a).uid == volume_of(b).uid


def test_a_voxel_or_a_millimetre_changes_the_fingerprint(tmp_path: Path) -> None:
    truth = image(1)
    moved = Grid(truth.grid.shape, truth.grid.affine + np.eye(4)[:, [3, 0, 1, 2]] * 0)
    moved.affine[0, 3] += 0.001
    brighter = truth.data.copy()
    brighter[0, 4, 4, 4] += 1
    uids = set()
    for number, (data, grid) in enumerate([(truth.data, truth.grid), (truth.data, moved), (brighter, truth.grid)]):
        folder = tmp_path / str(number)
        write(folder, Volume(data, grid, "CT", truth.phase_percent, None, "x"))
        uids.add(volume_of(only(folder)).uid)
    assert len(uids) == 3


def test_sixteen_bits_and_low_values(tmp_path: Path) -> None:
    truth = image(1)
    wide = truth.data.copy()
    wide[0, 0, 0, :2] = -2000, 30000
    truth = Volume(wide, truth.grid, "CT", truth.phase_percent, None, "x")
    paths = write(tmp_path, truth)
    assert pydicom.dcmread(paths[0]).BitsStored == 16 and pydicom.dcmread(paths[0]).RescaleIntercept == -2000
    same(volume_of(only(tmp_path)), truth)


def test_a_scanner_would_write_these_tags(tmp_path: Path) -> None:
    data = pydicom.dcmread(write(tmp_path, image())[9 * 2 + 3])  # phase 2, slice 3
    assert data.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1" and data.BitsStored == 12
    assert data.NominalPercentageOfCardiacPhase == 50 and data.TriggerTime == 400 and data.HeartRate == 75
    assert data.SeriesDescription == "CorCTA 0.75 50%" and data.PatientPosition == "HFS" and data.KVP == 120
    assert (
        "SYNTHETIC" in data.ImageType and data.QualityControlSubject == "YES" and data.PatientIdentityRemoved == "YES"
    )
    assert all("SYNTHETIC" in data[name].value for name in ("PatientComments", "DerivationDescription"))
    uids = {data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID, data.FrameOfReferenceUID}
    assert len(uids) == 4 and all(uid.is_valid for uid in uids)


def test_not_synthetic_says_nothing_of_it(tmp_path: Path) -> None:
    paths = write(tmp_path, image(1), synthetic=False)
    assert b"SYNTHETIC" not in paths[0].read_bytes()
    series = only(tmp_path)
    assert not series.synthetic and series.contrast_agent == ""
    assert [warning.code for warning in series.warnings] == ["no_contrast_tag"]


@pytest.mark.parametrize("bad", [np.nan, 1e6])
def test_values_that_do_not_fit_are_refused(tmp_path: Path, bad: float) -> None:
    truth = image(1)
    data = truth.data.astype(np.float32)
    data[0, 0, 0, 0] = bad
    with pytest.raises(LoadError, match="16 bits"):
        write(tmp_path, Volume(data, truth.grid, "CT", truth.phase_percent, None, "x"))


# --- the ways in which scanners export phases ----------------------------------------------------------------------

DROP = ("NominalPercentageOfCardiacPhase", "TriggerTime", "TemporalPositionIdentifier", "HeartRate", "NominalInterval")


def keep(data: pydicom.Dataset, *names: str) -> None:
    for name in DROP:
        if name not in names and name in data:
            delattr(data, name)


def one_series(data: pydicom.Dataset) -> None:
    data.SeriesInstanceUID = "2.25.77"
    data.SeriesDescription = "CTA"


def percent_in_one_series(data: pydicom.Dataset, t: int, k: int) -> None:
    one_series(data)
    keep(data, "NominalPercentageOfCardiacPhase")


def trigger_in_one_series(data: pydicom.Dataset, t: int, k: int) -> None:
    one_series(data)
    keep(data, "TriggerTime", "NominalInterval")


def trigger_that_wanders(data: pydicom.Dataset, t: int, k: int) -> None:
    """Step-and-shoot: every table position has its own beat and so its own times."""
    one_series(data)
    data.TriggerTime = float(data.TriggerTime) + 0.7 * k
    keep(data, "TriggerTime", "NominalInterval")


def temporal_in_one_series(data: pydicom.Dataset, t: int, k: int) -> None:
    one_series(data)
    keep(data, "TemporalPositionIdentifier", "HeartRate")


def acquisition_in_one_series(data: pydicom.Dataset, t: int, k: int) -> None:
    one_series(data)
    data.AcquisitionNumber = t + 1
    keep(data, "HeartRate")


def percent_in_the_name(data: pydicom.Dataset, t: int, k: int) -> None:
    keep(data)


def trigger_a_series(data: pydicom.Dataset, t: int, k: int) -> None:
    data.SeriesDescription = "CTA"
    keep(data, "TriggerTime", "HeartRate")


@pytest.mark.parametrize(
    "edit",
    [
        percent_in_one_series,
        trigger_in_one_series,
        trigger_that_wanders,
        temporal_in_one_series,
        acquisition_in_one_series,
        percent_in_the_name,
        trigger_a_series,
    ],
)
def test_phases_are_found_however_they_are_told_apart(tmp_path: Path, edit: Edit) -> None:
    truth = image()
    write(tmp_path, truth)
    edited(tmp_path, edit)
    series = only(tmp_path)
    assert (series.kind, series.slices, series.phases, series.warnings) == ("ct_multiphase", 9, 4, ())
    found = volume_of(series)
    assert np.array_equal(found.data, truth.data)
    assert found.phase_percent == pytest.approx(truth.phase_percent, abs=0.5)


def test_two_passes_with_contrast_are_not_a_beat(tmp_path: Path) -> None:
    def arterial_and_venous(data: pydicom.Dataset, t: int, k: int) -> None:
        one_series(data)
        data.AcquisitionNumber = t + 1
        keep(data)

    truth = image(2)
    write(tmp_path, truth)
    edited(tmp_path, arterial_and_venous)
    found = dicom.scan(tmp_path)
    assert [series.kind for series in found] == ["ct_volume", "ct_volume"] and len({s.uid for s in found}) == 2
    for t, series in enumerate(found):
        assert np.array_equal(volume_of(series).data[0], truth.data[t])


def test_slices_downwards_and_files_shuffled(tmp_path: Path) -> None:
    truth = image(1)
    paths = list(write(tmp_path, truth))
    order = np.random.default_rng(3).permutation(len(paths))
    for number, path in enumerate(paths):
        path.rename(tmp_path / f"x{order[number]}")
    same(volume_of(only(tmp_path)), truth)


def test_left_handed_grid_comes_back_right_handed(tmp_path: Path) -> None:
    truth = image(1)
    flipped = truth.grid.affine.copy()
    flipped[:3, 3] += flipped[:3, 2] * (truth.grid.shape[0] - 1)
    flipped[:3, 2] *= -1
    write(tmp_path, Volume(truth.data[:, ::-1], Grid(truth.grid.shape, flipped), "CT", truth.phase_percent, None, "x"))
    same(volume_of(only(tmp_path)), truth)


def test_a_lost_image_costs_its_phase_and_is_said(tmp_path: Path) -> None:
    truth = image()
    write(tmp_path, truth)[9 + 4].unlink()
    series = only(tmp_path)
    assert [warning.code for warning in series.warnings] == ["incomplete_phases"] and series.phases == 4
    found = volume_of(series)
    assert np.array_equal(found.data, truth.data[[0, 2, 3]]) and found.phase_percent.tolist() == [0, 50, 75]


def test_a_lost_slice_is_interpolated_and_said(tmp_path: Path) -> None:
    truth = image(1)
    write(tmp_path, truth)[2].unlink()
    series = only(tmp_path)
    (warning,) = series.warnings
    assert warning.code == "missing_slices" and "1.3 to 2.6 mm apart" in warning.text
    found = volume_of(series)
    assert found.data.shape == truth.data.shape and np.abs(found.grid.affine - truth.grid.affine).max() < 1e-6
    kept = [k for k in range(9) if k != 2]
    assert np.array_equal(found.data[0, kept], truth.data[0, kept])


def test_a_gap_too_wide_to_fill_leaves_the_larger_part(tmp_path: Path) -> None:
    truth = image(1)
    paths = write(tmp_path, truth)
    edited(tmp_path, lambda data, t, k: setattr(data, "Modality", "CT"))
    for path in paths[1:5]:  # a gap of five steps
        path.unlink()
    series = only(tmp_path)
    (warning,) = series.warnings
    assert warning.text.startswith("4 slices are missing") and "slices 2 to 5 of 5" in warning.text
    found = volume_of(series)
    assert np.array_equal(found.data[0], truth.data[0, 5:])
    assert np.abs(found.grid.affine[:3, 3] - truth.grid.to_mm(np.array([[0, 0, 5]]))[0]).max() < 1e-6


def test_fractional_rescale_gives_floats(tmp_path: Path) -> None:
    truth = image(1)
    write(tmp_path, truth)
    edited(tmp_path, lambda data, t, k: setattr(data, "RescaleSlope", "0.5"))
    found = volume_of(only(tmp_path))
    assert found.data.dtype == np.float32
    assert np.allclose(found.data, (truth.data + 1024.0) * 0.5 - 1024.0)


def test_each_slice_has_its_own_rescale(tmp_path: Path) -> None:
    truth = image(1)
    write(tmp_path, truth)
    edited(tmp_path, lambda data, t, k: setattr(data, "RescaleIntercept", str(-1024 + 10 * (k % 2))))
    series = only(tmp_path)
    assert [warning.code for warning in series.warnings] == ["rescale_inconsistent"]
    assert np.array_equal(volume_of(series).data[0], truth.data[0] + (np.arange(9) % 2 * 10)[:, None, None])


def test_one_series_uid_for_two_patients(tmp_path: Path) -> None:
    def shared(data: pydicom.Dataset, t: int, k: int) -> None:
        data.SeriesInstanceUID = data.StudyInstanceUID = "2.25.5"

    truth = image(1)
    for name in ("A", "B"):
        names = {"study_description": "S", "series_description": name}
        dicom.write_ct(tmp_path / name, truth, Patient(name), synthetic=True, **names)
    edited(tmp_path, shared)
    found = dicom.scan(tmp_path)
    assert {s.patient.pseudonym for s in found} == {"A", "B"} and len({s.uid for s in found}) == 2
    for series in found:
        assert "mixed_patients" in {warning.code for warning in series.warnings}
        same(volume_of(series), truth)


def test_files_without_series_uid_still_form_a_volume(tmp_path: Path) -> None:
    truth = image(1)
    write(tmp_path, truth)
    edited(tmp_path, lambda data, t, k: delattr(data, "SeriesInstanceUID"))
    assert only(tmp_path).uid
    same(volume_of(only(tmp_path)), truth)


def test_progress_is_frequent_and_can_be_cancelled(tmp_path: Path) -> None:
    write(tmp_path, image())
    seen: list[float] = []
    series = dicom.scan(tmp_path, lambda fraction, text: seen.append(fraction))[0]
    assert len(seen) > 36 and seen == sorted(seen) and seen[-1] == 1.0
    seen.clear()
    dicom.read(series, lambda fraction, text: seen.append(fraction))
    assert len(seen) > 72 and min(seen) >= 0 and max(seen) <= 1

    def stop(fraction: float, text: str) -> None:
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        dicom.read(series, stop)
    with pytest.raises(Cancelled):
        dicom.scan(tmp_path, stop)
    with pytest.raises(Cancelled):
        write(tmp_path / "again", image(), report=stop)


def test_files_that_changed_since_the_scan(tmp_path: Path) -> None:
    paths = write(tmp_path, image(1))
    series = only(tmp_path)
    edited(tmp_path, lambda data, t, k: setattr(data, "SeriesInstanceUID", "2.25.99"))
    with pytest.raises(LoadError, match="changed"):
        dicom.read(series)
    paths[0].unlink()
    with pytest.raises(LoadError):
        dicom.read(series)
