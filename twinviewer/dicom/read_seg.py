"""A DICOM Segmentation as a mask: one number a segment, named as the file names it (DICOM PS3.3 A.51).

Binary, fractional and label map segmentations; where segments overlap the smaller one lies on top.
"""

import hashlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Grid, LoadError, Mask
from twinviewer.domain.reading import reading
from twinviewer.geometry.overlay import overlaid

MOST_VOXELS = 1 << 31
_REMEDY = "Export the segmentation as NIfTI or NRRD instead"
_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
_HALF = 0.5


def is_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM files do."""
    with path.open("rb") as handle:
        return handle.read(132)[128:] == b"DICM"


def read_seg(path: Path) -> Mask:
    """Read a SEG. LoadError for another kind of object or geometry, saying which."""
    try:
        with reading(path.name, path.stat().st_size):
            return _read(path)
    except LoadError:
        raise
    except Exception as error:  # pydicom turns values over only when they are asked for
        raise LoadError("The segmentation is damaged", where=path.name, remedy=_REMEDY) from error


def _read(path: Path) -> Mask:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from highdicom.seg import segread  # takes most of a second to import

        try:
            segmentation = segread(path)
        except Exception as error:  # whatever pydicom and highdicom say of a file that is none
            raise LoadError("The file is not a DICOM segmentation", where=path.name, remedy=_REMEDY) from error
        _check_geometry(segmentation, path)
        described = {
            int(number): segmentation.get_segment_description(number)
            for number in segmentation.segment_numbers
            if int(number) > 0
        }
        names = {number: _name(one) for number, one in described.items()}
        try:
            found, affine, notes = _voxels(segmentation, names, path)
        except Exception as error:
            raise LoadError("The segments do not lie on one regular grid", where=path.name, remedy=_REMEDY) from error
    if not found.any():
        raise LoadError("The mask is empty", where=path.name)
    data: NDArray[np.integer] = np.ascontiguousarray(
        found[None], dtype=np.uint8 if found.max(initial=0) < 256 else np.int32
    )
    data.setflags(write=False)
    k, j, i = found.shape
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    # highdicom's affine takes indices in the order of the array, ours i, j, k
    return Mask(data, Grid((k, j, i), affine[:, [2, 1, 0, 3]].copy()), names, f"imported mask {digest}", notes)


def _check_geometry(segmentation: Any, path: Path) -> None:
    sources = segmentation.get("ReferencedSeriesSequence", [])
    of = {str(one.get("ReferencedSOPClassUID", "")) for s in sources for one in s.get("ReferencedInstanceSequence", [])}
    if "TotalPixelMatrixRows" in segmentation or any(uid.startswith(_SLIDE) for uid in of):
        raise LoadError("The segmentation is of a microscope slide, not of a patient's volume", where=path.name)
    frames = int(segmentation.get("NumberOfFrames", 1))
    if frames * int(segmentation.Rows) * int(segmentation.Columns) > MOST_VOXELS:
        raise LoadError("The segmentation is too large", where=path.name)
    if "FrameOfReferenceUID" not in segmentation:
        raise LoadError(
            "The segmentation is of a single picture that says not where it lies in the patient", where=path.name
        )


def _name(described: Any) -> str:
    tracked = str(getattr(described, "tracking_id", "") or "")
    return (tracked if "_" in tracked else str(described.segment_label) or tracked)[:64]


def _voxels(
    segmentation: Any, names: dict[int, str], path: Path
) -> tuple[NDArray[np.integer], NDArray[np.float64], tuple[str, ...]]:
    """(k, j, i) numbers, affine for indices (k, j, i), and what was decided."""
    notes: tuple[str, ...] = ()
    try:
        volume = segmentation.get_volume(combine_segments=True)
        return np.asarray(volume.array), np.asarray(volume.affine, dtype=np.float64), notes
    except (RuntimeError, ValueError):  # segments overlap, or true fractions
        from highdicom.seg import segread

        segmentation = segread(path)  # the first one's tables stay locked after a refusal
        volume = segmentation.get_volume(combine_segments=False)
    array = np.asarray(volume.array)
    if array.dtype.kind == "f":
        notes = ("The segmentation holds fractions: voxels that are at least half inside were taken",)
    numbers = [int(n) for n in segmentation.segment_numbers if int(n) > 0]
    if max(numbers) > 255:
        raise ValueError("more segments than fit")
    regions = [np.asarray(array[..., at] >= _HALF) for at in range(array.shape[-1])]
    data, overlaps = overlaid(regions, numbers, [names[n] for n in numbers])
    return data, np.asarray(volume.affine, dtype=np.float64), (*notes, *overlaps)
