"""LabelMap → OrganMesh: tetrahedra of the wall, surfaces of all chambers, coordinates, fibres, landmarks."""

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import LabelMap, OrganMesh, Reporter, part, silent
from twinviewer.geometry.improve import improve
from twinviewer.geometry.laplace import Elements
from twinviewer.geometry.relax import round_creases, shorten_edges, straighten_rims
from twinviewer.geometry.solids import frame_around, smooth_solid
from twinviewer.geometry.surfaces import boundary_loops, isosurface
from twinviewer.organs.heart.coordinates import LongAxis, aha_segments, apicobasal, transmural
from twinviewer.organs.heart.faces import Faces, check, closed_clear, find_faces, keep_volumes
from twinviewer.organs.heart.fibres import fibres
from twinviewer.organs.heart.landmarks import find_landmarks
from twinviewer.organs.heart.styles import STYLES
from twinviewer.organs.heart.tetrahedra import largest_parts, wall_tetrahedra
from twinviewer.organs.heart.wall import AORTA, LA, PA, RA, codes, wall_shape

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

CELL_MM = 2.65  # cubic lattice edge; most tetrahedral edges are 2.3 or 2.65 mm
LONGEST = 3.0 / CELL_MM  # no edge is longer than this share of the cell
THINNEST_MM = 3.0
TETS_A_CELL = 13.4  # thin walls have more of those that the face has cut
CHAMBER_TRIANGLES = 3000
CHAMBERS = {"la": LA, "ra": RA, "aorta": AORTA, "pulmonary_artery": PA}


def reference_phase(labels: LabelMap) -> int:
    """End-diastole: the phase with the most blood in the left ventricle."""
    return int(np.argmax([labels.volume_ml("lv_blood", t) for t in range(labels.phases)]))


def expected_tets(labels: LabelMap, edge_mm: float) -> int:
    """About how many tetrahedra the wall will have with edges up to ``edge_mm``; 0 without muscle."""
    muscle = [name for name in ("lv_myocardium", "rv_myocardium") if name in labels.names.values()]
    return int(TETS_A_CELL * 1000.0 * sum(labels.volume_ml(name) for name in muscle) / (edge_mm / LONGEST) ** 3)


def build(labels: LabelMap, report: Reporter = silent, cell_mm: float = CELL_MM) -> OrganMesh:
    """Mesh the heart at end-diastole. cell_mm sets the fineness.

    Raises MeshError when ventricles are missing, open to the outside, or the mesh would not be sound.
    """
    report(0.0, "Reading the labels")
    phase = reference_phase(labels)
    data = codes(labels)[phase]
    shape = wall_shape(labels, data, THINNEST_MM, part(report, 0.0, 0.25))
    report(0.25, "Filling the wall with tetrahedra")
    points, tets = wall_tetrahedra(shape, cell_mm)
    report(0.45, "Finding the endocardium and the valve planes")
    faces = find_faces(shape, points, tets)
    points = round_creases(points, tets, faces.every)
    rims = [rim for which in (faces.lv, faces.rv) for rim in boundary_loops(faces.every[which])]
    points = straighten_rims(points, tets, rims)
    points = shorten_edges(points, tets, 0.99 * LONGEST * cell_mm, shape.distance)
    points = improve(points, tets, held=np.concatenate(rims), longest_mm=0.995 * LONGEST * cell_mm)
    points, faces = closed_clear(points, tets, faces)
    points = keep_volumes(shape, points, tets, faces)
    points = shorten_edges(points, tets, LONGEST * cell_mm)
    notes = check(shape, points, tets, faces)
    points = shape.frame.to_lps(points)
    if np.linalg.det(shape.frame.rotation) < 0:
        tets = tets[:, [1, 0, 2, 3]]
        faces = faces.mirrored()
    report(0.55, "Placing coordinates")
    axis, landmarks = find_landmarks(shape, points, faces)
    right = shape.is_rv(shape.frame.from_lps(points[tets].mean(axis=1)))
    right = largest_parts(points, tets, right)
    point_fields, cell_fields = wall_fields(points, tets, faces, right, axis, landmarks, part(report, 0.6, 0.85))
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
        point_fields={name: padded(values, len(every)) for name, values in point_fields.items()},
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


def wall_fields(
    points: Array,
    tets: NDArray[np.integer],
    faces: Faces,
    right: Mask,
    axis: LongAxis,
    landmarks: dict[str, Array],
    report: Reporter,
    known: Mapping[str, Array] | None = None,
) -> tuple[dict[str, NDArray[np.generic]], dict[str, NDArray[np.generic]]]:
    """Point and cell fields of docs/rooms.md on the wall: its points (n, 3) in LPS mm, its tets, which are right.
    known: "transmural" and "apicobasal" where they are known already, since they move with the muscle."""
    lv, rv = np.unique(faces.every[faces.lv]).astype(np.int64), np.unique(faces.every[faces.rv]).astype(np.int64)
    epi, base = np.unique(faces.every[faces.epi]).astype(np.int64), np.unique(faces.every[faces.base]).astype(np.int64)
    elements = Elements(points, tets)
    from_apex = np.linalg.norm(points - landmarks["lv_apex"], axis=1)
    apex = epi[from_apex[epi] < from_apex[epi].min() + 4.0]
    report(0.1, "Placing coordinates")
    depth = known["transmural"] if known else transmural(points, tets, right, lv, rv, epi)
    report(0.4, "Placing coordinates")
    along = known["apicobasal"] if known else apicobasal(elements, apex, base)
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


def padded(values: NDArray[np.generic], count: int) -> NDArray[np.generic]:
    """Wall values followed by NaN (or 0 for integers) for the points that the wall does not have."""
    fill = np.nan if np.issubdtype(values.dtype, np.floating) else 0
    out = np.full((count, *values.shape[1:]), fill, dtype=values.dtype)
    out[: len(values)] = values
    return out
