"""Local solvers of the eikonal equation: the arrival at a vertex through one face or edge of an element.

The first arrival at a vertex x through a face with arrivals t_i is Fermat's principle on one element:
min over points y of the face of t(y) + |x − y|_M, with t linear on the face and |v|_M = √(vᵀD⁻¹v). An element enters
only by the squares of its edge lengths in its own metric, so that scaling the speed by s divides them by s².
"""

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

FAR = np.float32(1e6)
"""Arrival of a vertex that nothing has reached, in ms."""
_FAST = {"nnan", "ninf", "nsz", "contract", "arcp"}  # no reassociation: sums with FAR must not cancel
_F: Any = np.float32


@nb.njit(inline="always", error_model="numpy", fastmath=_FAST)
def through_edge(t1: float, t2: float, a: float, b: float, c: float) -> float:
    """Arrival at x through the edge 1-2. a = |x−1|², b = (x−1)·(2−1), c = |2−1|², all in the metric.

    t(s) + |x − y(s)| is convex in s, so its least value on the edge lies at the stationary s, brought back to the edge.
    """
    d = t2 - t1
    k = c - d * d
    s = (b - d * np.sqrt(max(a * c - b * b, _F(0)) / max(k, _F(1e-30)))) / max(c, _F(1e-30))
    s = min(max(s, _F(0)), _F(1))
    end = _F(0) if d > _F(0) else _F(1)
    s = s if k > _F(0) else end
    return t1 * (_F(1) - s) + t2 * s + np.sqrt(max(a + s * (c * s - _F(2) * b), _F(0)))


@nb.njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def through_faces(columns: NDArray[np.float32], out: NDArray[np.float32], n: int) -> None:
    """Arrivals at x through n faces 1-2-3. columns: (9, ·) t1 t2 t3, |x−1|² |x−2|² |x−3|², |1−2|² |1−3|² |2−3|².

    The least over the plane of the face counts where it lies on the face; else it lies on one of its edges.
    """
    c0, c1, c2, c3, c4, c5 = columns[0], columns[1], columns[2], columns[3], columns[4], columns[5]
    c6, c7, c8 = columns[6], columns[7], columns[8]
    for i in range(n):
        t1, t2, t3, x1, x2, x3, e12, e13, e23 = c0[i], c1[i], c2[i], c3[i], c4[i], c5[i], c6[i], c7[i], c8[i]
        d2, d3 = t2 - t1, t3 - t1
        uw = _F(0.5) * (e12 + e13 - e23)
        pu, pw = _F(0.5) * (x1 + e12 - x2), _F(0.5) * (x1 + e13 - x3)
        det = e12 * e13 - uw * uw
        solid = det > _F(1e-6) * e12 * e13
        inverse = _F(1) / max(det, _F(1e-30))
        i22, i33, i23 = e13 * inverse, e12 * inverse, -uw * inverse
        steep = i22 * d2 * d2 + _F(2) * i23 * d2 * d3 + i33 * d3 * d3  # squared slowness of t along the face
        height = x1 - (i22 * pu * pu + _F(2) * i23 * pu * pw + i33 * pw * pw)
        length = np.sqrt(max(height, _F(0)) / max(_F(1) - steep, _F(1e-6)))
        r2, r3 = pu - length * d2, pw - length * d3
        z2, z3 = i22 * r2 + i23 * r3, i23 * r2 + i33 * r3
        inside = (z2 >= _F(0)) & (z3 >= _F(0)) & (z2 + z3 <= _F(1))
        t = t1 + z2 * d2 + z3 * d3 + length
        t = t if solid & (steep < _F(0.9999)) & (height > _F(0)) & inside else FAR
        t = min(t, through_edge(t1, t2, x1, pu, e12))
        t = min(t, through_edge(t1, t3, x1, pw, e13))
        out[i] = min(t, through_edge(t2, t3, x2, _F(0.5) * (x2 + e23 - x3), e23))
