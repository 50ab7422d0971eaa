"""The left ventricle: a bullet whose radius depends on level and angle, with a wall around it."""

from dataclasses import dataclass

import numpy as np

from twinviewer.organs.heart.demo.implicit import Array
from twinviewer.organs.heart.demo.shape import HeartShape


@dataclass(frozen=True, slots=True, eq=False)
class LeftVentricle:
    """Radius profiles of the left ventricle, shared with the motion. Coordinates are in the heart frame, mm."""

    shape: HeartShape

    def bend(self, z: Array) -> Array:
        """How far the ventricle's axis lies towards +x at level z."""
        return self.shape.bend * (z / self.shape.lv_length) ** 2

    def squared(self, z: Array, wall_mm: float = 0.0) -> tuple[Array, Array]:
        """Squared radius over squared largest radius at z, and its slope per mm; negative beyond the apex."""
        s = self.shape
        wide = s.lv_wide_z
        half = s.lv_length + wide + wall_mm
        narrow = s.lv_base_narrow
        below = np.maximum((wide - z) / half, 0)
        above = np.maximum((z - wide) / -wide, 0)
        power = below ** (s.lv_bullet - 1)
        value = 1 - power * below - narrow * above * above
        slope = (s.lv_bullet / half) * power + (2 * narrow / wide) * above
        return value, slope

    def waves(self, cos: Array, sin: Array, z: Array) -> Array:
        """Relative radius (1 = round) at an angle given by its cosine and sine."""
        base = np.clip(1 + z / self.shape.lv_length, 0, 1)
        cos2, sin2 = cos * cos - sin * sin, 2 * cos * sin
        cos3, sin3 = cos2 * cos - sin2 * sin, sin2 * cos + cos2 * sin
        out = np.ones_like(z)
        for row, wave in zip(self.shape.waves, (cos2, sin2, cos3, sin3), strict=True):
            out += wave * (row[1] + (row[0] - row[1]) * base).astype(z.dtype)
        return out

    def wall(self, cos: Array) -> Array:
        """Wall thickness in mm at the widest level."""
        s = self.shape
        return 0.5 * (s.septum_wall + s.lateral_wall) + 0.5 * (s.septum_wall - s.lateral_wall) * cos

    def outer_radius(self, angle_rad: float, z: float) -> float:
        """Radius of the epicardium at an angle and level, 0 beyond the apex."""
        cos, sin, level = (np.array([v]) for v in (np.cos(angle_rad), np.sin(angle_rad), z))
        radius = self.shape.lv_radius * self.waves(cos, sin, level) + self.wall(cos)
        return float(radius[0] * np.sqrt(max(self.squared(level, self.shape.apex_wall)[0][0], 0.0)))

    def distances(self, x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        """Signed distance to the endocardial and the epicardial solid, without their basal cuts."""
        x = x - self.bend(z)
        r = np.sqrt(x * x + y * y)
        safe = np.maximum(r, 1e-3)
        cos, sin = x / safe, y / safe
        radius = self.shape.lv_radius * self.waves(cos, sin, z)
        return self._distance(r, z, radius, 0.0), self._distance(r, z, radius + self.wall(cos), self.shape.apex_wall)

    def _distance(self, r: Array, z: Array, radius: Array, wall_mm: float) -> Array:
        value, slope = self.squared(z, wall_mm)
        # F = r / R - sqrt(value) is steep in z at the apex, F = (r / R)^2 - value is not
        relative = r / radius
        gradient = np.sqrt((2 * relative / radius) ** 2 + slope * slope)
        return (relative * relative - value) / np.maximum(gradient, 0.25 / radius)
