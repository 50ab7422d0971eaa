"""glTF 2.0 binary files as named triangles, read by numpy: nodes with their places, no materials, nothing compressed.

Nothing outside the file is opened, and every table is checked against the file's length before it is read.
"""

import json
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import LoadError
from twinviewer.geometry.mesh_files import Array, Raw, fits, within

_GLB_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}


def read_glb(data: bytes) -> tuple[list[Raw], str]:
    """A part for each node that has a mesh, in the scene's frame: metres, y upwards. Extras of the asset as text."""
    if len(data) < 20 or data[:4] != b"glTF":
        raise LoadError("The file is no GLB")
    (length,) = struct.unpack_from("<I", data, 12)
    if data[16:20] != b"JSON" or 20 + length > len(data):
        raise LoadError("The GLB is cut off")
    head = json.loads(data[20 : 20 + length])
    if packed := sorted(set(head.get("extensionsRequired", [])) - {"KHR_materials_unlit", "KHR_texture_transform"}):
        raise LoadError(
            f"The GLB is packed in a way that is not read ({', '.join(map(str, packed))})",
            remedy="Export it without compression",
        )
    at = 20 + length
    blob = data[at + 8 :] if len(data) >= at + 8 and data[at + 4 : at + 7] == b"BIN" else b""
    parts: list[Raw] = []
    for name, matrix, mesh in _glb_nodes(head):
        corners: list[Array] = []
        triangles: list[NDArray[np.int64]] = []
        start = 0
        for primitive in mesh.get("primitives", []):
            if primitive.get("mode", 4) != 4 or "POSITION" not in primitive.get("attributes", {}):
                continue
            points = _glb_values(head, blob, primitive["attributes"]["POSITION"]).astype(np.float64)
            if "indices" in primitive:
                index = _glb_values(head, blob, primitive["indices"]).astype(np.int64).reshape(-1)
            else:
                index = np.arange(len(points))
            corners.append(points.reshape(-1, 3))
            triangles.append(index[: len(index) // 3 * 3].reshape(-1, 3) + start)
            start += len(points)
        if corners:
            joined = np.concatenate(corners) @ matrix[:3, :3].T + matrix[:3, 3]
            parts.append((name, joined, np.concatenate(triangles)))
    return parts, json.dumps(head.get("asset", {}))


def _glb_nodes(head: dict[str, Any]) -> Iterator[tuple[str, Array, dict[str, Any]]]:
    """Name, matrix to the scene and mesh of every node that has one."""
    nodes, meshes = head.get("nodes", []), head.get("meshes", [])
    scenes = head.get("scenes", [])
    roots = scenes[head.get("scene", 0)].get("nodes", []) if scenes else range(len(nodes))
    todo = [(int(root), np.eye(4)) for root in roots]
    seen: set[int] = set()
    while todo:
        at, above = todo.pop(0)
        if at in seen or not 0 <= at < len(nodes):
            continue
        seen.add(at)
        node = nodes[at]
        matrix = above @ _glb_matrix(node)
        if 0 <= node.get("mesh", -1) < len(meshes):
            mesh = meshes[node["mesh"]]
            yield str(node.get("name") or mesh.get("name") or "")[:64], matrix, mesh
        todo += [(int(child), matrix) for child in node.get("children", [])]


def _glb_matrix(node: dict[str, Any]) -> Array:
    if "matrix" in node:
        return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
    matrix = np.eye(4)
    x, y, z, w = np.array(node.get("rotation", [0, 0, 0, 1]), dtype=np.float64)
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix[:3, :3] = turn * np.array(node.get("scale", [1, 1, 1]), dtype=np.float64)
    matrix[:3, 3] = node.get("translation", [0, 0, 0])
    return matrix


def _glb_values(head: dict[str, Any], blob: bytes, number: int) -> NDArray[np.generic]:
    """(n,) or (n, width) of one accessor."""
    accessor = head["accessors"][number]
    if "sparse" in accessor or "bufferView" not in accessor:
        raise LoadError("The GLB has sparse data, which is not read")
    width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}[accessor["type"]]
    kind, count = np.dtype(_GLB_TYPES[accessor["componentType"]]), int(accessor["count"])
    view = head["bufferViews"][accessor["bufferView"]]
    if view.get("buffer", 0) != 0 or "uri" in head["buffers"][0]:
        raise LoadError("The GLB's data lie in another file, which is not opened")
    start = int(view.get("byteOffset", 0)) + int(accessor.get("byteOffset", 0))
    stride = int(view.get("byteStride", 0)) or width * kind.itemsize
    within(count // 3)
    if start < 0 or count < 1 or stride < width * kind.itemsize:
        raise LoadError("The GLB's tables cannot be true")
    fits(blob, start, (count - 1) * stride + width * kind.itemsize)
    table = np.ndarray((count, width), kind, blob, start, (stride, kind.itemsize))
    return table[:, 0].copy() if width == 1 else table.copy()
