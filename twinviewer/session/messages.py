"""What crosses the pipe to a worker process: one JSON document, and its arrays in shared memory without a name.

The memory is an anonymous file whose descriptor travels with the message. Nothing has to be unlinked: it is gone when
both sides have let go, even after kill -9. Arrays are copied once, by the sender, and those not even once that lie in
shared memory already (an image that a worker has read, a volume that goes back to a worker): then only the descriptor
of their block travels. The receiver maps them copy-on-write, so that neither side can change the other's.
"""

import json
import math
import mmap
import os
import struct
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinviewer.session import shared_memory
from twinviewer.session.codec import decode, encode

_ALIGN = 64
_INLINE_BYTES = 1 << 14  # below this a copy through the pipe costs less than a mapping, and cannot block
_HEADER = struct.Struct("<QQ?H45x")
"""Bytes of arrays, bytes in all, whether in shared memory, how many blocks besides; 64 bytes, so that arrays align."""
_MOST_BLOCKS = 64


def send(connection: Connection, value: Any, peer_pid: int) -> None:
    """Send any value that the codec knows. peer_pid: the process at the other end. OSError when it is gone.

    Never waits for the other side: what goes through the pipe itself is a few hundred bytes.
    """
    tree, arrays = encode(value)
    table, size, blocks = _layout(arrays)
    document = json.dumps({"value": tree, "arrays": table}, separators=(",", ":")).encode()
    total = size + len(document)
    if total <= _INLINE_BYTES:
        buffer = bytearray(total)
        for entry, array in zip(table, arrays, strict=True):
            if not entry["block"]:
                buffer[entry["offset"] : entry["offset"] + array.nbytes] = _bytes(array)
        buffer[size:] = document
        connection.send_bytes(_HEADER.pack(size, total, False, len(blocks)) + buffer)
        _hand_over(connection, blocks, peer_pid)
        return
    descriptor = shared_memory.anonymous_file(total)
    try:
        for entry, array in zip(table, arrays, strict=True):
            if not entry["block"]:
                _write(descriptor, _bytes(array), entry["offset"])  # half the time of writing through a mapping
        _write(descriptor, document, size)
        shared_memory.seal(descriptor, written=True)
        connection.send_bytes(_HEADER.pack(size, total, True, len(blocks)))
        _hand_over(connection, [descriptor, *blocks], peer_pid)
    finally:
        os.close(descriptor)


def receive(connection: Connection) -> Any:
    """The next value. EOFError or OSError when the other side has died."""
    received = bytearray(connection.recv_bytes())
    size, total, shared, count = _HEADER.unpack_from(received)
    memories: list[Any] = [memoryview(received)[_HEADER.size :]]
    if shared:
        memories[0] = _mapped(_taken(connection))
    memories += [_mapped(_taken(connection)) for _ in range(count)]
    document = json.loads(bytes(memories[0][size:total]))
    return decode(document["value"], lambda i: _view(memories, document["arrays"][i]))


def _hand_over(connection: Connection, descriptors: list[int], peer_pid: int) -> None:
    for descriptor in descriptors:
        reduction.send_handle(connection, descriptor, peer_pid)  # type: ignore[attr-defined]


def _taken(connection: Connection) -> int:
    try:
        return reduction.recv_handle(connection)  # type: ignore[attr-defined,no-any-return]
    except RuntimeError as error:  # died between the header and the memory
        raise EOFError(str(error)) from error


def _mapped(descriptor: int) -> mmap.mmap:
    """A mapping that keeps what this side writes to itself. Its file stays open while anything lies in it."""
    try:
        memory = mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY)
    except BaseException:
        os.close(descriptor)
        raise
    shared_memory.remember(memory, descriptor)
    return memory


def _layout(arrays: list[NDArray[Any]]) -> tuple[list[dict[str, Any]], int, list[int]]:
    """(where each array lies, bytes of those that are copied, descriptors of the blocks that hold the others)."""
    table: list[dict[str, Any]] = []
    offset = 0
    blocks: list[int] = []
    for array in arrays:
        entry = {
            "dtype": array.dtype.str,
            "shape": list(array.shape),
            "offset": offset,
            "block": 0,
            "writeable": bool(array.flags.writeable),  # compiled kernels tell read-only arrays from others
        }
        table.append(entry)
        found = shared_memory.block_of(array)
        if found is not None and (found[0] in blocks or len(blocks) < _MOST_BLOCKS):
            if found[0] not in blocks:
                blocks.append(found[0])
            entry["block"], entry["offset"] = blocks.index(found[0]) + 1, found[1]
        else:
            offset += -(-array.nbytes // _ALIGN) * _ALIGN
    return table, offset, blocks


def _bytes(array: NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _write(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    view = memoryview(data)
    while len(view):
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def _view(memories: list[Any], entry: dict[str, Any]) -> NDArray[Any]:
    dtype, shape = np.dtype(entry["dtype"]), tuple(entry["shape"])
    count = math.prod(shape)
    memory = memories[entry["block"]]
    array = np.frombuffer(memory, dtype, count, entry["offset"]) if count else np.empty(0, dtype)
    array = array.reshape(shape)
    array.flags.writeable = entry["writeable"]
    return array
