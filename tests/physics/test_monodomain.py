"""Diffusion against the spreading Gaussian, fronts against the law of the square root, and what is refused."""

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from twinviewer.domain import Cancelled, EngineError
from twinviewer.physics.cells.phenomenological import BuenoOrovio, MitchellSchaeffer
from twinviewer.physics.cells.tentusscher import TenTusscher
from twinviewer.physics.monodomain.correction import speed_law
from twinviewer.physics.monodomain.grid import LANES, VoxelGrid
from twinviewer.physics.monodomain.models import TissueCell
from twinviewer.physics.monodomain.solver import Monodomain, Tissue, VoltageFrame, diffusivity
from twinviewer.physics.monodomain.stencil import Stencil, assemble
from twinviewer.physics.monodomain.step_kernel import out_of_chunk
from twinviewer.physics.monodomain.stimulus import Current, ball, box, repeated, s1_s2

Array = NDArray[np.float64]
Step = tuple[int, int, int]
X = np.array([1.0, 0.0, 0.0])
MS = MitchellSchaeffer()


def spread(
    grid: VoxelGrid, stencil: Stencil, u: NDArray[np.float64], step_ms: float, steps: int
) -> NDArray[np.float64]:
    """u (n,) after explicit diffusion alone."""
    place = grid.place()
    a = np.zeros(grid.dense, np.float32)
    a[place[grid.slot]] = u
    b, rows = a.copy(), np.zeros(grid.slots, np.float32)
    for _ in range(steps):
        rows[:] = a[place]
        out_of_chunk(a, b, rows, 0, grid.base, stencil.links.reshape(-1), stencil.factor, stencil.steps, 0,
                     grid.slots // LANES, np.float32(step_ms))  # fmt: skip
        a, b = b, a
    return a[place[grid.slot]].astype(np.float64)


def diffusion_error(fibre: Step, h: float) -> float:
    """Relative L2 error of a spreading Gaussian against the heat kernel (its covariance is σ² I + 2 D t)."""
    f = np.array(fibre) / np.linalg.norm(fibre)
    d = 0.02 * np.eye(3) + (0.1 - 0.02) * np.outer(f, f)
    grid = VoxelGrid.build(np.ones((round(20.0 / h),) * 3), h)
    stencil = assemble(grid, f, np.array(0.1), np.array(0.02))
    x = grid.points_mm - 10.0
    start = 1.5**2 * np.eye(3)
    after = start + 2.0 * d * 12.0
    # the step falls with h², so that its error does not hide that of the grid
    steps = round(12.0 / (0.4 * h**2))
    u = spread(grid, stencil, np.exp(-0.5 * np.einsum("ni,ij,nj->n", x, np.linalg.inv(start), x)), 12.0 / steps, steps)
    truth = np.sqrt(np.linalg.det(start) / np.linalg.det(after)) * np.exp(
        -0.5 * np.einsum("ni,ij,nj->n", x, np.linalg.inv(after), x)
    )
    return float(np.linalg.norm(u - truth) / np.linalg.norm(truth))


@pytest.mark.parametrize("fibre", [(1, 0, 0), (1, 1, 0), (2, -1, 0), (3, 2, 1)], ids=str)
def test_a_gaussian_spreads_as_the_tensor_says(fibre: Step) -> None:
    """Fibres in any direction of the grid; second order."""
    coarse, fine = diffusion_error(fibre, 1.0), diffusion_error(fibre, 0.5)
    assert fine < 0.015
    assert np.log2(coarse / fine) > 1.7


def ragged(seed: int = 1) -> tuple[VoxelGrid, NDArray[np.float64]]:
    """A blob with holes and partly filled cells, and fibres that turn in it."""
    rng = np.random.default_rng(seed)
    fill = np.clip(rng.normal(0.7, 0.5, (14, 17, 23)), 0.0, 1.0)
    fibre = rng.normal(size=(int((fill > 0).sum()), 3))
    return VoxelGrid.build(fill, 0.7), fibre / np.linalg.norm(fibre, axis=1, keepdims=True)


def test_nothing_flows_out_of_ragged_tissue() -> None:
    grid, fibre = ragged()
    stencil = assemble(grid, fibre, np.array(0.2), np.array(0.05))
    u = np.random.default_rng(2).normal(size=grid.nodes)
    mass = stencil.mass[grid.slot].astype(np.float64)
    after = spread(grid, stencil, u, 0.9 * stencil.limit_ms, 200)
    assert (mass * after).sum() == pytest.approx((mass * u).sum(), abs=1e-5 * np.abs(mass * u).sum())
    even = spread(grid, stencil, np.full(grid.nodes, 0.5), 0.9 * stencil.limit_ms, 50)
    assert np.abs(even - 0.5).max() < 1e-6


def test_the_stated_step_is_the_limit_of_stability() -> None:
    grid, fibre = ragged(5)
    stencil = assemble(grid, fibre, np.array(0.2), np.array(0.05))
    u = np.random.default_rng(3).normal(size=grid.nodes)
    assert np.abs(spread(grid, stencil, u, 0.99 * stencil.limit_ms, 400)).max() < 2.0 * np.abs(u).max()
    beyond = np.abs(spread(grid, stencil, u, 1.15 * stencil.limit_ms, 400)).max()
    assert not beyond < 100.0 * np.abs(u).max()


def test_conductivities_of_the_slab_give_its_diffusivity() -> None:
    assert diffusivity(0.17, 0.62) == pytest.approx(0.13342 / 1.4, rel=1e-4)
    assert diffusivity(0.019, 0.24) == pytest.approx(0.017606 / 1.4, rel=1e-4)


def speed_along(normal: Step, fibre: NDArray[np.float64], cell: TissueCell, h: float, along: float,
                across: float, side_mm: float) -> tuple[float, float]:  # fmt: skip
    """Speed of a plane front with this normal through the middle of a sheet, and c₁ √(nᵀDn), in m/s."""
    n = np.array(normal) / np.linalg.norm(normal)
    wide = round(side_mm / h)
    grid = VoxelGrid.build(np.ones((1, wide, wide)), h)
    heart = Monodomain(Tissue(grid, fibre, along, across), cell, threshold_mv=-20.0)
    middle = np.array([side_mm, side_mm, h]) / 2
    s = (grid.points_mm - middle) @ n
    stimulus = Current(np.flatnonzero((s < -1.5) & (s > -1.5 - max(1.2, 2.5 * h))), 0.0)
    watched = np.unique(grid.nearest([middle + n * d for d in np.linspace(0.5, 0.22 * side_mm, 9)]))
    for _ in heart.frames(150.0, [stimulus]):
        if np.isfinite(heart.outcome().activation_ms[watched]).all():
            break
    times = heart.outcome().activation_ms[watched]
    true = speed_law(cell, heart.step_ms).speed_m_s(across + (along - across) * float(fibre @ n) ** 2)
    return 1.0 / float(np.polyfit(s[watched], times, 1)[0]), true


SHEET = [
    ((1, 0, 0), (1, 0, 0)),
    ((0, 1, 0), (1, 0, 0)),
    ((1, 1, 0), (1, 1, 0)),
    ((1, 1, 0), (1, -1, 0)),
    ((1, 2, 0), (1, 0, 0)),
]


@pytest.mark.parametrize(("normal", "fibre"), SHEET, ids=str)
def test_fronts_of_mitchell_schaeffer_have_their_speed_on_one_millimetre(normal: Step, fibre: Step) -> None:
    f = np.array(fibre) / np.linalg.norm(fibre)
    law = speed_law(MS, 0.05)
    found, true = speed_along(normal, f, MS, 1.0, law.diffusivity(0.6), law.diffusivity(0.3), 44.0)
    assert found == pytest.approx(true, rel=0.04)


@pytest.mark.parametrize(("normal", "fibre"), SHEET[:2] + SHEET[3:4], ids=str)
def test_fronts_of_ten_tusscher_have_their_speed_on_half_a_millimetre(normal: Step, fibre: Step) -> None:
    """Uncorrected, the front across the fibres does not travel at all on this grid."""
    f = np.array(fibre) / np.linalg.norm(fibre)
    found, true = speed_along(normal, f, TenTusscher(), 0.5, 0.0953, 0.01258, 14.0)
    assert found == pytest.approx(true, rel=0.05)


def test_the_law_of_a_cell_is_that_of_the_continuum() -> None:
    """Mitchell–Schaeffer with a slow gate: c = √(D / (2 τ_in)) (1 − 2a), a the lower root of h u (1 − u) = τ_in/τ_out
    (the cubic front; Mitchell, Schaeffer 2003 take its leading order)."""
    ratio = MS.tau_in_ms / MS.tau_out_ms
    root = 0.5 * (1.0 - np.sqrt(1.0 - 4.0 * ratio))
    upper = 1.0 - root
    frozen = np.sqrt(0.5 / MS.tau_in_ms) * (upper - 2.0 * root)
    law = speed_law(MS, 0.05)
    assert law.unit == pytest.approx(frozen, rel=0.02)  # the gate closes a little while the front passes


def slab(h: float = 1.0) -> Tissue:
    return Tissue(VoxelGrid.build(np.ones((3, 8, 16)), h), X, 0.3, 0.1)


def test_a_grid_too_coarse_for_a_cell_says_so() -> None:
    """On 0.5 mm the slab's cross-fibre front of ten Tusscher is thinner than a cell; Mitchell–Schaeffer's is not."""
    grid = slab(0.5).grid
    assert Monodomain(Tissue(grid, X, 0.0953, 0.01258), TenTusscher()).coarse
    law = speed_law(MS, 0.05)
    assert not Monodomain(Tissue(grid, X, law.diffusivity(0.6), law.diffusivity(0.3)), MS).coarse


def test_ten_times_the_step_is_refused_with_the_limit() -> None:
    usual = Monodomain(slab(), MS).step_ms
    with pytest.raises(EngineError, match=r"beyond the limit of 0\.15 ms"):
        Monodomain(slab(), MS, step_ms=10 * usual)
    with pytest.raises(EngineError, match="diffusion on 0.25 mm cells"):
        Monodomain(Tissue(slab(0.25).grid, X, 3.0, 1.0), MS, step_ms=0.1, corrected=False)


def test_tissue_that_does_not_conduct_and_stimuli_outside_are_refused() -> None:
    grid = slab().grid
    with pytest.raises(EngineError, match="zero"):
        Monodomain(Tissue(grid, X, 0.0, 0.0), MS)
    with pytest.raises(EngineError, match="finite"):
        Monodomain(Tissue(grid, X, np.nan, 0.1), MS)
    with pytest.raises(EngineError, match="outside the tissue"):
        box(grid, (50.0, 50.0, 50.0), (52.0, 52.0, 52.0))
    with pytest.raises(EngineError, match=r"outside the tissue.*99\.0.*7 ms"):
        ball(grid, (99.0, 0.0, 0.0), 2.0, start_ms=7.0)
    with pytest.raises(EngineError, match="outside the tissue"):
        Monodomain(slab(), MS).run(1.0, [Current(np.array([grid.nodes]), 0.0)])
    with pytest.raises(EngineError, match="no conducting tissue"):
        VoxelGrid.build(np.zeros((3, 3, 3)), 1.0)
    with pytest.raises(EngineError, match="too coarse"):
        Monodomain(Tissue(VoxelGrid.build(np.ones((2, 2, 2)), 5.0), X, 0.1, 0.01), MS)


def test_a_voltage_that_blows_up_names_node_and_moment_and_keeps_the_last_good_state() -> None:
    heart = Monodomain(slab(), MS)
    good = heart.run(5.0, [ball(heart.grid, (0.0, 0.0, 0.0), 2.0)])
    with pytest.raises(EngineError, match=r"node \d+ at \(.*mm, 6\.\d+ ms"):
        heart.run(5.0, [ball(heart.grid, (8.0, 4.0, 1.0), 2.0, start_ms=6.0, strength_mv_ms=1e30)])
    assert np.isfinite(heart.voltage_mv()).all()
    assert 5.0 <= heart.time_ms <= 6.05
    assert np.isfinite(good.activation_ms).any()


def test_frames_come_live_and_cancelling_is_quick() -> None:
    heart = Monodomain(slab(), BuenoOrovio())
    seen: list[VoltageFrame] = []
    heart.run(10.0, [ball(heart.grid, (0.0, 0.0, 0.0), 3.0)], every_ms=2.0, on_frame=seen.append)
    assert [round(frame.time_ms) for frame in seen] == [2, 4, 6, 8, 10]
    assert seen[0].voltage_mv.shape == (heart.grid.nodes,)

    calls: list[float] = []

    def impatient(fraction: float, text: str) -> None:
        calls.append(time.perf_counter())
        if len(calls) > 5:
            raise Cancelled

    big = Monodomain(Tissue(VoxelGrid.build(np.ones((40, 60, 60)), 0.5), X, 0.1, 0.03), TenTusscher())
    with pytest.raises(Cancelled):
        big.run(500.0, report=impatient)
    assert np.median(np.diff(calls)) < 0.05
    assert big.time_ms == 0.0  # back at the last good frame, and fit to go on
    assert big.run(0.2).end_ms == pytest.approx(0.2)


def test_protocols_and_charge_do_not_depend_on_the_grid() -> None:
    grid = slab().grid
    first = ball(grid, (0.0, 0.0, 0.0), 2.0)
    assert [s.start_ms for s in s1_s2(first, 400.0, 3, (300.0, 250.0))] == [0.0, 400.0, 800.0, 1100.0, 1350.0]
    assert [s.start_ms for s in repeated(first, (0.0, 90.0))] == [0.0, 90.0]
    charges = []
    for h in (1.0, 0.5, 0.25):
        heart = Monodomain(Tissue(VoxelGrid.build(np.ones([round(n / h) for n in (3, 8, 16)]), h), X, 0.3, 0.1), MS)
        one = box(heart.grid, (0.0, 0.0, 0.0), (1.5, 1.5, 1.5))
        mass = heart.stencil.mass[heart.grid.slot[one.nodes]] * h**3
        charges.append(float((mass * one.strengths()).sum()))
    assert charges == pytest.approx([40.0 * 1.5**3] * 3, rel=1e-3)


def test_activation_repolarisation_and_duration_are_fields() -> None:
    grid = slab().grid
    layer = np.where(grid.points_mm[:, 2] < 1.5, 1, 0)
    for cell, low, high in ((MS, 250.0, 310.0), (BuenoOrovio(), 220.0, 300.0)):
        heart = Monodomain(Tissue(grid, X, 0.3, 0.1, layer=layer), cell)
        found = heart.run(400.0, [ball(grid, (0.0, 0.0, 0.0), 2.5)], every_ms=50.0)
        assert np.isfinite(found.activation_ms).all()
        assert (found.beats == 1).all()
        assert ((found.apd90_ms > low) & (found.apd90_ms < high)).all()
        far = found.activation_ms[grid.nearest([(16.0, 8.0, 3.0)])[0]]
        assert far > found.activation_ms[grid.nearest([(4.0, 0.0, 0.0)])[0]]


def apd90(block: float, duration_ms: float, threads: int) -> Array:
    heart = Monodomain(slab(), TenTusscher("epi", rapid_potassium=block), step_ms=0.04)
    heart.threads = threads  # so small a piece would be left to one
    heart.run(duration_ms, [ball(heart.grid, (0.0, 0.0, 0.0), 2.5)], every_ms=100.0)
    return heart.outcome().apd90_ms if duration_ms > 100.0 else heart.voltage_mv()


def test_a_blocked_channel_prolongs_and_two_threads_agree() -> None:
    assert np.array_equal(apd90(1.0, 15.0, 1), apd90(1.0, 15.0, 2))
    assert np.median(apd90(0.3, 420.0, 1)) > np.median(apd90(1.0, 420.0, 1)) + 20.0
