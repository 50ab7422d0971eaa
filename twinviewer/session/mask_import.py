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
from twinviewer.session.mask_place import check_place
from twinviewer.session.steps import Segmented, accept_segmentation
from twinviewer.session.tissue import accept_tissue, kinds, tissue_of_mask

ACTION = "Import mask"
Imported = tuple[Segmented | None, LabelMap | None]
"""The structures of a mask, None where it shows only tissue; and that tissue, None where it shows none."""
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
    """The structures that :func:`compute_import` finds. Raises SegmentationError for a mask of tissue alone, too."""
    found, _ = compute_import(organ, path, image, patient, meaning, phase, report)
    if found is None:
        raise SegmentationError("The mask shows scar and no structure", remedy="Find the structures in the images")
    return found


def compute_import(
    organ: str,
    path: str,
    image: Image,
    patient: Patient,
    meaning: Mapping[int, str] | None = None,
    phase: int | None = None,
    report: Reporter = silent,
) -> Imported:
    """The structures of a mask: labels of a volume, or contours of a cine study and what they measure; and the tissue
    that it marks in them. Scar counts with the muscle that it is part of.

    meaning: number -> structure or tissue; None: the organ's guess. phase: which phase of the images a mask of one
    phase shows, default the one nearest to the R wave. Raises LoadError where the mask cannot be read or does not
    belong to these images, SegmentationError where nothing can be made of it.
    """
    recipe = catalog.organs_from_mask()[organ]
    report(0.05, "Reading the mask")
    mask = read_any(Path(path))
    check_place(mask, image)
    if meaning is None:
        meaning, _ = recipe.name_mask(mask)
    meaning = _checked(meaning, mask, recipe.mask_structures)
    report(0.4, "Placing the mask in the images")
    part_of = kinds(organ)
    tissue = tissue_of_mask(mask, meaning, organ, image, phase)
    if set(meaning.values()) <= set(part_of):
        if tissue is None:
            raise SegmentationError("The mask shows no scar in this phase", remedy="Say which phase it shows")
        return None, tissue
    structures = {value: part_of.get(name, name) for value, name in meaning.items()}
    return _structures(mask, structures, image, patient, organ, phase, report), tissue


def _structures(
    mask: Mask,
    meaning: Mapping[int, str],
    image: Image,
    patient: Patient,
    organ: str,
    phase: int | None,
    report: Reporter,
) -> Segmented:
    """What segmenting gives, of a mask."""
    recipe = catalog.organs_from_mask()[organ]
    if isinstance(image, CineStack):
        contours = recipe.contours_of_mask(mask, meaning, image, phase)
        report(0.8, "Measuring")
        measured: dict[str, Quantity] = dict(catalog.organ(organ).measure(contours, None, image, patient))
        return contours, measured
    return labels_of(mask, meaning, image, recipe.mask_structures, phase)


def accept_mask(case: Case, organ: str, found: Segmented | None, tissue: LabelMap | None = None) -> Case:
    """Take what was imported in place of what was found; the images may have been refused before. A mask of tissue
    alone (found is None) is laid on the model that there is. Raises MeshError where it does not lie in that."""
    if found is not None:
        case = accept_segmentation(case, found, ACTION)
        return case.changed(ACTION, organ=organ, tissue=tissue or case.tissue).with_message("Segment", "")
    return case if tissue is None else accept_tissue(case, tissue)


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
    return accept_mask(case, organ, *compute_import(organ, str(path), case.image, case.patient, meaning, phase, report))


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
