"""The chest round the heart: a painted thorax, real CT, and pictures that do not show it."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.dicom.read import read
from twinviewer.dicom.scan import scan
from twinviewer.domain import Grid, Volume
from twinviewer.organs.heart.chest import chest_of


def volume(half_mm: tuple[float, float], field_mm: float = 420.0, seed: int = 0) -> Volume:
    """CT of an elliptic body of water in air with noise, its middle in the middle of a square field of view."""
    spacing, count = 3.0, round(field_mm / 3.0)
    axis = spacing * (np.arange(count) - (count - 1) / 2)
    inside = (axis[None] / half_mm[0]) ** 2 + (axis[:, None] / half_mm[1]) ** 2 < 1.0
    noise = np.random.default_rng(seed).normal(0.0, 15.0, (20, count, count))
    hu = np.where(inside, 40.0, -990.0) + noise
    affine = np.diag([spacing, spacing, 5.0, 1.0])
    affine[:3, 3] = axis[0], axis[0], -50.0
    return Volume(hu[None].astype(np.int16), Grid(hu.shape, affine), "CT", np.zeros(1), None, "painted")


@pytest.mark.parametrize("half_mm", [(160.0, 115.0), (190.0, 140.0), (140.0, 100.0)])
def test_an_elliptic_body_is_measured(half_mm: tuple[float, float]) -> None:
    found = chest_of(volume(half_mm), np.array([36.0, -47.0, 0.0]))
    assert found is not None
    assert (found.left_mm, found.back_mm) == pytest.approx((0.0, 0.0), abs=3.0)
    # the outline sought is squarer than an ellipse
    assert (found.half_width_mm, found.half_depth_mm) == pytest.approx(half_mm, rel=0.06)


def test_a_picture_within_the_body_shows_no_chest() -> None:
    assert chest_of(volume((160.0, 115.0), field_mm=150.0), np.array([0.0, 0.0, 0.0])) is None


def test_what_is_no_chest_is_not_taken_for_one() -> None:
    assert chest_of(volume((60.0, 50.0)), np.array([0.0, 0.0, 0.0])) is None


@pytest.mark.parametrize("folder", ["chest_ct_lidc0314", "abdomen_ct_siemens_j2k"])
def test_real_bodies_have_their_width_and_depth(folder: str, data_dir: Path) -> None:
    image = read(scan(data_dir / folder)[0])
    assert isinstance(image, Volume)
    middle = np.array([*(_extent(image).mean(axis=0)), image.grid.affine[2, 3]]) + [36.0, -47.0, 0.0]
    middle[2] += 0.5 * image.grid.shape[0] * image.grid.affine[2, 2]
    found = chest_of(image, middle)
    assert found is not None
    width, depth = np.ptp(_extent(image), axis=0)
    assert 2.0 * found.half_width_mm == pytest.approx(width, rel=0.1)
    assert 2.0 * found.half_depth_mm == pytest.approx(depth, rel=0.1)


def _extent(image: Volume) -> NDArray[np.float64]:
    """(2, 2) least and greatest left and back of the body in the middle slice, without the table below it."""
    tissue = ndimage.binary_opening(np.asarray(image.data[0, image.grid.shape[0] // 2]) > -300, iterations=4)
    label, _ = ndimage.label(tissue)
    body = label == 1 + int(np.argmax(np.bincount(label.ravel())[1:]))
    affine = image.grid.affine
    j, i = np.nonzero(body)
    left, back = affine[0, 3] + affine[0, 0] * i, affine[1, 3] + affine[1, 1] * j
    return np.array([[left.min(), back.min()], [left.max(), back.max()]])


def test_the_real_heart_scan_shows_none(data_dir: Path) -> None:
    image = read(scan(data_dir / "cta_heart_totalseg" / "dicom_wrapped_heart_crop")[0])
    assert isinstance(image, Volume)
    shape = image.grid.shape
    middle = image.grid.affine @ np.array([shape[2] / 2, shape[1] / 2, shape[0] / 2, 1.0])
    assert chest_of(image, middle[:3]) is None
