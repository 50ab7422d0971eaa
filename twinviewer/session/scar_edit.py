"""A scar that is painted on the model: which points a brush covers, and what a finished stroke makes of the Case.

A brush is a disc on the wall's inner or outer surface. What lies under it is found by feet: every point of the wall has
a foot on the inner and one on the outer surface (the nearest point there), and a point is covered where its foot is
within the brush's radius and its depth within the brush's. Necrosis runs from inside outwards (Reimer and Jennings, Lab
Invest 1979;40:633), so a depth counts from the endocardium, whichever side is painted.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twinviewer.domain import MeshError, OrganMesh
from twinviewer.session.case import Case

Kind = Literal["core", "border", "healthy"]
VALUE: dict[Kind, float] = {"core": 1.0, "border": 0.5, "healthy": 0.0}
"""What a brush leaves in the point field ``scar``."""
FIELD = "scar"
SKIN = 0.04
"""Share of the wall that counts as its surface."""
PAINTED = "Scar painted"
CLEARED = "Scar cleared"


@dataclass(frozen=True, slots=True)
class Brush:
    """radius_mm: on the surface. depth_percent: of the wall, from the endocardium; 100 is transmural."""

    kind: Kind = "core"
    radius_mm: float = 8.0
    depth_percent: float = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class WallFeet:
    """Where each point of a wall stands on its inner and its outer surface.

    points_mm: (p, 3) LPS of the wall; depth: (p,) 0 endocardium … 1 epicardium; inner, outer: trees of the (p, 3) feet;
    tet_ml: (m,) volumes.
    """

    points_mm: NDArray[np.float64]
    depth: NDArray[np.float64]
    inner: cKDTree
    outer: cKDTree
    tet_ml: NDArray[np.float64]

    @classmethod
    def of(cls, mesh: OrganMesh) -> "WallFeet":
        """Feet of a mesh's wall: some tenths of a second for 100,000 points. MeshError where it knows no depth."""
        if "transmural" not in mesh.point_fields:
            raise MeshError("A scar cannot be painted on this mesh", where="missing transmural")
        points = np.asarray(mesh.points_mm, np.float64)[: mesh.wall_points]
        depth = np.nan_to_num(np.asarray(mesh.point_fields["transmural"], np.float64)[: mesh.wall_points])
        trees = []
        for skin in (depth <= SKIN, depth >= 1.0 - SKIN):
            own = points[skin] if skin.any() else points
            trees.append(cKDTree(own[cKDTree(own).query(points)[1]]))
        edge = points[mesh.tets[:, 1:]] - points[mesh.tets[:, :1]]
        return cls(points, depth, trees[0], trees[1], np.abs(np.linalg.det(edge)) / 6000.0)

    def under(self, node: int, brush: Brush) -> NDArray[np.intp]:
        """(k,) points of the wall that the brush covers when it stands on this one."""
        tree = self.inner if self.depth[node] < 0.5 else self.outer
        foot = tree.data[node]
        near = np.asarray(tree.query_ball_point(foot, brush.radius_mm), np.intp)
        return near[self.depth[near] <= brush.depth_percent / 100.0 + 1e-6]


def painted(mesh: OrganMesh) -> NDArray[np.float32]:
    """(n,) a copy of what is painted on this mesh, to be painted on: 0 healthy, 0.5 border zone, 1 core."""
    if FIELD in mesh.point_fields:
        return np.array(mesh.point_fields[FIELD], np.float32)
    return np.zeros(len(mesh.points_mm), np.float32)


def accept_scar(case: Case, values: NDArray[np.floating], action: str = PAINTED) -> Case:
    """The Case with this scar (n,) on its model; all that was simulated without it is dropped, and treatments stay as
    plans for the next baseline. MeshError without a model, ValueError for values out of 0 to 1."""
    from twinviewer.organs.heart.scar import with_painted

    if case.mesh is None:
        raise MeshError("There is no model to paint on", remedy="Build the model first")
    mesh = with_painted(case.mesh, values)
    plans = tuple(replace(one, run=None, setup=replace(one.setup, mesh=mesh, untreated=None)) for one in case.treated)
    made = case.changed(action, mesh=mesh, measurements=case.measurements, typed=case.typed, scenarios=plans)
    return made.with_message("Simulate", f"Made again after: {action}" if case.scenarios else "")


def amounts_ml(mesh: OrganMesh, tet_ml: NDArray[np.float64]) -> tuple[float, float]:
    """Core and border zone that are painted on a mesh, in mL, as the baseline will take them. tet_ml: (m,) volumes."""
    from twinviewer.organs.heart.scar import marked

    core, border = marked(mesh)
    return float(tet_ml[core].sum()), float(tet_ml[border].sum())
