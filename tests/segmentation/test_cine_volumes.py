"""Cine MR: volumes by discs are those of known bodies, and of the patient as published."""

import numpy as np
import pytest

from twinviewer.domain import CinePlane, CinePoint, CineStack
from twinviewer.segmentation.cine import CineContour, CineContours, volumes
from twinviewer.segmentation.cine.right_base import kept
from twinviewer.segmentation.cine.volumes import ROOF_MM

PUBLISHED_EDV_ML, PUBLISHED_ESV_ML = 174.5, 72.1
PUBLISHED_RV_EDV_ML, PUBLISHED_RV_ESV_ML = 204.0, 77.0


def _half_ellipsoid(gap_mm: float, base_known: bool) -> tuple[CineContours, CineStack, list[float]]:
    """Two phases of half an ellipsoid (equator = base 4 mm above the first slice), cut every ``gap_mm``."""
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    sizes = [(25.0, 80.0), (18.0, 68.0)]
    planes, contours = [], []
    for k in range(int(80 / gap_mm) + 1):
        affine = np.eye(4)
        affine[2, 3] = -gap_mm * k
        plane = CinePlane(np.zeros((2, 4, 4), np.int16), affine, np.array([0.0, 0.4]), 1.0, f"SAX {k + 1}", 8.0)
        planes.append(plane)
        for phase, (radius, length) in enumerate(sizes):
            share = (gap_mm * k + 4.0) / length
            if share >= 1.0:
                continue
            for structure, extra in (("lv_endocardium", 0.0), ("lv_epicardium", 9.0)):
                r = radius * np.sqrt(1 - share**2) + extra
                points = np.column_stack([r * np.cos(angle), r * np.sin(angle), np.full(90, affine[2, 3])])
                contours.append(CineContour(k, phase, structure, points, 1.0))
    base = np.array([-4.0, -4.0]) + 3.0  # the roof of 3 mm over the wall ends is added by volumes
    found = CineContours(
        contours=tuple(contours),
        short_axis=tuple(range(len(planes))),
        image_uid="ellipsoid",
        made_by="test",
        base_fraction=np.array([0.0, 0.4]) if base_known else None,
        base_depth_mm=base if base_known else None,
        points=(CinePoint(0, 0, "mitral", -1, np.zeros(3), 1.0),) if base_known else (),
    )
    truth = [2 / 3 * np.pi * radius**2 * length / 1000 for radius, length in sizes]
    return found, CineStack(tuple(planes), "MR", "ellipsoid"), truth


@pytest.mark.parametrize("gap_mm", [8.0, 10.0, 17.7])
def test_half_an_ellipsoid_has_its_analytic_volume(gap_mm: float) -> None:
    contours, stack, truth = _half_ellipsoid(gap_mm, base_known=True)
    found = volumes(contours, stack)
    assert found.lv_ml[found.ed] == pytest.approx(truth[0], rel=0.01)
    assert found.lv_ml[found.es] == pytest.approx(truth[1], rel=0.01)
    assert found.base == "long axis"


def test_without_long_axes_the_doubt_is_half_a_slice_distance() -> None:
    contours, stack, truth = _half_ellipsoid(10.0, base_known=False)
    found = volumes(contours, stack)
    assert found.base == "slices"
    assert abs(found.lv_ml[found.ed] - truth[0]) <= found.base_uncertainty_ml
    assert found.base_uncertainty_ml == pytest.approx(np.pi * 25.0**2 * 5.0 / 1000, rel=0.05)


def _cylinder(gap_mm: float, slope: float) -> tuple[CineContours, CineStack, float]:
    """A right cavity of radius 20 mm from a base tilted by ``slope`` at z = -5 to a flat end at z = -70, one phase."""
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    circle = 20.0 * np.column_stack([np.cos(angle), np.sin(angle)])
    planes, contours = [], []
    for k in range(int(80 / gap_mm) + 1):
        z = -gap_mm * k
        affine = np.eye(4)
        affine[2, 3] = z
        planes.append(CinePlane(np.zeros((1, 4, 4), np.int16), affine, np.array([0.0]), 1.0, f"SAX {k + 1}", 8.0))
        ring = np.column_stack([circle, np.full(len(circle), z)])
        inside = kept(ring, (-5.0 + slope * ring[:, 0]) - ring[:, 2])
        if z > -70.0:
            contours.append(CineContour(k, 0, "lv_endocardium", ring, 1.0))
            contours.append(CineContour(k, 0, "lv_epicardium", ring, 1.0))
            if len(inside) > 2:
                contours.append(CineContour(k, 0, "rv_endocardium", inside, 1.0))
    last = -gap_mm * (sum(c.structure == "lv_endocardium" for c in contours) - 1)
    planes.append(CinePlane(np.zeros((1, 4, 4), np.int16), np.eye(4), np.array([0.0]), 1.0, "4CH", 8.0))
    ends = [(1, np.array([20.0, 0.0, -5.0 + 20.0 * slope])), (-1, np.array([-20.0, 0.0, -5.0 - 20.0 * slope]))]
    points = tuple(CinePoint(len(planes) - 1, 0, "tricuspid", side, place, 1.0) for side, place in ends)
    found = CineContours(tuple(contours), tuple(range(len(planes) - 1)), "cylinder", "test", points=points)
    return found, CineStack(tuple(planes), "MR", "cylinder"), np.pi * 400.0 * (-5.0 - last) / 1000.0


def test_the_ring_of_the_valves_narrows_the_base() -> None:
    """A cylinder of 25 mm that narrows, as a cone, to a ring of 15 mm at z = 0, with three long axes at 60 degrees."""
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(180)])
    planes, contours, points = [], [], []
    for k in range(4):
        affine = np.eye(4)
        affine[2, 3] = -20.0 * (k + 1)
        planes.append(CinePlane(np.zeros((1, 4, 4), np.int16), affine, np.array([0.0]), 1.0, f"SAX {k + 1}", 8.0))
        for structure, radius in (("lv_endocardium", 25.0), ("lv_epicardium", 34.0)):
            contours.append(CineContour(k, 0, structure, radius * circle + affine[:3, 3], 1.0))
    for n in range(3):
        planes.append(CinePlane(np.zeros((1, 4, 4), np.int16), np.eye(4), np.array([0.0]), 1.0, "LAX", 8.0))
        way = np.array([np.cos(n * np.pi / 3), np.sin(n * np.pi / 3), 0.0])
        points += [CinePoint(4 + n, 0, "mitral", side, side * 15.0 * way, 1.0) for side in (-1, 1)]
        points.append(CinePoint(4 + n, 0, "lv_apex_endo", 0, np.array([0.0, 0.0, -90.0]), 1.0))
    found = CineContours(
        contours=tuple(contours),
        short_axis=(0, 1, 2, 3),
        image_uid="cone",
        made_by="test",
        base_fraction=np.array([0.0]),
        base_depth_mm=np.array([-20.0]),
        points=tuple(points),
    )
    ml = volumes(found, CineStack(tuple(planes), "MR", "cone")).lv_ml[0]
    cone = np.pi * 20.0 / 3.0 * (25.0**2 + 25.0 * 15.0 + 15.0**2)
    roof, body, apex = np.pi * 15.0**2 * ROOF_MM, np.pi * 25.0**2 * 60.0, np.pi * 25.0**2 * 10.0 / 2.0
    # no slice shows the cone: its side is taken to be rounded, which adds 4 %
    assert ml == pytest.approx((cone + roof + body + apex) / 1000.0, rel=0.05)


@pytest.mark.parametrize("gap_mm", [5.0, 10.0, 17.7])
@pytest.mark.parametrize("slope", [0.0, 0.4])
def test_a_cavity_below_a_tilted_base_has_its_analytic_volume(gap_mm: float, slope: float) -> None:
    contours, stack, truth = _cylinder(gap_mm, slope)
    found = volumes(contours, stack)
    assert found.rv_ml is not None
    cap = np.pi * 400.0 * 0.5 * 0.5 * gap_mm / 1000.0  # past the last contour: a paraboloid half a gap high
    assert found.rv_ml[0] == pytest.approx(truth + cap, rel=0.03)


def test_volumes_of_the_published_patient(patient: CineStack, contours: CineContours) -> None:
    found = volumes(contours, patient)
    assert found.base == "long axis"
    assert found.lv_ml[found.ed] == pytest.approx(PUBLISHED_EDV_ML, rel=0.08)
    assert found.lv_ml[found.es] == pytest.approx(PUBLISHED_ESV_ML, rel=0.08)
    assert found.lv_ef_percent == pytest.approx(100 * (1 - PUBLISHED_ESV_ML / PUBLISHED_EDV_ML), abs=4.0)
    assert found.rv_ml is not None
    assert found.rv_ml.max() == pytest.approx(PUBLISHED_RV_EDV_ML, rel=0.15)
    assert found.rv_ml.min() == pytest.approx(PUBLISHED_RV_ESV_ML, rel=0.15)
    # the emptiest phase is frame 9 of 25 in the meshes
    assert found.fraction[found.es] == pytest.approx(9 / 25, abs=0.05)
    # muscle keeps its volume: mass over the beat scatters by less than a tenth
    assert found.lv_mass_g.std() / found.lv_mass_g.mean() < 0.10
