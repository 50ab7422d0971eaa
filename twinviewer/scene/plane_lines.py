"""A moving mesh drawn on cine images: where its surfaces meet each plane at the moment of each frame."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CinePlane, CineStack, OrganMesh
from twinviewer.geometry.plane_cut import cut_lines
from twinviewer.scene.motion import measured_motion
from twinviewer.scene.slices import fraction_of

SURFACES = ("epicardium", "lv_endocardium", "rv_endocardium")
"""What is cut, in the order of drawing."""

PixelLine = NDArray[np.float64]
"""(p, 2) columns and rows of the image, 0 at the centre of the first pixel."""


class PlaneLines:
    """The cuts of one mesh with the planes of one study, made when first asked for and kept (some kB a frame).

    A frame shows the heart at its trigger time within this plane's own R-R, so that is when the mesh is cut. A mesh
    without motion is cut as it stands. shift_mm: as in CineContours; the mesh stands where all planes agree, so that
    its lines go back by it to lie on the plane's own images.
    """

    def __init__(self, mesh: OrganMesh, stack: CineStack, shift_mm: NDArray[np.float64] | None = None) -> None:
        self.mesh, self.stack = mesh, stack
        self._shift_mm = np.zeros((len(stack.planes), 3)) if shift_mm is None else shift_mm
        self._motion = measured_motion(mesh)
        # only the points that the surfaces use: distances to a plane are computed for all of them
        shown = {name: mesh.surfaces[name] for name in SURFACES if len(mesh.surfaces.get(name, ()))}
        every = [triangles.ravel() for triangles in shown.values()] or [np.zeros(0, np.int32)]
        self._nodes, local = np.unique(np.concatenate(every), return_inverse=True)
        ends = np.cumsum([len(one) for one in every])[:-1]
        self._triangles = {name: part.reshape(-1, 3) for name, part in zip(shown, np.split(local, ends), strict=False)}
        self._kept: dict[tuple[int, int], dict[str, list[PixelLine]]] = {}

    def at(self, plane: int, frame: int) -> dict[str, list[PixelLine]]:
        """Lines by surface in the pixels of one frame; a surface that misses the plane has none."""
        key = (plane, frame)
        if key not in self._kept:
            self._kept[key] = self._cut(
                self.stack.planes[plane], fraction_of(self.stack.planes[plane], frame), self._shift_mm[plane]
            )
        return self._kept[key]

    def _cut(self, plane: CinePlane, fraction: float, shift_mm: NDArray[np.float64]) -> dict[str, list[PixelLine]]:
        points = self.mesh.points_mm if self._motion is None else self._motion.points_at(fraction)
        points = points[self._nodes]
        inverse = np.linalg.inv(plane.affine)
        found = {}
        for name, triangles in self._triangles.items():
            lines = cut_lines(points, triangles, plane.affine[:3, 3] + shift_mm, plane.normal)
            found[name] = [(line - shift_mm) @ inverse[:2, :3].T + inverse[:2, 3] for line in lines]
        return found
