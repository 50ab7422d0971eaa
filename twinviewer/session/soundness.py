"""Checks on a case that came from a file: what a renderer or a kernel would otherwise run into without a bound."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineContours, CineStack, Grid, LabelMap, OrganMesh, Run, Setup, StoreError, Volume
from twinviewer.session import fusion, key_images
from twinviewer.session.case import Case
from twinviewer.session.label_edits import MOST_EDITS
from twinviewer.session.records_update import MOST_EARLIER
from twinviewer.session.rulers import LIMIT as RULERS
from twinviewer.session.scenarios import LIMIT
from twinviewer.session.studies.study import LIMIT as STUDIES
from twinviewer.session.studies.study import MOST_POINTS

RULER_POINTS = 2000

MOST_BOXES = 100_000
"""Of one edit: each phase that a tool acts on gives up to about a thousand."""
MOST_LETTERS = 300


def check_case(case: Case) -> None:
    """StoreError, naming the part, when shapes or indices do not fit together."""
    if isinstance(case.image, Volume):
        _need("image", case.image.data.ndim == 4 and case.image.data.shape[1:] == case.image.grid.shape)
        _need("image", case.image.phase_percent.shape == case.image.data.shape[:1])
        _grid("image", case.image.grid)
    elif isinstance(case.image, CineStack):
        _need("image", len(case.image.planes) > 0)
        for plane in case.image.planes:
            _need("image", plane.frames.ndim == 3 and _numbers(plane.affine, (4, 4)))
            _need("image", plane.trigger_s.shape == plane.frames.shape[:1])
    if case.labels is not None:
        _labels(case.labels)
    if case.tissue is not None:
        _labels(case.tissue)
        _need("label map", len(case.tissue.data) > 0)
    _label_edits(case)
    if case.contours is not None:
        _contours(case.contours, case.image)
    _rulers(case)
    _need("key images", len(case.key_images) <= key_images.LIMIT and all(map(key_images.sound, case.key_images)))
    _need("second series", case.fusion is None or fusion.sound(case.fusion))
    _need("landmarks", len(case.landmarks) <= LIMIT and all(_numbers(one, (3,)) for one in case.landmarks.values()))
    _need("earlier twins", len(case.earlier) <= MOST_EARLIER)
    scenarios = list(case.scenarios)
    for kept in (case.scenarios, *(twin.scenarios for twin in case.earlier)):
        _need("scenarios", len(kept) <= LIMIT)
        names = [scenario.name for scenario in kept]
        _need("scenarios", len(set(names)) == len(names))
        scenarios += [scenario for scenario in kept if scenario not in case.scenarios]
    meshes = [case.mesh] if case.mesh is not None else []
    meshes += [scenario.setup.mesh for scenario in scenarios]
    for mesh in {id(mesh): mesh for mesh in meshes}.values():
        _mesh(mesh)
    _studies(case)
    for scenario in scenarios:
        _setup(scenario.setup)
        if scenario.run is not None:
            _run(scenario.run, scenario.setup.mesh)


def _rulers(case: Case) -> None:
    _need("measurements by hand", len(case.rulers) <= RULERS)
    for ruler in case.rulers:
        count = len(ruler.points_mm)
        _need("measurements by hand", 2 <= count <= RULER_POINTS and _numbers(ruler.points_mm, (count, 3)))
        for way in (ruler.right, ruler.down):
            _need("measurements by hand", way is None or _numbers(way, (3,)))
        if ruler.nodes is not None:
            _need("measurements by hand", ruler.weights is not None and _numbers(ruler.weights, (count, 3)))
            _indices("measurements by hand", ruler.nodes, 3, np.iinfo(np.int32).max)
            _need("measurements by hand", len(ruler.nodes) == count)


def _studies(case: Case) -> None:
    part, mesh = "studies", case.baseline.setup.mesh if case.baseline is not None else None
    _need(part, len(case.studies) <= STUDIES and (mesh is not None or not case.studies))
    _need(part, len({study.name for study in case.studies}) == len(case.studies))
    for study in case.studies:
        names = {point.name for point in study.points}
        _need(part, len(names) == len(study.points) <= MOST_POINTS)
        _need(part, len(study.answers) <= len(names) and all(one.point in names for one in study.answers))
        for answer in study.answers:
            _need(part, all(values.shape == (17,) for values in answer.segments.values()))
            if mesh is not None:
                _need(part, _lengths(answer.fields.values(), {len(mesh.points_mm), len(mesh.tets)}))


def _need(part: str, condition: Any) -> None:
    if not condition:
        raise StoreError(f"The {part} in the file is not sound", remedy="Do not trust this file")


def _numbers(array: NDArray[Any], shape: tuple[int, ...]) -> bool:
    return array.shape == shape and array.dtype.kind == "f" and bool(np.isfinite(array).all())


def _grid(part: str, grid: Grid) -> None:
    _need(part, _numbers(grid.affine, (4, 4)) and all(length > 0 for length in grid.shape))
    _need(part, abs(np.linalg.det(grid.affine[:3, :3])) > 1e-9)


def _contours(contours: CineContours, image: Any) -> None:
    planes = image.planes if isinstance(image, CineStack) else ()
    _need("contours", all(0 <= plane < len(planes) for plane in contours.short_axis))
    for contour in contours.contours:
        _need("contours", 0 <= contour.plane < len(planes))
        _need("contours", 0 <= contour.phase < len(planes[contour.plane].frames))
        _need("contours", _numbers(contour.points_mm, (len(contour.points_mm), 3)) and len(contour.points_mm) >= 3)
        _need("contours", 0.0 <= contour.confidence <= 1.0)
    for point in contours.points:
        _need("contours", 0 <= point.plane < len(planes) and _numbers(point.point_mm, (3,)))
        _need("contours", 0 <= point.phase < len(planes[point.plane].frames) and 0.0 <= point.confidence <= 1.0)
    _need("contours", contours.shift_mm is None or _numbers(contours.shift_mm, (len(planes), 3)))
    for values in (contours.base_fraction, contours.base_depth_mm):
        _need("contours", values is None or (values.ndim == 1 and _numbers(values, values.shape)))


def _labels(labels: LabelMap) -> None:
    _grid("label map", labels.grid)
    _need("label map", labels.data.dtype == np.uint8 and labels.data.ndim == 4)
    _need("label map", labels.data.shape[1:] == labels.grid.shape)
    _need("label map", labels.phase_percent.shape == labels.data.shape[:1])


def _label_edits(case: Case) -> None:
    """Boxes of edits lie within the labels, apart from each other; whether they lead to them is found by undoing."""
    part = "history of the label map"
    _need(part, len(case.label_edits) <= MOST_EDITS and (case.labels is not None or not case.label_edits))
    if case.labels is None:
        return
    phases, *shape = case.labels.data.shape
    taken = {
        box.phase: np.zeros(shape, np.bool_) for edit in case.label_edits for box in edit.boxes if box.phase < phases
    }
    for edit in case.label_edits:
        _need(part, len(edit.boxes) <= MOST_BOXES and len(edit.action) <= MOST_LETTERS)
        _need(part, (edit.names_before is None) == (edit.names_after is None))
        for box in edit.boxes:
            _need(part, box.before.ndim == 3 and box.before.shape == box.after.shape and box.before.size > 0)
            _need(part, box.before.dtype == np.uint8 and box.after.dtype == np.uint8)
            _need(part, 0 <= box.phase < phases and all(first >= 0 for first in box.start))
            ends = (first + size for first, size in zip(box.start, box.before.shape, strict=True))
            _need(part, all(end <= size for end, size in zip(ends, shape, strict=True)))
            _need(part, not taken[box.phase][box.where].any())
            taken[box.phase][box.where] = True
        for box in edit.boxes:
            taken[box.phase][box.where] = False


def _mesh(mesh: OrganMesh) -> None:
    count, cells = len(mesh.points_mm), len(mesh.tets)
    _need("model", _numbers(mesh.points_mm, (count, 3)) and 0 < mesh.wall_points <= count)
    _indices("model", mesh.tets, 4, mesh.wall_points)
    for triangles in mesh.surfaces.values():
        _indices("model", triangles, 3, count)
    _need("model", all(values.ndim and len(values) == count for values in mesh.point_fields.values()))
    _need("model", all(values.ndim and len(values) == cells for values in mesh.cell_fields.values()))
    _need("model", all(_numbers(place, (3,)) for place in mesh.landmarks.values()))
    if mesh.motion_mm is not None:
        times = mesh.motion_fraction
        _need("model", mesh.motion_mm.ndim == 3 and mesh.motion_mm.shape[1:] == (count, 3))
        _need("model", times is not None and times.shape == mesh.motion_mm.shape[:1])
        _need("model", times is not None and bool((np.diff(times) > 0).all()) and times[0] >= 0.0 and times[-1] < 1.0)


def _indices(part: str, array: NDArray[Any], width: int, count: int) -> None:
    _need(part, array.ndim == 2 and array.shape[1] == width and array.dtype.kind in "iu")
    _need(part, array.size == 0 or (int(array.min()) >= 0 and int(array.max()) < count))


def _setup(setup: Setup) -> None:
    count, cells = len(setup.mesh.points_mm), len(setup.mesh.tets)
    _need("setup", all(0 <= stimulus.node < count for stimulus in setup.stimuli))
    _need("setup", _lengths(setup.tissue.values(), {count, cells}))


def _run(run: Run, mesh: OrganMesh) -> None:
    count, cells, frames = len(mesh.points_mm), len(mesh.tets), len(run.time_s)
    _need("simulation", frames > 0 and _numbers(run.time_s, (frames,)) and run.period_s > 0)
    _need("simulation", run.time_s[0] == 0.0 and bool((np.diff(run.time_s) > 0).all()))
    _need("simulation", run.time_s[-1] < run.period_s)
    _need("simulation", _numbers(run.points_mm, (frames, count, 3)))
    _need("simulation", all(v.shape in ((frames, count), (frames, cells)) for v in run.moving_fields.values()))
    _need("simulation", _lengths((field.values for field in run.fields.values()), {count, cells}))
    for trace in run.traces.values():
        _need("simulation", trace.time_s.ndim == 1 and trace.time_s.shape == trace.values.shape and len(trace.time_s))


def _lengths(arrays: Iterable[NDArray[Any]], allowed: set[int]) -> bool:
    return all(array.ndim and len(array) in allowed for array in arrays)
