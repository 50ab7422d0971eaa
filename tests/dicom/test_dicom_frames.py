"""Where frames lie: a field that is linear in space is written through each kind of header, and read back in space."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence

from twinviewer import dicom
from twinviewer.dicom.resample import even_places, evened
from twinviewer.domain import Pictures, Series, Volume

STORAGE = "1.2.840.10008.5.1.4.1.1."
SLOPE = np.array([3.0, -2.0, 5.0])
ROW, COLUMN = np.array([0.8, 0.6, 0.0]), np.array([0.0, 0.0, -1.0])
NORMAL = np.cross(ROW, COLUMN)
CORNER = np.array([-30.5, 12.25, 44.0])
ROWS, COLUMNS, STEP, SPACING = 6, 8, 2.5, (1.5, 0.75)


def field(places: np.ndarray) -> np.ndarray:
    """Values at LPS places: linear, whole numbers after rounding to 1/10."""
    return np.asarray(places @ SLOPE + 400.0)


def plane_places(corner: np.ndarray) -> np.ndarray:
    j, i = np.mgrid[:ROWS, :COLUMNS]
    return np.asarray(corner + i[..., None] * ROW * SPACING[1] + j[..., None] * COLUMN * SPACING[0])


def base(sop: str, modality: str, frames: int) -> Dataset:
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    data.SOPClassUID, data.SOPInstanceUID = STORAGE + sop, "1.2.3"
    data.StudyInstanceUID, data.SeriesInstanceUID, data.Modality = "1.2", "1.2.4", modality
    data.PatientID = "x"
    data.Rows, data.Columns, data.SamplesPerPixel, data.NumberOfFrames = ROWS, COLUMNS, 1, frames
    data.PhotometricInterpretation, data.PixelRepresentation = "MONOCHROME2", 0
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit = 15
    return data


def item(**tags: object) -> Dataset:
    data = Dataset()
    for name, value in tags.items():
        setattr(data, name, value)
    return data


def text(vector: np.ndarray) -> list[float]:
    return [float(value) for value in vector]


def opened(path: Path) -> tuple[Series, Volume]:
    (series,) = [one for one in dicom.scan(path) if one.kind != "not_image"]
    image = dicom.read(series)
    assert isinstance(image, Volume)
    return series, image


def off_field(volume: Volume, phase: int = 0) -> float:
    """Largest difference of a volume's values from the field at their places."""
    k, j, i = np.indices(volume.grid.shape)
    places = volume.grid.to_mm(np.stack([i, j, k], axis=-1).reshape(-1, 3).astype(float))
    return float(np.abs(volume.data[phase].ravel() - field(places)).max())


def test_functional_groups_shared_and_of_each_frame(tmp_path: Path) -> None:
    """Frames in any order, each with its own rescale; the orientation is shared, the pixel measures are not."""
    order = np.random.default_rng(5).permutation(7)
    data = base("4.1", "MR", 7)
    data.SharedFunctionalGroupsSequence = Sequence(
        [
            item(
                PlaneOrientationSequence=[item(ImageOrientationPatient=[*text(ROW), *text(COLUMN)])],
                FrameVOILUTSequence=[item(WindowCenter=[400, 1], WindowWidth=[250, 2])],
            )
        ]
    )
    frames, groups = [], []
    for number in order:
        corner = CORNER + number * STEP * NORMAL
        slope = 0.01 * (1 + number)
        frames.append(np.rint((field(plane_places(corner)) + 50.0) / slope).astype(np.uint16))
        groups.append(
            item(
                PlanePositionSequence=[item(ImagePositionPatient=text(corner))],
                PixelMeasuresSequence=[item(PixelSpacing=list(SPACING), SliceThickness=2)],
                PixelValueTransformationSequence=[item(RescaleSlope=slope, RescaleIntercept=-50, RescaleType="US")],
            )
        )
    data.PerFrameFunctionalGroupsSequence = Sequence(groups)
    data.PixelData = np.stack(frames).tobytes()
    data.save_as(tmp_path / "x.dcm", enforce_file_format=True)
    series, volume = opened(tmp_path / "x.dcm")
    assert (series.kind, series.slices) == ("mr_volume", 7)
    assert off_field(volume) <= 0.5 * 0.07 + 1e-3 and volume.window == (250.0, 400.0)
    assert np.abs(np.linalg.norm(volume.grid.affine[:3, 2]) - STEP) < 1e-6


@pytest.mark.parametrize("floats", [np.float32, np.float64])
def test_parametric_map_of_real_numbers(tmp_path: Path, floats: type) -> None:
    data = base("30", "MR", 4)
    data.BitsAllocated = 8 * np.dtype(floats).itemsize
    del data.BitsStored, data.HighBit, data.PixelRepresentation
    shared = item(
        PlaneOrientationSequence=[item(ImageOrientationPatient=[*text(ROW), *text(COLUMN)])],
        PixelMeasuresSequence=[item(PixelSpacing=list(SPACING), SliceThickness=2)],
        RealWorldValueMappingSequence=[item(RealWorldValueSlope=2.0, RealWorldValueIntercept=1.0)],
    )
    data.SharedFunctionalGroupsSequence = Sequence([shared])
    corners = [CORNER + n * STEP * NORMAL for n in range(4)]
    data.PerFrameFunctionalGroupsSequence = Sequence(
        [item(PlanePositionSequence=[item(ImagePositionPatient=text(corner))]) for corner in corners]
    )
    values = np.stack([(field(plane_places(corner)) - 1.0) / 2.0 for corner in corners]).astype(floats)
    values[2, 3, 4] = np.nan  # nothing there
    setattr(data, "FloatPixelData" if floats is np.float32 else "DoubleFloatPixelData", values.tobytes())
    data.save_as(tmp_path / "x.dcm", enforce_file_format=True)
    _, volume = opened(tmp_path / "x.dcm")
    assert volume.data.dtype == np.float32 and np.isfinite(volume.data).all()
    assert volume.data[0, 2, 3, 4] == 1.0  # the mapping's intercept
    data_there = volume.data.copy()
    data_there[0, 2, 3, 4] = field(volume.grid.to_mm(np.array([[4.0, 3.0, 2.0]])))[0]
    assert off_field(replace(volume, data=data_there)) < 1e-3


def test_ultrasound_volume_lies_in_its_probes_frame(tmp_path: Path) -> None:
    data = base("6.2", "US", 4)
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit = 7
    shared = item(
        PlaneOrientationVolumeSequence=[item(ImageOrientationVolume=[*text(ROW), *text(COLUMN)])],
        PixelMeasuresSequence=[item(PixelSpacing=list(SPACING), SliceThickness=2)],
    )
    data.SharedFunctionalGroupsSequence = Sequence([shared])
    corners = [CORNER + n * STEP * NORMAL for n in range(4)]
    data.PerFrameFunctionalGroupsSequence = Sequence(
        [item(PlanePositionVolumeSequence=[item(ImagePositionVolume=text(corner))]) for corner in corners]
    )
    low = min(field(plane_places(corner)).min() for corner in corners)
    frames = [np.rint((field(plane_places(corner)) - low) / 2.0).astype(np.uint8) for corner in corners]
    data.PixelData = np.stack(frames).tobytes()
    data.save_as(tmp_path / "x.dcm", enforce_file_format=True)
    series, volume = opened(tmp_path / "x.dcm")
    assert "probe_frame" in {warning.code for warning in series.warnings}
    k, j, i = np.indices(volume.grid.shape)
    places = volume.grid.to_mm(np.stack([i, j, k], axis=-1).reshape(-1, 3).astype(float))
    assert np.abs(volume.data[0].ravel() * 2.0 + low - field(places)).max() <= 1.0


@pytest.mark.parametrize("first", [0.0, 44.0])
def test_dose_grid_by_its_offsets(tmp_path: Path, first: float) -> None:
    """Offsets begin with 0, or with the z of the first plane (transverse grids only)."""
    data = base("481.2", "RTDOSE", 5)
    row, column = (np.array([1.0, 0, 0]), np.array([0, 1.0, 0])) if first else (ROW, COLUMN)
    corner = np.array([-30.5, 12.25, 44.0])
    normal = np.cross(row, column)
    data.ImagePositionPatient, data.ImageOrientationPatient = text(corner), [*text(row), *text(column)]
    data.PixelSpacing, data.GridFrameOffsetVector = list(SPACING), [first + STEP * n for n in range(5)]
    data.DoseGridScaling, data.DoseUnits = 0.001, "GY"
    j, i = np.mgrid[:ROWS, :COLUMNS]
    frames = []
    for number in range(5):
        places = corner + number * STEP * normal + i[..., None] * row * SPACING[1] + j[..., None] * column * SPACING[0]
        frames.append(np.rint(field(places) / 0.001).astype(np.uint32))
    data.BitsAllocated = data.BitsStored = 32
    data.HighBit = 31
    data.PixelData = np.stack(frames).tobytes()
    data.save_as(tmp_path / "x.dcm", enforce_file_format=True)
    _, volume = opened(tmp_path / "x.dcm")
    assert volume.grid.shape == (5, ROWS, COLUMNS) and volume.unit == "Gy" and off_field(volume) < 2e-3


def test_spect_by_its_slice_vector(tmp_path: Path) -> None:
    data = base("20", "NM", 4)
    data.DetectorInformationSequence = Sequence(
        [item(ImagePositionPatient=text(CORNER), ImageOrientationPatient=[*text(ROW), *text(COLUMN)])]
    )
    data.PixelSpacing, data.SpacingBetweenSlices, data.SliceVector = list(SPACING), STEP, [1, 2, 3, 4]
    frames = [np.rint(field(plane_places(CORNER + n * STEP * NORMAL))).astype(np.uint16) for n in range(4)]
    data.PixelData = np.stack(frames).tobytes()
    data.save_as(tmp_path / "x.dcm", enforce_file_format=True)
    _, volume = opened(tmp_path / "x.dcm")
    assert volume.grid.shape[0] == 4 and off_field(volume) <= 0.5


def csa(normal: np.ndarray, tiles: int) -> bytes:
    """Siemens' image header (SV10) with two of its elements."""
    out = b"SV10\4\3\2\1" + (2).to_bytes(4, "little") + (77).to_bytes(4, "little")
    for name, vr, values in (
        ("NumberOfImagesInMosaic", b"US", [f"{tiles}"]),
        ("SliceNormalVector", b"FD", [f"{value:.8f}" for value in normal]),
    ):
        out += name.encode().ljust(64, b"\0") + len(values).to_bytes(4, "little") + vr + b"\0\0"
        out += (0).to_bytes(4, "little") + len(values).to_bytes(4, "little") + (77).to_bytes(4, "little")
        for value in values:
            content = value.encode() + b"\0"
            out += (
                len(content).to_bytes(4, "little") * 2 + (77).to_bytes(4, "little") + len(content).to_bytes(4, "little")
            )
            out += content.ljust(-(-len(content) // 4) * 4, b"\0")
    return out


@pytest.mark.parametrize("upwards", [1.0, -1.0])
def test_siemens_mosaic(tmp_path: Path, upwards: float) -> None:
    """Seven slices on a picture of 3 x 3 tiles, along the normal or against it; the header's position is that of a
    slice as large as the picture, about the same centre."""
    data = base("4", "MR", 1)
    del data.NumberOfFrames
    data.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
    picture = np.zeros((3 * ROWS, 3 * COLUMNS), np.uint16)
    for number in range(7):
        corner = CORNER + upwards * number * STEP * NORMAL
        top, left = number // 3 * ROWS, number % 3 * COLUMNS
        picture[top : top + ROWS, left : left + COLUMNS] = np.rint(field(plane_places(corner)))
    data.Rows, data.Columns = picture.shape
    beyond = CORNER - ROW * SPACING[1] * COLUMNS - COLUMN * SPACING[0] * ROWS
    data.ImagePositionPatient, data.ImageOrientationPatient = text(beyond), [*text(ROW), *text(COLUMN)]
    data.PixelSpacing, data.SpacingBetweenSlices, data.SliceThickness = list(SPACING), STEP, 2
    block = data.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    block.add_new(0x10, "OB", csa(upwards * NORMAL, 7))
    data.PixelData = picture.tobytes()
    data.save_as(tmp_path / "x.dcm", enforce_file_format=True)
    series, volume = opened(tmp_path / "x.dcm")
    assert volume.grid.shape == (7, ROWS, COLUMNS) and series.shape == (ROWS, COLUMNS)
    assert off_field(volume) <= 0.5
    assert np.linalg.det(volume.grid.affine[:3, :3]) > 0


def test_mosaic_that_does_not_say_enough_is_a_picture(tmp_path: Path) -> None:
    data = base("4", "MR", 1)
    data.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
    data.PixelData = np.zeros((ROWS, COLUMNS), np.uint16).tobytes()
    data.save_as(tmp_path / "x.dcm", enforce_file_format=True)
    (series,) = dicom.scan(tmp_path / "x.dcm")
    assert series.extra["opens_as"] == "pictures"
    assert isinstance(dicom.read_pictures(series), Pictures)


def stack(folder: Path, corners: list[np.ndarray], values: Callable[[np.ndarray], np.ndarray] = field) -> None:
    """Classic CT slices of the field."""
    for number, corner in enumerate(corners):
        data = base("2", "CT", 1)
        del data.NumberOfFrames
        data.SOPInstanceUID, data.InstanceNumber = f"1.2.3.{number}", number + 1
        data.ImagePositionPatient, data.ImageOrientationPatient = text(corner), [*text(ROW), *text(COLUMN)]
        data.PixelSpacing, data.RescaleSlope, data.RescaleIntercept = list(SPACING), 0.01, -500
        data.PixelData = np.rint((values(plane_places(corner)) + 500.0) / 0.01).clip(0, 65535).astype("<u2").tobytes()
        data.save_as(folder / f"{number}.dcm", enforce_file_format=True)


def small(places: np.ndarray) -> np.ndarray:
    return field(places) / 10.0


@pytest.mark.parametrize("lean", [COLUMN * 0.9, -COLUMN * 0.9, COLUMN * 0.7 + ROW * 0.31])
def test_tilted_stack_shows_the_same_field(tmp_path: Path, lean: np.ndarray) -> None:
    """A linear field survives linear interpolation exactly, wherever a slice shows anything."""
    stack(tmp_path, [CORNER + n * (STEP * NORMAL + lean) for n in range(6)], small)
    series, volume = opened(tmp_path)
    assert "gantry_tilt" in {warning.code for warning in series.warnings}
    axes = volume.grid.affine[:3, :3] / np.linalg.norm(volume.grid.affine[:3, :3], axis=0)
    assert np.abs(axes.T @ axes - np.eye(3)).max() < 1e-9
    k, j, i = np.indices(volume.grid.shape)
    places = volume.grid.to_mm(np.stack([i, j, k], axis=-1).reshape(-1, 3).astype(float))
    shown = volume.data[0].ravel() > volume.data.min()
    off = np.abs(volume.data[0].ravel() - small(places))[shown]
    assert off.max() < 0.02 and shown.mean() > 0.3


def test_uneven_stack_shows_the_same_field(tmp_path: Path) -> None:
    heights = np.array([0.0, 1.0, 2.0, 4.0, 5.0, 6.5, 7.5, 8.5, 9.5])
    stack(tmp_path, [CORNER + height * NORMAL for height in heights], small)
    series, volume = opened(tmp_path)
    (note,) = (w.text for w in series.warnings if w.code == "uneven_spacing")
    assert "1 to 2 mm apart" in note and volume.grid.shape[0] == 10
    k, j, i = np.indices(volume.grid.shape)
    places = volume.grid.to_mm(np.stack([i, j, k], axis=-1).reshape(-1, 3).astype(float))
    assert np.abs(volume.data[0].ravel() - small(places)).max() < 0.02


def test_even_places_keep_what_needs_no_neighbour() -> None:
    below, weight = even_places(np.array([0.0, 1.0, 3.0, 4.0]), 1.0)
    assert below.tolist() == [0, 1, 1, 2, 3] and weight.tolist() == [0, 0, 0.5, 0, 0]
    data = np.arange(4, dtype=np.int16)[None, :, None, None] * 10
    assert evened(data, np.array([0.0, 1.0, 3.0, 4.0]), 1.0).ravel().tolist() == [0, 10, 15, 20, 30]
