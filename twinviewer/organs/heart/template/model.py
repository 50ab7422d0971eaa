"""The fitted template as an OrganMesh: end diastole with fibres and segments, and every frame of the measured beat."""

import hashlib

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twinviewer.domain import CineContours, CineStack, MeshError, OrganMesh, Reporter, enclosed_volume_ml, part, silent
from twinviewer.geometry.attached import Attached
from twinviewer.geometry.quality import six_volumes
from twinviewer.organs.heart.build import padded, wall_fields
from twinviewer.organs.heart.faces import Faces
from twinviewer.organs.heart.landmarks import axis_and_apex
from twinviewer.organs.heart.template.fit import Fitted, fit
from twinviewer.organs.heart.template.mend import mend, unfold
from twinviewer.organs.heart.template.shape import Template, template
from twinviewer.organs.heart.template.uncross import crossings, uncrossed

Array = NDArray[np.float64]

NOT_MEASURED = "Atria and great vessels are those of a generic heart, placed with the ventricles: not measured"
VALVES = ("mitral_centre", "aortic_centre", "tricuspid_centre", "pulmonary_centre")
_AROUND = 40
_ROUNDS = 4
MOST_MISS_MM = 3.0
"""Root mean square distance from what was observed that is let pass without a word: 1 to 2 mm are usual."""


def build_cine(contours: CineContours, stack: CineStack, report: Reporter = silent) -> OrganMesh:
    """The patient's ventricles from the contours of a cine study: the template in all phases.

    Raises SegmentationError where too few slices show the heart, MeshError where the bend would fold the wall.
    """
    fitted = fit(contours, stack, part(report, 0.0, 0.8))
    return model(fitted, contours, part(report, 0.8, 1.0))


def model(fitted: Fitted, contours: CineContours, report: Reporter = silent) -> OrganMesh:
    """The mesh of a fit. Fibres and segments are laid on the patient's own end diastole, as on any other mesh."""
    shape = template()
    cavity = shape.faces.cavity(shape.faces.lv, shape.faces.lv_lid)
    volume = [enclosed_volume_ml(wall, cavity) for wall in fitted.positions_mm]
    rest = int(np.argmax(volume))
    report(0.0, "Making every element sound")
    # unfolded first: no small move of a corner mends elements that are inside out together
    wall = mend(unfold(fitted.positions_mm[rest], fitted.placed_mm, shape.tets), shape.tets, shape.faces.every)
    if not (six_volumes(wall, shape.tets) > 0).all():
        raise MeshError("The fitted wall folds over itself", remedy="Correct the contours that differ most, by hand")
    # what mending moved at rest moves along in all frames
    moved = wall - fitted.positions_mm[rest]
    positions = [_sound(frame + moved, wall, shape) for frame in fitted.positions_mm]
    positions[rest] = wall
    crossed = [k for k, frame in enumerate(positions) if len(crossings(frame, shape.faces.every))]
    report(0.3, "Laying fibres")
    faces = shape.faces
    axis, landmarks = axis_and_apex(wall, faces, _septum(shape))
    point_fields, cell_fields = wall_fields(
        wall, shape.tets, faces, shape.right, axis, landmarks, part(report, 0.3, 0.8), shape.coordinates
    )
    landmarks |= _carried(shape, fitted, wall)
    points, surfaces = _with_chambers(shape, fitted, wall)
    count = len(points)
    mesh = OrganMesh(
        organ="heart",
        points_mm=points,
        tets=shape.tets,
        surfaces=surfaces,
        point_fields={name: padded(values, count) for name, values in point_fields.items()},
        cell_fields=cell_fields,
        landmarks=landmarks,
        wall_points=len(wall),
        uid="",
        label_uid=f"{contours.made_by} {contours.image_uid[:12]}",
    )
    report(0.85, "Moving atria and vessels along")
    motion = _whole(mesh, positions)
    points = motion[rest].astype(np.float64)
    digest = hashlib.sha256(motion.tobytes() + shape.tets.tobytes()).hexdigest()[:16]
    whole = OrganMesh(
        **{name: getattr(mesh, name) for name in OrganMesh.__dataclass_fields__}
        | {
            "points_mm": points,
            "uid": digest,
            "motion_mm": motion,
            "motion_fraction": fitted.fraction,
            "notes": (NOT_MEASURED, *_doubts(contours, fitted, crossed)),
        }
    )
    for array in (whole.points_mm, motion, whole.motion_fraction, *whole.surfaces.values()):
        if array is not None:
            array.setflags(write=False)
    for values in (*whole.point_fields.values(), *whole.cell_fields.values()):
        values.setflags(write=False)
    report(1.0, f"{len(fitted.fraction)} phases of {len(whole.tets)} tetrahedra")
    return whole


def _sound(frame_mm: Array, rest_mm: Array, shape: Template) -> Array:
    """A frame without folded elements and, if a few rounds suffice, without faces that pass through each other."""
    points = unfold(frame_mm, rest_mm, shape.tets)
    for _ in range(_ROUNDS):
        apart, _ = uncrossed(points, rest_mm, shape.faces.every)
        if apart is points:
            break
        points = unfold(apart, rest_mm, shape.tets)
    return points


def _doubts(contours: CineContours, fitted: Fitted, crossed: list[int]) -> tuple[str, ...]:
    out = []
    if crossed:
        phases = ", ".join(str(k + 1) for k in crossed)
        out.append(f"Faces of the wall pass through each other in phase {phases}: correct the contours there by hand")
    if not any(point.name == "mitral" for point in contours.points):
        out.append("No long axis shows the valves: the base follows the slices, so volumes and EF are uncertain")
    worst = int(np.argmax(fitted.miss_mm))
    if fitted.miss_mm[worst] > MOST_MISS_MM:
        miss = f"{fitted.miss_mm[worst]:.1f} mm"
        out.append(f"The model misses contours and borders by {miss} in phase {worst + 1}: look at its lines there")
    return tuple(out)


def _septum(shape: Template) -> NDArray[np.int32]:
    left = np.zeros(len(shape.points_mm), dtype=bool)
    left[shape.tets[~shape.right]] = True
    inner = shape.faces.every[shape.faces.rv]
    return inner[left[inner].all(axis=1)]


def _carried(shape: Template, fitted: Fitted, wall: Array) -> dict[str, Array]:
    """Landmarks that lie off the wall, moved as the wall round them is."""
    tree = cKDTree(shape.points_mm)
    out = {}
    for name in (*VALVES, "rv_centre"):
        place = shape.landmarks[name]
        _, near = tree.query(place, k=_AROUND)
        out[name] = place @ fitted.matrix + fitted.shift + (wall[near] - fitted.placed_mm[near]).mean(axis=0)
    return out


def _with_chambers(shape: Template, fitted: Fitted, wall: Array) -> tuple[Array, dict[str, NDArray[np.int32]]]:
    """All points at end diastole and the surfaces of docs/rooms.md; chambers and vessels follow the bent wall."""
    faces: Faces = shape.faces
    every = faces.every
    surfaces = {
        "myocardium": every,
        "lv_endocardium": every[faces.lv],
        "rv_endocardium": every[faces.rv],
        "epicardium": every[faces.epi],
        "lv_cavity": faces.cavity(faces.lv, faces.lv_lid),
        "rv_cavity": faces.cavity(faces.rv, faces.rv_lid),
    }
    clouds, start = [fitted.placed_mm], len(wall)
    for name, (cloud, triangles) in shape.chambers.items():
        clouds.append(cloud @ fitted.matrix + fitted.shift)
        surfaces[name] = triangles + np.int32(start)
        start += len(cloud)
    placed = np.concatenate(clouds)
    empty: dict[str, NDArray[np.generic]] = {}
    before = OrganMesh("heart", placed, shape.tets, surfaces, empty, empty, {}, len(wall), "", "")
    points = placed.copy()
    points[: len(wall)] = wall
    Attached(before).follow(points, {"la": 1.0, "ra": 1.0})
    return points, surfaces


def _whole(mesh: OrganMesh, positions: list[Array]) -> NDArray[np.float32]:
    """(t, n, 3) all points: the wall's frames, and what hangs on the wall following each."""
    attached = Attached(mesh)
    frames = []
    for wall in positions:
        points = mesh.points_mm.copy()
        points[: mesh.wall_points] = wall
        attached.follow(points, {"la": 1.0, "ra": 1.0})
        frames.append(points.astype(np.float32))
    return np.stack(frames)
