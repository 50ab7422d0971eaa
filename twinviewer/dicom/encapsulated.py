"""The coded bytes of one frame of a compressed file, found by the items' lengths: no other frame is read.

Source: DICOM PS3.5 A.4 (items, basic offset table) and PS3.3 C.7.6.3.1.8 (extended offset table).
"""

import threading
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import pydicom

from twinviewer.domain import LoadError

_ITEM, _END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_END_OF_IMAGE = b"\xff\xd9"
_TABLES = ["ExtendedOffsetTable", "ExtendedOffsetTableLengths"]
MOST_FRAGMENTS = 1_000_000

Pieces = tuple[tuple[int, int], ...]
"""(offset in the file, bytes) of the fragments of one frame."""


class FrameBytes:
    """Coded frames of files, one after another; keeps the map of the last file. Safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._path = ""
        self._frames: tuple[Pieces, ...] = ()

    def read(self, path: str, value_offset: int, index: int, count: int) -> bytes:
        """The coded frame ``index`` of the ``count`` in a file. LoadError where it is not there."""
        with Path(path).open("rb") as stream:
            if count == 1:
                return _joined(stream, tuple(_fragments(stream, value_offset, path)[1]), path)
            with self._lock:
                if self._path != path:
                    self._frames, self._path = _map(stream, value_offset, count, path), path
                frames = self._frames
            if index >= len(frames):
                raise LoadError(f"The file holds {len(frames)} of its {count} images", where=Path(path).name)
            return _joined(stream, frames[index], path)


def _joined(stream: BinaryIO, pieces: Pieces, path: str) -> bytes:
    found = bytearray()
    for offset, length in pieces:
        stream.seek(offset)
        content = stream.read(length)
        if len(content) < length:
            raise LoadError("The file is cut short: pixels are missing", where=Path(path).name)
        found += content
    return bytes(found)


def _fragments(stream: BinaryIO, start: int, path: str) -> tuple[bytes, list[tuple[int, int]]]:
    """(the basic offset table's bytes, the fragments after it); LoadError where the chain of items is broken."""
    size = Path(path).stat().st_size
    at, table = start, b""
    found: list[tuple[int, int]] = []
    while True:
        stream.seek(at)
        head = stream.read(8)
        if head[:4] == _END or (len(head) < 8 and found):
            break  # a lost end mark costs nothing: lengths are checked one by one
        length = int.from_bytes(head[4:], "little")
        if head[:4] != _ITEM or length == 0xFFFFFFFF or at + 8 + length > size:
            if found and head[:4] != _ITEM:
                break
            raise LoadError("The file is cut short or its coded images are damaged", where=Path(path).name)
        if at == start:
            table = stream.read(length)
        else:
            found.append((at + 8, length))
            if len(found) > MOST_FRAGMENTS:
                raise LoadError(f"The file holds more than {MOST_FRAGMENTS} pieces", where=Path(path).name)
        at += 8 + length
    if not found:
        raise LoadError("The file holds no coded image", where=Path(path).name)
    return table, found


def _map(stream: BinaryIO, start: int, count: int, path: str) -> tuple[Pieces, ...]:
    """The pieces of each frame: one fragment a frame, else by the offset tables, else by the streams' end marks."""
    table, fragments = _fragments(stream, start, path)
    if len(fragments) == count:
        return tuple((piece,) for piece in fragments)
    offsets = [int.from_bytes(table[n : n + 4], "little") for n in range(0, len(table) - 3, 4)]
    if len(offsets) != count:
        offsets = _extended(path)
    if len(offsets) == count:
        first = fragments[0][0] - 8
        starts = {offset + first for offset in offsets}
        if starts <= {offset - 8 for offset, _ in fragments}:
            edges = [n for n, (offset, _) in enumerate(fragments) if offset - 8 in starts] + [len(fragments)]
            return tuple(tuple(fragments[a:b]) for a, b in pairwise(edges))
    frames: list[list[tuple[int, int]]] = [[]]
    for offset, length in fragments:
        frames[-1].append((offset, length))
        stream.seek(offset + max(length - 10, 0))
        if _END_OF_IMAGE in stream.read(min(length, 10)):
            frames.append([])
    return tuple(tuple(frame) for frame in frames if frame)


def _extended(path: str) -> list[int]:
    data = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_TABLES, force=True)  # type: ignore[arg-type]
    content = data.get("ExtendedOffsetTable") or b""
    return [int.from_bytes(content[n : n + 8], "little") for n in range(0, len(content) - 7, 8)]
