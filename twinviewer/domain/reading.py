"""Which file is being read, for whoever watches: a decoder that dies, or never ends, cannot say it itself."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class UnderWay:
    """number: of what is read, 0 for nothing. where: the file's name; limit_s: how long it may take. key: tells the
    file, and what of it, from all others (:func:`key_of`), "" where nobody can do without it. others: how many more
    files are read at the same time."""

    number: int = 0
    where: str = ""
    limit_s: float = 0.0
    key: str = ""
    others: int = 0


Watcher = Callable[[UnderWay], None]
What = Literal["file", "header"]
LeaveOut = Mapping[str, str]
"""Keys of files that a program did not survive or outlast -> why: what reads them is to do without them."""

LEAST_S = 8.0
SLOWEST_BYTES_S = 5e6
"""What a sound file is surely read at: a tenth of what the slowest codec here gives on one core."""
SLOW_DISC_BYTES = int(30 * SLOWEST_BYTES_S)
"""Added for headers: 30 s, in which a disc that slept, or an archive behind a line, gives its first bytes."""

_numbers = count(1)
_under_way: dict[int, UnderWay] = {}
_watcher: Watcher | None = None


def watch(watcher: Watcher | None) -> None:
    """From here on tell this one, in this process; None: nobody."""
    global _watcher
    _watcher = watcher


def key_of(path: str | Path, what: What = "file") -> str:
    """16 hex digits that stand for a file, or for its header alone."""
    return hashlib.blake2b(f"{what}\0{path}".encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@contextmanager
def reading(where: str | Path, size_bytes: int = 0, what: What = "file") -> Iterator[None]:
    """Around what may crash or hang: one header, one plane's pixels, one mesh.

    where: the file's name, or its path where the others can be read without it; size_bytes: of the file, or of what it
    unpacks to. Threads may read at once: the watcher hears of the one that has taken longest.
    """
    if _watcher is None:
        yield
        return
    number = next(_numbers)
    limit_s = LEAST_S + size_bytes / SLOWEST_BYTES_S
    if isinstance(where, Path):
        _under_way[number] = UnderWay(number, where.name, limit_s, key_of(where, what))
    else:
        _under_way[number] = UnderWay(number, where, limit_s)
    _tell()
    try:
        yield
    finally:
        _under_way.pop(number, None)
        _tell()


def _tell() -> None:
    if _watcher is None:
        return
    try:
        first = next(iter(_under_way.values()))
        others = len(_under_way) - 1
        told = UnderWay(first.number, first.where, first.limit_s, first.key, others) if others else first
    except (StopIteration, RuntimeError):  # none; or another thread has just begun or ended one, and tells it itself
        told = UnderWay()
    _watcher(told)
