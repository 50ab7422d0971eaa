"""Where retrieved files land: a private folder, names made from hashes, counted, weighed, and whole or not at all."""

import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from twinviewer.archive.limits import LIMITS, Limits
from twinviewer.domain import ArchiveError

PARTIAL = ".partial-"
DROP_S = 0.02
"""How long whoever cancels waits for files to go; the rest of them goes meanwhile."""
STALE_S = 86400.0
_LOOK_EVERY = 64 << 20


def hashed(*parts: str) -> str:
    """A name for a file or folder that says nothing and can do nothing: 32 hexadecimal digits."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def private_folder(path: Path) -> Path:
    """The folder, made for its owner alone (0700). ArchiveError."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
    except OSError as error:
        raise ArchiveError(
            f"The folder for retrieved images cannot be made: {error.strerror or type(error).__name__}",
            remedy="Check the rights and the free space, or choose another folder",
        ) from None
    return path


class Landing:
    """Takes the files of one series. They are in a hidden folder until :meth:`keep`, and gone unless it is called."""

    def __init__(self, folder: Path, where: str, limits: Limits = LIMITS) -> None:
        self.folder, self.where, self.limits = folder, where, limits
        self.instances = self.size_bytes = 0
        private_folder(folder.parent)
        _sweep(folder.parent)
        self.partial = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=folder.parent))  # 0700
        self._names: set[str] = set()
        self._looked = 0
        self._check_room()

    def room_for(self, count: int) -> None:
        """Before bytes are written. ArchiveError when they would be too many, or the disk too full."""
        self.size_bytes += count
        if self.size_bytes > self.limits.bytes:
            raise self._too_much(f"more than {self.limits.bytes >> 20} MiB in a series")
        if self.size_bytes - self._looked > _LOOK_EVERY:
            self._looked = self.size_bytes
            self._check_room()

    def too_long(self, instance_bytes: int) -> None:
        """ArchiveError when one instance is longer than any may be."""
        if instance_bytes > self.limits.instance_bytes:
            raise self._too_much(f"more than {self.limits.instance_bytes >> 20} MiB in one instance")

    def open(self) -> tuple[Path, BinaryIO]:
        """A new file, for its owner alone (0600), not accepted yet. ArchiveError when there are too many."""
        if self.instances >= self.limits.instances:
            raise self._too_much(f"more than {self.limits.instances} instances in a series")
        handle, name = tempfile.mkstemp(prefix="_", dir=self.partial)
        return Path(name), os.fdopen(handle, "wb")

    def accept(self, path: Path, instance_uid: str) -> None:
        """A file that came whole. One that came before is replaced: it is the same instance."""
        if self.instances >= self.limits.instances:
            raise self._too_much(f"more than {self.limits.instances} instances in a series")
        name = f"{hashed(instance_uid)}.dcm"
        path.chmod(0o600)
        path.replace(self.partial / name)
        if name not in self._names:
            self._names.add(name)
            self.instances += 1

    def keep(self) -> Path:
        """Put everything where it belongs, in place of what an earlier retrieval left there."""
        for stray in self.partial.iterdir():
            if stray.name not in self._names:
                stray.unlink()
        if self.folder.exists():
            old = self.partial.with_name(f"{self.partial.name}-old")
            self.folder.replace(old)
            shutil.rmtree(old, ignore_errors=True)
        self.partial.replace(self.folder)
        return self.folder

    def drop(self) -> None:
        """Forget what has come. Harmless after keep()."""
        _let_go(self.partial)  # a thread that is still caught in a socket must not leave the others without a place
        gone = self.partial.with_name(f"{self.partial.name}-gone")
        with suppress(OSError):
            self.partial.replace(gone)  # whoever still writes finds no folder
        shutil.rmtree(self.partial, ignore_errors=True)
        shutil.rmtree(gone, ignore_errors=True)

    @contextmanager
    def temporary_files_here(self) -> Iterator[None]:
        """Within, this process's temporary files are made in here: pynetdicom's are patients' images."""
        with _lock:
            if not _held:
                _usual.append(tempfile.tempdir)
            _held.append(str(self.partial))
            tempfile.tempdir = _held[-1]
        try:
            yield
        finally:
            _let_go(self.partial)

    def _check_room(self) -> None:
        with suppress(OSError):
            if shutil.disk_usage(self.partial).free < self.limits.free_bytes:
                raise ArchiveError(
                    f"Less than {self.limits.free_bytes >> 20} MiB are free on the disk",
                    where=self.where,
                    remedy="Make room, or choose a folder on another disk",
                )

    def _too_much(self, what: str) -> ArchiveError:
        remedy = "Nothing of it was kept; retrieve other series, or ask the archive's administrator"
        return ArchiveError(f"The archive sends {what}", where=self.where, remedy=remedy)


def drop_soon(landing: Landing) -> None:
    """Forget what has come, without waiting for many or large files to go."""
    _let_go(landing.partial)
    thread = threading.Thread(target=landing.drop, name="archive drop", daemon=True)
    with _lock:
        _dropping[:] = [*(one for one in _dropping if one.is_alive()), thread]
    thread.start()
    thread.join(DROP_S)


def all_dropped(longest_s: float) -> bool:
    """Wait until nothing that was to be forgotten is left; whether that is so."""
    until_s = time.monotonic() + longest_s
    with _lock:
        threads = tuple(_dropping)
    for thread in threads:
        thread.join(max(0.0, until_s - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)


def _sweep(folder: Path) -> None:
    """Remove what a killed retrieval left behind, a day ago or earlier."""
    with suppress(OSError):
        for old in folder.glob(f"{PARTIAL}*"):
            if time.time() - old.stat().st_mtime > STALE_S:
                shutil.rmtree(old, ignore_errors=True)


_dropping = list[threading.Thread]()
_lock, _held, _usual = threading.Lock(), list[str](), list[str | None]()
"""Where temporary files are made now, the last counts; and where they were made before."""


def _let_go(folder: Path) -> None:
    with _lock:
        if str(folder) in _held:
            _held.remove(str(folder))
            tempfile.tempdir = _held[-1] if _held else _usual.pop()
