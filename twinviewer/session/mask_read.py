"""Reading masks made elsewhere: of one file, of a file a phase, or of a file a structure."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from twinviewer.domain import CineStack, Grid, Image, LoadError, Mask, Series, Volume
from twinviewer.geometry.overlay import overlaid
from twinviewer.geometry.read_mask import SUFFIXES, plain_stem, read_mask
from twinviewer.geometry.regrid import regridded
from twinviewer.session.image_files import is_from_file

Given = str | Path | Sequence[str | Path]
"""A file, a folder of such files, or several files."""
MOST_FILES = 255


def files_of(given: Given) -> tuple[Path, ...]:
    """The files that are meant, in the order of their numbers where they carry any. LoadError for none."""
    several = [Path(given)] if isinstance(given, str | Path) else [Path(one) for one in given]
    found: list[Path] = []
    for one in several:
        if one.is_dir():
            inside = [p for p in one.iterdir() if p.is_file() and (p.name.lower().endswith(SUFFIXES) or _dicom(p))]
            found += sorted(inside, key=_natural)
        elif one.is_file():
            found.append(one)
        else:
            raise LoadError("There is no such mask file", where=one.name, remedy="Check the path")
    if not found:
        raise LoadError("There are no masks in this folder", where=several[0].name if several else "")
    if len(found) > MOST_FILES:
        raise LoadError(f"There are {len(found)} files, more than a mask can be of", where=several[0].name)
    return tuple(found) if len(several) == 1 else tuple(sorted(found, key=_natural))


def read_any(
    path: Path,
    image: Image | None = None,
    series: Series | None = None,
    interpolate: bool = False,
    allow_empty: bool = False,
) -> Mask:
    """Read one mask: DICOM SEG, RT structure set, NIfTI, NRRD or MetaImage. LoadError.

    image, series: what is open, onto which contours of a structure set are filled, and against whose headers they are
    checked; without a series structures lie where their coordinates say. interpolate: fill between contours on slices
    that were skipped.
    """
    try:
        return _read_any(path, image, series, interpolate, allow_empty)
    except LoadError as error:
        raise LoadError(error.what, where=error.where or path.name, remedy=error.remedy) from error


def _read_any(path: Path, image: Image | None, series: Series | None, interpolate: bool, allow_empty: bool) -> Mask:
    if not path.is_file():
        raise LoadError("There is no such mask file", where=path.name, remedy="Check the path")
    if _dicom(path):
        from twinviewer.dicom.read_rtstruct import drawn_on, is_rtstruct, mask_of, read_rtstruct
        from twinviewer.dicom.read_seg import read_seg
        from twinviewer.dicom.references import check_references
        from twinviewer.dicom.rtstruct_phases import by_phase, mask_of_phases

        if not is_rtstruct(path):
            mask = read_seg(path)
            drawn = drawn_on(series) if series is not None and series.files and not is_from_file(series) else None
            note = check_references(path, drawn) if drawn is not None else ""
            return replace(mask, notes=(*mask.notes, note)) if note else mask
        if isinstance(image, CineStack):
            from twinviewer.session.cine_mask import read_cine_structures

            return read_cine_structures([path], image, series if series is not None and series.files else None)
        if not isinstance(image, Volume):
            raise LoadError(
                "Contours of a structure set need the slices that they were drawn on", where=path.name,
                remedy="Open that series first",
            )  # fmt: skip
        structures, bridge_mm = read_rtstruct(path), _made_between_mm(image, series)
        if series is None or not series.files or is_from_file(series):
            return mask_of(structures, image.grid, None, interpolate, bridge_mm)
        sets = by_phase(structures, series)
        if sets is None:
            return mask_of(structures, image.grid, drawn_on(series), interpolate, bridge_mm)
        return mask_of_phases(sets, image.grid, drawn_on(series), interpolate, bridge_mm)
    mask = read_mask(path, allow_empty)
    if not mask.names and len(mask.values) == 1:  # a structure a file is called by its file
        return replace(mask, names={mask.values[0]: plain_stem(path)})
    return mask


def _made_between_mm(image: Volume, series: Series | None) -> float:
    """The widest distance of a series' own slices where the volume has others between them, made from these; 0 where
    it has none. Contours cannot have been drawn on such slices."""
    grid = image.slices_read or (series.grid if series is not None else None)
    if grid is None:
        return 0.0
    depths = [row.depth_mm for row in grid.rows if not row.lacks_all and row.depth_mm is not None]
    if len(depths) < 2 or len(depths) >= image.grid.shape[0]:
        return 0.0
    return float(np.diff(sorted(depths)).max())


def read_masks(given: Given, image: Image, series: Series | None = None, interpolate: bool = False) -> Mask:
    """One mask of all that is given. Several files are phases where they have the same name but for numbers, or are
    as many as the images have phases and hold the same numbers; else structures. LoadError."""
    paths = files_of(given)
    if len(paths) == 1:
        return read_any(paths[0], image, series, interpolate)
    if isinstance(image, CineStack) and all(map(_rtstruct, paths)):
        from twinviewer.session.cine_mask import read_cine_structures

        return read_cine_structures(paths, image, series if series is not None and series.files else None)
    stems = {re.sub(r"\d+", "", plain_stem(path)) for path in paths}
    first = read_any(paths[0], image, series, interpolate, True)
    masks = [first, *(read_any(path, image, series, interpolate, True) for path in paths[1:])]
    if not all(mask.grid.same_as(first.grid) for mask in masks):  # a SEG keeps only the slices that it needs
        if not isinstance(image, Volume):
            raise LoadError("The mask's files do not lie on one grid", remedy="Import them one by one")
        masks = [_placed(mask, image.grid) for mask in masks]
        first = masks[0]
    digest = hashlib.sha256("".join(mask.made_by for mask in masks).encode()).hexdigest()[:12]
    made_by = f"imported mask {digest}"
    notes = tuple(dict.fromkeys(note for mask in masks for note in mask.notes))
    same = len(paths) == image.phases and all(set(mask.values) == set(first.values) for mask in masks[1:])
    if image.phases > 1 and (len(stems) == 1 or (same and len(first.values) > 1)):
        names = {number: name for mask in masks[::-1] for number, name in mask.names.items()}
        if len(first.values) == 1 and len(stems) == 1:
            names = {first.values[0]: stems.pop().strip("_- .")}
        return Mask(np.concatenate([mask.data for mask in masks]), first.grid, names, made_by, notes)
    return _of_structures(paths, masks, made_by, notes)


def _placed(mask: Mask, grid: Grid) -> Mask:
    """A mask on another grid, its numbers as they are."""
    values = mask.values[:MOST_FILES]
    back = np.array([0, *values], dtype=np.int32)
    table = {value: at for at, value in enumerate(values, start=1)}
    data = np.stack([back[regridded(frame, mask.grid, grid, table)] for frame in mask.data])
    return replace(mask, data=data, grid=grid)


def _of_structures(paths: Sequence[Path], masks: Sequence[Mask], made_by: str, notes: tuple[str, ...]) -> Mask:
    phases = {mask.phases for mask in masks}
    if len(phases) > 1:
        raise LoadError("The mask's files have different numbers of phases", where=paths[0].name)
    if not any(mask.data.any() for mask in masks):
        raise LoadError("The masks are empty", where=paths[0].name)
    frames, said = [], list(notes)
    names = [plain_stem(path) for path in paths]
    for t in range(phases.pop()):
        data, overlaps = overlaid([mask.data[t] != 0 for mask in masks], range(1, len(masks) + 1), names)
        frames.append(data)
        said += [one for one in overlaps if one not in said]
    stacked = np.stack(frames)
    stacked.setflags(write=False)
    return Mask(stacked, masks[0].grid, dict(enumerate(names, start=1)), made_by, tuple(said))


def _dicom(path: Path) -> bool:
    from twinviewer.dicom.read_seg import is_dicom

    return is_dicom(path)


def _rtstruct(path: Path) -> bool:
    from twinviewer.dicom.read_rtstruct import is_rtstruct

    return is_rtstruct(path)


def _natural(path: Path) -> tuple[object, ...]:
    """Numbers within names in their own order: phase 2 before phase 10."""
    return tuple(int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name.lower()))
