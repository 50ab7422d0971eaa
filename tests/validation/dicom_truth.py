"""What other programs read of the same files: SimpleITK (through GDCM), and pydicom with decoders other than ours.

Each answer is a list of planes: where the first pixel lies, what a step along its rows and columns is, and its values.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, apply_modality_lut, pixel_array

from twinviewer.domain import Grid, Pictures, Volume

WITHIN_MM = 1e-6
sitk.ProcessObject.GlobalWarningDisplayOff()


@dataclass
class Plane:
    """values: (rows, columns) or (rows, columns, 3). origin_mm, along_mm, down_mm: (3,) LPS, None without a place."""

    values: np.ndarray
    origin_mm: np.ndarray | None = None
    along_mm: np.ndarray | None = None
    down_mm: np.ndarray | None = None


def by_simpleitk(path: Path) -> list[Plane]:
    """Planes of one file; RuntimeError where it cannot be read."""
    image = sitk.ReadImage(str(path))
    values = sitk.GetArrayFromImage(image)
    if image.GetNumberOfComponentsPerPixel() == 3 and values.dtype.itemsize > 1:
        values = values >> (8 * (values.dtype.itemsize - 1))  # as a screen shows them, in 8 bits
    if image.GetDimension() == 2:
        values = values[None]
    turn = np.eye(3)
    turn[: image.GetDimension(), : image.GetDimension()] = np.array(image.GetDirection()).reshape(
        (image.GetDimension(),) * 2
    )
    steps = turn * ([*image.GetSpacing(), 1.0] if image.GetDimension() == 2 else image.GetSpacing())
    origin = np.array([*image.GetOrigin(), 0.0][:3])
    return [Plane(plane, origin + k * steps[:, 2], steps[:, 0], steps[:, 1]) for k, plane in enumerate(values)]


def by_pydicom(path: Path) -> list[Plane]:
    """The same through pydicom: numpy, pylibjpeg, pyjpegls or Pillow decode, and functional groups say the places."""
    data = pydicom.dcmread(path, force=True)
    if "TransferSyntaxUID" not in data.file_meta:
        data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"
    stored = np.asarray(pixel_array(data))
    count = int(data.get("NumberOfFrames", 1) or 1)
    if count == 1:
        stored = stored[None]
    if data.get("PhotometricInterpretation") == "PALETTE COLOR":
        stored = np.stack([np.asarray(apply_color_lut(one, data)) for one in stored])
    if stored.ndim == 4 and stored.dtype.itemsize > 1:
        stored = stored >> (8 * (stored.dtype.itemsize - 1))
    if stored.ndim == 4:
        return [Plane(one) for one in stored]
    return [_plane(data, one, n) for n, one in enumerate(stored)]


def _plane(data: Dataset, stored: np.ndarray, number: int) -> Plane:
    def of(group: str) -> Dataset:
        own = data.get("PerFrameFunctionalGroupsSequence")
        shared = data.get("SharedFunctionalGroupsSequence")
        for items, which in ((own, number), (shared, 0)):
            if items and which < len(items) and items[which].get(group):
                return items[which].get(group)[0]  # type: ignore[no-any-return]
        return data

    rescale = of("PixelValueTransformationSequence")
    values = np.asarray(apply_modality_lut(stored, rescale), np.float64)
    if "DoseGridScaling" in data:
        values = stored * float(data.DoseGridScaling)
    place, turn = of("PlanePositionSequence"), of("PlaneOrientationSequence")
    measures = of("PixelMeasuresSequence")
    try:
        origin = np.array(place.ImagePositionPatient, float)
        cosines = np.array(turn.ImageOrientationPatient, float)
        down, along = (float(value) for value in measures.PixelSpacing)
    except (AttributeError, TypeError, ValueError):
        return Plane(values)
    if "GridFrameOffsetVector" in data:
        origin = origin + np.cross(cosines[:3], cosines[3:]) * float(data.GridFrameOffsetVector[number])
    return Plane(values, origin, cosines[:3] * along, cosines[3:] * down)


def off_places_mm(grid: Grid, plane: Plane) -> tuple[float, float]:
    """(how far the plane's corners lie from where our grid has them, its k)."""
    assert plane.origin_mm is not None and plane.along_mm is not None and plane.down_mm is not None
    k = float(grid.to_ijk(plane.origin_mm[None])[0, 2])
    rows, columns = plane.values.shape[:2]
    corners = np.array([(0, 0), (columns - 1, 0), (0, rows - 1), (columns - 1, rows - 1)], float)
    theirs = plane.origin_mm + corners[:, :1] * plane.along_mm + corners[:, 1:] * plane.down_mm
    ours = grid.to_mm(np.column_stack([corners, np.full(4, round(k))]))
    return float(np.abs(theirs - ours).max()), k


@dataclass
class Agreement:
    """How a file's answer agrees with another program's. planes: compared; values: of them equal to the bit (float32);
    near: largest difference of values; off_mm: largest distance of places, NaN where none was compared; spare: planes
    of theirs that lie nowhere on our grid; uneven_mm: how far their own places lie from even steps."""

    planes: int
    values: int
    near: float
    off_mm: float
    spare: int = 0
    uneven_mm: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether all is equal: values to the bit, places within a millionth of a millimetre."""
        exact = not self.off_mm > max(WITHIN_MM, 2 * self.uneven_mm)
        return self.planes > 0 and self.values == self.planes and exact and not self.spare


def uneven_mm(planes: list[Plane], spacing_mm: float) -> float:
    """How far places lie from even steps between the first and the last; 0 where slices are lacking or repeated."""
    places = np.array([plane.origin_mm for plane in planes if plane.origin_mm is not None])
    if len(places) < 3:
        return 0.0
    places = np.unique(places.round(4), axis=0)  # several moments at one place
    if len(places) < 3:
        return 0.0
    ends = places[np.argmax(np.linalg.norm(places - places[0], axis=1))] - places[0]
    places = places[np.argsort(places @ ends)]
    even = places[0] + np.linspace(0, 1, len(places))[:, None] * (places[-1] - places[0])
    off = float(np.abs(places - even).max())
    return off if off < 0.02 * spacing_mm else 0.0


def against_volume(volume: Volume, planes: list[Plane]) -> Agreement:
    """Each of their planes against the slice of ours that lies there, in whichever phase is nearest."""
    equal, near, off, spare, compared = 0, 0.0, 0.0, 0, 0
    for plane in planes:
        if plane.origin_mm is None or plane.values.shape != volume.data.shape[2:]:
            spare += 1
            continue
        away, k = off_places_mm(volume.grid, plane)
        if not -0.01 < k < volume.grid.shape[0] - 0.99 or abs(k - round(k)) > 0.01:
            spare += 1
            continue
        ours = volume.data[:, round(k)].astype(np.float64)
        theirs = plane.values.astype(np.float32).astype(np.float64)
        difference = np.abs(ours - theirs).max(axis=(1, 2))
        best = float(difference.min())
        allowed = 1e-6 * max(float(np.abs(theirs).max()), 1.0) if volume.data.dtype.kind == "f" else 0.0
        compared, equal = compared + 1, equal + (best <= allowed)
        near, off = max(near, best), max(off, away)
    return Agreement(compared, equal, near, off if compared else float("nan"), spare)


def against_pictures(pictures: Pictures, planes: list[Plane], first: int = 0) -> Agreement:
    """One by one, in order, from our picture number ``first`` on. Places are not compared: pictures have none."""
    equal, near, compared, spare = 0, 0.0, 0, 0
    for picture, plane in zip(pictures.frames[first:], planes, strict=False):
        ours, theirs = picture.pixels, plane.values
        if ours.shape != theirs.shape:
            spare += 1
            continue
        difference = float(np.abs(ours.astype(np.float64) - theirs.astype(np.float32)).max())
        allowed = 1e-6 * max(float(np.abs(theirs).max()), 1.0) if ours.dtype.kind == "f" else 0.0
        compared, equal, near = compared + 1, equal + (difference <= allowed), max(near, difference)
    return Agreement(compared, equal, near, float("nan"), spare)
