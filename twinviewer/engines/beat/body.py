"""What an ECG needs besides the ventricles' activation: the torso, its lead fields in this wall, and the atria."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twinviewer.domain import OrganMesh
from twinviewer.physics import ecg
from twinviewer.physics.ecg_places import Shift
from twinviewer.physics.eikonal import EikonalGrid
from twinviewer.physics.wall_leads import through_wall, weighed, weights_s_m

ATRIAL_SPEED_M_S, ATRIAL_WALL_MM, ATRIAL_CONDUCTIVITY_S_M = 1.2, 2.0, 0.05
"""Atrial bundles conduct at 0.7 to 1.7 m/s, walls are about 2 mm (Ho 2009). The conductivity, between along and across
the fibres, gives P waves of 0.1 to 0.25 mV. Assumed."""
BRIDGE_MM = 5.0
"""How much further than the narrowest gap the muscle may lie that carries excitation to the left atrium."""


AtrialFronts = list[tuple[NDArray[np.int32], NDArray[np.float64]]]


def lead_fields(mesh: OrganMesh, shift: Shift = ()) -> tuple[ecg.Torso, NDArray[np.float64]]:
    """The torso round this heart, and (m, 9, 3) lead fields at the middle of each element times its conductivity."""
    points = mesh.points_mm.astype(np.float64)
    middle = points[mesh.tets].mean(axis=1)
    moved = {name: (left, back, up) for name, left, back, up in shift}
    torso = ecg.torso_round(middle, moved, ecg.chest_between(mesh.landmarks))
    fields = ecg.lead_fields(middle, torso.centre_mm, torso.electrodes_mm, torso.radius_mm)
    through = through_wall(points, mesh.tets, np.nan_to_num(np.asarray(mesh.point_fields["transmural"], float)))
    fibre = np.asarray(mesh.cell_fields["fibre"], float)
    return torso, weighed(fields, fibre, through, weights_s_m(ecg.TORSO_S_M))


def atrial_activation(mesh: OrganMesh) -> AtrialFronts | None:
    """Triangles and (n,) times of both atria from the sinus node, over Bachmann's region to the left; None if absent.

    The sinus node is taken as the upper, rightmost, rear corner of the right atrium (where the upper caval vein
    enters); the left atrium takes over where the two lie closest.
    """
    if "ra" not in mesh.surfaces or "la" not in mesh.surfaces:
        return None
    right, left = np.unique(mesh.surfaces["ra"]), np.unique(mesh.surfaces["la"])
    if len(right) < 20 or len(left) < 20:
        return None
    sinus = int(right[np.argmax(mesh.points_mm[right] @ np.array([-0.4, 0.3, 0.87]))])
    times = _geodesic(mesh, mesh.surfaces["ra"], sinus, 0.0)
    gap, partner = cKDTree(mesh.points_mm[right]).query(mesh.points_mm[left])
    over = np.where(gap <= gap.min() + BRIDGE_MM, times[right[partner]] + gap / ATRIAL_SPEED_M_S, np.inf)
    first = int(over.argmin())
    return [
        (mesh.surfaces["ra"], times),
        (mesh.surfaces["la"], _geodesic(mesh, mesh.surfaces["la"], int(left[first]), float(over[first]))),
    ]


def _geodesic(mesh: OrganMesh, triangles: NDArray[np.int32], node: int, time_ms: float) -> NDArray[np.float64]:
    grid = EikonalGrid.build(mesh.points_mm, None, triangles)
    everywhere = np.ones(len(mesh.points_mm), bool)
    medium = grid.medium(None, 1.0, 1.0, layer_nodes=everywhere, layer_speed_m_s=ATRIAL_SPEED_M_S)
    return medium.activation_ms([node], [time_ms])
