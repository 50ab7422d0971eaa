"""The measures of a heart: what makes the demo patient's heart a dilated one and the atlas a healthy one.

Heart frame (mm): origin in the middle of the left ventricle's base at end-diastole, +z along the left ventricle's axis
from apex to base, +x from that axis to the middle of the septum and on into the right ventricle, +y towards the
anterior wall. Left-handedness is avoided: (x, y, z) is right-handed in LPS.
Sizes: Lang et al. 2015 (chamber quantification), dilated cardiomyopathy after the upper ranges there; positions of the
valves: read off the Visible Human male heart (HuBMAP CCF reference organ, CC BY 4.0), rounded and moved for size.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

# rows: heart x, y, z in LPS; apex points left, forward and down
_APEX = np.array([0.51, -0.72, -0.46])
_RV = np.array([-0.67, -0.68, 0.31])


def _frame(apex: NDArray[np.float64], rv: NDArray[np.float64]) -> NDArray[np.float64]:
    z = -apex / np.linalg.norm(apex)
    x = rv - (rv @ z) * z
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z])


def _turn(axis: NDArray[np.float64], angle_rad: float) -> NDArray[np.float64]:
    """Rotation matrix about a unit axis (Rodrigues)."""
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + np.sin(angle_rad) * k + (1 - np.cos(angle_rad)) * (k @ k)


@dataclass(frozen=True, slots=True, eq=False)
class HeartShape:
    """Measures in mm of one heart at end-diastole. axes: rows are heart x, y, z in LPS. origin_mm: LPS of the origin.

    waves: (4, 2) relative changes of the left ventricle's radius: cos 2, sin 2, cos 3, sin 3 of the angle, at base and
    apex. size: scale of everything but the left ventricle's own radius, wall and length.
    """

    lv_radius: float = 24.5
    lv_length: float = 84.0
    lv_wide_z: float = -30.0
    lv_bullet: float = 2.35
    lv_base_narrow: float = 0.26
    septum_wall: float = 9.0
    lateral_wall: float = 9.0
    apex_wall: float = 6.5
    bend: float = 3.0
    rv_swell: float = 0.0
    rv_wall: float = 3.6
    la_half_axes: tuple[float, float, float] = (27.0, 18.0, 23.0)
    ra_half_axes: tuple[float, float, float] = (21.0, 22.0, 26.0)
    aortic_radius: float = 11.5
    ascending_radius: float = 14.5
    pulmonary_radius: float = 12.0
    size: float = 1.0
    waves: NDArray[np.float64] = field(default_factory=lambda: np.zeros((4, 2)))
    axes: NDArray[np.float64] = field(default_factory=lambda: _frame(_APEX, _RV))
    origin_mm: NDArray[np.float64] = field(default_factory=lambda: np.array([24.0, -12.0, 0.0]))
    jitter: NDArray[np.float64] = field(default_factory=lambda: np.zeros((8, 3)))

    def to_heart(self, points_mm: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, 3) LPS mm -> (n, 3) heart frame."""
        return (np.asarray(points_mm) - self.origin_mm) @ self.axes.T

    def to_lps(self, points_heart: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, 3) heart frame -> (n, 3) LPS mm."""
        return np.asarray(points_heart) @ self.axes + self.origin_mm

    def turned(self, lps_vector: NDArray[np.floating] | tuple[float, float, float]) -> NDArray[np.float64]:
        """An LPS direction or offset, in the heart frame."""
        return self.axes @ np.asarray(lps_vector, dtype=np.float64)


def healthy() -> HeartShape:
    """A heart of ordinary proportions, the same for everyone: the atlas."""
    return HeartShape()


def dilated(seed: int) -> HeartShape:
    """A heart dilated by left bundle branch block cardiomyopathy, its measures drawn around a mean from ``seed``."""
    draw = np.random.default_rng([seed, 1])
    base = _frame(_APEX, _RV)
    axes = base
    for axis, spread_deg in zip(base, (4.0, 4.0, 6.0), strict=True):
        axes = axes @ _turn(axis, np.deg2rad(draw.uniform(-spread_deg, spread_deg)))
    waves = np.stack([draw.uniform(-0.025, 0.025, 4), draw.uniform(-0.025, 0.025, 4)], axis=1)
    waves[2:] *= 0.6
    return replace(
        HeartShape(),
        lv_radius=29.6 + draw.uniform(-0.6, 0.6),
        lv_length=92.0 + draw.uniform(-2, 2),
        lv_wide_z=-37.0 + draw.uniform(-3, 3),
        lv_bullet=2.35 + draw.uniform(-0.15, 0.15),
        septum_wall=8.7 + draw.uniform(-0.4, 0.4),
        lateral_wall=8.9 + draw.uniform(-0.4, 0.4),
        bend=4.0 + draw.uniform(-2, 2),
        rv_swell=draw.uniform(-0.5, 1.5),
        la_half_axes=(33.0 + draw.uniform(-2, 2), 21.5 + draw.uniform(-1, 1), 28.0 + draw.uniform(-2, 2)),
        ra_half_axes=(24.0 + draw.uniform(-1.5, 1.5), 25.0 + draw.uniform(-1.5, 1.5), 29.0 + draw.uniform(-2, 2)),
        aortic_radius=12.0 + draw.uniform(-0.5, 0.5),
        ascending_radius=15.5 + draw.uniform(-0.8, 0.8),
        pulmonary_radius=12.5 + draw.uniform(-0.5, 0.5),
        size=1.08 + draw.uniform(-0.02, 0.02),
        waves=waves,
        axes=axes,
        origin_mm=np.array([24.0, -12.0, 0.0]) + draw.uniform(-3, 3, 3),
        jitter=draw.uniform(-1.5, 1.5, (8, 3)),
    )
