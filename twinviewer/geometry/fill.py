"""Tetrahedra that fill a structure of a label map, with the volume of its voxels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import Grid, MeshError, Reporter, silent
from twinviewer.geometry.improve import improve
from twinviewer.geometry.intersections import crossing_pairs
from twinviewer.geometry.manifold import parts_of, taken_apart
from twinviewer.geometry.quality import dihedral_range_deg, scaled_jacobian, six_volumes
from twinviewer.geometry.relax import accept
from twinviewer.geometry.solids import Solid, frame_around, smooth_solid
from twinviewer.geometry.stuffing import stuff
from twinviewer.geometry.surfaces import area_mm2, boundary_triangles, vertex_normals, volume_ml
from twinviewer.geometry.thick_slices import even_voxels

Array = NDArray[np.float64]
LONGEST = 3.0 / 2.65
"""The longest edge is about this share of the lattice's cell, as in the heart."""
USUAL_MM = 3.0
TETS_A_CELL = 14.0
"""A cube of the lattice holds 12 tetrahedra; those cut at the face come on top."""
MOST_TETS = 1_500_000
LARGEST_SHIFT_MM = 0.5
FINER, FINER_BY, MOST_FINER = 8, 0.8, 400_000
"""How often a structure that is thinner than its cells is tried with finer ones."""
CLOSE = 0.004
"""Share of the volume by which the mesh may be off before its face is moved again."""


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """points_mm (n, 3) LPS, tets (m, 4) of positive volume, surface (k, 3) outward, target_ml: volume of the voxels."""

    points_mm: Array
    tets: NDArray[np.int32]
    surface: NDArray[np.int32]
    target_ml: float


def expected_tets(volume_ml: float, edge_mm: float) -> int:
    """About how many tetrahedra with edges up to ``edge_mm`` fill a volume."""
    return int(1000.0 * volume_ml * TETS_A_CELL / (edge_mm / LONGEST) ** 3)


def easy_edge(volume_ml: float, area_mm2: float, tets: int = 150_000) -> float:
    """An edge in mm, in steps of 0.1, that gives about so many tetrahedra or fewer, but is no longer than a shape of
    that volume and surface is thick in the mean (2 V / A); never below 3 mm, unless the shape is thinner than that."""
    thick = 2000.0 * volume_ml / max(area_mm2, 1e-9)
    edge = max(USUAL_MM, min(edge_for(volume_ml, tets), 1.1 * thick))
    return round(float(min(edge, max(0.8, thick))) if thick < USUAL_MM / 2 else edge, 1)


def edge_for(volume_ml: float, tets: int) -> float:
    """The edge in mm at which about ``tets`` tetrahedra fill a volume."""
    return float(LONGEST * (1000.0 * volume_ml * TETS_A_CELL / tets) ** (1.0 / 3.0))


def fill(mask: NDArray[np.bool_], grid: Grid, edge_mm: float, report: Reporter = silent) -> Filled:
    """Mesh a (k, j, i) mask. edge_mm: about the longest edge. MeshError where it is empty, too fine, or not sound."""
    target = float(np.count_nonzero(mask)) * grid.voxel_ml
    if expected_tets(target, edge_mm) > MOST_TETS:
        least = edge_for(target, MOST_TETS)
        raise MeshError(
            f"Edges of {edge_mm:g} mm would make {expected_tets(target, edge_mm) / 1e6:.1f} million tetrahedra",
            remedy=f"Use edges of {np.ceil(10 * least) / 10:.1f} mm or more",
        )
    cell, blur = edge_mm / LONGEST, 1.0
    most = min(MOST_FINER, max(30_000, 8 * expected_tets(target, edge_mm)))
    size = np.bincount(ndimage.label(mask, structure=np.ones((3, 3, 3)))[0].ravel())[1:]
    pieces = _that_matter(size) if len(size) else 0
    for attempt in range(FINER):
        finer = FINER_BY * cell
        last = attempt == FINER - 1 or expected_tets(target, finer * LONGEST) > most
        report(0.05 * attempt, "Smoothing the labels")
        solid = _solid(mask, grid, cell, blur)
        try:
            points, tets = _with_volume(solid, cell, target, None if last else pieces)
            break
        except MeshError:
            if last:
                raise
        cell, blur = finer, FINER_BY * blur  # parts of it are thinner than the cells
    report(0.85, "Evening out")
    stuffed, skin = points, boundary_triangles(tets)
    points = _shifted(improve(points, tets), tets, target)
    points = uncrossed(points, stuffed, tets, skin)
    frame = solid.frame
    points = frame.to_lps(points)
    if np.linalg.det(frame.rotation) < 0:
        tets = tets[:, [1, 0, 2, 3]]
    report(1.0, f"{len(tets)} tetrahedra")
    return Filled(points, np.ascontiguousarray(tets), boundary_triangles(tets), target)


def _solid(mask: NDArray[np.bool_], grid: Grid, cell_mm: float, blur: float) -> Solid:
    """The smooth distance; no more blurred than voxels and cells ask for. blur: in voxels."""
    mask, grid = even_voxels(mask, grid)
    coarsest = max(0.6, min(1.6, 0.6 * cell_mm) if cell_mm < 4.0 else 0.4 * cell_mm)
    sigma = max(0.45 * cell_mm, blur * max(grid.spacing_mm))
    frame = frame_around(grid, mask, 4.0 * sigma + cell_mm, coarsest)
    return smooth_solid(frame, np.asarray(frame.crop(mask), dtype=bool), sigma)


def _with_volume(solid: Solid, cell_mm: float, target_ml: float, pieces: int | None) -> tuple[Array, NDArray[np.int32]]:
    """Stuff the solid, its face moved outwards or inwards until the tetrahedra hold the voxels' volume. MeshError where
    they fall into more than ``pieces``, or do not come to that volume; None for pieces takes the best there is."""
    frame, shift = solid.frame, 0.0
    extent = frame.spacing_mm * (np.array(frame.shape[::-1]) - 1)
    best: tuple[float, Array, NDArray[np.int32]] | None = None
    for _ in range(4):
        try:
            whole = stuff(solid.moved(shift).at, frame.origin_mm, frame.origin_mm + extent, cell_mm)
            points, tets = taken_apart(*whole)
        except MeshError:
            if pieces is not None:
                raise
            shift += 0.25 * cell_mm  # thinner than a cell everywhere: thicken
            continue
        of = np.bincount(parts_of(len(points), tets), six_volumes(points, tets))
        if pieces is not None and _that_matter(of) > 1.25 * pieces:
            raise MeshError("The structure falls to pieces: it is thinner than the mesh spacing")
        skin = boundary_triangles(tets)
        lack = target_ml - volume_ml(points, skin)
        if best is None or abs(lack) < best[0]:
            best = (abs(lack), points, tets)
        if abs(lack) < CLOSE * target_ml:
            break
        shift += float(np.clip(1000.0 * lack / area_mm2(points, skin), -0.6 * cell_mm, 0.6 * cell_mm))
    if best is None or (pieces is not None and best[0] > 0.03 * target_ml):
        raise MeshError("The structure is thinner than the mesh spacing", remedy="Use shorter edges")
    return best[1], best[2]


def _that_matter(sizes: NDArray[np.generic]) -> int:
    """How many of the pieces, largest first, hold 98 % of the whole."""
    rising = np.cumsum(np.sort(sizes)[::-1].astype(float))
    return 1 + int(np.searchsorted(rising, 0.98 * rising[-1]))


def _shifted(points: Array, tets: NDArray[np.int32], target_ml: float) -> Array:
    """The last per mille of volume by moving the skin along its normals, where angles allow."""
    skin = boundary_triangles(tets)
    ids = np.unique(skin).astype(np.int64)
    for _ in range(3):
        lack = target_ml - volume_ml(points, skin)
        if abs(lack) < 5e-4 * target_ml:
            break
        by = float(np.clip(1000.0 * lack / area_mm2(points, skin), -LARGEST_SHIFT_MM, LARGEST_SHIFT_MM))
        points = accept(points, tets, ids, by * vertex_normals(points, skin)[ids])
    return points


def uncrossed(points: Array, before: Array, tets: NDArray[np.integer], skin: NDArray[np.int32]) -> Array:
    """Points (n, 3) with those of skin triangles that pass through each other taken back towards ``before``, where none
    did; their neighbours too, round by round, as far as angles allow."""
    for attempt in range(4):
        crossing = crossing_pairs(points, skin)
        if not len(crossing):
            break
        flag = np.zeros(len(points), dtype=bool)
        flag[skin[np.unique(crossing)]] = True
        for _ in range(attempt):
            flag[tets[flag[tets].any(axis=1)]] = True
        ids = np.nonzero(flag)[0]
        points = accept(points, tets, ids, before[ids] - points[ids])
    return points


def check_sound(filled: Filled, name: str) -> tuple[str, ...]:
    """MeshError where a tetrahedron is flat; a sentence where the volume is more than 1 % off the voxels'."""
    angle = float(dihedral_range_deg(filled.points_mm, filled.tets)[0].min())
    if angle < 8.0 or float(scaled_jacobian(filled.points_mm, filled.tets).min()) <= 0:
        raise MeshError(f"A tetrahedron of {name} is nearly flat: its smallest dihedral angle is {angle:.1f}°")
    off = 100.0 * (volume_ml(filled.points_mm, filled.surface) / filled.target_ml - 1.0)
    if abs(off) > 1.0:
        return (f"{name}: the mesh is {off:+.1f} % off the label map's volume; shorter edges bring it nearer",)
    return ()
