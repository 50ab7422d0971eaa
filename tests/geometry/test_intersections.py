"""Surfaces that pass through themselves are found out, and sound ones are not blamed."""

import numpy as np
import pytest
import pyvista as pv
from numpy.typing import NDArray

from twinviewer.geometry.intersections import crosses_itself, crossing_between, crossing_pairs
from twinviewer.geometry.lids import crossings, lid


def sphere(centre: tuple[float, float, float], parts: int = 24) -> tuple[NDArray, NDArray]:
    ball = pv.Sphere(radius=10.0, center=centre, theta_resolution=parts, phi_resolution=parts)
    return np.asarray(ball.points, dtype=float), np.asarray(ball.regular_faces, dtype=np.int32)


def two_balls(apart_mm: float) -> tuple[NDArray, NDArray]:
    (a, s), (b, t) = sphere((0, 0, 0)), sphere((apart_mm, 0.13, 0.07))
    return np.concatenate([a, b]), np.concatenate([s, t + len(a)])


def test_one_ball_does_not_cross_itself() -> None:
    assert not crosses_itself(*sphere((0, 0, 0)))


def test_two_balls_apart_do_not_and_through_each_other_do() -> None:
    assert not crosses_itself(*two_balls(20.5))
    points, triangles = two_balls(15.0)
    pairs = crossing_pairs(points, triangles)
    half = len(triangles) // 2
    # all lie on the circle where the spheres meet: half-way, of radius sqrt(10² - 7.5²)
    middle = points[triangles[pairs]].mean(axis=(1, 2))
    assert np.abs(middle[:, 0] - 7.5).max() < 1.5
    assert np.abs(np.linalg.norm(middle[:, 1:] - [0.065, 0.035], axis=1) - np.sqrt(100 - 56.25)).max() < 1.0
    between = crossing_between(points, triangles[:half], triangles[half:])
    assert {(a, b + half) for a, b in between.tolist()} == {(a, b) for a, b in pairs.tolist()}


def test_agrees_with_the_collision_filter_of_vtk() -> None:
    points, triangles = two_balls(12.0)
    half = len(triangles) // 2
    one, two = (pv.PolyData(points, np.hstack([np.full((half, 1), 3), t])) for t in np.split(triangles, 2))
    _, contacts = one.collision(two)
    assert len(crossing_pairs(points, triangles)) == pytest.approx(contacts, rel=0.02)


def test_a_dent_through_the_far_side_and_a_fold_are_found() -> None:
    points, triangles = sphere((0, 0, 0))
    top = int(np.argmax(points[:, 0]))
    dented = points.copy()
    dented[top] = [-13.0, 0.1, 0.2]
    assert crosses_itself(dented, triangles)
    flat = np.array([[0, 0, 0], [1, 0, 0], [0.4, 1, 0], [0.6, 0.8, 0.0]])
    assert len(crossing_pairs(flat, np.array([[0, 1, 2], [1, 0, 3]]))) == 1


def test_a_lid_keeps_clear_of_a_bowl_with_a_wavy_rim() -> None:
    """A bowl whose rim waves up and down: the lid of least area may cut it, the one that is chosen does not."""
    turn, rings = 48, 10
    angle = np.linspace(0, 2 * np.pi, turn, endpoint=False)
    rows = [
        np.stack(
            [r * np.cos(angle), r * np.sin(angle), -(20 - 0.05 * r**2) + (r / 20) ** 6 * 0.8 * np.sin(5 * angle)], 1
        )
        for r in np.linspace(2, 20, rings)
    ]
    points = np.concatenate(rows)
    at = np.arange(turn * rings).reshape(rings, turn)
    a, b, c, d = at[:-1], np.roll(at[:-1], -1, 1), at[1:], np.roll(at[1:], -1, 1)
    bowl = np.concatenate([np.stack([a, c, b], -1).reshape(-1, 3), np.stack([b, c, d], -1).reshape(-1, 3)])
    loop = at[-1]
    cover = lid(points, loop, bowl.astype(np.int32))
    assert len(cover) == turn - 2
    assert not len(crossings(points, cover, bowl))
