"""Tetrahedra of ten nodes and triangles of six: shape functions, quadrature, and meshes made of linear ones.

Nodes of a tetrahedron: four corners, then the middles of the edges (0,1) (1,2) (0,2) (0,3) (1,3) (2,3); of a triangle:
three corners, then the middles of (0,1) (1,2) (2,0). Middles may lie off the straight edge (isoparametric map).
Quadrature: Keast, Comput Methods Appl Mech Eng 55:339 (1986), degree 2 (4 points); Walkington's degree 5 with 14
points and positive weights; triangles: Dunavant, Int J Numer Methods Eng 21:1129 (1985), degree 4 with 6 points.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import MeshError

Array = NDArray[np.float64]
EDGES = np.array([[0, 1], [1, 2], [0, 2], [0, 3], [1, 3], [2, 3]])
FACES = np.array([[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]])
"""Corners of the face opposite each corner, outward."""


def _orbit(*rules: tuple[float, float, int]) -> tuple[Array, Array]:
    """Barycentric points and weights: (a, w, 1) is (a, a, a, 1-3a) and its turns, (a, w, 2) is (a, a, b, b)."""
    points, weights = [], []
    for a, weight, kind in rules:
        if kind == 1:
            for k in range(4):
                points.append([1.0 - 3.0 * a if k == i else a for i in range(4)])
                weights.append(weight)
        else:
            for i, j in EDGES:
                points.append([a if k in (i, j) else 0.5 - a for k in range(4)])
                weights.append(weight)
    return np.array(points), np.array(weights)


RULES = {
    4: _orbit((0.1381966011250105, 0.25, 1)),
    14: _orbit(
        (0.31088591926330060980, 0.11268792571801585080, 1),
        (0.09273525031089122640, 0.07349304311636194954, 1),
        (0.45449629587435035653, 0.04254602077708146644, 2),
    ),
}
"""Number of points -> (barycentric (q, 4), weights (q,) that sum to 1)."""

_A, _B = 0.445948490915965, 0.091576213509771
TRIANGLE = np.array(
    [[1 - 2 * _A, _A, _A], [_A, 1 - 2 * _A, _A], [_A, _A, 1 - 2 * _A]]
    + [[1 - 2 * _B, _B, _B], [_B, 1 - 2 * _B, _B], [_B, _B, 1 - 2 * _B]]
)
TRIANGLE_WEIGHTS = np.array([0.223381589678011] * 3 + [0.109951743655322] * 3)


def tet_shapes(bary: Array) -> tuple[Array, Array]:
    """(q, 10) shape functions and (q, 10, 3) derivatives by the barycentric coordinates 1, 2, 3."""
    values = np.concatenate([bary * (2.0 * bary - 1.0), 4.0 * bary[:, EDGES[:, 0]] * bary[:, EDGES[:, 1]]], axis=1)
    by_bary = np.zeros((len(bary), 10, 4))
    for k in range(4):
        by_bary[:, k, k] = 4.0 * bary[:, k] - 1.0
    for k, (i, j) in enumerate(EDGES):
        by_bary[:, 4 + k, i] = 4.0 * bary[:, j]
        by_bary[:, 4 + k, j] = 4.0 * bary[:, i]
    return values, by_bary[:, :, 1:] - by_bary[:, :, :1]


def triangle_shapes(bary: Array) -> tuple[Array, Array]:
    """(q, 6) shape functions and (q, 6, 2) derivatives by the barycentric coordinates 1 and 2."""
    pairs = ((0, 1), (1, 2), (2, 0))
    values = np.concatenate(
        [bary * (2.0 * bary - 1.0), np.stack([4.0 * bary[:, i] * bary[:, j] for i, j in pairs], axis=1)], axis=1
    )
    by_bary = np.zeros((len(bary), 6, 3))
    for k in range(3):
        by_bary[:, k, k] = 4.0 * bary[:, k] - 1.0
    for k, (i, j) in enumerate(pairs):
        by_bary[:, 3 + k, i] = 4.0 * bary[:, j]
        by_bary[:, 3 + k, j] = 4.0 * bary[:, i]
    return values, by_bary[:, :, 1:] - by_bary[:, :, :1]


@dataclass(frozen=True, slots=False, eq=False)
class QuadraticMesh:
    """points_mm (n, 3): corners and middles of edges. tets (m, 10) into them, positive volume. rule: points of
    quadrature an element, 4 or 14."""

    points_mm: Array
    tets: NDArray[np.int32]
    rule: int = 14

    @cached_property
    def gradients(self) -> tuple[Array, Array]:
        """(m, q, 10, 3) derivatives of the shape functions in 1/mm, (m, q) volumes in mm³ that points stand for.

        MeshError where an element's map folds.
        """
        bary, weight = RULES[self.rule]
        _, local = tet_shapes(bary)
        jacobian = np.einsum("qak,mai->mqik", local, self.points_mm[self.tets])
        det = np.linalg.det(jacobian)
        if not (det > 0.0).all():
            bad = int(np.argmin(det.min(axis=1)))
            where = ", ".join(f"{x:.1f}" for x in self.points_mm[self.tets[bad, :4]].mean(axis=0))
            raise MeshError("an element is turned inside out", where=f"at ({where}) mm", remedy="Build the mesh again")
        inverse = np.linalg.inv(jacobian)
        return np.einsum("qak,mqki->mqai", local, inverse), det * weight / 6.0

    @cached_property
    def corners(self) -> NDArray[np.int32]:
        """Numbers of the points that are corners of elements, rising."""
        return np.unique(self.tets[:, :4])

    def at_quadrature(self, bary_values: Array) -> Array:
        """(m, q, ...) of values (m, 10, ...) at each element's nodes."""
        shapes, _ = tet_shapes(RULES[self.rule][0])
        return np.einsum("qa,ma...->mq...", shapes, bary_values)


def quadratic(points_mm: Array, tets: NDArray[np.integer], rule: int = 14) -> QuadraticMesh:
    """A mesh of straight ten-node tetrahedra from linear ones (m, 4) of (n, 3) points, which are its first n points."""
    ends = np.sort(tets[:, EDGES].reshape(-1, 2), axis=1).astype(np.int64)
    code, first, inverse = np.unique(ends @ [len(points_mm), 1], return_index=True, return_inverse=True)
    middle = points_mm[ends[first]].mean(axis=1)
    number = (len(points_mm) + inverse.reshape(-1, 6)).astype(np.int32)
    points = np.concatenate([np.asarray(points_mm, np.float64), middle])
    return QuadraticMesh(points, np.concatenate([tets.astype(np.int32), number], axis=1), rule)


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Boundary triangles of elements. nodes (k, 6) into the mesh's points, outward; of_tet (k,) whose they are; local
    (k, 6) their nodes' numbers in that element."""

    nodes: NDArray[np.int32]
    of_tet: NDArray[np.int64]
    local: NDArray[np.int32]

    def part(self, chosen: NDArray[np.generic]) -> "Faces":
        """Those of a mask or a list."""
        return Faces(self.nodes[chosen], self.of_tet[chosen], self.local[chosen])


def _face_local() -> NDArray[np.int32]:
    middle = {frozenset(pair): 4 + k for k, pair in enumerate(EDGES.tolist())}
    rows = []
    for a, b, c in FACES.tolist():
        rows.append([a, b, c, middle[frozenset((a, b))], middle[frozenset((b, c))], middle[frozenset((c, a))]])
    return np.array(rows, np.int32)


FACE_LOCAL = _face_local()


def boundary(mesh: QuadraticMesh) -> Faces:
    """All faces that belong to one element only."""
    faces = np.sort(mesh.tets[:, FACES].reshape(-1, 3), axis=1).astype(np.int64)
    top = len(mesh.points_mm)
    _, first, count = np.unique(
        (faces[:, 0] * top + faces[:, 1]) * top + faces[:, 2], return_index=True, return_counts=True
    )
    alone = np.sort(first[count == 1])
    tet, side = alone // 4, alone % 4
    local = FACE_LOCAL[side]
    return Faces(mesh.tets[tet[:, None], local], tet, local)
