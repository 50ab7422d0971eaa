"""Masks that other programs wrote: NIfTI, NRRD and MetaImage, brought to LPS mm.

ITK turns NIfTI's right-anterior-superior mm to left-posterior-superior on reading, so that all formats arrive alike.
Names are taken from what 3D Slicer writes into a segmentation's NRRD header (SegmentN_Name, SegmentN_LabelValue).
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from twinviewer.domain import Grid, LoadError, Mask

SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
MOST_VALUES = 64
"""A file with more different numbers than this is an image."""
MOST_BYTES = 4 << 30
_SEGMENT = re.compile(r"Segment(\d+)_(Name|LabelValue|Layer)$")


def read_mask(path: Path) -> Mask:
    """Read a mask file. LoadError, saying why, for what is not one."""
    import SimpleITK as sitk

    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        size, parts = reader.GetSize(), reader.GetNumberOfComponents()
        if parts != 1:
            raise LoadError(
                "The mask has several overlapping layers", where=path.name, remedy="Export it as one label map"
            )
        if len(size) not in (3, 4) or int(np.prod(size, dtype=np.float64)) * 8 > MOST_BYTES:
            raise LoadError(f"A mask has three or four axes; this file has {size}", where=path.name)
        image = reader.Execute()
    except RuntimeError as error:
        raise LoadError(
            "The mask cannot be read", where=path.name, remedy="Give NIfTI, NRRD, MetaImage or DICOM SEG"
        ) from error
    data = sitk.GetArrayFromImage(image)
    if data.ndim == 3:
        data = data[None]
    if data.dtype.kind == "f":
        if not (np.isfinite(data).all() and (data == np.round(data)).all()):
            raise LoadError(
                "The file holds fractions: it is an image or a probability map, not a mask", where=path.name,
                remedy="Export labels as whole numbers",
            )  # fmt: skip
        data = data.astype(np.int32)
    values = np.unique(data)
    if values[0] < 0 or len(values) > MOST_VALUES:
        raise LoadError("The file is an image, not a mask: it holds too many numbers", where=path.name)
    if values[-1] == 0:
        raise LoadError("The mask is empty", where=path.name)
    dimension = image.GetDimension()
    direction = np.array(image.GetDirection()).reshape(dimension, dimension)[:3, :3]
    affine = np.eye(4)
    affine[:3, :3] = direction * np.array(image.GetSpacing()[:3])
    affine[:3, 3] = image.GetOrigin()[:3]
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise LoadError("The mask says nothing sound of where it lies", where=path.name)
    data = np.ascontiguousarray(data, dtype=np.uint8 if values[-1] < 256 else np.int32)
    data.setflags(write=False)
    _, k, j, i = data.shape
    names = _names({key: image.GetMetaData(key) for key in image.GetMetaDataKeys()})
    return Mask(data, Grid((k, j, i), affine), names, mask_uid(path))


def mask_uid(path: Path) -> str:
    """ "imported mask" and the hash of the file or, for a series in a folder, of its files."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return f"imported mask {digest.hexdigest()[:12]}"


def _names(header: Mapping[str, str]) -> dict[int, str]:
    segments: dict[str, dict[str, str]] = {}
    for key, value in header.items():
        if found := _SEGMENT.match(key):
            segments.setdefault(found[1], {})[found[2]] = value
    out = {}
    for one in segments.values():
        if one.get("LabelValue", "").isdigit() and one.get("Name"):
            out[int(one["LabelValue"])] = one["Name"][:64]
    return out
