"""DICOM files out of a ZIP archive that may be a stranger's: bounded, into hashed names, nothing else unpacked.

Each member is looked at first; only what begins like DICOM is written. Source: PKWARE APPNOTE.TXT 6.3.10, 4.3.16
(end of central directory) and 4.3.14 (ZIP64).
"""

import hashlib
import os
import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from twinviewer.dicom.sources import Sources
from twinviewer.dicom.tag_values import one_line
from twinviewer.dicom.warning_codes import warn
from twinviewer.domain import LoadError, Reporter

MAX_MEMBERS = 200_000
MAX_BYTES = 64 << 30
MAX_RATIO, RATIO_FROM_BYTES = 100, 1 << 30
"""DICOM shrinks to a half or a third; empty images to a hundredth, but then they are small."""
SPARE_BYTES = 1 << 30
"""Left free on the disk."""
_PIECE = 1 << 20
_TAIL = (1 << 16) + 1024


def is_zip(path: Path) -> bool:
    """Whether a file begins as a ZIP archive does."""
    try:
        with path.open("rb") as stream:
            return stream.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError:
        return False


def unzip(archive: Path, into: Path, report: Reporter) -> Sources:
    """The DICOM files of an archive, unpacked into a folder of its own below ``into``. LoadError, Cancelled."""
    found = Sources()
    try:
        _check_directory(archive)
        with zipfile.ZipFile(archive) as opened:
            named = [one for one in opened.infolist() if one.filename]  # zipfile fails on those without a name
            members = [one for one in named if not one.is_dir() and not _is_link(one)]
            _check_sizes(members, archive, into)
            facts = archive.stat()
            key = f"{archive.resolve()}\0{facts.st_size}\0{facts.st_mtime_ns}"
            folder = into / hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.parent.chmod(0o700)
            total, done = max(sum(one.file_size for one in members), 1), 0
            for number, member in enumerate(members):
                report(done / total, f"Unpacking, {number + 1} of {len(members)}")
                _take(opened, member, number, folder, found, report, done / total)
                done += member.file_size
    except LoadError:
        raise
    except OSError as error:
        raise LoadError(
            f"The archive cannot be unpacked: {error.strerror or type(error).__name__}",
            where=archive.name,
            remedy="Check the free space, or unpack it by hand and open the folder",
        ) from None
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeError) as error:
        raise LoadError(
            "The archive is damaged", where=archive.name, remedy=f"Copy or make it again ({type(error).__name__})"
        ) from None
    return found


def _take(
    opened: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    number: int,
    folder: Path,
    found: Sources,
    report: Reporter,
    fraction: float,
) -> None:
    name = one_line(PurePosixPath(member.filename.replace("\\", "/")).name) or f"file {number + 1}"
    path = folder / (
        hashlib.sha256(f"{number}\0{member.filename}".encode("utf-8", "replace")).hexdigest()[:32] + ".dcm"
    )
    if member.flag_bits & 1:
        found.bad.append((str(path), warn("unreadable_file", f"{name}: it is encrypted in the archive")))
        return
    try:
        if not (path.is_file() and path.stat().st_size == member.file_size):
            with opened.open(member) as stream:
                start = stream.read(1024)
                if not is_like_dicom(start):
                    if start[:4] == b"PK\x03\x04":
                        found.archives.append(name)
                    else:
                        found.skip(name, path)
                    return
                _copy(stream, start, path, member, lambda: report(fraction, f"Unpacking {name}"))
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, _inflate_error()) as error:
        path.unlink(missing_ok=True)
        text = f"{name}: it cannot be unpacked ({type(error).__name__})"
        found.bad.append((str(path), warn("unreadable_file", text)))
        return
    found.paths.append(path)
    found.names[path] = name


def _copy(stream: IO[bytes], start: bytes, path: Path, member: zipfile.ZipInfo, beat: "object") -> None:
    """Write one member whole or not at all, never more than it claims to be."""
    partial = path.with_suffix(".part")
    left = member.file_size - len(start)
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(start)
            while left > 0 and (piece := stream.read(min(_PIECE, left))):
                beat()  # type: ignore[operator]
                out.write(piece)
                left -= len(piece)
        if left > 0:
            raise EOFError
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def is_like_dicom(start: bytes) -> bool:
    """Whether a file's first bytes are those of DICOM, with a preamble or without."""
    return start[128:132] == b"DICM" or start[:2] in (b"\x02\x00", b"\x08\x00")


def _inflate_error() -> type[Exception]:
    import zlib

    return zlib.error


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)


def _check_directory(archive: Path) -> None:
    """Refuse a list of members that would fill the memory before zipfile builds it."""
    size = archive.stat().st_size
    with archive.open("rb") as stream:
        stream.seek(max(0, size - _TAIL))
        tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    count = int.from_bytes(tail[at + 10 : at + 12], "little") if at >= 0 else 0
    length = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    wide = tail.rfind(b"PK\x06\x06")
    if wide >= 0 and 0xFFFF in (count, length & 0xFFFF):
        count = int.from_bytes(tail[wide + 32 : wide + 40], "little")
        length = int.from_bytes(tail[wide + 40 : wide + 48], "little")
    if at < 0:
        raise LoadError("The archive is damaged or cut short", where=archive.name, remedy="Copy it again")
    if count > MAX_MEMBERS or length > MAX_MEMBERS * 1024:
        raise LoadError(
            f"The archive lists more than {MAX_MEMBERS} files", where=archive.name, remedy="It was refused unopened"
        )


def _check_sizes(members: list[zipfile.ZipInfo], archive: Path, into: Path) -> None:
    if len(members) > MAX_MEMBERS:
        raise LoadError(f"The archive holds more than {MAX_MEMBERS} files", where=archive.name)
    total = sum(one.file_size for one in members)
    if total > RATIO_FROM_BYTES and total > MAX_RATIO * archive.stat().st_size:
        raise LoadError(
            f"The archive would grow to {total / 2**30:.1f} GB, more than {MAX_RATIO} times its size",
            where=archive.name,
            remedy="It was refused unopened",
        )
    there = next(parent for parent in (into, *into.parents) if parent.exists())
    free = shutil.disk_usage(there).free - SPARE_BYTES
    if total > min(MAX_BYTES, free):
        raise LoadError(
            f"The archive needs {total / 2**30:.1f} GB of disk, more than the {max(free, 0) / 2**30:.1f} GB to be had",
            where=archive.name,
            remedy="Unpack it elsewhere and open that folder",
        )
