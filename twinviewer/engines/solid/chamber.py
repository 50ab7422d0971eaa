"""The left ventricle as a shell of few quadratic elements on the patient's own surfaces.

Rays from the long axis, fanned out at the apex, meet the endocardium first and the wall's outer border last; nodes lie
between at even shares. What stands above the highest level at which all rays meet both is left out: base and valves.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator
from scipy.spatial import cKDTree

from twinviewer.domain import EngineError, OrganMesh, enclosed_volume_ml
from twinviewer.geometry.surfaces import boundary_triangles
from twinviewer.physics.solid.element import Faces, QuadraticMesh, boundary
from twinviewer.physics.solid.rays import crossings
from twinviewer.physics.solid.shell import shell
from twinviewer.physics.solid.wall import in_mm

Array = NDArray[np.float64]
COUNTS = (2, 10, 16)
"""Cubes through the wall, from apex to base, round: 1824 elements, 10 000 unknowns."""
FAN_SHARE, FAN_AT = 0.5, 0.45
"""Share of the height that the fan at the apex takes, and where its centre lies on the axis, 0 apex … 1 mitral."""
LEVELS, TURNS = 48, 64
LEAST_WALL_MM = 3.0
HIGHEST, LOWEST = 0.98, 0.70
"""Where the shell may end, of the way from apex to mitral plane."""


@dataclass(frozen=True, slots=True, eq=False)
class Chamber:
    """mesh in a frame of its own, z along the axis towards the base: local = (mm - origin_mm) @ axes.T.

    place (n, 3): depth, height, turn of its points. fibre (m, q, 3) at end-diastole, in that frame; segment (m, q) AHA
    numbers. inside, right, outside, top: faces towards the left cavity, the right cavity, the pericardium and the base
    that is left out; base (n,) points of that rim. shut: (k, 3) triangles of the endocardium and of a fan that closes
    it round one more point, n.
    """

    mesh: QuadraticMesh
    place: Array
    origin_mm: Array
    axes: Array
    fibre: Array
    segment: NDArray[np.int64]
    inside: Faces
    right: Faces
    outside: Faces
    top: Faces
    base: NDArray[np.bool_]
    shut: NDArray[np.int32]

    def cavity_ml(self, x_mm: Array) -> float:
        """Volume of the cavity below the rim at positions (n, 3)."""
        rim = self.base & (self.place[:, 0] == 0.0)
        return abs(enclosed_volume_ml(np.vstack([x_mm, x_mm[rim].mean(axis=0)]), self.shut))

    def named(self, point_mm: Array) -> str:
        """A place (3,) of the own frame for people: AHA segment and LPS mm."""
        middle = self.mesh.points_mm[self.mesh.tets[:, :4]].mean(axis=1)
        nearest = int(np.argmin(np.linalg.norm(middle - point_mm, axis=1)))
        return f"AHA {int(np.bincount(self.segment[nearest]).argmax())}, {in_mm(self.origin_mm + point_mm @ self.axes)}"


def chamber(mesh: OrganMesh, counts: tuple[int, int, int] = COUNTS) -> Chamber:
    """The left ventricle of a heart. EngineError where rays do not meet its wall."""
    apex, base = mesh.landmarks["lv_apex_endo"], mesh.landmarks["mitral_centre"]
    length = float(np.linalg.norm(base - apex))
    up = (base - apex) / length
    side = np.cross(up, [0.0, 1.0, 0.0])
    side /= np.linalg.norm(side)
    axes = np.stack([side, np.cross(up, side), up])
    points = (mesh.points_mm[: mesh.wall_points] - apex) @ axes.T
    left = np.asarray(mesh.cell_fields["chamber"]) == 1
    inner, outer = _borders(points, mesh.tets[left], length)
    placed = _Placed(inner, outer, length)
    built, place = shell(counts, placed)
    at = built.at_quadrature(built.points_mm[built.tets])
    tree = cKDTree(points[mesh.tets[left]].mean(axis=1))
    nearest = tree.query(at.reshape(-1, 3))[1].reshape(at.shape[:2])
    fibre = np.asarray(mesh.cell_fields["fibre"], np.float64)[left][nearest] @ axes.T
    segments = np.asarray(mesh.point_fields["aha_segment"])[: mesh.wall_points]
    owned = np.flatnonzero(segments > 0)
    segment = segments[owned[cKDTree(points[owned]).query(at.reshape(-1, 3))[1]]].reshape(at.shape[:2])
    faces = boundary(built)
    depth, height = place[faces.nodes, 0], place[faces.nodes, 1]
    inside, out = (depth == 0.0).all(axis=1), (depth == 1.0).all(axis=1)
    towards_right = _beside_right(mesh, points, built.points_mm[faces.nodes[:, 3:]].mean(axis=1)) & out
    rim = place[:, 1] == 1.0
    return Chamber(
        built, place, np.asarray(apex, np.float64), axes, fibre, segment.astype(np.int64), faces.part(inside),
        faces.part(towards_right), faces.part(out & ~towards_right),
        faces.part((height == 1.0).all(axis=1)), rim, _shut(faces.part(inside), rim, place),
    )  # fmt: skip


class _Placed:
    """depth, height, turn -> mm in the chamber's frame."""

    def __init__(self, inner: Array, outer: Array, length: float) -> None:
        self.length, self.top = length, float(inner[-1, 0, 0])
        levels, turns = np.linspace(0.0, 1.0, LEVELS + 1), np.linspace(0.0, 1.0, TURNS + 1)
        stacked = np.stack([inner[:, :, 1], outer[:, :, 1]], axis=-1)
        self._distance = RegularGridInterpolator((levels, turns), np.concatenate([stacked, stacked[:, :1]], axis=1))

    def __call__(self, depth: Array, height: Array, turn: Array) -> Array:
        near, far = np.moveaxis(self._distance(np.stack([height, turn % 1.0], axis=-1)), -1, 0)
        origin, way = rays(height, turn, self.length, self.top)
        return origin + (near + depth * (far - near))[..., None] * way


def rays(height: Array, turn: Array, length_mm: float, top_mm: float) -> tuple[Array, Array]:
    """Origins and directions (..., 3): a fan from the axis below, then level rays up to ``top_mm``."""
    centre = FAN_AT * length_mm
    angle = 0.5 * np.pi * np.minimum(height / FAN_SHARE, 1.0)
    v = 2.0 * np.pi * turn
    way = np.stack([np.sin(angle) * np.cos(v), np.sin(angle) * np.sin(v), -np.cos(angle)], axis=-1)
    rise = np.maximum(height - FAN_SHARE, 0.0) / (1.0 - FAN_SHARE) * (top_mm - centre)
    origin = np.zeros_like(way)
    origin[..., 2] = centre + rise
    return origin, way


def _borders(points: Array, tets: NDArray[np.integer], length: float) -> tuple[Array, Array]:
    """(levels, turns, 2) for the inner and the outer border: the shell's top in mm, and the distance along each ray."""
    corners = np.ascontiguousarray(points[boundary_triangles(tets)])
    height, turn = np.meshgrid(
        np.linspace(0.0, 1.0, LEVELS + 1), np.linspace(0.0, 1.0, TURNS, endpoint=False), indexing="ij"
    )
    for top in np.arange(HIGHEST, LOWEST - 1e-9, -0.02) * length:
        level = height >= 0.999
        found = np.empty((*height.shape, 2))
        origin, way = rays(height[level], turn[level], length, float(top))
        rim = crossings(origin, way, corners)
        if not (rim[:, 1] - rim[:, 0] > LEAST_WALL_MM).all():
            continue
        origin, way = rays(height, turn, length, float(top))
        found = crossings(origin.reshape(-1, 3), way.reshape(-1, 3), corners).reshape(*height.shape, 2)
        if (found[..., 1] - found[..., 0] > 0.5 * LEAST_WALL_MM).all():
            found = _evened(found)
            tops = np.full(height.shape, float(top))
            return np.stack([tops, found[..., 0]], axis=-1), np.stack([tops, found[..., 1]], axis=-1)
    raise EngineError(
        "The left ventricle's wall is not closed round its axis", where="below the mitral valve",
        remedy="Check the segmentation of the left ventricle",
    )  # fmt: skip


def _evened(found: Array) -> Array:
    """Distances with the steps of segmentation taken out; the apex stays one point."""
    out = found.copy()
    for _ in range(3):
        round_ = 0.25 * np.roll(out, 1, axis=1) + 0.5 * out + 0.25 * np.roll(out, -1, axis=1)
        out = round_.copy()
        out[1:-1] = 0.25 * round_[:-2] + 0.5 * round_[1:-1] + 0.25 * round_[2:]
        out[0] = out[0].mean(axis=0)
    return out


def _beside_right(mesh: OrganMesh, points: Array, at: Array) -> NDArray[np.bool_]:
    """Which places (k, 3) of the outer border face the right cavity: the border nearest to them does."""
    surface = {name: np.unique(mesh.surfaces[name]) for name in ("rv_endocardium", "epicardium")}
    distance = {name: cKDTree(points[rows]).query(at)[0] for name, rows in surface.items()}
    return np.asarray(distance["rv_endocardium"] < distance["epicardium"])


def _shut(inside: Faces, rim: NDArray[np.bool_], place: Array) -> NDArray[np.int32]:
    """Triangles of the endocardium (six nodes as four) and of a fan over the rim round an added last point."""
    a, b, c, d, e, f = inside.nodes.T
    small = np.concatenate([np.stack(t, axis=1) for t in ((a, d, f), (d, b, e), (f, e, c), (d, e, f))])
    ring = np.flatnonzero(rim & (place[:, 0] == 0.0))
    ring = ring[np.argsort(place[ring, 2])]
    middle = np.full(len(ring), len(place))
    fan = np.stack([ring, np.roll(ring, -1), middle], axis=1)
    edges = {tuple(pair) for tri in small for pair in zip(tri, np.roll(tri, -1), strict=True)}
    if (ring[0], ring[1]) in edges:  # neighbours run along a shared edge in opposite ways
        fan = fan[:, [1, 0, 2]]
    return np.concatenate([small, fan]).astype(np.int32)
