"""A worker that says, in memory shared with its parent, which file it is reading and how long that may take."""

import struct
from multiprocessing.connection import Connection
from typing import Any

from twinviewer.domain.reading import UnderWay, watch
from twinviewer.session.worker import serve

MARK_BYTES = 256
_HEAD = struct.Struct("<Qd16sHH")
_TEXT_BYTES = MARK_BYTES - _HEAD.size

Mark = Any
"""A shared array of MARK_BYTES bytes."""


def serve_watched(mark: Mark, connection: Connection, parent_pid: int, prewarm: str, memory_bytes: int) -> None:
    """What :func:`twinviewer.session.worker.serve` does, with the file under way in ``mark``."""
    view = memoryview(mark).cast("B")

    def note(now: UnderWay) -> None:
        text = now.where.encode("utf-8", "replace")[:_TEXT_BYTES]
        head = _HEAD.pack(now.number, now.limit_s, now.key.encode(), min(now.others, 0xFFFF), len(text))
        view[: _HEAD.size + len(text)] = head + text

    watch(note)
    serve(connection, parent_pid, prewarm, memory_bytes)


def noted(mark: Mark) -> UnderWay:
    """What is being read."""
    content = bytes(memoryview(mark).cast("B"))
    number, limit_s, key, others, size = _HEAD.unpack_from(content)
    name = content[_HEAD.size : _HEAD.size + size].decode("utf-8", "ignore")
    return UnderWay(int(number), name, float(limit_s), key.rstrip(b"\0").decode("ascii", "ignore"), int(others))
