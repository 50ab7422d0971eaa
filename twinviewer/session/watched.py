"""A worker that says, in memory shared with its parent, which file it is reading and how long that may take."""

import struct
from multiprocessing.connection import Connection
from typing import Any

from twinviewer.domain.reading import watch
from twinviewer.session.worker import serve

MARK_BYTES = 256
_HEAD = struct.Struct("<QdH")
_TEXT_BYTES = MARK_BYTES - _HEAD.size

Mark = Any
"""A shared array of MARK_BYTES bytes."""


def serve_watched(mark: Mark, connection: Connection, parent_pid: int, prewarm: str, memory_bytes: int) -> None:
    """What :func:`twinviewer.session.worker.serve` does, with the file under way in ``mark``."""
    view = memoryview(mark).cast("B")

    def note(number: int, where: str, limit_s: float) -> None:
        text = where.encode("utf-8", "replace")[:_TEXT_BYTES]
        view[: _HEAD.size + len(text)] = _HEAD.pack(number, limit_s, len(text)) + text

    watch(note)
    serve(connection, parent_pid, prewarm, memory_bytes)


def noted(mark: Mark) -> tuple[int, str, float]:
    """Number of the reading under way (0: none), the file's name, the seconds that it may take."""
    content = bytes(memoryview(mark).cast("B"))
    number, limit_s, size = _HEAD.unpack_from(content)
    return int(number), content[_HEAD.size : _HEAD.size + size].decode("utf-8", "ignore"), float(limit_s)
