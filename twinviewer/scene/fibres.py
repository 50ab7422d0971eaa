"""Muscle fibres as needles on the wall's faces, coloured by their helix angle, that move and turn with the wall.

Each needle lies in a triangle of the wall's boundary, along the fibre of the tetrahedron behind it, laid into the
face. In motion it stands on its triangle, and its direction goes with the deformation of its tetrahedron: F f, made as
long as before. The helix angle is that of the fibre to the circumference of the ventricle: about +60 degrees at the
endocardium and -60 at the epicardium (Streeter et al., Circ Res 24:339, 1969; the rule is in organs/heart/fibres.py).
"""

from dataclasses import dataclass

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

from twinviewer.domain import OrganMesh
from twinviewer.scene.palette import rgb
from twinviewer.scene.state import Colouring

FIELD = "helix_deg"
HELIX = Colouring(FIELD, "Helix angle of fibres", "°", "activation_safe", -80.0, 80.0)
"""Legend and colours of the needles where the wall itself has none."""
SPACING_MM, LENGTH_MM, LIFT_MM, WIDTH_PX = 4.2, 5.0, 0.4, 2.0
PLAIN = "#1A2029"
"""On a wall that is coloured by a field: the field's colours stay the only ones."""
STEEPEST = 0.35
"""Fibres that leave the face by more than this (length of what lies in it) are left out: their angle says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Needles:
    """triangles (k, 3) and tets (k, 4): nodes. along (k, 4): weights of the tet's nodes whose sum is the direction.
    outward (k,) +1 or -1: on which side of the triangle's own normal the outside is. helix_deg (k,)."""

    triangles: NDArray[np.int64]
    tets: NDArray[np.int64]
    along: NDArray[np.float64]
    outward: NDArray[np.float64]
    helix_deg: NDArray[np.float32]

    def ends_mm(self, points_mm: NDArray[np.floating]) -> NDArray[np.float32]:
        """(2 k, 3) both ends of each needle, one after the other, where the wall stands now."""
        corner = points_mm[self.triangles].astype(np.float64)
        normal = _unit(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])) * self.outward[:, None]
        centre = corner.mean(axis=1) + LIFT_MM * normal
        way = np.einsum("ki,kij->kj", self.along, points_mm[self.tets].astype(np.float64))
        way -= np.einsum("kj,kj->k", way, normal)[:, None] * normal
        half = 0.5 * LENGTH_MM * _unit(way)
        return np.stack([centre - half, centre + half], axis=1).reshape(-1, 3).astype(np.float32)


def needles(mesh: OrganMesh, spacing_mm: float = SPACING_MM) -> Needles | None:
    """About one needle each ``spacing_mm`` of the wall's faces; None for a mesh that has no fibres or axis."""
    wanted = {"lv_apex", "mitral_centre"} <= set(mesh.landmarks) and "transmural" in mesh.point_fields
    if "fibre" not in mesh.cell_fields or "myocardium" not in mesh.surfaces or not wanted or not len(mesh.tets):
        return None
    points = np.asarray(mesh.points_mm, np.float64)
    faces = np.asarray(mesh.surfaces["myocardium"]).astype(np.int64)
    middle = points[faces].mean(axis=1)
    _, first = np.unique(np.floor(middle / spacing_mm).astype(np.int64), axis=0, return_index=True)
    faces = faces[np.sort(first)]
    cell = _cells_behind(faces, np.asarray(mesh.tets).astype(np.int64), len(points))
    faces, cell = faces[cell >= 0], cell[cell >= 0]
    tets = np.asarray(mesh.tets).astype(np.int64)[cell]
    corner = points[faces]
    normal = _unit(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]))
    inside = points[tets].mean(axis=1) - corner.mean(axis=1)
    outward = -np.sign(np.einsum("kj,kj->k", inside, normal))
    normal *= outward[:, None]
    fibre = _unit(np.asarray(mesh.cell_fields["fibre"], np.float64)[cell])
    flat = fibre - np.einsum("kj,kj->k", fibre, normal)[:, None] * normal
    edges = points[tets[:, 1:]] - points[tets[:, :1]]  # rows are edges: direction = weights @ edges
    good = (np.linalg.norm(flat, axis=1) > STEEPEST) & (np.abs(np.linalg.det(edges)) > 1e-9) & (outward != 0)
    weights = np.linalg.solve(np.transpose(edges[good], (0, 2, 1)), _unit(flat[good])[..., None])[..., 0]
    along = np.hstack([-weights.sum(axis=1, keepdims=True), weights])
    depth = np.nan_to_num(np.asarray(mesh.point_fields["transmural"], np.float64))[faces[good]].mean(axis=1)
    radial = normal[good] * np.where(depth > 0.5, 1.0, -1.0)[:, None]
    axis = np.asarray(mesh.landmarks["mitral_centre"], float) - np.asarray(mesh.landmarks["lv_apex"], float)
    around = _unit(np.cross(axis, radial))
    upward = np.cross(radial, around)
    flat = _unit(flat[good])
    across, along_axis = np.einsum("kj,kj->k", flat, around), np.einsum("kj,kj->k", flat, upward)
    sign = np.where(across < 0.0, -1.0, 1.0)
    helix = np.degrees(np.arctan2(along_axis * sign, across * sign))
    return Needles(faces[good], tets[good], along, outward[good], helix.astype(np.float32))


def _cells_behind(faces: NDArray[np.int64], tets: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """(k,) the tetrahedron that has each triangle as a face, -1 where none has."""

    def key(nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        low = np.sort(nodes, axis=1)
        return (low[:, 0] * count + low[:, 1]) * count + low[:, 2]

    touching = np.flatnonzero(np.isin(tets, np.unique(faces)).sum(axis=1) >= 3)
    sides = np.concatenate(
        [key(tets[touching][:, list(side)]) for side in ((0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3))]
    )
    order = np.argsort(sides, kind="stable")
    wanted = key(faces)
    at = np.minimum(np.searchsorted(sides, wanted, sorter=order), len(order) - 1)
    found = order[at]
    return np.where(sides[found] == wanted, touching[found % len(touching)], -1)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


class FibreActor:
    """The needles of one pane, made when first shown and then only moved."""

    def __init__(self, renderer: vtk.vtkRenderer) -> None:
        self._renderer = renderer
        self._mesh: OrganMesh | None = None
        self.needles: Needles | None = None
        self._data = vtk.vtkPolyData()
        self._mapper = vtk.vtkPolyDataMapper()
        self._mapper.SetInputData(self._data)
        self.actor = vtk.vtkActor()
        self.actor.SetMapper(self._mapper)
        self.actor.PickableOff()
        self.actor.GetProperty().LightingOff()
        self.actor.GetProperty().SetLineWidth(WIDTH_PX)
        self._on = False

    def show(
        self,
        mesh: OrganMesh,
        points_mm: NDArray[np.floating],
        table: vtk.vtkLookupTable | None,
        plane: vtk.vtkPlane | None,
        moved: bool,
    ) -> None:
        """table: colours of the helix angle, None for plain needles. plane: cuts them. moved: the wall has."""
        if mesh is not self._mesh:
            self._mesh, self.needles, moved = mesh, needles(mesh), True
            self._build()
        if self.needles is None:
            self.hide()
            return
        if not self._on:
            self._renderer.AddActor(self.actor)
            self._on = moved = True
        if moved:
            places = self._data.GetPoints()
            places.SetData(numpy_to_vtk(self.needles.ends_mm(points_mm), deep=True))
            places.Modified()
            self._data.Modified()
        self._mapper.SetScalarVisibility(table is not None)
        if table is not None:
            self._mapper.SetLookupTable(table)
            self._mapper.UseLookupTableScalarRangeOn()
        self.actor.GetProperty().SetColor(*rgb(PLAIN))
        self._mapper.RemoveAllClippingPlanes()
        if plane is not None:
            self._mapper.AddClippingPlane(plane)

    def hide(self) -> None:
        """Take them away; they are kept."""
        if self._on:
            self._renderer.RemoveActor(self.actor)
            self._on = False

    def _build(self) -> None:
        if self.needles is None:
            return
        count = len(self.needles.helix_deg)
        self._data.SetPoints(vtk.vtkPoints())
        cells = vtk.vtkCellArray()
        cells.SetData(
            numpy_to_vtkIdTypeArray(np.arange(0, 2 * count + 1, 2, dtype=np.int64), deep=True),
            numpy_to_vtkIdTypeArray(np.arange(2 * count, dtype=np.int64), deep=True),
        )
        self._data.SetLines(cells)
        self._data.GetPointData().SetScalars(numpy_to_vtk(np.repeat(self.needles.helix_deg, 2), deep=True))
