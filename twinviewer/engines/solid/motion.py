"""From the chamber's few elements to every point of the heart's mesh."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twinviewer.domain import OrganMesh
from twinviewer.engines.solid.chamber import Array, Chamber
from twinviewer.geometry.attached import Attached
from twinviewer.geometry.laplace import Elements
from twinviewer.physics.solid.locate import locate
from twinviewer.physics.wall_volume import Neighbours, even_out, keep_volumes

NEAR = 8
ROUNDS = 10
"""Of evening out along the wall's layers, as in the beat engine: elements are wider than the mesh's."""


class Carrier:
    """Where each point of the mesh lies in the chamber, and how it is carried along.

    Points of the left wall in the chamber move with it; the rest of the wall (base, right free wall) follows by the
    smoothest displacement between (Laplace), atria and vessels hang on it (geometry/attached.py).
    """

    def __init__(self, mesh: OrganMesh, one: Chamber) -> None:
        self._mesh, self._chamber = mesh, one
        local = (mesh.points_mm[: mesh.wall_points] - one.origin_mm) @ one.axes.T
        left = np.zeros(mesh.wall_points, bool)
        left[mesh.tets[np.asarray(mesh.cell_fields["chamber"]) == 1]] = True
        element, weights, inside = locate(one.mesh, local)
        self._rows = np.flatnonzero(left & inside)
        self._element, self._weights = element[self._rows], weights[self._rows]
        self._elements = Elements(mesh.points_mm[: mesh.wall_points].astype(np.float64), mesh.tets)
        at = one.mesh.at_quadrature(one.mesh.points_mm[one.mesh.tets]).reshape(-1, 3)
        distance, self._near = cKDTree(at).query(local, k=NEAR)
        share = 1.0 / (distance + 0.5) ** 2
        self._share = share / share.sum(axis=1, keepdims=True)
        self._left = left

    def carried(self, moved_mm: Array) -> Array:
        """(points, 3) LPS positions after displacements (n, 3) of the chamber in its own frame, the apex kept at its
        height: there the base moves, as in a body."""
        one, mesh = self._chamber, self._mesh
        apex = (one.place[:, 1] == 0.0) & (one.place[:, 0] == 1.0)
        moved = moved_mm - [0.0, 0.0, float(moved_mm[apex, 2].mean())]
        at = np.einsum("ka,kai->ki", self._weights, moved[one.mesh.tets[self._element]]) @ one.axes
        reference = mesh.points_mm.astype(np.float64)
        points = reference.copy()
        for axis in range(3):
            points[: mesh.wall_points, axis] += np.nan_to_num(self._elements.laplace(self._rows, at[:, axis]))
        corners = reference[mesh.tets]
        tet_ml = np.linalg.det(corners[:, 1:] - corners[:, :1]) / 6000.0
        neighbours = Neighbours.in_layers(mesh)
        points = reference + even_out(points - reference, neighbours, ROUNDS)
        keep_volumes(points, mesh.tets, tet_ml, neighbours)
        attached = Attached(mesh)
        attached.close(points)
        attached.follow(points, {"la": 1.0, "ra": 1.0})
        return points

    def on_points(self, values: Array) -> NDArray[np.float32]:
        """(points,) of values (m, q) at the chamber's points of quadrature: near means in the left wall, 0 in the right
        one, which the chamber does not have, NaN off the wall."""
        out = np.full(len(self._mesh.points_mm), np.nan, np.float32)
        mean = (values.reshape(-1)[self._near] * self._share).sum(axis=1)
        out[: self._mesh.wall_points] = np.where(self._left, mean, 0.0)
        return out
