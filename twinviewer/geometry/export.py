"""Meshes that other programs read: surfaces as STL, VTP, PLY, OBJ or GLB, tetrahedra as VTU.

GLB is in metres with y upwards, as its standard asks; everything else is in LPS mm.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import MeshError, OrganMesh

Array = NDArray[np.float64]
Part = tuple[str, Array, NDArray[np.int64]]
SURFACE_FORMATS = (".stl", ".vtp", ".ply", ".obj", ".glb")


def write_surfaces(
    path: Path,
    mesh: OrganMesh,
    names: Sequence[str],
    colours: Mapping[str, str] | None = None,
    points_mm: NDArray[np.floating] | None = None,
) -> None:
    """Write surfaces into one file; the suffix chooses the format. colours: name -> "#RRGGBB", kept by GLB only.

    points_mm: other positions of the mesh's points, for example one frame of a run. Raises MeshError for an unknown
    suffix or name.
    """
    unknown = [name for name in names if name not in mesh.surfaces]
    if unknown:
        raise MeshError(f"The mesh has no surface {', '.join(unknown)}", remedy=f"It has {', '.join(mesh.surfaces)}.")
    suffix = path.suffix.lower()
    if suffix not in SURFACE_FORMATS:
        raise MeshError(f"Surfaces cannot be written as {suffix}", remedy=f"Use {', '.join(SURFACE_FORMATS)}.")
    points = np.asarray(mesh.points_mm if points_mm is None else points_mm, dtype=np.float64)
    parts: list[Part] = []
    for name in names:
        used, local = np.unique(mesh.surfaces[name], return_inverse=True)
        parts.append((name, points[used], np.asarray(local.reshape(-1, 3), dtype=np.int64)))
    path.parent.mkdir(parents=True, exist_ok=True)
    if suffix == ".glb":
        path.write_bytes(_glb(parts, colours or {}))
    elif suffix == ".obj":
        _write_obj(path, parts)
    else:
        import pyvista as pv

        start = np.cumsum([0] + [len(p) for _, p, _ in parts])
        triangles = np.concatenate([t + s for (_, _, t), s in zip(parts, start[:-1], strict=True)])
        shape = pv.PolyData.from_regular_faces(np.concatenate([p for _, p, _ in parts]), triangles)
        shape.cell_data["part"] = np.repeat(np.arange(len(parts)), [len(t) for _, _, t in parts])
        shape.save(path)


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


def _write_obj(path: Path, parts: list[Part]) -> None:
    lines, start = [], 1
    for name, points, triangles in parts:
        lines.append(f"o {name}")
        lines += [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in points]
        lines += [f"f {a} {b} {c}" for a, b, c in triangles + start]
        start += len(points)
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def _glb(parts: list[Part], colours: Mapping[str, str]) -> bytes:
    """glTF 2.0, binary: one node, mesh and material a surface."""
    blob = bytearray()
    views: list[dict[str, object]] = []
    accessors: list[dict[str, object]] = []
    meshes: list[dict[str, object]] = []
    materials: list[dict[str, object]] = []
    for name, points, triangles in parts:
        # LPS mm -> x left, y up, z towards the front, in metres
        where = (points[:, [0, 2, 1]] * [0.001, 0.001, -0.001]).astype("<f4")
        index = triangles.astype("<u4")
        for data, target in ((where, 34962), (index, 34963)):
            views.append({"buffer": 0, "byteOffset": len(blob), "byteLength": data.nbytes, "target": target})
            blob += data.tobytes()
        low, high = where.min(axis=0).tolist(), where.max(axis=0).tolist()
        count = len(accessors)
        accessors.append(
            {"bufferView": count, "componentType": 5126, "count": len(where), "type": "VEC3", "min": low, "max": high}
        )
        accessors.append({"bufferView": count + 1, "componentType": 5125, "count": index.size, "type": "SCALAR"})
        colour = colours.get(name, "#C8C8C8")
        # sRGB -> linear, as glTF wants it
        factor = [(int(colour[k : k + 2], 16) / 255.0) ** 2.2 for k in (1, 3, 5)] + [1.0]
        materials.append({"name": name, "pbrMetallicRoughness": {"baseColorFactor": factor, "metallicFactor": 0.0}})
        primitive = {"attributes": {"POSITION": count}, "indices": count + 1, "material": len(materials) - 1}
        meshes.append({"name": name, "primitives": [primitive]})
    head = {
        "asset": {"version": "2.0", "generator": "Twinviewer"},
        "scene": 0,
        "scenes": [{"nodes": list(range(len(meshes)))}],
        "nodes": [{"name": mesh["name"], "mesh": at} for at, mesh in enumerate(meshes)],
        "meshes": meshes,
        "materials": materials,
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(blob)}],
    }
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    total = 12 + 8 + len(text) + 8 + len(blob)
    return b"".join(
        [
            struct.pack("<4sII", b"glTF", 2, total),
            struct.pack("<I4s", len(text), b"JSON"),
            text,
            struct.pack("<I4s", len(blob), b"BIN\0"),
            bytes(blob),
        ]
    )
