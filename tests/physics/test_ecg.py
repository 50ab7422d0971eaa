"""Lead fields against the closed form of a dipole in a ball; fronts against the potential of a plane wave."""

import numpy as np
import pytest
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics import ecg, membrane, wall_leads
from twinviewer.physics.ecg_kernel import fronts, leads


def slab(n: int = 9, side_mm: float = 20.0) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    g = np.linspace(-side_mm / 2, side_mm / 2, n)
    points = np.stack(np.meshgrid(g, g, g, indexing="ij"), -1).reshape(-1, 3)
    index = np.arange(n**3).reshape(n, n, n)
    c = [index[i : n - 1 + i, j : n - 1 + j, k : n - 1 + k].ravel() for k in (0, 1) for j in (0, 1) for i in (0, 1)]
    split = [(0, 1, 3, 7), (0, 3, 2, 7), (0, 2, 6, 7), (0, 6, 4, 7), (0, 4, 5, 7), (0, 5, 1, 7)]
    tets = np.concatenate([np.stack([c[i] for i in t], 1) for t in split]).astype(np.int32)
    edge = points[tets[:, 1:]] - points[tets[:, :1]]
    tets[np.linalg.det(edge) < 0] = tets[np.linalg.det(edge) < 0][:, [0, 2, 1, 3]]
    return points, tets


def test_a_dipole_in_the_middle_is_three_times_that_in_open_space() -> None:
    electrode = np.array([[0.0, 0.0, 100.0], [100.0, 0.0, 0.0]])
    field = ecg.lead_fields(np.zeros((1, 3)), np.zeros(3), electrode, 100.0)[0]
    assert field[0] == pytest.approx([0.0, 0.0, 3.0 / 100.0**2], abs=1e-12)
    assert field[1, 2] == pytest.approx(0.0, abs=1e-12)


def test_no_current_leaves_the_ball_and_none_is_made_inside() -> None:
    # reciprocity: the lead field of electrode minus electrode is a potential's gradient without source, tangential
    # to the skin; divergence and normal part must vanish
    rng = np.random.default_rng(3)
    direction = rng.normal(size=(2, 3))
    electrodes = 100.0 * direction / np.linalg.norm(direction, axis=1, keepdims=True)
    inside = rng.uniform(-40, 40, (20, 3))

    def difference(at: NDArray[np.float64]) -> NDArray[np.float64]:
        field = ecg.lead_fields(at, np.zeros(3), electrodes, 100.0)
        return field[:, 0] - field[:, 1]

    h = 1e-3
    divergence = sum(
        (difference(inside + h * e)[:, i] - difference(inside - h * e)[:, i]) for i, e in enumerate(np.eye(3))
    )
    assert np.abs(divergence / (2 * h)).max() < 1e-7 * np.abs(difference(inside)).max() * 1e3
    skin = rng.normal(size=(50, 3))
    skin /= np.linalg.norm(skin, axis=1, keepdims=True)
    away = np.linalg.norm(100.0 * skin[:, None] - electrodes, axis=2).min(axis=1) > 30.0
    flow = difference(99.9999 * skin[away])
    assert (np.abs((flow * skin[away]).sum(axis=1)) < 1e-4 * np.linalg.norm(flow, axis=1).max()).all()


@pytest.mark.parametrize("direction", [(1.0, 0.0, 0.0), (0.3, -0.8, 0.5)])
def test_a_plane_wave_gives_the_dipole_of_its_front(direction: tuple[float, float, float]) -> None:
    # ∫∫ dipole dt = V_A · G · volume · ∇τ whatever the mesh; at 0.5 m/s the gradient is 2 ms/mm
    points, tets = slab()
    unit = np.array(direction) / np.linalg.norm(direction)
    times = 2.0 * points @ unit
    fields = np.tile(np.eye(3), (len(tets), 1, 1))
    fibre, through = np.tile([1.0, 0.0, 0.0], (len(tets), 1)), wall_leads.through_wall(points, tets, points[:, 2])
    assert through == pytest.approx(np.tile([0.0, 0.0, 1.0], (len(tets), 1)))
    fields = wall_leads.weighed(fields, fibre, through, (0.2, 0.1, 0.15))
    (front,) = fronts(leads(points, tets, fields), [times])
    total = front.weight.sum(axis=1) * membrane.BIN_MS * (4.0 * np.pi * ecg.TORSO_S_M)
    assert total == pytest.approx(2.0 * 20.0**3 * unit * [0.2, 0.1, 0.15], rel=1e-5, abs=1e-2)


def test_the_front_is_resolved_though_the_mesh_is_not() -> None:
    # a plane wave along an axis through a cube makes a constant dipole; 2.5 mm edges give 5 ms between layers of nodes
    points, tets = slab()
    fields = np.tile(np.eye(3), (len(tets), 1, 1))
    (front,) = fronts(leads(points, tets, 0.1 * fields), [2.0 * points[:, 0]])
    wave = ecg.potentials_mv(front, membrane.upstroke_kernel(), np.arange(0.0, 200.0), 1000.0)[0]
    # the wave runs from −20 to 20 ms: at 0…15 ms the dipole is constant (a sum over nodes would be nine bursts)
    assert np.ptp(wave[:15]) < 0.2 * wave[:15].mean()
    assert np.abs(wave[26:]).max() < 1e-3 * wave[:15].mean()


def test_a_wave_towards_an_electrode_is_positive() -> None:
    points, tets = slab()
    torso = ecg.torso_round(points[tets].mean(axis=1))
    fields = ecg.lead_fields(points[tets].mean(axis=1), torso.centre_mm, torso.electrodes_mm, torso.radius_mm)
    (front,) = fronts(leads(points, tets, 0.1 * fields), [2.0 * points[:, 0] + 100.0])
    found = ecg.leads_mv(ecg.potentials_mv(front, membrane.upstroke_kernel(), np.arange(0.0, 1000.0), 1000.0))
    assert found["I"].max() > 5 * abs(found["I"].min())  # to the left
    assert found["V6"].sum() > 0 > found["V1"].sum() and found["aVL"].sum() > 0 > found["aVR"].sum()
    assert np.allclose(found["I"] + found["III"], found["II"])
    assert np.allclose(found["aVR"] + found["aVL"] + found["aVF"], 0.0)


def test_what_passes_the_end_of_the_beat_returns_at_its_start() -> None:
    front = ecg.Fronts(995.0, np.ones((1, 20)))
    time = np.arange(1001.0)
    wave = ecg.potentials_mv(front, membrane.upstroke_kernel(), time, 1000.0)[0]
    assert wave[2] == pytest.approx(membrane.AMPLITUDE_MV, rel=0.01) and wave[0] == pytest.approx(wave[1000])


def test_repolarisation_takes_back_what_depolarisation_gave() -> None:
    up, _ = membrane.upstroke_kernel()
    down, first = membrane.repolarisation_kernel()
    assert up.sum() * membrane.BIN_MS == pytest.approx(1.0) and down.sum() * membrane.BIN_MS == pytest.approx(1.0)
    time = first + np.arange(len(down)) * membrane.BIN_MS
    assert (time * down).sum() == pytest.approx(0.0, abs=1e-6)
    peak = time[down.argmax()]
    assert peak > 0.0  # rises slowly, ends fast


MEASURED = {
    "I": (0.632, -0.235, 0.059), "II": (0.235, 1.066, -0.132), "V1": (-0.515, 0.157, -0.917),
    "V2": (0.044, 0.164, -1.387), "V3": (0.882, 0.098, -1.277), "V4": (1.213, 0.127, -0.601),
    "V5": (1.125, 0.127, -0.086), "V6": (0.831, 0.076, 0.230),
}  # fmt: skip
"""Leads by Frank's X (left), Y (down), Z (back): Dower et al., J Electrocardiol 13:91 (1980)."""


def lead_vectors(
    moved: dict[str, tuple[float, float, float]] | None = None, chest: ecg.Chest | None = None
) -> dict[str, NDArray[np.float64]]:
    """(3,) left, down, back of each lead at the middle of the heart."""
    torso = ecg.torso_round(np.zeros((1, 3)), moved, chest)
    field = ecg.lead_fields(np.zeros((1, 3)), torso.centre_mm, torso.electrodes_mm, torso.radius_mm)[0]
    return ecg.leads_mv(field[:, [0, 2, 1]] * [1.0, -1.0, 1.0])


def test_leads_look_at_the_heart_as_measured_on_torsos() -> None:
    ours = lead_vectors()
    size = np.linalg.norm(ours["V4"]) / np.linalg.norm(MEASURED["V4"])
    for name, vector in MEASURED.items():
        unit = np.array(vector) / np.linalg.norm(vector)
        assert ours[name] @ unit / np.linalg.norm(ours[name]) > np.cos(np.radians(10.0)), name
        assert np.linalg.norm(ours[name]) == pytest.approx(size * np.linalg.norm(vector), rel=0.15), name


def test_a_moved_electrode_moves_its_lead_only() -> None:
    usual, high = lead_vectors(), lead_vectors({"V1": (0.0, 0.0, 40.0)})
    assert high["V1"][1] < usual["V1"][1] - 0.1 * np.linalg.norm(usual["V1"])  # it looks from further above
    for name in ecg.LEADS:
        if name != "V1":
            assert high[name] == pytest.approx(usual[name])
    with pytest.raises(EngineError, match="no such electrode"):
        lead_vectors({"V9": (0.0, 0.0, 0.0)})


def test_a_mean_chest_is_the_standard_torso() -> None:
    usual, given = lead_vectors(), lead_vectors(chest=ecg.STANDARD_CHEST)
    for name in usual:
        assert np.allclose(usual[name], given[name], rtol=1e-12)


def test_voltage_falls_with_the_size_of_the_chest() -> None:
    """Of a dipole in the middle of a ball with 1 / a^2; limb electrodes keep their height, so somewhat less here."""
    small, large = (lead_vectors(chest=ecg.Chest(0.0, 0.0, 160.0 * size, 115.0 * size))["I"] for size in (1.0, 1.2))
    assert 1.2 < np.linalg.norm(small) / np.linalg.norm(large) < 1.2**2
