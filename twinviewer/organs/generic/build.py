"""LabelMap -> OrganMesh: each structure filled with tetrahedra of its own, in one mesh."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import LabelMap, MeshError, OrganMesh, Reporter, part
from twinviewer.geometry.fill import USUAL_MM, Filled, check_sound, easy_edge, edge_for, expected_tets, fill
from twinviewer.geometry.voxel_area import face_area_mm2

MOST_TETS = 200_000
"""About so many tetrahedra in all where the edge is left to the organ."""


def label_uid(labels: LabelMap) -> str:
    """Hash of the voxels and their place, by which numbers name the label map that they come from."""
    digest = hashlib.sha256(np.ascontiguousarray(labels.data).tobytes())
    digest.update(labels.grid.affine.tobytes())
    return f"{labels.made_by} {digest.hexdigest()[:12]}"


def present(labels: LabelMap) -> dict[str, int]:
    """Structures that have a voxel in the first phase, with their value."""
    there = np.bincount(labels.data[0].ravel(), minlength=256)
    return {name: value for value, name in sorted(labels.names.items()) if there[value]}


def edges_for(labels: LabelMap) -> dict[str, float]:
    """An edge in mm for each structure: together about MOST_TETS, and no longer than the structure is thick."""
    volumes = {name: labels.volume_ml(name) for name in present(labels)}
    common = max(USUAL_MM, edge_for(sum(volumes.values()), MOST_TETS)) if volumes else USUAL_MM
    out = {}
    for name, ml in volumes.items():
        area = face_area_mm2(labels.mask(name), labels.grid.spacing_mm)
        out[name] = min(common, easy_edge(ml, area, MOST_TETS))
    return out


def expected(labels: LabelMap, edge_mm: float) -> int:
    """About how many tetrahedra an edge makes; 0 for the edge leaves it to :func:`edges_for`."""
    edges = edges_for(labels) if not edge_mm else dict.fromkeys(present(labels), edge_mm)
    return sum(expected_tets(labels.volume_ml(name), edge) for name, edge in edges.items())


def build(labels: LabelMap, report: Reporter, edge_mm: float = 0.0) -> OrganMesh:
    """Mesh every structure of the first phase. edge_mm: about the longest edge, 0 lets the size of each decide.

    Raises MeshError when no structure can be meshed; one that cannot is named in the notes. Cell field: ``structure``
    (m,) uint8, the label's value; landmarks: ``<name>_centre``, the centre of gravity.
    """
    values = present(labels)
    if not values:
        raise MeshError("The label map is empty", remedy="Outline a structure first")
    edges = dict.fromkeys(values, edge_mm) if edge_mm else edges_for(labels)
    total = sum(labels.volume_ml(name) for name in values)
    made: dict[str, Filled] = {}
    notes, begun = list(labels.notes), 0.0
    if labels.phases > 1:
        notes.append(f"The model shows the first of {labels.phases} phases")
    failed: MeshError | None = None
    for name in values:
        share = labels.volume_ml(name) / total
        try:
            made[name] = fill(labels.mask(name), labels.grid, edges[name], part(report, begun, begun + 0.97 * share))
            notes += check_sound(made[name], name.replace("_", " "))
        except MeshError as error:
            made.pop(name, None)
            failed = error
            notes.append(f"{name.replace('_', ' ')} was left out of the model: {error.what}")
        begun += 0.97 * share
    if not made and failed is not None:
        raise failed
    mesh = _joined(made, values, labels, tuple(notes))
    report(1.0, f"{len(mesh.tets)} tetrahedra")
    return mesh


def _joined(made: dict[str, Filled], values: dict[str, int], labels: LabelMap, notes: tuple[str, ...]) -> OrganMesh:
    start = 0
    surfaces: dict[str, NDArray[np.int32]] = {}
    points, tets, of, landmarks = [], [], [], {}
    for name, one in made.items():
        surfaces[name] = one.surface + np.int32(start)
        points.append(one.points_mm)
        tets.append(one.tets + np.int32(start))
        of.append(np.full(len(one.tets), values[name], dtype=np.uint8))
        k, j, i = np.nonzero(labels.mask(name))
        landmarks[f"{name}_centre"] = labels.grid.to_mm(np.array([[i.mean(), j.mean(), k.mean()]]))[0]
        start += len(one.points_mm)
    every, cells, structure = np.concatenate(points), np.concatenate(tets).astype(np.int32), np.concatenate(of)
    arrays: list[NDArray[np.generic]] = [every, cells, structure, *surfaces.values()]
    for array in arrays:
        array.setflags(write=False)
    return OrganMesh(
        organ="generic",
        points_mm=every,
        tets=cells,
        surfaces=surfaces,
        point_fields={},
        cell_fields={"structure": structure},
        landmarks=landmarks,
        wall_points=len(every),
        uid=hashlib.sha256(every.tobytes() + cells.tobytes()).hexdigest()[:16],
        label_uid=label_uid(labels),
        notes=notes,
    )
