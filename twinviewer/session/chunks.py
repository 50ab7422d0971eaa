"""Arrays in a case file: npy blocks of bounded size, compressed, addressed by the hash of their content."""

import hashlib
import io
import sqlite3
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from twinviewer.domain import StoreError

CHUNK_BYTES = 8 << 20
MAX_ARRAY_BYTES = 16 << 30
MAX_TOTAL_BYTES = 32 << 30
MAX_DIMENSIONS = 8
_PACKERS = 2
_HEADER_BYTES = 256  # room for an npy header of one dimension


def write_arrays(
    database: sqlite3.Connection, arrays: Iterable[NDArray[Any]], known: "KnownChunks"
) -> list[dict[str, Any]]:
    """Write each array as chunks and return the table that finds them again. Chunks already in ``known`` are copied."""
    table = []
    written: set[str] = set()
    with ThreadPoolExecutor(_PACKERS) as packers:  # zlib works outside the interpreter's lock
        packing: deque[tuple[str, Future[bytes]]] = deque()

        def store(limit: int) -> None:
            while len(packing) > limit:
                name, data = packing.popleft()
                database.execute("INSERT INTO chunk VALUES (?, ?)", (name, data.result()))

        for array in arrays:
            fortran = array.flags.f_contiguous and not array.flags.c_contiguous
            flat = np.ascontiguousarray(array.T if fortran else array).reshape(-1)
            names = []
            rows = max(1, CHUNK_BYTES // max(1, array.dtype.itemsize))
            for start in range(0, flat.size, rows):
                block = flat[start : start + rows]
                name = _hash(block)
                names.append(name)
                if name in written:
                    continue
                written.add(name)
                data = known.get(name)
                if data is not None:
                    database.execute("INSERT INTO chunk VALUES (?, ?)", (name, data))
                    continue
                packing.append((name, packers.submit(_pack, block)))
                store(2 * _PACKERS)  # a bound on what waits in memory
            entry = {"dtype": array.dtype.str, "shape": list(array.shape), "fortran": fortran, "chunks": names}
            table.append({**entry, "writeable": bool(array.flags.writeable)})
        store(0)
    return table


class KnownChunks:
    """The chunks of an earlier version of the same file, so that saving again compresses only what is new."""

    def __init__(self, database: sqlite3.Connection | None) -> None:
        self._database = database

    def get(self, name: str) -> bytes | None:
        """The compressed chunk of that hash, or None."""
        if self._database is None:
            return None
        try:
            row = self._database.execute("SELECT data FROM chunk WHERE sha256 = ?", (name,)).fetchone()
            if row is None or not isinstance(row[0], bytes):
                return None
            _unpack(row[0], name)  # a damaged neighbour must not be carried on
        except (sqlite3.Error, StoreError):
            return None
        return bytes(row[0])


class ArrayReader:
    """Gives the i-th array of a table; every chunk is checked against its hash, and the sum against a cap."""

    def __init__(self, database: sqlite3.Connection, table: Any) -> None:
        self._database = database
        self._table = [_entry(one) for one in table] if isinstance(table, list) else []
        self._shape_bytes()

    def __call__(self, index: int) -> NDArray[Any]:
        if index >= len(self._table):
            raise StoreError(f"Array {index} is not in the file")
        entry = self._table[index]
        dtype, shape = np.dtype(entry["dtype"]), tuple(entry["shape"])
        flat = np.empty(_count(shape), dtype)
        at = 0
        for name in entry["chunks"]:
            for block in self._blocks(name):
                if block.dtype != dtype or at + block.size > flat.size:
                    raise StoreError("A block of an array does not fit its table", where=f"array {index}")
                flat[at : at + block.size] = block
                at += block.size
        if at != flat.size:
            raise StoreError("An array is incomplete", where=f"array {index}")
        array = flat.reshape(shape[::-1]).T if entry["fortran"] else flat.reshape(shape)
        array.flags.writeable = entry["writeable"]
        return array

    def _blocks(self, name: str) -> Iterator[NDArray[Any]]:
        row = self._database.execute("SELECT data FROM chunk WHERE sha256 = ?", (name,)).fetchone()
        if row is None or not isinstance(row[0], bytes):
            raise StoreError("A block of an array is missing", where=name[:12])
        yield _unpack(row[0], name)

    def _shape_bytes(self) -> None:
        total = 0
        stored = dict(self._database.execute("SELECT sha256, length(data) FROM chunk"))
        for entry in self._table:
            size = _count(entry["shape"]) * np.dtype(entry["dtype"]).itemsize
            packed = sum(stored.get(name, 0) for name in entry["chunks"])
            # zlib cannot shrink more than about 1030 times: a table that claims more is made up
            if size > MAX_ARRAY_BYTES or size > 1100 * (packed + 1024):
                raise StoreError("An array in the file claims an impossible size", where=f"{size} bytes")
            total += size
        if total > MAX_TOTAL_BYTES:
            raise StoreError("The file claims more data than a case may hold", where=f"{total} bytes")


def _entry(one: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        dtype = np.dtype(one["dtype"])
        sound = (
            dtype.kind in "biufc"
            and not dtype.hasobject
            and len(one["shape"]) <= MAX_DIMENSIONS
            and all(isinstance(n, int) and 0 <= n < 1 << 40 for n in one["shape"])
            and all(isinstance(name, str) for name in one["chunks"])
            and isinstance(one["fortran"], bool)
            and isinstance(one["writeable"], bool)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError("The table of arrays is damaged") from error
    if not sound:
        raise StoreError("The table of arrays is damaged")
    return one


def _count(shape: Iterable[int]) -> int:
    count = 1
    for length in shape:
        count *= length
    return count


def _hash(block: NDArray[Any]) -> str:
    digest = hashlib.sha256(block.dtype.str.encode())
    digest.update(block.view(np.uint8).data)
    return digest.hexdigest()


def _pack(block: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    npy.write_array(buffer, block, allow_pickle=False)
    return zlib.compress(buffer.getbuffer(), 1)


def _unpack(data: bytes, name: str) -> NDArray[Any]:
    inflater = zlib.decompressobj()
    limit = CHUNK_BYTES + _HEADER_BYTES
    try:
        raw = inflater.decompress(data, limit)
        if not inflater.eof:
            raise StoreError("A block of an array is larger than blocks are", where=name[:12])
        block = npy.read_array(io.BytesIO(raw), allow_pickle=False, max_header_size=_HEADER_BYTES)
    except (zlib.error, ValueError, EOFError) as error:
        raise StoreError("A block of an array is damaged", where=name[:12]) from error
    if block.ndim != 1 or block.dtype.kind not in "biufc" or _hash(np.ascontiguousarray(block)) != name:
        raise StoreError("A block of an array does not match its hash", where=name[:12])
    return block
