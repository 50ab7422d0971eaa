"""Surface meshes made elsewhere, checked: parts with names, closed or not, and what the file says of its units.

GLB is in metres with y upwards, as its standard asks. The other formats say nothing of either, unless whoever wrote
them did so in a comment, as this program does and 3D Slicer ("SPACE=LPS").
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Grid, LoadError, enclosed_volume_ml
from twinviewer.domain.reading import reading
from twinviewer.geometry import mesh_files
from twinviewer.geometry.glb_file import read_glb
from twinviewer.geometry.voxelise import inside_surface

Array = NDArray[np.float64]
Frame = Literal["lps", "ras", "y_up"]
MESH_SUFFIXES = (".stl", ".obj", ".ply", ".vtp", ".vtu", ".glb")
MOST_BYTES = 1 << 30
MOST_PARTS = 512
UNITS_MM = {"mm": 1.0, "cm": 10.0, "m": 1000.0}
_WELD = 1e-6
"""Points nearer than this share of the whole are one: formats repeat them where normals or colours change."""
_TURN: dict[str, Array] = {
    "lps": np.eye(3),
    "ras": np.diag([-1.0, -1.0, 1.0]),
    # x to the left, y up, z to the front
    "y_up": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]),
}


@dataclass(frozen=True, slots=True, eq=False)
class MeshPart:
    """points: (n, 3) in the file's units and frame. triangles: (m, 3). open_edges: edges that have one side only, of
    the file's own surface; holes: how many were closed by lids here; leaks: whether some could not be."""

    name: str
    points: Array
    triangles: NDArray[np.int64]
    open_edges: int
    holes: int
    leaks: bool

    @property
    def volume(self) -> float:
        """Enclosed, in the file's units cubed: exact where all triangles face alike, else by some million voxels."""
        edges = np.concatenate([self.triangles[:, [0, 1]], self.triangles[:, [1, 2]], self.triangles[:, [2, 0]]])
        code = edges[:, 0] * len(self.points) + edges[:, 1]
        if len(np.unique(code)) == len(code):
            return abs(enclosed_volume_ml(self.points, self.triangles)) * 1000.0
        size = np.ptp(self.points, axis=0)
        step = float(size.max()) / 120.0
        affine = np.diag([step, step, step, 1.0])
        affine[:3, 3] = self.points.min(axis=0) - step
        i, j, k = (int(one) for one in np.ceil(size / step) + 3)
        return float(np.count_nonzero(inside_surface(self.points, self.triangles, Grid((k, j, i), affine)))) * step**3


@dataclass(frozen=True, slots=True, eq=False)
class ForeignMesh:
    """unit: "mm", "cm" or "m" where the file or its format says so, else "". frame: likewise. made_by: for provenance,
    by the file's hash, since a name may name a patient."""

    parts: tuple[MeshPart, ...]
    unit: str
    frame: str
    made_by: str

    @property
    def box(self) -> tuple[Array, Array]:
        """Lowest and highest corner in the file's units."""
        low = np.min([part.points.min(axis=0) for part in self.parts], axis=0)
        return np.asarray(low), np.asarray(np.max([part.points.max(axis=0) for part in self.parts], axis=0))


def read_mesh(path: Path) -> ForeignMesh:
    """Read a mesh file. LoadError, saying why, for what is not one. In a worker: VTK's readers may die of it."""
    suffix, where = path.suffix.lower(), path.name
    if suffix not in MESH_SUFFIXES:
        raise LoadError(f"Meshes are not read from {suffix or 'this file'}", where=where, remedy=_remedy())
    if not path.is_file():
        raise LoadError("There is no such mesh file", where=where, remedy="Check the path")
    if path.stat().st_size > MOST_BYTES:
        raise LoadError("The mesh file is larger than 1 GB", where=where)
    try:
        with reading(where, path.stat().st_size):
            raw, said = _raw(path, suffix)
    except LoadError as error:
        raise LoadError(error.what, where=where, remedy=error.remedy or _remedy()) from error
    except Exception as error:  # whatever comes of a broken file
        raise LoadError("The mesh cannot be read: the file is broken", where=where, remedy=_remedy()) from error
    parts = _checked(raw[:MOST_PARTS], where)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    unit, frame = _said(said)
    if suffix == ".glb":
        unit, frame = unit or "m", frame or "y_up"
    return ForeignMesh(parts, unit, frame, f"imported mesh {digest}")


def _raw(path: Path, suffix: str) -> tuple[list[mesh_files.Raw], str]:
    if suffix in (".vtp", ".vtu"):
        return mesh_files.read_vtk_xml(path)
    reader = {
        ".stl": mesh_files.read_stl,
        ".ply": mesh_files.read_ply,
        ".obj": mesh_files.read_obj,
        ".glb": read_glb,
    }[suffix]
    return reader(path.read_bytes())


def to_lps_mm(points: Array, unit: str, frame: str) -> Array:
    """(n, 3) of a file to LPS mm. unit: "mm", "cm", "m"; frame: "lps", "ras" or "y_up"."""
    return np.asarray(points @ _TURN[frame].T * UNITS_MM[unit])


def _remedy() -> str:
    return f"Give {', '.join(suffix[1:].upper() for suffix in MESH_SUFFIXES)}"


def _said(text: str) -> tuple[str, str]:
    """Unit and frame as a header, comment or asset says them, "" for what it does not."""
    unit = re.search(r"(?i)\bunits?\W{0,4}(mm|millimet\w+|cm|centimet\w+|m|met\w+)\b", text)
    frame = re.search(r"\b(LPS|RAS)\b", text)
    short = unit[1].lower() if unit else ""
    for known, starts in (("mm", ("mm", "mill")), ("cm", ("cm", "cent")), ("m", ("m",))):
        if short.startswith(starts):
            return known, frame[1].lower() if frame else ""
    return "", frame[1].lower() if frame else ""


def _checked(raw: list[mesh_files.Raw], where: str) -> tuple[MeshPart, ...]:
    whole = [
        points[np.unique(tris)] for _, points, tris in raw if len(tris) and tris.min() >= 0 and tris.max() < len(points)
    ]
    if not whole:
        raise LoadError("The mesh has no triangle", where=where)
    everything = np.concatenate(whole)
    if not np.isfinite(everything).all():
        raise LoadError("The mesh has points that lie nowhere (NaN or infinite)", where=where)
    size = float(np.ptp(everything, axis=0).max())
    if not 0.0 < size < 1e9:
        raise LoadError("The mesh has no extent", where=where)
    parts: list[MeshPart] = []
    for name, points, tris in raw:
        if len(tris) and tris.min() >= 0 and tris.max() < len(points):
            parts.append(_part(name or f"Part {len(parts) + 1}", points, tris, size * _WELD))
    kept = tuple(part for part in parts if len(part.triangles))
    if not kept:
        raise LoadError("The mesh encloses nothing", where=where)
    return kept


def _part(name: str, points: Array, triangles: NDArray[np.int64], weld: float) -> MeshPart:
    """Points that coincide joined, triangles without area dropped, holes closed."""
    used, tris = np.unique(triangles, return_inverse=True)
    corner = points[used]
    keys = np.round(corner / weld).astype(np.int64)
    _, first, same = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    tris = same.reshape(-1)[tris.reshape(-1)].reshape(-1, 3)
    tris = tris[(tris[:, 0] != tris[:, 1]) & (tris[:, 1] != tris[:, 2]) & (tris[:, 2] != tris[:, 0])]
    corner = corner[first]
    edges = _open_edges(tris)
    lids, extra, leaks = _lids(corner, edges)
    closed = np.concatenate([tris, *lids]) if lids else tris
    return MeshPart(name, np.concatenate([corner, extra]) if lids else corner, closed, len(edges), len(lids), leaks)


def _open_edges(tris: NDArray[np.int64]) -> NDArray[np.int64]:
    """(e, 2) edges, as their triangle runs through them, that an odd number of triangles have."""
    if not len(tris):
        return np.empty((0, 2), np.int64)
    edges = np.concatenate([tris[:, [0, 1]], tris[:, [1, 2]], tris[:, [2, 0]]])
    ordered = np.sort(edges, axis=1)
    code = ordered[:, 0] * (int(tris.max()) + 1) + ordered[:, 1]
    _, first, count = np.unique(code, return_index=True, return_counts=True)
    return edges[first[count % 2 == 1]]


def _lids(points: Array, edges: NDArray[np.int64]) -> tuple[list[NDArray[np.int64]], Array, bool]:
    """A fan over each loop of open edges, from its middle; the middles; and whether edges are left that close to no
    loop."""
    beside: dict[int, list[int]] = {}
    along = {(a, b) for a, b in edges.tolist()}
    for a, b in edges.tolist():
        beside.setdefault(a, []).append(b)
        beside.setdefault(b, []).append(a)
    lids: list[NDArray[np.int64]] = []
    middles: list[Array] = []
    leaks = False
    while beside:
        first = next(iter(beside))
        loop, now = [first], first
        while beside.get(now):
            after = beside[now].pop()
            beside[after].remove(now)
            if not beside[now]:
                del beside[now]
            now = after
            if now == first:
                break
            loop.append(now)
        if not beside.get(first):
            beside.pop(first, None)
        if now != first or len(loop) < 3:
            leaks = True
            beside.pop(now, None) if not beside.get(now) else None
            continue
        if (loop[0], loop[1]) not in along:  # the lid runs against the triangles at its edge
            loop = loop[::-1]
        middle = len(points) + len(middles)
        middles.append(points[loop].mean(axis=0))
        lids.append(np.column_stack([np.roll(loop, -1), loop, np.full(len(loop), middle)]))
    return lids, np.array(middles).reshape(-1, 3), leaks
