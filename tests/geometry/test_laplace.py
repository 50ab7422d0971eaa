"""Harmonic coordinates and distances against exact solutions on shells."""

import numpy as np
import pytest

from twinviewer.domain import MeshError
from twinviewer.geometry.laplace import Elements
from twinviewer.geometry.stuffing import stuff
from twinviewer.geometry.surfaces import boundary_triangles


@pytest.fixture(scope="module")
def shell() -> tuple[Elements, np.ndarray, np.ndarray, np.ndarray]:
    def distance(p: np.ndarray) -> np.ndarray:
        r = np.linalg.norm(p, axis=1)
        return np.maximum(r - 34, 24 - r)

    points, tets = stuff(distance, np.full(3, -37.0), np.full(3, 37.0), 2.6)
    radius = np.linalg.norm(points, axis=1)
    skin = np.unique(boundary_triangles(tets))
    return Elements(points, tets), radius, skin[radius[skin] < 29], skin[radius[skin] > 29]


def test_spherical_shell_against_the_exact_harmonic(shell) -> None:
    """u = (1/a - 1/r) / (1/a - 1/b) between spheres of radius a and b."""
    elements, radius, inner, outer = shell
    fixed = np.concatenate([inner, outer])
    u = elements.laplace(fixed, np.concatenate([np.zeros(len(inner)), np.ones(len(outer))]))
    exact = (1 / 24 - 1 / radius) / (1 / 24 - 1 / 34)
    assert np.abs(u - exact).max() < 0.02
    slope = np.linalg.norm(elements.gradient(u), axis=1)
    middle = radius[elements.tets].mean(axis=1)
    assert np.median(slope * middle**2 * (1 / 24 - 1 / 34)) == pytest.approx(1.0, rel=0.02)


def test_linear_fields_are_exact(shell) -> None:
    elements, _, inner, outer = shell
    linear = elements.points @ np.array([0.3, -1.2, 0.7]) + 4.0
    assert np.allclose(elements.gradient(linear), [0.3, -1.2, 0.7])
    fixed = np.concatenate([inner, outer])
    assert np.allclose(elements.laplace(fixed, linear[fixed]), linear, atol=1e-5)
    assert np.allclose(elements.to_points(elements.gradient(linear)), [0.3, -1.2, 0.7])


def test_volume_and_surface_distance(shell) -> None:
    elements, radius, inner, _ = shell
    assert elements.volume.sum() == pytest.approx(4 / 3 * np.pi * (34**3 - 24**3), rel=5e-3)
    assert np.abs(elements.distance(inner) - (radius - 24)).max() < 0.5


def test_distance_round_a_shell(shell) -> None:
    """From the north pole the distance grows evenly with the angle, at a rate between the inner and outer radius."""
    elements, radius, _, _ = shell
    points = elements.points
    angle = np.arccos(points[:, 2] / radius)
    north = np.nonzero((points[:, 2] > 0) & (np.hypot(points[:, 0], points[:, 1]) < 3.0))[0]
    distance = elements.distance(north)
    used = (angle > 0.3) & (angle < 2.8)
    rate, offset = np.polyfit(angle[used], distance[used], 1)
    assert 24.0 < rate < 34.0
    assert np.abs(distance[used] - (rate * angle[used] + offset)).max() < 2.0


def test_inverted_elements_are_refused() -> None:
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    with pytest.raises(MeshError, match="inverted"):
        Elements(points, np.array([[1, 0, 2, 3]]))
