"""Stored pixel values of one plane. Every size is checked against a budget before anything is allocated.

Source: DICOM PS3.5 section 8, PS3.3 C.7.6.3.
"""

import os
import threading
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray

from twinviewer.dicom import codecs, jpeg
from twinviewer.dicom.elements import BIG_ENDIAN, DEFLATED
from twinviewer.dicom.encapsulated import FrameBytes
from twinviewer.dicom.headers import MAX_FRAME_BYTES, Header
from twinviewer.dicom.phases import Plane
from twinviewer.domain import LoadError
from twinviewer.domain.reading import reading

Array = NDArray[np.generic]

FALLBACK_BUDGET_BYTES = 4 << 30
MEASURED = frozenset(("CT", "PT", "NM", "RTDOSE"))
"""Modalities whose values mean something by themselves: they are never turned about for showing."""


def can_decode(header: Header) -> bool:
    """Whether there is a decoder for the header's transfer syntax."""
    return header.native or header.transfer_syntax == DEFLATED or header.transfer_syntax in codecs.DECODED


def budget_bytes() -> int:
    """Most bytes that one image may take: 60 % of the machine's memory, 4 GiB where that is not known."""
    try:
        return int(0.6 * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):
        return FALLBACK_BUDGET_BYTES


def check_budget(planes: int, header: Header, bytes_per_pixel: int) -> None:
    """Raise LoadError if ``planes`` images of this size do not fit into memory."""
    need = planes * header.rows * header.columns * bytes_per_pixel
    if need > budget_bytes():
        raise LoadError(
            f"The images need {need / 2**30:.1f} GB of memory, more than the {budget_bytes() / 2**30:.1f} GB allowed",
            remedy="Open fewer phases or a machine with more memory",
        )


class PixelReader:
    """Reads planes, in any order and from several threads at once; decoders leave the interpreter's lock."""

    def __init__(self) -> None:
        self._coded = FrameBytes()
        self._lock = threading.Lock()
        self._path = ""
        self._inflated = b""

    def read(self, plane: Plane, as_stored: bool = False) -> Array:
        """(rows, columns) stored values before rescale: integers, or real numbers where the file holds such. LoadError
        whatever the decoder raises.

        Images whose lowest value is white (MONOCHROME1) are turned, unless ``as_stored`` or their values mean
        something by themselves.
        """
        header = plane.header
        if header.samples != 1:
            raise LoadError("Colour images are not read as measurements", where=Path(header.path).name)
        stored = self._guarded(plane)
        turned = header.photometric == "MONOCHROME1" and header.modality not in MEASURED and not header.floating
        if turned and not as_stored:
            top = (1 << header.bits_stored) - 1
            return (-1 if header.signed else top) - stored.astype(np.int32)
        return stored

    def colours(self, plane: Plane, planar: bool) -> Array:
        """(rows, columns, samples) as stored, but RGB where the code itself holds a transform. planar: whether
        uncoded samples lie plane by plane. LoadError."""
        return self._guarded(plane, planar)

    def _guarded(self, plane: Plane, planar: bool = False) -> Array:
        header = plane.header
        where = Path(header.path).name
        _check(header, where)
        try:
            with reading(Path(header.path), header.frame_bytes):
                whole = self._stored(header, 0 if header.mosaic else plane.frame.index, planar)
        except (LoadError, KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:
            raise LoadError(
                "The pixels cannot be decoded", where=where, remedy=f"Export the images again ({type(error).__name__})"
            ) from None
        if whole.shape[:2] != _size(header):
            raise LoadError("The pixels do not have the size that the header gives", where=where)
        if header.mosaic:
            across, (rows, columns) = header.mosaic.across, header.mosaic.tile
            top, left = plane.frame.index // across * rows, plane.frame.index % across * columns
            return whole[top : top + rows, left : left + columns]
        return whole

    def _stored(self, header: Header, index: int, planar: bool) -> Array:
        if header.native or header.transfer_syntax == DEFLATED:
            return self._uncoded(header, index, planar)
        if header.pixel_offset is None:
            raise LoadError("The file holds no pixels", where=Path(header.path).name)
        count = 1 if header.mosaic else len(header.frames)
        encoded = self._coded.read(header.path, header.pixel_offset, index, count)
        shape = (*_size(header), header.samples)
        ycc = header.photometric.startswith("YBR")
        found = codecs.decode(encoded, header.transfer_syntax, shape, header.bits_allocated, ycc)
        return found if header.samples > 1 else _as_header_says(found, header)

    def _uncoded(self, header: Header, index: int, planar: bool) -> Array:
        rows, columns = _size(header)
        count = rows * columns * header.samples
        if header.photometric == "YBR_FULL_422":
            return _widened(self._bytes(header, index * count // 3 * 2, count // 3 * 2), rows, columns)
        if header.bits_allocated == 1:
            first = index * count
            content = self._bytes(header, first // 8, -(-(first % 8 + count) // 8))
            bits = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")
            return bits[first % 8 : first % 8 + count].reshape(rows, columns)
        wide = header.bits_allocated // 8
        content = self._bytes(header, index * count * wide, count * wide)
        order = ">" if header.transfer_syntax == BIG_ENDIAN else "<"
        stored: Array = np.frombuffer(content, f"{order}{'f' if header.floating else 'u'}{wide}")
        if order == ">":
            stored = stored.astype(stored.dtype.newbyteorder("="))
        if header.samples > 1:
            shape = (header.samples, rows, columns) if planar else (rows, columns, header.samples)
            return np.moveaxis(stored.reshape(shape), 0, -1) if planar else stored.reshape(shape)
        stored = stored.reshape(rows, columns)
        return stored if header.floating else _stored_bits(stored, header)  # type: ignore[arg-type]

    def _bytes(self, header: Header, offset: int, length: int) -> bytes:
        """A part of the pixels' value, where they are not coded."""
        if header.transfer_syntax == DEFLATED:
            with self._lock:
                if self._path != header.path:
                    data = pydicom.dcmread(header.path, force=True)
                    value = next((data[name].value for name in _ELEMENTS if name in data), b"")
                    self._inflated, self._path = bytes(value or b""), header.path
                content = self._inflated[offset : offset + length]
        elif header.pixel_offset is None:
            raise LoadError("The file holds no pixels", where=Path(header.path).name)
        else:
            swapped = header.bits_allocated <= 8 and header.transfer_syntax == BIG_ENDIAN
            with Path(header.path).open("rb") as stream:
                if swapped:
                    stream.seek(header.pixel_offset - 8)
                    swapped = stream.read(2) == b"OW"
                first, spare = (offset - offset % 2, offset % 2) if swapped else (offset, 0)
                stream.seek(header.pixel_offset + first)
                content = stream.read(length + spare + (length + spare) % 2 if swapped else length)
            if swapped:  # bytes in words, and the words in big endian
                content = np.frombuffer(content, ">u2").astype("<u2").tobytes()[spare : spare + length]
        if len(content) < length:
            raise LoadError("The file is cut short: pixels are missing", where=Path(header.path).name)
        return content


_ELEMENTS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def _size(header: Header) -> tuple[int, int]:
    """(rows, columns) of a picture in the file."""
    return header.mosaic.stored if header.mosaic else (header.rows, header.columns)


def _check(header: Header, where: str) -> None:
    if header.transfer_syntax and not can_decode(header):
        raise LoadError(
            f"There is no decoder for this compression ({pydicom.uid.UID(header.transfer_syntax).name})",
            where=where,
            remedy="Export the images uncompressed or as JPEG 2000",
        )
    widths = (32, 64) if header.floating else (1, 8, 16, 32)
    if header.bits_allocated not in widths or (header.bits_allocated == 1 and header.samples != 1):
        raise LoadError(f"Pixels of {header.bits_allocated} bits are not supported", where=where)
    rows, columns = _size(header)
    if rows * columns * header.samples * max(header.bits_allocated // 8, 1) > MAX_FRAME_BYTES:
        raise LoadError("One image claims more than 1 GB", where=where)


def _as_header_says(found: Array, header: Header) -> Array:
    """Decoded grey samples in the type that the header names."""
    where = Path(header.path).name
    dtype = np.dtype(f"u{max(header.bits_allocated // 8, 1)}")
    if found.dtype.kind == "f":
        raise LoadError("The coded pixels are no whole numbers", where=where)
    if found.dtype.itemsize > dtype.itemsize:
        raise LoadError("The coded pixels have more bits than the header allows", where=where)
    if header.transfer_syntax in jpeg.LOSSY:
        if header.signed:  # PS3.5 table 8.2.1-1: unsigned only; across the sign, lossy values would be far off
            raise LoadError("Signed pixels in a lossy JPEG have no defined meaning", where=where)
        # lossy values may overshoot: cutting their upper bits off would turn white into black
        return np.minimum(found, (1 << min(header.bits_stored, 16)) - 1).astype(dtype)
    if found.dtype.kind == "i":  # a stream that keeps its sign: PS3.5 8.2.4, its word counts and not the header's
        return found if header.signed else found.astype(np.dtype(f"i{dtype.itemsize}"))
    return _stored_bits(found.astype(dtype, copy=False), header)  # type: ignore[arg-type]


def _stored_bits(stored: NDArray[np.integer], header: Header) -> NDArray[np.integer]:
    """Drop the bits above BitsStored (old files keep overlays there) and give signed values their sign."""
    spare = header.bits_allocated - header.bits_stored
    if not header.signed:
        top = stored.dtype.type((1 << header.bits_stored) - 1)
        return np.bitwise_and(stored, top) if spare and stored.size and stored.max() > top else stored
    signed = stored.view(np.dtype(f"i{stored.dtype.itemsize}"))
    return (signed << spare) >> spare if spare else signed


def _widened(content: bytes, rows: int, columns: int) -> Array:
    """Pairs of pixels that share their colour (Y Y Cb Cr) to (rows, columns, 3)."""
    pairs = np.frombuffer(content, np.uint8).reshape(-1, 4)
    found = np.empty((len(pairs) * 2, 3), np.uint8)
    found[0::2, 0], found[1::2, 0] = pairs[:, 0], pairs[:, 1]
    found[:, 1], found[:, 2] = np.repeat(pairs[:, 2], 2), np.repeat(pairs[:, 3], 2)
    return found.reshape(rows, columns, 3)
