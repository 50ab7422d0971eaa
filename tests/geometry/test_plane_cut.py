"""A plane cuts a ball in a circle, misses what it does not reach, and is not put off by vertices that lie on it."""

import numpy as np
import pytest

from twinviewer.geometry.plane_cut import cut_lines, cut_segments


def ball(radius_mm: float = 30.0, rings: int = 80, sectors: int = 160) -> tuple[np.ndarray, np.ndarray]:
    """A closed sphere of triangles about the origin."""
    polar = np.linspace(0, np.pi, rings + 1)[1:-1]
    turn = 2 * np.pi * np.arange(sectors) / sectors
    z, t = np.meshgrid(polar, turn, indexing="ij")
    body = radius_mm * np.stack([np.sin(z) * np.cos(t), np.sin(z) * np.sin(t), np.cos(z)], axis=-1).reshape(-1, 3)
    points = np.vstack([[0, 0, radius_mm], body, [0, 0, -radius_mm]])
    last, triangles = len(points) - 1, []
    for s in range(sectors):
        n = (s + 1) % sectors
        triangles += [(0, 1 + s, 1 + n), (last - sectors + s, last, last - sectors + n)]
        for r in range(rings - 2):
            a, b = 1 + r * sectors + s, 1 + r * sectors + n
            triangles += [(a, a + sectors, b), (b, a + sectors, b + sectors)]
    return points, np.array(triangles)


@pytest.mark.parametrize("height_mm", [0.0, 7.3, -21.0])
@pytest.mark.parametrize("normal", [(0.0, 0.0, 1.0), (0.3, -0.8, 0.5)])
def test_a_ball_is_cut_in_a_circle(height_mm: float, normal: tuple[float, float, float]) -> None:
    points, triangles = ball()
    n = np.array(normal) / np.linalg.norm(normal)
    ends, _, _ = cut_segments(points, triangles, height_mm * n, 5.0 * n)
    radius = np.sqrt(30.0**2 - height_mm**2)
    assert np.abs(ends @ n - height_mm).max() < 1e-9
    assert np.linalg.norm(ends - height_mm * n, axis=2) == pytest.approx(radius, rel=2e-3)
    assert np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1).sum() == pytest.approx(2 * np.pi * radius, rel=2e-3)


def test_the_line_goes_once_round_and_closes() -> None:
    points, triangles = ball()
    n = np.array([0.3, -0.8, 0.5]) / np.linalg.norm([0.3, -0.8, 0.5])
    lines = cut_lines(points.astype(np.float32), triangles, 5.0 * n, n)
    assert len(lines) == 1
    line = lines[0]
    np.testing.assert_array_equal(line[0], line[-1])
    assert len(np.unique(line[:-1], axis=0)) == len(line) - 1
    turns = np.cross(line[:-1] - 5.0 * n, line[1:] - 5.0 * n) @ n
    assert (turns > 0).all() or (turns < 0).all()
    assert 0.5 * abs(turns.sum()) == pytest.approx(np.pi * (30.0**2 - 5.0**2), rel=5e-3)


def test_a_plane_that_misses_gives_nothing() -> None:
    points, triangles = ball()
    far, up = np.array([0.0, 0.0, 30.1]), np.array([0.0, 0.0, 1.0])
    assert len(cut_segments(points, triangles, far, up)[0]) == 0
    assert cut_lines(points, triangles, far, up) == []
    assert cut_lines(points, np.zeros((0, 3), np.int32), np.zeros(3), up) == []


def test_vertices_on_the_plane_leave_no_gap_and_no_double() -> None:
    """A cube of eight corners and a plane through four of them; and through the ring of a ball's equator."""
    corners = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    triangles = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    lines = cut_lines(corners, triangles, np.zeros(3), np.array([1.0, -1.0, 0.0]))  # the diagonal of two faces
    assert len(lines) == 1
    assert np.linalg.norm(np.diff(lines[0], axis=0), axis=1).sum() == pytest.approx(2.0 + 2.0 * np.sqrt(2.0))
    points, shell = ball(rings=8, sectors=12)
    ring = cut_lines(points, shell, np.zeros(3), np.array([0.0, 0.0, 1.0]))
    assert len(ring) == 1 and len(ring[0]) == 13
    assert np.linalg.norm(ring[0], axis=1) == pytest.approx(30.0)


def test_an_open_surface_gives_an_open_line() -> None:
    points, triangles = ball()
    half = triangles[(points[triangles][:, :, 0] > -1e-9).all(axis=1)]
    lines = cut_lines(points, half, np.zeros(3), np.array([0.0, 0.3, 1.0]))
    assert len(lines) == 1
    assert np.linalg.norm(lines[0][0] - lines[0][-1]) == pytest.approx(60.0, rel=2e-3)
    assert np.linalg.norm(np.diff(lines[0], axis=0), axis=1).sum() == pytest.approx(30.0 * np.pi, rel=5e-3)
