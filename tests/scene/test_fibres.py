"""Needles lie along the fibres, turn from endocardium to epicardium as published, and go with the wall."""

import numpy as np
import pytest
from ideal_heart import ideal_heart

from twinviewer.domain import OrganMesh
from twinviewer.scene.fibres import LENGTH_MM, LIFT_MM, Needles, needles


@pytest.fixture(scope="module")
def heart() -> OrganMesh:
    return ideal_heart(2.5)


@pytest.fixture(scope="module")
def found(heart: OrganMesh) -> Needles:
    made = needles(heart)
    assert made is not None and 800 < len(made.helix_deg) < 20000
    return made


def test_fibres_turn_through_the_left_wall_as_published(heart: OrganMesh, found: Needles) -> None:
    # Streeter (1969): about +60 degrees at the endocardium, -60 at the epicardium; apex and base are left out
    free = np.isin(heart.point_fields["aha_segment"], (5, 6, 11, 12))
    at = free[found.triangles].all(axis=1)
    depth = heart.point_fields["transmural"][found.triangles].mean(axis=1)
    inner, outer = found.helix_deg[at & (depth < 0.1)], found.helix_deg[at & (depth > 0.9)]
    assert len(inner) > 20 and len(outer) > 40
    assert np.median(inner) == pytest.approx(60.0, abs=10.0) and np.median(outer) == pytest.approx(-60.0, abs=10.0)


def test_needles_stand_on_the_wall(heart: OrganMesh, found: Needles) -> None:
    ends = found.ends_mm(heart.points_mm).reshape(-1, 2, 3)
    assert np.allclose(np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1), LENGTH_MM, atol=1e-3)
    centre = heart.points_mm[found.triangles].mean(axis=1)
    behind = heart.points_mm[found.tets].mean(axis=1)
    lift = ends.mean(axis=1) - centre
    assert np.allclose(np.linalg.norm(lift, axis=1), LIFT_MM, atol=1e-3)
    assert (np.einsum("kj,kj->k", lift, centre - behind) > 0.0).all()  # outside


def test_needles_go_with_the_wall(heart: OrganMesh, found: Needles) -> None:
    """Turned and moved as a whole, needles are turned and moved alike; stretched along x, they turn towards x."""
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])
    rest = found.ends_mm(heart.points_mm)
    moved = found.ends_mm(heart.points_mm @ turn.T + [5.0, -3.0, 8.0])
    assert np.abs(moved - (rest @ turn.T + [5.0, -3.0, 8.0])).max() < 2e-3
    stretched = found.ends_mm(heart.points_mm * [1.4, 1.0, 1.0]).reshape(-1, 2, 3)
    before = rest.reshape(-1, 2, 3)
    along = [np.abs((ends[:, 1] - ends[:, 0])[:, 0]) / LENGTH_MM for ends in (before, stretched)]
    assert np.mean(along[1] >= along[0] - 0.05) > 0.95 and np.mean(along[1] - along[0]) > 0.03
