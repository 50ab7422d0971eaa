"""DICOM files that lie, one lie each, made from a sound slice."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pydicom
from mutants import dicom_seeds
from pydicom.encaps import encapsulate

DEFLATED, RLE = dicom_seeds.DEFLATED, dicom_seeds.RLE
UNDEFINED = b"\xff\xff\xff\xff"


def sound() -> list[bytes]:
    """Five slices of one series, of which the third is to be spoilt."""
    return dicom_seeds.stack()


def changed(content: bytes, change: Callable[[Any], None]) -> bytes:
    """The file with its data set changed."""
    data = pydicom.dcmread(io.BytesIO(content))
    change(data)
    stream = io.BytesIO()
    data.save_as(stream)
    return stream.getvalue()


def set_to(**values: object) -> Callable[[bytes], bytes]:
    """Tags set as given, unchecked where pydicom would not write them."""

    def change(content: bytes) -> bytes:
        def put(data: Any) -> None:
            for name, value in values.items():
                setattr(data, name, value)

        return changed(content, put)

    return change


def raw(tag: int, vr: bytes, value: bytes, length: bytes | None = None) -> Callable[[bytes], bytes]:
    """An element of explicit VR little endian put in, or in the place of the one that is there."""

    def change(content: bytes) -> bytes:
        from mutants.change import _fields

        new = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr
        if vr in (b"OB", b"OW", b"SQ", b"UN", b"UT"):
            new += b"\0\0" + (struct.pack("<I", len(value)) if length is None else length) + value
        else:
            new += (struct.pack("<H", len(value)) if length is None else length) + value
        fields = _fields(content)
        found = next((f for f in fields if f[0] == tag), None)
        if found is not None:
            end = found[2] + found[3] + found[5]
            return content[: found[1]] + new + content[end:]
        after = next(f for f in fields if f[0] > tag)
        return content[: after[1]] + new + content[after[1] :]

    return change


def deflate_bomb(content: bytes) -> bytes:
    """2 MB that inflate to 2 GB."""
    data = pydicom.dcmread(io.BytesIO(content))
    data.file_meta.TransferSyntaxUID = DEFLATED
    stream = io.BytesIO()
    data.save_as(stream, enforce_file_format=True)
    meta = stream.getvalue()[: 144 + struct.unpack_from("<I", stream.getvalue(), 140)[0]]
    squeeze = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    piece = squeeze.compress(bytes(1 << 24)) + squeeze.flush(zlib.Z_FULL_FLUSH)  # the same again and again
    return meta + piece * 128 + squeeze.flush()


def coded(syntax: str, stream: bytes, **values: object) -> Callable[[bytes], bytes]:
    """Pixels in one coded frame."""

    def change(content: bytes) -> bytes:
        def put(data: Any) -> None:
            data.file_meta.TransferSyntaxUID = syntax
            data.PixelData = encapsulate([stream])
            data["PixelData"].VR = "OB"
            data["PixelData"].is_undefined_length = True
            for name, value in values.items():
                setattr(data, name, value)

        return changed(content, put)

    return change


def rle_bomb() -> bytes:
    """One segment of runs: 2 bytes a hundred and twenty-eight."""
    header = struct.pack("<16I", 2, 64, 64 + 400_000, *([0] * 13))
    return header + b"\x81\0" * 400_000


def deep(tag: int, depth: int, closed: bool = True) -> Callable[[bytes], bytes]:
    """A sequence in a sequence in a sequence, of undefined lengths."""
    one = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + b"SQ\0\0" + UNDEFINED + b"\xfe\xff\x00\xe0" + UNDEFINED
    end = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0" * depth if closed else b""
    return raw(tag, b"SQ", (one * depth)[12:] + end, UNDEFINED)


def long_sequence(tag: int, items: int) -> Callable[[bytes], bytes]:
    """Empty items, one after another."""
    return raw(tag, b"SQ", b"\xfe\xff\x00\xe0\0\0\0\0" * items)


def cut(share: float) -> Callable[[bytes], bytes]:
    """The beginning of the file."""
    return lambda content: content[: int(len(content) * share)]


def table(*offsets: int) -> Callable[[bytes], bytes]:
    """RLE pixels whose basic offset table says this."""
    image = np.full((8, 8), 1000, "<u2")
    good = coded(RLE, {syntax: stream for syntax, _, stream in dicom_seeds._encoded(image)}[RLE])

    def change(content: bytes) -> bytes:
        made = good(content)
        at = made.rindex(b"\xfe\xff\x00\xe0\x04\0\0\0")
        new = struct.pack(f"<{len(offsets)}I", *offsets)
        return made[: at + 4] + struct.pack("<I", len(new)) + new + made[at + 12 :]

    return change


PRIVATE = 0x00291010
Fate = Literal["refused", "left out", "apart", "read"]
"""refused: a row names the file and the reason; left out: so does the image, once its pixels are decoded; apart: the
picture is a row of its own, with a warning; read: there is nothing wrong with it that a reader has to know."""

LIES: dict[str, tuple[Callable[[bytes], bytes], Fate, str]] = {
    "Rows 0": (set_to(Rows=0), "refused", "cannot be true"),
    "Rows 65535": (set_to(Rows=65535), "refused", "cut short"),
    "Columns 0": (set_to(Columns=0), "refused", "cannot be true"),
    "Columns 65535": (set_to(Columns=65535), "refused", "cut short"),
    "Rows and Columns 65535": (set_to(Rows=65535, Columns=65535), "refused", "65535 x 65535"),
    "NumberOfFrames 0": (set_to(NumberOfFrames=0), "read", ""),
    "NumberOfFrames 65535": (set_to(NumberOfFrames=65535), "refused", "cut short"),
    "NumberOfFrames 2147483647": (set_to(NumberOfFrames=2**31 - 1), "refused", "2147483647 frames"),
    "NumberOfFrames -1": (set_to(NumberOfFrames=-1), "refused", "-1 frames"),
    "BitsAllocated 7": (set_to(BitsAllocated=7), "left out", "7 bits"),
    "BitsAllocated 1024": (set_to(BitsAllocated=1024), "refused", "cut short"),
    "BitsStored 99": (set_to(BitsStored=99), "read", ""),
    "SamplesPerPixel 65535": (set_to(SamplesPerPixel=65535), "refused", "cut short"),
    "deflate bomb": (deflate_bomb, "refused", "inflates to more"),
    "RLE bomb": (coded(RLE, rle_bomb(), Rows=8, Columns=8), "left out", "cannot be decoded"),
    "RLE that claims much": (coded(RLE, rle_bomb()[:600], Rows=30_000, Columns=30_000), "refused", "30000 x 30000"),
    "JPEG 2000 that is none": (coded(dicom_seeds.JPEG + "90", b"\0" * 64), "left out", "cannot be decoded"),
    "a deep sequence": (deep(0x00081140, 5000), "refused", "too deep"),
    "deep functional groups": (deep(0x52009229, 5000), "refused", "too deep"),
    "a deep private sequence": (deep(PRIVATE, 5000), "refused", "too deep"),
    "a deep sequence that never ends": (deep(0x00081140, 5000, closed=False), "refused", "too deep"),
    "four million items": (long_sequence(0x00081140, 4_000_000), "read", ""),
    "four million functional groups": (long_sequence(0x52009230, 4_000_000), "read", ""),
    "cut in the header": (cut(0.5), "refused", "cut short"),
    "cut in the pixels": (cut(0.97), "refused", "cut short"),
    "cut after the preamble": (lambda content: content[:140], "refused", "neither"),
    "a name of undefined length": (raw(0x00100010, b"UT", b"", UNDEFINED), "refused", "damaged"),
    "a length beyond the end": (raw(0x00100010, b"UT", b"Doe^Jane", b"\xf0\xff\xff\x7f"), "refused", "damaged"),
    "Rows as text": (raw(0x00280010, b"LO", b"many"), "refused", "cannot be true"),
    "spacing NaN": (raw(0x00280030, b"DS", b"nan\\nan "), "apart", "spacing"),
    "spacing infinite": (raw(0x00280030, b"DS", b"inf\\inf "), "apart", "spacing"),
    "spacing 0": (raw(0x00280030, b"DS", b"0\\0 "), "apart", "spacing"),
    "spacing -1": (raw(0x00280030, b"DS", b"-1\\-1 "), "apart", "spacing"),
    "spacing 1e300": (raw(0x00280030, b"DS", b"1e300\\1e300 "), "apart", "spacing"),
    "position NaN": (raw(0x00200032, b"DS", b"nan\\0\\0 "), "apart", "where they lie"),
    "position 1e300": (raw(0x00200032, b"DS", b"1e300\\1e300\\1e300 "), "apart", "where they lie"),
    "orientation 0": (raw(0x00200037, b"DS", b"0\\0\\0\\0\\0\\0 "), "apart", "where they lie"),
    "slope 1e300": (raw(0x00281053, b"DS", b"1e300 "), "left out", "rescale"),
    "offset table beyond the end": (table(0x7FFFFFFF), "read", ""),
    "offset table of many": (table(*([7] * 1000)), "read", ""),
    "offset table backwards": (table(40, 0), "read", ""),
    "a character set that is none": (raw(0x00080005, b"CS", b"ISO 2022 IR 87\\XX_9 "), "read", ""),
    "escapes without an end": (raw(0x00100010, b"PN", b"\x1b$B\x1b$)C\xff\xfe\x1b("), "read", ""),
    "text": (lambda _: b"hello\n" * 50, "refused", "not DICOM"),
    "nothing": (lambda _: b"", "refused", ""),
}
"""What is wrong with the third of five slices -> how to make it so, what becomes of it, and a word of the reason."""

PROGRAMS = {"MZ": b"MZ", "ELF": b"\x7fELF", "script": b"#!/bin/sh\nrm -rf /\n"}
"""What the first bytes of a file may be that is DICOM and a program at once."""
