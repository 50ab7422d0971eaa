"""Scar and its like, marked in a mask: kept with the case and laid on its model.

A change of the marks is a change of the model, so that scenarios made before are dropped; its geometry, measurements
and uid stay.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineStack, Image, LabelMap, Mask, MeshError, OrganMesh, SegmentationError, Volume
from twinviewer.session import catalog
from twinviewer.session.case import Case

LAY = "Import scar"
WAITS = "Scar from the mask is kept, and laid on the model when it is built"


def kinds(organ: str) -> Mapping[str, str]:
    """Kind of tissue -> the structure that it is part of; empty for an organ that knows none."""
    found = catalog.organs_with_tissue().get(organ)
    return {} if found is None else found.tissue_structures


def tissue_of_mask(
    mask: Mask, meaning: Mapping[int, str], organ: str, image: Image, phase: int | None = None
) -> LabelMap | None:
    """One phase of a mask on its own grid, with the tissue that it marks and the structures round that; None where no
    number means tissue. meaning: number -> structure or tissue. phase: of the images, as in ``compute_mask``.
    SegmentationError for a phase that the images do not have."""
    part_of = kinds(organ)
    if not set(meaning.values()) & set(part_of):
        return None
    percent = _percent(image)
    chosen = int(np.argmin(np.minimum(percent, 100.0 - percent))) if phase is None else phase
    if not 0 <= chosen < len(percent):
        raise SegmentationError(f"There is no phase {chosen + 1}: the images have {len(percent)}")
    frame = mask.data[chosen if mask.phases == len(percent) else 0]
    wanted = {*part_of, *part_of.values()}
    number = {name: value for value, name in enumerate(sorted(wanted & set(meaning.values())), start=1)}
    lookup = np.zeros(int(mask.data.max()) + 1, np.uint8)
    for value, name in meaning.items():
        lookup[value] = number.get(name, 0)
    data = lookup[frame][None]
    if not np.isin(data, [number[name] for name in part_of if name in number]).any():
        return None
    names = {value: name for name, value in number.items()}
    data.setflags(write=False)
    return LabelMap(data, mask.grid, names, percent[chosen : chosen + 1].copy(), mask.made_by, image.uid)


def marked_model(case: Case, mesh: OrganMesh) -> tuple[OrganMesh, str]:
    """A model of this case with the tissue that the case keeps, and a word where it does not lie in the model."""
    if case.tissue is None or case.organ not in catalog.organs_with_tissue():
        return mesh, ""
    try:
        return catalog.organs_with_tissue()[case.organ].with_tissue(mesh, case.tissue), ""
    except MeshError as error:
        return mesh, str(error)


def accept_tissue(case: Case, tissue: LabelMap) -> Case:
    """Keep marks from a mask and lay them on the model, if there is one; scenarios made before are dropped. Raises
    MeshError where none of them lies in it."""
    if case.mesh is None:
        return case.changed(LAY, tissue=tissue).with_message("Model", WAITS)
    mesh = catalog.organs_with_tissue()[case.organ].with_tissue(case.mesh, tissue)
    return case.changed(LAY, mesh=mesh, tissue=tissue, measurements=case.measurements, typed=case.typed)


def _percent(image: Image) -> NDArray[np.float64]:
    """(t,) of the beat."""
    if isinstance(image, Volume):
        return image.phase_percent
    assert isinstance(image, CineStack)
    from twinviewer.segmentation.cine.phases import beat_fraction  # its room compiles: half a second that can wait

    return 100.0 * beat_fraction(max(image.planes, key=lambda plane: len(plane.frames)))
