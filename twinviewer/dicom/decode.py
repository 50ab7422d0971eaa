"""Stored pixel values of one plane. Every size is checked against a budget before anything is allocated.

Decoders: pylibjpeg (JPEG 2000, RLE), pyjpegls (JPEG-LS) and imagecodecs (JPEG Baseline, Extended and Lossless).
GDCM is never used: damaged files kill its process.
Source: DICOM PS3.5 section 8, PS3.3 C.7.6.3.
"""

import os
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels import pixel_array

from twinviewer.dicom import jpeg
from twinviewer.dicom.headers import BIG_ENDIAN, DEFLATED, MAX_FRAME_BYTES, Header
from twinviewer.dicom.phases import Plane
from twinviewer.domain import LoadError

_JPEG_2000 = ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91")
_HTJ2K = ("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203")
_JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
_RLE = ("1.2.840.10008.1.2.5",)
DECODERS = {
    **dict.fromkeys((*_JPEG_2000, *_HTJ2K, *_RLE), "pylibjpeg"),
    **dict.fromkeys(_JPEG_LS, "pyjpegls"),
    **dict.fromkeys(jpeg.FRAME_MARKERS, "imagecodecs"),
    DEFLATED: "",
}
"""Transfer syntax -> library: a plug-in of pydicom, or imagecodecs. Beside the native ones."""

FALLBACK_BUDGET_BYTES = 4 << 30


def can_decode(header: Header) -> bool:
    """Whether there is a decoder for the header's transfer syntax."""
    return header.pixel_offset is not None or header.transfer_syntax in DECODERS


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
    """Reads planes one after another; keeps the last compressed file open, for files of many frames."""

    def __init__(self) -> None:
        self._path = ""
        self._data: Dataset | None = None

    def read(self, plane: Plane) -> NDArray[np.generic]:
        """(rows, columns) stored values, integer, before rescale. LoadError whatever the decoder raises."""
        header = plane.header
        where = Path(header.path).name
        if header.samples != 1:
            raise LoadError("Colour images are not read as measurements", where=where)
        if header.bits_allocated not in (8, 16, 32):
            raise LoadError(f"Pixels of {header.bits_allocated} bits are not supported", where=where)
        try:
            stored = self._native(plane) if header.pixel_offset is not None else self._compressed(plane)
        except (LoadError, KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # the RLE decoder's panics are no Exception
            raise LoadError(
                "The pixels cannot be decoded", where=where, remedy=f"Export the images again ({type(error).__name__})"
            ) from None
        if stored.shape != (header.rows, header.columns):
            raise LoadError("The pixels do not have the size that the header gives", where=where)
        if header.photometric == "MONOCHROME1":
            top = (1 << header.bits_stored) - 1
            return (-1 if header.signed else top) - stored.astype(np.int32)
        return stored

    def _native(self, plane: Plane) -> NDArray[np.generic]:
        header = plane.header
        size = header.bits_allocated // 8
        count = header.rows * header.columns
        dtype = np.dtype(f"{'>' if header.transfer_syntax == BIG_ENDIAN else '<'}u{size}")
        assert header.pixel_offset is not None
        with Path(header.path).open("rb") as stream:
            stream.seek(header.pixel_offset + plane.frame.index * count * size)
            content = stream.read(count * size)
        if len(content) < count * size:
            raise LoadError("The file is cut short: pixels are missing", where=Path(header.path).name)
        stored = np.frombuffer(content, dtype).astype(dtype.newbyteorder("="), copy=False)
        return _stored_bits(stored.reshape(header.rows, header.columns), header)

    def _compressed(self, plane: Plane) -> NDArray[np.generic]:
        header = plane.header
        name = Path(header.path).name
        if header.transfer_syntax not in DECODERS:
            raise LoadError(
                f"There is no decoder for this compression ({pydicom.uid.UID(header.transfer_syntax).name})",
                where=name,
                remedy="Export the images uncompressed or as JPEG 2000",
            )
        if header.frame_bytes > MAX_FRAME_BYTES:
            raise LoadError("One image claims more than 1 GB", where=name)
        if self._path != header.path or self._data is None:
            self._data, self._path = pydicom.dcmread(header.path, force=True), header.path
        single = len(header.frames) == 1
        if header.transfer_syntax in jpeg.FRAME_MARKERS:
            encoded = get_frame(self._data.PixelData, plane.frame.index, number_of_frames=len(header.frames))
            return _from_jpeg(jpeg.decode(encoded, header.transfer_syntax, header.rows, header.columns), header)
        return pixel_array(
            self._data,
            raw=True,
            index=None if single else plane.frame.index,
            decoding_plugin=DECODERS[header.transfer_syntax],
        )


def _from_jpeg(decoded: NDArray[np.unsignedinteger], header: Header) -> NDArray[np.integer]:
    """Decoded samples in the type that the header names."""
    dtype = np.dtype(f"u{header.bits_allocated // 8}")
    if decoded.dtype.itemsize > dtype.itemsize:
        raise LoadError("The coded pixels have more bits than the header allows", where=Path(header.path).name)
    if header.transfer_syntax not in jpeg.LOSSY:
        return _stored_bits(decoded.astype(dtype), header)
    if header.signed:  # PS3.5 table 8.2.1-1: unsigned only; across the sign, lossy values would be far off
        raise LoadError("Signed pixels in a lossy JPEG have no defined meaning", where=Path(header.path).name)
    # lossy values may overshoot: cutting their upper bits off would turn white into black
    return np.minimum(decoded, (1 << min(header.bits_stored, 16)) - 1).astype(dtype)


def _stored_bits(stored: NDArray[np.integer], header: Header) -> NDArray[np.integer]:
    """Drop the bits above BitsStored (old files keep overlays there) and give signed values their sign."""
    spare = header.bits_allocated - header.bits_stored
    if not header.signed:
        return np.bitwise_and(stored, stored.dtype.type((1 << header.bits_stored) - 1)) if spare else stored
    signed = stored.view(np.dtype(f"i{stored.dtype.itemsize}"))
    return (signed << spare) >> spare if spare else signed
