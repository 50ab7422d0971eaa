"""A mask made elsewhere in place of finding the structures: read, checked against the images, and named."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import (
    CineStack,
    Grid,
    Image,
    LabelMap,
    LoadError,
    Mask,
    Patient,
    Quantity,
    Reporter,
    SegmentationError,
    Volume,
    silent,
)
from twinviewer.session import catalog
from twinviewer.session.case import Case
from twinviewer.session.steps import Segmented, accept_segmentation

ACTION = "Import mask"
LEAST_INSIDE = 0.5
"""Share of the mask's voxels that must lie within the images."""
Row = tuple[int, str, float, str]
"""A number of the mask, what the file calls it, its volume in mL in the first phase, and the structure that it may
mean ("" for none)."""


def read_any(path: Path) -> Mask:
    """Read a mask: DICOM SEG, NIfTI, NRRD or MetaImage. LoadError."""
    if not path.is_file():
        raise LoadError("There is no such mask file", where=path.name, remedy="Check the path")
    from twinviewer.dicom.read_seg import is_dicom, read_seg

    if is_dicom(path):
        return read_seg(path)
    from twinviewer.geometry.read_mask import read_mask

    return read_mask(path)


def organ_from_mask(wanted: str = "") -> str:
    """The organ whose structures the mask shows: the one wanted, or the first that takes masks. SegmentationError."""
    found = catalog.organs_from_mask()
    if wanted in found:
        return wanted
    if not found:
        raise SegmentationError("No organ takes a mask from elsewhere", remedy="Find the structures instead")
    return next(iter(found))


def compute_mask_table(
    organ: str, path: str, image: Image, report: Reporter = silent
) -> tuple[tuple[Row, ...], str, int, int]:
    """For a table that the user may edit: a row a number, on what the guess rests, phases of mask and images.
    LoadError also where the mask does not lie in the images."""
    report(0.1, "Reading the mask")
    mask = read_any(Path(path))
    check_place(mask, image)
    guess, why = catalog.organs_from_mask()[organ].name_mask(mask)
    unit = mask.grid.voxel_ml
    rows = []
    for value in mask.values:
        volume = float(max(np.count_nonzero(frame == value) for frame in mask.data)) * unit
        rows.append((value, mask.names.get(value, ""), volume, guess.get(value, "")))
    return tuple(rows), why, mask.phases, image.phases


def compute_mask(
    organ: str,
    path: str,
    image: Image,
    patient: Patient,
    meaning: Mapping[int, str] | None = None,
    phase: int | None = None,
    report: Reporter = silent,
) -> Segmented:
    """Labels of a volume, or contours of a cine study and what they measure.

    meaning: number -> structure; None: the organ's guess. phase: which phase of the images a mask of one phase shows,
    default the one nearest to the R wave. Raises LoadError where the mask cannot be read or does not belong to these
    images, SegmentationError where nothing can be made of it.
    """
    recipe = catalog.organs_from_mask()[organ]
    report(0.05, "Reading the mask")
    mask = read_any(Path(path))
    check_place(mask, image)
    if meaning is None:
        meaning, _ = recipe.name_mask(mask)
    meaning = _checked(meaning, mask, recipe.mask_structures)
    report(0.4, "Placing the mask in the images")
    if isinstance(image, CineStack):
        contours = recipe.contours_of_mask(mask, meaning, image, phase)
        report(0.8, "Measuring")
        measured: dict[str, Quantity] = dict(catalog.organ(organ).measure(contours, None, image, patient))
        return contours, measured
    return labels_of(mask, meaning, image, recipe.mask_structures, phase)


def accept_mask(case: Case, organ: str, found: Segmented) -> Case:
    """Take what was imported in place of what was found; the images may have been refused before."""
    case = accept_segmentation(case, found, ACTION)
    return case.changed(ACTION, organ=organ).with_message("Segment", "")


def import_mask(
    case: Case,
    path: Path,
    meaning: Mapping[int, str] | None = None,
    phase: int | None = None,
    report: Reporter = silent,
) -> Case:
    """Both halves, where the caller can wait. LoadError, SegmentationError."""
    if case.image is None:
        raise SegmentationError("No series is open", remedy="Open the images that the mask belongs to first")
    organ = organ_from_mask(case.organ)
    found = compute_mask(organ, str(path), case.image, case.patient, meaning, phase, report)
    return accept_mask(case, organ, found)


def parse_meaning(text: str) -> dict[int, str]:
    """ "1=lv_blood,2=lv_myocardium" as number -> structure. ValueError, naming the entry, for anything else."""
    out: dict[int, str] = {}
    for entry in filter(None, (one.strip() for one in text.split(","))):
        number, equals, name = (one.strip() for one in entry.partition("="))
        if not equals or not number.isdigit() or not name:
            raise ValueError(f"{entry!r} is not number=structure")
        out[int(number)] = name
    return out


def labels_of(
    mask: Mask, meaning: Mapping[int, str], volume: Volume, structures: Mapping[int, str], phase: int | None = None
) -> LabelMap:
    """The mask on the volume's own grid, in the organ's numbers; the nearest voxel where grids differ."""
    number = {name: value for value, name in structures.items()}
    table = {value: number[name] for value, name in meaning.items() if name}
    notes = ["The structures were imported from a mask, not found by this program"]
    if mask.phases == volume.phases:
        percent = volume.phase_percent
    elif mask.phases == 1:
        chosen = int(np.argmin(np.minimum(volume.phase_percent, 100.0 - volume.phase_percent)))
        chosen = chosen if phase is None else phase
        if not 0 <= chosen < volume.phases:
            raise SegmentationError(f"There is no phase {chosen + 1}: the images have {volume.phases}")
        percent = volume.phase_percent[chosen : chosen + 1]
        notes.append(f"The mask shows one phase, taken as phase {chosen + 1} of {volume.phases} ({percent[0]:.0f} %)")
    else:
        raise SegmentationError(
            f"The mask has {mask.phases} phases, the images {volume.phases}",
            remedy="Give a mask of all phases, or of one",
        )
    frames = [_on_grid(frame, mask.grid, volume.grid, table) for frame in mask.data]
    data = np.stack(frames)
    if not data.any():
        raise SegmentationError("Nothing of the mask is left in the images", remedy="Say which number is which")
    if not mask.grid.same_as(volume.grid):
        notes.append("The mask has another grid than the images: the nearest of its voxels was taken")
    present = {int(v): structures[int(v)] for v in np.unique(data) if v}
    data.setflags(write=False)
    return LabelMap(data, volume.grid, present, percent, mask.made_by, volume.uid, tuple(notes))


def _on_grid(frame: NDArray[np.integer], own: Grid, wanted: Grid, table: Mapping[int, int]) -> NDArray[np.uint8]:
    """(k, j, i) uint8 on the wanted grid."""
    lookup = np.zeros(int(frame.max(initial=0)) + 1, dtype=np.uint8)
    for value, number in table.items():
        if value < len(lookup):
            lookup[value] = number
    if own.same_as(wanted):
        return np.asarray(lookup[frame])
    k_count, j_count, i_count = wanted.shape
    out = np.zeros(wanted.shape, dtype=np.uint8)
    to_own = np.linalg.inv(own.affine) @ wanted.affine
    jj, ii = np.mgrid[0:j_count, 0:i_count]
    plane = np.stack([ii.ravel(), jj.ravel()]).astype(np.float64)
    limits = np.array(own.shape[::-1])[:, None]
    for k in range(k_count):
        at = np.rint(to_own[:3, :2] @ plane + (to_own[:3, 2] * k + to_own[:3, 3])[:, None]).astype(np.int64)
        inside = ((at >= 0) & (at < limits)).all(axis=0)
        i, j, depth = at[:, inside]
        row = out[k].reshape(-1)
        row[inside] = lookup[frame[depth, j, i]]
    return out


def check_place(mask: Mask, image: Image) -> None:
    """LoadError where the mask does not lie in the images, saying how far off it is."""
    k, j, i = np.nonzero(mask.data.any(axis=0))
    some = np.linspace(0, len(k) - 1, min(len(k), 4000)).astype(int)
    points = mask.grid.to_mm(np.stack([i[some], j[some], k[some]], axis=1).astype(np.float64))
    share = _inside(points, image)
    if share >= LEAST_INSIDE:
        return
    middle = points.mean(axis=0)
    off = float(np.linalg.norm(middle - _middle_mm(image)))
    remedy = "Check that it was made from this study"
    if _inside(points * [-1.0, -1.0, 1.0], image) >= LEAST_INSIDE:
        remedy = (
            "With left and right, and front and back, exchanged it would fit: write it again in patient coordinates"
        )
    raise LoadError(
        f"The mask does not lie in these images: {100 * share:.0f} % of it is inside, its middle is {off:.0f} mm from "
        "theirs",
        remedy=remedy,
    )


def _inside(points: NDArray[np.float64], image: Image) -> float:
    """Share of points within the volume, or within the box of the short-axis or other planes of a cine study."""
    if isinstance(image, Volume):
        at = image.grid.to_ijk(points)
        limits = np.array(image.grid.shape[::-1])
        return float(((at >= -0.5) & (at <= limits - 0.5)).all(axis=1).mean())
    inside = np.zeros(len(points), dtype=bool)
    for plane in image.planes:
        _, rows, columns = plane.frames.shape
        away = points - plane.affine[:3, 3]
        near = np.abs(away @ plane.normal) <= max(20.0, plane.thickness_mm)
        i = away @ plane.affine[:3, 0] / (plane.affine[:3, 0] @ plane.affine[:3, 0])
        j = away @ plane.affine[:3, 1] / (plane.affine[:3, 1] @ plane.affine[:3, 1])
        inside |= near & (i >= -0.5) & (i <= columns - 0.5) & (j >= -0.5) & (j <= rows - 0.5)
    return float(inside.mean())


def _middle_mm(image: Image) -> NDArray[np.float64]:
    if isinstance(image, Volume):
        return image.grid.centre_mm
    middles = []
    for plane in image.planes:
        _, rows, columns = plane.frames.shape
        middles.append(plane.affine[:3, :3] @ [(columns - 1) / 2, (rows - 1) / 2, 0.0] + plane.affine[:3, 3])
    return np.asarray(np.mean(middles, axis=0))


def _checked(meaning: Mapping[int, str], mask: Mask, structures: Mapping[int, str]) -> dict[int, str]:
    known = set(structures.values())
    if unknown := sorted({name for name in meaning.values() if name} - known):
        raise SegmentationError(
            f"{', '.join(unknown)} is no structure of this organ", remedy=f"Known: {', '.join(structures.values())}"
        )
    if missing := sorted(set(meaning) - set(mask.values)):
        there = ", ".join(str(v) for v in mask.values)
        raise SegmentationError(
            f"The mask has no {', '.join(str(v) for v in missing)}", remedy=f"Its numbers are {there}"
        )
    out = {value: name for value, name in meaning.items() if name}
    if not out:
        there = ", ".join(str(v) for v in mask.values)
        raise SegmentationError(
            "No number of the mask means a structure", remedy=f"Say which is which; its numbers are {there}"
        )
    return out
