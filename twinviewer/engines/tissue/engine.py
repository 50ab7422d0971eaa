"""Reaction and diffusion in the patient's wall, as an engine: voltage, activation, ECG, and whether it goes round."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twinviewer import __version__
from twinviewer.domain import (
    EngineError,
    EngineOutput,
    Field,
    Frame,
    Metric,
    OrganMesh,
    Progress,
    Quantity,
    Setup,
    Trace,
)
from twinviewer.engines.tissue.beats import currents
from twinviewer.engines.tissue.leads import node_weights
from twinviewer.engines.tissue.rounds import Rounds, Verdict
from twinviewer.physics import ecg
from twinviewer.physics.cells.phenomenological import MitchellSchaeffer
from twinviewer.physics.ecg_measure import measure
from twinviewer.physics.ecg_places import electrode_shift
from twinviewer.physics.membrane import REST_MV
from twinviewer.physics.monodomain.correction import speed_law
from twinviewer.physics.monodomain.mesh_grid import ImmersedWall, immerse
from twinviewer.physics.monodomain.models import cell_model
from twinviewer.physics.monodomain.solver import Monodomain, Tissue
from twinviewer.physics.monodomain.times import Outcome

SPACING_MM = 0.8
"""Width of a cell. Mitchell-Schaeffer fronts keep their speed in every direction within 2 % on it
(docs/decisions/0009); sharper fronts of ionic cells would need a third of it, and thirty times the work."""
FRAMES, LEAST_FRAME_MS = 150, 5.0
ECG_MS = 1.0
WATCHED = "watched_ms"
"""Set by a therapy that gives premature beats: how long to go on from the start."""
APD_OUTSIDE_MS, APD_MORE_INSIDE_MS = 275.0, 35.0
"""Of the epicardium, and how much longer the endocardium's lasts (wedges: 20 to 60 ms). Assumed."""
APD_MS, APD_MS_OF_CLOSE = 286.0, 255.0
"""Of the model's cell on a cable, and what a factor of 2 on tau_close adds (measured: 260 ms at 0.9, 337 at 1.2)."""
SLOWEST = 1.15
"""Times the speed at which fronts stop between nodes of this grid (0.12 m/s at 0.8 mm)."""
BORDER_BELOW = 0.6
"""Share of the normal speed below which muscle counts as a scar's border zone, which conducts at 0.3 to 0.5 of it."""
BORDER_REFRACTORY = 1.28
"""How much longer border zone is refractory: 199 against 156 ms in surviving cells of infarcts (Cabo and Boyden, Am J
Physiol 284:H372, 2003). There it outlasts the action potential; this cell can be excited as soon as it has repolarised,
so its action potential is made longer instead."""


class TissueEngine:
    """See :class:`twinviewer.domain.Engine`. Time 0 is the start of the P wave, as in every engine."""

    name = "tissue"
    label = "Excitation of the tissue"
    version = __version__
    requires = frozenset({"fibre", "transmural", "lv_endocardium", "rv_endocardium"})
    understands = frozenset({"stimuli", "heart_rate", "conduction", "extrastimuli"})

    def run(self, setup: Setup) -> EngineOutput:
        """Yield the voltage as it goes, then activation, recovery, ECG and numbers. Raises EngineError."""
        mesh = setup.mesh
        yield Progress(0.0, "Laying the wall into a grid")
        wall = _immersed(mesh, setup.tissue.get("conduction_scale"))
        yield Progress(0.02, f"{wall.grid.nodes} nodes of {SPACING_MM:g} mm")
        given = currents(setup, wall)
        tissue = _tissue(setup, wall)
        yield Progress(0.03, "Leads")
        weights = node_weights(mesh, wall, electrode_shift(setup))
        dead = _dead(setup)
        solver = Monodomain(tissue, MitchellSchaeffer(), threads=os.cpu_count() or 1)
        extra = WATCHED in setup.parameters
        period_ms = setup.value(WATCHED) if extra else 60000.0 / setup.value("heart_rate_bpm")
        every_ms = max(LEAST_FRAME_MS, np.ceil(period_ms / FRAMES))
        yield Frame(0.0, mesh.points_mm, {"membrane_mv": _on_mesh(mesh, wall, solver.voltage_mv(), dead)})
        seen = [weights @ solver.voltage_mv()]
        rounds = Rounds(wall.grid.nodes, len(setup.stimuli), max(one.start_ms for one in given))
        due_ms = every_ms
        for shot in solver.frames(period_ms, given, every_ms=ECG_MS):
            seen.append(weights @ shot.voltage_mv)
            if extra:
                rounds.follow(shot.time_ms, shot.voltage_mv)
            if shot.time_ms >= due_ms - 1e-6 and shot.time_ms < period_ms - 0.5 * ECG_MS:
                yield Frame(
                    shot.time_ms / 1000.0, mesh.points_mm, {"membrane_mv": _on_mesh(mesh, wall, shot.voltage_mv, dead)}
                )
                due_ms += every_ms
            yield Progress(0.05 + 0.94 * shot.time_ms / period_ms, f"{shot.time_ms:.0f} of {period_ms:.0f} ms")
        yield from _result(
            mesh, wall, solver.outcome(given), np.array(seen).T, rounds.verdict(period_ms) if extra else None
        )
        yield Progress(1.0, "Done")


def _tissue(setup: Setup, wall: ImmersedWall) -> Tissue:
    """Diffusivities that give the setup's speeds; a border zone is not slower than the grid can carry."""
    cell = MitchellSchaeffer()
    law = speed_law(cell, cell_model(cell).step_ms)
    slowest_m_s = SLOWEST * float(law.nodes_ms[0]) * SPACING_MM
    along, across = (
        (np.maximum(setup.value(name) * wall.scale, slowest_m_s) / law.unit) ** 2
        for name in ("conduction_fibre_m_s", "conduction_cross_m_s")
    )
    depth = np.nan_to_num(np.asarray(setup.mesh.point_fields["transmural"], float)[: setup.mesh.wall_points])
    wanted_ms = APD_OUTSIDE_MS + APD_MORE_INSIDE_MS * (1.0 - np.asarray(wall.to_nodes(depth), float))
    wanted_ms *= np.where(wall.to_nodes(_border(setup)), BORDER_REFRACTORY, 1.0)
    return Tissue(wall.grid, wall.fibre, along, across, 0, {"tau_close": 1.0 + (wanted_ms - APD_MS) / APD_MS_OF_CLOSE})


def _border(setup: Setup) -> NDArray[np.bool_]:
    """(p,) points of the wall that lie in border zone: most living elements round them are."""
    mesh, scale = setup.mesh, np.asarray(setup.tissue.get("conduction_scale", np.ones(len(setup.mesh.tets))), float)
    living, border = (
        np.bincount(mesh.tets[which].ravel(), minlength=mesh.wall_points)[: mesh.wall_points]
        for which in (scale > 0.0, (scale > 0.0) & (scale < BORDER_BELOW))
    )
    return np.asarray((border > 0) & (2 * border >= living))


def _dead(setup: Setup) -> NDArray[np.bool_]:
    """(p,) points of the wall that no conducting element touches."""
    mesh, scale = setup.mesh, setup.tissue.get("conduction_scale")
    dead = np.ones(mesh.wall_points, bool)
    dead[mesh.tets if scale is None else mesh.tets[np.asarray(scale) > 0.0]] = False
    return dead


def _on_mesh(
    mesh: OrganMesh, wall: ImmersedWall, values: NDArray[np.floating], dead: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """(n,) voltages of the mesh's points; what does not conduct stays at rest."""
    out = np.full(len(mesh.points_mm), np.nan, np.float32)
    out[: mesh.wall_points] = np.where(dead, REST_MV, wall.to_mesh(values))
    return out


def _result(
    mesh: OrganMesh,
    wall: ImmersedWall,
    outcome: Outcome,
    potential_mv: NDArray[np.float32],
    found: Verdict | None,
) -> Iterator[Field | Trace | Metric]:
    source = f"tissue engine {__version__}, monodomain on {SPACING_MM:g} mm, Mitchell-Schaeffer 2003"
    activation = outcome.activation_ms
    # what is still excited at the end has not recovered before then
    still = np.isfinite(activation) & ~np.isfinite(outcome.repolarisation_ms)
    recovery = np.where(still, outcome.end_ms, outcome.repolarisation_ms)
    if not np.isfinite(activation).any():
        raise EngineError("No tissue was excited", remedy="Move the electrode, or make the stimulus earlier")
    first = float(np.nanmin(activation))
    yield Field("activation_ms", "ms", _living(mesh, wall, activation - first))
    yield Field("recovery_ms", "ms", _living(mesh, wall, recovery - first))
    time_s = np.asarray(np.arange(potential_mv.shape[1]) * ECG_MS / 1000.0, np.float64)
    leads = ecg.leads_mv(potential_mv.astype(np.float64))
    for name, values in leads.items():
        yield Trace(f"ecg_{name}", "mV", time_s, np.asarray(values, np.float64))
    yield Metric("excitation_ms", Quantity(first, "ms", "simulated", source))
    spread = float(np.nanmax(activation)) - first
    yield Metric("total_activation_ms", Quantity(spread, "ms", "simulated", source))
    if found is None:
        measured = measure({name: values[:-1] for name, values in leads.items()})
        yield Metric("qrs_ms", Quantity(measured.qrs_ms, "ms", "simulated", source))
        yield Metric("qrs_axis_deg", Quantity(measured.axis_deg, "deg", "simulated", source))
        return
    yield Metric("reentry_turns", Quantity(float(found.turns), "1", "simulated", source))
    yield Metric("reentry_lasted_ms", Quantity(found.lasted_ms, "ms", "simulated", source))
    yield Metric("reentry_sustained", Quantity(float(found.sustained), "1", "simulated", source))
    if found.turns:
        yield Metric("reentry_cycle_ms", Quantity(found.cycle_ms, "ms", "simulated", source))


def _living(mesh: OrganMesh, wall: ImmersedWall, values: NDArray[np.floating]) -> NDArray[np.float64]:
    """(n,) on the mesh; where the wall was never excited, the value of the nearest point that was."""
    from scipy.spatial import cKDTree

    out = np.full(len(mesh.points_mm), np.nan)
    found = wall.to_mesh(values)
    silent = ~np.isfinite(found)
    if silent.any() and not silent.all():
        points = mesh.points_mm[: mesh.wall_points]
        found[silent] = found[~silent][cKDTree(points[~silent]).query(points[silent])[1]]
    out[: mesh.wall_points] = found
    return out


@dataclass(frozen=True, slots=True, eq=False)
class _Key:
    mesh: OrganMesh
    scale: NDArray[np.generic] | None

    @property
    def _own(self) -> tuple[str, int, bytes]:
        return self.mesh.uid, len(self.mesh.tets), b"" if self.scale is None else np.asarray(self.scale).tobytes()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._own == other._own

    def __hash__(self) -> int:
        return hash(self._own)


@lru_cache(maxsize=2)
def _kept(key: _Key) -> ImmersedWall:
    mesh = key.mesh
    points = mesh.points_mm[: mesh.wall_points]
    return immerse(points, mesh.tets, mesh.cell_fields["fibre"], SPACING_MM, key.scale)


def _immersed(mesh: OrganMesh, scale: NDArray[np.generic] | None) -> ImmersedWall:
    return _kept(_Key(mesh, scale))


ENGINE = TissueEngine()
