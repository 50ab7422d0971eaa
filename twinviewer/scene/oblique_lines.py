"""Where a moving heart meets any plane: segments by surface, cut anew for each moment."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh
from twinviewer.geometry.cardiac_planes import Plane
from twinviewer.geometry.plane_cut import cut_segments

VENTRICLES = ("epicardium", "rv_endocardium", "lv_endocardium")
SURFACES = ("aorta", "pulmonary_artery", "ra", "la", *VENTRICLES)
"""What is cut, in the order of drawing."""


class ObliqueLines:
    """The cuts of one mesh; only the points of the surfaces that are cut are looked at."""

    def __init__(self, mesh: OrganMesh, surfaces: tuple[str, ...] = SURFACES) -> None:
        self.mesh, self.surfaces = mesh, surfaces
        shown = {name: mesh.surfaces[name] for name in surfaces if len(mesh.surfaces.get(name, ()))}
        if not {"lv_endocardium", "epicardium"} & shown.keys():
            shown = {name: triangles for name, triangles in mesh.surfaces.items() if len(triangles)}
        every = [triangles.ravel() for triangles in shown.values()] or [np.zeros(0, np.int32)]
        self.nodes, local = np.unique(np.concatenate(every), return_inverse=True)
        ends = np.cumsum([len(one) for one in every])[:-1]
        self._triangles = {name: part.reshape(-1, 3) for name, part in zip(shown, np.split(local, ends), strict=False)}

    def at(self, plane: Plane, points_mm: NDArray[np.floating]) -> dict[str, NDArray[np.float64]]:
        """(s, 2, 3) LPS mm ends of segments by surface. points_mm: (n, 3), of the whole mesh at the moment."""
        own = points_mm[self.nodes]
        return {
            name: cut_segments(own, triangles, plane.origin_mm, plane.normal)[0]
            for name, triangles in self._triangles.items()
        }


def extent_mm(plane: Plane, points_mm: NDArray[np.floating], near_mm: float = 6.0) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) in mm of the plane's origin, round the points that lie near the plane."""
    near = points_mm[np.abs(plane.away_mm(points_mm)) < near_mm]
    if len(near) < 10:
        near = points_mm
    flat = plane.to_plane(near)
    low, high = flat.min(axis=0), flat.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
