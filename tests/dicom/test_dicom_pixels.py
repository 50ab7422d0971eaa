"""Every coding and every width of pixels, encoded here and read back to the bit; units; pictures."""

import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from damaged_codes import Code, decoded_of_mutants
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence

from twinviewer import dicom
from twinviewer.dicom.codecs import decode
from twinviewer.dicom.pictures import read_pictures
from twinviewer.domain import LoadError, Picture, Pictures, Series, Volume

UID = "1.2.840.10008.1.2"
RAW, DEFLATED_FRAMES, RLE = f"{UID}.1.98", f"{UID}.8.1", f"{UID}.5"
J2K, HTJ2K, JLS, JXL = f"{UID}.4.90", f"{UID}.4.201", f"{UID}.4.80", f"{UID}.4.110"


def noise(top: int, dtype: str, shape: tuple[int, ...] = (24, 40)) -> np.ndarray:
    """A hill with noise on it, over the whole range from 0 to top."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    hill = top * np.exp(-((x - 20.0) ** 2 + (y - 12.0) ** 2) / 120)
    image = hill + np.random.default_rng(3).normal(0, top / 50, (24, 40))
    return image.round().clip(0, top).astype(dtype)


def coded(image: np.ndarray, syntax: str) -> bytes:
    """One frame in a coding."""
    import imagecodecs

    if syntax == J2K:
        return bytes(imagecodecs.jpeg2k_encode(image, level=0, codecformat="j2k", reversible=True))
    if syntax == HTJ2K:
        return bytes(imagecodecs.htj2k_encode(image))
    if syntax == JLS:
        return bytes(imagecodecs.jpegls_encode(image))
    if syntax == JXL:
        return bytes(imagecodecs.jpegxl_encode(image, lossless=True))
    if syntax == DEFLATED_FRAMES:
        packer = zlib.compressobj(wbits=-15)
        return packer.compress(image.tobytes()) + packer.flush()
    if syntax == RLE:  # each byte of a sample by itself, the high one first, in literal runs of at most 128
        planes = image.astype(image.dtype.newbyteorder(">")).view(np.uint8).reshape(image.size, -1).T
        parts = []
        for plane in planes:
            content = plane.tobytes()
            runs = [content[n : n + 128] for n in range(0, len(content), 128)]
            packed = b"".join(bytes([len(run) - 1]) + run for run in runs)
            parts.append(packed + b"\0" * (len(packed) % 2))
        head = [len(parts), *(64 + sum(map(len, parts[:n])) for n in range(len(parts)))]
        return np.array(head + [0] * (16 - len(head)), "<u4").tobytes() + b"".join(parts)
    return image.tobytes()


def write(path: Path, pixels: bytes, syntax: str = f"{UID}.1", **tags: object) -> Path:
    """A file of one 24 x 40 image of 16 bits; tags replace what is usual."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    known = {DEFLATED_FRAMES: RAW, JXL: HTJ2K}.get(syntax, syntax)  # pydicom refuses to write what it does not know
    data.file_meta.TransferSyntaxUID = known
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3"
    data.StudyInstanceUID, data.SeriesInstanceUID, data.PatientID = "1.2", "1.4", "x"
    data.Modality, data.Rows, data.Columns, data.SamplesPerPixel = "CT", 24, 40, 1
    data.PhotometricInterpretation, data.PixelRepresentation = "MONOCHROME2", 0
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit = 15
    data.ImagePositionPatient, data.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    data.PixelSpacing = [1, 1]
    for name, value in tags.items():
        if value is None:
            data.pop(name, None)  # type: ignore[call-overload]
        else:
            setattr(data, name, value)
    native = syntax in (UID, f"{UID}.1", f"{UID}.2", f"{UID}.1.99")
    data.PixelData = pixels if native else encapsulate([pixels])
    data["PixelData"].VR = "OW" if native and data.BitsAllocated > 8 else "OB"
    data["PixelData"].is_undefined_length = not native
    data.save_as(path, enforce_file_format=True)
    if known != syntax:
        path.write_bytes(path.read_bytes().replace(known.encode(), syntax.encode().ljust(len(known), b"\0")))
    return path


def one(path: Path) -> Series:
    (series,) = dicom.scan(path)
    return series


def values(path: Path) -> np.ndarray:
    image = dicom.read(one(path))
    assert isinstance(image, Volume)
    return np.asarray(image.data[0, 0])


def pictures(path: Path) -> Pictures:
    return read_pictures(one(path))


@pytest.mark.parametrize("syntax", [RAW, DEFLATED_FRAMES, RLE, J2K, HTJ2K, JLS, JXL])
@pytest.mark.parametrize(("bits", "stored"), [(8, 8), (16, 12), (16, 16)])
def test_every_coding_to_the_bit(tmp_path: Path, syntax: str, bits: int, stored: int) -> None:
    image = noise((1 << stored) - 1, f"<u{bits // 8}")
    path = write(
        tmp_path / "x", coded(image, syntax), syntax, BitsAllocated=bits, BitsStored=stored, HighBit=stored - 1
    )
    assert np.array_equal(values(path), image)


@pytest.mark.parametrize("syntax", [RAW, RLE, J2K, HTJ2K])
def test_signed_values_keep_their_sign(tmp_path: Path, syntax: str) -> None:
    image = (noise(4000, "<u2").astype(np.int16) - 2000).astype("<i2")
    path = write(tmp_path / "x", coded(image, syntax), syntax, PixelRepresentation=1)
    assert np.array_equal(values(path), image)


def test_the_sign_of_the_code_counts_where_the_header_forgot_it(tmp_path: Path) -> None:
    image = (noise(4000, "<u2").astype(np.int16) - 2000).astype("<i2")
    assert np.array_equal(values(write(tmp_path / "x", coded(image, J2K), J2K)), image)


@pytest.mark.parametrize("syntax", [UID, f"{UID}.1", f"{UID}.2", f"{UID}.1.99"])
@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4"])
def test_native_widths(tmp_path: Path, syntax: str, dtype: str) -> None:
    wide = int(dtype[1])
    image = noise(100, "i8") * (1 if wide < 4 else 1000) - (50 if dtype[0] == "i" else 0)
    order = ">" if syntax.endswith(".2.2") or syntax == f"{UID}.2" else "<"
    path = write(
        tmp_path / "x", image.astype(f"{order}{dtype}").tobytes(), syntax, BitsAllocated=8 * wide, BitsStored=8 * wide,
        HighBit=8 * wide - 1, PixelRepresentation=int(dtype[0] == "i"),
    )  # fmt: skip
    assert np.array_equal(values(path), image)


def test_single_bits_that_end_within_a_byte(tmp_path: Path) -> None:
    """Three frames of 5 x 5 bits: the second begins at bit 25."""
    bits = np.random.default_rng(1).integers(0, 2, (3, 5, 5)).astype(np.uint8)
    content = np.packbits(bits.ravel(), bitorder="little").tobytes()
    path = write(
        tmp_path / "x", content + b"\0" * (len(content) % 2), BitsAllocated=1, BitsStored=1, HighBit=0, Rows=5,
        Columns=5, NumberOfFrames=3, Modality="OT", SOPClassUID="1.2.840.10008.5.1.4.1.1.7.1",
        ImagePositionPatient=None, ImageOrientationPatient=None,
    )  # fmt: skip
    found = pictures(path)
    assert all(np.array_equal(frame.pixels, truth) for frame, truth in zip(found.frames, bits, strict=True))


@pytest.mark.parametrize("syntax", [RLE, J2K, JLS])
def test_a_frame_that_is_cut_short_or_of_another_size_is_refused(tmp_path: Path, syntax: str) -> None:
    whole = coded(noise(4000, "<u2"), syntax)
    for number, bad in enumerate((whole[: len(whole) // 2], coded(noise(4000, "<u2")[:12].copy(), syntax))):
        bad += b"\0" * (len(bad) % 2)
        with pytest.raises(LoadError, match="decoded"):
            values(write(tmp_path / f"{number}", bad, syntax))


def test_a_short_code_of_a_huge_image_is_refused_before_it_is_made() -> None:
    head = np.array([2, 64, 66] + [0] * 13, "<u4").tobytes()
    with pytest.raises(ValueError, match="too short"):
        decode(head + b"\x81\0" * 2, RLE, (30000, 30000, 1), 16)


def test_damaged_codes_never_end_the_process(tmp_path: Path) -> None:
    """2,400 mutants. The RLE decoder of imagecodecs and GDCM's end the process: they are not used."""
    import imagecodecs

    grey, colour = noise(4000, "<u2"), np.stack([noise(255, "u1")] * 3, axis=-1)
    codes = [Code(syntax, (24, 40, 1), coded(grey, syntax)) for syntax in (J2K, HTJ2K, JLS, JXL, RLE)]
    codes += [Code(syntax, (24, 40, 3), coded(colour, syntax)) for syntax in (J2K, JXL)]
    codes.append(Code(f"{UID}.4.50", (24, 40, 3), bytes(imagecodecs.jpeg8_encode(colour, level=80))))
    assert 0 < decoded_of_mutants(codes, 300, tmp_path) < 1200


# --- units ---------------------------------------------------------------------------------------------------------

HALF_LIFE_S = 6586.2  # fluorine-18


def pet(path: Path, bq_ml: float, **tags: object) -> Path:
    """A slice of a uniform phantom, an hour after the injection of 370 MBq into 75 kg."""
    drug = Dataset()
    drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = 370e6, HALF_LIFE_S
    drug.RadiopharmaceuticalStartTime = "100000.00"
    usual: dict[str, object] = {
        "Modality": "PT", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.128", "Units": "BQML", "DecayCorrection": "START",
        "CorrectedImage": ["ATTN", "DECY", "SCAT"], "PatientWeight": 75, "SeriesDate": "20260101",
        "SeriesTime": "110000", "AcquisitionDate": "20260101", "AcquisitionTime": "110010.5", "RescaleSlope": 2.0,
        "RescaleIntercept": 0, "RadiopharmaceuticalInformationSequence": Sequence([drug]),
    }  # fmt: skip
    return write(path, np.full((24, 40), round(bq_ml / 2.0), "<u2").tobytes(), **{**usual, **tags})


def test_a_phantom_that_keeps_its_dose_has_suv_one(tmp_path: Path) -> None:
    """All of what is left of the dose, evenly in the body's own weight of water: 1 g/mL by definition."""
    left = 370e6 * 2.0 ** (-3600.0 / HALF_LIFE_S)
    path = pet(tmp_path / "x", left / 75000.0)
    image = dicom.read(one(path))
    assert isinstance(image, Volume) and image.unit == "SUVbw"
    assert image.data.mean() == pytest.approx(1.0, abs=5e-4)


def test_a_dose_that_is_corrected_to_the_injection_does_not_decay(tmp_path: Path) -> None:
    path = pet(tmp_path / "x", 370e6 / 75000.0, DecayCorrection="ADMIN")
    assert values(path).mean() == pytest.approx(1.0, abs=5e-4)


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"PatientWeight": None}, "weight"),
        ({"CorrectedImage": ["ATTN"]}, "decay"),
        ({"DecayCorrection": "NONE"}, "decay"),
        ({"RadiopharmaceuticalInformationSequence": None}, "dose"),
        ({"SeriesTime": "120000"}, "time of the scan"),  # rewritten after the acquisition
    ],
)
def test_activity_stays_activity_where_a_tag_is_lacking(tmp_path: Path, tags: dict[str, object], said: str) -> None:
    for number in range(3):
        pet(tmp_path / f"{number}", 4000.0, SOPInstanceUID=f"1.2.3.{number}", ImagePositionPatient=[0, 0, number],
            InstanceNumber=number + 1, **tags)  # fmt: skip
    series = one(tmp_path)
    image = dicom.read(series)
    assert isinstance(image, Volume) and image.unit == "Bq/mL" and float(image.data.mean()) == 4000.0
    (note,) = (warning.text for warning in series.warnings if warning.code == "units")
    assert said in note and "Bq/mL" in note


def test_philips_counts_by_its_own_factor(tmp_path: Path) -> None:
    path = pet(tmp_path / "x", 4000.0, Units="CNTS")
    data = pydicom.dcmread(path)
    data.add_new((0x7053, 0x0010), "LO", "Philips PET Private Group")
    data.add_new((0x7053, 0x1000), "DS", "0.00025")
    data.save_as(path)
    assert values(path).mean() == pytest.approx(1.0)


# --- pictures ------------------------------------------------------------------------------------------------------

FLAT = {"ImagePositionPatient": None, "ImageOrientationPatient": None, "Modality": "OT"}


def test_window_of_the_standard() -> None:
    """PS3.3 C.11.2.1.2.1: width 2048 and level 2048 of 12 bits put 1024 at black's end and 3071 at white's."""
    picture = Picture(np.array([[0, 1024, 2047, 2048, 3071, 4095]], np.int16), window=(2048.0, 2048.0))
    assert picture.shown().tolist() == [[0, 0, 127, 128, 255, 255]]
    turned = Picture(picture.pixels, window=picture.window, inverted=True)
    assert turned.shown().tolist() == [[255, 255, 128, 127, 0, 0]]


def test_low_is_white_where_the_header_says_so(tmp_path: Path) -> None:
    image = noise(4000, "<u2")
    path = write(tmp_path / "x", image.tobytes(), PhotometricInterpretation="MONOCHROME1", **{**FLAT, "Modality": "DX"})
    (frame,) = pictures(path).frames
    assert np.array_equal(frame.pixels, image)  # as stored: only what is shown is turned
    assert frame.shown()[image == image.min()].min() == 255 and frame.shown()[image == image.max()].max() == 0


def test_the_curve_of_the_header(tmp_path: Path) -> None:
    table = Dataset()
    table.LUTDescriptor = [4, 100, 8]
    table.add_new((0x0028, 0x3006), "US", [0, 200, 50, 255])
    image = np.clip(noise(200, "<u2"), 98, 105).astype("<u2")
    path = write(tmp_path / "x", image.tobytes(), VOILUTSequence=Sequence([table]), **FLAT)
    truth = np.array([0, 200, 50, 255])[np.clip(image.astype(int) - 100, 0, 3)]
    assert np.array_equal(pictures(path).frames[0].shown(), truth)


@pytest.mark.parametrize("syntax", [f"{UID}.1", f"{UID}.2"])
@pytest.mark.parametrize("wide", [8, 16])
def test_palettes(tmp_path: Path, syntax: str, wide: int) -> None:
    image = (noise(255, "u1") % 7).astype("u1")
    colours = np.random.default_rng(2).integers(1, 256, (7, 3))
    colours[3] = 255
    order = ">" if syntax == f"{UID}.2" else "<"
    names = ("Red", "Green", "Blue")
    tags: dict[str, object] = {f"{name}PaletteColorLookupTableDescriptor": [7, 0, wide] for name in names}
    for n, name in enumerate(names):
        content = (colours[:, n] * (257 if wide == 16 else 1)).astype(f"{order}u{wide // 8}").tobytes()
        if wide == 8:  # an odd number of bytes, in words
            content = np.frombuffer(content + b"\0", "<u2").astype(f"{order}u2").tobytes()
        tags[f"{name}PaletteColorLookupTableData"] = content
    path = write(
        tmp_path / "x", image.tobytes(), syntax, PhotometricInterpretation="PALETTE COLOR", BitsAllocated=8,
        BitsStored=8, HighBit=7, **tags, **FLAT,
    )  # fmt: skip
    assert np.array_equal(pictures(path).frames[0].pixels, colours[image])


def test_a_palette_told_by_segments(tmp_path: Path) -> None:
    """PS3.3 C.7.9.2: two values one by one, then a straight line to 60 in four steps."""
    tags: dict[str, object] = {}
    for name in ("Red", "Green", "Blue"):
        tags[f"{name}PaletteColorLookupTableDescriptor"] = [6, 0, 8]
        tags[f"Segmented{name}PaletteColorLookupTableData"] = bytes([0, 2, 10, 20, 1, 4, 60, 0])[:7] + b"\0"
    image = (noise(255, "u1") % 6).astype("u1")
    path = write(
        tmp_path / "x", image.tobytes(), PhotometricInterpretation="PALETTE COLOR", BitsAllocated=8, BitsStored=8,
        HighBit=7, **tags, **FLAT,
    )  # fmt: skip
    truth = np.array([10, 20, 30, 40, 50, 60])[image]
    assert np.array_equal(pictures(path).frames[0].pixels, np.repeat(truth[..., None], 3, axis=2))


def spacing(tags: dict[str, object], tmp_path: Path) -> tuple[object, str]:
    path = write(tmp_path / "x", noise(255, "<u2").tobytes(), PixelSpacing=None, **{**FLAT, **tags})
    frame = pictures(path).frames[0]
    return frame.spacing_mm, frame.where


def region(x_cm: float, y_cm: float, units: int = 3) -> Dataset:
    data = Dataset()
    data.PhysicalUnitsXDirection = data.PhysicalUnitsYDirection = units
    data.PhysicalDeltaX, data.PhysicalDeltaY = x_cm, y_cm
    return data


def test_where_a_spacing_comes_from(tmp_path: Path) -> None:
    assert spacing({}, tmp_path) == (None, "")
    assert spacing({"ImagerPixelSpacing": [0.2, 0.3], "Modality": "DX"}, tmp_path) == ((0.2, 0.3), "at the detector")
    tissue, trace = region(0.05, 0.04), region(0.01, 10.0, 4)
    for regions, truth in (([tissue, trace], (0.4, 0.5)), ([tissue, region(0.1, 0.1)], None), ([trace], None)):
        assert spacing({"SequenceOfUltrasoundRegions": Sequence(regions), "Modality": "US"}, tmp_path)[0] == truth


def test_films_know_their_speed(tmp_path: Path) -> None:
    pixels = np.stack([noise(255, "u1")] * 4).tobytes()
    path = write(
        tmp_path / "x", pixels, NumberOfFrames=4, FrameTime="40", BitsAllocated=8, BitsStored=8, HighBit=7,
        **{**FLAT, "Modality": "US"},
    )  # fmt: skip
    found = pictures(path)
    assert len(found.frames) == 4 and found.frame_s == pytest.approx(0.04)
    assert len(read_pictures(one(path), middle=True).frames) == 1
    with pytest.raises(LoadError, match="pictures"):
        dicom.read(one(path))


def test_one_bad_picture_does_not_cost_the_others(tmp_path: Path) -> None:
    for number in range(3):
        code = coded(noise(4000, "<u2"), J2K)
        code = code[: len(code) // 2] if number == 1 else code
        code += b"\0" * (len(code) % 2)
        write(tmp_path / f"{number}.dcm", code, J2K, SOPInstanceUID=f"1.2.3.{number}", InstanceNumber=number, **FLAT)
    found = pictures(tmp_path)
    assert len(found.frames) == 2
    assert any("1 pictures are left out" in note and "1.dcm" in note for note in found.notes)


def test_slices_without_a_place_open_as_pictures_and_say_why(data_dir: Path) -> None:
    folder = data_dir / "dicom_edge_cases" / "synthetic_breakage"
    found = pictures(folder / "no_position_no_orientation")
    assert len(found.frames) == 12 and "where they lie" in found.notes[0] and found.unit == "HU"
    assert "nothing can be measured" in " ".join(pictures(folder / "zero_pixel_spacing").notes)
