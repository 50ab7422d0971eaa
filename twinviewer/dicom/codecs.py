"""One coded frame to its samples, as coded: no sign, no rescale, no change of colours but the codec's own.

Decoders are those of imagecodecs (BSD): libjpeg-turbo, OpenJPEG, CharLS, libjxl, which leave other threads running, and
for RLE pylibjpeg-rle (MIT). GDCM is never used: damaged files kill its process; pylibjpeg-libjpeg is GPL.
What a stream claims of its size is checked before a decoder sees it, which would allocate whatever it says.
Source: DICOM PS3.5 8.2 and annex A.4, G (RLE); ITU-T T.800 A.5.1 (SIZ), T.87 C.2.2 (SOF55).
"""

import zlib

import numpy as np
from numpy.typing import NDArray

from twinviewer.dicom import jpeg

_JPEG_2000 = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (90, 91, 92, 93))
_HTJ2K = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (201, 202, 203))
_JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
_JPEG_XL = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (110, 111, 112))
RLE = "1.2.840.10008.1.2.5"
RAW, DEFLATED_FRAMES = "1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.8.1"
DECODED = frozenset((*_JPEG_2000, *_HTJ2K, *_JPEG_LS, *_JPEG_XL, RLE, RAW, DEFLATED_FRAMES, *jpeg.FRAME_MARKERS))
"""Transfer syntaxes of coded frames that can be decoded."""
RGB_OUT = frozenset((*_JPEG_2000, *_HTJ2K, *_JPEG_XL))
"""Syntaxes whose decoders undo a colour transform that is part of the code."""

_MOST_RLE_GAIN = 64
"""Two bytes of RLE make at most 128."""

Array = NDArray[np.generic]


def decode(encoded: bytes, syntax: str, shape: tuple[int, int, int], bits: int, ycc: bool = False) -> Array:
    """(rows, columns, samples), or (rows, columns) for one sample; 8, 16 or 32 bits wide as the code has them.

    shape: (rows, columns, samples) that the header promises; bits: its BitsAllocated, used where the code does not say
    (RLE, raw). ycc: whether the header calls the colours YBR (baseline JPEG is then turned to RGB). ValueError or
    RuntimeError, whatever the decoder raises, if the stream is of another kind or size, or damaged.
    """
    rows, columns, samples = shape
    if syntax in jpeg.FRAME_MARKERS:
        return jpeg.decode(encoded, syntax, rows, columns, samples, ycc)
    if syntax in _JPEG_2000 or syntax in _HTJ2K:
        return _jpeg_2000(encoded, shape)
    if syntax in _JPEG_LS:
        return _jpeg_ls(encoded, shape)
    if syntax in _JPEG_XL:
        return _jpeg_xl(encoded, shape)
    wide, count = max(bits // 8, 1), rows * columns * samples
    if syntax == RLE:
        return _rle(encoded, shape, wide)
    if syntax == DEFLATED_FRAMES:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        encoded = inflater.decompress(encoded, count * wide)
    if len(encoded) < count * wide:
        raise ValueError("the frame is cut short")
    return _shaped(np.frombuffer(encoded, f"<u{wide}", count), shape)


def _shaped(samples: Array, shape: tuple[int, int, int]) -> Array:
    return samples.reshape(shape[:2] if shape[2] == 1 else shape)


def _jpeg_2000(encoded: bytes, shape: tuple[int, int, int]) -> Array:
    from imagecodecs import jpeg2k_decode

    at = encoded.find(b"\xff\x4f\xff\x51", 0, 4096)
    size = encoded[at + 4 : at + 41]
    if at < 0 or len(size) < 37:
        raise ValueError("no JPEG 2000")
    right, low, left, top = (int.from_bytes(size[n : n + 4], "big") for n in (4, 8, 12, 16))
    tile = [int.from_bytes(size[n : n + 4], "big") for n in (20, 24)]
    parts = int.from_bytes(size[36:38] if len(size) > 37 else encoded[at + 40 : at + 42], "big")
    if (low - top, right - left, parts) != shape:
        raise ValueError("the coded size is not the header's")
    if 0 in tile or -(-right // tile[0]) * -(-low // tile[1]) > 65535:
        raise ValueError("more tiles than the standard allows")
    depths = {encoded[n] & 0x7F for n in range(at + 42, at + 42 + 3 * parts, 3)}
    if not depths or max(depths) + 1 > 32:
        raise ValueError("the precision is outside the standard")
    # high-throughput code too: OpenJPH fills what is cut off with grey and says nothing, OpenJPEG refuses it
    found: Array = jpeg2k_decode(encoded, numthreads=1)
    return _checked(found, shape)


def _jpeg_ls(encoded: bytes, shape: tuple[int, int, int]) -> Array:
    from imagecodecs import jpegls_decode

    at, size = 2, b""
    if encoded[:2] != b"\xff\xd8":
        raise ValueError("no JPEG-LS")
    while at + 4 <= len(encoded) and not size:
        if encoded[at] != 0xFF:
            raise ValueError("a marker was expected")
        if encoded[at + 1] == 0xF7:
            size = encoded[at + 4 : at + 10]
        at += 1 if encoded[at + 1] == 0xFF else 2 + int.from_bytes(encoded[at + 2 : at + 4], "big")
    if len(size) < 6 or (int.from_bytes(size[1:3], "big"), int.from_bytes(size[3:5], "big"), size[5]) != shape:
        raise ValueError("the coded size is not the header's")
    if encoded.find(b"\xff\xd9", at) < 0:  # without an end mark CharLS may look for one for ever
        raise ValueError("the stream is cut short")
    return _checked(jpegls_decode(encoded), shape)


def _jpeg_xl(encoded: bytes, shape: tuple[int, int, int]) -> Array:
    from imagecodecs import jpegxl_decode

    return _checked(jpegxl_decode(encoded, numthreads=1), shape)


def _rle(encoded: bytes, shape: tuple[int, int, int], wide: int) -> Array:
    from rle.rle import decode_frame

    rows, columns, samples = shape
    count = rows * columns * samples
    if len(encoded) < 64 or int.from_bytes(encoded[:4], "little") != samples * wide:
        raise ValueError("not the segments that the header promises")
    if count * wide > _MOST_RLE_GAIN * len(encoded) + 256:
        raise ValueError("the stream is too short for the image")
    # not imagecodecs' own: damaged segments end its process
    try:
        content = decode_frame(encoded, rows * columns, 8 * wide, "<")
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # its panics are no Exception
        raise ValueError("the segments are damaged") from None
    if len(content) != count * wide:
        raise ValueError("the stream is cut short")
    # by planes, always: segments are a sample's bytes
    planes = np.frombuffer(content, f"<u{wide}", count).reshape(samples, rows, columns)
    return planes[0] if samples == 1 else np.ascontiguousarray(np.moveaxis(planes, 0, -1))


def _checked(found: Array, shape: tuple[int, int, int]) -> Array:
    rows, columns, samples = shape
    if samples > 1 and found.shape == (samples, rows, columns):
        found = np.ascontiguousarray(np.moveaxis(found, 0, -1))
    if found.shape != (shape if samples > 1 else shape[:2]):
        raise ValueError("the coded size is not the header's")
    return found
