"""What a mesh made elsewhere is likely to be: its units, its frame, and which structure each part is."""

import hashlib
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import Grid, Image, LoadError, Mask
from twinviewer.geometry.read_mesh import MESH_SUFFIXES, UNITS_MM, ForeignMesh, MeshPart, read_mesh, to_lps_mm
from twinviewer.geometry.voxelise import inside_surface
from twinviewer.session import catalog
from twinviewer.session.mask_import import organ_from_mask
from twinviewer.session.mask_place import LEAST_INSIDE, inside
from twinviewer.session.mask_read import Given

_ORGAN_MM = 130.0
"""What a mesh of unknown units is likely to measure along its longest edge: a heart, an organ."""
MOST_PARTS = 255
_BEYOND = 100_000
_NAMELESS = re.compile(r"$|Part \d+$|solid$|visualization toolkit", re.IGNORECASE)
_WALL = 0.35
"""Radius of the largest ball within a part by that of a ball of its volume: below this it is a wall, not a pool.
Ellipsoids of ventricles have 0.7, the crescent of a right ventricle 0.45, walls 0.1 to 0.3."""
_WALL_OF = {"lv_blood": "lv_myocardium", "rv_blood": "rv_myocardium", "la_blood": "", "ra_blood": ""}


@dataclass(frozen=True, slots=True)
class MeshGuess:
    """unit, frame: as guessed. sure: whether the file says both. why: on what the guess rests, for people. size: edges
    of the box in the file's units. within: share of it in the open images."""

    unit: str
    frame: str
    sure: bool
    why: str
    size: tuple[float, float, float]
    within: float


def read_meshes(given: Given) -> ForeignMesh:
    """One mesh of a file, a folder of mesh files or several files: those of one part are called by their files.
    LoadError."""
    several = [Path(given)] if isinstance(given, str | Path) else [Path(one) for one in given]
    paths: list[Path] = []
    for one in several:
        inside_ = sorted(one.iterdir()) if one.is_dir() else [one]
        paths += [p for p in inside_ if p.suffix.lower() in MESH_SUFFIXES] if one.is_dir() else inside_
    if not paths:
        raise LoadError("There are no meshes in this folder", where=several[0].name if several else "")
    if len(paths) > MOST_PARTS:
        raise LoadError(f"There are {len(paths)} mesh files, too many", where=paths[0].parent.name)
    meshes = [read_mesh(path) for path in paths]
    for mesh, path in zip(meshes, paths, strict=True):
        if (mesh.unit, mesh.frame) != (meshes[0].unit, meshes[0].frame):
            raise LoadError("The meshes have different units or frames", where=path.name, remedy="Import them apart")
    parts = [
        replace(one, name=path.stem[:64]) if len(mesh.parts) == 1 and _NAMELESS.match(one.name) else one
        for mesh, path in zip(meshes, paths, strict=True)
        for one in mesh.parts
    ]
    if len(meshes) == 1:
        return replace(meshes[0], parts=tuple(parts))
    digest = hashlib.sha256("".join(mesh.made_by for mesh in meshes).encode()).hexdigest()[:12]
    return replace(meshes[0], parts=tuple(parts), made_by=f"imported mesh {digest}")


def guess_place(mesh: ForeignMesh, image: Image | None = None) -> MeshGuess:
    """In which units and frame a mesh is likely to be: what the file says, else what lies in the open images, else what
    has the size of an organ."""
    low, high = mesh.box
    size = tuple(float(x) for x in high - low)
    units = [mesh.unit] if mesh.unit else list(UNITS_MM)
    frames = [mesh.frame] if mesh.frame else ["lps", "ras"]
    by_size = min(units, key=lambda unit: abs(np.log(max(size) * UNITS_MM[unit] / _ORGAN_MM)))
    share, unit, frame = 0.0, by_size, frames[0]
    if image is not None:
        points = np.concatenate([part.points[:: max(len(part.points) // 500, 1)] for part in mesh.parts])
        for one in frames:
            for other in sorted(units, key=lambda u: u != by_size):
                found = inside(to_lps_mm(points, other, one), image)
                if found > share + 0.05:
                    share, unit, frame = found, other, one
    longest = max(size) * UNITS_MM[unit]
    said = []
    if mesh.unit:
        said.append(f"The file says {mesh.unit}")
    elif share >= LEAST_INSIDE:
        said.append(f"Taken for {unit}, so that it lies in the open images")
    else:
        said.append(f"The file does not say its units: taken for {unit}, which makes it {longest:.0f} mm long")
    if not mesh.frame and share < LEAST_INSIDE:
        said.append("nor does it say which way round it lies")
    return MeshGuess(unit, frame, bool(mesh.unit and mesh.frame), "; ".join(said), (size[0], size[1], size[2]), share)


def organ_of_mesh(wanted: str, mesh: ForeignMesh) -> str:
    """The organ that a mesh shows, as ``organ_from_mask`` finds it. SegmentationError where none takes masks."""
    return organ_from_mask(wanted, _stub(mesh))


def name_parts(organ: str, mesh: ForeignMesh) -> dict[int, str]:
    """Which structure each part may be, by its name and, for chambers, by whether it is a pool or a wall."""
    parts = mesh.parts[:MOST_PARTS]
    stub = _stub(mesh)
    guess, _ = catalog.organs_from_mask()[organ].name_mask(stub)
    out = {n: guess.get(n + _BEYOND - 1, "") for n in range(1, len(parts) + 1)}
    for n, part in enumerate(parts, start=1):
        if out.get(n) in _WALL_OF and _is_wall(part):
            out[n] = _WALL_OF[out[n]]
    return out


def _is_wall(part: MeshPart) -> bool:
    """Whether a part is thin for what it encloses, by the largest ball in it on a coarse grid."""
    size = np.ptp(part.points, axis=0)
    step = float(size.max()) / 70.0
    if step <= 0:
        return False
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = part.points.min(axis=0) - 2 * step
    i, j, k = (int(one) for one in np.ceil(size / step) + 5)
    region: NDArray[np.bool_] = inside_surface(part.points, part.triangles, Grid((k, j, i), affine))
    count = np.count_nonzero(region)
    if count < 50:
        return False
    ball = (3.0 * count / (4.0 * np.pi)) ** (1 / 3)
    return bool(ndimage.distance_transform_edt(region).max() / ball < _WALL)


def _stub(mesh: ForeignMesh) -> Mask:
    """The parts' names as those of a mask, with numbers of no convention, so that names alone count."""
    parts = mesh.parts[:MOST_PARTS]
    numbers = np.arange(_BEYOND, _BEYOND + len(parts))
    shared = os.path.commonprefix([part.name for part in parts]) if len(parts) > 2 else ""
    start = shared.rfind("_") + 1  # "VH_F_" before every part says nothing of any
    names = {int(n): part.name[start:] or part.name for n, part in zip(numbers, parts, strict=True)}
    return Mask(numbers.reshape(1, 1, 1, -1), Grid((1, 1, len(parts)), np.eye(4)), names, "")
