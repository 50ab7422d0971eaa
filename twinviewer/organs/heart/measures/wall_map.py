"""The wall's thickness as a field of the mesh, for colouring; numbers by segment come from volume over area."""

from dataclasses import replace

import numpy as np

from twinviewer.domain import OrganMesh
from twinviewer.geometry.thickness import shell_thickness

FIELD = "thickness_mm"
_FACES = ("lv_endocardium", "rv_endocardium", "epicardium")


def with_thickness(mesh: OrganMesh) -> OrganMesh:
    """The mesh with the point field ``thickness_mm`` at end-diastole: of the left wall from its endocardium to the
    epicardium or, in the septum, to the right endocardium; of the right wall from that to the epicardium. NaN off the
    wall. Its uid stays; a mesh without these faces is given back as it is."""
    if not set(_FACES) <= set(mesh.surfaces) or "chamber" not in mesh.cell_fields:
        return mesh
    left, right, outside = (mesh.surfaces[name] for name in _FACES)
    if not (len(left) and len(right) and len(outside)):
        return mesh
    of_left = np.zeros(len(mesh.points_mm), np.bool_)
    of_left[np.unique(mesh.tets[mesh.cell_fields["chamber"] == 1])] = True
    of_right = np.zeros(len(mesh.points_mm), np.bool_)
    of_right[np.unique(mesh.tets[mesh.cell_fields["chamber"] == 2])] = True
    field = np.full(len(mesh.points_mm), np.nan, np.float32)
    for inside, inner, outer in (
        (of_right & ~of_left, right, outside),
        (of_left, left, np.concatenate([outside, right])),
    ):
        at = np.flatnonzero(inside)
        if len(at):
            field[at] = shell_thickness(mesh.points_mm, at, inner, outer)
    return replace(mesh, point_fields={**mesh.point_fields, FIELD: field})
