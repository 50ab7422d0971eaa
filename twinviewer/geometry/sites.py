"""Where an electrode lies in this heart: points of the mesh by segment or anatomical name."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh, TherapyError

SEPTAL = (2, 3, 8, 9, 14)
NEEDED = frozenset({"aha_segment", "rv_segment", "transmural", "apicobasal", "rotational_rad", "rv_endocardium"})


def check_mesh(mesh: OrganMesh, needed: frozenset[str] = NEEDED) -> None:
    """Raise TherapyError where the mesh lacks what sites are found by."""
    missing = needed - mesh.fields
    if missing:
        raise TherapyError("Sites cannot be placed on this mesh", where=f"missing {', '.join(sorted(missing))}")


def epicardial_middle(mesh: OrganMesh, segment: int) -> int:
    """The point in the middle of an AHA segment's outer surface; in the septum, of its right side."""
    own = np.asarray(mesh.point_fields["aha_segment"]) == segment
    depth = np.nan_to_num(np.asarray(mesh.point_fields["transmural"], float))
    if not own.any():
        raise TherapyError(
            "The left ventricle of this mesh has no such segment",
            where=f"AHA {segment}",
            remedy="Choose another segment",
        )
    outer = np.flatnonzero(own & (depth >= min(0.95, float(depth[own].max()))))
    return _central(mesh, outer)


def segment_of(mesh: OrganMesh, node: int) -> int:
    """AHA segment of a point, 0 outside the left ventricular wall. TherapyError where it is no point of the wall."""
    if not 0 <= node < mesh.wall_points:
        raise TherapyError("This point is not in the muscle", where=f"point {node}", remedy="Click on the heart's wall")
    return int(mesh.point_fields["aha_segment"][node])


def right_ventricular(mesh: OrganMesh, place: str) -> int:
    """The endocardial point of an RV lead: "apex", "septum" (middle) or "outflow" (septal side, high and anterior)."""
    inner = np.unique(mesh.surfaces["rv_endocardium"])
    septal = inner[np.asarray(mesh.point_fields["rv_segment"])[inner] == 0]
    if not len(septal):
        raise TherapyError("This mesh has no septal side of the right ventricle", where="RV lead")
    height = np.asarray(mesh.point_fields["apicobasal"], float)
    if place == "apex":
        return _central(mesh, inner[height[inner] <= np.quantile(height[inner], 0.02)])
    turn = np.asarray(mesh.point_fields["rotational_rad"], float)[septal]
    aim_height, aim_turn = (0.5, 0.0) if place == "septum" else (0.85, np.radians(45.0))
    off = np.angle(np.exp(1j * (turn - aim_turn)))
    # one radian counts a third of the wall's length
    return int(septal[np.nanargmin((height[septal] - aim_height) ** 2 + (off / 3.0) ** 2)])


def _central(mesh: OrganMesh, nodes: NDArray[np.integer]) -> int:
    points = mesh.points_mm[nodes]
    return int(nodes[np.argmin(((points - points.mean(axis=0)) ** 2).sum(axis=1))])
