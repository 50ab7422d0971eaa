"""A heart of known volumes, painted as cine MR would show it, comes back with these volumes.

Shape and motion are formulas of the demo patient and of the atlas, which the fitted template owes nothing to: a heart
dilated by a left bundle branch block, whose right ventricle is as bright as the left one and moves more, and one of
ordinary size. Contrast as in balanced steady-state free precession; fat round the heart, lung and liver about it, one
coil's shading, noise, short axes 10 mm apart and three long axes planned as they usually are.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import CinePlane, CineStack, silent
from twinviewer.organs.heart.demo.anatomy import anatomy, heart_grid, label_grid, label_points
from twinviewer.organs.heart.demo.layers import LABEL_OF, LABELS
from twinviewer.organs.heart.demo.motion import Beat
from twinviewer.organs.heart.demo.shape import HeartShape, dilated, healthy
from twinviewer.organs.heart.motion.volumes import cavity_ml
from twinviewer.organs.heart.template.model import build_cine
from twinviewer.segmentation.cine import delineate, volumes
from twinviewer.segmentation.cine.locate import locate
from twinviewer.segmentation.cine.short_axis import short_axis

pytestmark = pytest.mark.slow

PIXEL_MM, SIDE = 1.8, 112
BLOOD, MUSCLE, LUNG, FAT, LIVER = 300.0, 105.0, 25.0, 200.0, 90.0
END_SYSTOLE = 42.0
"""Per cent of the beat at which the painted left ventricles are smallest."""


class Painter:
    """phases: (t,) per cent of the beat that are painted."""

    def __init__(self, shape: HeartShape, phases: NDArray[np.float64]) -> None:
        self.shape, self.phases = shape, phases
        self.heart = anatomy(self.shape)
        self.beat = Beat(self.heart)
        kinds = {number: MUSCLE if name.endswith("myocardium") else BLOOD for number, name in LABELS.items()}
        self.level = np.array([kinds.get(number, LUNG) for number in range(256)])
        self.rng = np.random.default_rng(5)

    def plane(self, u: NDArray, v: NDArray, middle_heart: NDArray, label: str, thickness_mm: float) -> CinePlane:
        """u, v: in-plane axes, middle_heart: the plane's middle, all in the heart's frame."""
        affine = np.eye(4)
        affine[:3, 0], affine[:3, 1] = PIXEL_MM * u @ self.shape.axes, PIXEL_MM * v @ self.shape.axes
        affine[:3, 2] = np.cross(u, v) @ self.shape.axes
        affine[:3, 3] = self.shape.to_lps(middle_heart[None])[0] - (affine[:3, 0] + affine[:3, 1]) * (SIDE - 1) / 2
        row, column = np.mgrid[:SIDE, :SIDE]
        points = column.reshape(-1, 1) * affine[:3, 0] + row.reshape(-1, 1) * affine[:3, 1] + affine[:3, 3]
        coil = np.exp(0.3 * (points - points.mean(axis=0)) @ np.array([0.3, -0.9, 0.3]) / 75.0).reshape(SIDE, SIDE)
        left = ((points - self.shape.origin_mm)[:, 0] > 0.0).reshape(SIDE, SIDE)
        frames = []
        for percent in self.phases:
            labels = label_points(self.heart, self.beat, points, float(percent)).reshape(SIDE, SIDE)
            away = ndimage.distance_transform_edt(labels == 0) * PIXEL_MM
            # fat in the grooves and round the heart, lung on its left, liver and chest wall on its right
            outside = np.where(away < 4.0, FAT, np.where(left, LUNG, LIVER))
            clean = ndimage.gaussian_filter(np.where(labels == 0, outside, self.level[labels]), 0.6) * coil
            noise = self.rng.normal(0.0, 10.0, (2, SIDE, SIDE))
            frames.append(np.hypot(clean + noise[0], noise[1]))
        return CinePlane(np.array(frames, np.float32), affine, self.phases / 100.0 * 0.9, 0.9, label, thickness_mm)

    def stack(self) -> CineStack:
        x, y, z = np.eye(3)
        length, places = self.shape.lv_length, self.heart.places
        planes = [
            self.plane(x, y, np.array([20.0, 0.0, 6.0 - 10.0 * k]), f"SAX {k + 1}", 8.0)
            for k in range(int((length + 16.0) / 10.0) + 1)
        ]
        # four chambers through the tricuspid valve, three through the aortic one, two between
        four, three = (np.arctan2(place[1], place[0]) for place in (places.tricuspid, places.aortic))
        for name, angle in (("4ch", four), ("3ch", three), ("2ch", 0.5 * (four + three) + 0.5 * np.pi)):
            across = np.cos(angle) * x + np.sin(angle) * y
            planes.append(self.plane(across, -z, np.array([0.0, 0.0, -0.4 * length]), f"LAX {name}", 6.0))
        return CineStack(tuple(planes), "MR", "phantom")

    def volumes_ml(self, percent: float) -> tuple[float, float]:
        """Left and right, of the labels, on a grid of 2 mm."""
        labels = label_grid(self.heart, self.beat, heart_grid(self.shape, 2.0), percent)
        left, right = (float((labels == LABEL_OF[name]).sum()) * 8.0 / 1000.0 for name in ("lv_blood", "rv_blood"))
        return left, right


@dataclass(frozen=True)
class Painted:
    painter: Painter
    stack: CineStack


@pytest.fixture(scope="module", params=["dilated", "healthy"])
def painted(request: pytest.FixtureRequest) -> Painted:
    painter = Painter(
        dilated(2026) if request.param == "dilated" else healthy(), np.array([0.0, 25.0, END_SYSTOLE, 75.0])
    )
    return Painted(painter, painter.stack())


def test_the_left_ventricle_is_not_taken_for_the_right_one(painted: Painted) -> None:
    slices, shape = short_axis(painted.stack), painted.painter.shape
    found = locate(painted.stack, slices, silent)
    for number, centre in enumerate(found.centres):
        x, y, z = shape.to_heart(slices.to_mm(number, centre[None]))[0]
        if -shape.lv_length + 15.0 < z < -5.0:
            assert np.hypot(x, y) < 12.0, z
    assert found.notes == ()


def test_a_heart_that_lies_the_other_way_round_is_said_to(painted: Painted) -> None:
    """Left and right of the scanner exchanged, as in situs inversus or with directions written wrong."""
    mirror = np.diag([-1.0, 1.0, 1.0, 1.0])
    planes = tuple(
        CinePlane(p.frames, mirror @ p.affine, p.trigger_s, p.rr_s, p.label, p.thickness_mm)
        for p in painted.stack.planes
    )
    stack = CineStack(planes, "MR", "mirrored")
    assert locate(stack, short_axis(stack), silent).notes


def test_a_painted_heart_comes_back_with_its_volumes() -> None:
    painter = Painter(dilated(2026), np.array([0.0, END_SYSTOLE]))
    stack = painter.stack()
    contours = delineate(stack)
    mesh = build_cine(contours, stack)
    assert mesh.motion_mm is not None
    motion = mesh.motion_mm.astype(np.float64)
    lv, rv = (cavity_ml(motion, mesh.surfaces[f"{side}_cavity"]) for side in ("lv", "rv"))
    truth = np.array([painter.volumes_ml(float(percent)) for percent in painter.phases])
    np.testing.assert_allclose(lv, truth[:, 0], rtol=0.08)
    np.testing.assert_allclose(rv, truth[:, 1], rtol=0.15)
    ef, true_ef = (100.0 * (1.0 - v.min() / v.max()) for v in (lv, truth[:, 0]))
    assert ef == pytest.approx(true_ef, abs=4.0)
    # discs stand straight on a flat base: this painted mitral valve has no saddle
    np.testing.assert_allclose(volumes(contours, stack).lv_ml, truth[:, 0], rtol=0.10)
