"""Contours of one structure set that were drawn on images of several phases: a structure set for each phase.

Filled together they would lie over one another on the same slices, and cancel where they overlap.
"""

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from twinviewer.dicom.belonging import Drawn
from twinviewer.dicom.read import phase_planes
from twinviewer.dicom.read_rtstruct import Region, StructureSet, mask_of
from twinviewer.domain import Grid, LoadError, Mask, Series


def by_phase(structures: StructureSet, series: Series) -> list[StructureSet] | None:
    """A structure set for each phase of a series, with the contours that name images of that phase; None where all
    name images of one phase, or none. Contours without an image are all phases'. LoadError where the files are gone."""
    if series.phases < 2 or not series.files:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows, _ = phase_planes(series)
    at: dict[tuple[str, int], int] = {}
    for t, (_, row) in enumerate(rows):
        for plane in row:
            at[plane.header.sop_uid, plane.frame.index + 1] = t
            if len(plane.header.frames) == 1:
                at[plane.header.sop_uid, 0] = t
    moments = {id(one): tuple(at.get(key) for key in _keys(one)) for one in structures.regions}
    known = {moment for one in moments.values() for moment in one if moment is not None}
    if len(known) < 2:
        return None
    ours = {uid for uid, _ in at}
    lost = sum(key[0] in ours and key not in at for one in structures.regions for key in _keys(one))
    if lost:
        raise LoadError(
            f"{lost} of the contours do not say on which phase's image they lie, others name {len(known)} phases",
            remedy="Export the contours again, each with the frame that it was drawn on",
        )
    return [
        replace(structures, regions=tuple(_of_phase(one, moments[id(one)], t) for one in structures.regions))
        for t in range(len(rows))
    ]


def mask_of_phases(
    sets: Sequence[StructureSet], grid: Grid, drawn: Drawn | None, interpolate: bool = False, bridge_mm: float = 0.0
) -> Mask:
    """One mask of a structure set a phase, see ``read_rtstruct.mask_of``; phases without a contour are empty.
    LoadError."""
    masks = [
        mask_of(one, grid, drawn, interpolate, bridge_mm) if any(region.contours for region in one.regions) else None
        for one in sets
    ]
    there = [mask for mask in masks if mask is not None]
    names = list(dict.fromkeys(name for mask in there for name in mask.names.values()))
    data = np.zeros((len(sets), *grid.shape), there[0].data.dtype)
    for frame, mask in zip(data, masks, strict=True):
        for value, name in mask.names.items() if mask is not None else ():
            assert mask is not None
            frame[mask.data[0] == value] = names.index(name) + 1
    data.setflags(write=False)
    notes = [note for mask in there for note in mask.notes]
    notes.append(f"The contours were drawn on images of {len(there)} phases: each is filled by itself")
    return Mask(data, grid, dict(enumerate(names, start=1)), there[0].made_by, tuple(dict.fromkeys(notes)))


def _keys(region: Region) -> list[tuple[str, int]]:
    frames = region.frames or (0,) * len(region.images)
    return list(zip(region.images, frames, strict=True))


def _of_phase(region: Region, moments: tuple[int | None, ...], t: int) -> Region:
    kept = [n for n, moment in enumerate(moments) if moment is None or moment == t]
    return replace(
        region,
        contours=tuple(region.contours[n] for n in kept),
        images=tuple(region.images[n] for n in kept),
        frames=tuple(region.frames[n] for n in kept) if region.frames else (),
    )
