"""Patch test, follower loads, springs and the solver by fronts."""

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from tests.physics.solid.shapes import box, ellipsoid
from tests.physics.solid.test_laws import LAWS, same
from twinviewer.domain import EngineError, MeshError
from twinviewer.physics.solid.element import RULES, QuadraticMesh, boundary, quadratic
from twinviewer.physics.solid.fronts import Plan
from twinviewer.physics.solid.laws import guccione
from twinviewer.physics.solid.newton import equilibrium, load_up
from twinviewer.physics.solid.wall import NO_STIFFNESS, Load, Springs, State, Wall, ended


@pytest.mark.parametrize("points", RULES)
def test_quadrature_is_exact_to_its_degree(points: int) -> None:
    """∫ λ₀^a λ₁^b over a tetrahedron is 6 V a! b! / (a + b + 3)!."""
    from math import factorial

    bary, weight = RULES[points]
    for a, b in [(0, 0), (1, 1), (2, 0)] + ([(3, 2), (5, 0), (4, 1)] if points == 14 else []):
        exact = 6.0 * factorial(a) * factorial(b) / factorial(a + b + 3)
        assert (weight * bary[:, 0] ** a * bary[:, 1] ** b).sum() == pytest.approx(exact, rel=1e-12)


def test_curved_elements_hold_the_volume_of_the_ellipsoid() -> None:
    def below(short: float, long: float) -> float:
        return np.pi * short**2 * ((5.0 + long) - (125.0 + long**3) / (3.0 * long**2))

    mesh = ellipsoid((1, 8, 12))
    assert mesh.gradients[1].sum() == pytest.approx(below(10, 20) - below(7, 17), rel=5e-4)


def test_patch() -> None:
    """A mesh with its inner points anywhere takes any even strain exactly, with one pressure everywhere."""
    plain = box((1.0, 1.0, 1.0), (2, 2, 2))
    rng = np.random.default_rng(2)
    linear = 27
    points = plain.points_mm[:linear].copy()
    points[13] += 0.1 * rng.standard_normal(3)
    mesh = quadratic(points, plain.tets[:, :4])
    x = mesh.points_mm
    outside = np.zeros(len(x), bool)
    outside[boundary(mesh).nodes] = True
    even = np.array([[1.1, 0.2, 0.0], [0.1, 0.9, 0.1], [0.0, 0.0, 1.0]])
    even /= np.cbrt(np.linalg.det(even))
    wall = Wall(mesh, LAWS["guccione"], same(mesh, (1, 0, 0)), fixed=np.repeat(outside[:, None], 3, axis=1))
    wanted = x @ even.T
    start = State(
        np.where(outside[:, None], wanted, wanted + 0.01 * rng.standard_normal(x.shape)), wall.at_rest().p_kpa
    )
    found = ended(equilibrium(wall, start, Load()))
    assert np.abs(found.x_mm - wanted).max() < 1e-5


def test_pressure_does_work_on_volume_only() -> None:
    """Work of a pressure all round a body, for any motion, is pressure times its change of volume; forces sum to 0."""
    mesh = box((2.0, 1.0, 1.0), (2, 1, 1))
    rng = np.random.default_rng(4)
    wall = Wall(mesh, guccione(1e-12, 1, 1, 1), same(mesh, (1, 0, 0)), cavities={"all": boundary(mesh)}, guard_kpa=0.0)
    x = mesh.points_mm + 0.05 * rng.standard_normal(mesh.points_mm.shape)
    state = State(x, wall.at_rest().p_kpa)
    forces = wall.nodal_forces(state, Load({"all": 2.0}))
    way = rng.standard_normal(x.shape)
    volume = [QuadraticMesh(x + step * way, mesh.tets).gradients[1].sum() for step in (-1e-5, 1e-5)]
    assert (forces * way).sum() == pytest.approx(2.0 * (volume[1] - volume[0]) / 2e-5, rel=1e-6)
    assert np.abs(forces.sum(axis=0)).max() < 1e-9
    assert np.abs(np.cross(x, forces).sum(axis=0)).max() < 1e-9


def test_springs_carry_a_push() -> None:
    """A stiff cube on springs of 0.5 kPa/mm sinks by pressure over spring: 0.1 kPa, 0.2 mm."""
    mesh = box((1.0, 1.0, 1.0), (1, 1, 1))
    faces = boundary(mesh)
    z = mesh.points_mm[faces.nodes, 2]
    floor, roof = (z == 0.0).all(axis=1), (z == 1.0).all(axis=1)
    wall = Wall(
        mesh, guccione(1e4, 1, 1, 1), same(mesh, (1, 0, 0)), cavities={"roof": faces.part(roof)},
        springs=(Springs(faces.part(floor), 0.5, 0.3),),
    )  # fmt: skip
    found = ended(load_up(wall, wall.at_rest(), Load(), Load({"roof": 0.1}), 1))
    assert np.allclose(found.x_mm - mesh.points_mm, [0.0, 0.0, -0.2], atol=1e-3)


def test_fronts_solve_what_a_sparse_solver_solves() -> None:
    mesh = box((3.0, 2.0, 2.0), (5, 4, 4))
    rng = np.random.default_rng(1)
    matrices = rng.standard_normal((len(mesh.tets), 10, 10))
    matrices += 20.0 * np.eye(10)
    numbers = mesh.tets.astype(np.int64).copy()
    numbers[numbers == 7] = -1
    live = np.unique(numbers[numbers >= 0])
    numbers = np.where(numbers >= 0, np.searchsorted(live, numbers), -1)
    plan = Plan(mesh.points_mm, mesh.tets, live, numbers)
    factors = [part for part in plan.factor(matrices) if part is not None][-1]
    right = rng.standard_normal(len(live))
    both = (numbers[:, :, None] >= 0) & (numbers[:, None, :] >= 0)
    rows, columns = np.broadcast_arrays(numbers[:, :, None], numbers[:, None, :])
    whole = coo_array((matrices[both], (rows[both], columns[both])), shape=(len(live), len(live))).tocsc()
    assert np.allclose(factors.solve(right), spsolve(whole, right), rtol=1e-9)
    assert len(plan.fronts) > 5


def test_what_cannot_stand_is_said_with_its_place() -> None:
    mesh = box((2.0, 1.0, 1.0), (2, 1, 1))
    faces = boundary(mesh)
    roof = (mesh.points_mm[faces.nodes, 2] == 1.0).all(axis=1)
    wall = Wall(
        mesh, guccione(0.1, 1, 1, 1), same(mesh, (1, 0, 0)), fixed=mesh.points_mm[:, :1].repeat(3, axis=1) == 0.0,
        cavities={"roof": faces.part(roof)},
    )  # fmt: skip
    with pytest.raises(EngineError, match="finds no equilibrium") as caught:
        ended(load_up(wall, wall.at_rest(), Load(), Load({"roof": 1e4}), 1))
    assert "near (" in caught.value.where
    turned = mesh.tets.copy()
    turned[0, [0, 1]] = turned[0, [1, 0]]
    with pytest.raises(MeshError, match="inside out"):
        _ = QuadraticMesh(mesh.points_mm, turned).gradients
    assert NO_STIFFNESS.shape == (0, 34, 34)
