"""Reading a zip from a stranger: bounded in count, size and ratio, nothing written but two files of known names.

Names are matched against what a bundle may hold, so that none can lead elsewhere; hashes are taken from the stream and
what exceeds its declared size stops the reading. Only the case is ever put on disk, under a name chosen here.
"""

import hashlib
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twinviewer.domain import Reporter, StoreError, silent
from twinviewer.report.bundle.manifest import MANIFEST, MOST_BYTES, Manifest, read_manifest

MOST_FILES = 500
MOST_TOTAL_BYTES = 16 << 30
MOST_RATIO = 200
"""Of what a file unpacks to over what it takes in the zip; deflate makes 1000 of nothing but zeros."""
SMALL_BYTES = 1 << 20
"""Files up to this are not judged by their ratio."""
BLOCK = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}(/[A-Za-z0-9][A-Za-z0-9._-]{0,79}){0,2}")
_REMEDY = "Do not trust this file"


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The zip after its list of files was checked. StoreError with the reason."""
    if not path.is_file():
        raise StoreError("There is no such bundle", where=path.name, remedy="Check the path")
    try:
        with zipfile.ZipFile(path) as archive:
            _check(archive)
            yield archive
    except StoreError as error:
        raise StoreError(error.what, where=error.where or path.name, remedy=error.remedy or _REMEDY) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise StoreError(f"This is not a sound bundle: {error}", where=path.name, remedy=_REMEDY) from error


def _check(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > MOST_FILES:
        raise StoreError(f"The bundle holds {len(entries)} files, more than a bundle may")
    names = [entry.filename for entry in entries]
    if len({name.lower() for name in names}) != len(names):
        raise StoreError("The bundle holds two files of one name")
    if sum(entry.file_size for entry in entries) > MOST_TOTAL_BYTES:
        raise StoreError("The bundle unpacks to more than a bundle may")
    for entry in entries:
        if not _NAME.fullmatch(entry.filename) or ".." in entry.filename:
            raise StoreError("The bundle holds a file whose name leads elsewhere", where=ascii(entry.filename)[:80])
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or entry.is_dir():
            raise StoreError("The bundle holds something that is not a file", where=entry.filename)
        if entry.flag_bits & 0x1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise StoreError("The bundle is packed in a way that bundles are not", where=entry.filename)
        if entry.file_size > SMALL_BYTES and entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
            raise StoreError("A file of the bundle unpacks to many times its size", where=entry.filename)
    if MANIFEST not in names:
        raise StoreError("The bundle has no manifest", remedy="Choose a file that Twinviewer wrote")


def manifest_in(archive: zipfile.ZipFile) -> Manifest:
    """The manifest. StoreError."""
    return read_manifest(small(archive, MANIFEST))


def small(archive: zipfile.ZipFile, name: str, most_bytes: int = MOST_BYTES) -> bytes:
    """The content of a file that has to be small. StoreError where it is missing, or is not."""
    try:
        with archive.open(name) as stream:
            content = stream.read(most_bytes + 1)
    except KeyError as error:
        raise StoreError("The bundle lacks a file", where=name) from error
    if len(content) > most_bytes:
        raise StoreError("A file of the bundle is larger than it may be", where=name)
    return content


def damage(archive: zipfile.ZipFile, manifest: Manifest, report: Reporter = silent) -> dict[str, str]:
    """File -> what is wrong with it, of all that the manifest or the zip names: changed, missing, not listed."""
    found = {}
    inside = {entry.filename for entry in archive.infolist()} - {MANIFEST}
    for name in sorted(inside - set(manifest.files)):
        found[name] = "is not in the manifest"
    for number, (name, (sha, size)) in enumerate(sorted(manifest.files.items())):
        report(number / max(len(manifest.files), 1), "Checking the files")
        if name not in inside:
            found[name] = "is missing"
            continue
        try:
            if streamed(archive, name) != (sha, size):
                found[name] = "was changed: its hash is another"
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            found[name] = f"cannot be read: {error}"
    return found


def streamed(archive: zipfile.ZipFile, name: str, into: Path | None = None) -> tuple[str, int]:
    """(sha256, bytes) of a file, written to a path where one is given; never more than the zip declares."""
    digest, size = hashlib.sha256(), 0
    most = archive.getinfo(name).file_size
    handle = None if into is None else into.open("wb")
    try:
        with archive.open(name) as stream:
            while block := stream.read(BLOCK):
                size += len(block)
                if size > most:
                    raise StoreError("A file of the bundle is larger than it says", where=name, remedy=_REMEDY)
                digest.update(block)
                if handle is not None:
                    handle.write(block)
    finally:
        if handle is not None:
            handle.close()
    return digest.hexdigest(), size
