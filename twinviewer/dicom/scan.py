"""What lies in a folder: every series with its grid, geometry and warnings, from headers alone."""

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np

from twinviewer.dicom.decode import can_decode
from twinviewer.dicom.grouping import VOLUME_KINDS, Group, group
from twinviewer.dicom.headers import Header, NotDicomError, read_header
from twinviewer.dicom.read import described
from twinviewer.dicom.slice_geometry import axes
from twinviewer.dicom.warning_codes import warn
from twinviewer.domain import ImageWarning, LoadError, Patient, Reporter, Series, part, silent

MAX_DEPTH = 32
MAX_FILES = 200_000
_NAMED_LIKE_DICOM = frozenset({".dcm", ".dicom", ".ima", ".img"})


def scan(folder: Path, report: Reporter = silent) -> tuple[Series, ...]:
    """Every series under a folder (or in one file), images first, in the order of patient, study and series.

    Any file name counts; symbolic links are not followed. One bad file never stops the scan: files that ought to be
    DICOM and are not, or are damaged, come last as one Series of kind "unreadable" whose warnings name them. Other
    files (texts, meshes) are passed over. Raises LoadError only if the folder itself cannot be read, and Cancelled.
    """
    folder = Path(folder)
    if not folder.exists():
        raise LoadError("There is no such folder", where=folder.name, remedy="Check the path")
    paths = sorted(_files(folder, report)) if folder.is_dir() else [folder]
    headers: list[Header] = []
    bad: list[tuple[str, ImageWarning]] = []
    foreign: list[str] = []
    reading = part(report, 0.1, 0.95)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, about values that are judged here
        for number, path in enumerate(paths):
            reading(number / len(paths), f"Reading headers, {number + 1} of {len(paths)}")
            try:
                header = read_header(path)
            except NotDicomError:
                if path.suffix.lower() in _NAMED_LIKE_DICOM or folder == path:
                    bad.append((str(path), warn("not_dicom", f"{path.name} is not DICOM")))
                else:
                    foreign.append(path.name)
            except LoadError as error:
                bad.append((str(path), warn("unreadable_file", f"{path.name}: {error.what}")))
            else:
                if header is not None:
                    headers.append(header)
    report(0.95, "Grouping series")
    found = [_series(g) for g in group(headers)]
    found.sort(key=lambda series: series.kind == "not_image")
    if bad:
        found.append(_unreadable(bad, foreign))
    report(1.0, f"{len(found)} series")
    return tuple(found)


def _files(folder: Path, report: Reporter, depth: int = 0, seen: list[int] | None = None) -> Iterator[Path]:
    """Regular files below a folder, links, pipes and devices left out."""
    seen = [0] if seen is None else seen
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        if depth == 0:
            raise LoadError("The folder cannot be read", where=folder.name, remedy="Check its permissions") from error
        return
    for entry in entries:
        if entry.is_symlink():
            continue
        if entry.is_dir(follow_symlinks=False):
            if depth < MAX_DEPTH:
                yield from _files(Path(entry.path), report, depth + 1, seen)
        elif entry.is_file(follow_symlinks=False):
            seen[0] += 1
            if seen[0] > MAX_FILES:
                raise LoadError(f"The folder holds more than {MAX_FILES} files", remedy="Choose one study's folder")
            if seen[0] % 50 == 1:
                report(0.0, f"Looking for files, {seen[0]} so far")
            yield Path(entry.path)


def _unreadable(bad: list[tuple[str, ImageWarning]], foreign: list[str]) -> Series:
    notes = [warning for _, warning in bad]
    if foreign:
        some = ", ".join(foreign[:5]) + (", …" if len(foreign) > 5 else "")
        notes.append(warn("not_dicom", f"{len(foreign)} other files are not DICOM: {some}"))
    return Series(
        uid="unreadable",
        study_uid="",
        patient=Patient(""),
        kind="unreadable",
        modality="",
        description=f"{len(bad)} files that cannot be read",
        study_date="",
        slices=0,
        phases=0,
        shape=(0, 0),
        spacing_mm=(0.0, 0.0, 0.0),
        files=tuple(path for path, _ in bad),
        warnings=tuple(notes),
    )


def _series(found: Group) -> Series:
    header = found.first
    slices, phases = _extent(found)
    notes = list(found.warnings)
    if header.is_image and not all(can_decode(plane.header) for plane in found.planes):
        notes.append(warn("no_decoder", "There is no decoder for the compression of these images"))
    extra = {
        "series_number": str(header.series_number),
        "protocol": header.protocol,
        "body_part": header.body_part,
        "transfer_syntax": header.transfer_syntax,
        "sop_class": header.sop_class,
    }
    if found.labels:
        extra["planes"] = ", ".join(found.labels)
    if found.run[1] > found.run[0] and found.kind in VOLUME_KINDS:
        extra["readable_slices"] = f"{found.run[0] + 1}-{found.run[1]}"
        extra["readable_phases"] = str(len(found.phases))
    return Series(
        uid=found.uid,
        study_uid=header.study_uid,
        patient=Patient(header.pseudonym, header.sex, header.age_years, header.weight_kg, header.height_cm),
        kind=found.kind,
        modality=header.modality,
        description=described(found),
        study_date=header.study_date,
        slices=slices,
        phases=phases,
        shape=(header.rows, header.columns),
        spacing_mm=_spacing_mm(found),
        files=tuple(sorted({plane.header.path for plane in found.planes})),
        contrast_agent=next((p.header.contrast_agent for p in found.planes if p.header.contrast_agent), ""),
        synthetic=header.synthetic,
        rr_s=found.rr_s,
        warnings=tuple(notes),
        extra={key: value for key, value in extra.items() if value},
    )


def _extent(found: Group) -> tuple[int, int]:
    if found.kind == "mr_cine":
        return len(found.cells), max(len(row) for row in found.cells)
    if found.kind == "not_image":
        return 0, 0
    if found.cells:
        return len(found.cells[0]), len(found.cells)
    return len(found.planes), 1


def _spacing_mm(found: Group) -> tuple[float, float, float]:
    """(between columns, between rows, between slices) in mm, 0 where not known."""
    frame = found.planes[0].frame
    row, column = frame.spacing_mm or (0.0, 0.0)
    if found.kind == "mr_cine":
        return column, row, _cine_distance_mm(found)
    return column, row, 0.0 if found.spread is None else found.spread.spacing_mm


def _cine_distance_mm(found: Group) -> float:
    """Usual distance between short-axis planes; 0 where there are fewer than two."""
    depths = []
    for row, label in zip(found.cells, found.labels, strict=True):
        cell = row[0]
        if cell is not None and label.startswith("SAX") and (turned := axes(cell.frame.orientation or ())):
            depths.append(float(np.array(cell.frame.position_mm) @ turned[2]))
    gaps = np.abs(np.diff(sorted(depths)))
    return float(median(gaps)) if len(gaps) else 0.0
