"""All that can be measured of a heart beyond its volumes, added to what its recipe has measured already."""

from collections.abc import Mapping

import numpy as np

from twinviewer.domain import Image, LabelMap, MeshError, OrganMesh, Patient, Quantity, Volume

MODEL_FACE_MM = 1.0
"""How far a face of a model fitted to contours may be off, as for its volumes (organs/heart/motion/measures.py)."""


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


def _of_labels(labels: LabelMap, mesh: OrganMesh | None, image: Image) -> dict[str, Quantity]:
    from twinviewer.organs.heart.measures.collected import Collected
    from twinviewer.organs.heart.measures.fat import epicardial_fat
    from twinviewer.organs.heart.measures.valves import measure_valves
    from twinviewer.organs.heart.measures.vessels import measure_vessels

    out = Collected(float(np.mean(labels.grid.spacing_mm)))
    if "lv_blood" not in labels.names.values():
        return out
    source = labels.image_uid if mesh is None else mesh.label_uid
    reference = int(np.argmax([labels.volume_ml("lv_blood", t) for t in range(labels.phases)]))
    try:
        ring = measure_valves(out, labels, reference, source, {} if mesh is None else mesh.landmarks)
        measure_vessels(out, labels, reference, source, ring)
    except MeshError:  # a vessel that cannot be followed costs its own numbers only
        pass
    if isinstance(image, Volume):
        fat = epicardial_fat(labels, image, reference, source)
        if fat is not None:
            out["epicardial_fat_ml"] = fat
    return out
