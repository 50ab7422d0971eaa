"""An organ that a user chooses: any structure of a volume, outlined by values, by hand or from labels, as geometry."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from twinviewer.domain import (
    LabelMap,
    Parameter,
    ParameterValue,
    Reporter,
    SegmentationError,
    Volume,
    WithEdge,
    silent,
)
from twinviewer.session import catalog
from twinviewer.session.case import Case
from twinviewer.session.steps import accept_segmentation

ACTION = "Outline a structure"
NAMELESS = "structure"
EDGE = "Set the edge of the mesh"


def choosable(case: Case) -> Mapping[str, str]:
    """Organs that the open volume can become where a user wants it: name -> what is limited. Empty without a volume."""
    series = case.active_series
    if series is None or not isinstance(case.image, Volume):
        return {}
    verdicts = {name: catalog.organ(name).suits(series, None) for name in catalog.organs_by_choice()}
    return {name: verdict.reason for name, verdict in verdicts.items() if verdict.ok}


def is_by_choice(case: Case) -> bool:
    """Whether the case's organ is one that was asked for."""
    return case.organ in catalog.organs_by_choice()


def choose_organ(case: Case, name: str) -> Case:
    """The case as one of that organ; labels stay, a model of another organ goes. SegmentationError where the open
    images cannot be it."""
    if name == case.organ:
        return case
    if name not in choosable(case) and name in catalog.organs_by_choice():
        raise SegmentationError(
            f"These images cannot become {catalog.organ(name).label}", remedy="Open a volume of slices first"
        )
    return case.changed(f"Take as {catalog.organ(name).label}", organ=name, mesh=None).with_message("Segment", "")


def outline_parameters(case: Case, name: str) -> Sequence[Parameter]:
    """What may be set for outlining in the open images."""
    modality = case.image.modality if case.image is not None else ""
    return catalog.organs_by_choice()[name].outlines(modality)


def compute_outline(
    name: str, volume: Volume, values: Mapping[str, ParameterValue], report: Reporter = silent
) -> LabelMap:
    """Structures as the values say. SegmentationError."""
    return catalog.organs_by_choice()[name].outline(volume, values, report)


def accept_outline(case: Case, organ: str, labels: LabelMap, *, add: bool = False, name: str = "") -> Case:
    """Take outlined structures in place of the labels; add: beside those that are there, which keep their voxels.
    name: what to call a structure that has none of its own."""
    if called := "_".join(re.findall(r"[A-Za-z0-9]+", name))[:48]:
        names = {value: called if one == NAMELESS else one for value, one in labels.names.items()}
        labels = replace(labels, names=names)
    if add and case.labels is not None:
        labels = joined(case.labels, labels)
    case = case if case.organ == organ else choose_organ(case, organ)
    case = accept_segmentation(case, labels, ACTION)
    return case.with_message("Segment", "")


def outline(
    case: Case, name: str, values: Mapping[str, ParameterValue], report: Reporter = silent, *, add: bool = False
) -> Case:
    """Both halves, where the caller can wait. SegmentationError."""
    if not isinstance(case.image, Volume):
        raise SegmentationError("No volume is open", remedy="Open one first")
    return accept_outline(case, name, compute_outline(name, case.image, values, report), add=add)


def joined(old: LabelMap, new: LabelMap) -> LabelMap:
    """Structures of both: voxels that have a name keep it. SegmentationError where they do not fit together."""
    if old.data.shape != new.data.shape or not old.grid.same_as(new.grid):
        raise SegmentationError("The labels have another grid", remedy="Replace them instead")
    data, names = old.data.copy(), dict(old.names)
    for value, name in new.names.items():
        free = next((number for number in range(1, 256) if number not in names), None)
        if free is None:
            raise SegmentationError("No more than 255 structures fit into one label map")
        taken = set(names.values())
        title = name if name not in taken else next(f"{name}_{n}" for n in range(2, 257) if f"{name}_{n}" not in taken)
        data[(new.data == value) & (old.data == 0)] = free
        names[free] = title
    data.setflags(write=False)
    notes = (*old.notes, *(note for note in new.notes if note not in old.notes))
    return replace(old, data=data, names=names, made_by=f"{old.made_by}; {new.made_by}", notes=notes)


def set_edge(case: Case, edge_mm: float) -> Case:
    """Another wish for the longest edge, 0 for the organ's own; a model that is there stays until it is built again.
    SegmentationError for a wish out of bounds."""
    recipe = catalog.organs().get(case.organ)
    if not isinstance(recipe, WithEdge) or (not edge_mm and not case.edge_mm):
        return case
    try:
        wanted = float(recipe.edge.check(edge_mm)) if edge_mm else 0.0
    except ValueError as error:
        raise SegmentationError(str(error)) from error
    return case if wanted == case.edge_mm else case.changed(EDGE, edge_mm=wanted)


def expected_tets(case: Case, edge_mm: float) -> int:
    """About how many tetrahedra an edge makes of the case's labels, 0 where that is not known."""
    recipe = catalog.organs().get(case.organ)
    if case.labels is None or not isinstance(recipe, WithEdge):
        return 0
    return recipe.expected_tets(case.labels, edge_mm)
