"""Key images in the report: the pixels of the images that are open, what was measured on them where it lies."""

import numpy as np
import pytest

from twinviewer.domain import Grid, KeyImage, Ruler, Volume
from twinviewer.report.key_images import key_pictures
from twinviewer.report.pages.key_images import key_images_page
from twinviewer.session.case import Case
from twinviewer.session.key_images import add_key_image
from twinviewer.session.rulers import add_ruler


@pytest.fixture
def case() -> Case:
    data = np.full((1, 10, 60, 80), 100, np.int16)
    data[0, 5, 20:40, 30:50] = 900
    image = Volume(data, Grid((10, 60, 80), np.eye(4)), "CT", np.zeros(1), None, "square")
    key = KeyImage("", "Square", "square", np.array([39.5, 29.5, 5.0]), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]),
                   np.zeros(3), 0.25, (320, 240), "axial", -1, 0, 0.0, 1000.0, 500.0)  # fmt: skip
    return add_key_image(Case(title="T", image=image, active_series_uid="1"), key)


def test_the_square_is_where_it_was_and_letters_stand_at_the_edges(case: Case) -> None:
    ((rgb, caption),) = key_pictures(case)
    assert rgb.shape == (240, 320, 3) and caption == "1  Square. 80 mm wide, W 1000 L 500."
    inside = rgb[120 - 36 : 120 + 36, 160 - 36 : 160 + 36]  # 20 mm are 80 pixels
    assert (inside > 200).all() and (rgb[10:40, 30:60] < 60).all()
    assert (rgb[110:130, :20] == 255).any()  # R


def test_a_ruler_is_drawn_on_its_own_slice_only(case: Case) -> None:
    def ruler(z: float) -> Ruler:
        points = np.array([[10.0, 10.0, z], [10.0, 50.0, z]])
        return Ruler("distance", points, {}, "", np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), "square")

    plain = key_pictures(case)[0][0]
    assert (key_pictures(add_ruler(case, ruler(8.0)))[0][0] == plain).all()
    drawn = key_pictures(add_ruler(case, ruler(5.0)))[0][0]
    column = round((10.0 - 39.5) / 0.25 + 160)
    line = drawn[60:180, column - 1 : column + 2].max(axis=1)
    assert (line[:, 0] > 200).all() and (line[:, 2] < 160).all()  # yellow, all the way


def test_the_page_is_empty_where_nothing_is_marked_or_no_images_are_there(case: Case) -> None:
    from dataclasses import replace

    assert len(key_images_page(case)) == 3
    assert not key_images_page(replace(case, image=None)) and not key_images_page(replace(case, key_images=()))
