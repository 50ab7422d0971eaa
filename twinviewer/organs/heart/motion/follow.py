"""One wall bent onto the borders of each phase: smooth modes, nearly incompressible, led by the registration.

Minimised, for each phase: mean w d^2 over points of the wall's faces, d by how much a point's distance from its border
has changed; plus mean |x - x0|^2 * lead, x0 where the registration takes a point; plus the wall's strain and change of
volume (template/strain.py). Across the wall the borders decide. Along it nothing but the registration, the valve plane
and the muscle's own stiffness does, as in any image of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve

from twinviewer.domain import OrganMesh, Reporter, silent
from twinviewer.geometry.quality import six_volumes
from twinviewer.geometry.surfaces import area_vectors
from twinviewer.organs.heart.motion.borders import Border
from twinviewer.organs.heart.motion.modes import Modes
from twinviewer.organs.heart.motion.registration import Displacement
from twinviewer.organs.heart.template.strain import WallStrain

Array = NDArray[np.float64]
Index = NDArray[np.int64]

STIFFNESS, VOLUME, ROUGHNESS, LEAD = 5.0, 80.0, 1.2e-3, 0.005
"""mm2 per unit of strain, of change of volume, of a mode, and per mm2 off the registration."""
ROUNDS, STILL_MM = 6, 0.03
HUBER_MM = 2.0
FACE_POINTS = 1500
LEAD_POINTS = 1500
ELEMENTS = 1000
WEIGHT: Mapping[str, float] = {"lv": 1.0, "rv": 0.7, "epi": 0.5, "base": 0.3}
SIDE: Mapping[str, str] = {"lv": "left", "rv": "right", "epi": "heart", "base": "heart"}
"""Which border (borders.SOLIDS) each face follows. Valve planes do not lead: labels draw them by a millimetre or two
here or there from phase to phase, while the muscle's own edge at the base is seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Triangles (k, 3) into the mesh's points, by name as in WEIGHT."""

    triangles: Mapping[str, NDArray[np.integer]]

    @classmethod
    def of(cls, mesh: OrganMesh) -> "Faces":
        """Faces of a mesh as organs/heart/build.py makes it."""
        s = mesh.surfaces
        top = len(mesh.points_mm)

        def key(triangles: NDArray[np.integer]) -> NDArray[np.int64]:
            t = np.sort(triangles.astype(np.int64), axis=1)
            return (t[:, 0] * top + t[:, 1]) * top + t[:, 2]

        known = np.concatenate([key(s[name]) for name in ("lv_endocardium", "rv_endocardium", "epicardium")])
        out = {
            "lv": s["lv_endocardium"],
            "rv": s["rv_endocardium"],
            "epi": s["epicardium"],
            "base": s["myocardium"][~np.isin(key(s["myocardium"]), known)],
        }
        return cls({name: t for name, t in out.items() if len(t)})


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """Places on faces that follow borders, fixed to the wall. basis: (s, k) of the modes there; rest_mm: (s, 3);
    weight: (s,), adding up to those of WEIGHT; solid: (s,) number of the border in ``names``; offset_mm: (s,) distance
    from it at rest."""

    basis: Array
    rest_mm: Array
    weight: Array
    solid: NDArray[np.intp]
    names: tuple[str, ...]
    offset_mm: Array

    @classmethod
    def on(cls, mesh: OrganMesh, faces: Faces, modes: Modes, borders: Mapping[str, Border]) -> "Probes":
        """Middles of triangles, spread evenly over each face."""
        names = tuple(borders)
        basis, rest, weight, solid = [], [], [], []
        for name, triangles in faces.triangles.items():
            if SIDE[name] not in borders:
                continue
            area = np.linalg.norm(area_vectors(mesh.points_mm, triangles), axis=1)
            share = np.cumsum(area) / area.sum()
            count = min(FACE_POINTS, len(triangles))
            chosen = np.unique(np.searchsorted(share, (np.arange(count) + 0.5) / count))
            basis.append(modes.values[triangles[chosen]].mean(axis=1))
            rest.append(mesh.points_mm[triangles[chosen]].mean(axis=1))
            weight.append(np.full(len(chosen), WEIGHT[name] / len(chosen)))
            solid.append(np.full(len(chosen), names.index(SIDE[name])))
        at, which = np.concatenate(rest), np.concatenate(solid)
        offset = _distance(at, which, names, borders)[0]
        return cls(np.concatenate(basis), at, np.concatenate(weight), which, names, offset)

    def distance(self, points_mm: Array, borders: Mapping[str, Border]) -> tuple[Array, Array]:
        """(s,) distance of places (s, 3) from their borders, and (s, 3) its gradient."""
        return _distance(points_mm, self.solid, self.names, borders)


def _distance(
    points_mm: Array, solid: NDArray[np.intp], names: Sequence[str], borders: Mapping[str, Border]
) -> tuple[Array, Array]:
    distance, slope = np.zeros(len(points_mm)), np.zeros((len(points_mm), 3))
    for number, name in enumerate(names):
        own = solid == number
        if own.any():
            distance[own], slope[own] = borders[name].slope(points_mm[own])
    return distance, slope


class Follower:
    """A wall at rest, its modes, and what holds it together."""

    def __init__(self, mesh: OrganMesh, modes: Modes, borders: Mapping[str, Border]) -> None:
        wall = mesh.wall_points
        self.mesh, self.modes = mesh, modes
        self.rest = mesh.points_mm[:wall].astype(np.float64)
        self.probes = Probes.on(mesh, Faces.of(mesh), modes, borders)
        volume = six_volumes(self.rest, mesh.tets)
        chosen = _spread(volume, ELEMENTS)
        corner = self.rest[mesh.tets[chosen]]
        inverse = np.linalg.inv(corner[:, 1:] - corner[:, :1])
        on = modes.values[mesh.tets[chosen]]
        slope = np.einsum("sac,sck->ska", inverse, on[:, 1:] - on[:, :1])
        self.strain = WallStrain(slope, np.full(len(chosen), 1.0 / len(chosen)))
        self.led = np.unique(mesh.tets[_spread(volume, LEAD_POINTS), 0]).astype(np.int64)
        basis = modes.values[self.led]
        self._gram = basis.T @ basis / len(basis)

    def begin(self, lead: Displacement) -> Array:
        """(k, 3) coefficients of the registration itself, as near as the modes come."""
        wanted = lead.at(self.rest[self.led])
        basis = self.modes.values[self.led]
        held = self._gram + np.diag(1e-4 * ROUGHNESS * self.modes.roughness + 1e-9)
        return np.asarray(solve(held, basis.T @ wanted / len(basis), assume_a="pos"))

    def fit(self, borders: Mapping[str, Border], lead: Displacement, start: Array, report: Reporter = silent) -> Array:
        """(k, 3) coefficients for one phase. report(share, text) is called between steps."""
        probes, k = self.probes, len(start)
        basis = self.modes.values[self.led]
        towards = basis.T @ lead.at(self.rest[self.led]) / len(basis)  # (k, 3)
        now = start
        for turn in range(ROUNDS):
            report(turn / ROUNDS, "")
            place = probes.rest_mm + probes.basis @ now
            distance, slope = probes.distance(place, borders)
            off = distance - probes.offset_mm
            weight = probes.weight / np.maximum(1.0, np.abs(off) / HUBER_MM)
            rows = (probes.basis[:, :, None] * slope[:, None, :]).reshape(len(off), 3 * k)
            wanted = rows @ now.ravel() - off
            heavy = (rows * np.sqrt(weight)[:, None]).astype(np.float32)
            left = (heavy.T @ heavy).astype(np.float64)
            right = rows.T @ (weight * wanted)
            bent, force = self.strain.form(now, STIFFNESS, VOLUME)
            left += bent
            right += force
            # the same for each axis: a Kronecker product with the identity
            left.reshape(k, 3, k, 3)[:, [0, 1, 2], :, [0, 1, 2]] += LEAD * self._gram
            right += LEAD * towards.ravel()
            left[np.diag_indices_from(left)] += np.repeat(ROUGHNESS * self.modes.roughness, 3) + 1e-6
            try:
                found = solve(left, right, assume_a="pos").reshape(k, 3)
            except (np.linalg.LinAlgError, ValueError):  # a wall so near to folding that rounding decides: it stays
                break
            moved = float(np.sqrt(np.square(probes.basis @ (found - now)).sum(axis=1).mean()))
            now = found
            if moved < STILL_MM:
                break
        return now

    def points(self, coefficients: Array) -> Array:
        """(n, 3) of the wall."""
        return np.asarray(self.rest + self.modes.values @ coefficients)


def _spread(volume: Array, count: int) -> Index:
    """Elements spread over the wall in proportion to volume; the same ones every time."""
    share = np.cumsum(volume)
    return np.unique(np.searchsorted(share / share[-1], (np.arange(count) + 0.5) / count)).astype(np.int64)


def smooth_in_time(coefficients: Sequence[Array], fraction: Array, reference: int, strength: float) -> list[Array]:
    """Coefficients (t of (k, 3)) evened out round the beat; those of the reference, which are 0, stay.

    Penalised is the jump of velocity at each frame, (second difference)^2, relative to even frames.
    """
    count = len(coefficients)
    if count < 5 or strength <= 0.0:
        return list(coefficients)
    jump = np.zeros((count, count))
    for i in range(count):
        before, after = (i - 1) % count, (i + 1) % count
        a = (fraction[i] - fraction[before]) % 1.0 * count
        b = (fraction[after] - fraction[i]) % 1.0 * count
        jump[i, before] += 2.0 / (a * (a + b))
        jump[i, after] += 2.0 / (b * (a + b))
        jump[i, i] -= 2.0 / (a * b)
    held = np.eye(count) + strength * jump.T @ jump
    held[reference, reference] += 1e6
    flat = np.stack([c.ravel() for c in coefficients])
    flat[reference] = 0.0
    out = np.linalg.solve(held, flat)
    return [row.reshape(coefficients[0].shape) for row in out]
