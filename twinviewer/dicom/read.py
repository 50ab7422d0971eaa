"""From a Series to an image: a Volume on a regular grid, or the planes of a cine study. Nothing is interpolated."""

import hashlib
import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.dicom.decode import PixelReader, check_budget
from twinviewer.dicom.grouping import Group, group
from twinviewer.dicom.headers import Header, read_header
from twinviewer.dicom.phase_series import plain_description
from twinviewer.dicom.phases import Plane, rr_seconds
from twinviewer.dicom.slice_geometry import affine
from twinviewer.domain import CinePlane, CineStack, Grid, LoadError, Reporter, Series, Volume, part, silent

_INT16 = np.iinfo(np.int16)


def read(series: Series, report: Reporter = silent) -> Volume | CineStack:
    """Decode one series that ``scan`` has found.

    Returns a Volume, (t, k, j, i), k rising along the slices' normal so that the affine is right-handed, in HU for
    CT: int16 where the rescale is integral, else float32, read-only. A cine study gives a CineStack. Where slices
    are missing or unevenly spaced, the largest even part is read, as the series' warnings say; if that is less than
    half of it, LoadError. Sheared grids (gantry tilt) stay sheared.
    """
    if series.kind in ("not_image", "unreadable"):
        raise LoadError(f"{series.modality or 'This object'} holds no images to view", where=series.description)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's quote the file; what matters of them is judged here
        headers = _headers(series, part(report, 0.0, 0.3))
        found = _matching(group(headers), series)
        make = _cine if found.kind == "mr_cine" else _volume
        return make(found, series, part(report, 0.3, 1.0))


def source_planes(series: Series) -> list[tuple[float, tuple[Plane, ...]]]:
    """(phase in %, planes by rising k) for every phase that ``read`` puts into the Volume, in the same order."""
    found = _matching(group(_headers(series, silent)), series)
    start, stop = found.run
    if found.kind == "mr_cine" or stop <= start:
        raise _refusal(found, series)
    return [
        (found.percent[phase], tuple(_present(cell) for cell in found.cells[phase][start:stop]))
        for phase in found.phases
    ]


def _headers(series: Series, report: Reporter) -> list[Header]:
    headers: list[Header] = []
    for number, name in enumerate(series.files):
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
    codes = {warning.code for warning in found.warnings}
    reasons = {
        "zero_spacing": "The pixel spacing is absent or zero, so the images cannot be measured",
        "no_position": "The images do not say where they lie in the patient",
        "rescale_slope_zero": "The values of some images are lost (rescale slope 0)",
        "uneven_spacing": "The slices are not evenly spaced",
        "missing_slices": "Slices are missing, and no part is large enough to be read on its own",
        "incomplete_phases": "No phase is complete",
    }
    for code, reason in reasons.items():
        if code in codes:
            return LoadError(reason, where=series.description, remedy="Ask for a complete export of the series")
    if found.planes and found.planes[0].header.samples != 1:
        return LoadError("Colour images cannot be opened as a volume", where=series.description)
    return LoadError(
        "These are single pictures, not a stack of slices", where=series.description, remedy="Choose another series"
    )


def _volume(found: Group, series: Series, report: Reporter) -> Volume:
    start, stop = found.run
    if stop <= start or not found.phases:
        raise _refusal(found, series)
    rows = [[_present(cell) for cell in found.cells[phase][start:stop]] for phase in found.phases]
    header, frame = rows[0][0].header, rows[0][0].frame
    integral = all(
        plane.frame.slope == int(plane.frame.slope) and plane.frame.intercept == int(plane.frame.intercept)
        for row in rows
        for plane in row
    )
    check_budget(len(rows) * (stop - start), header, 2 if integral else 4)
    shape = (len(rows), stop - start, header.rows, header.columns)
    data: NDArray[np.generic] = np.empty(shape, np.int16 if integral else np.float32)
    reader, total, done = PixelReader(), shape[0] * shape[1], 0
    for t, row in enumerate(rows):
        for k, plane in enumerate(row):
            report(0.95 * done / total, f"Reading images, {done + 1} of {total}")
            values = _rescaled(reader.read(plane), plane)
            if data.dtype == np.int16 and (values.min() < _INT16.min or values.max() > _INT16.max):
                check_budget(total, header, 4)
                data = data.astype(np.float32)
            data[t, k] = values
            done += 1
    assert frame.orientation is not None and frame.spacing_mm is not None
    positions = np.array([plane.frame.position_mm for plane in rows[0]])
    grid = Grid(shape[1:], affine(positions, frame.orientation, frame.spacing_mm))
    percent = np.array([found.percent[phase] for phase in found.phases], np.float64)
    middle = rows[0][len(rows[0]) // 2].header
    data.flags.writeable = False
    return Volume(
        data=data,
        grid=grid,
        modality=header.modality,
        phase_percent=percent,
        rr_s=found.rr_s,
        uid=fingerprint(part(report, 0.95, 1.0), data, grid.affine, percent),
        description=series.description,
        window=middle.window,
    )


def _cine(found: Group, series: Series, report: Reporter) -> CineStack:
    total = sum(len(row) for row in found.cells)
    check_budget(total, found.first, 4)
    reader, done = PixelReader(), 0
    planes: list[CinePlane] = []
    for row, label in zip(found.cells, found.labels, strict=True):
        images = []
        for cell in row:
            report(0.95 * done / total, f"Reading images, {done + 1} of {total}")
            plane = _present(cell)
            values = _rescaled(reader.read(plane), plane)
            small = values.dtype.kind == "i" and values.min() >= _INT16.min and values.max() <= _INT16.max
            images.append(values.astype(np.int16 if small else np.float32))
            done += 1
        frame = _present(row[0]).frame
        if frame.orientation is None or frame.spacing_mm is None or min(frame.spacing_mm) <= 0:
            raise LoadError("The pixel spacing of a cine plane is absent or zero", where=label)
        matrix = affine(np.array([frame.position_mm]), frame.orientation, frame.spacing_mm)
        thickness = frame.thickness_mm or 0.0
        if thickness:
            matrix[:3, 2] *= thickness / np.linalg.norm(matrix[:3, 2])
        times = np.array([_present(cell).frame.trigger_ms for cell in row], np.float64) / 1000.0
        stack = np.stack(images)
        for array in (stack, matrix, times):
            array.flags.writeable = False
        planes.append(CinePlane(stack, matrix, times, rr_seconds([_present(c) for c in row]), label, thickness))
    arrays = [array for plane in planes for array in (plane.frames, plane.affine, plane.trigger_s)]
    uid = fingerprint(part(report, 0.95, 1.0), *arrays)
    return CineStack(tuple(planes), found.first.modality, uid, series.description, found.first.window)


def fingerprint(report: Reporter, *arrays: NDArray[np.generic]) -> str:
    """First 32 hex digits of the SHA-256 of arrays with their types and shapes."""
    digest = hashlib.sha256()
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


def _rescaled(stored: NDArray[np.generic], plane: Plane) -> NDArray[np.generic]:
    """Stored values to the modality's own unit (HU for CT): int32 where the rescale is integral, else float32."""
    slope, intercept = plane.frame.slope, plane.frame.intercept
    if slope == int(slope) and intercept == int(intercept):
        if abs(slope) > 2**15 or abs(intercept) > 2**30:
            raise LoadError("The rescale of an image cannot be true", where=Path(plane.header.path).name)
        if stored.dtype.itemsize < 4:
            return stored.astype(np.int32) * np.int32(slope) + np.int32(intercept)
    return (stored.astype(np.float64) * slope + intercept).astype(np.float32)
