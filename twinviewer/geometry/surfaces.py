"""Triangle surfaces: boundaries of tetrahedra, edges, loops, areas and volumes, smooth surfaces of solids."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import MeshError
from twinviewer.geometry.solids import Solid

Array = NDArray[np.float64]
Triangles = NDArray[np.int32]
_FACES = ((1, 2, 3), (0, 3, 2), (0, 1, 3), (0, 2, 1))


def boundary_triangles(tets: NDArray[np.integer]) -> Triangles:
    """(k, 3) faces that belong to one tetrahedron only, outward for positive tetrahedra."""
    faces = np.concatenate([tets[:, list(f)] for f in _FACES]).astype(np.int64)
    top = int(tets.max()) + 1
    ordered = np.sort(faces, axis=1)
    code = (ordered[:, 0] * top + ordered[:, 1]) * top + ordered[:, 2]
    _, first, count = np.unique(code, return_index=True, return_counts=True)
    return faces[np.sort(first[count == 1])].astype(np.int32)


def area_vectors(points_mm: Array, triangles: NDArray[np.integer]) -> Array:
    """(k, 3) normal of each triangle times its area in mm²."""
    p = points_mm[triangles]
    return 0.5 * np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])


def area_mm2(points_mm: Array, triangles: NDArray[np.integer]) -> float:
    """Total area."""
    return float(np.linalg.norm(area_vectors(points_mm, triangles), axis=1).sum())


def vertex_normals(points_mm: Array, triangles: NDArray[np.integer]) -> Array:
    """(n, 3) area-weighted unit normals; 0 at points without triangles."""
    vectors = area_vectors(points_mm, triangles)
    normal = np.zeros_like(points_mm)
    for corner in range(3):
        for axis in range(3):
            normal[:, axis] += np.bincount(triangles[:, corner], vectors[:, axis], minlength=len(points_mm))
    return normal / np.maximum(np.linalg.norm(normal, axis=1), 1e-300)[:, None]


def volume_ml(points_mm: Array, triangles: NDArray[np.integer]) -> float:
    """Volume inside a closed surface (divergence theorem)."""
    p = points_mm[triangles] - points_mm[triangles[:, 0]].mean(axis=0)
    return float(np.einsum("ij,ij->i", p[:, 0], np.cross(p[:, 1], p[:, 2])).sum()) / 6000.0


def neighbours(triangles: NDArray[np.integer]) -> NDArray[np.int64]:
    """(k, 3) triangle on the other side of edges 01, 12, 20; -1 at an open edge. The surface must be manifold."""
    top = int(triangles.max()) + 1
    count = len(triangles)
    start = np.concatenate([triangles[:, 0], triangles[:, 1], triangles[:, 2]]).astype(np.int64)
    stop = np.concatenate([triangles[:, 1], triangles[:, 2], triangles[:, 0]]).astype(np.int64)
    code, mirror = start * top + stop, stop * top + start
    order = np.argsort(code)
    at = np.minimum(np.searchsorted(code[order], mirror), len(code) - 1)
    found = code[order][at] == mirror
    other = np.where(found, order[at] % count, -1)
    return other.reshape(3, count).T


def boundary_loops(triangles: NDArray[np.integer]) -> list[NDArray[np.int64]]:
    """Closed loops of point indices along the open edges, each in the sense of its triangles, longest first.

    Raises MeshError where loops touch in a point: the caller must mend the surface first.
    """
    beside = neighbours(triangles)
    tri, side = np.nonzero(beside < 0)
    start = triangles[tri, side].astype(np.int64)
    stop = triangles[tri, (side + 1) % 3].astype(np.int64)
    if len(np.unique(start)) != len(start):
        raise MeshError("Two openings of a surface touch in a point")
    after = dict(zip(start.tolist(), stop.tolist(), strict=True))
    loops = []
    while after:
        first, now = after.popitem()
        loop = [first]
        while now != first:
            loop.append(now)
            now = after.pop(now)
        loops.append(np.array(loop, dtype=np.int64))
    return sorted(loops, key=len, reverse=True)


def isosurface(solid: Solid, triangles: int | None = None, volume: float | None = None) -> tuple[Array, Triangles]:
    """The closed smooth surface of a solid, outward, in the frame's LPS mm.

    triangles: decimate to about this many. volume: mL to keep; the points are shifted along their normals by the
    small amount that decimation and smoothing have cost. Raises MeshError when the solid is empty.
    """
    import fast_simplification
    import pyvista as pv

    frame = solid.frame
    padded = np.pad(solid.values, 1, constant_values=float(np.max(solid.values)) + 1.0)
    k, j, i = padded.shape
    image = pv.ImageData(dimensions=(i, j, k), spacing=frame.spacing_mm, origin=frame.origin_mm - frame.spacing_mm)
    image.point_data["d"] = padded.ravel()
    shape = image.contour([0.0], scalars="d", method="flying_edges", compute_normals=False, compute_scalars=False)
    if shape.n_points == 0:
        raise MeshError("A surface is empty")
    shape = shape.extract_largest() if shape.n_cells else shape
    points, faces = np.asarray(shape.points, dtype=np.float64), np.asarray(shape.regular_faces, dtype=np.int32)
    if triangles is not None and len(faces) > triangles:
        reduced, small = fast_simplification.simplify(points.astype(np.float32), faces, target_count=triangles, agg=4)
        points, faces = np.asarray(reduced, dtype=np.float64), np.asarray(small, dtype=np.int32)
    if volume_ml(points, faces) < 0:
        faces = faces[:, ::-1]
    if volume is not None:
        for _ in range(2):
            shift = 1000.0 * (volume - volume_ml(points, faces)) / area_mm2(points, faces)
            points = points + shift * vertex_normals(points, faces)
    world = frame.to_lps(points)
    if np.linalg.det(frame.rotation) < 0:
        faces = faces[:, ::-1]
    return world, np.ascontiguousarray(faces, dtype=np.int32)
