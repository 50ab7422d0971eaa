"""From a Series to an image: a Volume on a regular grid, or the planes of a cine study.

Nothing is interpolated but what a warning of the series says: tilted gantries and gaps (``resample.py``).
"""

import hashlib
import re
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.dicom import resample
from twinviewer.dicom.fill import Along, filled
from twinviewer.dicom.grouping import Group, group
from twinviewer.dicom.headers import Header, read_header
from twinviewer.dicom.phase_series import plain_description
from twinviewer.dicom.phases import Plane, rr_seconds
from twinviewer.dicom.slice_geometry import TILT_DEGREES, affine, axes, tilt_degrees
from twinviewer.dicom.slice_grid import slice_grid
from twinviewer.dicom.spoilt import spoilt_files, told_of, too_many, words
from twinviewer.domain import CinePlane, CineStack, Grid, LoadError, Reporter, Series, Volume, part, silent
from twinviewer.domain.image import READING
from twinviewer.domain.reading import LeaveOut


def read(
    series: Series,
    report: Reporter = silent,
    early: Callable[[Volume | CineStack], None] | None = None,
    leave_out: LeaveOut | None = None,
) -> Volume | CineStack:
    """Decode one series that ``scan`` has found.

    early: is given the volume once its middle slice is there, with the uid READING: the others come into the same
    memory later. Of a cine study it is given the first frame of every plane, and of slices that are resampled the
    middle one alone, as scanned. leave_out: files that are not to
    be touched, and why; where it is given, files are read one after the other.

    Returns a Volume, (t, k, j, i), k rising along the slices' normal so that the affine is right-handed, in HU for
    CT: int16 where the rescale is integral, else float32, read-only. A cine study gives a CineStack. Slices of a
    tilted gantry are set upright. Where slices are missing or unevenly spaced, they are interpolated to even steps,
    or, where gaps are too wide for that, the largest even part is read; if that is less than half of it, LoadError.
    The series' warnings say which, with the numbers. A few images that cannot be decoded are left out, which the
    image's ``left_out`` and ``slices_read`` say; LoadError beyond a fifth of them.
    """
    if series.kind in ("not_image", "unreadable"):
        raise LoadError(f"{series.modality or 'This object'} holds no images to view", where=series.description)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's quote the file; what matters of them is judged here
        lost, bad = told_of(series, leave_out)
        headers = _headers(series, part(report, 0.0, 0.3), lost)
        found = whole = _matching(group(headers), series)
        careful = leave_out is not None
        try:
            if bad:
                found = _without(bad, headers, series)
            image = _made(found, series, part(report, 0.3, 1.0), None if careful else early, careful)
            if not (lost or bad):
                return image
        except LoadError as error:
            more = spoilt_files(found, error, part(report, 0.3, 0.6))
            if not more:
                raise
            bad |= more
            too_many(lost | bad, len(series.files))
            found = _without(bad, headers, series)
            image = _made(found, series, part(report, 0.6, 1.0), None, careful)
        said = words(lost | bad, found, [warning.text for warning in series.warnings])
        return replace(image, left_out=said, slices_read=slice_grid(whole, frozenset(bad)))


def _without(bad: Mapping[str, str], headers: Sequence[Header], series: Series) -> Group:
    return _matching(group([header for header in headers if header.path not in bad]), series)


def _made(
    found: Group, series: Series, report: Reporter, early: Callable[[Volume | CineStack], None] | None, careful: bool
) -> Volume | CineStack:
    if found.kind == "mr_cine":
        if early is not None:
            early(_first_frames(found, series))
        return _cine(found, series, report, careful)
    return _volume(found, series, report, early, careful)


def source_planes(series: Series) -> list[tuple[float, tuple[Plane, ...]]] | None:
    """(phase in %, planes by rising k) for every phase that ``read`` puts into the Volume, in the same order; None
    where it resamples them, so that they are no longer the scanner's own images."""
    planes, resampled = phase_planes(series)
    return None if resampled else planes


def phase_planes(series: Series) -> tuple[list[tuple[float, tuple[Plane, ...]]], bool]:
    """(phase in %, planes by rising k) for every phase of the Volume, and whether that is interpolated between them."""
    found = _matching(group(_headers(series, silent)), series)
    start, stop = found.run
    if found.kind == "mr_cine" or stop <= start:
        raise _refusal(found, series)
    planes = [
        (found.percent[phase], tuple(_present(cell) for cell in found.cells[phase][start:stop]))
        for phase in found.phases
    ]
    return planes, is_resampled(found)


def _headers(series: Series, report: Reporter, lost: Collection[str] = ()) -> list[Header]:
    headers: list[Header] = []
    for number, name in enumerate(series.files):
        if name in lost:
            continue
        report(number / len(series.files), f"Reading headers, {number + 1} of {len(series.files)}")
        header = read_header(Path(name))
        if header is not None:
            headers.append(header)
    return headers


def _matching(groups: Sequence[Group], series: Series) -> Group:
    exact = [found for found in groups if found.uid == series.uid and found.kind == series.kind]
    # a part of a split series ("uid#2") is alone with its own files and then has the plain uid
    alike = [found for found in groups if found.uid.split("#")[0] == series.uid.split("#")[0]]
    for candidates in (exact, [found for found in alike if found.kind == series.kind], alike):
        if len(candidates) == 1:
            return candidates[0]
    raise LoadError(
        "The files have changed since the folder was scanned", where=series.description, remedy="Scan the folder again"
    )


def _refusal(found: Group, series: Series) -> LoadError:
    texts = {warning.code: warning.text for warning in found.warnings}
    for code in ("zero_spacing", "no_position", "rescale_slope_zero", "uneven_spacing", "missing_slices",
                 "incomplete_phases"):  # fmt: skip
        if code in texts:
            return LoadError(texts[code], where=series.description, remedy="Ask for a complete export of the series")
    if found.planes and (found.first.samples != 1 or found.first.photometric == "PALETTE COLOR"):
        return LoadError("Colour images are pictures and no volume", where=series.description)
    return LoadError(
        "These are single pictures, not a stack of slices", where=series.description, remedy="Choose another series"
    )


def is_resampled(found: Group) -> bool:
    """Whether the volume of a group is interpolated between its images."""
    lie, (start, stop) = found.spread, found.run
    return _tilt_degrees(found) > TILT_DEGREES or (
        lie is not None and lie.step_mm > 0 and not lie.nearly and (start, stop) == (0, len(found.cells[0]))
    )


def _positions(found: Group) -> NDArray[np.float64]:
    """(k, 3) LPS mm of the slices that are read."""
    row = found.cells[found.phases[0]][found.run[0] : found.run[1]]
    return np.array([_present(cell).frame.position_mm for cell in row])


def _tilt_degrees(found: Group) -> float:
    turned = axes(_present(found.cells[found.phases[0]][found.run[0]]).frame.orientation or ())
    return 0.0 if turned is None else tilt_degrees(_positions(found), turned[2])


def _volume(
    found: Group, series: Series, report: Reporter, early: Callable[[Volume | CineStack], None] | None, careful: bool
) -> Volume:
    start, stop = found.run
    if stop <= start or not found.phases:
        raise _refusal(found, series)
    rows = [[_present(cell) for cell in found.cells[phase][start:stop]] for phase in found.phases]
    header, frame = rows[0][0].header, rows[0][0].frame
    assert frame.orientation is not None and frame.spacing_mm is not None
    percent = np.array([found.percent[phase] for phase in found.phases], np.float64)
    middle = rows[0][len(rows[0]) // 2].header
    matrix = (len(rows), stop - start)

    def volume(data: NDArray[np.generic], positions: NDArray[np.float64], uid: str) -> Volume:
        seen = data.view()
        seen.flags.writeable = False
        return Volume(
            data=seen,
            grid=Grid(data.shape[1:], affine(positions, frame.orientation or (), frame.spacing_mm or ())),
            modality=header.modality,
            phase_percent=percent,
            rr_s=found.rr_s,
            uid=uid,
            description=series.description,
            window=middle.window if middle.unit_factor == 1.0 else None,
            unit=header.unit,
        )

    def look(flat: NDArray[np.generic]) -> None:
        if early is not None:
            early(volume(flat.reshape(*matrix, *flat.shape[1:]), _positions(found), READING))

    shown = early is not None and not is_resampled(found)
    if early is not None and not shown:
        place = (stop - start) // 2
        alone = filled([rows[0][place]])[None]
        early(replace(volume(alone, _positions(found)[place : place + 1], READING), phase_percent=percent[:1]))
    along = Along(matrix, look if shown else None)
    flat = filled([plane for row in rows for plane in row], part(report, 0.0, 0.9), along, careful)
    as_read = flat.reshape(*matrix, *flat.shape[1:])
    data, positions = _on_a_box(as_read, found, part(report, 0.9, 0.95))
    data.flags.writeable = False
    whole = volume(data, positions, "")
    rest, reporting = (whole.grid.affine, percent), part(report, 0.95, 1.0)
    if data is as_read:
        uid = fingerprint(reporting, *rest, begun=along.digest)
    else:
        uid = fingerprint(reporting, data, *rest)
    return replace(whole, uid=uid)


def _on_a_box(
    data: NDArray[np.generic], found: Group, report: Reporter
) -> tuple[NDArray[np.generic], NDArray[np.float64]]:
    """Values (t, k, j, i) and positions (k, 3) of an upright and even stack."""
    positions = _positions(found)
    frame = _present(found.cells[found.phases[0]][found.run[0]]).frame
    assert frame.orientation is not None and frame.spacing_mm is not None
    if _tilt_degrees(found) > TILT_DEGREES:
        data, positions = resample.upright(data, positions, frame.orientation, frame.spacing_mm, report)
    lie = found.spread
    if lie is None or not is_resampled(found) or lie.step_mm == 0 or lie.nearly:
        return data, positions
    away = positions - positions[0]
    total = float(np.linalg.norm(away[-1]))
    direction = away[-1] / total
    data = resample.evened(data, away @ direction, lie.step_mm, report)
    return data, positions[0] + lie.step_mm * np.arange(data.shape[1])[:, None] * direction


def _cine(found: Group, series: Series, report: Reporter, careful: bool) -> CineStack:
    total = sum(len(row) for row in found.cells)
    done = 0
    planes: list[CinePlane] = []
    for row, label in zip(found.cells, found.labels, strict=True):
        images = [_present(cell) for cell in row]
        frame = images[0].frame
        if frame.orientation is None or frame.spacing_mm is None or min(frame.spacing_mm) <= 0:
            raise LoadError("The pixel spacing of a cine plane is absent or zero", where=label)
        share = part(report, 0.95 * done / total, 0.95 * (done + len(images)) / total)
        stack = filled(images, share, one_by_one=careful)
        done += len(images)
        matrix = affine(np.array([frame.position_mm]), frame.orientation, frame.spacing_mm)
        thickness = frame.thickness_mm or 0.0
        if thickness:
            matrix[:3, 2] *= thickness / np.linalg.norm(matrix[:3, 2])
        times = np.array([plane.frame.trigger_ms for plane in images], np.float64) / 1000.0
        for array in (stack, matrix, times):
            array.flags.writeable = False
        planes.append(CinePlane(stack, matrix, times, rr_seconds(images), label, thickness))
    arrays = [array for plane in planes for array in (plane.frames, plane.affine, plane.trigger_s)]
    uid = fingerprint(part(report, 0.95, 1.0), *arrays)
    return CineStack(tuple(planes), found.first.modality, uid, series.description, found.first.window)


def _first_frames(found: Group, series: Series) -> CineStack:
    """Each plane of a cine study with its first frame only: a look at it while the others come. LoadError."""
    first = replace(found, cells=tuple(row[:1] for row in found.cells))
    return replace(_cine(first, series, silent, careful=False), uid=READING)


def fingerprint(report: Reporter, *arrays: NDArray[np.generic], begun: "hashlib._Hash | None" = None) -> str:
    """First 32 hex digits of the SHA-256 of arrays with their types and shapes; begun: of those before them."""
    digest = hashlib.sha256() if begun is None else begun
    for number, array in enumerate(arrays):
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        for piece in array if array.ndim > 2 else (array,):
            report(number / len(arrays), "Fingerprinting the images")
            digest.update(np.ascontiguousarray(piece).data)
    return digest.hexdigest()[:32]


def described(found: Group) -> str:
    """What to call a group: its series description, without the phase where phases were joined."""
    text = found.first.description or found.first.protocol
    if found.kind == "ct_multiphase":
        text = plain_description(text)
    if found.kind == "mr_cine":
        text = re.sub(r"(?i)[ _-]*(rvot|lvot|[234] ?ch|sax|lax)\b.*", "", text)
    return text


def _present(cell: Plane | None) -> Plane:
    if cell is None:
        raise LoadError("An image is lacking")
    return cell
