"""Named triangle surfaces as files: STL, OBJ, PLY, VTP and GLB, in LPS mm (GLB: metres, y upwards, as is its standard).

Each file says its units and frame where the format has a place for that: STL in its header, OBJ and PLY in a comment,
VTP as field data, GLB as extras of the asset. Parts keep their names in OBJ, VTP and GLB, their colours in OBJ (with
an .mtl beside it), PLY and GLB. STL knows one body a file: several parts become several files.
"""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import MeshError
from twinviewer.geometry.write_glb import GREY, glb, rgb

Part = tuple[str, NDArray[np.float64], NDArray[np.int64]]
"""Name, (n, 3) points in LPS mm, (m, 3) triangles."""
SURFACE_FORMATS = (".stl", ".vtp", ".ply", ".obj", ".glb")
SAID = "Twinviewer UNITS=mm SPACE=LPS"


def write_parts(path: Path, parts: Sequence[Part], colours: Mapping[str, str] | None = None) -> list[Path]:
    """Write surfaces; the suffix chooses the format. Returns the files: ``path``, or for several parts as STL
    ``name_part.stl`` for each. colours: name -> "#RRGGBB". MeshError for an unknown suffix."""
    path = Path(path)
    suffix, known = path.suffix.lower(), colours or {}
    if suffix not in SURFACE_FORMATS:
        raise MeshError(f"Surfaces cannot be written as {suffix}", remedy=f"Use {', '.join(SURFACE_FORMATS)}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    if suffix == ".glb":
        path.write_bytes(glb(parts, known))
    elif suffix == ".obj":
        _write_obj(path, parts, known)
    elif suffix == ".stl":
        several = (
            [path] if len(parts) == 1 else [path.with_name(f"{path.stem}_{part[0]}{path.suffix}") for part in parts]
        )
        for target, part in zip(several, parts, strict=True):
            _write_stl(target, part)
        return several
    else:
        _write_vtk(path, parts, known)
    return [path]


def _write_stl(path: Path, part: Part) -> None:
    _, points, triangles = part
    corners = points[triangles]
    facets = np.zeros(len(corners), np.dtype([("normal", "<f4", 3), ("corner", "<f4", (3, 3)), ("attribute", "<u2")]))
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    facets["normal"] = normal / np.maximum(np.linalg.norm(normal, axis=1), 1e-30)[:, None]
    facets["corner"] = corners
    with path.open("wb") as handle:
        handle.write(SAID.encode().ljust(80, b" "))  # a header that begins with "solid" would be taken for text
        handle.write(struct.pack("<I", len(corners)))
        handle.write(facets.tobytes())


def _write_obj(path: Path, parts: Sequence[Part], colours: Mapping[str, str]) -> None:
    looks = path.with_suffix(".mtl")
    lines, materials, start = [f"# {SAID}", f"mtllib {looks.name}"], [f"# {SAID}"], 1
    for name, points, triangles in parts:
        red, green, blue = (one / 255.0 for one in rgb(colours.get(name, GREY)))
        materials += [f"newmtl {name}", f"Kd {red:.4f} {green:.4f} {blue:.4f}"]
        lines += [f"o {name}", f"usemtl {name}"]
        lines += [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in points]
        lines += [f"f {a} {b} {c}" for a, b, c in triangles + start]
        start += len(points)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    looks.write_text("\n".join(materials) + "\n", encoding="utf-8")


def _write_vtk(path: Path, parts: Sequence[Part], colours: Mapping[str, str]) -> None:
    import pyvista as pv
    from vtkmodules.vtkIOPLY import vtkPLYWriter

    start = np.cumsum([0] + [len(p) for _, p, _ in parts])
    triangles = np.concatenate([t + s for (_, _, t), s in zip(parts, start[:-1], strict=True)])
    shape = pv.PolyData.from_regular_faces(np.concatenate([p for _, p, _ in parts]), triangles)
    counts = [len(t) for _, _, t in parts]
    shape.cell_data["part"] = np.repeat(np.arange(len(parts)), counts)
    if path.suffix.lower() == ".vtp":
        shape.field_data["part_names"] = [name for name, _, _ in parts]
        shape.field_data["units"] = ["UNITS=mm"]
        shape.field_data["frame"] = ["SPACE=LPS"]
        shape.save(path)
        return
    shape.cell_data["RGB"] = np.repeat([rgb(colours.get(n, GREY)) for n, _, _ in parts], counts, axis=0).astype(
        np.uint8
    )
    writer = vtkPLYWriter()
    writer.SetInputData(shape)
    writer.SetFileName(str(path))
    writer.SetArrayName("RGB")
    writer.AddComment(SAID)
    writer.SetFileTypeToBinary()
    if not writer.Write():
        raise OSError(f"{path.name} cannot be written")
