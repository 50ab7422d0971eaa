"""A DICOM Segmentation as a mask: one number a segment, named as the file names it (DICOM PS3.3 A.51)."""

import hashlib
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Grid, LoadError, Mask

_REMEDY = "Export the segmentation as NIfTI or NRRD instead"


def is_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM files do."""
    with path.open("rb") as handle:
        return handle.read(132)[128:] == b"DICM"


def read_seg(path: Path) -> Mask:
    """Read a SEG whose segments do not overlap. LoadError for another kind of object or geometry."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from highdicom.seg import segread  # takes most of a second to import

        try:
            segmentation = segread(path)
        except Exception as error:  # whatever pydicom and highdicom say of a file that is none
            raise LoadError("The file is not a DICOM segmentation", where=path.name, remedy=_REMEDY) from error
        try:
            volume = segmentation.get_volume(combine_segments=True)
            described = [segmentation.get_segment_description(n) for n in segmentation.segment_numbers]
        except Exception as error:
            raise LoadError(
                "The segments overlap or do not lie on one regular grid", where=path.name, remedy=_REMEDY
            ) from error
    names = {}
    for one in described:
        tracked = str(getattr(one, "tracking_id", "") or "")
        names[int(one.segment_number)] = (tracked if "_" in tracked else str(one.segment_label) or tracked)[:64]
    found = np.asarray(volume.array)
    data: NDArray[np.integer] = np.ascontiguousarray(
        found[None], dtype=np.uint8 if found.max(initial=0) < 256 else np.int32
    )
    if not data.any():
        raise LoadError("The mask is empty", where=path.name)
    data.setflags(write=False)
    # highdicom's affine takes indices in the order of the array, ours i, j, k
    affine = np.asarray(volume.affine, dtype=np.float64)[:, [2, 1, 0, 3]].copy()
    k, j, i = found.shape
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return Mask(data, Grid((k, j, i), affine), names, f"imported mask {digest}")
