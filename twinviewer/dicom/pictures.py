"""Series that are no volume, as pictures: in grey by their own curve, in the colours that they are stored in.

Source: DICOM PS3.3 C.7.6.3.1.2 (photometric interpretation), C.11.1 (modality LUT), C.11.2 (VOI LUT), C.7.6.3.1.5
(palettes), C.8.5.5 (regions of ultrasound), 10.7 (pixel spacing).
"""

import hashlib
import warnings
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, convert_color_space

from twinviewer.dicom import codecs, jpeg
from twinviewer.dicom.decode import PixelReader, check_budget
from twinviewer.dicom.headers import Header, read_header
from twinviewer.dicom.palettes import by_palette
from twinviewer.dicom.phases import Plane
from twinviewer.domain import LoadError, Picture, Pictures, Reporter, Series, silent
from twinviewer.domain.reading import LeaveOut, key_of, reading

Array = NDArray[np.generic]

_COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT")
_CENTIMETRE = 3
MOST_PICTURES = 5_000
_WHY = frozenset(("no_position", "zero_spacing", "uneven_spacing", "missing_slices", "incomplete_phases", "units"))
"""Warnings that tell why a series is no volume."""


def read_pictures(
    series: Series, report: Reporter = silent, middle: bool = False, leave_out: LeaveOut | None = None
) -> Pictures:
    """Decode a series as pictures, whatever its geometry; LoadError, saying why, where it holds none. middle: only the
    one in the middle, for a thumbnail. leave_out: files that are not to be touched, and why."""
    if series.kind in ("not_image", "unreadable"):
        raise LoadError(f"{series.modality or 'This object'} holds no images to view", where=series.description)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        headers, bad, untouched = _headers(series, leave_out or {})
        planes = [Plane(header, frame) for header in headers for frame in header.frames]
        if not planes:
            raise bad or LoadError("The files have changed since the folder was scanned", where=series.description)
        if len(planes) > MOST_PICTURES:
            raise LoadError(f"{len(planes)} pictures are more than {MOST_PICTURES}", where=series.description)
        planes = [planes[len(planes) // 2]] if middle else planes
        widest = max(planes, key=lambda plane: plane.header.rows * plane.header.columns)
        check_budget(len(planes), widest.header, 4 if widest.header.samples == 1 else 3)
        return _read(planes, series, report, bad, untouched)


def _headers(series: Series, leave_out: LeaveOut) -> tuple[list[Header], LoadError | None, int]:
    """(headers of images in order, the reason against the first file that has none, how many must not be read)."""
    headers, bad, untouched = [], None, 0
    for name in series.files:
        why = leave_out.get(key_of(name)) or leave_out.get(key_of(name, "header"))
        if why:
            bad, untouched = bad or LoadError(why, where=Path(name).name), untouched + 1
            continue
        try:
            header = read_header(Path(name))
        except LoadError as error:
            bad = bad or error
            continue
        if header is not None and header.is_image:
            headers.append(header)
    headers.sort(key=lambda header: (header.instance_number, header.sop_uid, header.path))
    return headers, bad, untouched


def _read(planes: list[Plane], series: Series, report: Reporter, bad: LoadError | None, untouched: int) -> Pictures:
    """One picture that cannot be shown does not cost the others; what is wrong with the first such is said."""
    reader, frames = PixelReader(), []
    digest, data, path = hashlib.sha256(), Dataset(), ""
    frame_s = None
    for number, plane in enumerate(planes):
        report(number / len(planes), f"Reading pictures, {number + 1} of {len(planes)}")
        try:
            if plane.header.path != path:
                data, path = _dataset(plane.header.path), plane.header.path
                frame_s = frame_s or _frame_s(data, len(plane.header.frames))
            picture = _picture(reader, plane, data)
        except LoadError as error:
            bad = bad or error
            continue
        digest.update(np.ascontiguousarray(picture.pixels).data)
        frames.append(picture)
    if not frames:
        raise bad or LoadError("None of the pictures can be shown", where=series.description)
    return Pictures(
        tuple(frames), series.modality, digest.hexdigest()[:32], series.description, frame_s,
        _notes(series, frames, len(planes) - len(frames) + untouched, bad), planes[0].header.unit,
    )  # fmt: skip


def _dataset(path: str) -> Dataset:
    try:
        with reading(Path(path), Path(path).stat().st_size):
            return pydicom.dcmread(path, stop_before_pixels=True, force=True)
    except Exception as error:  # as of headers: whatever pydicom lets through
        raise LoadError("This file cannot be read as DICOM", where=Path(path).name) from error


def _notes(series: Series, frames: list[Picture], lost: int, bad: LoadError | None) -> tuple[str, ...]:
    notes = [warning.text for warning in series.warnings if warning.code in _WHY]
    notes = notes or ["Pictures to look at: they do not form a volume"]
    if bad is not None:
        notes.append(f"{lost or 'Some'} pictures are left out: {bad.what} ({bad.where})")
    where = {frame.where for frame in frames}
    if where == {""}:
        notes.append("The header gives no pixel spacing, so that nothing can be measured")
    if "at the detector" in where:
        notes.append("Lengths hold at the detector; in the patient they are shorter")
    return tuple(notes)


def _picture(reader: PixelReader, plane: Plane, data: Dataset) -> Picture:
    header = plane.header
    name = Path(header.path).name
    spacing, where = _spacing(header, plane, data)
    aspect = _aspect(data) if spacing is None else 1.0
    if header.photometric == "PALETTE COLOR" and "RedPaletteColorLookupTableDescriptor" in data:
        coloured = by_palette(reader.read(plane, as_stored=True), data, header)
        return Picture(coloured, spacing, where, aspect=aspect)
    if header.samples == 1:
        return _grey(reader.read(plane, as_stored=True), plane, data, spacing, where, aspect)
    if header.samples != 3 or header.photometric not in _COLOURS:
        raise LoadError(f"Colours as {header.photometric or 'nothing'} cannot be shown", where=name)
    stored = reader.colours(plane, planar=int(data.get("PlanarConfiguration", 0) or 0) == 1)
    return Picture(_rgb(stored, header), spacing, where, aspect=aspect)


def _rgb(stored: Array, header: Header) -> NDArray[np.uint8]:
    """(rows, columns, 3) uint8 RGB of colours as decoded."""
    wide = min(header.bits_stored, stored.dtype.itemsize * 8)
    if wide > 8:
        stored = stored.view(f"u{stored.dtype.itemsize}") >> (wide - 8)  # type: ignore[operator]
    found = np.ascontiguousarray(stored).astype(np.uint8)
    coded_as_rgb = header.transfer_syntax in jpeg.FRAME_MARKERS or (
        header.transfer_syntax in codecs.RGB_OUT and header.photometric in ("YBR_RCT", "YBR_ICT")
    )
    if header.photometric == "RGB" or coded_as_rgb:
        return found
    return np.asarray(convert_color_space(found, "YBR_FULL", "RGB"), np.uint8)


def _grey(
    stored: Array, plane: Plane, data: Dataset, spacing: tuple[float, float] | None, where: str, aspect: float
) -> Picture:
    header, frame = plane.header, plane.frame
    inverted = header.photometric == "MONOCHROME1"
    if data.get("ModalityLUTSequence"):
        try:
            values: Array = np.asarray(apply_modality_lut(stored, data))
        except Exception:
            raise LoadError("The table of a picture's values is damaged", where=Path(header.path).name) from None
    else:
        slope, intercept = frame.slope * header.unit_factor, frame.intercept * header.unit_factor
        plain = slope == 1.0 and intercept == 0.0
        values = stored if plain else (stored.astype(np.float64) * slope + intercept).astype(np.float32)
    if values.dtype.kind in "iu" and values.min() >= -32768 and values.max() <= 32767:
        values = values.astype(np.int16)
    elif values.dtype.kind in "iu" or values.dtype.itemsize > 4:
        values = values.astype(np.float32)
    window = header.window if header.unit_factor == 1.0 else None
    return Picture(values, spacing, where, window, _table(data), inverted, aspect)


def _table(data: Dataset) -> tuple[int, NDArray[np.uint8]] | None:
    """The header's first VOI LUT, in 8 bits; None where there is none or it is damaged."""
    sequence = data.get("VOILUTSequence")
    if not sequence:
        return None
    try:
        count, first, bits = (int(value) for value in sequence[0].LUTDescriptor)
        content = sequence[0].LUTData
        values = np.frombuffer(content, "<u2") if isinstance(content, bytes) else np.array(content, np.int64)
        count = count or 65536
        if len(values) * 2 == count and bits <= 8:  # two entries a word
            values = values.astype("<u2").view(np.uint8)
        if len(values) < count or not 1 <= bits <= 16:
            return None
        if int(data.get("PixelRepresentation", 0) or 0) == 1 and first > 32767:
            first -= 65536
        top = max(int(values[:count].max()), 1)
        return first, np.rint(values[:count] * (255.0 / max(top, (1 << bits) - 1))).astype(np.uint8)
    except Exception:
        return None


def _spacing(header: Header, plane: Plane, data: Dataset) -> tuple[tuple[float, float] | None, str]:
    """((between rows, between columns) in mm, what it holds for)."""
    own = plane.frame.spacing_mm
    if own is not None and min(own) > 0:
        projected = header.modality in ("CR", "DX", "MG", "XA", "RF", "RTIMAGE", "PX", "IO")
        calibrated = "PixelSpacingCalibrationType" in data
        return (own[0], own[1]), "in the patient" if not projected or calibrated else "at the detector"
    for keyword in ("ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        found = _two(data.get(keyword))
        if found is not None:
            return found, "at the detector" if keyword.startswith("Imager") else "as scanned"
    regions = data.get("SequenceOfUltrasoundRegions") or []
    scales = {_region(region) for region in regions} - {None}
    if len(scales) == 1:
        return scales.pop(), "in the patient"
    return None, ""


def _two(value: object) -> tuple[float, float] | None:
    try:
        first, second = (float(one) for one in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return None
    return (first, second) if min(first, second) > 0 else None


def _region(region: Dataset) -> tuple[float, float] | None:
    """Millimetres a pixel (down, across) of a region that shows tissue; None for traces and spectra."""
    try:
        units = int(region.PhysicalUnitsXDirection), int(region.PhysicalUnitsYDirection)
        across, down = float(region.PhysicalDeltaX), float(region.PhysicalDeltaY)
    except (AttributeError, TypeError, ValueError):
        return None
    if units != (_CENTIMETRE, _CENTIMETRE) or not across or not down:
        return None
    return round(abs(down) * 10.0, 9), round(abs(across) * 10.0, 9)


def _aspect(data: Dataset) -> float:
    """Height of a pixel over its width."""
    ratio = _two(data.get("PixelAspectRatio"))
    return 1.0 if ratio is None else ratio[0] / ratio[1]


def _frame_s(data: Dataset, frames: int) -> float | None:
    """Seconds between the frames of a film."""
    if frames < 2:
        return None
    for keyword, of in (("FrameTime", lambda ms: ms / 1000.0), ("CineRate", lambda hz: 1.0 / hz),
                        ("RecommendedDisplayFrameRate", lambda hz: 1.0 / hz)):  # fmt: skip
        try:
            value = float(data.get(keyword, 0) or 0)
        except (TypeError, ValueError):
            continue
        if value > 0:
            return float(of(value))
    return None
