"""Contours of a structure set on a cine study, as a mask that follows the short-axis slices.

A structure set says of each contour on which image it was drawn, and so in which plane and at which phase. Where it
names no image that is here, the contour's own plane tells the slice, and its phase stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CinePoint, CineStack, Grid, LoadError, Mask, Series
from twinviewer.geometry.contour_fill import fill
from twinviewer.geometry.overlay import overlaid
from twinviewer.segmentation.cine.short_axis import short_axis

if TYPE_CHECKING:
    from twinviewer.dicom.read_rtstruct import Region, StructureSet

UNKNOWN = -1
_POINT = re.compile(r"(mitral|tricuspid|aortic|lv_apex_endo|lv_apex_epi|rv_apex)(?: ([+-]1))?")
_NEAR = 0.5
"""Of the slice distance: a contour further from a slice than that lies on none."""
_PARALLEL = 0.9995


def read_cine_structures(paths: Sequence[Path], stack: CineStack, series: Series | None) -> Mask:
    """All phases of the study, empty where nothing was drawn; or one phase where it is not known which.

    paths: one set, or several of the same structures. series: of the study, None to go by coordinates alone. LoadError
    where a set belongs to other images, SegmentationError where the study has no short axis.
    """
    grid, moment = _grid(stack), _moments(series)
    sets = [_checked(path, series) for path in paths]
    names = list(dict.fromkeys(_name(region, n) for one in sets for n, region in enumerate(one.regions, start=1)))
    drawn: dict[int, dict[str, list[NDArray[np.float64]]]] = {}
    left_out = 0
    for one in sets:
        for number, region in enumerate(one.regions, start=1):
            for points, image in zip(region.contours, region.images, strict=True):
                if _on_a_slice(points, grid):
                    here = drawn.setdefault(moment.get(image, UNKNOWN), {})
                    here.setdefault(_name(region, number), []).append(points)
                else:
                    left_out += 1
    if not drawn:
        raise LoadError("No contour of the structure set lies on a short-axis slice", where=paths[0].name)
    if UNKNOWN in drawn and len(drawn) > 1:
        raise LoadError("Some contours do not say at which phase they were drawn", where=paths[0].name)
    known = UNKNOWN not in drawn
    data = np.zeros((stack.phases if known else 1, *grid.shape), np.uint8)
    notes: list[str] = []
    for phase, by_name in drawn.items():
        empty = np.zeros(grid.shape, np.bool_)
        regions = [fill(by_name[name], grid).region if name in by_name else empty for name in names]
        laid, said = overlaid(regions, range(1, len(names) + 1), names)
        data[phase if known else 0] = laid
        notes += [one for one in said if one not in notes][:1]
    if left_out:
        notes.append(f"{left_out} contours lie on no short-axis slice: they were left out")
    places = _points(sets, stack, series) if known else ()
    data.setflags(write=False)
    digest = sets[0].made_by if len(sets) == 1 else f"{sets[0].made_by} and {len(sets) - 1} more"
    return Mask(data, grid, dict(enumerate(names, start=1)), digest, tuple(notes), places)


def _points(sets: Sequence[StructureSet], stack: CineStack, series: Series | None) -> tuple[CinePoint, ...]:
    """The ends of valves and apices that the sets give as points on images of the study."""
    if series is None or not any(one.points for one in sets):
        return ()
    from twinviewer.dicom.write_cine_contours import cine_images

    images = enumerate(cine_images(series))
    at = {plane.header.sop_uid: (number, t) for number, row in images for t, plane in enumerate(row)}
    found: dict[tuple[int, int, str, int], CinePoint] = {}
    for point in (one for structures in sets for one in structures.points):
        named = _POINT.fullmatch(point.name)
        if named is None or point.image not in at:
            continue
        plane, phase = at[point.image]
        if plane < len(stack.planes) and phase < len(stack.planes[plane].frames):
            side = int(named[2] or 0)
            found[plane, phase, named[1], side] = CinePoint(plane, phase, named[1], side, point.point_mm, 1.0)
    return tuple(found.values())


def _checked(path: Path, series: Series | None) -> StructureSet:
    """A structure set, held against the images that are open."""
    from twinviewer.dicom.belonging import OTHER_IMAGES, Drawn, drawn_on, judged
    from twinviewer.dicom.read_rtstruct import read_rtstruct

    structures = read_rtstruct(path)
    if series is not None:
        on = frozenset(image for region in structures.regions for image in region.images if image)
        named = Drawn(structures.frames_of_reference, structures.series, structures.images | on)
        verdict = judged(named, drawn_on(series))
        if verdict.refused:
            raise LoadError(verdict.refused, where=path.name, remedy=OTHER_IMAGES)
    return structures


def _moments(series: Series | None) -> dict[str, int]:
    """Phase of every image of the study."""
    if series is None:
        return {}
    from twinviewer.dicom.write_cine_contours import cine_images

    return {plane.header.sop_uid: t for row in cine_images(series) for t, plane in enumerate(row)}


def _name(region: Region, number: int) -> str:
    return region.name or f"Structure {number}"


def _grid(stack: CineStack) -> Grid:
    """The pixels of the first short-axis slice, a slice each. LoadError where the slices are not evenly spaced."""
    slices = short_axis(stack)
    first = slices.planes[0]
    steps = np.diff(slices.depth_mm)
    step = float(np.median(steps))
    count = int(round((slices.depth_mm[-1] - slices.depth_mm[0]) / step)) + 1  # a slice that is lacking stays empty
    off = (slices.depth_mm - slices.depth_mm[0]) / step
    if np.abs(off - np.round(off)).max() > _NEAR / 2:
        raise LoadError("The short-axis slices are not evenly spaced", remedy="Give a mask in NIfTI or NRRD")
    affine = np.eye(4)
    affine[:3, :2], affine[:3, 3] = first.affine[:3, :2], first.affine[:3, 3]
    affine[:3, 2] = slices.axes[2] * step
    rows = max(plane.frames.shape[1] for plane in slices.planes)
    columns = max(plane.frames.shape[2] for plane in slices.planes)
    return Grid((count, rows, columns), affine)


def _on_a_slice(points: NDArray[np.float64], grid: Grid) -> bool:
    """Whether a contour lies flat on one of the slices."""
    along = grid.affine[:3, 2]
    heights = np.asarray(grid.to_ijk(points)[:, 2])
    middle = float(heights.mean())
    away = points - points.mean(axis=0)
    normal = np.cross(away, np.roll(away, -1, axis=0)).sum(axis=0)
    size = float(np.linalg.norm(normal) * np.linalg.norm(along))
    flat = size > 0 and abs(float(normal @ along)) >= _PARALLEL * size
    return flat and abs(middle - round(middle)) < _NEAR and 0 <= round(middle) < grid.shape[0]
