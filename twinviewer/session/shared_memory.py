"""Memory without a name that two processes see: an anonymous file, mapped on both sides, gone when both have let go.

A block that was made here or came from another process is remembered, so that arrays which lie in it travel as the
file's descriptor and are not copied again. No peer can shrink a block under its reader (that would kill it), nor write
into it through a mapping of its own, where the system can seal files.
"""

import mmap
import os
import tempfile
import weakref
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

LEAST_BYTES = 1 << 20
"""Arrays below this are copied: a block is held whole for the smallest array in it."""

# of Linux's fcntl.h; Python does not name the last one
_SEAL_SIZE, _SEAL_WRITE, _SEAL_FUTURE_WRITE = 0x2 | 0x4, 0x8, 0x10

_files: "weakref.WeakKeyDictionary[mmap.mmap, int]" = weakref.WeakKeyDictionary()
"""A block -> the descriptor of its file."""


def anonymous_file(size: int) -> int:
    """The descriptor of a file without a name, of this many bytes."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("twinviewer", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    else:  # macOS: a file that has lost its name already
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor


def seal(descriptor: int, written: bool) -> None:
    """From here on the file keeps its size and, with ``written``, its content; else only what is mapped may write."""
    try:
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEAL_SIZE | (_SEAL_WRITE if written else _SEAL_FUTURE_WRITE))
    except (ImportError, AttributeError, OSError):  # no such seals here: a peer is trusted then
        return


def shared_empty(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """An array of zeros in a block of its own, if it is large enough to be worth it. MemoryError."""
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if size < LEAST_BYTES:
        return np.empty(shape, dtype)
    try:
        descriptor = anonymous_file(size)
        memory = mmap.mmap(descriptor, size)
    except OSError as error:
        raise MemoryError(f"{size >> 20} MiB") from error
    seal(descriptor, written=False)
    remember(memory, descriptor)
    return np.frombuffer(memory, dtype).reshape(shape)


def remember(memory: mmap.mmap, descriptor: int) -> None:
    """Keep a mapping's file open for as long as any array lies in the mapping."""
    _files[memory] = descriptor
    weakref.finalize(memory, os.close, descriptor)


def block_of(array: NDArray[Any]) -> tuple[int, int] | None:
    """(descriptor, offset in its file) of an array that lies in a block and that nobody changes; else None."""
    if array.nbytes < LEAST_BYTES or array.flags.writeable or not array.flags.c_contiguous:
        return None
    owner: Any = array
    while isinstance(owner, np.ndarray | memoryview):
        owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
    if not isinstance(owner, mmap.mmap) or owner not in _files:
        return None
    return _files[owner], _address(array) - _address(np.frombuffer(owner, np.uint8, 1))


def _address(array: NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])
