"""Cubes and tubes of each law against closed forms; forces and stiffness against differences."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.optimize import brentq

from tests.physics.solid.shapes import box
from twinviewer.physics.solid.element import QuadraticMesh, boundary
from twinviewer.physics.solid.laws import Law, guccione, holzapfel_ogden
from twinviewer.physics.solid.newton import equilibrium, load_up
from twinviewer.physics.solid.wall import ANY_LENGTH, NO_STIFFNESS, Load, Springs, State, Wall, ended

Array = NDArray[np.float64]
GUCCIONE = (2.0, 8.0, 2.0, 4.0)
HOLZAPFEL = (0.059, 8.023, (18.472, 16.026), (2.481, 11.120), (0.216, 11.436))
"""Shear tests of pig hearts, table 1 of Holzapfel and Ogden 2009: kPa and 1."""
LAWS = {"guccione": guccione(*GUCCIONE), "holzapfel": holzapfel_ogden(*HOLZAPFEL)}


def energy(law: str, x: float, y: float, z: float) -> float:
    """kPa stored at stretches along fibre, sheet and normal."""
    ex, ey, ez = ((v * v - 1.0) / 2.0 for v in (x, y, z))
    if law == "guccione":
        c, bf, bt, _ = GUCCIONE
        return 0.5 * c * (np.exp(bf * ex**2 + bt * (ey**2 + ez**2)) - 1.0)
    a, b, (af, bf), (as_, bs), _ = HOLZAPFEL
    out = a / (2 * b) * (np.exp(b * (x * x + y * y + z * z - 3.0)) - 1.0)
    for ai, bi, i4 in ((af, bf, x * x), (as_, bs, y * y)):
        if i4 > 1.0:
            out += ai / (2 * bi) * (np.exp(bi * (i4 - 1.0) ** 2) - 1.0)
    return float(out)


def slope(f: Callable[[float], float], x: float) -> float:
    return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5


def same(mesh: QuadraticMesh, vector: tuple[float, float, float]) -> Array:
    return np.broadcast_to(np.array(vector), (*mesh.gradients[1].shape, 3)).copy()


def cube(law: Law, held: tuple[str, ...]) -> tuple[Wall, NDArray[np.bool_], NDArray[np.bool_]]:
    """A unit cube between symmetry planes; its far faces along the named axes are held at what they are moved to."""
    mesh = box((1.0, 1.0, 1.0), (2, 2, 2))
    x = mesh.points_mm
    fixed = x == 0.0
    for axis in held:
        fixed[:, "xyz".index(axis)] |= x[:, "xyz".index(axis)] == 1.0
    wall = Wall(mesh, law, same(mesh, (1, 0, 0)), sheet=same(mesh, (0, 1, 0)), fixed=fixed)
    return wall, x[:, 0] == 1.0, x[:, 1] == 1.0


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("stretch", [0.9, 1.15])
def test_uniaxial_stretch_along_the_fibre(law: str, stretch: float) -> None:
    """Sides are free: the work of the face over the stretch is the stored energy at its least."""
    wall, right, _ = cube(LAWS[law], ("x",))
    found = ended(equilibrium(wall, State(wall.mesh.points_mm * [stretch, 1.0, 1.0], wall.at_rest().p_kpa), Load()))

    def least(lam: float) -> float:
        across = brentq(lambda y: slope(lambda v: energy(law, lam, v, 1.0 / (lam * v)), y), 0.7, 1.3)
        return energy(law, lam, across, 1.0 / (lam * across))

    force = wall.nodal_forces(found, Load())[right, 0].sum()
    assert force == pytest.approx(slope(least, stretch), rel=2e-4)
    assert np.ptp(found.x_mm[right, 0]) < 1e-9


@pytest.mark.parametrize("law", LAWS)
def test_equibiaxial_stretch(law: str) -> None:
    wall, right, back = cube(LAWS[law], ("x", "y"))
    lam = 1.1
    found = ended(equilibrium(wall, State(wall.mesh.points_mm * [lam, lam, 1.0], wall.at_rest().p_kpa), Load()))
    forces = wall.nodal_forces(found, Load())
    assert forces[right, 0].sum() == pytest.approx(slope(lambda v: energy(law, v, lam, 1 / (v * lam)), lam), rel=1e-4)
    assert forces[back, 1].sum() == pytest.approx(slope(lambda v: energy(law, lam, v, 1 / (v * lam)), lam), rel=1e-4)
    assert found.x_mm[:, 2].max() == pytest.approx(1.0 / lam**2, rel=1e-4)


@pytest.mark.parametrize("law", LAWS)
def test_a_free_fibre_shortens_until_its_stress_is_carried(law: str) -> None:
    """T λ² + λ dW/dλ = 0 along a fibre that nothing holds."""
    wall, right, _ = cube(LAWS[law], ())
    tension = 1.0
    found = ended(load_up(wall, wall.at_rest(), Load(), Load(active_kpa=tension), 2))
    lam = float(found.x_mm[right, 0].mean())
    across = float(found.x_mm[:, 1].max())
    stored = slope(lambda v: energy(law, v, across * np.sqrt(lam / v), 1 / (np.sqrt(lam * v) * across)), lam)
    assert lam < 0.97
    assert stored + tension * lam == pytest.approx(0.0, abs=1e-3)


def test_a_tube_under_pressure() -> None:
    """Plane strain of a thick tube with fibres round it: P = ∫ λ W'(λ) dr/r with r² = R² + c; 1 % on this mesh."""
    inner, outer, inflated = 5.0, 7.0, 5.6
    plain = box((1.0, 1.0, 1.0), (2, 4, 1))
    depth, turn, height = plain.points_mm.T
    radius, angle = inner + (outer - inner) * depth, 0.5 * np.pi * turn
    mesh = QuadraticMesh(np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1), plain.tets)
    x = mesh.points_mm
    at = mesh.at_quadrature(x[mesh.tets])
    fibre = np.stack([-at[..., 1], at[..., 0], np.zeros(at.shape[:2])], axis=-1)
    fibre /= np.linalg.norm(fibre, axis=-1, keepdims=True)
    fixed = np.stack([np.abs(x[:, 0]) < 1e-9, np.abs(x[:, 1]) < 1e-9, np.ones(len(x), bool)], axis=1)
    faces = boundary(mesh)
    inside = faces.part((np.abs(np.hypot(x[faces.nodes, 0], x[faces.nodes, 1]) - inner) < 1e-9).all(axis=1))
    wall = Wall(mesh, LAWS["guccione"], fibre, fixed=fixed, cavities={"tube": inside})
    more = inflated**2 - inner**2

    def tension(r: float) -> float:
        lam = r / np.sqrt(r * r - more)
        return lam * slope(lambda v: energy("guccione", v, 1.0 / v, 1.0), lam) / r

    pressure, _ = quad(tension, inflated, np.sqrt(outer**2 + more))
    found = ended(load_up(wall, wall.at_rest(), Load(), Load({"tube": pressure}), 3))
    lumen = np.hypot(*found.x_mm[np.abs(np.hypot(x[:, 0], x[:, 1]) - inner) < 1e-9, :2].T)
    assert lumen.mean() - inner == pytest.approx(inflated - inner, rel=0.01)


@pytest.mark.parametrize("shortest", [ANY_LENGTH, 0.7])
@pytest.mark.parametrize("law", LAWS)
def test_stiffness_is_the_slope_of_the_forces(law: str, shortest: float) -> None:
    """Law, active stress, pressure of a cavity and springs together, far from rest, against central differences."""
    mesh = box((2.0, 1.0, 1.0), (2, 1, 1))
    faces = boundary(mesh)
    top = (mesh.points_mm[faces.nodes, 2] == 1.0).all(axis=1)
    rng = np.random.default_rng(5)
    fibre, sheet = same(mesh, (0.6, 0.8, 0.0)), same(mesh, (0.8, -0.6, 0.0))
    wall = Wall(
        mesh, LAWS[law], fibre, sheet=sheet, fixed=mesh.points_mm == [0.0, -1.0, -1.0],
        cavities={"above": faces.part(top)}, springs=(Springs(faces.part(~top), 0.4, 0.1),),
    )  # fmt: skip
    state = State(mesh.points_mm + 0.02 * rng.standard_normal(mesh.points_mm.shape), rng.standard_normal(12))
    load = Load({"above": 3.0}, 5.0, shortest)
    stiffness = np.empty((len(mesh.tets), 34, 34))
    ended(wall.assemble(state, load, stiffness))
    change = rng.standard_normal(wall.unknowns)
    ahead, _, _ = ended(wall.assemble(wall.moved(state, 1e-6 * change), load, NO_STIFFNESS))
    behind, _, _ = ended(wall.assemble(wall.moved(state, -1e-6 * change), load, NO_STIFFNESS))
    expected = (ahead - behind) / 2e-6
    # K change = expected, so that the solution of K y = expected is the change itself
    factors = [part for part in wall.factor(stiffness) if part is not None][-1]
    assert np.allclose(factors.solve(expected), change, atol=1e-5)
