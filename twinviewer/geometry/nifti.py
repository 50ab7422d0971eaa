"""NIfTI-1 and NIfTI-2, read by numpy: what the header says is held against the file before a voxel is taken.

Sources: nifti1.h and nifti2.h of the NIfTI Data Format Working Group (field offsets, methods 1 to 3 of orientation).
A file may say twice where it lies (qform, sform). What is coded as the scanner's own coordinates goes first, since
those are DICOM's; then the sform, then the qform. ITK decides the same where both are told.
"""

import gzip
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import LoadError

Affine = NDArray[np.float64]
_KINDS = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
_COLOUR = {32: "complex numbers", 1792: "complex numbers", 2048: "complex numbers", 128: "colours", 2304: "colours"}
_UNIT_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_SCANNER = 1
_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_DIFFER_MM = 0.5
"""Two places of one file that are further apart than this, somewhere in it, are told."""


@dataclass(frozen=True, slots=True)
class NiftiHeader:
    """shape: (i, j, k, t), 1 where there is no such axis. parts: values a voxel. affine: (i, j, k, 1) -> LPS mm.
    placed: whether the file says where it lies. slope, intercept: of the stored values."""

    shape: tuple[int, int, int, int]
    parts: int
    kind: np.dtype[np.generic]
    offset: int
    slope: float
    intercept: float
    affine: Affine
    placed: bool
    notes: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of all voxels."""
        return math.prod(self.shape) * self.parts * self.kind.itemsize


def read_nifti(path: Path, most_bytes: int) -> tuple[NDArray[np.generic], NiftiHeader]:
    """(t, k, j, i) values, or (t, k, j, i, parts), scaled as the header asks; and the header. LoadError."""
    where = path.name
    with path.open("rb") as plain:
        zipped = plain.read(2) == b"\x1f\x8b"  # whatever the name says
        plain.seek(0)
        try:
            if zipped:
                with gzip.open(plain) as stream:
                    raw, head = _taken(stream, where, most_bytes)  # type: ignore[arg-type]
            else:
                raw, head = _taken(plain, where, most_bytes)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise LoadError("The file is cut off or damaged: it cannot be unpacked", where=where) from error
    shape = (head.parts, *head.shape[::-1]) if head.parts > 1 else head.shape[::-1]
    data: NDArray[np.generic] = np.frombuffer(raw, head.kind).reshape(shape)
    if head.parts > 1:
        data = np.moveaxis(data, 0, -1)
    if not head.kind.isnative:
        data = data.astype(head.kind.newbyteorder("="))
    if (head.slope, head.intercept) != (1.0, 0.0):
        # as float64 first: int32 and beyond lose digits in float32
        data = (data.astype(np.float64) * head.slope + head.intercept).astype(np.float32)  # type: ignore[arg-type]
    return data, head


def _taken(stream: BinaryIO, where: str, most_bytes: int) -> tuple[bytes, NiftiHeader]:
    head = parse_header(stream.read(540), where)
    if head.size > most_bytes:
        gb = head.size / 1e9
        sizes = " × ".join(str(one) for one in head.shape if one > 1)
        raise LoadError(f"The file claims {sizes} voxels ({gb:.1f} GB): too large",
                        where=where)  # fmt: skip
    stream.seek(head.offset)
    raw = stream.read(head.size)
    if len(raw) < head.size:
        raise LoadError(
            f"The file is cut off: it holds {len(raw)} of {head.size} bytes of voxels", where=where,
            remedy="Copy or export it again",
        )  # fmt: skip
    return raw, head


def parse_header(start: bytes, where: str) -> NiftiHeader:
    """The first 540 bytes (348 suffice for NIfTI-1) as numbers. LoadError, saying why, for what is no such header."""
    order, second = _order(start, where)
    if second:
        kind, dim = _one(order, "h", start, 12), struct.unpack_from(f"{order}8q", start, 16)
        pixdim, offset = struct.unpack_from(f"{order}8d", start, 104), _one(order, "q", start, 168)
        slope, intercept = struct.unpack_from(f"{order}2d", start, 176)
        qcode, scode = struct.unpack_from(f"{order}2i", start, 344)
        turn, rows = struct.unpack_from(f"{order}6d", start, 352), struct.unpack_from(f"{order}12d", start, 400)
        units = _one(order, "i", start, 500)
    else:
        kind, dim = _one(order, "h", start, 70), struct.unpack_from(f"{order}8h", start, 40)
        pixdim, offset = struct.unpack_from(f"{order}8f", start, 76), _one(order, "f", start, 108)
        slope, intercept = struct.unpack_from(f"{order}2f", start, 112)
        qcode, scode = struct.unpack_from(f"{order}2h", start, 252)
        turn, rows = struct.unpack_from(f"{order}6f", start, 256), struct.unpack_from(f"{order}12f", start, 280)
        units = start[123]
    if kind not in _KINDS:
        raise LoadError(f"The file holds {_COLOUR.get(kind, f'values of an unknown kind ({kind})')}, not one number a "
                        "voxel", where=where, remedy="Export it with one value a voxel")  # fmt: skip
    if not 2 <= dim[0] <= 7 or min(dim[1 : dim[0] + 1]) < 1:
        raise LoadError(f"The header claims {dim[0]} axes of {dim[1 : max(dim[0], 0) + 1]}, which cannot be true",
                        where=where)  # fmt: skip
    sizes = [*dim[1 : dim[0] + 1], *[1] * 7][:7]
    if sizes[5] * sizes[6] > 1:
        raise LoadError(f"An image has two to four axes; this file has {dim[0]}", where=where)
    smallest = 540 if second else 348
    if not math.isfinite(offset) or not smallest <= offset < 1 << 40:
        raise LoadError("The voxels lie in another file, or the header is damaged", where=where,
                        remedy="Give a single .nii or .nii.gz")  # fmt: skip
    if not (math.isfinite(slope) and math.isfinite(intercept)) or slope == 0.0:
        slope, intercept = 1.0, 0.0
    shape = (int(sizes[0]), int(sizes[1]), int(sizes[2]), int(sizes[3]))
    affine, placed, notes = _place(pixdim, qcode, scode, turn, rows, shape)
    affine[:3] *= _UNIT_MM.get(units & 7, 1.0)
    return NiftiHeader(
        shape, int(sizes[4]), np.dtype(order + _KINDS[kind]), int(offset), float(slope), float(intercept),
        _TO_LPS @ affine, placed, notes,
    )  # fmt: skip


def _order(start: bytes, where: str) -> tuple[str, bool]:
    """Byte order, and whether it is NIfTI-2."""
    for order in "<>":
        if len(start) >= 348 and _one(order, "i", start, 0) == 348 and start[344:348] in (b"n+1\0", b"ni1\0"):
            return order, False
        if len(start) >= 540 and _one(order, "i", start, 0) == 540 and start[4:7] in (b"n+2", b"ni2"):
            return order, True
    raise LoadError("The file is no NIfTI, or it is cut off", where=where)


def _one(order: str, kind: str, start: bytes, at: int) -> Any:
    return struct.unpack_from(order + kind, start, at)[0]


def _place(
    pixdim: tuple[float, ...],
    qcode: int,
    scode: int,
    turn: tuple[float, ...],
    rows: tuple[float, ...],
    shape: tuple[int, ...],
) -> tuple[Affine, bool, tuple[str, ...]]:
    """(4, 4) to mm of the right-anterior-superior, whether the file says so, and what is to be told of it."""
    # a plane may leave the edge of its third axis open
    edge = [abs(p) if math.isfinite(p) and p else 1.0 for p in pixdim[1:4]]
    sform = np.vstack([np.array(rows, dtype=np.float64).reshape(3, 4), [0.0, 0.0, 0.0, 1.0]])
    b, c, d = turn[:3]
    a = math.sqrt(max(0.0, 1.0 - (b * b + c * c + d * d))) if all(map(math.isfinite, turn)) else math.nan
    qform = np.eye(4)
    qform[:3, :3] = [
        [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
        [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
        [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
    ]
    qform[:3, :3] *= [edge[0], edge[1], edge[2] * (-1.0 if pixdim[0] < 0 else 1.0)]
    qform[:3, 3] = turn[3:]
    if scode <= 0 and qcode <= 0:
        note = "The file does not say how it lies in the patient: its axes are taken to run to the right, front and top"
        return np.diag([*edge, 1.0]), False, (note,)
    by_sform = scode > 0 and (scode == _SCANNER or qcode != _SCANNER)
    notes: tuple[str, ...] = ()
    if scode > 0 and qcode > 0:
        corners = np.array([[x, y, z, 1.0] for x in (0, shape[0]) for y in (0, shape[1]) for z in (0, shape[2])])
        apart = float(np.linalg.norm((corners @ (sform - qform).T)[:, :3], axis=1).max())
        if not apart <= _DIFFER_MM:
            chosen = "sform" if by_sform else "qform"
            notes = (f"The file says twice where it lies, {apart:.0f} mm apart: its {chosen} was taken",)
    return (sform if by_sform else qform).astype(np.float64), True, notes
