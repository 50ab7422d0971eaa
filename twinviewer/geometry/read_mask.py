"""Masks that other programs wrote: NIfTI, NRRD and MetaImage, brought to LPS mm.

``voxel_file`` brings all formats alike. Names are those that 3D Slicer writes into a segmentation's NRRD header
(SegmentN_Name, SegmentN_LabelValue).
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Grid, LoadError, Mask
from twinviewer.geometry.overlay import overlaid
from twinviewer.geometry.voxel_file import SUFFIXES, as_phases, read_voxels

MOST_VALUES = 255
"""A file with more different numbers than this is an image."""
MOST_BYTES = 4 << 30
_SEGMENT = re.compile(r"Segment(\d+)_(Name|LabelValue|Layer)$")


def read_mask(path: Path, allow_empty: bool = False) -> Mask:
    """Read a mask file. LoadError, saying why, for what is not one.

    Layers of a segmentation that overlap are laid over each other, the smaller structure on top.
    """
    found = read_voxels(path, MOST_BYTES)
    header, names, notes = found.header, _names(found.header), found.notes
    layered = bool(_segments(header)) or found.axis == "list"
    data: NDArray[Any] | None = found.data if layered else as_phases(found)
    if data is None or data.ndim == 5:
        if found.axis and found.axis not in ("list", "vector", "none", "???"):
            raise LoadError(f"The file holds {found.axis} values, not labels", where=path.name)
        data, names, overlaps = _flattened(found.data[0], header, path)
        data, notes = data[None], (*notes, *overlaps)
    if data.dtype.kind == "f":
        if not (np.isfinite(data).all() and (data == np.round(data)).all()):
            raise LoadError(
                "The file holds fractions: it is an image or a probability map, not a mask", where=path.name,
                remedy="Export labels as whole numbers",
            )  # fmt: skip
        if np.abs(data).max(initial=0) >= 1 << 31:
            raise LoadError("The file is an image, not a mask: its numbers are too large", where=path.name)
        data = data.astype(np.int32)
    values = np.unique(data)
    if values[0] < 0 or len(values) > MOST_VALUES:
        raise LoadError("The file is an image, not a mask: it holds too many numbers", where=path.name)
    if values[-1] == 0 and not allow_empty:
        raise LoadError("The mask is empty", where=path.name)
    data = np.ascontiguousarray(data, dtype=np.uint8 if values[-1] < 256 else np.int32)
    data.setflags(write=False)
    _, k, j, i = data.shape
    return Mask(data, Grid((k, j, i), found.affine), names, mask_uid(path), notes)


def plain_stem(path: Path) -> str:
    """A file's name without what says its format."""
    name = path.name
    for suffix in (".seg.nrrd", ".seg.dcm", ".nii.gz", *SUFFIXES, ".dcm"):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)][:64]
    return path.stem[:64]


def mask_uid(path: Path) -> str:
    """ "imported mask" and the hash of the file or, for a series in a folder, of its files."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return f"imported mask {digest.hexdigest()[:12]}"


def _segments(header: Mapping[str, str]) -> list[dict[str, str]]:
    segments: dict[str, dict[str, str]] = {}
    for key, value in header.items():
        if found := _SEGMENT.match(key):
            segments.setdefault(found[1], {})[found[2]] = value
    return [segments[key] for key in sorted(segments, key=int) if segments[key].get("LabelValue", "").isdigit()]


def _names(header: Mapping[str, str]) -> dict[int, str]:
    return {int(one["LabelValue"]): one["Name"][:64] for one in _segments(header) if one.get("Name")}


def _flattened(
    data: NDArray[np.generic], header: Mapping[str, str], path: Path
) -> tuple[NDArray[np.uint8], dict[int, str], tuple[str, ...]]:
    """(k, j, i, layer) numbers as one layer, numbered anew. LoadError for what cannot be told apart."""
    if data.ndim != 4 or data.dtype.kind == "f":
        raise LoadError("The mask has several values a voxel", where=path.name, remedy="Export it as one label map")
    regions: list[NDArray[np.bool_]] = []
    names: list[str] = []
    for one in _segments(header):
        layer = int(one["Layer"]) if one.get("Layer", "").isdigit() else 0
        if layer < data.shape[3]:
            regions.append(np.asarray(data[..., layer] == int(one["LabelValue"])))
            names.append(one.get("Name", "")[:64] or f"Segment {len(names) + 1}")
    if not regions:  # no names at all: a layer a structure
        regions = [np.asarray(data[..., layer] != 0) for layer in range(data.shape[3])]
        names = [f"Layer {layer + 1}" for layer in range(data.shape[3])]
    if len(regions) > MOST_VALUES:
        raise LoadError("The mask has too many segments", where=path.name)
    flat, notes = overlaid(regions, range(1, len(regions) + 1), names)
    return flat, dict(enumerate(names, start=1)), notes
