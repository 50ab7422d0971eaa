"""Cine MR: contours agree with published meshes and an expert, hold when the images are changed, and are refused."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pydicom
import pytest
import pyvista as pv
from numpy.typing import NDArray
from scipy import ndimage
from skimage.draw import polygon2mask

from twinviewer.dicom import read, scan
from twinviewer.domain import Cancelled, CinePlane, CineStack, SegmentationError
from twinviewer.segmentation.cine import CineContours, delineate

VENTRICULAR = (1, 2, 3, 4, 5)
"""SAX 2 to 6. SAX 1 lies across the valves: the published surfaces are open there."""
PHASES = range(0, 25, 3)
_FINE = 2
"""Masks are drawn at twice the image's resolution."""


def in_pixels(points_mm: NDArray[np.float64], plane: CinePlane) -> NDArray[np.float64]:
    """(n, 3) LPS mm -> (n, 2) column, row in a plane."""
    inverse = np.linalg.inv(plane.affine)
    return points_mm @ inverse[:2, :3].T + inverse[:2, 3]


def mask_of(pixels: NDArray[np.float64], plane: CinePlane) -> NDArray[np.bool_]:
    """Fine mask of a polygon (n, 2) in column, row."""
    _, j, i = plane.frames.shape
    return polygon2mask((j * _FINE, i * _FINE), (pixels[:, ::-1] + 0.5) * _FINE - 0.5)


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """2 |a and b| / (|a| + |b|)."""
    return float(2 * np.count_nonzero(a & b) / max(np.count_nonzero(a) + np.count_nonzero(b), 1))


@cache
def _mesh(folder: Path, name: str, phase: int) -> pv.PolyData:
    return pv.read(folder / f"patient1_{name}_{phase:03d}.vtk").extract_surface(algorithm="dataset_surface").clean()


def mesh_mask(folder: Path, name: str, phase: int, plane: CinePlane) -> NDArray[np.bool_] | None:
    """Where a plane cuts a published surface, filled; None where the cut is not one closed curve (valve, no cut)."""
    cut = _mesh(folder, name, phase).slice(normal=plane.normal, origin=plane.affine[:3, 3])
    if cut.n_points == 0:
        return None
    curves = cut.strip(join=True, max_length=100000)
    ids = max((cell.point_ids for cell in curves.cell), key=len)
    points = np.asarray(curves.points)[ids]
    if len(ids) < 8 or np.linalg.norm(points[0] - points[-1]) > 3.0:
        return None
    return mask_of(in_pixels(points, plane), plane)


def left_epicardial_mask(folder: Path, phase: int, plane: CinePlane) -> NDArray[np.bool_] | None:
    """The left ventricle with its wall: the epicardial cut less the right cavity and its 3 to 4 mm free wall."""
    whole = mesh_mask(folder, "EPICARDIAL", phase, plane)
    left = mesh_mask(folder, "LV_ENDOCARDIAL", phase, plane)
    right = mesh_mask(folder, "RV_ENDOCARDIAL", phase, plane)
    if whole is None or left is None:
        return None
    if right is None:
        return whole
    radius = round(4.9 * _FINE / float(np.linalg.norm(plane.affine[:3, 0])))
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    opened = ndimage.binary_opening(whole & ~right, x * x + y * y <= radius * radius)
    labels, _ = ndimage.label(opened)
    counts = np.bincount(labels[left], minlength=2)
    return labels == 1 + int(np.argmax(counts[1:]))


def expert_polygons(folder: Path, stack: CineStack) -> list[tuple[int, int, bool, NDArray[np.float64]]]:
    """Sunnybrook's polygons: (plane, phase, whether epicardial, (n, 2) pixels), matched through the DICOM files."""
    out = []
    for path in sorted((folder / "contours").glob("*.txt")):
        header = pydicom.dcmread(folder / "dicom" / f"IM-0009-{path.name.split('-')[2]}.dcm", stop_before_pixels=True)
        place = np.array(header.ImagePositionPatient, dtype=float)
        plane = next(i for i, p in enumerate(stack.planes) if np.allclose(p.affine[:3, 3], place, atol=0.1))
        phase = int(np.argmin(np.abs(stack.planes[plane].trigger_s * 1000 - float(header.TriggerTime))))
        out.append((plane, phase, "ocontour" in path.name, np.loadtxt(path)))
    return out


@pytest.fixture(scope="module")
def meshes(data_dir: Path) -> Path:
    return data_dir / "cine_cmr_bivme_patient1" / "fitted_mesh_vtk"


def _agreement(
    contours: CineContours,
    stack: CineStack,
    structure: str,
    reference: Callable[[int, CinePlane], NDArray[np.bool_] | None],
    phase_of: Callable[[int], int] = lambda phase: phase,
    phases: range = PHASES,
) -> NDArray[np.float64]:
    """Mean Dice of each ventricular slice over phases in which the reference closes; a missing contour counts 0."""
    out = []
    for plane in VENTRICULAR:
        known = contours.of(plane, structure)
        scores = []
        for phase in phases:
            truth = reference(phase_of(phase), stack.planes[plane])
            if truth is None:
                continue
            mine = known.get(phase)
            mask = np.zeros_like(truth)
            if mine is not None:
                mask = mask_of(in_pixels(mine.points_mm, stack.planes[plane]), stack.planes[plane])
            scores.append(dice(mask, truth))
        out.append(np.mean(scores))
    return np.array(out)


def test_left_endocardium_agrees_with_the_published_mesh(
    contours: CineContours, patient: CineStack, meshes: Path
) -> None:
    found = _agreement(contours, patient, "lv_endocardium", lambda t, p: mesh_mask(meshes, "LV_ENDOCARDIAL", t, p))
    assert found[:3].min() >= 0.90
    assert found.mean() >= 0.84


def test_left_epicardium_agrees_with_the_published_mesh(
    contours: CineContours, patient: CineStack, meshes: Path
) -> None:
    found = _agreement(contours, patient, "lv_epicardium", lambda t, p: left_epicardial_mask(meshes, t, p))
    assert found[1:3].min() >= 0.92
    assert found.mean() >= 0.88


def test_right_endocardium_agrees_with_the_published_mesh(
    contours: CineContours, patient: CineStack, meshes: Path
) -> None:
    found = _agreement(contours, patient, "rv_endocardium", lambda t, p: mesh_mask(meshes, "RV_ENDOCARDIAL", t, p))
    assert found[1:3].min() >= 0.80  # SAX 3 and 4; at the base the atrium is not told apart, at the apex it is thin


def test_right_contours_that_may_hold_the_atrium_are_less_trusted(contours: CineContours) -> None:
    basal, middle = contours.of(1, "rv_endocardium"), contours.of(2, "rv_endocardium")
    systole = range(8, 14)
    assert np.mean([basal[t].confidence for t in systole if t in basal]) < 0.5
    assert np.mean([middle[t].confidence for t in systole]) > 0.6


def test_endocardium_agrees_with_an_expert(data_dir: Path) -> None:
    folder = data_dir / "sunnybrook_scd0003701_edes"
    stack = read(scan(folder / "dicom")[0])
    assert isinstance(stack, CineStack)
    contours = delineate(stack)
    scores = []
    for plane, phase, outer, polygon in expert_polygons(folder, stack):
        mine = contours.at(plane, phase, "lv_epicardium" if outer else "lv_endocardium")
        assert mine is not None
        where = stack.planes[plane]
        scores.append(dice(mask_of(in_pixels(mine.points_mm, where), where), mask_of(polygon, where)))
    assert np.mean(scores) >= 0.88
    assert min(scores) >= 0.75
    assert any("beyond the stack" in note for note in contours.notes)


def _changed(plane: CinePlane) -> CinePlane:
    """Turned by 35 degrees in plane, at 2 mm, gamma 0.7, every second phase."""
    turn, step = np.deg2rad(35.0), 2.0
    _, j, i = plane.frames.shape
    old = float(np.linalg.norm(plane.affine[:3, 0]))
    size = int(np.ceil(np.hypot(i, j) * old / step))
    u, v = plane.affine[:3, 0] / old, plane.affine[:3, 1] / old
    new_u, new_v = np.cos(turn) * u + np.sin(turn) * v, -np.sin(turn) * u + np.cos(turn) * v
    middle = plane.affine[:3, :2] @ np.array([(i - 1) / 2, (j - 1) / 2]) + plane.affine[:3, 3]
    affine = plane.affine.copy()
    affine[:3, 0], affine[:3, 1] = new_u * step, new_v * step
    affine[:3, 3] = middle - (new_u + new_v) * step * (size - 1) / 2
    y, x = np.mgrid[:size, :size]
    points = affine[:3, 0] * x[..., None] + affine[:3, 1] * y[..., None] + affine[:3, 3]
    inverse = np.linalg.inv(plane.affine)
    ij = points @ inverse[:2, :3].T + inverse[:2, 3]
    frames = np.array(
        [
            ndimage.map_coordinates(
                ndimage.gaussian_filter(frame.astype(np.float32), 0.5), [ij[..., 1], ij[..., 0]], order=1, cval=0.0
            )
            for frame in plane.frames[::2]
        ]
    )
    top = float(frames.max())
    return CinePlane(
        frames=(1000.0 * (frames / top) ** 0.7).astype(np.float32),
        affine=affine,
        trigger_s=plane.trigger_s[::2],
        rr_s=plane.rr_s,
        label=plane.label,
        thickness_mm=plane.thickness_mm,
    )


def test_holds_when_turned_coarser_brighter_and_with_half_the_phases(patient: CineStack, meshes: Path) -> None:
    stack = CineStack(tuple(_changed(plane) for plane in patient.planes), "MR", "changed")
    found = _agreement(
        delineate(stack),
        stack,
        "lv_endocardium",
        lambda t, p: mesh_mask(meshes, "LV_ENDOCARDIAL", t, p),
        phase_of=lambda phase: 2 * phase,
        phases=range(0, 13, 2),
    )
    assert found[:3].min() >= 0.86
    assert found.mean() >= 0.80


def test_contours_lie_in_their_planes_and_say_how_sure_they_are(contours: CineContours, patient: CineStack) -> None:
    for contour in contours.contours:
        plane = patient.planes[contour.plane]
        assert np.abs((contour.points_mm - plane.affine[:3, 3]) @ plane.normal).max() < 1e-6
        assert 0.0 <= contour.confidence <= 1.0
        outer = contours.at(contour.plane, contour.phase, "lv_epicardium")
        if contour.structure == "lv_endocardium":
            assert outer is not None
            assert outer.area_mm2 > contour.area_mm2


def test_cancel_is_heard_within_a_frame(patient: CineStack) -> None:
    calls = 0

    def cancel(fraction: float, text: str) -> None:
        nonlocal calls
        calls += 1
        if calls > 50:
            raise Cancelled

    with pytest.raises(Cancelled):
        delineate(patient, cancel)
    assert calls == 51  # slices alone would be called for some twenty times


def _noise_stack(seed: int, phases: int) -> CineStack:
    rng = np.random.default_rng(seed)
    planes = []
    for k in range(5):
        affine = np.diag([1.4, 1.4, 1.0, 1.0])
        affine[2, 3] = -10.0 * k
        frames = rng.normal(100.0, 30.0, (phases, 96, 96)).astype(np.float32)
        planes.append(CinePlane(frames, affine, np.arange(phases) * 0.04, 0.04 * phases, f"SAX {k + 1}", 8.0))
    return CineStack(tuple(planes), "MR", "noise")


def test_noise_is_refused() -> None:
    with pytest.raises(SegmentationError):
        delineate(_noise_stack(1, 8))


def test_a_still_stack_is_refused() -> None:
    with pytest.raises(SegmentationError, match="beats"):
        delineate(_noise_stack(2, 1))


def test_long_axes_alone_are_refused(patient: CineStack) -> None:
    with pytest.raises(SegmentationError, match="short-axis"):
        delineate(CineStack(patient.planes[6:8], "MR", "long"))
