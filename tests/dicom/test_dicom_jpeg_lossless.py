"""The JPEG Lossless decoder against an encoder written here from ITU-T T.81 Annex H, and on damaged streams."""

import contextlib

import numpy as np
import pytest

from twinviewer.dicom.jpeg_lossless import decode


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


@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize(("precision", "shift", "lines"), [(16, 0, 0), (12, 0, 3), (8, 2, 1)])
def test_every_predictor(predictor: int, precision: int, shift: int, lines: int) -> None:
    rng = np.random.default_rng(predictor)
    image = rng.integers(0, 1 << precision, (11, 13)) >> shift << shift
    image[3:6, 2:7] = (1 << precision) - (1 << shift)  # flat, at the end of the range
    assert np.array_equal(decode(encode(image, precision, predictor, shift, lines), 11, 13), image)


def test_damaged_streams_are_refused_or_wrong_but_never_crash() -> None:
    rng = np.random.default_rng(0)
    good = encode(rng.integers(0, 4096, (16, 16)), 12, 1, 0, 4)
    for _ in range(2000):
        bad = bytearray(good)
        for _ in range(int(rng.integers(1, 5))):
            bad[int(rng.integers(len(bad)))] = int(rng.integers(256))
        with contextlib.suppress(ValueError):
            assert decode(bytes(bad[: int(rng.integers(2, len(bad) + 1))]), 16, 16).shape == (16, 16)


@pytest.mark.parametrize("size", [(16, 15), (1 << 15, 1 << 15)])
def test_a_size_other_than_the_header_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="size"):
        decode(encode(np.zeros((16, 16), int), 12, 1), *size)
