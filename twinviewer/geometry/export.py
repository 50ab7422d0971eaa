"""Models as files that other programs read: surfaces as STL, VTP, PLY, OBJ or GLB, tetrahedra as VTU."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import MeshError, OrganMesh
from twinviewer.geometry.write_parts import Part, write_parts


def closed_surfaces(mesh: OrganMesh) -> list[str]:
    """Names of the surfaces that enclose something: the muscle, cavities, chambers, vessels; not walls that are part of
    another. All names where none does."""
    out = []
    for name, triangles in mesh.surfaces.items():
        edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
        _, count = np.unique(edges, axis=0, return_counts=True)
        if len(triangles) and (count == 2).all():
            out.append(name)
    return out or list(mesh.surfaces)


def write_surfaces(
    path: Path,
    mesh: OrganMesh,
    names: Sequence[str],
    colours: Mapping[str, str] | None = None,
    points_mm: NDArray[np.floating] | None = None,
) -> list[Path]:
    """Write surfaces, as :func:`write_parts` does; returns the files. colours: name -> "#RRGGBB".

    points_mm: other positions of the mesh's points, for example one frame of a run. Raises MeshError for an unknown
    suffix or name.
    """
    unknown = [name for name in names if name not in mesh.surfaces]
    if unknown:
        raise MeshError(f"The mesh has no surface {', '.join(unknown)}", remedy=f"It has {', '.join(mesh.surfaces)}.")
    points = np.asarray(mesh.points_mm if points_mm is None else points_mm, dtype=np.float64)
    parts: list[Part] = []
    for name in names:
        used, local = np.unique(mesh.surfaces[name], return_inverse=True)
        parts.append((name, points[used], np.asarray(local.reshape(-1, 3), dtype=np.int64)))
    return write_parts(Path(path), parts, colours)


def write_tets(path: Path, mesh: OrganMesh) -> None:
    """Write the wall's tetrahedra with all their fields as VTK .vtu."""
    import pyvista as pv

    wall = mesh.points_mm[: mesh.wall_points]
    grid = pv.UnstructuredGrid({pv.CellType.TETRA: mesh.tets}, wall)
    for name, values in mesh.point_fields.items():
        grid.point_data[name] = values[: mesh.wall_points]
    for name, values in mesh.cell_fields.items():
        grid.cell_data[name] = values
    path.parent.mkdir(parents=True, exist_ok=True)
    grid.save(path)
