"""The tissue engine on a strip of muscle: speeds, block, the conduction system, and what it refuses."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from twinviewer.domain import Engine, EngineError, Frame, OrganMesh, Quantity, Setup, Stimulus
from twinviewer.engines.tissue import ENGINE
from twinviewer.session.simulate import collect
from twinviewer.therapies.programmed_stimulation import WATCHED

LENGTH_MM, WIDTH_MM, STEP_MM = 36.0, 4.0, 2.0
ALONG, ACROSS, LAYER = 0.6, 0.3, 2.0
CORNERS = np.array([[0, 1, 3, 7], [0, 3, 2, 7], [0, 2, 6, 7], [0, 6, 4, 7], [0, 4, 5, 7], [0, 5, 1, 7]])
"""Six tetrahedra of a cube whose corners are numbered x + 2 y + 4 z."""


def strip(fibre: tuple[float, float, float] = (1.0, 0.0, 0.0)) -> OrganMesh:
    """A bar along x; its floor (z = 0) is the left endocardium, one triangle of its roof the right one."""
    count = [round(size / STEP_MM) + 1 for size in (LENGTH_MM, WIDTH_MM, WIDTH_MM)]
    grid = np.arange(np.prod(count)).reshape(count, order="F")
    points = STEP_MM * np.stack(np.unravel_index(np.arange(grid.size), count, order="F"), axis=1).astype(float)
    ends = [(slice(None, -1), slice(1, None))[bit] for bit in (0, 1)]
    corner = np.stack([grid[ends[x], ends[y], ends[z]].ravel() for z in (0, 1) for y in (0, 1) for x in (0, 1)], axis=1)
    tets = corner[:, CORNERS].reshape(-1, 4)
    edge = points[tets[:, 1:]] - points[tets[:, :1]]
    turned = np.linalg.det(edge) < 0
    tets[turned] = tets[turned][:, [0, 2, 1, 3]]
    floor = np.concatenate([corner[:, [0, 2, 1]], corner[:, [1, 2, 3]]])
    floor = floor[(points[floor][:, :, 2] == 0).all(axis=1)].astype(np.int32)
    roof = floor[:1] + grid[0, 0, -1]
    return OrganMesh(
        "heart", points, tets.astype(np.int32), {"lv_endocardium": floor, "rv_endocardium": roof},
        {"transmural": points[:, 2] / WIDTH_MM}, {"fibre": np.tile(fibre, (len(tets), 1))}, {}, len(points),
        f"strip {fibre}", "none",
    )  # fmt: skip


def setup(
    stimuli: tuple[Stimulus, ...], *, end_ms: float = 120.0, mesh: OrganMesh | None = None, **tissue: np.ndarray
) -> Setup:
    values: Mapping[str, tuple[float, str]] = {
        "heart_rate_bpm": (70.0, "bpm"),
        "conduction_fibre_m_s": (ALONG, "m/s"),
        "conduction_cross_m_s": (ACROSS, "m/s"),
        "conduction_endocardial_m_s": (LAYER, "m/s"),
        WATCHED: (end_ms, "ms"),
    }
    given = {name: Quantity(value, unit, "chosen", "test") for name, (value, unit) in values.items()}
    return Setup(mesh or strip(), given, stimuli, tissue)


def at_end(mesh: OrganMesh) -> int:
    return int(np.argmin(np.linalg.norm(mesh.points_mm - [0, WIDTH_MM / 2, WIDTH_MM / 2], axis=1)))


def mean_at(mesh: OrganMesh, values: np.ndarray, x_mm: float) -> float:
    return float(values[np.isclose(mesh.points_mm[:, 0], x_mm)].mean())


def test_is_an_engine() -> None:
    assert isinstance(ENGINE, Engine)


@pytest.mark.parametrize(("fibre", "speed"), [((1.0, 0.0, 0.0), ALONG), ((0.0, 1.0, 0.0), ACROSS)])
def test_a_front_travels_at_the_speed_that_was_asked_for(fibre: tuple[float, float, float], speed: float) -> None:
    mesh = strip(fibre)
    run = collect(ENGINE, setup((Stimulus("lead", at_end(mesh), 5.0),), end_ms=180.0, mesh=mesh))
    activation = run.fields["activation_ms"].values
    took_ms = mean_at(mesh, activation, 30.0) - mean_at(mesh, activation, 12.0)
    assert 18.0 / took_ms == pytest.approx(speed, rel=0.03)
    assert run.metrics["excitation_ms"].value == pytest.approx(5.0, abs=2.5)


def test_voltage_is_seen_from_rest_to_plateau_and_the_leads_see_the_front() -> None:
    mesh = strip()
    shown: list[Frame] = []
    run = collect(ENGINE, setup((Stimulus("lead", at_end(mesh), 5.0),), mesh=mesh), live=shown.append)
    voltage = run.moving_fields["membrane_mv"]
    assert voltage[0].max() < -79.0 and voltage[-1].min() > -30.0 and voltage.max() < 60.0
    assert [frame.time_s for frame in shown] == run.time_s.tolist()
    behind = run.field_at("membrane_mv", 0.035)[np.isclose(mesh.points_mm[:, 0], 4.0)]
    ahead = run.field_at("membrane_mv", 0.035)[np.isclose(mesh.points_mm[:, 0], 34.0)]
    assert behind.min() > -30.0 and ahead.max() < -70.0
    # the front runs to the left (LPS +x): lead I, from right to left arm, is upright while it does
    lead = run.traces["ecg_I"]
    assert lead.at(0.035) > 5.0 * abs(lead.at(0.115)) > 0.0


def test_what_does_not_conduct_blocks_and_stays_at_rest() -> None:
    mesh = strip()
    middle = mesh.points_mm[mesh.tets].mean(axis=1)[:, 0]
    scale = np.where((middle > 16.0) & (middle < 20.0), 0.0, 1.0)
    run = collect(ENGINE, setup((Stimulus("lead", at_end(mesh), 5.0),), mesh=mesh, conduction_scale=scale))
    last = run.moving_fields["membrane_mv"][-1]
    assert last[mesh.points_mm[:, 0] < 15.0].min() > -30.0
    assert last[mesh.points_mm[:, 0] > 21.0].max() < -70.0
    with pytest.raises(EngineError, match="touches no tissue"):
        inside = int(np.argmin(np.linalg.norm(mesh.points_mm - [18.0, 2.0, 2.0], axis=1)))
        wide = np.where((middle > 14.0) & (middle < 22.0), 0.0, 1.0)
        collect(ENGINE, setup((Stimulus("lead", inside, 5.0),), mesh=mesh, conduction_scale=wide))


def test_the_conduction_system_excites_the_endocardium_at_its_own_speed() -> None:
    mesh = strip()
    floor = np.zeros(len(mesh.points_mm))
    floor[np.unique(mesh.surfaces["lv_endocardium"])] = 1.0
    entry = int(np.argmin(np.linalg.norm(mesh.points_mm - [0, 2.0, 0], axis=1)))
    run = collect(ENGINE, setup((Stimulus("his", entry, 10.0, "purkinje"),), mesh=mesh, fast_layer=floor))
    activation = run.fields["activation_ms"].values
    inside = np.where(mesh.points_mm[:, 2] == 0, activation, np.nan)
    spread = np.nanmean(inside[mesh.points_mm[:, 0] == 34.0]) - np.nanmean(inside[mesh.points_mm[:, 0] == 4.0])
    assert spread == pytest.approx(30.0 / LAYER, abs=4.0)
    across = np.where(mesh.points_mm[:, 2] == WIDTH_MM, activation, np.nan)
    assert 4.0 < np.nanmean(across - activation[mesh.points_mm[:, 2] == 0].mean()) < 16.0  # 4 mm across at 0.3 m/s


def test_a_premature_beat_in_refractory_muscle_goes_nowhere() -> None:
    """Cells last 270 ms and more: a beat 150 ms after another finds no excitable muscle."""
    mesh = strip()
    node = at_end(mesh)
    early = (Stimulus("S1", node, 5.0), Stimulus("S2", node, 155.0))
    run = collect(ENGINE, setup(early, end_ms=700.0, mesh=mesh))
    far = int(np.argmin(np.linalg.norm(mesh.points_mm - [34.0, 2.0, 2.0], axis=1)))
    fired = (np.diff((run.moving_fields["membrane_mv"][:, far] > -40.0).astype(int)) == 1).sum()
    assert fired == 1 and run.metrics["reentry_turns"].value == 0.0
    late = replace(early[1], time_ms=455.0)
    run = collect(ENGINE, setup((early[0], late), end_ms=700.0, mesh=mesh))
    assert (np.diff((run.moving_fields["membrane_mv"][:, far] > -40.0).astype(int)) == 1).sum() == 2


def test_nothing_to_excite_is_refused() -> None:
    with pytest.raises(EngineError, match="Nothing excites"):
        collect(ENGINE, setup(()))
