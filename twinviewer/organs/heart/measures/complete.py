"""All that can be measured of a heart beyond its volumes, added to what its recipe has measured already."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from twinviewer.domain import Grid, Image, LabelMap, MeshError, OrganMesh, Patient, Quantity, Volume

MODEL_FACE_MM = 1.0
"""How far a face of a model fitted to contours may be off, as for its volumes (organs/heart/motion/measures.py)."""


MARGIN_MM = 30.0
"""What of the image may bear on a measure beyond the labels: the fat round them."""


def completed(
    measured: Mapping[str, Quantity], labels: LabelMap | None, mesh: OrganMesh | None, image: Image, patient: Patient
) -> Mapping[str, Quantity]:
    """measured, and what else the labels, the mesh and the image give: shape of the left ventricle, rings, vessels,
    fat, and all that is indexed by body surface. What cannot be measured is left out; numbers that are there stay."""
    from twinviewer.organs.heart.measures.indexed import atrial_emptying, indexed
    from twinviewer.organs.heart.measures.shape import measure_shape

    out = {**atrial_emptying(measured)}
    if mesh is not None:
        face = MODEL_FACE_MM if labels is None else 0.45 * float(np.mean(labels.grid.spacing_mm))
        out.update(measure_shape(mesh, measured, face))
    if labels is not None:
        out.update(_of_labels(labels, mesh, image))
    out.update(measured)
    return {**indexed(out, patient), **out}


def cropped(labels: LabelMap, volume: Volume | None) -> tuple[LabelMap, Volume | None]:
    """Both within MARGIN_MM of what is labelled in any phase: a fine scan of a whole chest is mostly not heart."""
    labelled = np.maximum.reduce([labels.data[t] for t in range(labels.phases)]) > 0
    ends = [np.flatnonzero(labelled.any(axis=tuple(other for other in range(3) if other != axis))) for axis in range(3)]
    if not all(len(end) for end in ends):
        return labels, volume
    margin = [int(np.ceil(MARGIN_MM / step)) for step in labels.grid.spacing_mm[::-1]]
    box = tuple(slice(max(int(end[0]) - m, 0), int(end[-1]) + 1 + m) for end, m in zip(ends, margin, strict=True))
    affine = labels.grid.affine.copy()
    affine[:3, 3] = labels.grid.to_mm(np.array([[part.start for part in box[::-1]]], np.float64))[0]
    data = labels.data[(slice(None), *box)]
    k, j, i = data.shape[1:]
    grid = Grid((k, j, i), affine)
    image = None if volume is None else replace(volume, data=volume.data[(slice(None), *box)], grid=grid)
    return replace(labels, data=data, grid=grid), image


def _of_labels(labels: LabelMap, mesh: OrganMesh | None, image: Image) -> dict[str, Quantity]:
    from twinviewer.organs.heart.measures.collected import Collected
    from twinviewer.organs.heart.measures.fat import epicardial_fat
    from twinviewer.organs.heart.measures.valves import measure_valves
    from twinviewer.organs.heart.measures.vessels import measure_vessels

    out = Collected(float(np.mean(labels.grid.spacing_mm)))
    if "lv_blood" not in labels.names.values():
        return out
    source = labels.image_uid if mesh is None else mesh.label_uid
    fits = isinstance(image, Volume) and labels.grid.same_as(image.grid)
    labels, volume = cropped(labels, image if isinstance(image, Volume) and fits else None)
    reference = int(np.argmax([labels.volume_ml("lv_blood", t) for t in range(labels.phases)]))
    try:
        ring = measure_valves(out, labels, reference, source, {} if mesh is None else mesh.landmarks)
        measure_vessels(out, labels, reference, source, ring)
    except (MeshError, ValueError, RuntimeError):  # a shape that cannot be followed costs its own numbers only
        pass
    if volume is not None:
        fat = epicardial_fat(labels, volume, reference, source)
        if fat is not None:
            out["epicardial_fat_ml"] = fat
    return out
