"""Scar and border zone from a label map onto the mesh: which points of the wall they cover.

A model's wall never lies quite where a mask's does. Where the label map shows the muscle round the scar, each point of
the left wall takes what the nearest voxel of labelled muscle says, so that a transmural scar stays transmural. A label
map of scar alone is read where the points are; on the faces of the wall also REACH_MM beside, lest a rim of muscle that
does not exist be left alive.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twinviewer.domain import LabelMap, MeshError, OrganMesh
from twinviewer.organs.heart.scar import BORDER_VALUE, CORE_VALUE, SCAR_LABEL, marked, with_painted
from twinviewer.organs.heart.styles import TISSUE_STRUCTURES
from twinviewer.physics.heart_model import patches_of

BORDER_LABEL, MUSCLE_LABEL = "border_zone", "lv_myocardium"
REACH_MM = 2.0
"""How far the faces of a model's wall may lie from those of a mask. Assumed: a pixel of late enhancement."""
SLICE_SHARE = 0.75
"""Of the largest voxel edge: how far from labelled muscle a point still belongs to it."""
NOTE = "Marked scar"

Values = NDArray[np.float32]


def with_tissue(mesh: OrganMesh, tissue: LabelMap) -> OrganMesh:
    """The mesh with the point field ``scar`` of a label map with ``scar``, ``border_zone`` or both.

    tissue: one phase; with ``lv_myocardium`` where the muscle round them is labelled too. A mesh with motion is looked
    at in the frame nearest to that phase. Its notes say how much of the marked volume lies in the wall. Raises
    MeshError where none does.
    """
    values = scar_values(mesh, tissue)
    core_ml, border_ml = (tissue.volume_ml(n) if n in tissue.names.values() else 0.0 for n in TISSUE_STRUCTURES)
    if not values.any():
        raise MeshError(
            f"The {core_ml + border_ml:.1f} mL of scar in the mask do not lie in the model's wall",
            where=f"{_gap_mm(mesh, tissue):.0f} mm from it",
            remedy="Check that mask and model belong to the same study, and the phase of the mask",
        )
    out = with_painted(mesh, values)
    core, border = marked(out)
    volume = patches_of(out).tet_ml
    note = (
        f"{NOTE}: {volume[core].sum():.1f} mL core and {volume[border].sum():.1f} mL border zone in the wall, from "
        f"{core_ml:.1f} and {border_ml:.1f} mL in the mask"
    )
    return replace(out, notes=(*(n for n in mesh.notes if not n.startswith(NOTE)), note))


def scar_values(mesh: OrganMesh, tissue: LabelMap) -> Values:
    """(wall points,) 0, 0.5 or 1 as the label map has it there."""
    points = _positions(mesh, float(tissue.phase_percent[0]))
    code = np.zeros(256, np.float32)
    for number, name in tissue.names.items():
        code[number] = {SCAR_LABEL: CORE_VALUE, BORDER_LABEL: BORDER_VALUE}.get(name, 0.0)
    data = tissue.data[0]
    index = np.rint(tissue.grid.to_ijk(points)).astype(np.int64)
    inside = np.asarray(((index >= 0) & (index < np.array(tissue.grid.shape[::-1]))).all(axis=1))
    i, j, k = np.where(inside[:, None], index, 0).T
    own = np.asarray(np.where(inside, data[k, j, i], 0))
    out = code[own]
    if MUSCLE_LABEL in tissue.names.values():
        search = np.asarray((own == 0) & _left(mesh))
        reach = max(REACH_MM, SLICE_SHARE * max(tissue.grid.spacing_mm))
        places = np.argwhere(np.isin(data, list(tissue.names)))
        out[~_left(mesh)] = 0.0
    else:
        depth = np.nan_to_num(np.asarray(mesh.point_fields["transmural"], float))[: mesh.wall_points]
        search = np.asarray((own == 0) & ((depth < 0.02) | (depth > 0.98)))
        reach = REACH_MM
        places = np.argwhere(code[data] > 0.0)
    if len(places) and search.any():
        gap, nearest = cKDTree(tissue.grid.to_mm(places[:, ::-1].astype(np.float64))).query(
            points[search], distance_upper_bound=reach
        )
        k, j, i = places[np.minimum(nearest, len(places) - 1)].T
        out[search] = np.where(np.isfinite(gap), code[data[k, j, i]], 0.0)
    return out


def _positions(mesh: OrganMesh, percent: float) -> NDArray[np.float64]:
    """(wall points, 3) at this phase of the beat, as far as the mesh moves."""
    if mesh.motion_mm is None or mesh.motion_fraction is None:
        return mesh.points_mm[: mesh.wall_points]
    away = np.abs(mesh.motion_fraction - percent / 100.0)
    frame = int(np.argmin(np.minimum(away, 1.0 - away)))
    return np.asarray(mesh.motion_mm[frame, : mesh.wall_points], dtype=np.float64)


def _left(mesh: OrganMesh) -> NDArray[np.bool_]:
    """(wall points,) which belong to the left wall."""
    return np.asarray(mesh.point_fields["aha_segment"])[: mesh.wall_points] > 0


def _gap_mm(mesh: OrganMesh, tissue: LabelMap) -> float:
    """From the middle of the marks to the nearest point of the wall."""
    kinds = [number for number, name in tissue.names.items() if name in TISSUE_STRUCTURES]
    places = np.argwhere(np.isin(tissue.data[0], kinds))
    middle = tissue.grid.to_mm(places[:, ::-1].astype(np.float64)).mean(axis=0)
    points = _positions(mesh, float(tissue.phase_percent[0]))
    return float(np.linalg.norm(points - middle, axis=1).min())
