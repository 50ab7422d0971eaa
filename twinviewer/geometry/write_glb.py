"""glTF 2.0 binary of named surfaces, coloured, and beating where they are given frames (morph targets).

No library of Python writes such animations from meshes (trimesh and VTK's exporter leave them out, pygltflib offers
the format's records only), so they are written here by the rules of the glTF 2.0 specification, sections 3.7.2.2
(morph targets) and 3.11 (animations): the first frame is the mesh, every other one a target of displacements, and at
each moment two targets at most have weight, so that between frames the surface moves in straight lines.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Part = tuple[str, Array, NDArray[np.int64]]
GREY = "#C8C8C8"
_FLOAT, _UINT, _USHORT = 5126, 5125, 5123
_VERTICES, _INDICES = 34962, 34963


def rgb(colour: str) -> tuple[int, int, int]:
    """0..255 of "#RRGGBB"."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def glb(
    parts: Sequence[Part],
    colours: Mapping[str, str],
    *,
    frames: Sequence[Sequence[NDArray[np.floating]]] = (),
    time_s: Sequence[float] = (),
    period_s: float = 0.0,
    painted: Mapping[str, NDArray[np.uint8]] | None = None,
    said: Mapping[str, str] | None = None,
) -> bytes:
    """One node, mesh and material a surface, in metres: x to the left, y up, z to the front.

    parts: LPS mm. frames: for each moment of ``time_s`` (rising from 0, below ``period_s``) the (n, 3) points of every
    part, LPS mm; the first takes the place of the parts' own. The beat ends where it began. painted: part -> (n, 3)
    0..255 colours of its points, in place of the one colour. said: what the file tells of itself (asset.extras).
    """
    file = _File()
    meshes: list[dict[str, Any]] = []
    materials: list[dict[str, Any]] = []
    for number, (name, points, triangles) in enumerate(parts):
        where = _metres(frames[0][number] if frames else points)
        attributes = {"POSITION": file.table(where, _VERTICES, bounds=True)}
        attributes["NORMAL"] = file.table(_normals(where, triangles), _VERTICES)
        factor = [(one / 255.0) ** 2.2 for one in rgb(colours.get(name, GREY))] + [1.0]  # sRGB to linear
        if painted and name in painted:
            linear = np.round((painted[name] / 255.0) ** 2.2 * 65535).astype("<u2")
            opaque = np.column_stack([linear, np.full(len(linear), 65535, "<u2")])
            attributes["COLOR_0"] = file.table(opaque, _VERTICES, normalized=True)
            factor = [1.0] * 4
        look = {"baseColorFactor": factor, "metallicFactor": 0.0, "roughnessFactor": 0.8}
        materials.append({"name": name, "doubleSided": True, "pbrMetallicRoughness": look})
        index = file.table(np.asarray(triangles).astype("<u4").reshape(-1), _INDICES)
        primitive: dict[str, Any] = {"attributes": attributes, "indices": index, "material": len(materials) - 1}
        mesh: dict[str, Any] = {"name": name, "primitives": [primitive]}
        if len(frames) > 1:
            primitive["targets"] = [
                {"POSITION": file.table(_metres(frame[number]) - where, _VERTICES, bounds=True)} for frame in frames[1:]
            ]
            mesh["weights"] = [0.0] * (len(frames) - 1)
            mesh["extras"] = {"targetNames": [f"{1000 * t:.0f} ms" for t in time_s[1:]]}
        meshes.append(mesh)
    head: dict[str, Any] = {
        "asset": {
            "version": "2.0",
            "generator": "Twinviewer",
            "extras": {"units": "m", "frame": "x to the left, y up, z to the front", **(said or {})},
        },
        "scene": 0,
        "scenes": [{"nodes": list(range(len(meshes)))}],
        "nodes": [{"name": mesh["name"], "mesh": at} for at, mesh in enumerate(meshes)],
        "meshes": meshes,
        "materials": materials,
    }
    if len(frames) > 1:
        count = len(frames)
        weights = np.zeros((count + 1, count - 1), "<f4")
        weights[np.arange(1, count), np.arange(count - 1)] = 1.0  # the last moment is the first again
        moments = np.append(np.asarray(time_s, np.float64) - time_s[0], period_s).astype("<f4")
        sampler = {"input": file.table(moments, bounds=True), "output": file.table(weights.reshape(-1))}
        channels = [{"sampler": 0, "target": {"node": at, "path": "weights"}} for at in range(len(meshes))]
        beat = {"name": "beat", "samplers": [{**sampler, "interpolation": "LINEAR"}], "channels": channels}
        head["animations"] = [beat]
    return file.joined(head)


class _File:
    """The binary chunk while it grows."""

    def __init__(self) -> None:
        self.blob = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def table(
        self, data: NDArray[Any], target: int | None = None, *, bounds: bool = False, normalized: bool = False
    ) -> int:
        """Append (n,) or (n, width) values; the number of their accessor."""
        view: dict[str, Any] = {"buffer": 0, "byteOffset": len(self.blob), "byteLength": data.nbytes}
        if target is not None:
            view["target"] = target
        self.views.append(view)
        self.blob += np.ascontiguousarray(data).tobytes()
        self.blob += b"\0" * (-len(self.blob) % 4)
        kind = {"f": _FLOAT, "u": _UINT if data.dtype.itemsize == 4 else _USHORT}[data.dtype.kind]
        width = "SCALAR" if data.ndim == 1 else f"VEC{data.shape[1]}"
        one: dict[str, Any] = {
            "bufferView": len(self.views) - 1, "componentType": kind, "count": len(data), "type": width,
        }  # fmt: skip
        if bounds:
            low, high = data.min(axis=0), data.max(axis=0)
            one |= {"min": np.atleast_1d(low).tolist(), "max": np.atleast_1d(high).tolist()}
        if normalized:
            one["normalized"] = True
        self.accessors.append(one)
        return len(self.accessors) - 1

    def joined(self, head: dict[str, Any]) -> bytes:
        """The whole file."""
        tables = {"accessors": self.accessors, "bufferViews": self.views, "buffers": [{"byteLength": len(self.blob)}]}
        text = json.dumps({**head, **tables}, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        total = 12 + 8 + len(text) + 8 + len(self.blob)
        return b"".join(
            [
                struct.pack("<4sII", b"glTF", 2, total),
                struct.pack("<I4s", len(text), b"JSON"),
                text,
                struct.pack("<I4s", len(self.blob), b"BIN\0"),
                bytes(self.blob),
            ]
        )


def _metres(points_mm: NDArray[np.floating]) -> NDArray[np.float32]:
    """LPS mm -> x left, y up, z towards the front, in metres."""
    return (np.asarray(points_mm, np.float64)[:, [0, 2, 1]] * [0.001, 0.001, -0.001]).astype("<f4")


def _normals(points: NDArray[np.float32], triangles: NDArray[np.integer]) -> NDArray[np.float32]:
    """(n, 3) unit normals of the points, by area."""
    corner = points.astype(np.float64)
    a, b, c = (corner[triangles[:, at]] for at in range(3))
    across = np.cross(b - a, c - a)
    out = np.zeros_like(corner)
    for axis in range(3):
        for at in range(3):
            out[:, axis] += np.bincount(triangles[:, at], across[:, axis], len(corner))
    length = np.linalg.norm(out, axis=1)
    out[length < 1e-30] = [0.0, 1.0, 0.0]  # a point of no triangle, or of such without area
    return (out / np.where(length < 1e-30, 1.0, length)[:, None]).astype("<f4")
