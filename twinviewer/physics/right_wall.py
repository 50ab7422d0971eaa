"""How the right free wall moves over the left heart: what kinematics.py adds for the right ventricle, per point.

The cavity is cut into sectors of angle and height round the LV axis; a sector holds 1/2 w(a, z) da dz of blood, w =
r_free^2 - r_septum^2 where it is a simple crescent. The free wall gains s e(a, z) in r^2 with e = -f(z) times w, evened
out, and goes s q(a, z) further towards the apex than the septum; s is 0 in the left wall and 1 in the right free wall.
Where the free wall springs from the left wall, s jumps within the muscle: there e and q are held at 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.sparse import csr_array
from scipy.sparse.linalg import spsolve
from scipy.spatial import cKDTree

from twinviewer.domain import OrganMesh
from twinviewer.physics.heart_model import RIGHT_OFFSET, Patches
from twinviewer.physics.polar_table import ROWS, STEP_MM, Array, cells, read, smooth

Rows = NDArray[np.integer]

MOST_EMPTIED = 0.93
# Over which length e and q rise from the junction; how far below its edge a sector is still whole; fade into the atrium
SPREAD_MM, EDGE_MM, FADE_MM = 12.0, 10.0, 40.0
# The annulus narrows less than the cavity below it: share left at the edge, whole this far below
ANNULUS_SHARE, ANNULUS_MM = 0.55, 30.0
REACH_MM = 36.0


@dataclass(frozen=True, slots=True, eq=False)
class RightWall:
    """Per point (n,): empties s w mm^2, most: what e may not pass, descent s q and its slope 1/mm; weight (n, right
    patches) over height. ratio (right patches,): r^2 to sector width. length_mm: from apex to valves."""

    empties: Array
    most: Array
    descent: Array
    slope: Array
    weight: Array
    ratio: Array
    length_mm: float


def right_wall(mesh: OrganMesh, patches: Patches, local: Array, angle: Array, radius_sq: Array) -> RightWall:
    """local (n, 3): positions in the frame of the LV axis; angle, radius_sq (n,) of the same."""
    height = local[:, 2]
    inner = np.unique(mesh.surfaces["rv_endocardium"])
    share, joins = _share(mesh)
    low, width = _sectors(local[mesh.surfaces["rv_cavity"]])
    top = _upper_edge(angle[inner], height[inner])
    width = _carried_up(width, top, low)
    radius = float(np.sqrt(radius_sq[joins]).mean())
    held = np.zeros(width.shape, dtype=bool)
    held[cells(angle[joins], height[joins], low)] = True
    most = MOST_EMPTIED * smooth(width, 4.0, 7.0, "nearest")
    evened = smooth(_even(width, held, radius), 1.0, 1.5, "nearest") * _at_annulus(width.shape[1], top, low)
    bottom = float(np.percentile(height[inner], 1.0))
    sinks, slope = _descent(_even(np.ones_like(width), held, radius), top, bottom, low)

    fields = np.stack([read(table, angle, height, low) for table in (evened, most, sinks, slope)])
    fields *= share
    _smooth_off_wall(fields, mesh)
    weight, ratio = _weights(patches, height, radius_sq, fields[0])
    return RightWall(fields[0], fields[1], fields[2], fields[3], weight, ratio, float(np.median(top)) - bottom)


def _sectors(corner: Array) -> tuple[float, Array]:
    """Lowest height and w(a, z) of the cavity whose triangles' corners (k, 3, 3) are given."""
    normal = 0.5 * np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    low = float(corner[..., 2].min()) - 12.0
    columns = int((float(corner[..., 2].max()) + FADE_MM + 12.0 - low) / STEP_MM) + 2
    sector = np.zeros((ROWS, columns))
    # the flux of (x, y, 0) / 2 through each part of a triangle is its share of the enclosed volume, sector by sector
    parts = np.array([(i + d, j + d) for i in range(4) for j in range(4 - i) for d in (1 / 3, 2 / 3)])
    parts = parts[parts.sum(axis=1) < 4.0] / 4.0
    for u, v in parts:
        middle = corner[:, 0] * (1 - u - v) + corner[:, 1] * u + corner[:, 2] * v
        flux = (middle[:, 0] * normal[:, 0] + middle[:, 1] * normal[:, 1]) / 2.0 / len(parts)
        np.add.at(sector, cells(np.arctan2(middle[:, 1], middle[:, 0]), middle[:, 2], low), flux)
    width = smooth(sector * 2.0 / (2 * np.pi / ROWS * STEP_MM), 1.0, 1.5, "constant")
    return low, np.maximum(width, 0.0)


def _upper_edge(angle: Array, height: Array) -> Array:
    """(ROWS,) height of the endocardium's upper edge by angle; where there is none, that of its neighbours."""
    top = np.full(ROWS, -np.inf)
    np.maximum.at(top, cells(angle, height, 0.0)[0], height)
    where = np.flatnonzero(np.isfinite(top))
    near = np.r_[where - ROWS, where, where + ROWS]
    return np.asarray(gaussian_filter1d(np.interp(np.arange(ROWS), near, np.tile(top[where], 3)), 2.0, mode="wrap"))


def _carried_up(width: Array, top: Array, low: float) -> Array:
    """w with the last whole sector below the upper edge carried on upwards, fading over the atrium.

    At the edge a sector holds less and less blood, but the wall there goes with the wall below it.
    """
    columns = np.arange(width.shape[1])
    edge = np.clip(np.floor((top - EDGE_MM - low) / STEP_MM).astype(int), 0, len(columns) - 1)
    above = np.clip((low + columns * STEP_MM - top[:, None]) / FADE_MM, 0.0, 1.0)
    carried = width[np.arange(ROWS), edge][:, None] * 0.5 * (1.0 + np.cos(np.pi * above))
    return np.where(columns > edge[:, None], np.maximum(width, carried), width)


def _even(table: Array, held: NDArray[np.bool_], radius: float) -> Array:
    """The solution of x - SPREAD^2 lap x = table, with x = 0 in the ``held`` cells."""
    index = np.arange(table.size).reshape(table.shape)
    arc = 2 * np.pi / ROWS * radius
    neighbours = (
        (np.roll(index, 1, 0), arc),
        (np.roll(index, -1, 0), arc),
        (np.concatenate([index[:, :1], index[:, :-1]], axis=1), STEP_MM),
        (np.concatenate([index[:, 1:], index[:, -1:]], axis=1), STEP_MM),
    )
    diagonal = np.ones(table.size)
    value, row, column = [diagonal], [index.ravel()], [index.ravel()]
    for near, step in neighbours:
        factor = np.where(held, 0.0, (SPREAD_MM / step) ** 2).ravel()
        diagonal += factor
        value.append(-factor)
        row.append(index.ravel())
        column.append(near.ravel())
    entries = (np.concatenate(value), (np.concatenate(row), np.concatenate(column)))
    matrix = csr_array(entries, shape=(table.size, table.size))
    return np.asarray(spsolve(matrix.tocsc(), np.where(held, 0.0, table).ravel())).reshape(table.shape)


def _at_annulus(columns: int, top: Array, low: float) -> Array:
    """1 well below the upper edge, falling to ANNULUS_SHARE at it and above."""
    depth = np.clip((top[:, None] - low - np.arange(columns) * STEP_MM) / ANNULUS_MM, 0.0, 1.0)
    return np.asarray(ANNULUS_SHARE + (1.0 - ANNULUS_SHARE) * depth * depth * (3.0 - 2.0 * depth))


def _descent(reach: Array, top: Array, bottom: float, low: float) -> tuple[Array, Array]:
    """q(a, z): 0 at the apex and on the junction, 1 at the valves far from it, fading above; and its slope in z."""
    z = low + np.arange(reach.shape[1]) * STEP_MM
    rises = np.clip((z - bottom) / (top[:, None] - bottom), 0.0, 1.0)
    fades = 0.5 * (1.0 + np.cos(np.pi * np.clip((z - top[:, None]) / FADE_MM, 0.0, 1.0)))
    table = smooth(np.clip(reach, 0.0, 1.0) * rises * fades, 1.0, 2.0, "nearest")
    return table, np.asarray(np.gradient(table, STEP_MM, axis=1))


def _share(mesh: OrganMesh) -> tuple[Array, Rows]:
    """s of every point, off the wall that of the nearest wall, fading; and the points at the junction."""
    n = len(mesh.points_mm)
    share = (np.asarray(mesh.point_fields["rv_segment"]) > 0).astype(np.float64)
    edges = mesh.tets[:, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]].reshape(-1, 2)
    joins = np.unique(edges[share[edges[:, 0]] != share[edges[:, 1]]])
    source, target = np.concatenate([edges, edges[:, ::-1]]).T
    degree = np.bincount(target, minlength=n)
    for _ in range(2):
        mean = np.bincount(target, weights=share[source], minlength=n) / np.maximum(degree, 1)
        share = np.where(degree > 0, 0.5 * (share + mean), share)
    free = np.arange(n) >= mesh.wall_points
    if free.any():
        distance, near = cKDTree(mesh.points_mm[: mesh.wall_points]).query(mesh.points_mm[free], k=12)
        weight = 1.0 / (distance + 1.0) ** 2
        fade = np.exp(-((distance[:, 0] / REACH_MM) ** 2))
        share[free] = (weight * share[near]).sum(axis=1) / weight.sum(axis=1) * fade
    return share, joins


def _smooth_off_wall(fields: Array, mesh: OrganMesh, times: int = 12) -> None:
    """Even out (k, n) fields over atria, vessels and lids, in place: they need not keep a volume, but be smooth."""
    n = len(mesh.points_mm)
    triangles = np.concatenate(list(mesh.surfaces.values()))
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    edges = np.concatenate([edges, edges[:, ::-1]])
    edges = edges[edges[:, 1] >= mesh.wall_points]
    if not len(edges):
        return
    degree = np.bincount(edges[:, 1], minlength=n)
    rows = np.flatnonzero(degree)
    for _ in range(times):
        for field in fields:
            mean = np.bincount(edges[:, 1], weights=field[edges[:, 0]], minlength=n)[rows] / degree[rows]
            field[rows] = 0.5 * (field[rows] + mean)


def _weights(patches: Patches, height: Array, radius_sq: Array, width: Array) -> tuple[Array, Array]:
    """Weights (n, right patches) that depend on height only; ratio of r^2 to sector width of each patch."""
    first = int((patches.number < RIGHT_OFFSET).sum())
    count = len(patches.number) - first
    middle, ratio = np.empty(count), np.empty(count)
    for k in range(count):
        mine = patches.of_point == first + k
        middle[k] = height[mine].mean()
        ratio[k] = np.clip(radius_sq[mine].mean() / max(width[mine].mean(), 1.0), 0.5, 4.0)
    spread = 0.42 * float(np.abs(np.diff(np.sort(middle))).mean()) if count > 1 else 10.0
    z = np.clip(height, middle.min(), middle.max())
    weight = np.exp(-0.5 * ((z[:, None] - middle) / spread) ** 2)
    return weight / weight.sum(axis=1, keepdims=True), ratio
