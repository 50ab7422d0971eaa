"""How the demo heart moves: a map from a moment of the beat back to end-diastole, with a known volume change.

In cylinder coordinates round the left ventricle's axis a point (r, theta, z) at end-diastole moves to

    z' = z + u(z, t),    theta' = theta + twist(z, t),    r'^2 = m r^2 + c(theta, z, t) + rv(r, theta, z, t)

with m = 1 / (dz'/dz) in the ventricles, so that the map keeps volume there whatever c is: the Jacobian of
(r^2, theta, z) is m dz'/dz = 1. ``rv`` is 0 in the left ventricle, grows linearly in r^2 through the right ventricle's
blood and is constant in its free wall, so that it keeps wall volume too and scales the blood. Above the base m goes to
1: the atria lengthen as the base descends, and fill. Left bundle branch block: the septum contracts early, is stretched
back while the lateral wall, late, contracts (Remme et al. 2009, Leenders et al. 2012 for the pattern).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter, map_coordinates

from twinviewer.organs.heart.demo.implicit import Array, ellipsoid

if TYPE_CHECKING:
    from twinviewer.organs.heart.demo.anatomy import Anatomy

# phase in % of the R-R interval, and the share of the largest squared radius that the cavity loses there
_SEPTUM = ((0, 0), (5, 0.12), (10, 0.17), (16, 0.13), (22, 0.11), (30, 0.17), (38, 0.235), (46, 0.22), (54, 0.12),
           (62, 0.05), (72, 0.03), (82, 0.02), (92, 0.015), (100, 0))  # fmt: skip
_LATERAL = ((0, 0), (5, -0.035), (10, -0.06), (16, 0.03), (22, 0.15), (30, 0.30), (38, 0.41), (46, 0.455), (54, 0.335),
            (62, 0.14), (72, 0.085), (82, 0.06), (92, 0.02), (100, 0))  # fmt: skip
_RIGHT = ((0, 0), (5, 0.02), (12, 0.12), (22, 0.28), (30, 0.36), (38, 0.39), (46, 0.34), (54, 0.20), (62, 0.10),
          (72, 0.06), (82, 0.05), (92, 0.015), (100, 0))  # fmt: skip
_DESCENT_MM = ((0, 0), (6, 0.4), (12, 1.6), (22, 5.0), (32, 8.0), (42, 9.0), (50, 8.0), (58, 4.6), (66, 2.6), (80, 2.1),
               (90, 1.0), (96, 0.2), (100, 0))  # fmt: skip
_TWIST_DEG = ((0, 0), (8, -1), (20, 1.5), (34, 4), (44, 4.5), (54, 2), (64, 0.6), (80, 0.2), (100, 0))
ROOF_MM = 62.0
_CORE = 0.85  # share of the cavity's squared radius that holds no wall whatever the shape's waves
# outside this ellipsoid (heart frame, mm) the motion fades
_ENVELOPE_CENTRE = (16.0, -2.0, -42.0)
_ENVELOPE_HALF_AXES = (75.0, 68.0, 80.0)


def _curve(knots: tuple[tuple[float, float], ...]) -> PchipInterpolator:
    phase, value = np.array(knots, dtype=np.float64).T
    # one knot of the neighbouring beats on either side makes the curve periodic and smooth
    return PchipInterpolator(
        np.concatenate([[phase[-2] - 100], phase, [phase[1] + 100]]),
        np.concatenate([[value[-2]], value, [value[1]]]),
    )


def _step(value: Array) -> Array:
    t = np.clip(value, 0, 1)
    return t * t * (3 - 2 * t)


class Beat:
    """The motion of one heart over the R-R interval. Percent 0 is the R wave, end-diastole, and so is 100."""

    def __init__(self, heart: Anatomy) -> None:
        self.heart = heart
        self._curves = {
            "septum": _curve(_SEPTUM),
            "lateral": _curve(_LATERAL),
            "right": _curve(_RIGHT),
            "descent": _curve(_DESCENT_MM),
            "twist": _curve(_TWIST_DEG),
        }
        self._z = np.linspace(-130.0, 150.0, 561)
        shape = heart.shape
        inner, _ = heart.ventricle.squared(self._z)
        # the squared radius that the cavity can lose at each level: none below the apex, none above the base
        room = np.maximum(inner, 0) * (1 - _step((self._z + 4) / 18))
        soft = np.exp(-0.5 * (np.arange(-12, 13) / 4.0) ** 2)
        self._room = np.convolve(room, soft / soft.sum(), mode="same") * shape.lv_radius**2
        self._rv_inner, self._rv_depth = self._right_ventricle_table()

    def amount(self, name: str, phase_percent: float) -> float:
        """One of the curves: "septum", "lateral", "right" (share), "descent" (mm), "twist" (degrees)."""
        return float(self._curves[name](phase_percent % 100.0))

    def _right_ventricle_table(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(z, theta) tables: squared radius of the septum's right side, and the right ventricle's depth in it."""
        z = np.arange(-110.0, 25.0, 2.5)
        theta = np.deg2rad(np.arange(-180.0, 180.0, 4.0))
        r = np.arange(4.0, 100.0, 1.0)
        zz, tt, rr = np.meshgrid(z, theta, r, indexing="ij")
        x, y = rr * np.cos(tt) + self.heart.ventricle.bend(zz), rr * np.sin(tt)
        inside = self.heart.right_ventricle(x, y, zz) < 0
        _, epi = self.heart.ventricle.distances(x, y, zz)
        outer = np.where(inside.any(axis=2), r[r.size - 1 - inside[:, :, ::-1].argmax(axis=2)] + 0.5, 0.0)
        inner = np.where((epi < 0).any(axis=2), r[r.size - 1 - (epi < 0)[:, :, ::-1].argmax(axis=2)] + 0.5, 4.0)
        depth = np.maximum(outer**2 - inner**2, 0) * (1 - _step((z + 6) / 18))[:, None]
        smooth = [1.2, 1.5]
        inner = gaussian_filter(inner, smooth, mode=("nearest", "wrap"))
        depth = gaussian_filter(depth, smooth, mode=("nearest", "wrap"))
        return (inner**2).astype(np.float32), depth.astype(np.float32)

    def _levels(self, phase_percent: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where each level of self._z goes, and dz'/dz there."""
        descent = self.amount("descent", phase_percent)
        apex = -self.heart.shape.lv_length - self.heart.shape.apex_wall
        # strain is -descent/length in the ventricles and lets the roof of the atria rest
        strain = np.where(self._z < apex, 0.0, -descent / -(apex))
        up = _step((self._z - 2) / 10)
        above = 1 - _step((self._z - ROOF_MM + 12) / 12)
        strain = strain * (1 - up)
        low = np.trapezoid(strain, self._z)
        lift = up * above
        strain = strain - lift * low / np.trapezoid(lift, self._z)
        soft = np.exp(-0.5 * (np.arange(-12, 13) / 5.0) ** 2)
        strain = np.convolve(strain, soft / soft.sum(), mode="same")
        moved = self._z + np.concatenate([[0], np.cumsum(0.5 * (strain[1:] + strain[:-1]) * np.diff(self._z))])
        return moved, 1 + strain

    def at_end_diastole(self, x: Array, y: Array, z: Array, phase_percent: float) -> tuple[Array, Array, Array]:
        """Points of the heart frame (mm) at a phase -> the same material points at end-diastole."""
        kind = x.dtype
        moved, stretch = self._levels(phase_percent)
        step = self._z[1] - self._z[0]
        level = np.interp(z, moved, self._z).astype(kind)
        place = (level - kind.type(self._z[0])) / kind.type(step)

        def table(values: NDArray[np.float64]) -> Array:
            return np.interp(place, np.arange(values.size), values).astype(kind)

        bend = self.heart.ventricle.bend(level)
        ventricle = 1 - _step((self._z - 2) / 14)
        m = table(stretch * ventricle + (1 - ventricle))
        angle = np.deg2rad(self.amount("twist", phase_percent)) * np.clip(-self._z / 80.0, 0, 1.2)
        # seen from the base the apex turns clockwise relative to it, which is backwards here
        cos_a, sin_a = table(np.cos(angle)), table(np.sin(angle))
        dx, dy = x - bend, y
        dx, dy = cos_a * dx + sin_a * dy, cos_a * dy - sin_a * dx
        q_now = dx * dx + dy * dy
        r_now = np.sqrt(np.maximum(q_now, 1e-6))
        septal = 0.5 + 0.5 * dx / r_now
        septum, lateral = self.amount("septum", phase_percent), self.amount("lateral", phase_percent)
        room = table(self._room)
        share = lateral + (septum - lateral) * septal
        free = q_now + share * room
        q = m * free
        # the blood inside just shrinks, so that papillary muscles keep their shape
        core = q_now / (1 / m - share / kind.type(_CORE))
        q = np.where(core < kind.type(_CORE) * room, core, q)

        right = self.amount("right", phase_percent)
        if right != 0:
            rows = (level + kind.type(110.0)) / kind.type(2.5)
            columns = (np.arctan2(dy, dx) + kind.type(np.pi)) / kind.type(np.deg2rad(4.0))
            where = np.flatnonzero((rows > 0) & (rows < self._rv_inner.shape[0] - 1) & (q > 100))
            at = np.stack([rows.ravel()[where], columns.ravel()[where]])
            wrapped = [np.concatenate([t, t[:, :1]], axis=1) for t in (self._rv_inner, self._rv_depth)]
            inner = map_coordinates(wrapped[0], at, order=1, mode="nearest").astype(kind)
            depth = map_coordinates(wrapped[1], at, order=1, mode="nearest").astype(kind)
            a = q.ravel()[where]
            mm, ff = m.ravel()[where], free.ravel()[where]
            within = (ff - right * inner) / (1 / mm - right)
            beyond = mm * (ff + right * depth)
            q.ravel()[where] = np.where(a < inner, a, np.minimum(within, beyond))
        scale = np.sqrt(np.maximum(q, 0)) / r_now
        held = self.hold(x, y, z)
        back_x, back_y, back_z = dx * scale + bend, dy * scale, level
        return x + held * (back_x - x), y + held * (back_y - y), z + held * (back_z - z)

    def hold(self, x: Array, y: Array, z: Array) -> Array:
        """How much of the motion a place has: 1 in the ventricles and round them, 0 far away."""
        away = ellipsoid(x, y, z, _ENVELOPE_CENTRE, _ENVELOPE_HALF_AXES)
        kind = x.dtype.type
        back = self.heart.shape.axes[:, 1]
        behind = kind(back[0]) * x + kind(back[1]) * y + kind(back[2]) * z
        # the descending aorta and the spine stay where they are
        return (1 - _step((away - 4) / 34)) * (1 - _step((behind - 24) / 17))
