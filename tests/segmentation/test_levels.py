"""Levels found in histograms of known classes."""

import numpy as np
import pytest
from scipy import ndimage

from twinviewer.domain import SegmentationError
from twinviewer.segmentation.ct_levels import ct_levels, otsu
from twinviewer.segmentation.mixture import gaussian_mixture, midpoint


def test_mixture_finds_three_known_classes() -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(-100, 15, 30000), rng.normal(60, 20, 50000), rng.normal(420, 25, 20000)])
    classes = gaussian_mixture(values)
    assert [round(c.mean) for c in classes] == pytest.approx([-100, 60, 420], abs=4)
    assert [c.sd for c in classes] == pytest.approx([15, 20, 25], rel=0.15)
    assert [c.share for c in classes] == pytest.approx([0.3, 0.5, 0.2], abs=0.02)
    assert midpoint(classes[1], classes[2]) == pytest.approx(240, abs=4)


def test_mixture_is_not_misled_by_a_flat_background() -> None:
    rng = np.random.default_rng(4)
    values = np.concatenate([rng.normal(50, 15, 40000), rng.normal(350, 20, 30000), rng.uniform(-200, 1000, 8000)])
    means = [c.mean for c in gaussian_mixture(values)]
    assert means == pytest.approx([50, 350], abs=5)


def test_mixture_of_a_constant_and_of_too_few_values() -> None:
    assert gaussian_mixture(np.full(500, 7.0))[0].mean == pytest.approx(7.0)
    with pytest.raises(ValueError, match="at least 100"):
        gaussian_mixture(np.zeros(5))


def test_otsu_lies_between_two_separate_classes() -> None:
    rng = np.random.default_rng(5)
    values = np.concatenate([rng.normal(-850, 60, 5000), rng.normal(20, 40, 5000)])
    assert -700 < otsu(values) < -80


def _thorax(left: float, right: float, noise: float = 25.0) -> np.ndarray:
    """Two pools of 30 mm radius, 10 mm apart, in muscle, in fat, in lung; 2 mm voxels; and a shell of bone."""
    k, j, i = np.indices((70, 80, 90)) * 2.0
    image = np.full(k.shape, -860.0)
    body = np.sqrt((j - 80) ** 2 + (i - 90) ** 2)
    image[body > 68] = -95.0
    image[(body > 60) & (body <= 64)] = 700.0
    image[np.sqrt((k - 70) ** 2 + (j - 80) ** 2 + ((i - 90) / 1.6) ** 2) < 48] = 80.0
    for centre, level in ((58.0, right), (122.0, left)):
        image[np.sqrt((k - 70) ** 2 + (j - 80) ** 2 + (i - centre) ** 2) < 27] = level
    image = ndimage.gaussian_filter(image, 0.5)
    image += ndimage.gaussian_filter(np.random.default_rng(6).normal(0, noise, image.shape), 0.4)
    return image.astype(np.float32)


@pytest.mark.parametrize(("left", "right"), [(420.0, 420.0), (420.0, 240.0), (300.0, 520.0)])
def test_blood_of_both_sides_is_found_from_the_image(left: float, right: float) -> None:
    levels = ct_levels(ndimage.gaussian_filter(_thorax(left, right), 0.6), (2.0, 2.0, 2.0), least_pool_ml=50.0)
    assert levels.muscle == pytest.approx(80, abs=8)
    assert levels.fat == pytest.approx(-95, abs=8)
    assert sorted({round(b) for b in levels.blood}) == pytest.approx(sorted({left, right}), abs=12)
    assert levels.blood_from == pytest.approx(0.5 * (80 + min(left, right)), abs=10)


def test_blood_as_dark_as_muscle_is_refused_with_numbers() -> None:
    with pytest.raises(SegmentationError, match=r"cannot be told apart.*muscle \d+ ± \d+ HU.*mL"):
        ct_levels(ndimage.gaussian_filter(_thorax(90.0, 90.0), 0.6), (2.0, 2.0, 2.0))
