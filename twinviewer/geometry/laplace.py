"""Linear finite elements on tetrahedra: ∇·∇u = 0 with given values, gradients, and distances by the heat method.

Stiffness K_ij = ∫∇N_i·∇N_j dΩ, lumped mass M. Distances after Crane K, Weischedel C, Wardetzky M. Geodesics in heat.
ACM Trans Graph 32(5), 2013: (M + tK)u = δ, X = -∇u/|∇u|, Kφ = ∫X·∇N.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import linalg

from twinviewer.domain import MeshError

Array = NDArray[np.float64]


class Elements:
    """P1 elements on points_mm (n, 3) and tets (m, 4). Points without tetrahedra are allowed and stay untouched."""

    def __init__(self, points_mm: Array, tets: NDArray[np.integer]) -> None:
        self.points = points_mm
        self.tets = np.asarray(tets, dtype=np.int64)
        first = points_mm[self.tets[:, 0]]
        a, b, c = (points_mm[self.tets[:, k]] - first for k in (1, 2, 3))
        faces = [np.cross(b, c), np.cross(c, a), np.cross(a, b)]
        det = np.einsum("ij,ij->i", a, faces[0])
        if not np.all(det > 0):
            raise MeshError(f"{int((det <= 0).sum())} tetrahedra are inverted")
        self.volume = det / 6.0
        ends = np.stack(faces, axis=1) / det[:, None, None]  # gradients of N1..N3
        self.grad = np.concatenate([-ends.sum(axis=1, keepdims=True), ends], axis=1)  # (m, 4, 3)
        n = len(points_mm)
        local = np.einsum("mia,mja->mij", self.grad, self.grad) * self.volume[:, None, None]
        rows = np.repeat(self.tets, 4, axis=1).ravel()
        columns = np.tile(self.tets, (1, 4)).ravel()
        self.stiffness = sparse.coo_matrix((local.ravel(), (rows, columns)), shape=(n, n)).tocsr()
        self.mass = np.bincount(self.tets.ravel(), np.repeat(self.volume / 4.0, 4), minlength=n)
        self.used = self.mass > 0

    def gradient(self, u: Array) -> Array:
        """(m, 3) gradient of a point field in each tetrahedron."""
        return np.einsum("mi,mia->ma", u[self.tets], self.grad)

    def to_points(self, per_tet: Array) -> Array:
        """Volume-weighted mean of a cell field, scalar or (m, k), at the points."""
        weight = np.repeat(self.volume / 4.0, 4)
        columns = per_tet.reshape(len(self.tets), -1)
        summed: Array = np.stack(
            [np.bincount(self.tets.ravel(), weight * np.repeat(c, 4), minlength=len(self.mass)) for c in columns.T],
            axis=1,
        ).astype(np.float64)
        out = summed / np.where(self.used, self.mass, 1.0)[:, None]
        return out.reshape((len(self.mass), *per_tet.shape[1:]))

    def laplace(self, fixed: NDArray[np.integer], values: Array) -> Array:
        """Harmonic u with u[fixed] = values and natural boundaries elsewhere; NaN at points without tetrahedra.

        Raises MeshError when no point is fixed or the solver does not converge.
        """
        return self._solve(self.stiffness, np.zeros(len(self.mass)), fixed, values)

    def distance(self, sources: NDArray[np.integer], reach_mm: float = 6.0) -> Array:
        """Distance in mm inside the mesh from a set of points, smooth: in a wall thinner than ``reach_mm`` it is the
        length along the wall, whatever the depth; the heat falls by e over that length."""
        # held at 1 on the sources; far away it is tiny, so the tolerance must be too
        screened = self.stiffness + sparse.diags(self.mass / reach_mm**2)
        heat = self._solve(screened, np.zeros(len(self.mass)), sources, np.ones(len(sources)), tolerance=1e-14)
        flow = self.gradient(np.nan_to_num(heat))
        flow = -flow / np.maximum(np.linalg.norm(flow, axis=1), 1e-300)[:, None]
        local = np.einsum("mia,ma->mi", self.grad, flow) * self.volume[:, None]
        load = np.bincount(self.tets.ravel(), local.ravel(), minlength=len(self.mass)).astype(np.float64)
        return np.maximum(self._solve(self.stiffness, load, sources, np.zeros(len(sources))), 0.0)

    def _solve(
        self,
        matrix: sparse.spmatrix,
        load: Array,
        fixed: NDArray[np.integer],
        values: Array,
        tolerance: float = 1e-8,
    ) -> Array:
        fixed = np.asarray(fixed)
        if len(fixed) == 0:
            raise MeshError("A coordinate has no surface to start from")
        u = np.full(len(self.mass), np.nan)
        free = self.used.copy()
        free[fixed] = False
        known = np.zeros(len(self.mass))
        known[fixed] = values
        inner = matrix[free][:, free]
        right = (load - matrix @ known)[free]
        jacobi = 1.0 / inner.diagonal()
        precondition = linalg.LinearOperator(inner.shape, matvec=lambda r: jacobi * r.ravel())
        answer, failed = linalg.cg(inner, right, rtol=tolerance, atol=0.0, maxiter=4000, M=precondition)
        if failed:
            raise MeshError("A coordinate could not be solved on the mesh", remedy="The wall may be in pieces.")
        u[free] = answer
        u[fixed] = values
        return u
