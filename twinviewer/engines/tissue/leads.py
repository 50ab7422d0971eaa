"""What each electrode sees of the voltage in an immersed wall: one weight for each node of the grid.

φ = −∫ ∇Z·G∇V dΩ (physics/ecg.py) with V trilinear in each cell and the lead field taken at its middle: a sum over
nodes, W V, whose weights are made once.
"""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh
from twinviewer.physics import ecg
from twinviewer.physics.ecg_places import Shift
from twinviewer.physics.monodomain.mesh_grid import ImmersedWall
from twinviewer.physics.wall_leads import through_wall, weighed, weights_s_m

_CHUNK = 40_000


def node_weights(mesh: OrganMesh, wall: ImmersedWall, shift: Shift = ()) -> NDArray[np.float32]:
    """(electrodes, n) weights: their product with (n,) voltages in mV is the potential of each electrode in mV. shift:
    of electrodes off their usual places."""
    points = mesh.points_mm.astype(np.float64)
    moved = {name: (left, back, up) for name, left, back, up in shift}
    torso = ecg.torso_round(points[mesh.tets].mean(axis=1), moved, ecg.chest_between(mesh.landmarks))
    through = through_wall(points, mesh.tets, np.nan_to_num(np.asarray(mesh.point_fields["transmural"], float)))
    grid = wall.grid
    cells = np.argwhere(grid.fill > 0.0)
    number, h = grid.node_map(), grid.spacing_mm
    share = grid.fill[tuple(cells.T)].astype(np.float64)
    out = np.zeros((len(ecg.ELECTRODES), grid.nodes))
    scale = -(h**2) / 4.0 / (4.0 * np.pi * ecg.TORSO_S_M)  # volume h³, corners' differences over 4 h
    for start in range(0, len(cells), _CHUNK):
        part = cells[start : start + _CHUNK]
        own = slice(start, start + len(part))
        middle = grid.origin_mm + h * (part[:, ::-1] + 0.5)
        fields = ecg.lead_fields(middle, torso.centre_mm, torso.electrodes_mm, torso.radius_mm)
        seen = weighed(fields, wall.fibre[own], through[wall.tet[own]], weights_s_m(ecg.TORSO_S_M))
        seen *= (scale * share[own])[:, None, None]
        for corner in np.ndindex(2, 2, 2):
            node = number[tuple((part + corner).T)]
            sign = 2.0 * np.array(corner[::-1]) - 1.0
            along = seen @ sign
            for electrode in range(len(out)):
                out[electrode] += np.bincount(node, along[:, electrode], minlength=grid.nodes)
    return out.astype(np.float32)
