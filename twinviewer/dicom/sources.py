"""Which files a scan has to look at, and what is to be said about those that it will not."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from twinviewer.dicom.warning_codes import warn
from twinviewer.domain import ImageWarning, LoadError, Reporter

MAX_DEPTH = 32
MAX_FILES = 200_000
_NAMED_LIKE_DICOM = frozenset({".dcm", ".dicom", ".ima", ".img"})


@dataclass(slots=True)
class Sources:
    """paths: to be read. names: what to call a file whose path says nothing to a reader.

    bad: (path, warning) of what cannot be read; foreign: names of files that are something else; archives: names of
    archives that were not opened; links: how many were not followed; notes: anything else that a reader must know.
    """

    paths: list[Path] = field(default_factory=list)
    names: dict[Path, str] = field(default_factory=dict)
    bad: list[tuple[str, ImageWarning]] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    archives: list[str] = field(default_factory=list)
    links: int = 0
    notes: list[ImageWarning] = field(default_factory=list)

    def name(self, path: Path) -> str:
        """What to call a file."""
        return self.names.get(path, path.name)

    def skip(self, name: str, path: Path, asked_for: bool = False) -> None:
        """Take note of a file that is not DICOM; it is a fault only where its name, or the user, says that it is."""
        if asked_for or Path(name).suffix.lower() in _NAMED_LIKE_DICOM:
            self.bad.append((str(path), warn("not_dicom", f"{name} is not DICOM")))
        else:
            self.foreign.append(name)

    def add(self, other: "Sources") -> None:
        """Take in what another place has given."""
        self.paths += other.paths
        self.names |= other.names
        self.bad += other.bad
        self.foreign += other.foreign
        self.archives += other.archives
        self.links += other.links
        self.notes += other.notes


def folder_sources(folder: Path, report: Reporter) -> Sources:
    """Every regular file below a folder, in order; links, pipes and devices left out. LoadError, Cancelled."""
    found = Sources()
    for path in _walk(folder, found, report, 0):
        found.paths.append(path)
        if len(found.paths) > MAX_FILES:
            raise LoadError(f"The folder holds more than {MAX_FILES} files", remedy="Choose one study's folder")
        if len(found.paths) % 50 == 1:
            report(0.0, f"Looking for files, {len(found.paths)} so far")
    return found


def _walk(folder: Path, found: Sources, report: Reporter, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        if depth == 0:
            raise LoadError("The folder cannot be read", where=folder.name, remedy="Check its permissions") from error
        reason = error.strerror or type(error).__name__
        found.bad.append((str(folder), warn("unreadable_folder", f"The folder {folder.name} cannot be read: {reason}")))
        return
    report(0.0, f"Looking for files, {len(found.paths)} so far")
    for entry in entries:
        try:
            if entry.is_symlink():
                found.links += 1
            elif entry.is_dir(follow_symlinks=False):
                if depth < MAX_DEPTH:
                    yield from _walk(Path(entry.path), found, report, depth + 1)
                else:
                    text = f"Folders more than {MAX_DEPTH} deep were not searched"
                    found.bad.append((entry.path, warn("unreadable_folder", text)))
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry.path)
        except OSError as error:  # gone or out of reach since it was listed
            reason = error.strerror or type(error).__name__
            found.bad.append((entry.path, warn("unreadable_file", f"{entry.name}: {reason}")))
