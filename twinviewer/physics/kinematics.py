"""Kinematic reconstruction: a motion of the whole mesh with prescribed cavity volumes that keeps the wall's volume.

In cylinder coordinates (r, a, z) round the LV axis, z from apex to base, four maps are composed:

    r'^2 = r^2 + c(a, z)                        radial; c < 0 contracts, the wall thickens
    z'   = Z(z),  r'' = r' / sqrt(Z'(z))        the base descends to the apex
    a'   = a + t(r'', z')                       twist
    x'   = x + f(z) way(x) + q(x) axis          right free wall only (right_wall.py): towards the septum and the apex

The first three have Jacobian 1, so the muscle is isochoric whatever c, Z and t are. c = u(a, z) r_e^2 with r_e the
endocardial radius and u from the segments' midwall strain; f is the fraction of the way to the septum. A number added
to u, and one to f, make both cavities of the mesh those asked for. ED (u = f = 0) is the mesh itself. This follows the
radial model of Arts, Hunter et al., J Biomech 25:1119 (1992), segment by segment; it is a reconstruction, not a
solution of the wall's mechanics. What the last map and the mesh's finite elements change in volume, wall_volume.py
puts right.
"""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from twinviewer.domain import EngineError, MeshError, OrganMesh
from twinviewer.physics.heart_model import RIGHT_OFFSET, Patches
from twinviewer.physics.polar_table import ROWS, STEP_MM, cells, read, smooth
from twinviewer.physics.right_wall import RightWall, right_wall

Array = NDArray[np.float64]

# Cavity sectors never empty by more than this: keeps r'^2 above zero.
MOST_EMPTIED = 0.93
INSIDE = 0.97
# Beyond this share of its way to the septum the free wall slows down, to end at the sum of both
RIGHT_KNEE, RIGHT_ROOM = 0.6, 0.3
# How much of the radial motion is left at the annulus, and over which height it fades into the atria (mm)
ANNULUS_SHARE, FADE_BELOW_MM, FADE_ABOVE_MM = 0.5, 34.0, 40.0
# Rotation of apex and base for 15 % shortening (degrees; apex anticlockwise seen from the apex; Helle-Valle et al.,
# Circulation 112:3149, 2005: apex +10.9, base -4.6 in healthy adults; here less, as the right heart moves along)
APEX_TWIST_DEG, BASE_TWIST_DEG, TWIST_REACH_MM = 8.0, -3.0, 60.0


@dataclass(frozen=True, slots=True, eq=False)
class MotionField:
    """What does not change over the beat, per point (n,) of the mesh; made by :func:`motion_field`."""

    mesh: OrganMesh
    patches: Patches
    origin: Array
    basis: Array
    radius_sq: Array
    cosine: Array
    sine: Array
    height: Array
    empties: Array
    most: Array
    left_weight: Array
    descent: Array
    stretch: Array
    twist: Array
    left_ratio: Array
    right: RightWall
    length_mm: float
    left_points: NDArray[np.integer]
    right_points: NDArray[np.integer]

    def place(
        self, rows: NDArray[np.integer], left: Array, right: Array, shortening: float, further_mm: float
    ) -> Array:
        """(len(rows), 3) positions in mm. left, right (len(rows),): u and f; shortening: 1 - Z' of the left wall;
        further_mm: how far the right free wall's base goes beyond the septum's."""
        wall = self.right
        placed = _place(
            self.radius_sq[rows], self.cosine[rows], self.sine[rows], self.height[rows], self.empties[rows],
            self.descent[rows], self.stretch[rows], self.twist[rows], wall.way[rows], wall.descent[rows], left, right,
            shortening * self.length_mm, shortening, further_mm,
        )  # fmt: skip
        return placed @ self.basis + self.origin


@njit(cache=True, nogil=True)
def _place(
    radius_sq: Array, cosine: Array, sine: Array, height: Array, empties: Array, descent: Array, stretch: Array,
    twist: Array, way: Array, right_descent: Array, left: Array, right: Array, drop_mm: float, shortening: float,
    further_mm: float,
) -> Array:  # fmt: skip
    out = np.empty((radius_sq.shape[0], 3))
    for i in range(radius_sq.shape[0]):
        square = radius_sq[i] + left[i] * empties[i]
        r = math.sqrt(max(square, 1e-4 * radius_sq[i]) / max(1.0 - shortening * stretch[i], 0.2))
        angle = twist[i] * shortening * math.exp(-((r / TWIST_REACH_MM) ** 2))
        c, s = math.cos(angle), math.sin(angle)
        out[i, 0] = r * (cosine[i] * c - sine[i] * s)
        out[i, 1] = r * (sine[i] * c + cosine[i] * s)
        out[i, 2] = height[i] - drop_mm * descent[i] - further_mm * right_descent[i]
        # the free wall nears the septum but never passes it
        moved = right[i]
        if moved > RIGHT_KNEE:
            moved = RIGHT_KNEE + RIGHT_ROOM * math.tanh((moved - RIGHT_KNEE) / RIGHT_ROOM)
        for axis in range(3):
            out[i, axis] += moved * way[i, axis]
    return out


def limited(value: Array, most: Array) -> Array:
    """``value`` where it is above -0.7 ``most``; smoothly bent below so that it never passes -``most``.

    Near the annulus only a share of u counts (ANNULUS_SHARE), so there it may go further: a ventricle that empties well
    narrows there too.
    """
    knee = -0.7 * most
    room = 0.3 * most
    return np.where(value > knee, value, knee - room * np.tanh((knee - np.minimum(value, knee)) / room))


def motion_field(mesh: OrganMesh, patches: Patches) -> MotionField:
    """Coordinates, endocardial radius, weights and fades of every point. MeshError where a landmark is missing."""
    for name in ("lv_apex", "lv_apex_endo", "mitral_centre"):
        if name not in mesh.landmarks:
            raise MeshError(f"the mesh has no landmark {name}", remedy="Build the model again")
    tip = np.asarray(mesh.landmarks["lv_apex_endo"], np.float64)
    base = np.asarray(mesh.landmarks["mitral_centre"], np.float64)
    axis = (base - tip) / np.linalg.norm(base - tip)
    across = np.cross(axis, [0.0, 0.0, 1.0] if abs(axis[2]) < 0.9 else [1.0, 0.0, 0.0])
    across /= np.linalg.norm(across)
    basis = np.stack([across, np.cross(axis, across), axis])
    local = (mesh.points_mm - tip) @ basis.T
    radius = np.hypot(local[:, 0], local[:, 1])
    safe = np.maximum(radius, 1e-9)
    cosine, sine, height = local[:, 0] / safe, local[:, 1] / safe, local[:, 2].copy()
    angle = np.arctan2(sine, cosine)

    wall = np.arange(mesh.wall_points)
    bottom = float(((np.asarray(mesh.landmarks["lv_apex"]) - tip) @ basis.T)[2])
    inner = np.unique(mesh.surfaces["lv_endocardium"])
    top = float(np.percentile(height[inner], 97.0))
    length = top - bottom
    h = (height - bottom) / length

    radius_sq = radius**2
    endo_sq = _endocardium(angle[inner], height[inner], radius_sq[inner], angle, height)
    # what bulges inside the mean endocardium scales with its own radius, so that r'^2 stays above zero
    empties = np.minimum(endo_sq, radius_sq / INSIDE)
    rim = _rim(angle[inner], height[inner])
    above = height - (rim[0] + rim[1] * np.cos(angle) + rim[2] * np.sin(angle))
    falls = 0.5 * (1.0 + np.cos(np.pi * np.clip((above + FADE_BELOW_MM) / FADE_BELOW_MM, 0.0, 1.0)))
    fades = 0.5 * (1.0 + np.cos(np.pi * np.clip(above / FADE_ABOVE_MM, 0.0, 1.0)))
    share = ANNULUS_SHARE + (1.0 - ANNULUS_SHARE) * falls
    empties *= share * fades

    descent, slope = _descent(h)
    twist_deg = np.interp(h, [0.0, 0.05, 1.0, 2.0], [APEX_TWIST_DEG, APEX_TWIST_DEG, BASE_TWIST_DEG, 0.0])
    # anticlockwise seen from the apex is clockwise round an axis that points to the base; per unit of shortening
    twist = -np.radians(twist_deg) / 0.15

    left = patches.number < RIGHT_OFFSET
    weight, centre_sq, centre_endo = _left_weights(patches, angle, height, radius_sq, endo_sq)
    ratio = np.clip(centre_sq / np.maximum(centre_endo, 1e-6), 1.0, 3.0)
    assert weight.shape[1] == int(left.sum()) and len(wall) == mesh.wall_points
    return MotionField(
        mesh=mesh, patches=patches, origin=tip, basis=basis, radius_sq=radius_sq, cosine=cosine, sine=sine,
        height=height, empties=empties, most=MOST_EMPTIED / share, left_weight=weight, descent=descent, stretch=slope,
        twist=twist,
        left_ratio=ratio, right=right_wall(mesh, patches, local), length_mm=length,
        left_points=np.unique(mesh.surfaces["lv_cavity"]), right_points=np.unique(mesh.surfaces["rv_cavity"]),
    )  # fmt: skip


def _wrapped(angle: Array) -> Array:
    return (angle + np.pi) % (2.0 * np.pi) - np.pi


def _endocardium(angle: Array, height: Array, square: Array, at_angle: Array, at_height: Array) -> Array:
    """r_e^2 at any (angle, height) from the endocardium's points; 0 below its tip, constant above its rim."""
    low = float(height.min()) - 12.0
    columns = int((float(height.max()) - low) / STEP_MM) + 4
    total = np.zeros((ROWS, columns))
    count = np.zeros_like(total)
    i, j = cells(angle, height, low)
    np.add.at(total, (i, j), square)
    np.add.at(count, (i, j), 1.0)
    below = np.arange(columns) * STEP_MM + low < height.min()
    count[:, below] += 0.5
    count = smooth(count, 3.0, 2.0, "constant")
    table = smooth(total, 3.0, 2.0, "constant") / np.maximum(count, 1e-9)
    # far above the rim nothing was seen: carry the last seen value on
    seen = count > 1e-4
    for k in range(1, columns):
        table[:, k] = np.where(seen[:, k], table[:, k], table[:, k - 1])
    table[:, below] = 0.0
    table = smooth(table, 2.5, 1.5, "nearest")
    return np.asarray(read(table, at_angle, at_height, low))


def _rim(angle: Array, height: Array) -> Array:
    """Height of the endocardium's upper edge as a + b cos + c sin of the angle."""
    bins = np.floor((angle % (2 * np.pi)) / (2 * np.pi) * 18).astype(int)
    top = np.array([height[bins == k].max() if (bins == k).any() else np.nan for k in range(18)])
    middle = (np.arange(18) + 0.5) / 18 * 2 * np.pi
    known = np.isfinite(top)
    design = np.stack([np.ones(18), np.cos(middle), np.sin(middle)], axis=1)
    return np.asarray(np.linalg.lstsq(design[known], top[known], rcond=None)[0])


def _descent(h: Array) -> tuple[Array, Array]:
    """Share of the base's descent at a relative height (0 apex, 1 base), and its slope: the wall's shortening there.

    Even from the apex almost to the base; the base moves as one; above it the atria are drawn out down to nothing.
    """
    grid = np.linspace(-2.0, 6.0, 1601)
    slope = np.interp(grid, [-2.0, 0.85, 1.1, 1.25, 1.4, 2.4, 3.2], [1.04, 1.04, 0.35, 0.0, -0.7, -0.7, 0.0])
    slope = gaussian_filter1d(slope, 0.06 / 0.005)
    table = np.cumsum(slope) * 0.005
    table -= np.interp(0.0, grid, table)
    scale = np.interp(1.0, grid, table)
    beyond = np.interp(h, grid, table / scale)
    return np.maximum(beyond, np.where(h > 1.0, 0.0, -10.0)), np.interp(h, grid, slope / scale) * (
        (beyond > 0.0) | (h < 1.0)
    )


def _left_weights(
    patches: Patches, angle: Array, height: Array, radius_sq: Array, endo_sq: Array
) -> tuple[Array, Array, Array]:
    """Smooth weights (n, left patches) that depend on angle and height only; mean r^2 and r_e^2 of each patch."""
    numbers = patches.number[patches.number < RIGHT_OFFSET]
    centres = np.empty((len(numbers), 2))
    centre_sq = np.empty(len(numbers))
    centre_endo = np.empty(len(numbers))
    for k, _ in enumerate(numbers):
        mine = patches.of_point == k
        if not mine.any():
            raise EngineError("a segment of the wall has no points", where=f"AHA {numbers[k]}")
        centres[k] = np.angle(np.exp(1j * angle[mine]).mean()), height[mine].mean()
        centre_sq[k] = radius_sq[mine].mean()
        centre_endo[k] = endo_sq[mine].mean()
    level = np.digitize(numbers, [7, 13, 17])
    middle = np.array([centres[level == v, 1].mean() if (level == v).any() else np.nan for v in range(4)])
    middle = middle[np.isfinite(middle)]
    spread = 0.42 * float(np.diff(np.sort(middle)).mean()) if len(middle) > 1 else 10.0
    z = np.clip(height, middle.min(), middle.max())
    weight = np.empty((len(angle), len(numbers)))
    for k, number in enumerate(numbers):
        exponent = -0.5 * ((z - middle[min(level[k], len(middle) - 1)]) / spread) ** 2
        if number != 17:
            turn = np.radians(26.0 if number <= 12 else 39.0)
            exponent = exponent - 0.5 * (_wrapped(angle - centres[k, 0]) / turn) ** 2
        weight[:, k] = np.exp(exponent)
    return weight / weight.sum(axis=1, keepdims=True), centre_sq, centre_endo
