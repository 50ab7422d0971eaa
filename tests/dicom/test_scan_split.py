"""One DICOM series that is really several, and several that are really one; each part says what makes it one."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.mr_images import CORONAL, Study, uid
from twinviewer import dicom
from twinviewer.domain import CineStack, Series, Volume


def parts(folder: Path) -> dict[str, Series]:
    found = dicom.scan(folder)
    assert len({series.uid for series in found}) == len(found)
    for series in found:  # what is told of before is what is opened after
        image = dicom.read(series)
        if isinstance(image, Volume):
            assert image.grid.shape[0] == series.slices
    return {series.extra.get("part", ""): series for series in found}


def values(series: Series) -> list[int]:
    """The number that each slice was written with."""
    image = dicom.read(series)
    assert isinstance(image, Volume)
    return [int(value) for value in image.data[0, :, 0, 0]]


def test_a_plain_stack_is_whole(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for z in (8.0, 0.0, 4.0, 12.0):
        study.image("a", z)
    (series,) = parts(tmp_path).values()
    assert "part" not in series.extra and series.kind == "mr_volume" and values(series) == [2, 3, 1, 4]


def test_echo_times(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for z in range(5):
        for echo in (4.6, 2.3):
            study.image("a", 3.0 * z, EchoTime=echo, SeriesDescription="dual")
    found = parts(tmp_path)
    assert set(found) == {"echo time 2.3 ms", "echo time 4.6 ms"}
    assert values(found["echo time 4.6 ms"]) == [1, 3, 5, 7, 9] and values(found["echo time 2.3 ms"]) == [
        2,
        4,
        6,
        8,
        10,
    ]
    assert found["echo time 2.3 ms"].description == "dual · echo time 2.3 ms"


def test_an_echo_time_that_wanders_from_slice_to_slice_is_no_reason(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for z in range(6):
        study.image("a", 3.0 * z, EchoTime=2.3 + 0.01 * z)
    assert list(parts(tmp_path)) == [""]


def test_magnitude_and_phase(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for z in range(5):
        study.image("a", 3.0 * z, ImageType=["ORIGINAL", "PRIMARY", "M", "ND"])
        study.image("a", 3.0 * z, ImageType=["ORIGINAL", "PRIMARY", "P", "ND"])
    assert set(parts(tmp_path)) == {"magnitude", "phase"}


def test_velocities_of_flow(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for phase in range(6):
        for venc in ("fl2d1_v150in", "fl2d1_v150ap", "fl2d1_v150fh"):
            study.image(
                "a", 0.0, ImageType=["ORIGINAL", "PRIMARY", "P"], SequenceName=venc, TriggerTime=100.0 * phase,
                NominalInterval=800,
            )  # fmt: skip
    found = dicom.scan(tmp_path)
    assert {series.extra["part"] for series in found} == {f"flow 150 cm/s {way}" for way in ("in", "ap", "fh")}
    assert {(series.kind, series.phases) for series in found} == {("planar", 6)}


@pytest.mark.parametrize("private", [False, True])
def test_b_values(tmp_path: Path, private: bool) -> None:
    study = Study(tmp_path)
    for z in range(5):
        for b in (0, 500, 1000):
            path = study.image("a", 3.0 * z, **({} if private else {"DiffusionBValue": float(b)}))
            if private:
                import pydicom

                data = pydicom.dcmread(path)
                data.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", str(b))
                data.save_as(path)
    assert set(parts(tmp_path)) == {"b 0 s/mm²", "b 500 s/mm²", "b 1000 s/mm²"}


def test_directions_of_diffusion(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for z in range(5):
        study.image("a", 3.0 * z, DiffusionBValue=0.0)
        for way in ([1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]):
            study.image("a", 3.0 * z, DiffusionBValue=800.0, DiffusionGradientOrientation=way)
    found = parts(tmp_path)
    assert set(found) == {"b 0 s/mm²"} | {f"b 800 s/mm², direction {way}" for way in ("1 0 0", "0 1 0", "0 0 1")}


def test_directions_matrices_and_localizers(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for z in range(6):
        study.image("a", 3.0 * z)
    for y in range(4):
        study.image("a", 0.0, ImagePositionPatient=[0.0, 3.0 * y, 0.0], ImageOrientationPatient=list(CORONAL))
    for z in range(3):
        study.image("a", 3.0 * z, Rows=24, Columns=20, PixelSpacing=[0.75, 0.75])
    study.image("a", 50.0, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    found = {series.extra["part"]: series for series in dicom.scan(tmp_path)}
    assert set(found) == {
        "direction axial, 10 × 12 pixels", "direction coronal", "direction axial, 20 × 24 pixels", "localizers",
    }  # fmt: skip
    assert [series.slices for series in found.values()].count(6) == 1


def test_everything_taken_twice(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for _ in range(2):
        for z in range(5):
            study.image("a", 3.0 * z)
    found = parts(tmp_path)
    assert set(found) == {"repeat 1 of 2", "repeat 2 of 2"}
    assert values(found["repeat 1 of 2"]) == [1, 2, 3, 4, 5] and values(found["repeat 2 of 2"]) == [6, 7, 8, 9, 10]


# --- several series that are one heart ---------------------------------------------------------------------------


def test_a_series_a_slice_each_with_its_own_beat(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for n, beat in enumerate((900, 860, 780, 910)):
        study.cine(f"s{n}", 8.0 * n, rr_ms=beat, SeriesNumber=n)
    (series,) = dicom.scan(tmp_path)
    assert (series.kind, series.slices, series.phases, series.warnings) == ("mr_cine", 4, 10, ())
    stack = dicom.read(series)
    assert isinstance(stack, CineStack)
    # with the axes of the body, the base of the heart is up: +z is first
    assert [plane.rr_s for plane in stack.planes] == [0.91, 0.78, 0.86, 0.9]
    assert all(np.all(np.diff(plane.trigger_s) > 0) for plane in stack.planes)


def test_a_series_a_phase(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for phase in range(8):
        for z in range(4):
            study.image(
                f"p{phase}", 8.0 * z, TriggerTime=100.0 * phase, NominalInterval=850, SeriesNumber=phase,
                SeriesDescription=f"cine sax {phase}",
            )  # fmt: skip
    (series,) = dicom.scan(tmp_path)
    assert (series.kind, series.slices, series.phases) == ("mr_cine", 4, 8)
    stack = dicom.read(series)
    assert isinstance(stack, CineStack) and all(len(plane.frames) == 8 for plane in stack.planes)


def test_phase_numbers_stand_in_for_times(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for z in range(3):
        for phase in range(5):
            study.image(
                "a", 8.0 * z, TemporalPositionIdentifier=phase + 1, NominalInterval=1000, CardiacNumberOfImages=5,
                SeriesDescription="cine",
            )  # fmt: skip
    (series,) = dicom.scan(tmp_path)
    stack = dicom.read(series)
    assert isinstance(stack, CineStack) and stack.planes[0].trigger_s.tolist() == [0.0, 0.2, 0.4, 0.6, 0.8]


def test_a_plane_taken_again_replaces_the_first_and_stays_beside(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for n in range(4):
        study.cine(f"s{n}", 8.0 * n, SeriesNumber=n)
    study.cine("again", 8.0, SeriesNumber=9)
    heart, again = dicom.scan(tmp_path)
    assert (heart.slices, heart.phases) == (4, 10) and again.slices == 1
    assert again.extra["part"] == "planes taken again"
    used = {Path(name).name for name in heart.files}
    assert {f"{n:04d}" for n in range(41, 51)} <= used  # the later one is used
    assert isinstance(dicom.read(again), CineStack)


def test_a_second_short_axis_stack_is_a_heart_of_its_own(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for n in range(5):
        study.cine("rest", 8.0 * n, SeriesNumber=1)
        study.cine("stress", 8.0 * n + 2.5, phases=8, SeriesNumber=2)
    rest, stress = dicom.scan(tmp_path)
    assert (rest.slices, rest.phases, stress.slices, stress.phases) == (5, 10, 5, 8)
    assert stress.extra["part"] == "short-axis stack 2"


def test_a_stack_in_two_series_is_one(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for n in range(8):
        study.cine("base" if n < 4 else "apex", 8.0 * n, SeriesNumber=1 + n // 4)
    (series,) = dicom.scan(tmp_path)
    assert (series.slices, series.phases) == (8, 10)


def test_patients_stay_apart_though_they_share_a_folder(tmp_path: Path) -> None:
    for patient in "AB":
        study = Study(tmp_path / "x", patient)
        study.count = 100 * ord(patient)
        for n in range(4):
            study.cine("a", 8.0 * n)
    found = dicom.scan(tmp_path)
    assert len(found) == 2 and len({series.patient.pseudonym for series in found}) == 2
    for series in found:
        assert (series.slices, series.phases) == (4, 10)
        assert [warning.code for warning in series.warnings] == ["mixed_patients"]


def test_concatenations_of_an_enhanced_image_are_one_volume(tmp_path: Path) -> None:
    """PS3.3 C.7.6.16.2.2.4: one object in several files, here 3 + 3 frames."""
    from pydicom.dataset import Dataset

    study = Study(tmp_path)
    for part in (1, 2):
        path = study.image("a", 0.0)
        import pydicom

        data = pydicom.dcmread(path)
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4.1"
        for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
            delattr(data, name)
        data.ConcatenationUID, data.InConcatenationNumber = uid("c"), part
        shared, measure, turn = Dataset(), Dataset(), Dataset()
        measure.PixelSpacing, turn.ImageOrientationPatient = [1.5, 1.5], [1, 0, 0, 0, 1, 0]
        shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measure], [turn]
        data.SharedFunctionalGroupsSequence = [shared]
        frames = []
        for n in range(3):
            place, frame = Dataset(), Dataset()
            place.ImagePositionPatient = [0.0, 0.0, 4.0 * (3 * (part - 1) + n)]
            frame.PlanePositionSequence = [place]
            frames.append(frame)
        data.PerFrameFunctionalGroupsSequence, data.NumberOfFrames = frames, 3
        data.PixelData = b"".join(np.full((12, 10), 3 * part + n, np.uint16).tobytes() for n in range(3))
        data.save_as(path)
    (series,) = dicom.scan(tmp_path)
    assert (series.slices, len(series.files), series.warnings) == (6, 2, ())
    assert values(series) == [3, 4, 5, 6, 7, 8] and series.spacing_mm[2] == pytest.approx(4.0)


def test_a_turning_scan_is_single_images_and_is_over_soon(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for n in range(40):
        a = np.radians(4.5 * n)
        study.image("a", 0.0, ImageOrientationPatient=[np.cos(a), np.sin(a), 0.0, 0.0, 0.0, -1.0])
    (series,) = dicom.scan(tmp_path)
    assert (series.kind, series.slices) == ("planar", 40)
    (warning,) = series.warnings
    assert warning.code == "mixed_orientation" and "40 images face 40 ways" in warning.text


def tensor(folder: Path, count: int, slices: int, wander: float = 0.0) -> list[list[float]]:
    """A tensor without and with a gradient in ``count`` directions; slice k of direction n holds 1 + n + k * count."""
    study = Study(folder)
    turns = np.arange(count) * np.pi * (3.0 - np.sqrt(5.0))  # a spiral over the sphere: all directions differ
    z = 1.0 - (2.0 * np.arange(count) + 1.0) / count
    ways = np.stack([np.sqrt(1 - z * z) * np.cos(turns), np.sqrt(1 - z * z) * np.sin(turns), z], axis=1)
    for k in range(slices):
        for way in ways + wander * (k - 1.5):
            study.image(
                "a", 4.0 * k, DiffusionBValue=900.0, DiffusionGradientOrientation=[float(one) for one in way],
                SeriesDescription="tensor",
            )  # fmt: skip
    return [[float(one) for one in way] for way in ways]


@pytest.mark.parametrize("count, wander", [(7, 0.0), (20, 0.002), (64, 0.0)])
def test_each_direction_of_a_tensor_is_a_volume(tmp_path: Path, count: int, wander: float) -> None:
    tensor(tmp_path, count, 4, wander)
    found = dicom.scan(tmp_path)
    assert len(found) == count and all(one.slices == 4 and not one.warnings for one in found)
    assert all(one.extra["part"].startswith("direction ") for one in found)
    firsts = sorted(values(one)[0] for one in found)
    assert firsts == list(range(1, count + 1))  # no image is lost, and none twice
    assert values(found[3]) == [values(found[3])[0] + k * count for k in range(4)]


def test_shells_of_a_tensor(tmp_path: Path) -> None:
    study = Study(tmp_path)
    for z in range(4):
        study.image("a", 4.0 * z, DiffusionBValue=0.0)
        for b in (700.0, 2000.0):
            for n in range(12):
                way = [float(np.cos(n)), float(np.sin(n)), 0.0]
                study.image("a", 4.0 * z, DiffusionBValue=b, DiffusionGradientOrientation=way)
    found = parts(tmp_path)
    assert len(found) == 25 and "b 0 s/mm²" in found and "b 2000 s/mm², direction 1 0 0" in found


def test_more_directions_than_rows_are_worth_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twinviewer.dicom.splitting.MOST_DIRECTIONS", 10)
    tensor(tmp_path, 20, 4)
    (series,) = dicom.scan(tmp_path)
    assert (series.slices, series.grid is not None and series.grid.duplicates) == (4, 4 * 19)
    (warning,) = series.warnings
    assert warning.code == "duplicate_slices" and warning.text.startswith("Of 20 directions of the diffusion gradient")
    assert f"{4 * 19} images" in warning.text
