"""Surface meshes made elsewhere as structures: voxelised, so that they take the same way as labels.

Into images that are open they are drawn on the images' own grid. Where none are open, or the mesh lies elsewhere, a
grid is made round it, and an empty picture stands in for the image: nothing is invented in it, and it says so. The
labels can be edited, measured and meshed in both cases.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

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
from twinviewer.geometry.read_mesh import UNITS_MM, ForeignMesh, MeshPart, to_lps_mm
from twinviewer.geometry.voxelise import grid_round, inside_surface
from twinviewer.session import catalog
from twinviewer.session.case import Case
from twinviewer.session.mask_import import Imported, accept_mask, checked, import_of_mask, labels_of
from twinviewer.session.mask_place import LEAST_INSIDE, inside
from twinviewer.session.mask_read import Given
from twinviewer.session.mesh_place import MOST_PARTS, guess_place, name_parts, organ_of_mesh, read_meshes

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


def compute_mesh_choice(
    wanted: str, given: Given, image: Image | None = None, report: Reporter = silent
) -> tuple[str, tuple[Row, ...], str, str, str, tuple[float, float, float], float]:
    """For a table that the user may edit: the organ that the mesh shows; a row a part; then unit, frame, why, size and
    share as of a MeshGuess."""
    report(0.1, "Reading the mesh")
    mesh = read_meshes(given)
    organ = organ_of_mesh(wanted, mesh)
    guess = guess_place(mesh, image)
    report(0.6, "Looking at the parts")
    names = name_parts(organ, mesh)
    rows = tuple(
        (n, part.name, part.volume, len(part.triangles), _surface_words(part), names.get(n, ""))
        for n, part in enumerate(mesh.parts[:MOST_PARTS], start=1)
    )
    return organ, rows, guess.unit, guess.frame, guess.why, guess.size, guess.within


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
    given: Given,
    image: Image | None,
    patient: Patient,
    meaning: Mapping[int, str] | Mapping[str, str] | None = None,
    unit: str = "",
    frame: str = "",
    phase: int | None = None,
    report: Reporter = silent,
) -> tuple[Imported, Volume | None]:
    """The structures of a mesh, and the empty picture that they lie in where image is None.

    meaning: number of the part, from 1, or its name -> structure; None: by their names. unit, frame: "" for the guess.
    Raises LoadError where the mesh cannot be read or does not lie in the images, SegmentationError where no part is
    known.
    """
    report(0.05, "Reading the mesh")
    mesh = read_meshes(given)
    guess = guess_place(mesh, image)
    unit, frame = unit or guess.unit, frame or guess.frame
    if unit not in UNITS_MM or frame not in FRAMES:
        raise LoadError(f"Units are {', '.join(UNITS_MM)}, frames {', '.join(FRAMES)}")
    if meaning is None:
        meaning = name_parts(organ, mesh)
    wanted = _numbered(meaning, mesh)
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
                f"{100 * share:.0f} % of the mesh lies in these images",
                remedy="Check its units and its frame, or import it where no images are open",
            )
    mask = mask_of_mesh(mesh, wanted, unit, frame, grid, lambda f, text: report(0.1 + 0.6 * f, text))
    said = () if mesh.unit else (f"Its units were taken for {unit}",)
    mask = replace(mask, notes=(*said, *mask.notes))
    if image is not None:
        return import_of_mask(organ, mask, image, patient, mask.names, phase, report), None
    picture = empty_picture(mask.grid, mesh.made_by)
    structures = catalog.organs_from_mask()[organ].mask_structures
    known = None if organ in catalog.organs_by_choice() else structures
    return (labels_of(mask, checked(mask.names, mask, known), picture, structures), None), picture


def empty_picture(grid: Grid, made_by: str) -> Volume:
    """What stands where an image would: nothing but a grid. Its uid is that of the file that the grid was made for."""
    data = np.zeros((1, *grid.shape), np.int16)
    data.setflags(write=False)
    return Volume(data, grid, PICTURE, np.zeros(1), None, f"grid of {made_by}", "No image", (1.0, 0.5))


def accept_mesh(case: Case, organ: str, found: Imported, picture: Volume | None, over: bool = False) -> Case:
    """Take the structures of a mesh; images that were open are closed where it has a grid of its own. over: as in
    ``accept_mask``."""
    if picture is None:
        return accept_mask(case, organ, *found, over=over)
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
    given: Given,
    meaning: Mapping[int, str] | Mapping[str, str] | None = None,
    unit: str = "",
    frame: str = "",
    phase: int | None = None,
    report: Reporter = silent,
    *,
    over: bool = False,
    organ: str = "",
) -> Case:
    """Both halves, where the caller can wait. LoadError, SegmentationError."""
    organ = organ or organ_of_mesh(case.organ, read_meshes(given))
    found = compute_mesh(organ, given, case.image, case.patient, meaning, unit, frame, phase, report)
    return accept_mesh(case, organ, *found, over=over)


def _numbered(meaning: Mapping[int, str] | Mapping[str, str], mesh: ForeignMesh) -> dict[int, str]:
    """Number of the part -> structure, where parts may be given by name. LoadError for one that is not there."""
    by_name = {part.name: n for n, part in enumerate(mesh.parts, start=1)}
    out: dict[int, str] = {}
    for key, name in meaning.items():
        number = by_name.get(str(key), int(key) if str(key).isdigit() else 0)
        if not 1 <= number <= len(mesh.parts):
            raise LoadError(f"The mesh has no part {key}", remedy=f"Its parts are {', '.join(list(by_name)[:12])}")
        if name:
            out[number] = name
    return out


def _surface_words(part: MeshPart) -> str:
    if part.leaks:
        return "open"
    if part.holes:
        return f"{part.holes} opening{'s' if part.holes > 1 else ''} lidded"
    return "closed"
