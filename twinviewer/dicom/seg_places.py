"""Where the slices of a segmentation lie, for images whose files do not say it slice by slice: frames and such."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from twinviewer.domain import LabelMap


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One phase's source images: a file a slice; or, where ``placed``, whole files, and in ``frames`` which frame of
    the first (from 0) each slice is, as far as it is one of its."""

    files: tuple[str, ...]
    placed: bool = False
    frames: tuple[int | None, ...] = ()


def complete(sources: Sequence[Dataset], labels: LabelMap, row: SourceRow) -> None:
    """What highdicom asks of source images, and theirs lack, from the grid.

    Of an object of many frames it is told the places of this phase's slices alone, so that it finds those frames and no
    others: another phase has frames at the same places.
    """
    grid = labels.grid
    for data in sources:
        if not data.get("SliceThickness"):
            data.SliceThickness = f"{grid.spacing_mm[2]:.6g}"
        if row.placed:
            data.Rows, data.Columns = grid.shape[1:]
        if not row.frames:
            continue
        own = place(labels)
        count = max(int(data.get("NumberOfFrames", 1) or 1), 1 + max(at for at in row.frames if at is not None))
        data.NumberOfFrames = count
        frames = []
        for at in range(count):
            frame = Dataset()
            if at in row.frames:
                frame.PlanePositionSequence = own["plane_positions"][row.frames.index(at)]
            else:
                frame.PlanePositionSequence = _nowhere(at)
            frames.append(frame)
        shared = Dataset()
        shared.PlaneOrientationSequence = own["plane_orientation"]
        shared.PixelMeasuresSequence = own["pixel_measures"]
        data.SharedFunctionalGroupsSequence = [shared]
        data.PerFrameFunctionalGroupsSequence = frames


def _nowhere(number: int) -> Any:
    from highdicom.content import PlanePositionSequence

    return PlanePositionSequence("PATIENT", [1e6, 1e6, 1e6 + number])


def place(labels: LabelMap) -> dict[str, Any]:
    """Where the slices of the labels lie, in their own words."""
    from highdicom.content import PixelMeasuresSequence, PlaneOrientationSequence, PlanePositionSequence

    grid = labels.grid
    i, j, k = grid.spacing_mm
    corners = grid.to_mm(np.column_stack([np.zeros((grid.shape[0], 2)), np.arange(grid.shape[0])]))
    turned = [*(grid.affine[:3, 0] / i), *(grid.affine[:3, 1] / j)]
    return {
        "plane_positions": [PlanePositionSequence("PATIENT", corner.tolist()) for corner in corners],
        "plane_orientation": PlaneOrientationSequence("PATIENT", turned),
        "pixel_measures": PixelMeasuresSequence([j, i], slice_thickness=k, spacing_between_slices=k),
    }
