"""A case as one file, ``name.twin``: SQLite as application file, JSON without pickle, arrays as hashed npy chunks.

Saving writes a new file beside the old one and puts it in its place, so that a killed program or a full disk leaves
the old case byte for byte. Opening trusts nothing: schema, sizes, hashes and types are checked before use.
"""

import hashlib
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from twinviewer import __version__
from twinviewer.domain import CineStack, Series, StoreError, TwinviewerError, Volume
from twinviewer.session.case import Case
from twinviewer.session.chunks import ArrayReader, KnownChunks, write_arrays
from twinviewer.session.claim import Claim
from twinviewer.session.codec import CodecError, decode, encode
from twinviewer.session.image_files import read_any_image, scan_any
from twinviewer.session.label_line import without_misfits
from twinviewer.session.soundness import check_case

SUFFIX = ".twin"
APPLICATION_ID = 0x5457_494E  # "TWIN"
SCHEMA = 1
EMBED_BELOW_BYTES = 300_000_000
MAX_META_BYTES = 64 << 20
MAX_FILE_BYTES = 32 << 30
MAX_FILES = 200_000
ABANDONED_S = 600.0
"""A half-written file that was not touched for so long belongs to a program that was killed."""

_TABLES = {
    "meta": "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "chunk": "CREATE TABLE chunk (sha256 TEXT PRIMARY KEY, data BLOB NOT NULL)",
}
_META_KEYS = ("case", "arrays", "about")


def save(case: Case, path: Path, *, embed_images: bool | None = None, claim: Claim | None = None) -> Path:
    """Write the case, atomically and readable by this user only. StoreError; the file that was there is then intact.

    embed_images: whether the voxels go into the file; by default where they take less than 300 MB. Otherwise they
    are found again by UID, hash and place relative to the file. claim: this window's claim on the path, if it has one.
    """
    path = Path(path)
    if claim is None:
        with Claim(path) as own:
            return _save(case, path, embed_images, own)
    return _save(case, path, embed_images, claim)


def load(path: Path) -> Case:
    """Read a case. StoreError, saying what is wrong, for whatever is not a sound case file."""
    path = Path(path)
    if not path.is_file():
        raise StoreError("There is no such case file", where=path.name, remedy="Check the path")
    try:
        with closing(_open_read_only(path)) as database:
            return _read(database, path)
    except (sqlite3.Error, ValueError, TypeError, RecursionError) as error:
        raise StoreError(f"This is not a sound case file: {error}", where=path.name, remedy=_REMEDY) from error
    except (MemoryError, OverflowError) as error:
        raise StoreError("The case does not fit into memory", where=path.name) from error
    except StoreError as error:
        raise StoreError(error.what, where=error.where or path.name, remedy=error.remedy or _REMEDY) from error


_REMEDY = "Use a backup, or make the case again from its images"


def _save(case: Case, path: Path, embed_images: bool | None, claim: Claim) -> Path:
    if not claim.writable:
        raise StoreError(
            "This case is open in another window",
            where=path.name,
            remedy="Save it under another name, or close the other",
        )
    embed = _image_bytes(case) < EMBED_BELOW_BYTES if embed_images is None else embed_images
    kept = case if embed or case.image is None else replace(case, image=None)
    try:
        tree, arrays = encode(kept)
    except CodecError as error:
        raise StoreError(f"The case cannot be written: {error}", where=path.name) from error
    about = {"written_by": f"twinviewer {__version__}", "image": None if kept is case else _reference(case, path)}
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        handle, name = tempfile.mkstemp(prefix=".saving-", suffix=SUFFIX, dir=path.parent)  # mkstemp gives mode 0600
        temporary = Path(name)
        os.close(handle)
        with _earlier(path) as earlier, closing(sqlite3.connect(temporary, isolation_level=None)) as database:
            database.execute("PRAGMA page_size = 8192")
            database.execute("PRAGMA journal_mode = OFF")  # the file is nobody's until it is complete
            database.execute("PRAGMA synchronous = OFF")
            database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {SCHEMA}")
            database.execute("BEGIN")
            for statement in _TABLES.values():
                database.execute(statement)
            table = write_arrays(database, arrays, KnownChunks(earlier))
            for key, value in zip(_META_KEYS, (tree, table, about), strict=True):
                text = json.dumps(value, separators=(",", ":"), allow_nan=False)
                database.execute("INSERT INTO meta VALUES (?, ?)", (key, text))
                database.execute("INSERT INTO meta VALUES (?, ?)", (f"{key}.sha256", _sha(text)))
            database.execute("COMMIT")
        _flush(temporary)
        temporary.replace(path)
        temporary = None
        _flush(path.parent)
    except sqlite3.Error as error:
        raise StoreError(
            f"The case could not be saved: {error}", where=path.name, remedy="Is the disk full?"
        ) from error
    except OSError as error:
        raise StoreError(f"The case could not be saved: {error.strerror}", where=path.name) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return path


def _open_read_only(path: Path) -> sqlite3.Connection:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise StoreError("The file is larger than a case may be")
    # immutable: no lock, no journal of a stranger is looked for, nothing is written beside the file
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
    try:
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA cell_size_check = ON")
        database.execute("PRAGMA mmap_size = 0")
        database.execute("PRAGMA query_only = ON")
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_META_BYTES)
        _check_schema(database)
    except BaseException:
        database.close()
        raise
    return database


def _check_schema(database: sqlite3.Connection) -> None:
    if _pragma(database, "application_id") != APPLICATION_ID:
        raise StoreError("This is not a Twinviewer case", remedy="Choose a file that ends in .twin")
    schema = _pragma(database, "user_version")
    if schema != SCHEMA:
        age = "a newer Twinviewer" if schema > SCHEMA else "a Twinviewer before the first release"
        raise StoreError(f"The case was written by {age} (schema {schema})", remedy="Open it with that version")
    found = {}
    for kind, name, sql in database.execute("SELECT type, name, sql FROM sqlite_schema LIMIT 100"):
        if kind == "index" and sql is None and name in ("sqlite_autoindex_meta_1", "sqlite_autoindex_chunk_1"):
            continue
        if kind != "table":
            raise StoreError(f"The case file holds a {kind}, which no case does", remedy="Do not trust this file")
        found[name] = sql
    if found != _TABLES:
        raise StoreError("The case file has tables that no case has", remedy="Do not trust this file")


def _read(database: sqlite3.Connection, path: Path) -> Case:
    tree = _meta(database, "case")
    case = decode(tree, ArrayReader(database, _meta(database, "arrays")))
    if not isinstance(case, Case):
        raise StoreError("The file holds no case")
    check_case(case)
    case = without_misfits(case)
    about = _meta(database, "about")
    reference = about.get("image") if isinstance(about, dict) else None
    return _with_referenced_image(case, reference, path) if isinstance(reference, dict) else case


def _meta(database: sqlite3.Connection, key: str) -> Any:
    rows = dict(database.execute("SELECT key, value FROM meta WHERE key IN (?, ?)", (key, f"{key}.sha256")))
    text, expected = rows.get(key), rows.get(f"{key}.sha256")
    if not isinstance(text, str) or not isinstance(expected, str):
        raise StoreError(f"The case file lacks its {key} document")
    if _sha(text) != expected:
        raise StoreError(f"The {key} document does not match its hash")
    return json.loads(text)


def _reference(case: Case, path: Path) -> dict[str, str]:
    assert case.image is not None
    try:
        relative = os.path.relpath(case.folder, path.absolute().parent) if case.folder else ""
    except ValueError:  # another drive
        relative = ""
    return {"uid": case.image.uid, "series_uid": case.active_series_uid, "relative": relative}


def _with_referenced_image(case: Case, reference: dict[str, Any], path: Path) -> Case:
    """The case with the image that was left outside, if it is still there and still the same; else a word about it.

    Only the files that the series names are touched, at their old place or at the same place relative to this file.
    """
    series = case.active_series
    lost = "The images are not in this file, and are not where they were: open their folder again"
    for candidate in _places(series, case.folder, path.absolute().parent, str(reference.get("relative", ""))):
        try:
            image = read_any_image(candidate)
        except TwinviewerError:
            continue
        if image.uid == reference.get("uid"):
            return replace(case, image=image)
        lost = "The images in the folder are not those that this case was made from"
    return case.with_message("Import", lost)


def _places(series: Series | None, folder: str, beside: Path, relative: str) -> Iterator[Series]:
    if series is None or len(series.files) > MAX_FILES:
        return
    moved = tuple(str(beside / relative / os.path.relpath(name, folder)) for name in series.files) if relative else ()
    for files in (moved, series.files):
        if files and all(Path(name).is_file() for name in files):  # never a device or pipe that a stranger names
            yield replace(series, files=files)
    for archive in (beside / relative, Path(folder)):  # what was unpacked of it went with the session
        if archive.suffix.lower() == ".zip" and archive.is_file():
            with suppress(TwinviewerError):
                yield from (found for found in scan_any(archive) if found.uid == series.uid)


@contextmanager
def _earlier(path: Path) -> Iterator[sqlite3.Connection | None]:
    """The file that is about to be replaced, if it is a sound one whose chunks can be taken over."""
    database = None
    try:
        database = _open_read_only(path) if path.is_file() else None
    except (sqlite3.Error, StoreError):
        database = None
    try:
        yield database
    finally:
        if database is not None:
            database.close()


def _image_bytes(case: Case) -> int:
    if isinstance(case.image, Volume):
        return case.image.data.nbytes
    return sum(p.frames.nbytes for p in case.image.planes) if isinstance(case.image, CineStack) else 0


def _pragma(database: sqlite3.Connection, name: str) -> int:
    return int(database.execute(f"PRAGMA {name}").fetchone()[0])


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _sweep(folder: Path) -> None:
    """Remove what a killed program left half written; a save under way writes more often than this."""
    for left in folder.glob(f".saving-*{SUFFIX}"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED_S:
                left.unlink()


def _flush(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:  # a directory cannot be opened on Windows
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
