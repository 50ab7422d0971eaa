"""Activation against analytic first arrivals: √(Δxᵀ D⁻¹ Δx) in a homogeneous box, Snell's law along a fast layer."""

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.eikonal import EikonalGrid, combine

FIBRE = np.array([1.0, 1.0, 0.0]) / np.sqrt(2.0)


def box(n: int, side_mm: float = 20.0) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """A cube of n³ points, each cell cut into six tetrahedra."""
    g = np.linspace(0.0, side_mm, n)
    points = np.stack(np.meshgrid(g, g, g, indexing="ij"), -1).reshape(-1, 3)
    index = np.arange(n**3).reshape(n, n, n)
    c = [index[i : n - 1 + i, j : n - 1 + j, k : n - 1 + k].ravel() for k in (0, 1) for j in (0, 1) for i in (0, 1)]
    split = [(0, 1, 3, 7), (0, 3, 2, 7), (0, 2, 6, 7), (0, 6, 4, 7), (0, 4, 5, 7), (0, 5, 1, 7)]
    return points, np.concatenate([np.stack([c[i] for i in t], 1) for t in split]).astype(np.int32)


def solved(n: int, ball_mm: float) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Relative L2 error of one source in the middle of the box, the field and the truth."""
    points, tets = box(n)
    source = int(np.argmin(np.linalg.norm(points - 10.0, axis=1)))
    inverse = np.linalg.inv(0.09 * np.eye(3) + (0.36 - 0.09) * np.outer(FIBRE, FIBRE))
    line = points - points[source]
    truth = np.sqrt(np.einsum("ni,ij,nj->n", line, inverse, line))
    medium = EikonalGrid.build(points, tets).medium(np.tile(FIBRE, (len(tets), 1)), 0.6, 0.3)
    field = medium.activation_ms([source], ball_mm=ball_mm)
    return float(np.linalg.norm(field - truth) / np.linalg.norm(truth)), field, truth


def test_error_falls_with_the_edge_at_order_above_0_8() -> None:
    errors = [solved(n, 5.0)[0] for n in (11, 21, 41)]
    order = np.log2(np.array(errors[:-1]) / errors[1:])
    assert (order >= 0.8).all(), (errors, order)
    assert errors[-1] <= 0.01, errors


@pytest.mark.slow
def test_box_of_301k_points_meets_the_published_tolerance() -> None:
    assert solved(67, 0.9)[0] <= 0.02  # the default treatment: three edges
    error, field, truth = solved(67, 6.0)
    assert error <= 0.005
    assert field.max() == pytest.approx(truth.max(), rel=0.01)


def test_the_default_treatment_beats_none() -> None:
    points, _ = box(21)
    with_ball = solved(21, 3.0)[0]
    without = solved(21, 0.0)[0]
    assert with_ball < 0.75 * without


def test_delays_combine_exactly_as_minimum_of_single_sites() -> None:
    points, tets = box(17)
    medium = EikonalGrid.build(points, tets).medium(np.tile(FIBRE, (len(tets), 1)), 0.6, 0.3)
    corner, other = 0, len(points) - 1
    fields = [medium.activation_ms([corner]), medium.activation_ms([other])]
    together = medium.activation_ms([corner, other], [5.0, 0.0])
    joined = combine(fields, [5.0, 0.0])
    # one solve with both sites interpolates across the collision, so only there may the two differ
    assert np.abs(together - joined).max() < 1.0
    assert np.median(np.abs(together - joined)) < 1e-9


def test_a_fast_layer_wins_far_from_the_source() -> None:
    # head wave: out along the layer at v_e, then into the depth at the critical angle
    points, tets = box(31)
    faces = np.concatenate([tets[:, pick] for pick in ([0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3])])
    below = np.unique(np.sort(faces[(points[faces][:, :, 2] == 0.0).all(axis=1)], axis=1), axis=0)
    grid = EikonalGrid.build(points, tets, below)
    medium = grid.medium(None, 0.3, 0.3, layer_nodes=points[:, 2] == 0.0, layer_speed_m_s=2.0)
    field = medium.activation_ms([0])
    reach = np.linalg.norm(points[:, :2], axis=1)
    z = points[:, 2]
    slow, fast = 1.0 / 0.3, 1.0 / 2.0
    head = reach * fast + z * np.sqrt(slow**2 - fast**2)
    direct = np.linalg.norm(points, axis=1) * slow
    critical = z * fast / np.sqrt(slow**2 - fast**2)
    truth = np.where(reach > critical, np.minimum(head, direct), direct)
    assert np.linalg.norm(field - truth) / np.linalg.norm(truth) < 0.02
    far = (z == 0.0) & (reach > 5.0)
    assert np.abs(field[far] / (reach[far] * fast) - 1.0).max() < 0.04


def test_scaling_the_speed_by_half_doubles_the_time() -> None:
    points, tets = box(9)
    grid = EikonalGrid.build(points, tets)
    fibre = np.tile(FIBRE, (len(tets), 1))
    normal = grid.medium(fibre, 0.6, 0.3).activation_ms([0])
    slow = grid.medium(fibre, 0.6, 0.3, scale=np.full(len(tets), 0.5)).activation_ms([0])
    assert np.allclose(slow, 2.0 * normal, rtol=1e-4)


def test_dead_tissue_is_bypassed_and_has_no_time() -> None:
    points, tets = box(21)
    middle = points[tets].mean(axis=1)
    core = np.linalg.norm(middle - [10.0, 10.0, 10.0], axis=1) < 5.0
    medium = EikonalGrid.build(points, tets).medium(None, 0.5, 0.5, scale=np.where(core, 0.0, 1.0))
    source = int(np.argmin(np.linalg.norm(points - [0.0, 10.0, 10.0], axis=1)))
    behind = int(np.argmin(np.linalg.norm(points - [20.0, 10.0, 10.0], axis=1)))
    field = medium.activation_ms([source])
    assert np.isnan(field[np.argmin(np.linalg.norm(points - 10.0, axis=1))])
    # round a sphere of radius 5: two tangents of √(100 − 25) and an arc of 5 (π − 2 acos ½)
    around = (2.0 * np.sqrt(75.0) + 5.0 * (np.pi - 2.0 * np.arccos(0.5))) / 0.5
    assert field[behind] == pytest.approx(around, rel=0.06)


def test_an_island_is_reported_with_its_place() -> None:
    points, tets = box(5)
    far = points + [100.0, 0.0, 0.0]
    both = EikonalGrid.build(np.concatenate([points, far]), np.concatenate([tets, tets + len(points)]))
    with pytest.raises(EngineError, match=r"125 of 250 points.*110, 10, 10"):
        both.medium(None, 0.6, 0.6).activation_ms([0])


@pytest.mark.parametrize(
    ("speed", "nodes", "said"),
    [
        (0.0, [0], "0.0"),
        (float("nan"), [0], "nan"),
        (12.0, [0], "12.0"),
        (-0.6, [0], "-0.6"),
        (0.6, [], "0 sites"),
        (0.6, [10**6], "point 1000000"),
        (0.6, [-1], "point -1"),
    ],
)
def test_nonsense_is_refused_with_its_value(speed: float, nodes: list[int], said: str) -> None:
    points, tets = box(4)
    with pytest.raises(EngineError, match=said):
        EikonalGrid.build(points, tets).medium(None, speed, speed).activation_ms(nodes)


def test_one_thread_or_two_give_the_same_bits() -> None:
    points, tets = box(21)
    medium = EikonalGrid.build(points, tets).medium(np.tile(FIBRE, (len(tets), 1)), 0.6, 0.3)
    alone = medium.activation_ms([0, 400], [0.0, 7.0], threads=1)
    for _ in range(3):
        assert np.array_equal(alone, medium.activation_ms([0, 400], [0.0, 7.0], threads=2))


def test_the_order_of_points_and_elements_does_not_matter() -> None:
    points, tets = box(13)
    shuffle = np.random.default_rng(4)
    p, q = shuffle.permutation(len(points)), shuffle.permutation(len(tets))
    where = np.empty_like(p)
    where[p] = np.arange(len(p))
    fibre = np.tile(FIBRE, (len(tets), 1))
    scale = np.where(points[tets].mean(axis=1)[:, 0] > 12.0, 0.4, 1.0)
    plain = EikonalGrid.build(points, tets).medium(fibre, 0.6, 0.3, scale=scale).activation_ms([5])
    mixed = EikonalGrid.build(points[p], where[tets[q]]).medium(fibre, 0.6, 0.3, scale=scale[q])
    assert np.abs(mixed.activation_ms([int(where[5])])[where] - plain).max() < 2e-3


def test_a_moved_lead_is_solved_only_where_it_comes_first() -> None:
    points, tets = box(21)
    medium = EikonalGrid.build(points, tets).medium(np.tile(FIBRE, (len(tets), 1)), 0.6, 0.3)
    native = medium.activation_ms([0])
    lead = len(points) - 1
    paced = medium.earlier_ms(native, [lead], [12.0])
    truth = combine([native, medium.activation_ms([lead])], [0.0, 12.0])
    assert (paced <= native).all()
    assert np.abs(paced - truth).max() < 1.0  # as above: the two differ across the collision only
    assert np.median(np.abs(paced - truth)) < 1e-4
    late = medium.earlier_ms(native, [lead], [500.0])
    assert np.array_equal(late, native)


def test_a_slow_half_refracts_the_front_as_snell_says() -> None:
    """Source in the fast half, receivers in the slow one: the least of all two-leg paths over the interface."""
    points, tets = box(41)
    right = points[tets].mean(axis=1)[:, 0] > 10.0
    medium = EikonalGrid.build(points, tets).medium(None, 0.6, 0.6, scale=np.where(right, 0.4, 1.0))
    source = int(np.argmin(np.linalg.norm(points - [0.0, 10.0, 10.0], axis=1)))
    field = medium.activation_ms([source])
    there = np.flatnonzero(points[:, 0] > 10.5)[::37]
    y, z = np.meshgrid(np.linspace(0.0, 20.0, 161), np.linspace(0.0, 20.0, 161))
    gate = np.stack([np.full(y.size, 10.0), y.ravel(), z.ravel()], axis=1)
    first = np.linalg.norm(gate - points[source], axis=1) / 0.6
    truth = np.array([(first + np.linalg.norm(gate - points[v], axis=1) / 0.24).min() for v in there])
    assert np.linalg.norm(field[there] - truth) / np.linalg.norm(truth) < 0.015


def test_a_wave_from_muscle_enters_the_fast_layer_and_leaves_it_again() -> None:
    """Retrograde entry: deep source, down to the layer, along it, up to depth again, all at the critical angle."""
    points, tets = box(31)
    faces = np.concatenate([tets[:, pick] for pick in ([0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3])])
    below = np.unique(np.sort(faces[(points[faces][:, :, 2] == 0.0).all(axis=1)], axis=1), axis=0)
    grid = EikonalGrid.build(points, tets, below)
    source = int(np.argmin(np.linalg.norm(points - [0.0, 10.0, 4.0], axis=1)))
    depth = points[source, 2]
    medium = grid.medium(None, 0.3, 0.3, layer_nodes=points[:, 2] == 0.0, layer_speed_m_s=1.0)
    field = medium.activation_ms([source])
    slow, fast = 1.0 / 0.3, 1.0
    reach = np.linalg.norm(points[:, :2] - points[source, :2], axis=1)
    head = reach * fast + (points[:, 2] + depth) * np.sqrt(slow**2 - fast**2)
    direct = np.linalg.norm(points - points[source], axis=1) * slow
    far = (points[:, 2] <= 6.0) & (reach > 14.0)
    truth = np.minimum(head, direct)[far]
    assert (head < direct)[far].all()
    assert np.linalg.norm(field[far] - truth) / np.linalg.norm(truth) < 0.03


def test_slow_and_fast_tissue_round_one_point_keep_their_speeds() -> None:
    """A border zone at a hundredth of the speed: its own times are 100 times longer, the healthy part's unchanged."""
    points, tets = box(21)
    zone = points[tets].mean(axis=1)[:, 0] > 10.0
    grid = EikonalGrid.build(points, tets)
    healthy = grid.medium(None, 0.5, 0.5).activation_ms([0])
    field = grid.medium(None, 0.5, 0.5, scale=np.where(zone, 0.01, 1.0)).activation_ms([0])
    assert np.abs(field - healthy)[points[:, 0] <= 10.0].max() < 0.01 * healthy.max()
    edge = (points[:, 0] == 20.0) & (points[:, 1] == 10.0) & (points[:, 2] == 10.0)
    assert field[edge][0] == pytest.approx(10.0 / 0.005 + np.sqrt(300.0) / 0.5, rel=0.01)


def test_a_point_that_belongs_to_no_element_has_no_time_and_takes_no_stimulus() -> None:
    points, tets = box(5)
    medium = EikonalGrid.build(np.vstack([points, [50.0, 0.0, 7.0]]), tets).medium(None, 0.6, 0.6)
    field = medium.activation_ms([0])
    assert np.isnan(field[-1]) and np.isfinite(field[:-1]).all()
    with pytest.raises(EngineError, match=r"point 125 \(50, 0, 7\) mm"):
        medium.activation_ms([125])


def test_dead_everywhere_or_at_the_stimulus_is_refused_with_the_place() -> None:
    points, tets = box(9)
    grid = EikonalGrid.build(points, tets)
    with pytest.raises(EngineError, match=r"does not conduct.*point 728 \(20, 20, 20\) mm"):
        grid.medium(None, 0.6, 0.6, scale=np.zeros(len(tets))).activation_ms([728])
    cut = np.abs(points[tets].mean(axis=1)[:, 0] - 10.0) < 3.0
    with pytest.raises(EngineError, match=r"does not reach 324 of 648 .*round \(16, 10, 10\) mm.* within \d+ ms"):
        grid.medium(None, 0.6, 0.6, scale=np.where(cut, 0.0, 1.0)).activation_ms([0])


def test_faulty_elements_and_values_are_refused_with_their_place() -> None:
    points, tets = box(5)
    turned = tets.copy()
    turned[7] = turned[7][[1, 0, 2, 3]]
    with pytest.raises(EngineError, match=r"0 flat and 1 inverted of 384.*first 7 \("):
        EikonalGrid.build(points, turned)
    flat = tets.copy()
    flat[3, 3] = flat[3, 2]
    with pytest.raises(EngineError, match=r"1 flat and 0 inverted.*first 3 \("):
        EikonalGrid.build(points, flat)
    grid = EikonalGrid.build(points, tets)
    for scale, said in ((-0.5, "-0.5"), (np.nan, "nan"), (40.0, "40")):
        values = np.ones(len(tets))
        values[11] = scale
        with pytest.raises(EngineError, match=rf"1 elements .*{said} in element 11 \(.*mm"):
            grid.medium(None, 0.6, 0.6, scale=values)
    fibre = np.tile(FIBRE, (len(tets), 1))
    fibre[2] *= 3.0
    with pytest.raises(EngineError, match="3 in element 2"):
        grid.medium(fibre, 0.6, 0.3)
    with pytest.raises(EngineError, match="layer's speed.*nan"):
        grid.medium(None, 0.6, 0.6, layer_speed_m_s=float("nan"))
    for when in (float("nan"), float("inf"), 1e9):
        with pytest.raises(EngineError, match="times"):
            grid.medium(None, 0.6, 0.6).activation_ms([0, 1], [0.0, when])


def test_a_heart_sized_mesh_solves_in_under_0_3_s() -> None:
    points, tets = box(36)  # 46 656 points
    medium = EikonalGrid.build(points, tets).medium(np.tile(FIBRE, (len(tets), 1)), 0.6, 0.3)
    medium.activation_ms([0])
    took = []
    for _ in range(3):
        start = time.process_time()
        medium.activation_ms([0])
        took.append(time.process_time() - start)
    assert min(took) < 0.3, took
