"""RT structure sets: closed planar contours in patient coordinates, drawn on the slices of a series (PS3.3 A.19).

A set says on which images it was drawn: by frame of reference, by series, and contour by contour. What it says is
held against the series that is open before anything is filled, since contours of another frame lie anywhere.
"""

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray

from twinviewer.dicom.belonging import OTHER_IMAGES, Drawn, drawn_on, judged
from twinviewer.domain import Grid, LoadError, Mask
from twinviewer.domain.reading import reading
from twinviewer.geometry.contour_fill import fill
from twinviewer.geometry.overlay import overlaid

__all__ = ["Drawn", "Region", "StructureSet", "drawn_on", "is_rtstruct", "mask_of", "modality_of", "read_rtstruct"]

MOST_BYTES = 1 << 29
MOST_POINTS = 20_000_000
MOST_REGIONS = 255
_FILLED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """One region of interest. contours: (n, 3) LPS mm each; images: for each contour the SOP instance UID of the image
    that it was drawn on, "" where it says none; frames: its frame's number, 0 where it says none. other: contours of
    kinds that enclose nothing (points, open lines)."""

    number: int
    name: str
    frame_of_reference: str
    contours: tuple[NDArray[np.float64], ...]
    images: tuple[str, ...]
    other: int
    frames: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class NamedPoint:
    """A contour of one point (3,) LPS mm. image, frame: as of a Region's contour."""

    name: str
    point_mm: NDArray[np.float64]
    image: str
    frame: int


@dataclass(frozen=True, slots=True, eq=False)
class StructureSet:
    """What an RTSTRUCT holds. series, images: UIDs of the series and images that it says it was drawn on. points: of
    all regions."""

    regions: tuple[Region, ...]
    frames_of_reference: frozenset[str]
    series: frozenset[str]
    images: frozenset[str]
    made_by: str
    points: tuple[NamedPoint, ...] = ()


def modality_of(path: Path) -> str:
    """The modality of a DICOM file; "" for what is none, or cannot be read."""
    try:
        with path.open("rb") as handle:
            if handle.read(132)[128:] != b"DICM":
                return ""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["Modality"])
            return str(data.get("Modality", ""))
    except Exception:
        return ""


def is_rtstruct(path: Path) -> bool:
    """Whether a DICOM file is an RT structure set. False for what cannot be read."""
    return modality_of(path) == "RTSTRUCT"


def read_rtstruct(path: Path) -> StructureSet:
    """Read a structure set. LoadError for another kind of object, or one with nothing in it."""
    where = path.name
    if path.stat().st_size > MOST_BYTES:
        raise LoadError("The structure set is too large", where=where)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with reading(where, path.stat().st_size):
                data = pydicom.dcmread(path)
                if str(data.get("Modality", "")) != "RTSTRUCT":
                    raise LoadError("The file is no RT structure set", where=where)
                return _structure_set(data, path)
        except LoadError:
            raise
        except Exception as error:  # whatever pydicom says of a broken file
            raise LoadError("The structure set cannot be read", where=where, remedy="Export it again") from error


def mask_of(
    structures: StructureSet,
    grid: Grid,
    drawn: Drawn | None = None,
    interpolate: bool = False,
    bridge_mm: float = 0.0,
) -> Mask:
    """The regions as voxels of a grid, by even-odd filling; the smaller one on top where two overlap.

    drawn: of the images that are open; contours of others are refused. interpolate: fill between contours that are
    further apart than the slices; bridge_mm: how far apart they may be for it to be done in any case, since the slices
    between were made from their neighbours, too. LoadError, saying why, where the set belongs to other images, or
    nothing is left.
    """
    notes: list[str] = []
    own_slices = True
    if drawn is not None:
        own_slices = _check_references(structures, drawn, notes)
    masks: list[NDArray[np.bool_]] = []
    numbers: list[int] = []
    names: list[str] = []
    gaps = outside = bent = left_out = other = 0
    for region in structures.regions:
        other += region.other
        kept = list(region.contours)
        if drawn is not None and own_slices and drawn.images:
            kept = [c for c, on in zip(region.contours, region.images, strict=True) if not on or on in drawn.images]
            left_out += len(region.contours) - len(kept)
        if not kept:
            continue
        try:
            thickness = _own_thickness(kept, own_slices)
            filled = fill(kept, grid, thickness_mm=thickness, interpolate=interpolate, bridge_mm=bridge_mm)
        except ValueError as error:
            notes.append(f"{region.name} was left out: its contours lie in planes of different orientations")
            if len(structures.regions) == 1:
                raise LoadError(str(error)) from error
            continue
        gaps, outside, bent = gaps + filled.gaps, outside + filled.outside, bent + filled.bent
        if filled.region.any():
            masks.append(filled.region)
            numbers.append(len(numbers) + 1)
            names.append(region.name)
        else:
            notes.append(f"{region.name} lies outside the images")
    if not masks:
        raise LoadError(
            "No contour of the structure set encloses a voxel of these images", remedy="Check that it was drawn on them"
        )
    if left_out:
        notes.append(f"{left_out} contours were drawn on images that are not open: they were left out")
    if gaps:
        done = "filled between their neighbours" if interpolate else "left empty"
        places = "one place" if gaps == 1 else f"{gaps} places"
        notes.append(f"Slices without a contour lie between contours in {places}: they were {done}")
    if outside:
        notes.append(f"{outside} contours lie beyond the images")
    if bent:
        notes.append(f"{bent} contours are not flat or have fewer than three points: they were left out")
    if other:
        notes.append(f"{other} points or open lines enclose nothing: they were left out")
    data, overlaps = overlaid(masks, numbers, names)
    data = data[None]
    data.setflags(write=False)
    return Mask(data, grid, dict(zip(numbers, names, strict=True)), structures.made_by, (*notes, *overlaps))


def _own_thickness(contours: Sequence[NDArray[np.float64]], own_slices: bool) -> float | None:
    """None where the contours were drawn on the grid's own slices, else the usual distance of their planes in mm."""
    if own_slices or len(contours) < 2:
        return None
    away = contours[0] - contours[0].mean(axis=0)
    normal = np.cross(away, np.roll(away, -1, axis=0)).sum(axis=0)
    size = float(np.linalg.norm(normal))
    if size < 1e-9:
        return None
    heights = np.unique(np.round([float(c.mean(axis=0) @ normal) / size for c in contours], 2))
    return float(np.median(np.diff(heights))) if len(heights) > 1 else None


def _check_references(structures: StructureSet, drawn: Drawn, notes: list[str]) -> bool:
    """Whether the contours lie on the open series' own slices. LoadError where they belong to other images."""
    on_images = frozenset(image for region in structures.regions for image in region.images if image)
    named = Drawn(structures.frames_of_reference, structures.series, structures.images | on_images)
    verdict = judged(named, drawn)
    if verdict.refused:
        raise LoadError(verdict.refused, remedy=OTHER_IMAGES)
    if verdict.note:
        notes.append(verdict.note)
    elif not structures.series:
        notes.append("The structure set names no series: its contours were placed by their frame of reference")
    return verdict.own_slices


def _structure_set(data: pydicom.Dataset, path: Path) -> StructureSet:
    named = {
        int(roi.ROINumber): (str(roi.get("ROIName", ""))[:64], str(roi.get("ReferencedFrameOfReferenceUID", "")))
        for roi in data.get("StructureSetROISequence", [])
    }
    regions, points = [], 0
    places: list[NamedPoint] = []
    for item in data.get("ROIContourSequence", []):
        number = int(item.ReferencedROINumber)
        if number not in named:
            continue
        contours, images, other = [], [], 0
        frames_of: list[int] = []
        for contour in item.get("ContourSequence", []):
            kind = str(contour.get("ContourGeometricType", ""))
            if kind not in _FILLED:
                other += 1
                if kind == "POINT" and (place := _point(contour, named[number][0])) and len(places) < MOST_POINTS:
                    places.append(place)
                continue
            xyz = np.asarray(contour.get("ContourData", []), dtype=np.float64)
            if xyz.size < 9 or xyz.size % 3 or not np.isfinite(xyz).all():
                other += 1
                continue
            points += xyz.size // 3
            if points > MOST_POINTS:
                raise LoadError("The structure set has too many points", where=path.name)
            contours.append(xyz.reshape(-1, 3))
            image, number_of_frame = _image_of(contour)
            images.append(image)
            frames_of.append(number_of_frame)
        name, frame = named[number]
        called = name or f"Region {number}"
        regions.append(Region(number, called, frame, tuple(contours), tuple(images), other, tuple(frames_of)))
    regions = [region for region in regions if region.contours]
    if not regions:
        raise LoadError("The structure set has no closed contour", where=path.name)
    if len(regions) > MOST_REGIONS:
        raise LoadError(f"The structure set has more than {MOST_REGIONS} regions", where=path.name)
    series, referenced, frames = set(), set(), {region.frame_of_reference for region in regions}
    for reference in data.get("ReferencedFrameOfReferenceSequence", []):
        frames.add(str(reference.get("FrameOfReferenceUID", "")))
        for study in reference.get("RTReferencedStudySequence", []):
            for one in study.get("RTReferencedSeriesSequence", []):
                series.add(str(one.get("SeriesInstanceUID", "")))
                referenced |= {str(i.get("ReferencedSOPInstanceUID", "")) for i in one.get("ContourImageSequence", [])}
    made_by = f"imported mask {hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
    return StructureSet(
        tuple(regions),
        frozenset(frames - {""}),
        frozenset(series - {""}),
        frozenset(referenced - {""}),
        made_by,
        tuple(places),
    )


def _point(contour: Any, name: str) -> NamedPoint | None:
    xyz = np.asarray(contour.get("ContourData", []), dtype=np.float64)
    return NamedPoint(name, xyz, *_image_of(contour)) if xyz.shape == (3,) and np.isfinite(xyz).all() else None


def _image_of(contour: Any) -> tuple[str, int]:
    """(SOP instance UID, number of the frame) of the image that a contour was drawn on."""
    found = contour.get("ContourImageSequence", [])
    if not found:
        return "", 0
    frame = found[0].get("ReferencedFrameNumber", 0) or 0
    if not isinstance(frame, int | str):  # several: it was drawn on none of them
        frame = frame[0] if len(frame) == 1 else 0
    return str(found[0].get("ReferencedSOPInstanceUID", "")), int(frame)
