"""Faces that pass through each other are found, and drawn apart."""

import numpy as np

from twinviewer.organs.heart.template.shape import template
from twinviewer.organs.heart.template.uncross import crossings, uncrossed


def test_a_needle_through_a_triangle() -> None:
    flat = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0.2, 0.2, -1], [0.2, 0.2, 1], [5, 5, 1]], dtype=float)
    both = np.array([[0, 1, 2], [3, 4, 5]])
    # two triangles meet in a line, which begins where an edge of the one pierces the other, and ends likewise
    assert {tuple(row) for row in crossings(flat, both).tolist()} == {(3, 4, 0), (1, 2, 1)}
    beside = flat + np.where(np.arange(6)[:, None] > 2, [2.0, 0.0, 0.0], 0.0)
    assert len(crossings(beside, both)) == 0


def test_two_tubes_cross_only_where_they_overlap() -> None:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(24)])
    tube = np.concatenate([10.0 * ring, 10.0 * ring + (0, 0, 5.0)])
    i = np.arange(24)
    j = (i + 1) % 24
    wall = np.concatenate([np.column_stack([i, j, i + 24]), np.column_stack([j, j + 24, i + 24])])
    two = np.concatenate([wall, wall + 48])
    assert len(crossings(np.concatenate([tube, tube + (25.0, 0, 0.3)]), two)) == 0
    assert len(crossings(np.concatenate([tube, tube + (15.0, 0, 0.3)]), two)) > 0


def test_the_template_does_not_cross_and_a_dent_through_its_wall_is_drawn_back() -> None:
    shape = template()
    every = shape.faces.every
    assert len(crossings(shape.points_mm, every)) == 0
    outer = every[shape.faces.epi]
    tip = shape.points_mm[np.unique(outer)][np.argmin(shape.coordinates["apicobasal"][np.unique(outer)])]
    middle = shape.points_mm[np.unique(every[shape.faces.lv])].mean(axis=0)
    inwards = (middle - tip) / np.linalg.norm(middle - tip)
    near = np.linalg.norm(shape.points_mm - tip, axis=1) < 5.0
    on_face = np.zeros(len(near), dtype=bool)
    on_face[np.unique(outer)] = True
    dented = shape.points_mm + np.where((near & on_face)[:, None], 20.0 * inwards, 0.0)
    assert len(crossings(dented, every)) > 0
    apart, left = uncrossed(dented, shape.points_mm, every)
    assert left == 0
    assert len(crossings(apart, every)) == 0
    far = np.linalg.norm(shape.points_mm - tip, axis=1) > 60.0
    np.testing.assert_array_equal(apart[far], dented[far])
