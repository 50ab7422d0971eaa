"""Finished answers of a study in a file that is only ever added to, so that a killed study goes on where it was.

JSON lines without pickle: the first says which study it is, each further one holds one answer, its arrays as npy in
base64. A line that a kill cut short is left out and written again.
"""

import base64
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from twinviewer import __version__
from twinviewer.domain import Setup, StoreError
from twinviewer.session import catalog
from twinviewer.session.claim import Claim
from twinviewer.session.codec import CodecError, decode, encode
from twinviewer.session.simulate import setup_uid
from twinviewer.session.studies.study import Answer, Wanted

FORMAT = 1
MOST_LETTERS = 1 << 28
"""Of one line: an answer with some whole fields of a large heart."""


def identity(engine: str, setup: Setup, wanted: Wanted) -> str:
    """Hash of all that an answer depends on besides its point: heart, engines and their versions, what is kept."""
    versions = sorted([name, one.version] for name, one in catalog.engines().items())
    kept = [sorted(names) for names in (wanted.metrics, wanted.fields, wanted.traces, wanted.segments)]
    text = [__version__, versions, engine, setup_uid(catalog.engine(engine), setup), kept]
    return hashlib.sha256(json.dumps(text).encode()).hexdigest()


class Journal:
    """Answers by Point.key. StoreError on opening for a file that is none, is of another study, or is in use.

    answers: those that were there, their ``point`` the name under which they were computed.
    """

    def __init__(self, path: Path, study: str) -> None:
        self.answers: dict[str, Answer] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        self._claim = Claim(path)
        if not self._claim.writable:
            raise StoreError(
                "This study is under way in another program, or its journal cannot be written", where=path.name
            )
        try:
            self._file: IO[bytes] = path.open("ab+")  # noqa: SIM115
            try:
                path.chmod(0o600)
                self._read(path, study)
            except BaseException:
                self._file.close()
                raise
        except OSError as error:
            self._claim.release()
            raise StoreError(f"The journal cannot be used: {error.strerror}", where=path.name) from error
        except BaseException:
            self._claim.release()
            raise

    def add(self, key: str, answer: Answer) -> None:
        """Keep one answer; it is with the system, which a kill of this program does not touch, before this returns."""
        tree, arrays = encode(answer)
        self._write({"key": key, "answer": tree, "arrays": [_text(array) for array in arrays]})
        self.answers[key] = answer

    def close(self) -> None:
        """Let another program go on with it."""
        self._file.close()
        self._claim.release()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, path: Path, study: str) -> None:
        self._file.seek(0)
        first = self._file.readline(MOST_LETTERS)
        if not first.endswith(b"\n"):  # new, or killed while it was begun
            if first and not b'{"twinviewer_study"'.startswith(first[:19]):
                raise StoreError("This file is no journal of a study", where=path.name, remedy="Choose another name")
            self._file.truncate(0)
            self._write({"twinviewer_study": FORMAT, "study": study})
            return
        head = _line(first)
        if head is None or head.get("twinviewer_study") != FORMAT:
            raise StoreError("This file is no journal of a study", where=path.name, remedy="Choose another name")
        if head.get("study") != study:
            raise StoreError(
                "This journal belongs to another study: the heart, the engine or what is kept has changed",
                where=path.name,
                remedy="Choose another name, or delete the journal to start again",
            )
        end = self._file.tell()
        while (line := self._file.readline(MOST_LETTERS)).endswith(b"\n"):
            if (found := _answer(line)) is None:
                break
            self.answers[found[0]] = found[1]
            end = self._file.tell()
        self._file.truncate(end)

    def _write(self, document: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(document, separators=(",", ":"), allow_nan=False).encode() + b"\n")
        self._file.flush()


def _line(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _answer(line: bytes) -> tuple[str, Answer] | None:
    found = _line(line)
    if found is None:
        return None
    try:
        arrays = [_array(text) for text in found["arrays"]]
        answer = decode(found["answer"], lambda index: arrays[index])
    except (CodecError, KeyError, TypeError, ValueError, IndexError):
        return None
    return (str(found["key"]), answer) if isinstance(answer, Answer) and "key" in found else None


def _text(array: NDArray[Any]) -> str:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return base64.b64encode(buffer.getvalue()).decode()


def _array(text: str) -> NDArray[Any]:
    found: NDArray[Any] = np.load(io.BytesIO(base64.b64decode(text)), allow_pickle=False)
    return found
