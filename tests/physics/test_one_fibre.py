"""One-fibre walls against the thick sphere, and the ring against its own balance."""

import numpy as np
import pytest

from twinviewer.physics.one_fibre import MMHG_PER_KPA, balance, cap_height, design, fibre_strain, patch_tension
from twinviewer.physics.sarcomere import active_stress, passive_strain, passive_stress

WALL_OF = np.array([1 if s in (2, 3, 8, 9, 14) else 0 for s in range(1, 18)] + [2] * 3)
WALL_ML = np.array([140.0 / 17] * 17 + [12.0] * 3)
SHARE = np.array([1.0 / 17] * 17 + [1.0 / 3] * 3)
STIFF = np.full(20, 120.0)


def sphere(cavity_ml: float, wall_ml: float) -> tuple[float, float, float]:
    """Midwall area, curvature and radius of a thick sphere."""
    radius = (3.0 * (cavity_ml + 0.5 * wall_ml) / (4.0 * np.pi)) ** (1.0 / 3.0)
    return 4.0 * np.pi * radius**2, 1.0 / radius, radius


@pytest.mark.parametrize("cavity_ml", [40.0, 80.0, 140.0, 220.0])
def test_sphere_carries_arts_pressure(cavity_ml: float) -> None:
    # p / sigma = 1/3 ln(1 + W/V) for a thick sphere with one fibre stress (Arts et al., J Biomech 24:1119, 1991)
    wall = 140.0
    area, curvature, radius = sphere(cavity_ml, wall)
    tension, _, _, strain, stress = patch_tension(area, curvature, wall, 0.8 * area, 120.0, 0.0, 2.0, 0.02)
    assert 2.0 * tension / radius / stress == pytest.approx(np.log(1.0 + wall / cavity_ml) / 3.0, rel=0.02)
    assert strain == pytest.approx(fibre_strain(area, curvature, wall, 0.8 * area))


def test_sphere_strain_follows_arts() -> None:
    wall = 140.0
    strains = []
    for cavity in (60.0, 140.0):
        area, curvature, _ = sphere(cavity, wall)
        strains.append(fibre_strain(area, curvature, wall, 100.0))
    # energy: W sigma de = p dV, so de = 1/3 ln(1 + W/V) dV / W, integrated
    volumes = np.linspace(60.0, 140.0, 2001)
    exact = np.trapezoid(np.log1p(wall / volumes) / 3.0 / wall, volumes)
    # the published polynomial is 3 % off over this range
    assert strains[1] - strains[0] == pytest.approx(exact, rel=0.04)


def test_slopes_are_the_derivatives() -> None:
    arguments = (9.0, 0.25, 8.0, 6.5, 120.0, 90.0, 2.1, 0.8)
    _, by_area, by_curvature, _, _ = patch_tension(*arguments)
    for index, slope in ((0, by_area), (1, by_curvature)):
        up, down = list(arguments), list(arguments)
        up[index] += 1e-5
        down[index] -= 1e-5
        numeric = (patch_tension(*up)[0] - patch_tension(*down)[0]) / 2e-5
        assert slope == pytest.approx(numeric, rel=1e-5)


@pytest.mark.parametrize(("volume", "ring"), [(120.0, 3.4), (-250.0, 3.9), (0.4, 3.0), (0.0, 3.0)])
def test_cap_height_gives_back_its_volume(volume: float, ring: float) -> None:
    x = cap_height(volume, ring)
    assert np.pi / 6.0 * x * (x**2 + 3.0 * ring**2) == pytest.approx(volume, abs=1e-6)


@pytest.mark.parametrize(
    ("lv_ml", "rv_ml", "lv_mmhg", "rv_mmhg"), [(90, 100, 8, 4), (140, 150, 10, 5), (200, 180, 16, 6), (250, 120, 20, 4)]
)
def test_design_is_the_inverse_of_balance(lv_ml: float, rv_ml: float, lv_mmhg: float, rv_mmhg: float) -> None:
    reference, area, septum = design(lv_ml, rv_ml, lv_mmhg, rv_mmhg, WALL_OF, WALL_ML, SHARE, STIFF)
    rest, zero = np.full(20, 1.6), np.zeros(20)
    guess_area, guess_septum = area * 1.03, septum * 1.05
    strain, stress = np.zeros(20), np.zeros(20)
    left, right, iterations = balance(
        float(lv_ml), float(rv_ml), WALL_OF, WALL_ML, reference, STIFF, zero, rest, zero, guess_area, guess_septum,
        strain, stress,
    )  # fmt: skip
    assert 0 < iterations < 20
    assert left * MMHG_PER_KPA == pytest.approx(lv_mmhg, rel=1e-3)
    assert right * MMHG_PER_KPA == pytest.approx(rv_mmhg, rel=1e-3)
    assert guess_area == pytest.approx(area, rel=1e-4)


def test_reference_areas_of_a_normal_heart_are_the_published_ones() -> None:
    # Lumens 2009, table of the normal adult: left free wall 80, septum 40, right free wall 100 cm2
    share = SHARE.copy()
    reference, _, _ = design(130.0, 140.0, 8.0, 4.0, WALL_OF, WALL_ML, share, np.full(20, 7.0))
    for wall, published in ((0, 80.0), (1, 40.0), (2, 100.0)):
        assert reference[wall == WALL_OF].sum() == pytest.approx(published, rel=0.2)


def test_patches_of_a_wall_share_its_tension() -> None:
    reference, area, septum = design(140.0, 150.0, 10.0, 5.0, WALL_OF, WALL_ML, SHARE, STIFF)
    activation = np.linspace(0.0, 0.6, 20)
    contractile = np.full(20, 2.1)
    strain, stress = np.zeros(20), np.zeros(20)
    force = np.full(20, 90.0)
    left, right, iterations = balance(
        140.0, 150.0, WALL_OF, WALL_ML, reference, STIFF, force, contractile, activation, area, septum, strain, stress
    )
    assert iterations > 0
    ring = septum[1]
    total = np.bincount(WALL_OF, weights=WALL_ML)
    x = np.array(
        [
            cap_height(septum[0] - 140.0 - 0.5 * (total[0] + total[1]), ring),
            cap_height(septum[0], ring),
            cap_height(septum[0] + 150.0 + 0.5 * (total[1] + total[2]), ring),
        ]
    )
    curvature = 2.0 * x / (x**2 + ring**2)
    tension = np.array(
        [
            patch_tension(
                area[p], curvature[w], WALL_ML[p], reference[p], STIFF[p], force[p], contractile[p], activation[p]
            )[0]
            for p, w in enumerate(WALL_OF)
        ]
    )
    for wall in range(3):
        mine = tension[wall == WALL_OF]
        assert mine == pytest.approx(np.full(len(mine), mine.mean()), rel=1e-3)
        assert area[wall == WALL_OF].sum() == pytest.approx(np.pi * (x[wall] ** 2 + ring**2), rel=1e-4)
    mean = np.array([tension[wall == WALL_OF].mean() for wall in range(3)])
    assert abs((mean * 2.0 * x * ring / (x**2 + ring**2)).sum()) < 1e-3 * mean.max()
    assert abs((mean * (ring**2 - x**2) / (x**2 + ring**2)).sum()) < 1e-3 * mean.max()
    assert left > right > 0.0


def test_passive_law_and_its_inverse() -> None:
    for strain in (0.02, 0.1, 0.18, 0.24):
        assert passive_strain(passive_stress(strain)[0]) == pytest.approx(strain, abs=1e-9)


def test_no_overlap_no_force() -> None:
    assert active_stress(0.0, 1.51, 1.0)[0] == 0.0
    assert active_stress(0.1, 2.1, 1.0)[0] > active_stress(0.1, 2.15, 1.0)[0] > 0.0


@pytest.mark.parametrize("cavity_ml", [60.0, 100.0, 140.0, 200.0, 260.0])
def test_free_wall_and_septum_alone_are_a_thick_sphere(cavity_ml: float) -> None:
    # without tension in the right wall the ring's balance makes the left wall and the septum one sphere: p / sigma =
    # 1/3 ln(1 + W/V) (Arts et al. 1991), whatever the number of patches
    for patches in (1, 6):
        wall_of = np.array([0] * patches + [1] * patches + [2])
        wall_ml = np.array([93.0 / patches] * patches + [47.0 / patches] * patches + [30.0])
        area, _, radius = sphere(cavity_ml, 140.0)
        height = 2.0 * radius / 3.0
        areas = np.array([area * 2 / 3 / patches] * patches + [area / 3 / patches] * patches + [150.0])
        reference = np.append(0.8 * areas[:-1], 400.0)
        stiffness = np.array([120.0] * (2 * patches) + [1e-6])
        cap_ml = np.pi * height**2 * (3.0 * radius - height) / 3.0
        septum = np.array([1.02 * cap_ml, 1.03 * np.sqrt(2.0 * radius * height - height**2)])
        zero, rest = np.zeros(len(wall_of)), np.full(len(wall_of), 1.6)
        strain, stress = np.zeros(len(wall_of)), np.zeros(len(wall_of))
        left, right, iterations = balance(
            cavity_ml, 150.0, wall_of, wall_ml, reference, stiffness, zero, rest, zero, areas, septum, strain, stress
        )
        assert iterations > 0 and abs(right) < 1e-6
        mean = np.average(stress[:-1], weights=wall_ml[:-1])
        assert left / mean == pytest.approx(np.log(1.0 + 140.0 / cavity_ml) / 3.0, rel=0.02)


def test_patches_of_one_kind_are_one_wall() -> None:
    coarse, fine = ([0, 1, 2], [140.0, 70.0, 36.0]), (WALL_OF, WALL_ML)
    found = []
    for wall_of, wall_ml in (coarse, fine):
        of, volume = np.asarray(wall_of), np.asarray(wall_ml, float)
        total = np.bincount(of, weights=volume) / np.array([140.0, 70.0, 36.0])
        volume = volume / total[of]
        share = volume / np.where(of == 2, 36.0, 210.0)
        stiff = np.full(len(of), 120.0)
        reference, area, septum = design(130.0, 140.0, 9.0, 4.0, of, volume, share, stiff)
        strain, stress = np.zeros(len(of)), np.zeros(len(of))
        force, length, active = np.full(len(of), 90.0), np.full(len(of), 2.05), np.full(len(of), 0.7)
        left, right, _ = balance(
            100.0, 110.0, of, volume, reference, stiff, force, length, active, area, septum, strain, stress
        )
        found.append((left, right, *septum))
    assert found[1] == pytest.approx(found[0], rel=1e-4)
