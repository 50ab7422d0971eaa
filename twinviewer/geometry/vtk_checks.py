"""VTK's XML files, looked at before and after VTK reads them: its readers and filters believe what a file counts.

Source: VTK file formats (https://docs.vtk.org/en/latest/vtk_file_formats/index.html), XML formats.
"""

import base64
import re
from pathlib import Path
from typing import Any

import numpy as np

from twinviewer.domain import LoadError

MOST_COUNT = 200_000_000
_TAG = re.compile(rb"<(?:Piece|DataArray|Array)\b([^<>]{0,4000})>")
_NUMBER = re.compile(rb"""\b(NumberOf\w+|offset)\s*=\s*["']([^"']*)["']""")
_DAMAGED = "The mesh file is damaged"


def check_head(path: Path) -> None:
    """Counts and offsets that the file's tags claim. LoadError where they cannot be true."""
    content = path.read_bytes()
    end = content.find(b"<AppendedData")
    head = content if end < 0 else content[:end]
    if re.search(rb"<!\s*(DOCTYPE|ENTITY)", head):
        raise LoadError("The mesh file defines entities, which are not read")
    for tag in _TAG.finditer(head):
        for name, value in _NUMBER.findall(tag[1]):
            # a compressed block may hold a thousand times its size, and not more
            most = min(MOST_COUNT, 1000 * len(content)) if name != b"offset" else len(content)
            if not re.fullmatch(rb"\s*\d{1,12}\s*", value) or int(value) > most:
                raise LoadError(_DAMAGED, remedy=f"Export it again ({name.decode()})")
    _check_blocks(content, len(head))


def _check_blocks(content: bytes, end: int) -> None:
    """What each array of the file claims to unpack to."""
    first = re.search(rb"<VTKFile\b[^<>]*>", content[:end])
    said = dict(re.findall(rb"""(\w+)\s*=\s*["']([^"']*)["']""", first[0])) if first else {}
    word = "<u8" if said.get(b"header_type", b"UInt32") == b"UInt64" else "<u4"
    big = said.get(b"byte_order") == b"BigEndian"
    packed = bool(said.get(b"compressor"))
    words = np.dtype(word.replace("<", ">") if big else word)
    appended = re.search(rb"""<AppendedData[^<>]*encoding\s*=\s*["'](\w+)["'][^<>]*>\s*_""", content[end:])
    for tag in _TAG.finditer(content, 0, end):
        of = dict(re.findall(rb"""(\w+)\s*=\s*["']([^"']*)["']""", tag[1]))
        need = (3 if packed else 1) * words.itemsize
        if of.get(b"format") == b"binary":
            start = content[tag.end() : tag.end() + 200].lstrip()
            raw = _from_text(start[: -(-need // 3) * 4])
        elif of.get(b"format") == b"appended" and appended is not None:
            at = end + appended.end() + int(of.get(b"offset", b"0"))
            text = appended[1] == b"base64"
            raw = _from_text(content[at : at + -(-need // 3) * 4]) if text else content[at : at + need]
        else:
            continue
        if len(raw) < need:
            raise LoadError(_DAMAGED, remedy="Export it again (cut off)")
        claims = [int(one) for one in np.frombuffer(raw[:need], words)]
        unpacked = claims[0] if not packed else claims[0] * max(claims[1:])
        if claims[0] > len(content) or unpacked > 1100 * len(content):
            raise LoadError(_DAMAGED, remedy="Export it again (size of an array)")


def _from_text(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def check_cells(shape: Any) -> None:
    """shape: a PolyData or UnstructuredGrid. LoadError where cells name points or places that are not there."""
    import pyvista as pv

    kinds = [shape.GetCells()] if isinstance(shape, pv.UnstructuredGrid) else [
        shape.GetVerts(), shape.GetLines(), shape.GetPolys(), shape.GetStrips()
    ]  # fmt: skip
    for cells in kinds:
        if cells is None or cells.GetNumberOfCells() == 0:
            continue
        offsets = np.asarray(pv.convert_array(cells.GetOffsetsArray()))
        corners = np.asarray(pv.convert_array(cells.GetConnectivityArray()))
        if offsets[0] != 0 or offsets[-1] != len(corners) or (np.diff(offsets) < 0).any():
            raise LoadError(_DAMAGED, remedy="Export it again (offsets)")
        if len(corners) and (corners.min() < 0 or corners.max() >= shape.n_points):
            raise LoadError(_DAMAGED, remedy="Export it again (connectivity)")
    if isinstance(shape, pv.UnstructuredGrid):
        kind, size = np.asarray(shape.celltypes), np.diff(shape.offset)
        if len(kind) != shape.n_cells:
            raise LoadError(_DAMAGED, remedy="Export it again (cell types)")
        for number, corners_of in _CORNERS.items():
            if (size[kind == number] != corners_of).any():
                raise LoadError(_DAMAGED, remedy="Export it again (cell types)")
        if not set(np.unique(kind).tolist()) <= _KNOWN:
            raise LoadError("The mesh has cells of a kind that is not read", remedy="Give triangles or tetrahedra")


_CORNERS = {1: 1, 3: 2, 5: 3, 8: 4, 9: 4, 10: 4, 11: 8, 12: 8, 13: 6, 14: 5, 21: 3, 22: 6, 23: 8, 24: 10, 25: 20}
_KNOWN = {*_CORNERS, 2, 4, 6, 7}
"""Cell types of VTK: linear and quadratic ones with their numbers of corners; and those of any number."""
