"""What a bend costs the wall, and how a spoilt wall is made sound again."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from twinviewer.geometry.quality import dihedral_range_deg, six_volumes
from twinviewer.organs.heart.template.bend import Basis
from twinviewer.organs.heart.template.mend import LEAST_VOLUME, mend, unfold
from twinviewer.organs.heart.template.shape import template
from twinviewer.organs.heart.template.strain import SAMPLES, WallStrain, narrowest

SHAPE = template()
BASIS = Basis.of(SHAPE)
STRAIN = WallStrain.at(SHAPE, BASIS.values, SHAPE.points_mm)
STIFFNESS, VOLUME = 2.0, 60.0


def _linear(matrix: np.ndarray) -> np.ndarray:
    """Coefficients with which every point x goes to matrix @ x (about the middle)."""
    out = np.zeros((BASIS.values.shape[1], 3))
    x = SHAPE.points_mm - SHAPE.points_mm.mean(axis=0)
    unit = x[0, 0] / BASIS.values[0, 1]
    out[1:4] = unit * (matrix - np.eye(3)).T
    return out


def _random(size: float, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    out = np.zeros((BASIS.values.shape[1], 3))
    out[:40] = size * rng.normal(size=(40, 3))
    return out


def _deformed(coefficients: np.ndarray) -> np.ndarray:
    """(s, 3, 3) deformation gradients of the sampled elements, from their corners."""
    tets = SHAPE.tets[SHAPE.samples(SAMPLES)]
    rest = SHAPE.points_mm[tets]
    now = rest + (BASIS.values @ coefficients)[tets]
    a, b = rest[:, 1:] - rest[:, :1], now[:, 1:] - now[:, :1]
    return np.linalg.solve(a, b).transpose(0, 2, 1)


def _shear_energy(coefficients: np.ndarray) -> float:
    """Stiffness times the mean of |S - 1|^2 with the polar decomposition F = R S, by the stretches of F."""
    stretch = np.linalg.svd(_deformed(coefficients), compute_uv=False)
    return STIFFNESS * float(np.square(stretch - 1.0).sum(axis=1).mean())


def _slope(coefficients: np.ndarray, volume: float = 0.0) -> np.ndarray:
    h, b = STRAIN.form(coefficients, STIFFNESS, volume)
    return 2.0 * (h @ coefficients.ravel() - b)


def _cost(coefficients: np.ndarray) -> float:
    """What a wall that starts straight pays for a small bend: x.H.x - 2 b.x about no bend, where it costs nothing."""
    h, b = STRAIN.form(np.zeros_like(coefficients), STIFFNESS, VOLUME)
    x = coefficients.ravel()
    return float(x @ h @ x - 2.0 * b @ x)


@pytest.mark.parametrize("turn_deg", [0.0, 20.0, 170.0])
def test_a_turned_wall_is_at_rest(turn_deg: float) -> None:
    """No slope where the wall is only turned and shifted, and a change of size is paid for from there."""
    turned = _linear(Rotation.from_rotvec(np.deg2rad(turn_deg) * np.array([0.6, -0.8, 0.0])).as_matrix())
    turned[0] = [30.0, -10.0, 5.0]
    assert _shear_energy(turned) == pytest.approx(0.0, abs=1e-12)
    scale = np.abs(_slope(turned + _random(0.2), VOLUME)).max()
    assert np.abs(_slope(turned, VOLUME)).max() < 1e-3 * scale


def test_any_bend_costs_and_stretching_by_a_tenth_costs_what_it_should() -> None:
    h, _ = STRAIN.form(np.zeros_like(_random(0.0)), STIFFNESS, VOLUME)
    assert np.linalg.eigvalsh(h).min() > -1e-4 * np.abs(h).max()
    for seed in range(5):
        assert _cost(_random(0.3, seed)) > 0.0
    # strain 0.1 in all three directions, and to first order a volume larger by 0.3
    assert _cost(_linear(1.1 * np.eye(3))) == pytest.approx(STIFFNESS * 3 * 0.01 + VOLUME * 0.09, rel=1e-3)


def test_the_slope_is_that_of_the_energy() -> None:
    at, way = _random(0.4), _random(1.0, seed=8)
    way[60, 1] = 2.0
    step = 1e-4
    expected = (_shear_energy(at + step * way) - _shear_energy(at - step * way)) / (2.0 * step)
    assert _slope(at).ravel() @ way.ravel() == pytest.approx(expected, rel=2e-3)


def test_the_slope_of_the_volume_is_that_of_its_energy() -> None:
    at, way = _random(0.4), _random(1.0, seed=8)
    weight = VOLUME / np.linalg.det(_deformed(at)) ** 2  # an element near to folding weighs more

    def energy(x: np.ndarray) -> float:
        return float((weight * (np.linalg.det(_deformed(x)) - 1.0) ** 2).mean())

    step = 1e-4
    expected = (energy(at + step * way) - energy(at - step * way)) / (2.0 * step)
    assert (_slope(at, VOLUME) - _slope(at)).ravel() @ way.ravel() == pytest.approx(expected, rel=2e-3)


def _flattened() -> tuple[np.ndarray, np.ndarray]:
    """The template with one corner of each of some elements pressed to within 2 % of its height over the rest, and
    those elements."""
    points = SHAPE.points_mm.copy()
    inner = ~np.isin(SHAPE.tets, SHAPE.faces.every).any(axis=1)
    chosen = np.flatnonzero(inner)[:: inner.sum() // 12]
    for tet in SHAPE.tets[chosen]:
        foot = points[tet[1:]]
        normal = np.cross(foot[1] - foot[0], foot[2] - foot[0])
        normal /= np.linalg.norm(normal)
        points[tet[0]] -= 0.98 * ((points[tet[0]] - foot[0]) @ normal) * normal
    return points, chosen


def test_flat_elements_are_mended_and_nothing_else_moves() -> None:
    points, chosen = _flattened()
    assert dihedral_range_deg(points, SHAPE.tets)[0].min() < 2.0
    mended = mend(points, SHAPE.tets, SHAPE.faces.every)
    assert dihedral_range_deg(mended, SHAPE.tets)[0].min() > 8.0
    assert six_volumes(mended, SHAPE.tets).min() > 0.0
    moved = np.linalg.norm(mended - points, axis=1)
    assert moved.max() < 2.0
    near = np.unique(SHAPE.tets[chosen])
    from_near = np.linalg.norm(points[:, None] - points[near][None], axis=2).min(axis=1)
    assert moved[from_near > 12.0].max() == 0.0


def test_a_sound_wall_is_left_alone() -> None:
    assert mend(SHAPE.points_mm, SHAPE.tets, SHAPE.faces.every, least_deg=8.0) is SHAPE.points_mm
    np.testing.assert_array_equal(unfold(SHAPE.points_mm, SHAPE.points_mm, SHAPE.tets), SHAPE.points_mm)


def test_folded_elements_are_unfolded() -> None:
    points, chosen = _flattened()
    # pressed on through the face: the element is inside out
    points[SHAPE.tets[chosen, 0]] += 0.1 * (points - SHAPE.points_mm)[SHAPE.tets[chosen, 0]]
    before = six_volumes(points, SHAPE.tets)
    assert (before <= 0.0).sum() >= len(chosen) // 2
    found = narrowest(SHAPE, points, SHAPE.points_mm, 200, 0.5)
    assert set(np.flatnonzero(before <= 0.0)) <= set(found.tolist())
    ratio = six_volumes(unfold(points, SHAPE.points_mm, SHAPE.tets), SHAPE.tets) / six_volumes(
        SHAPE.points_mm, SHAPE.tets
    )
    assert ratio.min() > 0.9 * LEAST_VOLUME
