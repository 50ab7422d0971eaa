"""What smooth modes leave: cavities brought to the volumes of the label map, elements kept sound."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, cg

from twinviewer.domain import OrganMesh, enclosed_volume_ml
from twinviewer.geometry.attached import Attached
from twinviewer.geometry.laplace import Elements
from twinviewer.geometry.surfaces import area_mm2, vertex_normals
from twinviewer.organs.heart.motion.follow import Faces
from twinviewer.organs.heart.template.mend import mend
from twinviewer.physics.wall_volume import volume_ratios, widen

Array = NDArray[np.float64]

REACH_MM = 8.0  # how far into the wall a move of its face is felt
EVEN_MM = 4.0  # moves are evened out over this length
FARTHEST_MM = 2.0
LEAST_TET = 0.15
LEAST_DEG = 6.0
VOLUME_TOLERANCE = 2e-3
_ROUNDS = 6
_HOLD: Mapping[str, float] = {"lv": 1.0, "rv": 1.0, "epi": 0.4}


class Skin:
    """The faces of one wall at rest, and how moves of them spread into it."""

    def __init__(self, mesh: OrganMesh) -> None:
        wall = mesh.wall_points
        self.mesh, self.attached = mesh, Attached(mesh)
        rest = mesh.points_mm[:wall].astype(np.float64)
        elements = Elements(rest, mesh.tets)
        self.faces = {n: t for n, t in Faces.of(mesh).triangles.items() if n in _HOLD}
        self.rows = {n: np.unique(t).astype(np.int64) for n, t in self.faces.items()}
        hold = np.zeros(wall)
        for name, rows in self.rows.items():
            hold[rows] = np.maximum(hold[rows], _HOLD[name])
        # the face is held with the stiffness of a layer of the wall EVEN_MM thick
        point_mm2 = area_mm2(mesh.points_mm, mesh.surfaces["myocardium"]) / max(int((hold > 0).sum()), 1)
        self.hold = hold * point_mm2 / EVEN_MM
        self.matrix = (elements.stiffness + sparse.diags(elements.mass / REACH_MM**2) + sparse.diags(self.hold)).tocsr()
        self._jacobi = 1.0 / self.matrix.diagonal()
        ones = np.ones(len(mesh.tets))
        self.reference = np.empty(len(mesh.tets))
        volume_ratios(rest, mesh.tets, ones, self.reference)

    def spread(self, moves: Array) -> Array:
        """(wall points, 3) moves of the wall that go with moves wanted of its faces."""
        pre = LinearOperator(self.matrix.shape, matvec=lambda r: self._jacobi * r.ravel())
        columns = [
            cg(self.matrix, self.hold * moves[:, axis], rtol=1e-3, atol=0.0, maxiter=200, M=pre)[0] for axis in range(3)
        ]
        return np.stack(columns, axis=1)

    def filled(self, points_mm: Array, wanted_ml: Mapping[str, float]) -> Array:
        """Every point (n, 3) of the mesh with both cavities at their volumes ("lv", "rv"), their faces moved evenly
        along their normals; lids laid on."""
        mesh, wall = self.mesh, self.mesh.wall_points
        points = points_mm.copy()
        for _ in range(_ROUNDS):
            self.attached.close(points)
            off = {
                side: wanted - enclosed_volume_ml(points, mesh.surfaces[f"{side}_cavity"])
                for side, wanted in wanted_ml.items()
            }
            if all(abs(off[side]) < VOLUME_TOLERANCE * wanted_ml[side] for side in off):
                break
            moves = np.zeros((wall, 3))
            for side, lack in off.items():
                triangles = self.faces[side]
                normal = vertex_normals(points, triangles)[self.rows[side]]
                # normals of the skin look out of the muscle, into the cavity
                far = float(np.clip(-1000.0 * lack / area_mm2(points, triangles), -FARTHEST_MM, FARTHEST_MM))
                moves[self.rows[side]] += far * normal
            points[:wall] += 1.3 * self.spread(moves)
        return points

    def sound(self, points_mm: Array) -> tuple[Array, float]:
        """Points with elements neither below LEAST_TET of their volume at rest nor flatter than LEAST_DEG, as far as
        that can be had, and the least ratio of volumes that is left."""
        tets = self.mesh.tets
        points = np.ascontiguousarray(points_mm, dtype=np.float64).copy()
        ratio = np.empty(len(tets))
        volume_ratios(points, tets, self.reference, ratio)
        if float(ratio.min()) < LEAST_TET:
            widen(points, tets, self.reference, LEAST_TET)
        points = mend(points, tets, self.mesh.surfaces["myocardium"], LEAST_DEG)
        volume_ratios(points, tets, self.reference, ratio)
        return points, float(ratio.min())
