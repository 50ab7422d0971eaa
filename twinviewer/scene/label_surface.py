"""Surfaces of labels, quick enough to follow a brush: each structure's own box, coarsened, by surface nets.

They are for looking at and pointing on; volumes come from the labels. Nothing but numpy arrays goes in or out, so this
may run in a thread (VTK lets go of Python while it works).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Grid
from twinviewer.domain.mesh import enclosed_volume_ml

CELLS = 100
"""How many cells the longest side of a structure is cut into, at most: 15 ms of work for a ball."""
SAMPLES = 128
SMOOTHING = 12

Labels = NDArray[np.uint8]
Triple = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Box:
    """Voxels (k, j, i) from start up to, not including, stop."""

    start: Triple
    stop: Triple

    def with_box(self, other: "Box") -> "Box":
        """The least box that holds both."""
        low = tuple(min(a, b) for a, b in zip(self.start, other.start, strict=True))
        high = tuple(max(a, b) for a, b in zip(self.stop, other.stop, strict=True))
        return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))


@dataclass(frozen=True, slots=True, eq=False)
class LabelSurface:
    """The surface of one label: (n, 3) float32 points in LPS mm with unit normals outward, (m, 3) int32 triangles."""

    value: int
    points_mm: NDArray[np.float32]
    normals: NDArray[np.float32]
    triangles: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class LabelShape:
    """A label's surface as it is drawn. colour "#RRGGBB"; opacity 0..1."""

    surface: LabelSurface
    colour: str
    opacity: float = 1.0


def boxes_of(labels: Labels) -> dict[int, Box]:
    """Label value -> a box that holds it, from one voxel in a few of (k, j, i) labels: some milliseconds for 512³."""
    step = [max(1, -(-size // SAMPLES)) for size in labels.shape]
    few = np.ascontiguousarray(labels[:: step[0], :: step[1], :: step[2]])
    found: dict[int, Box] = {}
    for value in np.flatnonzero(np.bincount(few.ravel(), minlength=256)):
        if value == 0:
            continue
        mask = few == value
        low, high = [], []
        for axis in range(3):
            others = tuple(other for other in range(3) if other != axis)
            along = np.flatnonzero(mask.any(axis=others))
            low.append(max(int(along[0] - 1) * step[axis] + 1, 0))
            high.append(min(int(along[-1] + 1) * step[axis], labels.shape[axis]))
        found[int(value)] = Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))
    return found


def label_surface(labels: Labels, value: int, grid: Grid, box: Box, cells: int = CELLS) -> LabelSurface | None:
    """The surface of a label (k, j, i) within a box that holds it; None where there is none of it."""
    size_mm = [(stop - start) * mm for start, stop, mm in zip(box.start, box.stop, grid.spacing_mm[::-1], strict=True)]
    wanted_mm = max(size_mm) / cells
    step = [max(1, round(wanted_mm / mm)) for mm in grid.spacing_mm[::-1]]
    first = [start + (by - 1) // 2 for start, by in zip(box.start, step, strict=True)]
    parts = tuple(slice(begin, stop, by) for begin, stop, by in zip(first, box.stop, step, strict=True))
    mask = np.pad((labels[parts] == value).astype(np.uint8), 1)
    if not mask.any():
        return None
    points, triangles = _nets(mask)
    ijk = (points - 1.0) * step[::-1] + first[::-1]
    places = grid.to_mm(ijk)
    if enclosed_volume_ml(places, triangles) < 0.0:
        triangles = np.ascontiguousarray(triangles[:, ::-1])
    return LabelSurface(value, places.astype(np.float32), vertex_normals(places, triangles), triangles)


def _nets(mask: Labels) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """(n, 3) points in voxels i, j, k and (m, 3) triangles of the surface of a mask (k, j, i)."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

    image = vtk.vtkImageData()
    image.SetDimensions(*mask.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(mask.ravel()))
    nets = vtk.vtkSurfaceNets3D()
    nets.SetInputData(image)
    nets.SetValue(0, 1)
    nets.SetNumberOfIterations(SMOOTHING)
    nets.SetOutputMeshTypeToTriangles()
    nets.Update()
    found = nets.GetOutput()
    points = vtk_to_numpy(found.GetPoints().GetData()).astype(np.float64)
    corners = vtk_to_numpy(found.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    return points, corners.astype(np.int32)


def vertex_normals(points_mm: NDArray[np.floating], triangles: NDArray[np.integer]) -> NDArray[np.float32]:
    """(n, 3) unit sums of the area-weighted normals of the triangles round each point."""
    corner = points_mm[triangles]
    across = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    spread = triangles.ravel()
    total = np.stack(
        [np.bincount(spread, np.repeat(across[:, axis], 3), minlength=len(points_mm)) for axis in range(3)], axis=1
    )
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12), np.float32)


def first_hit(
    surfaces: Iterable[LabelSurface], start_mm: NDArray[np.float64], along: NDArray[np.float64]
) -> tuple[int, NDArray[np.float64]] | None:
    """What a line of sight from (3,) along a unit vector (3,) meets first: label value and place (3,) in LPS mm.

    Triangles by Möller and Trumbore, Journal of Graphics Tools 2:21 (1997).
    """
    best: tuple[float, int] | None = None
    for surface in surfaces:
        off = surface.points_mm - start_mm.astype(np.float32)
        aside = np.linalg.norm(off - np.outer(off @ along.astype(np.float32), along.astype(np.float32)), axis=1)
        corner = surface.points_mm[surface.triangles[:, 0]]
        edge = np.linalg.norm(surface.points_mm[surface.triangles[:, 1]] - corner, axis=1)
        reach = 1.5 * float(edge.max()) if len(edge) else 0.0
        near = surface.triangles[(aside < reach)[surface.triangles].any(axis=1)]
        a, b, c = (surface.points_mm[near[:, n]].astype(np.float64) for n in range(3))
        one, two = b - a, c - a
        across = np.cross(along, two)
        det = np.einsum("ij,ij->i", one, across)
        flat = np.abs(det) < 1e-12
        scale = 1.0 / np.where(flat, 1.0, det)
        from_a = start_mm - a
        u = np.einsum("ij,ij->i", from_a, across) * scale
        other = np.cross(from_a, one)
        v = other @ along * scale
        far = np.einsum("ij,ij->i", two, other) * scale
        met = far[~flat & (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1.0 + 1e-9) & (far > 0.0)]
        if len(met) and (best is None or float(met.min()) < best[0]):
            best = float(met.min()), surface.value
    return None if best is None else (best[1], start_mm + best[0] * along)
