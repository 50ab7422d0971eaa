"""A heart from typed numbers: the template scaled to them at end-diastole, and set moving.

End-diastole: the template is scaled evenly (or along and across its left axis, where a length was typed), and the left
endocardium is drawn along the wall's local thickness. That displacement is harmonic in the left wall: as typed at the
endocardium, nothing at the outer border, so that no layer passes another. Scale and thickening are found by Newton's
method on cavity volume and mean thickness. The right free wall is then moved towards or off the septum until its cavity
has its volume (physics/right_wall.py). The beat: typed_beat.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from twinviewer.domain import (
    CineContours,
    MeshError,
    OrganMesh,
    ParameterValue,
    Quantity,
    Reporter,
    enclosed_volume_ml,
    part,
    silent,
)
from twinviewer.geometry.laplace import Elements
from twinviewer.geometry.quality import six_volumes
from twinviewer.geometry.surfaces import vertex_normals
from twinviewer.organs.heart.coordinates import LongAxis
from twinviewer.organs.heart.landmarks import axis_and_apex
from twinviewer.organs.heart.measure import wall_thickness_mm
from twinviewer.organs.heart.template.fit import Fitted
from twinviewer.organs.heart.template.mend import mend, unfold
from twinviewer.organs.heart.template.model import model
from twinviewer.organs.heart.template.shape import Template, template
from twinviewer.organs.heart.template.typed_beat import beat
from twinviewer.organs.heart.template.typed_numbers import TypedHeart, quantities, typed_heart
from twinviewer.physics.heart_model import patches_of
from twinviewer.physics.kinematics import motion_field

Array = NDArray[np.float64]

MADE_BY = "typed numbers"
"""How the label_uid of such a mesh begins: by it every room knows that no image was used."""
NO_IMAGE = "Scaled from typed numbers, not from images: no image was used"
ASSUMED = (
    "Its shape is that of a generic heart; long-axis shortening and the course of volume over the beat are those of "
    "healthy adults in proportion to the ejection fraction"
)
SEGMENTS = tuple(range(1, 17))
_LOCAL_MM = (4.0, 14.0)
_SMOOTHINGS = 10
_TOLERANCE, _ROUNDS = 1e-3, 15
_LEAST_WALL = 0.15


def heart_from_numbers(
    values: Mapping[str, ParameterValue], report: Reporter = silent
) -> tuple[OrganMesh, Mapping[str, Quantity]]:
    """The moving model and what it was scaled to, by names of docs/metrics.md.

    values: numbers by name of ``NUMBERS``, only what was typed; the rest is completed. LPS mm, in the generic heart's
    own place. Raises MeshError for numbers out of bounds, or that no heart of this shape has together.
    """
    heart = typed_heart(values)
    report(0.0, "Scaling the template")
    scaled = _scaled(heart)
    report(0.1, "Laying fibres")
    still = _right_sized(_mesh(scaled, part(report, 0.1, 0.3)), heart)
    fitted = replace(scaled, positions_mm=still.points_mm[None, : still.wall_points])
    still = _mesh(fitted, part(report, 0.3, 0.55))
    mesh = beat(still, heart, part(report, 0.55, 1.0))
    left = six_volumes(still.points_mm, still.tets[still.cell_fields["chamber"] == 1])
    _, length = _axis(template(), still.points_mm[: still.wall_points])
    mesh = replace(mesh, label_uid=f"{MADE_BY}: {_said(heart)}", notes=(NO_IMAGE, ASSUMED))
    return mesh, quantities(heart, float(left.sum()) / 6000.0, length)


def _said(heart: TypedHeart) -> str:
    return f"EDV {heart.lv_edv_ml:g} mL, ESV {heart.lv_esv_ml:g} mL, wall {heart.wall_mm:g} mm"


@dataclass(frozen=True, slots=True, eq=False)
class _Thicker:
    """move_mm: (n, 3) displacement of the template that makes the left wall 1 thickness thinner at its endocardium."""

    move_mm: Array
    axis: LongAxis


@cache
def _thicker() -> _Thicker:
    """What does not change from one typed heart to the next."""
    shape = template()
    left, right = shape.tets[~shape.right], np.unique(shape.tets[shape.right])
    f, count = shape.faces, len(shape.points_mm)
    inner = np.unique(f.every[f.lv])
    outer = np.intersect1d(np.union1d(np.unique(f.every[f.epi | f.rv]), right), np.unique(left))
    outer = np.setdiff1d(outer, inner)
    fixed = np.concatenate([inner, outer])
    elements = Elements(shape.points_mm, left)
    depth = elements.laplace(fixed, np.concatenate([np.zeros(len(inner)), np.ones(len(outer))]))
    slope = np.linalg.norm(elements.to_points(elements.gradient(np.nan_to_num(depth, nan=1.0))), axis=1)
    local = np.clip(1.0 / np.maximum(slope, 1e-6), *_LOCAL_MM)
    # normals of the skin look out of the muscle, here into the cavity
    into = -vertex_normals(shape.points_mm, f.every) * local[:, None]
    into = _even(into, f.every[f.lv], count)
    move = np.zeros((count, 3))
    for k in range(3):
        found = elements.laplace(fixed, np.concatenate([into[inner, k], np.zeros(len(outer))]))
        move[:, k] = np.nan_to_num(found)
    axis, _ = _axis(shape, shape.points_mm)
    return _Thicker(move, axis)


def _even(values: Array, triangles: NDArray[np.integer], count: int) -> Array:
    """(n, 3) values on a surface, evened out along its edges."""
    edges = np.unique(np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1), axis=0)
    degree = np.bincount(edges.ravel(), minlength=count)
    on = degree > 0
    out = values.copy()
    for _ in range(_SMOOTHINGS):
        total = np.zeros_like(out)
        np.add.at(total, edges[:, 0], out[edges[:, 1]])
        np.add.at(total, edges[:, 1], out[edges[:, 0]])
        out[on] = 0.5 * (out[on] + total[on] / degree[on, None])
    return out


def _axis(shape: Template, points: Array) -> tuple[LongAxis, float]:
    """The left long axis, and its length in mm."""
    left = np.zeros(len(points), dtype=bool)
    left[shape.tets[~shape.right]] = True
    inner = shape.faces.every[shape.faces.rv]
    axis, _ = axis_and_apex(points, shape.faces, inner[left[inner].all(axis=1)])
    return axis, axis.length_mm


def _scaled(heart: TypedHeart) -> Fitted:
    """The template at end-diastole with the left cavity's volume, the wall's thickness and, where typed, the length."""
    shape, thicker = template(), _thicker()
    axis = thicker.axis
    along = np.outer(axis.up, axis.up)
    cavity = shape.faces.cavity(shape.faces.lv, shape.faces.lv_lid)
    groups = _Thickness(shape, axis)

    def at(across: float, thickness: float) -> tuple[Array, Array, Array]:
        lengthwise = across if heart.lv_length_mm is None else heart.lv_length_mm / axis.length_mm
        matrix = across * (np.eye(3) - along) + lengthwise * along
        placed = (shape.points_mm - axis.base_mm) @ matrix
        bent = (shape.points_mm + (1.0 - thickness) * thicker.move_mm - axis.base_mm) @ matrix
        return matrix, placed, unfold(bent, placed, shape.tets)

    def miss(x: Array) -> Array:
        _, _, wall = at(*np.exp(x))
        volume = enclosed_volume_ml(wall, cavity)
        return np.log(np.array([max(volume, 1.0) / heart.lv_edv_ml, groups.mean_mm(wall) / heart.wall_mm]))

    x = np.array([np.log(heart.lv_edv_ml / 128.0) / 3.0, 0.0])
    for _ in range(_ROUNDS):
        off = miss(x)
        if float(np.abs(off).max()) < _TOLERANCE:
            break
        slope = np.stack([(miss(x + step) - off) / 0.01 for step in 0.01 * np.eye(2)], axis=1)
        x = x - np.clip(np.linalg.solve(slope, off), -0.3, 0.3)
        x = np.clip(x, np.log([0.4, _LEAST_WALL]), np.log([2.2, 3.5]))
    else:
        raise MeshError(
            f"A left ventricle of {heart.lv_edv_ml:g} mL cannot have a wall of {heart.wall_mm:g} mm"
            + (f" and a length of {heart.lv_length_mm:g} mm" if heart.lv_length_mm else ""),
            remedy="Type other numbers",
        )
    matrix, placed, wall = at(*np.exp(x))
    wall = mend(wall, shape.tets, shape.faces.every)
    shift = -axis.base_mm @ matrix
    return Fitted(wall[None], np.zeros(1), placed, matrix, shift, np.zeros(1))


class _Thickness:
    """Mean thickness of segments 1 to 16 of a left wall, as organs/heart/measure.py takes it of a mesh."""

    def __init__(self, shape: Template, axis: LongAxis) -> None:
        from twinviewer.organs.heart.coordinates import aha_segments

        left = shape.tets[~shape.right]
        aha = aha_segments(axis, shape.points_mm)[left]
        self.tets = left[np.isin(aha, SEGMENTS).all(axis=1)]
        self.depth = shape.coordinates["transmural"]

    def mean_mm(self, points: Array) -> float:
        corner = points[self.tets]
        edge = corner[:, 1:] - corner[:, :1]
        volume = np.linalg.det(edge)
        sound = volume > 1e-6
        rise = self.depth[self.tets[sound]]
        slope = np.linalg.solve(edge[sound], (rise[:, 1:] - rise[:, :1])[:, :, None])[:, :, 0]
        return float(volume[sound].sum() / (np.linalg.norm(slope, axis=1) * volume[sound]).sum())


def _mesh(fitted: Fitted, report: Reporter) -> OrganMesh:
    """The static mesh of one shape, with fibres, segments, chambers and landmarks."""
    mesh = model(fitted, CineContours((), (), "", MADE_BY), report)
    return replace(mesh, motion_mm=None, motion_fraction=None)


def _right_sized(mesh: OrganMesh, heart: TypedHeart) -> OrganMesh:
    """The mesh with the right free wall moved until its cavity has the typed volume."""
    field = motion_field(mesh, patches_of(mesh))
    triangles = mesh.surfaces["rv_cavity"]
    rows = np.unique(triangles)
    zero = np.zeros(len(rows))

    def off(share: float) -> float:
        points = mesh.points_mm.copy()
        points[rows] = field.place(rows, zero, zero + share, 0.0, 0.0)
        return enclosed_volume_ml(points, triangles) - heart.rv_edv_ml

    try:
        share = float(brentq(off, -2.5, 0.75, xtol=1e-4))
    except ValueError as error:
        raise MeshError(
            f"A right ventricle of {heart.rv_edv_ml:g} mL does not go with a left one of {heart.lv_edv_ml:g} mL",
            remedy="Type other numbers",
        ) from error
    every = np.arange(len(mesh.points_mm))
    still = np.zeros(len(every))
    points = field.place(every, still, still + share, 0.0, 0.0)
    wall = points[: mesh.wall_points]
    wall[:] = unfold(wall, mesh.points_mm[: mesh.wall_points], mesh.tets)
    return replace(mesh, points_mm=points)


def mean_thickness_mm(mesh: OrganMesh) -> float:
    """Mean thickness of the left wall over segments 1 to 16, as measured on labels."""
    return wall_thickness_mm(mesh, SEGMENTS)
