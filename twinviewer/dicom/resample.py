"""Stacks that are no box of even steps, made one: slices of a tilted gantry pushed back, gaps filled by interpolation.

Both are linear, between a pixel and its neighbour in the same slice, or between two neighbouring slices; a value that
needs no neighbour is kept to the bit. Series say in a warning that this was done, with the numbers.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Reporter, silent

Array = NDArray[np.generic]
Positions = NDArray[np.float64]

WHOLE = 1e-3
"""Share of a pixel or step below which a place counts as exactly on it."""


def even_places(along_mm: Positions, step_mm: float) -> tuple[NDArray[np.intp], Positions]:
    """For each slice of an even stack over the rising places ``along_mm``: the slice below it, and the weight (0 to 1)
    of the one above."""
    total = int(np.floor((along_mm[-1] - along_mm[0]) / step_mm + WHOLE)) + 1
    wanted = along_mm[0] + step_mm * np.arange(total)
    below = np.clip(np.searchsorted(along_mm, wanted + WHOLE * step_mm, side="right") - 1, 0, len(along_mm) - 1)
    above = np.minimum(below + 1, len(along_mm) - 1)
    gap = np.where(above > below, along_mm[above] - along_mm[below], 1.0)
    weight = np.clip((wanted - along_mm[below]) / gap, 0.0, 1.0)
    weight[np.abs(wanted - along_mm[below]) <= WHOLE * step_mm] = 0.0
    return below, weight


def evened(data: Array, along_mm: Positions, step_mm: float, report: Reporter = silent) -> Array:
    """(t, k, j, i) values at rising places along the stack -> (t, k', j, i) at even steps from the first place."""
    below, weight = even_places(along_mm, step_mm)
    found = np.empty((data.shape[0], len(below), *data.shape[2:]), data.dtype)
    for t, phase in enumerate(data):
        report(t / len(data), "Interpolating between slices")
        for k, (low, share) in enumerate(zip(below, weight, strict=True)):
            found[t, k] = phase[low] if share == 0 else _between(phase[low], phase[low + 1], float(share))
    return found


def upright(
    data: Array,
    positions_mm: Positions,
    orientation: Sequence[float],
    spacing_mm: Sequence[float],
    report: Reporter = silent,
) -> tuple[Array, Positions]:
    """Slices of a tilted gantry on a grid whose slices lie straight above each other.

    data: (t, k, j, i); positions_mm: (k, 3) of the first pixels; spacing_mm: between rows, between columns. Returns the
    values, on slices that are larger by how far the stack leans, and the (k, 3) positions of their first pixels. What
    no slice shows holds the lowest value of the image.
    """  # fmt: skip
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    relative = positions_mm - positions_mm[0]
    shifts = np.stack([relative @ column / spacing_mm[0], relative @ row / spacing_mm[1]], axis=1)
    shifts = np.where(np.abs(shifts - np.rint(shifts)) < WHOLE, np.rint(shifts), shifts)
    low = np.floor(shifts.min(axis=0)).astype(int)
    more = np.ceil(shifts.max(axis=0)).astype(int) - low
    rows, columns = data.shape[2] + more[0], data.shape[3] + more[1]
    found = np.full((*data.shape[:2], rows, columns), data.min(), data.dtype)
    for k, shift in enumerate(shifts):
        report(k / len(shifts), "Setting tilted slices upright")
        for t in range(data.shape[0]):
            moved, top = _moved(data[t, k], float(shift[0] - low[0]), 0)
            moved, left = _moved(moved, float(shift[1] - low[1]), 1)
            found[t, k, top : top + moved.shape[0], left : left + moved.shape[1]] = moved
    corner = positions_mm[0] + low[0] * spacing_mm[0] * column + low[1] * spacing_mm[1] * row
    normal = np.cross(row, column)
    heights = relative @ normal / float(normal @ normal)
    return found, corner + heights[:, None] * normal


def _moved(image: Array, by: float, axis: int) -> tuple[Array, int]:
    """An image moved by ``by`` >= 0 pixels along an axis: the values on whole pixels, and the first of these."""
    whole = int(by)
    share = by - whole
    if share == 0:
        return image, whole
    values = np.moveaxis(image, axis, 0)
    return np.moveaxis(_between(values[1:], values[:-1], share), 0, axis), whole + 1


def _between(first: Array, second: Array, share: float) -> Array:
    """Values ``share`` of the way from the first to the second, whole numbers rounded."""
    value = first.astype(np.float32) * np.float32(1.0 - share) + second.astype(np.float32) * np.float32(share)
    return np.rint(value).astype(first.dtype) if first.dtype.kind in "iu" else value.astype(first.dtype)
