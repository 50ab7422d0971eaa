"""What lies in a folder, archive or on a disc: every series with its grid, geometry and warnings, by headers alone.

One thread reads some 3,500 warm headers a second on one core; processes would take longer to start. What has to come
from a disc or over a network first is fetched ahead (``read_ahead.py``).
"""

import tempfile
import warnings
from pathlib import Path

from twinviewer.dicom.dicomdir import checked_against, dicomdir_sources, is_dicomdir
from twinviewer.dicom.grouping import group
from twinviewer.dicom.headers import Header, NotDicomError, read_header
from twinviewer.dicom.read_ahead import ReadAhead
from twinviewer.dicom.references import link_structures
from twinviewer.dicom.series_of import series_of
from twinviewer.dicom.sources import Sources, folder_sources
from twinviewer.dicom.unzip import is_zip, unzip
from twinviewer.dicom.warning_codes import warn
from twinviewer.domain import LoadError, Patient, Reporter, Series, part, silent
from twinviewer.domain.reading import LeaveOut, key_of

MAX_ARCHIVES = 16
"""That many archives in a folder without any other image are opened."""


def scan(
    where: Path, report: Reporter = silent, unpack_into: Path | None = None, leave_out: LeaveOut | None = None
) -> tuple[Series, ...]:
    """Every series in a folder, ZIP archive, DICOMDIR or file: images first, by patient, study and series.

    Any file name counts; symbolic links are not followed. One bad file never stops the scan: files that ought to be
    DICOM and are not, or are damaged, come last as one Series of kind "unreadable" whose warnings name them. Other
    files (texts, meshes) are passed over. unpack_into: where an archive's files go (the caller removes them); None: a
    private folder of the system, which stays. leave_out: files that are not to be touched, and why: they are named
    among those that cannot be read. Raises LoadError only if ``where`` itself cannot be read, and Cancelled.
    """
    where = Path(where)
    if not where.exists():
        raise LoadError("There is no such folder", where=where.name, remedy="Check the path")
    sources = _sources(where, part(report, 0.0, 0.2), unpack_into)
    headers, archives = _read(sources, where, part(report, 0.2, 0.95), leave_out or {})
    if not headers and archives:
        for number, archive in enumerate(archives[:MAX_ARCHIVES]):
            try:
                inside = unzip(archive, _place(unpack_into), part(report, 0.95, 0.96))
            except LoadError as error:
                sources.bad.append((str(archive), warn("unreadable_file", f"{archive.name}: {error.what}")))
                continue
            more, _ = _read(inside, where, part(report, 0.96, 0.97), leave_out or {})
            headers += more
            sources.add(inside)
            archives[number] = Path()
    sources.archives += [one.name for one in archives if one.name]
    report(0.97, "Grouping series")
    groups = group(headers, part(report, 0.97, 0.98))
    found = []
    for one in groups:
        report(0.98, "Grouping series")
        found.append(series_of(one))
    found = link_structures(groups, found)
    found.sort(key=lambda series: series.kind == "not_image")
    if rest := _unreadable(sources, nothing=not found):
        found.append(rest)
    report(1.0, f"{len(found)} series")
    return tuple(found)


def _sources(where: Path, report: Reporter, unpack_into: Path | None) -> Sources:
    if where.is_dir():
        found = folder_sources(where, report)
        checked_against(where, found, report)
        return found
    if is_zip(where):
        return unzip(where, _place(unpack_into), report)
    if is_dicomdir(where):
        return dicomdir_sources(where, report)
    return Sources(paths=[where])


def _place(unpack_into: Path | None) -> Path:
    return Path(tempfile.mkdtemp(prefix="twinviewer-")) if unpack_into is None else unpack_into


def _read(sources: Sources, where: Path, report: Reporter, leave_out: LeaveOut) -> tuple[list[Header], list[Path]]:
    """The headers of all files, and the archives among them. What cannot be read is noted in ``sources``."""
    headers: list[Header] = []
    archives: list[Path] = []
    with warnings.catch_warnings(), ReadAhead(sources.paths) as ahead:
        warnings.simplefilter("ignore")  # pydicom's, about values that are judged here
        for number, path in ahead:
            report(number / len(sources.paths), f"Reading headers, {number + 1} of {len(sources.paths)}")
            name = sources.name(path)
            if leave_out and (why := leave_out.get(key_of(path, "header"))) is not None:
                sources.bad.append((str(path), warn("unreadable_file", f"{name}: {why}")))
                continue
            try:
                header = read_header(path)
            except NotDicomError:
                if path.suffix.lower() == ".zip" and is_zip(path):
                    archives.append(path)
                else:
                    sources.skip(name, path, asked_for=where == path)
            except LoadError as error:
                sources.bad.append((str(path), warn("unreadable_file", f"{name}: {error.what}")))
            else:
                if header is not None:
                    headers.append(header)
    return headers, archives


def _unreadable(sources: Sources, nothing: bool) -> Series | None:
    """One row for all that could not be read, each file with its reason; None where everything could."""
    notes = [*sources.notes, *(warning for _, warning in sources.bad)]
    if sources.archives and (nothing or notes):
        some = _some(sources.archives)
        notes.append(
            warn("archive", f"{len(sources.archives)} archives were not opened: {some}; open them by themselves")
        )
    if nothing and sources.links and not notes:
        notes.append(warn("not_dicom", f"Only links were found ({sources.links}); open the folder that they lead to"))
    if not notes:
        return None
    if sources.foreign:
        count = len(sources.foreign)
        text = f"{count} other file{'s are' if count > 1 else ' is'} not DICOM: {_some(sources.foreign)}"
        notes.append(warn("not_dicom", text))
    count = len(sources.bad)
    title = f"{count} file{'s' if count != 1 else ''} that cannot be read" if count else "Not everything was there"
    return Series(
        uid="unreadable",
        study_uid="",
        patient=Patient(""),
        kind="unreadable",
        modality="",
        description=title,
        study_date="",
        slices=0,
        phases=0,
        shape=(0, 0),
        spacing_mm=(0.0, 0.0, 0.0),
        files=tuple(path for path, _ in sources.bad),
        warnings=tuple(notes),
    )


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
