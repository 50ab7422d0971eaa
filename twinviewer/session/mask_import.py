"""A mask made elsewhere in place of finding the structures: read, checked against the images, and named."""

from collections.abc import Mapping

import numpy as np

from twinviewer.domain import (
    CineStack,
    Grid,
    Image,
    LabelMap,
    Mask,
    Patient,
    Quantity,
    Reporter,
    SegmentationError,
    Series,
    silent,
)
from twinviewer.geometry.read_mask import plain_stem
from twinviewer.session import catalog
from twinviewer.session.case import Case
from twinviewer.session.mask_labels import checked, labels_of, laid_over
from twinviewer.session.mask_place import check_place
from twinviewer.session.mask_read import Given, files_of, read_masks
from twinviewer.session.steps import Segmented, accept_segmentation
from twinviewer.session.tissue import accept_tissue, kinds, tissue_of_mask

ACTION = "Import mask"
MANY_FILES = 24
"""More files than this are a whole body's structures, of which few are the organ's."""
Imported = tuple[Segmented | None, LabelMap | None]
"""The structures of a mask, None where it shows only tissue; and that tissue, None where it shows none."""
Row = tuple[int, str, float, str]
"""A number of the mask, what the file calls it, its volume in mL in the first phase, and the structure that it may
mean ("" for none)."""


def organ_from_mask(wanted: str = "", mask: Mask | None = None, series: Series | None = None) -> str:
    """The organ whose structures the mask shows. SegmentationError where none takes masks.

    wanted: the organ of the case, which is kept where it knows a number of the mask, or where a user chose it. Else
    the first that knows one; else one that takes structures of any names. mask: None before it is read. series: where
    its header rules an organ out, mere numbers are not taken for that organ's parts; names in the file still are.
    """
    found = catalog.organs_from_mask()
    if not found:
        raise SegmentationError("No organ takes a mask from elsewhere", remedy="Find the structures instead")
    chosen = catalog.organs_by_choice()
    own = [name for name in found if name not in chosen]
    ordered = [wanted, *own] if wanted in own else own
    if mask is None:
        return wanted if wanted in found else (own or list(found))[0]
    guesses = {name: found[name].name_mask(mask) for name in ordered}
    knows = [name for name in ordered if any(guesses[name][0].values())]
    if series is not None and not wanted:
        knows = [name for name in knows if "names" in guesses[name][1] or catalog.organ(name).suits(series).ok]
    if wanted in chosen and wanted in found and not any("names" in guesses[name][1] for name in knows):
        return wanted
    rest = [name for name in found if name in chosen]
    return (knows or rest or [wanted if wanted in found else next(iter(found))])[0]


def compute_mask_table(
    organ: str,
    given: Given,
    image: Image,
    series: Series | None = None,
    interpolate: bool = False,
    report: Reporter = silent,
) -> tuple[tuple[Row, ...], str, int, int]:
    """For a table that the user may edit: a row a number, on what the guess rests, phases of mask and images.
    LoadError also where the mask does not lie in the images."""
    report(0.1, "Reading the mask")
    return _table(organ, _read(organ, given, image, series, interpolate), image)


def compute_mask_choice(
    wanted: str,
    given: Given,
    image: Image,
    series: Series | None = None,
    interpolate: bool = False,
    report: Reporter = silent,
) -> tuple[str, tuple[Row, ...], str, int, int]:
    """The organ that the mask shows, by :func:`organ_from_mask`, and the table for it."""
    report(0.1, "Reading the mask")
    mask = _read(organ_from_mask(wanted), given, image, series, interpolate)
    organ = organ_from_mask(wanted, mask, series)
    return (organ, *_table(organ, mask, image))


def _table(organ: str, mask: Mask, image: Image) -> tuple[tuple[Row, ...], str, int, int]:
    guess, why = catalog.organs_from_mask()[organ].name_mask(mask)
    why = ". ".join([why, *mask.notes])
    unit = mask.grid.voxel_ml
    rows = []
    for value in mask.values:
        volume = float(max(np.count_nonzero(frame == value) for frame in mask.data)) * unit
        rows.append((value, mask.names.get(value, ""), volume, guess.get(value, "")))
    return tuple(rows), why, mask.phases, image.phases


def compute_mask(
    organ: str,
    given: Given,
    image: Image,
    patient: Patient,
    meaning: Mapping[int, str] | None = None,
    phase: int | None = None,
    series: Series | None = None,
    interpolate: bool = False,
    report: Reporter = silent,
) -> Segmented:
    """The structures that :func:`compute_import` finds. Raises SegmentationError for a mask of tissue alone, too."""
    found, _ = compute_import(organ, given, image, patient, meaning, phase, series, interpolate, report)
    if found is None:
        raise SegmentationError("The mask shows scar and no structure", remedy="Find the structures in the images")
    return found


def compute_import(
    organ: str,
    given: Given,
    image: Image,
    patient: Patient,
    meaning: Mapping[int, str] | None = None,
    phase: int | None = None,
    series: Series | None = None,
    interpolate: bool = False,
    report: Reporter = silent,
) -> Imported:
    """The structures of a mask: labels of a volume, or contours of a cine study and what they measure; and the tissue
    that it marks in them. Scar counts with the muscle that it is part of.

    given: a file or several, as :func:`read_masks` takes them. meaning: number -> structure or tissue; None: the
    organ's guess. phase: which phase of the images a mask of one phase shows, default the one nearest to the R wave.
    series, interpolate: for contours, as in :func:`read_any`. Raises LoadError where the mask cannot be read or does
    not belong to these images, SegmentationError where nothing can be made of it.
    """
    report(0.05, "Reading the mask")
    mask = _read(organ, given, image, series, interpolate)
    return import_of_mask(organ, mask, image, patient, meaning, phase, report)


def import_of_mask(
    organ: str,
    mask: Mask,
    image: Image,
    patient: Patient,
    meaning: Mapping[int, str] | None = None,
    phase: int | None = None,
    report: Reporter = silent,
) -> Imported:
    """The same of a mask that has been read."""
    recipe = catalog.organs_from_mask()[organ]
    if meaning is None:
        meaning, why = recipe.name_mask(mask)
        if not any(meaning.values()):
            listed = ", ".join(f"{value} {mask.names.get(value, '')}".strip() for value in mask.values[:8])
            raise SegmentationError(
                f"Nothing in the mask is known to be a part of this organ ({listed}). {why}",
                remedy="Say which number is which structure",
            )
    meaning = checked(meaning, mask, None if organ in catalog.organs_by_choice() else recipe.mask_structures)
    report(0.4, "Placing the mask in the images")
    part_of = kinds(organ)
    tissue = tissue_of_mask(mask, meaning, organ, image, phase)
    if set(meaning.values()) <= set(part_of):
        if tissue is None:
            raise SegmentationError("The mask shows no scar in this phase", remedy="Say which phase it shows")
        return None, tissue
    structures = {value: part_of.get(name, name) for value, name in meaning.items()}
    return _structures(mask, structures, image, patient, organ, phase, report), tissue


def _read(organ: str, given: Given, image: Image, series: Series | None, interpolate: bool) -> Mask:
    """The mask, checked to lie in the images. Of a folder with many files only those whose names say a structure of
    the organ are read."""
    paths = files_of(given)
    if len(paths) > max(MANY_FILES, image.phases):
        names = {number: plain_stem(path) for number, path in enumerate(paths, start=1)}
        listed = Mask(
            np.arange(len(paths) + 1).reshape(1, 1, 1, -1), Grid((1, 1, len(paths) + 1), np.eye(4)), names, ""
        )
        guess, _ = catalog.organs_from_mask()[organ].name_mask(listed)
        paths = tuple(path for number, path in enumerate(paths, start=1) if guess.get(number)) or paths
    mask = read_masks(paths, image, series, interpolate)
    check_place(mask, image)
    return mask


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


def accept_mask(
    case: Case, organ: str, found: Segmented | None, tissue: LabelMap | None = None, over: bool = False
) -> Case:
    """Take what was imported in place of what was found; the images may have been refused before. A mask of tissue
    alone (found is None) is laid on the model that there is. over: keep the structures that the case has and that the
    import does not name. Raises MeshError where tissue does not lie in the model, SegmentationError where labels
    cannot be laid over each other."""
    if found is not None:
        if over and isinstance(found, LabelMap) and case.labels is not None:
            found = laid_over(case.labels, found)
        case = accept_segmentation(case, found, ACTION)
        return case.changed(ACTION, organ=organ, tissue=tissue or case.tissue).with_message("Segment", "")
    return case if tissue is None else accept_tissue(case, tissue)


def import_mask(
    case: Case,
    given: Given,
    meaning: Mapping[int, str] | None = None,
    phase: int | None = None,
    report: Reporter = silent,
    *,
    interpolate: bool = False,
    over: bool = False,
    organ: str = "",
    by_place: bool = False,
) -> Case:
    """Both halves, where the caller can wait. by_place: it lies where its coordinates say, whatever images it refers
    to. LoadError, SegmentationError."""
    if case.image is None:
        raise SegmentationError("No series is open", remedy="Open the images that the mask belongs to first")
    report(0.05, "Reading the mask")
    series = None if by_place else case.active_series
    mask = _read(organ_from_mask(case.organ), given, case.image, series, interpolate)
    organ = organ or organ_from_mask(case.organ, mask, case.active_series)
    found = import_of_mask(organ, mask, case.image, case.patient, meaning, phase, report)
    return accept_mask(case, organ, *found, over=over)
