"""LabelMap → OrganMesh: tetrahedra of the wall, surfaces of all chambers, coordinates, fibres, landmarks."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import LabelMap, MeshError, OrganMesh, Reporter, Volume, part, silent
from twinviewer.geometry.laplace import Elements
from twinviewer.geometry.lids import lid
from twinviewer.geometry.patches import clean_patch, islands
from twinviewer.geometry.quality import is_closed_manifold, least_dihedral_deg
from twinviewer.geometry.refine import split_through_edges
from twinviewer.geometry.relax import accept, shorten_edges, straighten_rims
from twinviewer.geometry.solids import frame_around, smooth_solid
from twinviewer.geometry.stuffing import stuff
from twinviewer.geometry.surfaces import (
    area_mm2,
    area_vectors,
    boundary_loops,
    boundary_triangles,
    isosurface,
    neighbours,
    vertex_normals,
    volume_ml,
)
from twinviewer.organs.heart.coordinates import LongAxis, aha_segments, apicobasal, long_axis, transmural
from twinviewer.organs.heart.fibres import fibres
from twinviewer.organs.heart.styles import STYLES
from twinviewer.organs.heart.wall import AORTA, LA, LV, PA, RA, RV, WallShape, codes, wall_shape

Array = NDArray[np.float64]
Triangles = NDArray[np.int32]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]

CELL_MM = 2.65  # cubic lattice edge; most tetrahedral edges are 2.3 or 2.65 mm
LONGEST = 3.0 / CELL_MM  # no edge is longer than this share of the cell
THINNEST_MM = 3.0
CHAMBER_TRIANGLES = 3000
LARGEST_SHIFT_MM = 0.6
LEAST_DIHEDRAL_DEG = 8.0
CHAMBERS = {"la": LA, "ra": RA, "aorta": AORTA, "pulmonary_artery": PA}


def reference_phase(labels: LabelMap) -> int:
    """End-diastole: the phase with the most blood in the left ventricle."""
    return int(np.argmax([labels.volume_ml("lv_blood", t) for t in range(labels.phases)]))


def build(
    labels: LabelMap, volume: Volume | None = None, report: Reporter = silent, cell_mm: float = CELL_MM
) -> OrganMesh:
    """Mesh the heart at end-diastole. volume is not needed; cell_mm sets the fineness.

    Raises MeshError when ventricles are missing, open to the outside, or the mesh would not be sound.
    """
    report(0.0, "Reading the labels")
    phase = reference_phase(labels)
    data = codes(labels)[phase]
    shape = wall_shape(labels, data, THINNEST_MM, part(report, 0.0, 0.25))
    report(0.25, "Filling the wall with tetrahedra")
    points, tets = _tetrahedra(shape, cell_mm)
    report(0.45, "Finding the endocardium and the valve planes")
    faces = _faces(shape, points, tets)
    points = straighten_rims(
        points, tets, [loop for w in (faces.lv, faces.rv) for loop in boundary_loops(faces.every[w])]
    )
    points = shorten_edges(points, tets, 0.99 * LONGEST * cell_mm, shape.distance)
    points = _keep_volumes(shape, points, tets, faces)
    points = shorten_edges(points, tets, LONGEST * cell_mm)
    notes = _checked(shape, points, tets, faces)
    points = shape.frame.to_lps(points)
    if np.linalg.det(shape.frame.rotation) < 0:
        tets = tets[:, [1, 0, 2, 3]]
        faces = faces.mirrored()
    report(0.55, "Placing coordinates")
    axis, landmarks = _landmarks(shape, points, faces)
    right = shape.is_rv(shape.frame.from_lps(points[tets].mean(axis=1)))
    right = _largest_parts(points, tets, right)
    point_fields, cell_fields = _fields(points, tets, faces, right, axis, landmarks, part(report, 0.6, 0.85))
    surfaces = {
        "myocardium": faces.every,
        "lv_endocardium": faces.every[faces.lv],
        "rv_endocardium": faces.every[faces.rv],
        "epicardium": faces.every[faces.epi],
        "lv_cavity": faces.cavity(faces.lv, faces.lv_lid),
        "rv_cavity": faces.cavity(faces.rv, faces.rv_lid),
    }
    report(0.87, "Drawing atria and great vessels")
    wall_points = len(points)
    clouds, start = [points], wall_points
    missing: tuple[str, ...] = ()
    for name, value in CHAMBERS.items():
        mask = data == value
        if not mask.any():
            missing += (f"No {STYLES[name].label.lower()} in the label map",)
            continue
        box = frame_around(labels.grid, mask, margin_mm=4.0 * shape.sigma_mm)
        solid = smooth_solid(box, np.asarray(box.crop(mask), dtype=bool), shape.sigma_mm)
        cloud, triangles = isosurface(solid, CHAMBER_TRIANGLES, float(mask.sum()) * labels.grid.voxel_ml)
        surfaces[name] = triangles + np.int32(start)
        clouds.append(cloud)
        start += len(cloud)
        report(0.87 + 0.025 * len(clouds), "Drawing atria and great vessels")
    every = np.concatenate(clouds)
    mesh = OrganMesh(
        organ="heart",
        points_mm=every,
        tets=np.ascontiguousarray(tets, dtype=np.int32),
        surfaces=surfaces,
        point_fields={name: _padded(values, len(every)) for name, values in point_fields.items()},
        cell_fields=cell_fields,
        landmarks=landmarks,
        wall_points=wall_points,
        uid=hashlib.sha256(every.tobytes() + tets.tobytes()).hexdigest()[:16],
        label_uid=label_uid(labels),
        notes=(*labels.notes, *shape.notes, *notes, *missing),
    )
    arrays: list[NDArray[np.generic]] = [mesh.points_mm, mesh.tets, *surfaces.values()]
    for array in (*arrays, *mesh.point_fields.values(), *cell_fields.values()):
        array.setflags(write=False)
    report(1.0, f"{len(tets)} tetrahedra")
    return mesh


def label_uid(labels: LabelMap) -> str:
    """Hash of the voxels and their place, by which numbers name the label map that they come from."""
    digest = hashlib.sha256(np.ascontiguousarray(labels.data).tobytes())
    digest.update(labels.grid.affine.tobytes())
    return f"{labels.made_by} {digest.hexdigest()[:12]}"


def _tetrahedra(shape: WallShape, cell_mm: float) -> tuple[Array, NDArray[np.int32]]:
    """One sound piece of tetrahedra in the frame's local mm."""
    frame = shape.frame
    extent = frame.spacing_mm * (np.array(frame.shape[::-1]) - 1)
    points, tets = stuff(shape.distance, frame.origin_mm, frame.origin_mm + extent, cell_mm)
    beside = _tet_parts(len(points), tets)
    tets = tets[beside == np.argmax(np.bincount(beside))]
    for _ in range(6):
        surface = boundary_triangles(tets)
        if is_closed_manifold(surface):
            break
        tets = tets[~_at_bad_edges(tets, surface)]
    else:
        raise MeshError("The wall touches itself, so that its surface is not a single skin")
    used, inverse = np.unique(tets, return_inverse=True)
    return split_through_edges(points[used], inverse.reshape(tets.shape))


def _tet_parts(count: int, tets: NDArray[np.integer]) -> Index:
    """(m,) which connected part each tetrahedron is in."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows, columns = np.repeat(tets[:, 0], 3), tets[:, 1:].ravel()
    graph = coo_matrix((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1][tets[:, 0]], dtype=np.int64)


def _at_bad_edges(tets: NDArray[np.integer], surface: Triangles) -> Mask:
    """Tetrahedra with a boundary face at an edge that more than two boundary faces share."""
    top = int(tets.max()) + 1
    pairs = np.sort(np.concatenate([surface[:, [0, 1]], surface[:, [1, 2]], surface[:, [2, 0]]]), axis=1).astype(
        np.int64
    )
    code, count = np.unique(pairs[:, 0] * top + pairs[:, 1], return_counts=True)
    bad = code[count > 2]
    ends = np.zeros(top, dtype=bool)
    ends[bad // top] = ends[bad % top] = True
    return np.asarray(ends[tets].sum(axis=1) >= 2)


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """The wall's closed boundary and what each triangle of it is; lids close the two cavities."""

    every: Triangles
    lv: Mask
    rv: Mask
    base: Mask
    lv_lid: Triangles
    rv_lid: Triangles

    @property
    def epi(self) -> Mask:
        """Triangles of the epicardium."""
        return ~(self.lv | self.rv | self.base)

    def cavity(self, which: Mask, lids: Triangles) -> Triangles:
        """Endocardium and lids as a closed surface that looks outwards, out of the blood."""
        return np.ascontiguousarray(np.concatenate([self.every[which], lids])[:, ::-1])

    def mirrored(self) -> "Faces":
        """The same after a reflection of the points."""
        flip = [np.ascontiguousarray(t[:, ::-1]) for t in (self.every, self.lv_lid, self.rv_lid)]
        return Faces(flip[0], self.lv, self.rv, self.base, flip[1], flip[2])


def _faces(shape: WallShape, points: Array, tets: NDArray[np.integer]) -> Faces:
    """Tell endocardium, epicardium and base apart by what lies in front of each triangle; close the cavities."""
    every = boundary_triangles(tets)
    middle = points[every].mean(axis=1)
    left, right, envelope = shape.left.at(middle), shape.right.at(middle), shape.envelope.at(middle)
    lv, rv = shape.lv.at(middle), shape.rv.at(middle)
    left_beyond, right_beyond = shape.left_beyond.at(middle), shape.right_beyond.at(middle)
    facing_left = (-left >= envelope - 0.3) & (left < right)
    facing_right = (-right >= envelope - 0.3) & (right < left)
    is_lv = clean_patch(every, facing_left & (lv < left_beyond), ~(facing_right & (rv < right_beyond)))
    is_rv = clean_patch(every, facing_right & (rv < right_beyond) & ~is_lv, ~is_lv)
    lids = []
    for member, name in ((is_lv, "left"), (is_rv, "right")):
        if not member.any():
            raise MeshError(f"The {name} ventricle has no inner face")
        loops = boundary_loops(every[member])
        if not loops:
            raise MeshError(f"The {name} ventricle has no valve opening")
        lids.append(np.concatenate([lid(points, loop, every[member]) for loop in loops]))
    up = -np.concatenate([area_vectors(points, t) for t in lids]).sum(axis=0)
    up /= np.linalg.norm(up)
    base = _base(points, every, is_lv | is_rv, up, np.minimum(left_beyond, right_beyond))
    return Faces(every, is_lv, is_rv, base, lids[0], lids[1])


def _base(points: Array, every: Triangles, endo: Mask, up: Array, beyond: Array) -> Mask:
    """The rim between endocardium and epicardium: looks up or at an atrium or vessel, and hangs on the openings."""
    vectors = area_vectors(points, every)
    level = vectors @ up / np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)
    guess = ~endo & ((level > 0.6) | (beyond < 1.5))
    beside = neighbours(every)
    for _ in range(3):
        votes = np.where(beside >= 0, guess[np.maximum(beside, 0)], False).sum(axis=1)
        guess = ~endo & ((votes >= 2) | (guess & (votes > 0)))
    rim = (beside >= 0) & endo[np.maximum(beside, 0)]
    part_of = islands(beside, guess)
    touching = np.unique(part_of[guess & rim.any(axis=1)])
    # every triangle at an opening belongs to the rim, so that epicardium and endocardium never share an edge
    return (guess & np.isin(part_of, touching)) | (~endo & rim.any(axis=1))


def _keep_volumes(shape: WallShape, points: Array, tets: NDArray[np.integer], faces: Faces) -> Array:
    """Shift endocardium and epicardium by tenths of a mm so that blood and muscle have the volumes of their voxels."""
    inner = [
        (faces.every[which], faces.cavity(which, lids), shape.volume_ml(value))
        for which, lids, value in ((faces.lv, faces.lv_lid, LV), (faces.rv, faces.rv_lid, RV))
    ]
    outside = faces.every[faces.epi]
    outer = np.setdiff1d(outside, faces.every[~faces.epi]).astype(np.int64)
    for _ in range(3):
        shift = np.zeros(len(points))
        missing = shape.wall_ml - volume_ml(points, faces.every)
        for skin, closed, target in inner:
            lack = target - volume_ml(points, closed)
            missing += lack  # what the blood gains the muscle loses
            shift[skin] = -1000.0 * lack / area_mm2(points, skin)
        shift[outer] = 1000.0 * missing / area_mm2(points, outside)
        shift = np.clip(shift, -LARGEST_SHIFT_MM, LARGEST_SHIFT_MM)
        ids = np.nonzero(shift)[0]
        points = accept(points, tets, ids, shift[ids, None] * vertex_normals(points, faces.every)[ids])
    return points


def _checked(shape: WallShape, points: Array, tets: NDArray[np.integer], faces: Faces) -> tuple[str, ...]:
    """MeshError if the mesh is not sound; a note where its volumes are more than 2 % off the labels'."""
    angle = float(least_dihedral_deg(points, tets).min())
    if angle < LEAST_DIHEDRAL_DEG:
        raise MeshError(f"A tetrahedron is nearly flat: its smallest dihedral angle is {angle:.1f}°")
    notes = []
    for name, triangles, target in (
        ("left cavity", faces.cavity(faces.lv, faces.lv_lid), shape.volume_ml(LV)),
        ("right cavity", faces.cavity(faces.rv, faces.rv_lid), shape.volume_ml(RV)),
        ("wall", faces.every, shape.wall_ml),
    ):
        if not is_closed_manifold(triangles):
            raise MeshError(f"The surface of the {name} is not closed")
        off = 100.0 * (volume_ml(points, triangles) / target - 1.0)
        if abs(off) > 2.0:
            notes.append(f"The {name} of the mesh is {off:+.1f} % off the label map's volume")
    return tuple(notes)


def _landmarks(shape: WallShape, points: Array, faces: Faces) -> tuple[LongAxis, dict[str, Array]]:
    """The long axis and named places, in LPS mm."""
    frame = shape.frame

    def lid_centre(triangles: Triangles) -> Array:
        weight = np.linalg.norm(area_vectors(points, triangles), axis=1)
        return np.asarray(np.average(points[triangles].mean(axis=1), axis=0, weights=weight))

    endo = points[np.unique(faces.every[faces.lv])]
    septum = faces.every[faces.rv]
    septum = septum[~shape.is_rv(frame.from_lps(points[septum].mean(axis=1)))]
    if len(septum) == 0:
        raise MeshError("No septum lies between the ventricles", remedy="Check the right ventricle's labels.")
    lv_base, rv_base = lid_centre(faces.lv_lid), lid_centre(faces.rv_lid)
    axis = long_axis(endo, lv_base, points[septum].mean(axis=1), np.linalg.norm(area_vectors(points, septum), axis=1))
    epi = points[np.unique(faces.every[faces.epi])]
    aside = epi - axis.apex_mm - np.outer(axis.height(epi) * axis.length_mm, axis.up)
    near = np.linalg.norm(aside, axis=1) < 8.0
    tip = epi[near] if near.any() else epi
    landmarks = {
        "lv_apex": tip[np.argmin(axis.height(tip))],
        "lv_apex_endo": axis.apex_mm,
        "rv_centre": _centroid(shape, RV),
    }
    for name, ventricle, beyond, spare in (
        ("mitral_centre", LV, LA, lv_base),
        ("aortic_centre", LV, AORTA, lv_base),
        ("tricuspid_centre", RV, RA, rv_base),
        ("pulmonary_centre", RV, PA, rv_base),
    ):
        landmarks[name] = _valve(shape, ventricle, beyond, spare)
    return axis, landmarks


def _voxels_lps(shape: WallShape, where: NDArray[np.integer]) -> Array:
    """(n, 3) cropped voxel indices k, j, i -> LPS mm."""
    frame = shape.frame
    voxel = frame.spacing_mm / np.array(frame.pool[::-1])
    first = frame.origin_mm - (np.array(frame.pool[::-1]) - 1) / 2 * voxel
    return frame.to_lps(first + where[:, ::-1] * voxel)


def _centroid(shape: WallShape, value: int) -> Array:
    return np.asarray(_voxels_lps(shape, np.argwhere(shape.labels == value)).mean(axis=0))


def _valve(shape: WallShape, ventricle: int, beyond: int, spare: Array) -> Array:
    """Mean of the voxel faces at which two pools touch (or nearly do); ``spare`` where they do not."""
    one, two = shape.labels == ventricle, shape.labels == beyond
    for reach in (1, 2, 3):
        found = []
        for axis in range(3):
            for step in (reach, -reach):
                spot = np.argwhere(one & np.roll(two, step, axis=axis)).astype(float)
                spot[:, axis] -= step / 2
                found.append(spot)
        spots = np.concatenate(found)
        if len(spots) >= 20:
            return np.asarray(_voxels_lps(shape, spots).mean(axis=0))
    return spare


def _largest_parts(points: Array, tets: NDArray[np.integer], right: Mask) -> Mask:
    """Give stray pieces of each chamber's wall to the other, so that each is one piece."""
    for value in (True, False):
        member = np.nonzero(right == value)[0]
        if len(member) == 0:
            continue
        of = _tet_parts(len(points), tets[member])
        stray = member[of != np.argmax(np.bincount(of))]
        right = right.copy()
        right[stray] = not value
    return right


def _fields(
    points: Array,
    tets: NDArray[np.integer],
    faces: Faces,
    right: Mask,
    axis: LongAxis,
    landmarks: dict[str, Array],
    report: Reporter,
) -> tuple[dict[str, NDArray[np.generic]], dict[str, NDArray[np.generic]]]:
    """Point and cell fields of docs/rooms.md on the wall."""
    lv, rv = np.unique(faces.every[faces.lv]).astype(np.int64), np.unique(faces.every[faces.rv]).astype(np.int64)
    epi, base = np.unique(faces.every[faces.epi]).astype(np.int64), np.unique(faces.every[faces.base]).astype(np.int64)
    elements = Elements(points, tets)
    from_apex = np.linalg.norm(points - landmarks["lv_apex"], axis=1)
    apex = epi[from_apex[epi] < from_apex[epi].min() + 4.0]
    report(0.1, "Placing coordinates")
    depth = transmural(points, tets, right, lv, rv, epi)
    report(0.4, "Placing coordinates")
    along = apicobasal(elements, apex, base)
    report(0.7, "Laying fibres")
    fibre = fibres(elements, lv, rv, epi, apex, base)
    in_left = np.zeros(len(points), dtype=bool)
    in_left[tets[~right]] = True
    aha = np.where(in_left, aha_segments(axis, points), 0).astype(np.int8)
    rv_segment = np.zeros(len(points), dtype=np.int8)
    if right.any():
        level = axis.height(points)
        low, high = np.quantile(level[~in_left], [0.005, 0.995])
        third = np.clip(np.floor(3.0 * (level - low) / (high - low)), 0, 2)
        rv_segment = np.where(in_left, 0, 3 - third).astype(np.int8)
    return (
        {
            "transmural": depth,
            "apicobasal": along,
            "rotational_rad": axis.angle_rad(points),
            "aha_segment": aha,
            "rv_segment": rv_segment,
        },
        {"fibre": fibre, "chamber": np.where(right, 2, 1).astype(np.int8)},
    )


def _padded(values: NDArray[np.generic], count: int) -> NDArray[np.generic]:
    """Wall values followed by NaN (or 0 for integers) for the points that the wall does not have."""
    fill = np.nan if np.issubdtype(values.dtype, np.floating) else 0
    out = np.full((count, *values.shape[1:]), fill, dtype=values.dtype)
    out[: len(values)] = values
    return out
