"""A file as a stream that never makes room for more than is left in it, whatever length an element claims."""

import io
import os
from pathlib import Path

_SMALL = 1 << 20


class BoundedFile(io.BufferedReader):
    """Opened for reading. A plain stream allocates what it is asked for before it finds that the file has ended."""

    def __init__(self, path: Path) -> None:
        raw = io.FileIO(str(path))
        super().__init__(raw)
        self._bytes = os.fstat(raw.fileno()).st_size

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to ``size`` bytes, all that are left for -1."""
        if size is not None and size > _SMALL:
            size = min(size, max(self._bytes - self.tell(), 0))
        return super().read(size)
