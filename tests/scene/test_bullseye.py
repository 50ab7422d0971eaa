"""The bullseye stands as Cerqueira 2002 has it, covers the disc once, and agrees with the mesh's own segments."""

import numpy as np
import pytest

from twinviewer.organs.heart.coordinates import LongAxis, aha_segments
from twinviewer.scene.bullseye import SCALES, SEGMENTS, checked, dark_ink, segment_at, spoken


def area(polygon: np.ndarray) -> float:
    x, y = polygon.T
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2


def test_the_segments_tile_the_disc() -> None:
    areas = [area(segment.outline(0.5)) for segment in SEGMENTS]
    assert [segment.number for segment in SEGMENTS] == list(range(1, 18))
    assert min(areas) > 0  # anticlockwise
    assert sum(areas) == pytest.approx(np.pi, rel=1e-4)
    assert areas[0] == pytest.approx(np.pi * (1 - 0.75**2) / 6, rel=1e-4)


def test_anterior_is_up_septum_left_and_numbers_run_anticlockwise() -> None:
    assert SEGMENTS[0].label == pytest.approx((0.0, 0.875))
    for number in (2, 3, 8, 9, 14):
        assert SEGMENTS[number - 1].label[0] < -0.3
    for number in (5, 6, 11, 12, 16):
        assert SEGMENTS[number - 1].label[0] > 0.3
    assert SEGMENTS[3].label[1] < -0.8 and SEGMENTS[16].label == (0.0, 0.0)
    assert SEGMENTS[1].label[1] > 0 > SEGMENTS[2].label[1]


def test_every_label_lies_in_its_own_segment_and_outside_is_none() -> None:
    assert [segment_at(*segment.label) for segment in SEGMENTS] == list(range(1, 18))
    assert segment_at(0.8, 0.8) == 0 and segment_at(0.0, -1.01) == 0
    assert segment_at(0.1, -0.1) == 17


def test_the_mesh_numbers_its_segments_the_same_way() -> None:
    """Seen from the apex, base beyond: septum to the left, anterior up, as the bullseye is drawn."""
    axis = LongAxis(np.zeros(3), np.array([0.0, 0.0, 90.0]), np.array([-1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    rng = np.random.default_rng(1)
    turn = rng.uniform(0, 2 * np.pi, 400)
    for height, radius in ((75.0, 0.9), (45.0, 0.6), (15.0, 0.4)):
        points = np.column_stack([np.cos(turn) * 25, np.sin(turn) * 25, np.full(400, height)])
        drawn = [segment_at(radius * np.cos(a), radius * np.sin(a)) for a in turn]
        assert np.array_equal(aha_segments(axis, points), drawn)


def test_colours_follow_the_conventions() -> None:
    """Longitudinal strain: red -20, pale 0, blue +20; beyond the ends the ends' colours; nothing where nothing is."""
    scale = SCALES["longitudinal_percent"]
    red, pale, blue = (scale.colour(value) for value in (-20.0, 0.0, 20.0))
    assert red is not None and pale is not None and blue is not None
    assert red[0] > red[2] + 80 and blue[2] > blue[0] + 80 and min(pale) > 210
    assert scale.colour(-35.0) == red and scale.colour(float("nan")) is None
    assert dark_ink(pale) and not dark_ink((43, 58, 103))


def test_values_as_text() -> None:
    scale = SCALES["longitudinal_percent"]
    assert scale.text(-17.6) == "−18" and scale.text(-0.2) == "0" and scale.text(float("nan")) == "–"
    assert SCALES["thickness_mm"].text(9.04) == "9.0"
    assert spoken(5, -12.2, scale) == "5 basal inferolateral: −12 % (LCX territory)"
    assert "no value" in spoken(17, float("nan"), scale)


def test_seventeen_values_or_none() -> None:
    assert np.isnan(checked(None)).all()
    with pytest.raises(ValueError, match="17"):
        checked([1.0] * 16)
