"""Who may write a case file: the first window that opened it. The system releases the claim when a program dies."""

import os
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class Claim:
    """An advisory lock beside the case file. ``writable`` says whether this window got it; if not, open read-only."""

    def __init__(self, path: Path) -> None:
        path = Path(path).absolute()
        self._lock_path = path.parent / f".{path.name}.lock"
        self._file: IO[str] | None = None
        self.writable = self._take()

    def release(self) -> None:
        """Let another window write. May be called twice."""
        if self._file is None:
            return
        self._lock_path.unlink(missing_ok=True)  # while it is still locked: nobody else holds this inode
        self._file.close()
        self._file = None
        self.writable = False

    def __enter__(self) -> "Claim":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _take(self) -> bool:
        if fcntl is None:
            return True
        for _ in range(5):
            try:
                handle = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
            except FileNotFoundError:  # the folder is made when the file is saved
                return True
            except OSError:  # a folder that cannot be written
                return False
            file = os.fdopen(handle, "r+")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(file.fileno()).st_ino == self._lock_path.stat().st_ino:
                    self._file = file
                    return True
            except FileNotFoundError:  # released between opening and locking: try again
                pass
            except OSError:
                file.close()
                return False
            file.close()
        return False
