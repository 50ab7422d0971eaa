"""How thick a shown slice is, what is made of the thickness, and when slices lie too far apart to look between them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Grid

SlabKind = Literal["mean", "max", "min"]
NAMES: dict[SlabKind, str] = {"mean": "mean", "max": "MIP", "min": "MinIP"}
APART_MM, APART_RATIO = 4.0, 3.0
"""Slices farther apart than both this and this many of their own pixels are shown as scanned: what lies between them
was not measured, and a linear in-between of 8 mm steps would invent walls where there are none."""


@dataclass(frozen=True, slots=True)
class Slab:
    """How thick the slice is and what is made of the thickness: mean, max (MIP) or min (MinIP). 0 mm: a thin slice."""

    kind: SlabKind = "mean"
    thickness_mm: float = 0.0

    @property
    def words(self) -> str:
        """ "MIP 10 mm"; "" for a thin slice."""
        return f"{NAMES[self.kind]} {self.thickness_mm:g} mm" if self.thickness_mm > 0 else ""


THIN = Slab()


def gap_mm(grid: Grid) -> float:
    """The step of a stack whose slices lie too far apart to look between them, in mm; 0 for all others."""
    steps = sorted(grid.spacing_mm)
    far = steps[2] >= APART_MM and steps[2] > APART_RATIO * steps[1] and min(grid.shape) > 1
    return steps[2] if far else 0.0


def flattened(block: NDArray[np.generic], axis: int, kind: str) -> NDArray[np.generic]:
    """Mean, greatest or least along an axis. Along the last one a few rows at a time are turned round in the cache
    first: numpy is four times slower over many short runs."""
    if axis == 2:
        rows = max(1, 400_000 // max(block[0].size, 1))
        parts = (np.ascontiguousarray(block[k : k + rows].transpose(2, 0, 1)) for k in range(0, len(block), rows))
        return np.concatenate([flattened(part, 0, kind) for part in parts])
    if kind == "mean":
        return np.asarray(block.mean(axis=axis, dtype=np.float32))
    return np.asarray(block.max(axis=axis) if kind == "max" else block.min(axis=axis))
