"""Surface meshes made elsewhere as structures: voxelised, so that they take the same way as labels.

Into images that are open they are drawn on the images' own grid. Where none are open, or the mesh lies elsewhere, a
grid is made round it, and an empty picture stands in for the image: nothing is invented in it, and it says so. The
labels can be edited, measured and meshed in both cases.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import (
    Grid,
    Image,
    LabelMap,
    LoadError,
    Mask,
    Patient,
    Reporter,
    SegmentationError,
    Volume,
    silent,
)
from twinviewer.geometry.overlay import overlaid
from twinviewer.geometry.read_mesh import UNITS_MM, ForeignMesh, MeshPart, read_mesh, to_lps_mm
from twinviewer.geometry.voxelise import grid_round, inside_surface
from twinviewer.session import catalog
from twinviewer.session.case import Case
from twinviewer.session.mask_import import Imported, accept_mask, checked, import_of_mask, labels_of, organ_from_mask
from twinviewer.session.mask_place import LEAST_INSIDE, inside

ACTION = "Import mesh"
NO_IMAGE = "There is no image: the structures come from a mesh, on a grid that was made for it"
PICTURE = "none"
"""Modality of the empty picture."""
DEADLINE_S = 180.0
FRAMES = ("lps", "ras", "y_up")
Row = tuple[int, str, float, int, str, str]
"""Number of the part, its name, what it encloses in the file's units cubed, triangles, what is to be said of its
surface, and the structure that it may be ("" for none)."""
_LONGEST_MM = 3000.0
_ORGAN_MM = 130.0
"""What a mesh of unknown units is likely to measure along its longest edge: a heart, an organ."""
_MOST_PARTS = 255
_BEYOND = 100_000
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


def compute_mesh_table(
    organ: str, path: str, image: Image | None = None, report: Reporter = silent
) -> tuple[tuple[Row, ...], str, str, str, tuple[float, float, float], float]:
    """For a table that the user may edit: a row a part; then unit, frame, why, size and share as of a MeshGuess."""
    report(0.1, "Reading the mesh")
    mesh = read_mesh(Path(path))
    guess = guess_place(mesh, image)
    report(0.6, "Looking at the parts")
    names = name_parts(organ, mesh)
    rows = tuple(
        (n, part.name, part.volume, len(part.triangles), _surface_words(part), names.get(n, ""))
        for n, part in enumerate(mesh.parts[:_MOST_PARTS], start=1)
    )
    return rows, guess.unit, guess.frame, guess.why, guess.size, guess.within


def name_parts(organ: str, mesh: ForeignMesh) -> dict[int, str]:
    """Which structure each part may be, by its name and, for chambers, by whether it is a pool or a wall."""
    parts = mesh.parts[:_MOST_PARTS]
    numbers = np.arange(_BEYOND, _BEYOND + len(parts))  # numbers of no convention, so that names alone count
    names = {int(n): part.name for n, part in zip(numbers, parts, strict=True)}
    stub = Mask(numbers.reshape(1, 1, 1, -1), Grid((1, 1, len(parts)), np.eye(4)), names, "")
    guess, _ = catalog.organs_from_mask()[organ].name_mask(stub)
    out = {n: guess.get(n + _BEYOND - 1, "") for n in range(1, len(parts) + 1)}
    for n, part in enumerate(parts, start=1):
        if out.get(n) in _WALL_OF and _is_wall(part):
            out[n] = _WALL_OF[out[n]]
    return out


def mask_of_mesh(
    mesh: ForeignMesh,
    meaning: Mapping[int, str],
    unit: str,
    frame: str,
    grid: Grid | None = None,
    report: Reporter = silent,
) -> Mask:
    """The parts as voxels, a number a structure, the smaller on top where two overlap.

    meaning: number of the part, from 1, -> structure; parts without one are left out. grid: None makes one round the
    parts. LoadError where no part encloses a voxel.
    """
    chosen = {n: mesh.parts[n - 1] for n, name in meaning.items() if name and 1 <= n <= len(mesh.parts)}
    if not chosen:
        raise LoadError("No part of the mesh was chosen")
    points = {n: to_lps_mm(part.points, unit, frame) for n, part in chosen.items()}
    if grid is None:
        low = np.min([p.min(axis=0) for p in points.values()], axis=0)
        high = np.max([p.max(axis=0) for p in points.values()], axis=0)
        if float((high - low).max()) > _LONGEST_MM:
            raise LoadError("The mesh would be more than 3 m long", remedy="Choose other units")
        volumes = [part.volume * UNITS_MM[unit] ** 3 / 1000.0 for part in chosen.values()]
        grid = grid_round(low, high, min((v for v in volumes if v > 0.05), default=0.0))
    regions: dict[str, NDArray[np.bool_]] = {}
    notes: list[str] = []
    for done, (n, part) in enumerate(chosen.items()):
        report(done / len(chosen), f"Filling {part.name}")
        region = inside_surface(points[n], part.triangles, grid)
        if not region.any():
            notes.append(f"{part.name} encloses no voxel")
            continue
        regions[meaning[n]] = regions[meaning[n]] | region if meaning[n] in regions else region
        if part.leaks:
            notes.append(f"{part.name} is not closed, and its openings cannot be: its volume is a guess")
    if lidded := [part.name for part in chosen.values() if part.holes and not part.leaks]:
        notes.append(f"Openings were closed by lids in {', '.join(lidded[:4])}{' …' if len(lidded) > 4 else ''}")
    if not regions:
        raise LoadError("The mesh encloses no voxel of these images", remedy="Check its units and its frame")
    names = dict(enumerate(regions, start=1))
    data, overlaps = overlaid(list(regions.values()), list(names), list(regions))
    stacked = data[None]
    stacked.setflags(write=False)
    return Mask(stacked, grid, names, mesh.made_by, (*notes, *overlaps))


def compute_mesh(
    organ: str,
    path: str,
    image: Image | None,
    patient: Patient,
    meaning: Mapping[int, str] | None = None,
    unit: str = "",
    frame: str = "",
    phase: int | None = None,
    report: Reporter = silent,
) -> tuple[Imported, Volume | None]:
    """The structures of a mesh, and the empty picture that they lie in where image is None.

    meaning: number of the part, from 1, -> structure; None: by their names. unit, frame: "" for the guess. Raises
    LoadError where the mesh cannot be read or does not lie in the images, SegmentationError where no part is known.
    """
    report(0.05, "Reading the mesh")
    mesh = read_mesh(Path(path))
    guess = guess_place(mesh, image)
    unit, frame = unit or guess.unit, frame or guess.frame
    if unit not in UNITS_MM or frame not in FRAMES:
        raise LoadError(f"Units are {', '.join(UNITS_MM)}, frames {', '.join(FRAMES)}")
    if meaning is None:
        meaning = name_parts(organ, mesh)
    wanted = {n: name for n, name in meaning.items() if name}
    if not wanted:
        listed = ", ".join(f"{n} {part.name}" for n, part in enumerate(mesh.parts[:8], start=1))
        raise SegmentationError(
            f"No part of the mesh is known to be a part of this organ ({listed})", remedy="Say which part is what"
        )
    grid = image.grid if isinstance(image, Volume) else None
    if image is not None:
        points = np.concatenate([part.points[:: max(len(part.points) // 500, 1)] for part in mesh.parts])
        share = inside(to_lps_mm(points, unit, frame), image)
        if share < LEAST_INSIDE:
            raise LoadError(
                f"{100 * share:.0f} % of the mesh lies in these images", where=Path(path).name,
                remedy="Check its units and its frame, or import it where no images are open",
            )  # fmt: skip
    mask = mask_of_mesh(mesh, wanted, unit, frame, grid, lambda f, text: report(0.1 + 0.6 * f, text))
    said = () if mesh.unit else (f"Its units were taken for {unit}",)
    mask = replace(mask, notes=(*said, *mask.notes))
    if image is not None:
        return import_of_mask(organ, mask, image, patient, mask.names, phase, report), None
    picture = empty_picture(mask.grid, mesh.made_by)
    structures = catalog.organs_from_mask()[organ].mask_structures
    return (labels_of(mask, checked(mask.names, mask, structures), picture, structures), None), picture


def empty_picture(grid: Grid, made_by: str) -> Volume:
    """What stands where an image would: nothing but a grid. Its uid is that of the file that the grid was made for."""
    data = np.zeros((1, *grid.shape), np.int16)
    data.setflags(write=False)
    return Volume(data, grid, PICTURE, np.zeros(1), None, f"grid of {made_by}", "No image", (1.0, 0.5))


def accept_mesh(case: Case, organ: str, found: Imported, picture: Volume | None) -> Case:
    """Take the structures of a mesh; images that were open are closed where it has a grid of its own."""
    if picture is None:
        return accept_mask(case, organ, *found).with_message("Segment", "")
    labels, _ = found
    assert isinstance(labels, LabelMap)
    case = case.changed(
        ACTION,
        active_series_uid="",
        image=picture,
        contours=None,
        labels=labels,
        organ=organ,
        title=case.title if case.series else "Mesh",
    )
    return case.with_message("Import", NO_IMAGE).with_message("Segment", "")


def import_mesh(
    case: Case,
    path: Path,
    meaning: Mapping[int, str] | None = None,
    unit: str = "",
    frame: str = "",
    phase: int | None = None,
    report: Reporter = silent,
) -> Case:
    """Both halves, where the caller can wait. LoadError, SegmentationError."""
    organ = organ_from_mask(case.organ)
    return accept_mesh(
        case, organ, *compute_mesh(organ, str(path), case.image, case.patient, meaning, unit, frame, phase, report)
    )


def _surface_words(part: MeshPart) -> str:
    if part.leaks:
        return "open"
    if part.holes:
        return f"{part.holes} opening{'s' if part.holes > 1 else ''}, closed by lids"
    return "closed"


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
