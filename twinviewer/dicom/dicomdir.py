"""The files that a DICOMDIR names, as far as they are there and inside its folder.

Source: DICOM PS3.10 section 8 (File-set), PS3.3 annex F (directory records). CD software writes names in upper or lower
case and with the ";1" of ISO 9660, so names are compared without regard to either.
"""

import os
import warnings
from pathlib import Path

import pydicom

from twinviewer.dicom.elements import FIRST_BYTES
from twinviewer.dicom.sources import Sources, folder_sources
from twinviewer.dicom.warning_codes import warn
from twinviewer.domain import LoadError, Reporter, part

UID = "1.2.840.10008.1.3.10"
MAX_BYTES = 64 << 20
QUICK_BYTES = 4 << 20
"""A directory up to here is compared with a folder that is searched anyway."""
MAX_REFERENCES = 200_000


def is_dicomdir(path: Path) -> bool:
    """Whether a file's meta information says that it is a DICOMDIR."""
    try:
        with path.open("rb") as stream:
            start = stream.read(FIRST_BYTES)
    except OSError:
        return False
    return start[128:132] == b"DICM" and UID.encode() in start[:1024]


def dicomdir_sources(path: Path, report: Reporter) -> Sources:
    """What a DICOMDIR names; where any of that is not there, all that lies in its folder, and a note."""
    try:
        named = references(path, report)
    except LoadError as error:
        found = folder_sources(path.parent, part(report, 0.5, 1.0))
        found.notes.append(warn("dicomdir", f"The DICOMDIR cannot be read ({error.what}); its folder was searched"))
        return found
    there, broken, outside = _resolved(path.parent, named, part(report, 0.5, 0.9))
    if not broken and there:
        found = Sources(paths=there)
    else:
        found = folder_sources(path.parent, part(report, 0.9, 1.0))
        if broken:
            found.notes.append(warn("dicomdir", _missing(broken, len(named)) + "; its folder was searched instead"))
        else:
            found.notes.append(warn("dicomdir", "The DICOMDIR names no files; its folder was searched instead"))
    found.notes += _refused(outside)
    return found


def checked_against(folder: Path, found: Sources, report: Reporter) -> None:
    """Note in ``found`` which files a DICOMDIR at the top of a folder names that are not there."""
    path = next((path for path in found.paths if path.parent == folder and path.name.upper() == "DICOMDIR"), None)
    try:
        if path is None or path.stat().st_size > QUICK_BYTES or not is_dicomdir(path):
            return
        named = references(path, report)
    except (LoadError, OSError):
        return  # the folder is searched all the same
    _, broken, outside = _resolved(folder, named, report)
    if broken:
        found.notes.append(warn("dicomdir", _missing(broken, len(named))))
    found.notes += _refused(outside)


def references(path: Path, report: Reporter) -> list[tuple[str, ...]]:
    """The parts of every file name in a DICOMDIR, as they stand there. LoadError, whatever pydicom raises."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LoadError(f"it has more than {MAX_BYTES >> 20} MB", where=path.name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = pydicom.dcmread(path, specific_tags=["DirectoryRecordSequence"])
            records = data.get("DirectoryRecordSequence") or []
            named: list[tuple[str, ...]] = []
            for number, record in enumerate(records):
                if number % 20 == 0:
                    report(0.5 * number / len(records), "Reading the DICOMDIR")
                value = record.get("ReferencedFileID")
                if value:
                    named.append((str(value),) if isinstance(value, str) else tuple(str(one) for one in value))
    except (LoadError, KeyboardInterrupt):
        raise
    except Exception as error:
        if type(error).__name__ == "Cancelled":
            raise
        raise LoadError(f"it is damaged: {type(error).__name__}", where=path.name) from None
    if len(named) > MAX_REFERENCES:
        raise LoadError(f"it names more than {MAX_REFERENCES} files", where=path.name)
    return list(dict.fromkeys(named))


def _resolved(
    root: Path, named: list[tuple[str, ...]], report: Reporter
) -> tuple[list[Path], list[tuple[str, ...]], list[tuple[str, ...]]]:
    """(files that are there, names of which nothing is there, names that lead out of the folder)."""
    listings: dict[Path, dict[str, os.DirEntry[str]]] = {}
    there: list[Path] = []
    broken: list[tuple[str, ...]] = []
    outside: list[tuple[str, ...]] = []
    for number, parts in enumerate(named):
        if number % 50 == 0:
            report(number / len(named), "Looking for the files of the DICOMDIR")
        if any(one in ("", ".", "..") or set(one) & set("/\\\0:") for one in parts):
            outside.append(parts)
            continue
        at: Path | None = root
        for depth, one in enumerate(parts):
            entry = _listing(at, listings).get(_plain(one)) if at is not None else None
            last = depth == len(parts) - 1
            fits = entry is not None and not entry.is_symlink() and (entry.is_file() if last else entry.is_dir())
            at = Path(entry.path) if entry is not None and fits else None
        if at is None:
            broken.append(parts)
        else:
            there.append(at)
    return there, broken, outside


def _listing(folder: Path, listings: dict[Path, dict[str, os.DirEntry[str]]]) -> dict[str, os.DirEntry[str]]:
    if folder not in listings:
        try:
            listings[folder] = {_plain(entry.name): entry for entry in os.scandir(folder)}
        except OSError:
            listings[folder] = {}
    return listings[folder]


def _plain(name: str) -> str:
    return name.split(";")[0].rstrip(". ").casefold()


def _missing(broken: list[tuple[str, ...]], count: int) -> str:
    some = ", ".join("/".join(parts) for parts in broken[:3])
    return f"{len(broken)} of {count} files that the DICOMDIR names are not there ({some[:120]})"


def _refused(outside: list[tuple[str, ...]]) -> list:
    if not outside:
        return []
    return [warn("dicomdir", f"{len(outside)} names in the DICOMDIR lead out of its folder and were not followed")]
