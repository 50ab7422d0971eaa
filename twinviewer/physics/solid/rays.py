"""Where rays pass through a surface of triangles (Möller and Trumbore, J Graph Tools 2:21, 1997)."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]


@njit(cache=True, nogil=True)
def crossings(origins, ways, corners):  # type: ignore[no-untyped-def]
    """(r, 2) mm to the first and the last crossing of rays (r, 3) with triangles (k, 3, 3); NaN if there is none."""
    out = np.full((origins.shape[0], 2), np.nan)
    for r in range(origins.shape[0]):
        dx, dy, dz = ways[r]
        for k in range(corners.shape[0]):
            ax, ay, az = corners[k, 0]
            ux, uy, uz = corners[k, 1, 0] - ax, corners[k, 1, 1] - ay, corners[k, 1, 2] - az
            vx, vy, vz = corners[k, 2, 0] - ax, corners[k, 2, 1] - ay, corners[k, 2, 2] - az
            px, py, pz = dy * vz - dz * vy, dz * vx - dx * vz, dx * vy - dy * vx
            det = ux * px + uy * py + uz * pz
            if abs(det) < 1e-12:
                continue
            tx, ty, tz = origins[r, 0] - ax, origins[r, 1] - ay, origins[r, 2] - az
            u = (tx * px + ty * py + tz * pz) / det
            if u < -1e-9 or u > 1.0 + 1e-9:
                continue
            qx, qy, qz = ty * uz - tz * uy, tz * ux - tx * uz, tx * uy - ty * ux
            v = (dx * qx + dy * qy + dz * qz) / det
            if v < -1e-9 or u + v > 1.0 + 1e-9:
                continue
            t = (vx * qx + vy * qy + vz * qz) / det
            if t <= 0.0:
                continue
            if not out[r, 0] <= t:
                out[r, 0] = t
            if not out[r, 1] >= t:
                out[r, 1] = t
    return out
