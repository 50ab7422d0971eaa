"""One bend of the wall onto what was observed: least squares over the modes, with closest points found anew each step.

Minimised: mean w (n.(x - p))^2 over contour points p with the nearest fitting point x of the face and its normal n
(point-to-plane, Chen Y, Medioni G. Image Vis Comput 1992;10:145), plus anchors, plus the strain of the wall
(strain.py), plus a roughness that grows with the fourth power of a mode's wavenumber (the bending of a thin plate).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve
from scipy.spatial import cKDTree

from twinviewer.domain import SegmentationError
from twinviewer.geometry.surfaces import vertex_normals
from twinviewer.organs.heart.template.observations import STRUCTURES, Observations
from twinviewer.organs.heart.template.search import crossing
from twinviewer.organs.heart.template.shape import Template

Array = NDArray[np.float64]
Index = NDArray[np.int64]

NEAREST = 8
_FACING = 0.2
_HUBER_MM = 3.0
_UNIT_MM = 30.0
"""Coordinates in the basis and wavenumbers are counted in this length, about a cavity's radius."""
_BACK = 0.3
_WEIGHT = {"lv_endocardium": 1.0, "lv_epicardium": 1.0, "rv_endocardium": 0.7}


@dataclass(frozen=True, slots=True, eq=False)
class Anchor:
    """The mean of some points should lie at a place, along one direction or (direction None) in all three."""

    nodes: Index
    target_mm: Array
    direction: Array | None
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """Functions on the wall's points: 1, x, y, z and the modes. values: (n, k); roughness: (k,)."""

    values: Array
    roughness: Array

    @classmethod
    def of(cls, template: Template) -> "Basis":
        x = (template.points_mm - template.points_mm.mean(axis=0)) / _UNIT_MM
        values = np.concatenate([np.ones((len(x), 1)), x, template.modes], axis=1)
        rough = np.concatenate([np.zeros(4), (template.wavenumber * _UNIT_MM) ** 4])
        return cls(values, rough)


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """The points of each face that contours lie on, the skin that normals are taken from, and the right face of it."""

    nodes: dict[str, Index]
    skin: NDArray[np.int32]
    right: NDArray[np.int32]

    @classmethod
    def of(cls, template: Template) -> "Faces":
        every = template.faces.every
        return cls({name: template.nodes(name) for name in STRUCTURES}, every, every[template.faces.rv])


def attach(points_mm: Array, faces: Faces, seen: Observations, reach_mm: float) -> tuple[Index, Array, Array, Array]:
    """For each contour point within reach: node (p,), normal (p, 3), distance along it (p,) in mm, weight (p,)."""
    normal = vertex_normals(points_mm, faces.skin)
    node, along, away, weight = [], [], [], []
    for name in STRUCTURES:
        target = seen.points_mm[name]
        if not len(target):
            continue
        ids = faces.nodes[name]
        distance, near = cKDTree(points_mm[ids]).query(target, k=NEAREST)
        near = ids[near]
        # normals of the skin look out of the muscle: into a cavity
        sign = 1.0 if name == "lv_epicardium" else -1.0
        agrees = sign * np.einsum("pka,pa->pk", normal[near], seen.outward[name]) > _FACING
        score = np.where(agrees, distance, np.inf)
        best = np.argmin(score, axis=1)
        row = np.arange(len(target))
        ok = score[row, best] < reach_mm
        chosen = near[row, best][ok]
        gap = np.einsum("pa,pa->p", target[ok] - points_mm[chosen], normal[chosen])
        node.append(chosen)
        along.append(normal[chosen])
        away.append(gap)
        weight.append(_WEIGHT[name] * seen.trust[name][ok] / np.maximum(1.0, np.abs(gap) / _HUBER_MM))
    back = _back(points_mm, faces, seen, reach_mm)
    if back is not None:
        for into, found in zip((node, along, away, weight), back, strict=True):
            into.append(found)  # type: ignore[attr-defined]
    if not node:
        return np.zeros(0, dtype=np.int64), np.zeros((0, 3)), np.zeros(0), np.zeros(0)
    return np.concatenate(node), np.concatenate(along), np.concatenate(away), np.concatenate(weight)


def _back(
    points_mm: Array, faces: Faces, seen: Observations, reach_mm: float
) -> tuple[Index, Array, Array, Array] | None:
    """As ``attach``, the other way round: where the right face crosses a short axis it is drawn to the contour there.

    Without it nothing calls a part of the template back that reaches beyond what the images show."""
    ids = faces.nodes["rv_endocardium"]
    tree = cKDTree(points_mm[ids])
    parts = []
    for plane, contour, trust in seen.rings:
        middle, _ = crossing(points_mm, faces.right, plane)
        if not len(middle):
            continue
        distance, near = cKDTree(contour).query(middle)
        off = (distance > 0.5) & (distance < 1.5 * reach_mm)
        towards = (contour[near[off]] - middle[off]) / distance[off, None]
        _, node = tree.query(middle[off])
        # middles of crossed triangles lie closer together than points on contours do
        size = _BACK * trust / np.maximum(1.0, distance[off] / _HUBER_MM)
        parts.append((ids[node], towards, distance[off], size))
    if not parts:
        return None
    return tuple(np.concatenate([one[k] for one in parts]) for k in range(4))  # type: ignore[return-value]


def step(
    basis: Basis,
    start_mm: Array,
    coefficients: Array,
    faces: Faces,
    seen: Observations,
    anchors: Sequence[Anchor],
    energy: tuple[Array, Array],
    roughness: float,
    reach_mm: float,
) -> tuple[Array, float]:
    """Better (k, 3) coefficients, and the root mean square distance in mm before the step.

    start_mm: (n, 3) positions to which the bend is added. energy: H and b of the strain (strain.py).
    """
    now = start_mm + basis.values @ coefficients
    node, normal, gap, weight = attach(now, faces, seen, reach_mm)
    rows = [(basis.values[node][:, :, None] * normal[:, None, :]).reshape(len(node), coefficients.size)]
    share = weight / max(float(weight.sum()), 1e-9)
    wanted, shares = [gap + rows[0] @ coefficients.ravel()], [share]
    for anchor in anchors:
        mean = basis.values[anchor.nodes].mean(axis=0)
        miss = anchor.target_mm - now[anchor.nodes].mean(axis=0)
        axes = np.eye(3) if anchor.direction is None else anchor.direction[None]
        block = (mean[None, :, None] * axes[:, None, :]).reshape(len(axes), -1)
        rows.append(block)
        wanted.append(axes @ miss + block @ coefficients.ravel())
        shares.append(np.full(len(axes), anchor.weight))
    a, r, w = np.concatenate(rows), np.concatenate(wanted), np.concatenate(shares)
    left, right = (a * w[:, None]).T @ a, (a * w[:, None]).T @ r
    left += energy[0]
    right += energy[1]
    left[np.diag_indices_from(left)] += np.repeat(roughness * basis.roughness, 3) + 1e-9
    found = _solved(left, right, coefficients.ravel()).reshape(coefficients.shape)
    return found, float(np.sqrt((share * gap**2).sum()))


def _solved(left: Array, right: Array, now: Array) -> Array:
    """Solution of a system that is positive definite but for the single precision of the strain's part; now: (n,) what
    is to be bettered."""
    try:
        found: Array = solve(left, right, assume_a="pos", check_finite=False)
    except np.linalg.LinAlgError:
        # a wall near to folding is so stiff that rounding outweighs the softest modes: those stay nearer to now
        held = 1e-5 * float(left.diagonal().max())
        try:
            found = solve(left + held * np.eye(len(left)), right + held * now, assume_a="pos", check_finite=False)
        except np.linalg.LinAlgError:
            found = np.full_like(right, np.nan)
    if not np.isfinite(found).all():
        raise SegmentationError(
            "The contours do not fit together to a heart: the model's wall would fold",
            remedy="Correct the contours by hand where they are dashed.",
        )
    return found
