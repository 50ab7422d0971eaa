"""When and where current enters the tissue: electrodes as small balls, the conduction system as the endocardium that it
excites.

The Purkinje network is far finer than the grid. What it excites is taken from the eikonal solution in the fast
endocardial layer (physics/eikonal.py); the tissue below gets its current when that front arrives, once a beat. A wave
that comes back does not enter the network.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twinviewer.domain import EngineError, Setup, Stimulus
from twinviewer.physics.eikonal import EikonalGrid
from twinviewer.physics.monodomain.mesh_grid import ImmersedWall
from twinviewer.physics.monodomain.stimulus import Current, ball

ELECTRODE_MM = 2.5
BIN_MS = 1.0
LAYER_MM = 1.2
"""How deep the network excites: its ends lie within 1 to 2 mm of the human endocardium."""
_NEAR = 3


def currents(setup: Setup, wall: ImmersedWall) -> list[Current]:
    """All stimuli of one run. Raises EngineError where there is none, or an electrode touches no tissue."""
    if not setup.stimuli:
        raise EngineError("Nothing excites the ventricles", remedy="Choose a conduction state or add a pacing lead")
    points = setup.mesh.points_mm
    electrodes = [s for s in setup.stimuli if s.layer != "purkinje"]
    found = [_at(wall, points[s.node], s) for s in electrodes]
    system = [s for s in setup.stimuli if s.layer == "purkinje"]
    return found + (_network(setup, wall, system) if system else [])


def _at(wall: ImmersedWall, point_mm: NDArray[np.floating], stimulus: Stimulus) -> Current:
    try:
        return ball(wall.grid, point_mm, ELECTRODE_MM, stimulus.time_ms)
    except EngineError as error:
        raise EngineError(
            f"{stimulus.name} touches no tissue that conducts", where=error.where, remedy="Move it off the scar"
        ) from error


def _network(setup: Setup, wall: ImmersedWall, system: list[Stimulus]) -> list[Current]:
    mesh = setup.mesh
    surfaces = [mesh.surfaces[name] for name in ("lv_endocardium", "rv_endocardium") if name in mesh.surfaces]
    layer = np.asarray(setup.tissue.get("fast_layer", np.zeros(len(mesh.points_mm)))) > 0.5
    medium = EikonalGrid.build(mesh.points_mm, mesh.tets, np.concatenate(surfaces) if surfaces else None).medium(
        mesh.cell_fields["fibre"],
        setup.value("conduction_fibre_m_s"),
        setup.value("conduction_cross_m_s"),
        scale=setup.tissue.get("conduction_scale"),
        layer_nodes=layer,
        layer_speed_m_s=setup.value("conduction_endocardial_m_s"),
    )
    when = medium.activation_ms([s.node for s in system], [s.time_ms for s in system])
    entries = np.zeros(len(layer), bool)
    entries[[s.node for s in system]] = True
    reached = np.flatnonzero((layer | entries) & np.isfinite(when))
    distance, near = cKDTree(mesh.points_mm[reached]).query(wall.grid.points_mm, k=min(_NEAR, len(reached)))
    distance, near = distance.reshape(wall.grid.nodes, -1), near.reshape(wall.grid.nodes, -1)
    depth = wall.to_nodes(np.nan_to_num(np.asarray(mesh.point_fields["transmural"])[: mesh.wall_points]))
    inside = (distance[:, 0] <= 2.0 * LAYER_MM) & (np.asarray(depth, float) <= 0.25)
    weight = 1.0 / (distance + 0.1) ** 2
    times = (weight * when[reached][near]).sum(axis=1) / weight.sum(axis=1)
    nodes = np.flatnonzero(inside)
    bins = np.floor(times[nodes] / BIN_MS).astype(int)
    return [Current(nodes[bins == b], float(b) * BIN_MS) for b in np.unique(bins)]
