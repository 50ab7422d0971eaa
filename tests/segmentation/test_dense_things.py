"""Bright pieces of known shape in a block of muscle with a pool of blood: named by shape and brightness, taken out."""

import numpy as np
import pytest

from twinviewer.organs.heart.atlas import LA_BLOOD, LV_BLOOD, RA_BLOOD
from twinviewer.organs.heart.contrast import (
    CALCIUM,
    LARGE_STENT,
    LEAD,
    POOL,
    SLENDER,
    Found,
    dense_pieces,
    sentences,
    without_dense,
)
from twinviewer.segmentation.ct_levels import CtLevels
from twinviewer.segmentation.working_grid import WorkingGrid

LEVELS = CtLevels(-100.0, 90.0, (380.0,), 10.0, -400.0)
WORK = WorkingGrid(np.zeros(3), 1.5, (60, 60, 60))
Z, Y, X = np.meshgrid(*(np.arange(60),) * 3, indexing="ij")


def _scene(where: np.ndarray, hu: float, label: int = LV_BLOOD) -> tuple[np.ndarray, np.ndarray]:
    """Blood of 380 HU in a ball of 35 mm, with something brighter in it."""
    inside = (Z - 30) ** 2 + (Y - 30) ** 2 + (X - 30) ** 2 < 23**2
    image = np.where(inside, 380.0, 90.0).astype(np.float32)
    image[where] = hu
    return image, np.where(inside, label, 0).astype(np.uint8)


def _find(where: np.ndarray, hu: float, label: int = LV_BLOOD) -> tuple[Found, np.ndarray]:
    image, expected = _scene(where, hu, label)
    return dense_pieces(image, expected, LEVELS, 10.0, WORK), image


ROD = (abs(Y - 30) < 1) & (abs(X - 30) < 1) & (Z > 12) & (Z < 48)
RING = (abs(np.hypot(Y - 30, X - 30) - 7) < 0.8) & (Z > 24) & (Z < 40)
BALL = (Z - 30) ** 2 + (Y - 30) ** 2 + (X - 40) ** 2 < 1.6**2
SHORT_ROD = (abs(Y - 30) < 1) & (abs(X - 40) < 2) & (Z > 24) & (Z < 38)
BIG_BALL = (Z - 30) ** 2 + (Y - 30) ** 2 + (X - 30) ** 2 < 8**2


@pytest.mark.parametrize(
    ("where", "hu", "label", "kind"),
    [
        (ROD, 3071.0, RA_BLOOD, LEAD),
        (RING, 2600.0, LV_BLOOD, LARGE_STENT),
        (BALL, 1100.0, LV_BLOOD, CALCIUM),
        (SHORT_ROD, 1300.0, LV_BLOOD, SLENDER),
        (BIG_BALL, 900.0, RA_BLOOD, POOL),
    ],
)
def test_pieces_are_named_by_shape_and_brightness(where: np.ndarray, hu: float, label: int, kind: str) -> None:
    found, image = _find(where, hu, label)
    (piece,) = found.pieces
    assert piece.kind == kind
    assert piece.volume_ml == pytest.approx(where.sum() * WORK.voxel_ml)
    assert piece.peak_hu == pytest.approx(hu)
    assert piece.places == (label,)
    cleaned = without_dense(image, found, WORK)
    if kind == POOL:  # undiluted contrast is blood
        assert not found.taken_out.any()
    else:
        assert np.array_equal(found.taken_out, where)
        assert np.abs(cleaned[where] - 380.0).max() < 40.0


def test_a_rod_is_as_long_as_it_is_and_its_streaks_stay_in_their_slices() -> None:
    found, _ = _find(ROD, 3071.0, RA_BLOOD)
    assert found.pieces[0].length_mm == pytest.approx(35 * 1.5, abs=1.6)
    slices = found.streaks.any(axis=(1, 2))
    assert np.array_equal(np.flatnonzero(slices), np.arange(13, 48))


def test_sentences_say_what_where_how_much_and_how_bright() -> None:
    found, _ = _find(BALL | ROD, 1200.0, LA_BLOOD)
    text = " ".join(sentences(found, LEVELS))
    assert "left atrium" in text and "mL" in text and "1200 HU" in text
    assert "cannot be told apart" in text  # a stent or a calcified artery


def test_noise_and_ordinary_blood_are_nothing() -> None:
    image, expected = _scene(np.zeros_like(ROD), 0.0)
    noisy = image + np.random.default_rng(0).normal(0.0, 60.0, image.shape).astype(np.float32)
    assert dense_pieces(noisy, expected, LEVELS, 60.0, WORK).pieces == ()
