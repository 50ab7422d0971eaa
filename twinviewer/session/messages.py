"""What crosses the pipe to a worker process: one JSON document, and its arrays in shared memory without a name.

The memory is an anonymous file whose descriptor travels with the message. Nothing has to be unlinked: it is gone when
both sides have let go, even after kill -9. Arrays are copied once, by the sender; the receiver maps them
copy-on-write, so that neither side can change the other's.
"""

import json
import math
import mmap
import os
import struct
import tempfile
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinviewer.session.codec import decode, encode

_ALIGN = 64
_INLINE_BYTES = 1 << 14  # below this a copy through the pipe costs less than a mapping, and cannot block
_HEADER = struct.Struct("<QQ?47x")  # bytes of arrays, bytes in all, whether in shared memory; 64 bytes, aligned


def send(connection: Connection, value: Any, peer_pid: int) -> None:
    """Send any value that the codec knows. peer_pid: the process at the other end. OSError when it is gone.

    Never waits for the other side: what goes through the pipe itself is a few hundred bytes.
    """
    tree, arrays = encode(value)
    table, size = _layout(arrays)
    document = json.dumps({"value": tree, "arrays": table}, separators=(",", ":")).encode()
    total = size + len(document)
    if total <= _INLINE_BYTES:
        buffer = bytearray(total)
        for entry, array in zip(table, arrays, strict=True):
            buffer[entry["offset"] : entry["offset"] + array.nbytes] = _bytes(array)
        buffer[size:] = document
        connection.send_bytes(_HEADER.pack(size, total, False) + buffer)
        return
    descriptor = _anonymous_file(total)
    try:
        for entry, array in zip(table, arrays, strict=True):
            _write(descriptor, _bytes(array), entry["offset"])  # half the time of writing through a mapping
        _write(descriptor, document, size)
        connection.send_bytes(_HEADER.pack(size, total, True))
        reduction.send_handle(connection, descriptor, peer_pid)  # type: ignore[attr-defined]
    finally:
        os.close(descriptor)


def receive(connection: Connection) -> Any:
    """The next value. EOFError or OSError when the other side has died."""
    received = bytearray(connection.recv_bytes())
    size, total, shared = _HEADER.unpack_from(received)
    memory: Any = memoryview(received)[_HEADER.size :]
    if shared:
        try:
            descriptor = reduction.recv_handle(connection)  # type: ignore[attr-defined]
        except RuntimeError as error:  # died between the header and the memory
            raise EOFError(str(error)) from error
        try:
            memory = mmap.mmap(descriptor, total, access=mmap.ACCESS_COPY)
        finally:
            os.close(descriptor)
    document = json.loads(bytes(memory[size:total]))
    return decode(document["value"], lambda i: _view(memory, document["arrays"][i]))


def _layout(arrays: list[NDArray[Any]]) -> tuple[list[dict[str, Any]], int]:
    table, offset = [], 0
    for array in arrays:
        entry = {
            "dtype": array.dtype.str,
            "shape": list(array.shape),
            "offset": offset,
            "writeable": bool(array.flags.writeable),  # compiled kernels tell read-only arrays from others
        }
        table.append(entry)
        offset += -(-array.nbytes // _ALIGN) * _ALIGN
    return table, offset


def _bytes(array: NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _write(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    view = memoryview(data)
    while len(view):
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def _view(memory: Any, entry: dict[str, Any]) -> NDArray[Any]:
    dtype, shape = np.dtype(entry["dtype"]), tuple(entry["shape"])
    count = math.prod(shape)
    array = np.frombuffer(memory, dtype, count, entry["offset"]) if count else np.empty(0, dtype)
    array = array.reshape(shape)
    array.flags.writeable = entry["writeable"]
    return array


def _anonymous_file(size: int) -> int:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("twinviewer")
    else:  # macOS: a file that has lost its name already
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor
