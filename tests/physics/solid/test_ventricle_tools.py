"""Unloading, places in a mesh, rays, shells: what the solid engine is made of."""

import numpy as np
import pytest

from tests.physics.solid.shapes import BASE_MM, box, depth_of, ellipsoid, fibres
from tests.physics.solid.test_laws import LAWS
from twinviewer.physics.solid.assembly import pull
from twinviewer.physics.solid.element import boundary
from twinviewer.physics.solid.locate import deformation, locate, stretch
from twinviewer.physics.solid.newton import load_up
from twinviewer.physics.solid.rays import crossings
from twinviewer.physics.solid.unload import TOLERANCE_MM, carried_back, unload
from twinviewer.physics.solid.wall import Array, Load, Wall, ended


def test_unloading_undoes_loading() -> None:
    """An ellipsoid is inflated by a third; from that shape and pressure its resting shape is found again."""
    mesh = ellipsoid((1, 4, 8))
    faces = boundary(mesh)
    inside = faces.part((np.abs(depth_of(mesh.points_mm[faces.nodes[:, 3:]])) < 1e-3).all(axis=1))
    fixed = np.repeat(np.abs(mesh.points_mm[:, 2:] - BASE_MM) < 1e-6, 3, axis=1)
    fibre = fibres(mesh.at_quadrature(mesh.points_mm[mesh.tets]), 60.0, -60.0)
    load = Load({"lv": 1.5})

    def at(rest_mm: Array, own: Array) -> Wall:
        placed = type(mesh)(rest_mm, mesh.tets)
        return Wall(placed, LAWS["guccione"], own, fixed=fixed, cavities={"lv": inside})

    wall = at(mesh.points_mm, fibre)
    seen = ended(load_up(wall, wall.at_rest(), Load(), load, 3)).x_mm
    moved = np.linalg.norm(seen - mesh.points_mm, axis=1).max()
    along = np.einsum("mqij,mqj->mqi", deformation(mesh, seen), fibre)

    def make(rest_mm: Array) -> Wall:
        return at(rest_mm, carried_back(along, deformation(type(mesh)(rest_mm, mesh.tets), seen)))

    found, state = ended(unload(make, seen, load))
    assert moved > 2.0
    assert np.linalg.norm(state.x_mm - seen, axis=1).max() < TOLERANCE_MM
    assert np.linalg.norm(found.mesh.points_mm - mesh.points_mm, axis=1).mean() < 0.1 * moved


def test_a_field_is_read_anywhere_in_the_mesh() -> None:
    """Quadratic elements hold a quadratic field exactly; off the mesh the nearest place answers, and says so."""
    mesh = box((2.0, 1.0, 1.0), (2, 1, 1))
    x, y, z = mesh.points_mm.T
    field = x * x - 2.0 * x * y + z
    at = np.random.default_rng(3).uniform([0, 0, 0], [2, 1, 1], (200, 3))
    element, weights, inside = locate(mesh, at)
    read = (weights * field[mesh.tets[element]]).sum(axis=1)
    assert inside.all()
    assert np.allclose(read, at[:, 0] ** 2 - 2.0 * at[:, 0] * at[:, 1] + at[:, 2], atol=1e-10)
    assert not locate(mesh, np.array([[5.0, 0.5, 0.5]]))[2].any()


def test_stretch_of_a_sheared_fibre() -> None:
    """A fibre across a simple shear of g is √(1 + g²) as long."""
    mesh = box((1.0, 1.0, 1.0), (1, 1, 1))
    sheared = mesh.points_mm + 0.3 * mesh.points_mm[:, [1]] * np.array([1.0, 0.0, 0.0])
    across = np.broadcast_to([0.0, 1.0, 0.0], (*mesh.gradients[1].shape, 3))
    assert np.allclose(stretch(mesh, sheared, across), np.sqrt(1.09))


def test_rays_cross_a_box() -> None:
    mesh = box((2.0, 1.0, 1.0), (2, 2, 2))
    corners = mesh.points_mm[boundary(mesh).nodes[:, :3]]
    origins = np.array([[-1.0, 0.3, 0.4], [1.0, 0.5, 0.45], [-1.0, 3.0, 0.4]])
    ways = np.tile([1.0, 0.0, 0.0], (3, 1))
    assert np.allclose(crossings(origins, ways, corners), [[1.0, 3.0], [1.0, 1.0], [np.nan, np.nan]], equal_nan=True)


def test_muscle_pulls_less_the_shorter_it_is() -> None:
    """Cauchy stress T (λ − λ₀), which is λ² times what pull() gives; the slope is that of the Green strain."""
    for lam in (0.85, 1.0, 1.2):
        tension, rise = pull(50.0, 0.75, lam)
        assert tension * lam**2 == pytest.approx(50.0 * (lam - 0.75))
        h = 1e-6  # of E, so that λ² = 1 + 2 E
        ahead, behind = (pull(50.0, 0.75, np.sqrt(lam**2 + 2 * s * h))[0] for s in (1, -1))
        assert rise == pytest.approx((ahead - behind) / (2 * h), rel=1e-6)
    assert pull(50.0, 0.75, 0.7) == (0.0, 0.0)
