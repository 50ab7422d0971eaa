"""Where a point of the wall is: transmural, apicobasal and rotational coordinates, AHA segments.

AHA 17 segments: Cerqueira MD et al. Circulation 2002;105:539. Angles are counted from the middle of the septum,
positive towards anterior, so that segments 2 and 3 meet at 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.geometry.laplace import Elements

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LongAxis:
    """The left ventricle's frame. base and apex: LPS mm on the axis; septal, anterior: unit vectors across it."""

    apex_mm: Array
    base_mm: Array
    septal: Array
    anterior: Array

    @property
    def length_mm(self) -> float:
        """Endocardial apex to valve plane."""
        return float(np.linalg.norm(self.base_mm - self.apex_mm))

    @property
    def up(self) -> Array:
        """Unit vector from apex to base."""
        return (self.base_mm - self.apex_mm) / self.length_mm

    def height(self, points_mm: Array) -> Array:
        """(n,) 0 at the endocardial apex, 1 at the valve plane."""
        return np.asarray((points_mm - self.apex_mm) @ self.up / self.length_mm)

    def angle_rad(self, points_mm: Array) -> Array:
        """(n,) angle round the axis, 0 at mid-septum, positive towards anterior, in -π..π."""
        away = points_mm - self.apex_mm
        return np.asarray(np.arctan2(away @ self.anterior, away @ self.septal))


def long_axis(endo_mm: Array, lid_centre_mm: Array, septum_mm: Array, septum_weight: Array) -> LongAxis:
    """Axis from the endocardial points, the centre of the valve plane and points of the septum's right face."""
    apex = endo_mm[np.argmax(np.linalg.norm(endo_mm - lid_centre_mm, axis=1))]
    for _ in range(3):
        up = (lid_centre_mm - apex) / np.linalg.norm(lid_centre_mm - apex)
        height = endo_mm @ up
        apex = endo_mm[height < height.min() + 2.0].mean(axis=0)
    up = (lid_centre_mm - apex) / np.linalg.norm(lid_centre_mm - apex)
    lowest = float((endo_mm @ up).min())
    apex = apex + up * (lowest - float(apex @ up))
    side = septum_mm - apex
    side = side - np.outer(side @ up, up)
    side = side / np.maximum(np.linalg.norm(side, axis=1), 1e-9)[:, None]
    septal = (side * septum_weight[:, None]).sum(axis=0)
    septal = septal / np.linalg.norm(septal)
    anterior = np.cross(up, septal)
    # anterior walls look forwards (-y) or, in a lying heart, upwards (+z)
    if anterior @ np.array([0.0, -1.0, 1.0]) < 0:
        anterior = -anterior
    return LongAxis(apex, lid_centre_mm, septal, anterior)


def aha_segments(axis: LongAxis, points_mm: Array) -> NDArray[np.int8]:
    """(n,) segments 1..17 of points in the left wall."""
    height, degree = axis.height(points_mm), np.degrees(axis.angle_rad(points_mm))
    sixth = np.floor(degree / 60.0).astype(int)  # -3..2 (3 only at +180)
    ring6 = np.array([5, 4, 3, 2, 1, 6])[np.clip(sixth + 3, 0, 5)]
    quarter = np.floor((degree + 45.0) / 90.0).astype(int)  # -2..2
    ring4 = np.array([16, 15, 14, 13, 16])[np.clip(quarter + 2, 0, 4)]
    out = np.where(height >= 2 / 3, ring6, np.where(height >= 1 / 3, ring6 + 6, ring4))
    return np.where(height < 0.0, 17, out).astype(np.int8)


def transmural(
    points_mm: Array, tets: NDArray[np.integer], right: NDArray[np.bool_], lv_endo: Index, rv_endo: Index, epi: Index
) -> Array:
    """(n,) 0 endocardium … 1 epicardium; in the septum 0 on the left and 1 on the right side. Harmonic in each wall."""
    out = np.full(len(points_mm), np.nan)
    for wall, inner, outer in ((right, rv_endo, epi), (~right, lv_endo, np.concatenate([epi, rv_endo]))):
        if not wall.any():
            continue
        elements = Elements(points_mm, tets[wall])
        inner = inner[elements.used[inner]]
        outer = np.setdiff1d(outer[elements.used[outer]], inner)
        u = elements.laplace(
            np.concatenate([inner, outer]), np.concatenate([np.zeros(len(inner)), np.ones(len(outer))])
        )
        out[elements.used] = np.clip(u[elements.used], 0.0, 1.0)  # the left wall comes last and owns shared points
    return out


def apicobasal(elements: Elements, apex: Index, base: Index) -> Array:
    """(n,) d_apex / (d_apex + d_base) with geodesic distances in the wall: 0 apex … 1 base, near linear in length."""
    to_apex, to_base = elements.distance(apex), elements.distance(base)
    return np.asarray(to_apex / np.maximum(to_apex + to_base, 1e-9))
