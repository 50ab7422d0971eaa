"""Closed surfaces of labels, where no model has been made: each encloses what its voxels hold.

The signed distance to the voxels' borders, smoothed by less than a voxel, is cut at the level that encloses the voxels'
volume: the surface is smooth, closed by construction and keeps the volume. Neighbours are cut each for itself, so that
they may overlap or part by a fraction of a voxel.
"""

import numpy as np
from scipy import ndimage

from twinviewer.domain import LabelMap, MeshError, Reporter, silent
from twinviewer.geometry.surfaces import volume_ml
from twinviewer.geometry.write_parts import Part

SOFT_VOXELS = 0.7
CLOSE = 0.002
"""Relative error of the volume at which the level is good enough."""
LEAST_VOXELS = 8
_MARGIN = 4


def label_surfaces(labels: LabelMap, phase: int = 0, report: Reporter = silent) -> list[Part]:
    """A closed surface for each structure of one phase, outward, in LPS mm. MeshError where there is nothing."""
    parts = []
    for done, (value, name) in enumerate(sorted(labels.names.items())):
        report(done / len(labels.names), f"Surface of {name.replace('_', ' ')}")
        region = labels.data[phase] == value
        if np.count_nonzero(region) >= LEAST_VOXELS:
            parts.append(_surface(labels, name, value, phase))
    if not parts:
        raise MeshError("There are no structures to make surfaces of", remedy="Find the structures first")
    return parts


def _surface(labels: LabelMap, name: str, value: int, phase: int) -> Part:
    import pyvista as pv

    region = labels.data[phase] == value
    seen = [np.flatnonzero(region.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    low = np.array([one[0] for one in seen])
    box = tuple(slice(int(one[0]), int(one[-1]) + 1) for one in seen)
    padded = np.pad(region[box], _MARGIN)
    spacing = labels.grid.spacing_mm[::-1]
    signed = ndimage.distance_transform_edt(padded, sampling=spacing)
    signed -= ndimage.distance_transform_edt(~padded, sampling=spacing)
    signed = ndimage.gaussian_filter(signed, SOFT_VOXELS, mode="nearest")
    signed += 1e-7  # no voxel centre lies on the surface: triangles without area are none
    k, j, i = padded.shape
    image = pv.ImageData(dimensions=(i, j, k))
    image.point_data["d"] = signed.ravel()
    wanted = float(np.count_nonzero(region)) * labels.grid.voxel_ml
    origin = low[::-1] - _MARGIN
    at, step, reach = 0.0, 0.0, 2.0 * max(spacing)
    found: list[tuple[float, float]] = []
    for _ in range(8):
        shape = image.contour([at], scalars="d", method="flying_edges", compute_normals=False, compute_scalars=False)
        points = labels.grid.to_mm(np.asarray(shape.points, dtype=np.float64) + origin)
        triangles = np.asarray(shape.regular_faces, dtype=np.int64)
        volume = abs(volume_ml(points, triangles)) if len(triangles) else 0.0
        found.append((at, volume))
        if abs(volume - wanted) <= CLOSE * wanted:
            break
        if len(found) > 1 and found[-1][1] != found[-2][1]:
            (a, va), (b, vb) = found[-2:]
            step = (wanted - vb) * (b - a) / (vb - va)
        else:
            step = 0.3 * min(spacing) * (1.0 if volume > wanted else -1.0)
        at = float(np.clip(at + step, -reach, reach))
    if volume_ml(points, triangles) < 0:
        triangles = triangles[:, ::-1]
    return name, points, np.ascontiguousarray(triangles)
