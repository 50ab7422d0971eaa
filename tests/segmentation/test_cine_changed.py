"""Cine MR: the targets hold when the real scan is turned, resampled, lit otherwise, or lacks slices or phases."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import thread_time

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from twinviewer.domain import CinePlane, CineStack
from twinviewer.segmentation.cine import CineContours, delineate, volumes
from twinviewer.segmentation.cine.phases import at_fraction, beat_fraction

LV_ML, LV_EF, RV_ML = (174.5, 72.1), 58.7, (204.0, 77.0)
"""Published fit of the study: end-diastolic and end-systolic volumes, ejection fraction in per cent."""
TURN = Rotation.from_euler("xyz", [8.0, -18.0, 5.0], degrees=True).as_matrix()

Change = Callable[[CinePlane], CinePlane]


def turned(plane: CinePlane) -> CinePlane:
    """The patient lies 20 degrees askew and elsewhere."""
    affine = plane.affine.copy()
    affine[:3] = TURN @ affine[:3]
    affine[:3, 3] += (30.0, -20.0, 15.0)
    return replace(plane, affine=affine)


def resampled(step_mm: float) -> Change:
    """Other pixels."""

    def change(plane: CinePlane) -> CinePlane:
        zoom = float(np.linalg.norm(plane.affine[:3, 0])) / step_mm
        _, j, i = plane.frames.shape
        at = np.mgrid[: int((j - 1) * zoom) + 1, : int((i - 1) * zoom) + 1] / zoom
        blur = max(0.0, 0.5 * (1.0 / zoom - 1.0))
        frames = [
            ndimage.map_coordinates(ndimage.gaussian_filter(f.astype(np.float32), blur), at, order=1)
            for f in plane.frames
        ]
        affine = plane.affine.copy()
        affine[:3, :2] /= zoom
        return replace(plane, frames=np.array(frames, dtype=np.float32), affine=affine)

    return change


def lit(gamma: float = 1.0, bias: float = 0.0, noise: float = 0.0, scale: float = 1.0) -> Change:
    """Another receiver: gamma, a field across the image, Rician-like noise as a share of the bright end, and gain."""

    def change(plane: CinePlane) -> CinePlane:
        rng = np.random.default_rng(5)
        top = float(np.percentile(plane.frames, 99.5))
        level = np.maximum(plane.frames.astype(np.float32) / top, 0.0) ** gamma
        _, j, i = level.shape
        y, x = np.mgrid[:j, :i]
        level = level * (1.0 + bias * (x / i - y / j))
        level = np.abs(level + rng.normal(0.0, noise, level.shape))
        return replace(plane, frames=(level * scale * top).astype(np.float32))

    return change


def only(phases: list[int]) -> Change:
    """Fewer phases."""
    return lambda plane: replace(plane, frames=plane.frames[phases], trigger_s=plane.trigger_s[phases])


def forty(plane: CinePlane) -> CinePlane:
    """40 phases by interpolation."""
    wanted = np.arange(40) / 40
    frames = at_fraction(plane.frames.astype(np.float64), beat_fraction(plane), wanted).astype(np.float32)
    return replace(plane, frames=frames, trigger_s=wanted * (plane.rr_s or 1.0))


def changed(stack: CineStack, *changes: Change, without: tuple[int, ...] = ()) -> CineStack:
    """All planes but some, changed one way after the other."""
    planes = []
    for index, plane in enumerate(stack.planes):
        if index not in without:
            for change in changes:
                plane = change(plane)
            planes.append(plane)
    return CineStack(tuple(planes), stack.modality, "changed")


@dataclass(frozen=True)
class Case:
    """How the study is changed, and how far off it may be: relative for volumes, points for the ejection fraction."""

    changes: tuple[Change, ...] = ()
    without: tuple[int, ...] = ()
    lv: tuple[float, float] = (0.08, 0.08)
    rv: tuple[float, float] = (0.15, 0.15)
    ef: float = 4.0


CASES = {
    "turned, 2 mm, gamma 0.7": Case((turned, resampled(2.0), lit(gamma=0.7))),
    "1.2 mm, bias field, noise": Case((resampled(1.2), lit(bias=0.6, noise=0.05))),
    "gamma 1.4, seven times as bright, half the phases": Case(
        (lit(gamma=1.4, scale=7.0), only(list(range(0, 25, 2)))),
    ),
    "without the first and last slice": Case(without=(0, 5)),
    # without neighbours in time papillary muscle is told from the wall less well
    "end diastole and end systole only": Case((only([0, 9]),), lv=(0.08, 0.20), rv=(0.15, 0.25), ef=8.0),
    # a circle stands for the left ring, and the right base is level across the plane
    "one long axis": Case((only(list(range(0, 25, 2))),), (7, 8, 9, 10), lv=(0.15, 0.15), rv=(0.20, 0.40), ef=6.0),
    "40 phases": Case((forty,)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_volumes_hold_in_a_changed_scan(patient: CineStack, name: str) -> None:
    case = CASES[name]
    stack = changed(patient, *case.changes, without=case.without)
    found = volumes(delineate(stack), stack)
    assert found.base == "long axis"
    assert found.lv_ml.max() == pytest.approx(LV_ML[0], rel=case.lv[0])
    assert found.lv_ml.min() == pytest.approx(LV_ML[1], rel=case.lv[1])
    assert found.lv_ef_percent == pytest.approx(LV_EF, abs=case.ef)
    assert found.rv_ml is not None
    assert found.rv_ml.max() == pytest.approx(RV_ML[0], rel=case.rv[0])
    assert found.rv_ml.min() == pytest.approx(RV_ML[1], rel=case.rv[1])


def _places(contours: CineContours, name: str, side: int) -> NDArray[np.float64]:
    return np.array([p.point_mm for p in contours.points if p.name == name and p.side == side])


def test_points_turn_with_the_patient(patient: CineStack) -> None:
    few = only(list(range(0, 25, 4)))
    straight = delineate(changed(patient, few))
    said_s = [thread_time()]
    askew = delineate(changed(patient, few, turned), lambda fraction, text: said_s.append(thread_time()))
    # where a report is, a cancel is noticed: at least every 100 ms of computing, kernels being compiled
    assert np.diff(said_s).max() < 0.1
    for name, side in (("mitral", -1), ("mitral", 1), ("lv_apex_endo", 0), ("lv_apex_epi", 0), ("tricuspid", 1)):
        expected = _places(straight, name, side) @ TURN.T + (30.0, -20.0, 15.0)
        off = np.linalg.norm(_places(askew, name, side) - expected, axis=1)
        assert np.median(off) <= 1.0
        assert np.percentile(off, 90) <= 3.0


def test_still_long_axes_do_not_hold_the_base_still(patient: CineStack) -> None:
    few = changed(patient, only(list(range(0, 25, 4))))
    planes = tuple(p if p.label.startswith("SAX") else only([0])(p) for p in few.planes)
    found = delineate(CineStack(planes, "MR", "still"))
    assert found.base_depth_mm is not None
    assert not any(point.name == "mitral" for point in found.points)
    # where the long axes that move have it, within twice its own doubt: 44 mm above the stack's middle and 15 down
    moved = found.base_depth_mm - found.base_depth_mm.min()
    assert abs(float(found.base_depth_mm.min())) <= 2.0 * found.base_spread_mm + 2.0
    assert 8.0 <= float(moved.max()) <= 20.0
    assert any("base is taken from the slices" in note for note in found.notes)
    assert found.shift_mm is not None
    assert (found.shift_mm == 0.0).all()
