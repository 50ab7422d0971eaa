"""Parsers of mesh files that come from anywhere: STL, PLY and OBJ read by numpy, VTP and VTU by VTK.

VTK's own readers of PLY and OBJ die of broken files, so those formats are read here; VTP and VTU only ever in a worker
process. Nothing outside the file is opened. All sizes are checked against the file before memory is taken.
"""

import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import LoadError
from twinviewer.geometry.vtk_checks import check_cells, check_head

Array = NDArray[np.float64]
Raw = tuple[str, Array, NDArray[np.int64]]
"""Name ("" for none), (n, 3) points in the file's own units, (m, 3) triangles."""
MOST_TRIANGLES = 20_000_000
_PLY_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}  # fmt: skip


def read_stl(data: bytes) -> tuple[list[Raw], str]:
    """Parts and the header's text. ASCII files may hold several named solids."""
    if len(data) >= 84:
        (count,) = struct.unpack_from("<I", data, 80)
        if 84 + 50 * count == len(data) and count:
            within(count)
            facets = np.frombuffer(data, np.dtype([("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")]), count, 84)
            points = facets["v"].reshape(-1, 3).astype(np.float64)
            header = data[:80].decode("latin-1", "replace").strip("\0 ")
            return [("", points, np.arange(len(points)).reshape(-1, 3))], header
    if not data.lstrip()[:5].lower() == b"solid":
        raise LoadError("The file is no STL, or it is cut off")
    text = data.decode("latin-1")
    parts: list[Raw] = []
    for found in re.finditer(r"(?is)\bsolid\b([^\n]*)\n(.*?)(?:endsolid|\Z)", text):
        numbers = np.array(re.findall(r"(?i)vertex\s+(\S+)\s+(\S+)\s+(\S+)", found[2]), dtype=np.float64)
        if len(numbers) >= 3:
            whole = numbers[: len(numbers) // 3 * 3]
            parts.append((found[1].strip()[:64], whole, np.arange(len(whole)).reshape(-1, 3)))
    return parts, text[:200]


def read_ply(data: bytes) -> tuple[list[Raw], str]:
    """Parts (always one) and the header's text."""
    end = re.search(rb"end_header\r?\n", data[:65536])
    if not data.startswith(b"ply") or end is None:
        raise LoadError("The file is no PLY")
    header = data[: end.start()].decode("latin-1")
    style = ""
    elements: list[tuple[str, int, list[list[str]]]] = []
    for line in header.splitlines():
        words = line.split()
        if words[:1] == ["format"]:
            style = words[1]
        elif words[:1] == ["element"]:
            elements.append((words[1], int(words[2]), []))
        elif words[:1] == ["property"]:
            elements[-1][2].append(words[1:])
    if style not in ("ascii", "binary_little_endian", "binary_big_endian"):
        raise LoadError(f"PLY of format {style or 'unknown'} is not read")
    order = ">" if style == "binary_big_endian" else "<"
    points, triangles = np.empty((0, 3)), np.empty((0, 3), np.int64)
    at, lines = end.end(), iter(data[end.end() :].decode("latin-1").splitlines()) if style == "ascii" else iter(())
    for name, count, properties in elements:
        within(count // 4)
        lists = [one for one in properties if one[0] == "list"]
        if style == "ascii":
            rows = [next(lines, "").split() for _ in range(count)]
            if name == "vertex":
                column = [[p[-1] for p in properties].index(axis) for axis in "xyz"]
                points = np.array([[row[c] for c in column] for row in rows], dtype=np.float64).reshape(-1, 3)
            elif name == "face" and lists:
                triangles = _fans([np.array(row[1 : 1 + int(row[0])], dtype=np.int64) for row in rows if row])
            continue
        if not lists:
            kind = np.dtype([(p[-1], order + _PLY_TYPES[p[0]]) for p in properties])
            fits(data, at, count * kind.itemsize)
            table = np.frombuffer(data, kind, count, at)
            at += count * kind.itemsize
            if name == "vertex":
                points = np.stack([table[axis] for axis in "xyz"], axis=1).astype(np.float64)
            continue
        faces, at = _ply_faces(data, at, count, properties, order)
        if name == "face":
            triangles = faces
    return [("", points, triangles)], header


def _ply_faces(
    data: bytes, at: int, count: int, properties: list[list[str]], order: str
) -> tuple[NDArray[np.int64], int]:
    """Triangles of an element with lists, and where the next one begins."""
    if count and all(p[0] != "list" or p is properties[0] for p in properties):
        # mostly all faces have three corners: one table
        length, value = (order + _PLY_TYPES[kind] for kind in properties[0][1:3])
        rest = [(p[-1], order + _PLY_TYPES[p[0]]) for p in properties[1:]]
        kind = np.dtype([("#", length), ("@", value, 3), *rest])
        if at + count * kind.itemsize <= len(data):
            table = np.frombuffer(data, kind, count, at)
            if (table["#"] == 3).all():
                return table["@"].astype(np.int64), at + count * kind.itemsize
    faces: list[NDArray[np.int64]] = []
    for _ in range(count):
        for one in properties:
            if one[0] != "list":
                at += np.dtype(_PLY_TYPES[one[0]]).itemsize
                continue
            many, what = np.dtype(order + _PLY_TYPES[one[1]]), np.dtype(order + _PLY_TYPES[one[2]])
            fits(data, at, many.itemsize)
            number = int(np.frombuffer(data, many, 1, at)[0])
            at += many.itemsize
            fits(data, at, number * what.itemsize)
            if one[-1] in ("vertex_indices", "vertex_index"):
                faces.append(np.frombuffer(data, what, number, at).astype(np.int64))
            at += number * what.itemsize
    return _fans(faces), at


def read_obj(data: bytes) -> tuple[list[Raw], str]:
    """A part for each object or group, and the file's first comments."""
    points: list[list[str]] = []
    faces: dict[str, list[NDArray[np.int64]]] = {}
    name = ""
    comments: list[str] = []
    for line in data.decode("latin-1").splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "v":
            points.append(words[1:4])
        elif words[0] == "f":
            corners = np.array([int(word.split("/")[0]) for word in words[1:]], dtype=np.int64)
            faces.setdefault(name, []).append(np.where(corners < 0, corners + len(points), corners - 1))
        elif words[0] in ("o", "g"):
            name = " ".join(words[1:])[:64]
        elif words[0].startswith("#") and len(comments) < 20:
            comments.append(line)
    within(sum(map(len, faces.values())))
    xyz = np.array(points, dtype=np.float64).reshape(-1, 3)
    return [(one, xyz, _fans(few)) for one, few in faces.items()], "\n".join(comments)


def read_vtk_xml(path: Path) -> tuple[list[Raw], str]:
    """Parts of a .vtp or .vtu by VTK: run it in a worker only. Volume cells give their regions' outer surfaces. A cell
    array of whole numbers tells parts apart, where there is one; a field array "part_names" names them."""
    import pyvista as pv

    pv.global_theme.allow_empty_mesh = True
    check_head(path)
    shape = pv.read(path)
    if not isinstance(shape, pv.PolyData | pv.UnstructuredGrid) or shape.n_cells == 0:
        raise LoadError("The file holds no surface and no volume cells")
    check_cells(shape)
    said = [str(shape.field_data[key]) for key in ("units", "frame") if key in shape.field_data]
    names = [str(one) for one in shape.field_data["part_names"]] if "part_names" in shape.field_data else []
    solid = isinstance(shape, pv.UnstructuredGrid)
    key = _part_array(shape)
    values = np.unique(np.asarray(shape.cell_data[key])) if key else np.zeros(1)
    parts: list[Raw] = []
    for number, value in enumerate(values.tolist()):
        piece = shape.extract_cells(np.asarray(shape.cell_data[key]) == value) if key else shape
        surface = (
            piece.extract_surface(algorithm="dataset_surface").triangulate() if solid or key else piece.triangulate()
        )
        if not surface.n_cells or not surface.is_all_triangles:
            continue
        name = names[number] if number < len(names) else (f"{key} {int(value)}" if key else "")
        parts.append((name[:64], np.asarray(surface.points, np.float64), np.asarray(surface.regular_faces, np.int64)))
    return parts, " ".join(said)


def _part_array(shape: Any) -> str:
    """The cell array that tells parts apart, "" for none."""
    for wanted in ("part", "region", "id", "label", "material", "tag", "elemtag", "surface-id", "part-id"):
        for name in shape.cell_data:
            values = np.asarray(shape.cell_data[name])
            if wanted in name.lower() and values.ndim == 1 and np.array_equal(values, np.round(values)):
                count = len(np.unique(values))
                if 1 < count <= 64 and "original" not in name.lower():
                    return str(name)
    return ""


def _fans(faces: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Triangles of polygons, each as a fan from its first corner."""
    if not faces:
        return np.empty((0, 3), np.int64)
    sizes = np.array([len(one) for one in faces])
    if (sizes == 3).all():
        return np.array(faces)
    out = [np.column_stack([np.full(len(f) - 2, f[0]), f[1:-1], f[2:]]) for f in faces if len(f) >= 3]
    return np.concatenate(out) if out else np.empty((0, 3), np.int64)


def within(triangles: int) -> None:
    if triangles > MOST_TRIANGLES or triangles < 0:
        raise LoadError(f"The mesh has more than {MOST_TRIANGLES // 1_000_000} million triangles")


def fits(data: bytes, at: int, size: int) -> None:
    if at < 0 or size < 0 or at + size > len(data):
        raise LoadError("The mesh file is cut off")
