"""Structures found by their intensity: bone and lungs in CT by known levels, anything between two values chosen.

Levels in HU: bone from 200 (cancellous bone begins at about 150, contrast-filled vessels overlap); lung and airways
below -400 within the body (usual thresholds lie between -500 and -320); body above -300.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import (
    Choice,
    LabelMap,
    Parameter,
    ParameterValue,
    Reporter,
    SegmentationError,
    Volume,
    part,
)

Mask = NDArray[np.bool_]
VERSION = "generic outline 1"
BONE_HU, LUNG_HU, BODY_HU = 200.0, -400.0, -300.0
LEAST_LUNG_ML = 20.0
LARGEST_HOLE_ML = 10.0
CLOSE_MM = 1.6
BETWEEN = "between"
AROUND = np.ones((3, 3, 3), dtype=bool)
CT_PRESETS = (
    Choice("bone", "Bone (above 200 HU)"),
    Choice("lungs", "Lungs (air within the body)"),
    Choice("body", "Body outline"),
    Choice(BETWEEN, "Between two values"),
)
OTHER_PRESETS = (Choice(BETWEEN, "Between two values"),)


def outlines(modality: str) -> tuple[Parameter, ...]:
    """What may be set. Values of other modalities than CT have no scale, so that no preset exists for them."""
    ct = modality == "CT"
    unit = "HU" if ct else ""
    source = "levels of tissues in CT; see the module" if ct else "chosen by the user: this modality has no scale"
    where = "The image's own values: move the mouse over a slice to read them"
    limit = 100_000.0
    return (
        Parameter("preset", "What", "choice", "bone" if ct else BETWEEN, source, choices=CT_PRESETS if ct
                  else OTHER_PRESETS, help="" if ct else "No preset exists for MR: its values have no scale"),
        Parameter("low", "From", "number", 200.0, source, unit, -limit, limit, 10.0, help=where),
        Parameter("high", "To", "number", 3000.0, source, unit, -limit, limit, 10.0, help=where),
        Parameter("least_ml", "Leave out pieces below", "number", 0.5, "specks of noise", "mL", 0.0, 1000.0, 0.5),
        Parameter("largest", "Largest piece only", "switch", False, "chosen by the user"),
        Parameter("fill", "Fill holes", "switch", True, "marrow and vessels count with what encloses them"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Wish:
    preset: str
    low: float
    high: float
    least_ml: float
    largest: bool
    fill: bool


def outline(volume: Volume, values: Mapping[str, ParameterValue], report: Reporter) -> LabelMap:
    """Labels of every phase. Raises SegmentationError where nothing is found."""
    wish = _checked(outlines(volume.modality), values)
    frames, notes = [], []
    names: dict[str, int] = {}
    for phase in range(volume.phases):
        step = part(report, phase / volume.phases, (phase + 1) / volume.phases)
        found, said = _structures(volume, phase, wish, step)
        data = np.zeros(volume.grid.shape, dtype=np.uint8)
        for name, mask in found.items():
            data[mask] = names.setdefault(name, len(names) + 1)
        frames.append(data)
        notes += [note for note in said if note not in notes]
    data = np.stack(frames)
    if not data.any():
        raise SegmentationError(
            "Nothing of the images lies within these values", remedy="Choose another preset, or other values"
        )
    data.setflags(write=False)
    how = f"{wish.low:g} to {wish.high:g}" if wish.preset == BETWEEN else wish.preset
    made_by = f"{VERSION}, {how}"
    return LabelMap(
        data, volume.grid, {v: n for n, v in names.items()}, volume.phase_percent, made_by, volume.uid, tuple(notes)
    )


def _checked(parameters: Sequence[Parameter], values: Mapping[str, ParameterValue]) -> _Wish:
    known = {one.name: one for one in parameters}
    if unknown := sorted(set(values) - set(known)):
        raise SegmentationError(f"{', '.join(unknown)} cannot be set here", remedy=f"Known: {', '.join(known)}")
    try:
        use = {name: one.check(values.get(name, one.default)) for name, one in known.items()}
    except ValueError as error:
        raise SegmentationError(str(error), remedy="Choose another value") from error
    wish = _Wish(
        str(use["preset"]), float(use["low"]), float(use["high"]), float(use["least_ml"]), bool(use["largest"]),
        bool(use["fill"]),
    )  # fmt: skip
    if wish.low >= wish.high:
        raise SegmentationError(f"No value lies between {wish.low:g} and {wish.high:g}", remedy="Exchange them")
    return wish


def _structures(volume: Volume, phase: int, wish: _Wish, report: Reporter) -> tuple[dict[str, Mask], list[str]]:
    image, unit = volume.data[phase], volume.grid.voxel_ml
    report(0.05, "Comparing values")
    if wish.preset == "bone":
        mask = _pieces((image > BONE_HU) & _body(image), wish.least_ml / unit, False)
        mask = _closed(mask, volume.grid.spacing_mm, CLOSE_MM) if wish.fill and mask.any() else mask
        return {"bone": _cleaned(mask, wish, unit, report)}, [
            "Bone is what exceeds 200 HU, with enclosed marrow: contrast in vessels, calcium and metal count too; "
            "erase what is none"
        ]
    if wish.preset == "body":
        return {"body": _body(image)}, []
    if wish.preset == "lungs":
        return _lungs(image, volume, wish, report)
    return {"structure": _cleaned((image >= wish.low) & (image <= wish.high), wish, unit, report)}, []


def _cleaned(mask: Mask, wish: _Wish, voxel_ml: float, report: Reporter) -> Mask:
    """Specks out, holes closed, as wished."""
    report(0.4, "Leaving out specks")
    mask = _pieces(mask, wish.least_ml / voxel_ml, wish.largest)
    if wish.fill and mask.any():
        report(0.7, "Filling holes")
        window = _window(mask)
        inside = mask[window]
        hole, count = ndimage.label(~inside)
        if count > 1:
            size = np.bincount(hole.ravel(), minlength=count + 1)
            small = (size * voxel_ml <= LARGEST_HOLE_ML) & (np.arange(count + 1) > 0)
            edge = np.unique(np.concatenate([hole[s].ravel() for s in _sides()]))
            small[edge] = False
            mask = mask.copy()
            mask[window] |= small[hole]
    report(0.95, "Structures found")
    return mask


def _closed(mask: Mask, spacing_mm: tuple[float, float, float], radius_mm: float) -> Mask:
    """Gaps narrower than twice the radius closed, by distances; at the edge of the images nothing grows."""
    window = _window(mask)
    inside = np.pad(mask[window], 4, mode="edge")
    sampling = spacing_mm[::-1]
    grown = ndimage.distance_transform_edt(~inside, sampling=sampling) <= radius_mm
    shrunk = ndimage.distance_transform_edt(grown, sampling=sampling) > radius_mm
    out = mask.copy()
    out[window] |= shrunk[(slice(4, -4),) * 3]
    return out


def _sides() -> list[tuple[slice | int, ...]]:
    return [tuple(end if axis == a else slice(None) for a in range(3)) for axis in range(3) for end in (0, -1)]


def _window(mask: Mask) -> tuple[slice, ...]:
    box = ndimage.find_objects(mask.view(np.uint8))[0]
    return tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in box)


def _pieces(mask: Mask, least: float, largest: bool) -> Mask:
    """Connected pieces of at least so many voxels, or the largest alone."""
    piece, count = ndimage.label(mask, structure=AROUND)
    if count == 0:
        return mask
    size = np.bincount(piece.ravel(), minlength=count + 1)
    size[0] = 0
    keep = size == size.max() if largest else size >= max(least, 1.0)
    keep[0] = False
    return np.asarray(keep[piece])


def _body(image: NDArray[Any]) -> Mask:
    """The patient without table and air around: the largest piece of tissue, slice by slice with what it encloses."""
    tissue = ndimage.binary_opening(image > BODY_HU, iterations=2)
    piece, count = ndimage.label(tissue)
    if count == 0:
        return np.ones(image.shape, dtype=bool)
    body = piece == 1 + int(np.argmax(np.bincount(piece.ravel())[1:]))
    return np.stack([ndimage.binary_fill_holes(one) for one in body])


def _lungs(image: NDArray[Any], volume: Volume, wish: _Wish, report: Reporter) -> tuple[dict[str, Mask], list[str]]:
    """Both lungs, apart where they can be told apart."""
    unit = volume.grid.voxel_ml
    air = (image < LUNG_HU) & _body(image)
    report(0.4, "Finding the lungs")
    air = _pieces(air, LEAST_LUNG_ML / unit, False)
    if not air.any():
        return {}, []
    sides = _two_sides(air, volume)
    report(0.7, "Filling vessels")
    steps = max(1, round(3.0 / float(np.mean(volume.grid.spacing_mm))))
    out = {}
    taken = np.zeros(air.shape, dtype=bool)
    for name, side in sides.items():
        window = tuple(slice(max(s.start - steps - 1, 0), s.stop + steps + 1) for s in ndimage.find_objects(
            side.view(np.uint8))[0])  # fmt: skip
        closed = side.copy()
        inside = np.pad(side[window], steps + 1, mode="edge")
        inner = ndimage.binary_closing(inside, iterations=steps)[(slice(steps + 1, -steps - 1),) * 3]
        closed[window] |= np.stack([ndimage.binary_fill_holes(one) for one in inner]) if wish.fill else side[window]
        out[name] = closed & ~taken
        taken |= out[name]
    notes = ["Lung is air within the body with the vessels in it: large airways count as lung, dense lung does not"]
    return out, notes


def _two_sides(air: Mask, volume: Volume) -> dict[str, Mask]:
    """Right and left lung: the two largest pieces, after thinning where they hang together by the airways."""
    step = max(1, round(2.0 / float(np.mean(volume.grid.spacing_mm))))
    for thinned in range(4):
        core = air if thinned == 0 else ndimage.binary_erosion(air, iterations=thinned * step)
        piece, count = ndimage.label(core)
        if count < 2:
            continue
        size = np.bincount(piece.ravel())[1:]
        first, second = np.argsort(size)[::-1][:2]
        if size[second] < 0.15 * size[first]:
            continue
        seeds = np.where(piece == first + 1, 1, np.where(piece == second + 1, 2, 0)).astype(np.uint8)
        nearest = ndimage.distance_transform_edt(seeds == 0, return_distances=False, return_indices=True)
        side = np.where(air, seeds[tuple(nearest)], 0)
        centre = []
        for value in (1, 2):
            k, j, i = np.nonzero(side == value)
            centre.append(volume.grid.to_mm(np.array([[i.mean(), j.mean(), k.mean()]]))[0, 0])
        right, left = (1, 2) if centre[0] < centre[1] else (2, 1)  # LPS: x grows to the patient's left
        return {"lung_right": side == right, "lung_left": side == left}
    return {"lung": air}
