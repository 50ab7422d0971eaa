"""Which file is being read, for whoever watches: a decoder that dies, or never ends, cannot say it itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

Watcher = Callable[[int, str, float], None]
"""Is told the number of what is read (0: nothing), the file's name, and how many seconds it may take."""

LEAST_S = 8.0
SLOWEST_BYTES_S = 5e6
"""What a sound file is surely read at: a tenth of what the slowest codec here gives on one core."""

_numbers = count(1)
_under_way: dict[int, tuple[str, float]] = {}
_watcher: Watcher | None = None


def watch(watcher: Watcher | None) -> None:
    """From here on tell this one, in this process; None: nobody."""
    global _watcher
    _watcher = watcher


@contextmanager
def reading(where: str, size_bytes: int = 0) -> Iterator[None]:
    """Around what may crash or hang: one header, one plane's pixels, one mesh. where: the file's name; size_bytes: of
    the file, or of what it unpacks to. Threads may read at once: the watcher hears of the one that has taken longest.
    """
    if _watcher is None:
        yield
        return
    number = next(_numbers)
    _under_way[number] = (where, LEAST_S + size_bytes / SLOWEST_BYTES_S)
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
        number, (where, limit_s) = next(iter(_under_way.items()))
    except (StopIteration, RuntimeError):  # none; or another thread has just begun or ended one, and tells it itself
        number, where, limit_s = 0, "", 0.0
    _watcher(number, where, limit_s)
