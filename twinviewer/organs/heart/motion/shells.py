"""Atria and great vessels over the beat: carried by the registration, laid onto their borders, at their volumes."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, diags_array, eye_array
from scipy.sparse.linalg import splu

from twinviewer.domain import LabelMap, OrganMesh, Reporter, enclosed_volume_ml, silent
from twinviewer.geometry.attached import Attached
from twinviewer.geometry.quality import edge_list
from twinviewer.geometry.surfaces import area_mm2, vertex_normals
from twinviewer.organs.heart.motion.borders import border
from twinviewer.organs.heart.motion.phases import Phases
from twinviewer.organs.heart.motion.registration import Displacement
from twinviewer.segmentation.working_grid import WorkingGrid

Array = NDArray[np.float64]

STRUCTURES: Mapping[str, str] = {
    "la": "la_blood",
    "ra": "ra_blood",
    "aorta": "aorta",
    "pulmonary_artery": "pulmonary_artery",
}
ROUNDS = 3
FARTHEST_MM, SHIFT_MM = 3.0, 1.5
EVEN = 6.0  # steps of the edges' Laplacian by which moves are evened out: over some three edges


class Shell:
    """One closed surface on its own points."""

    def __init__(self, mesh: OrganMesh, surface: str, attached: Attached) -> None:
        self._hangs, self._reference = attached.shells.get(surface), attached.reference
        self.rows, local = np.unique(mesh.surfaces[surface], return_inverse=True)
        self.triangles = local.reshape(-1, 3)
        self.rest = mesh.points_mm[self.rows].astype(np.float64)
        edges = edge_list(self.triangles)
        both = np.concatenate([edges, edges[:, ::-1]])
        n = len(self.rows)
        joins = coo_array((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(n, n)).tocsc()
        degree = np.asarray(joins.sum(axis=1)).ravel()
        smooth = eye_array(n) + EVEN * (eye_array(n) - diags_array(1.0 / np.maximum(degree, 1.0)) @ joins)
        self._factors = splu(smooth.tocsc())
        self.volume_ml = enclosed_volume_ml(self.rest, self.triangles)

    def led(self, lead: Displacement, gone: Array) -> Array:
        """(n, 3) where the registration takes it, and with the wall where it hangs on that. gone: (n, 3) what the wall
        moves beyond the registration, on all points of the mesh."""
        own = np.zeros_like(self.rest)
        if self._hangs is not None:
            points = self._reference + gone
            self._hangs.follow(points, self._reference)
            own = points[self.rows] - self.rest
        return np.asarray(self.rest + self.even(lead.at(self.rest)) + own)

    def even(self, moves: Array) -> Array:
        """(n, 3) moves without what changes from point to point."""
        return np.asarray(self._factors.solve(moves))

    def filled(self, points_mm: Array, wanted_ml: float) -> Array:
        """At a volume, by a shift along the normals, the same all over and at most SHIFT_MM."""
        points, left = points_mm, SHIFT_MM
        for _ in range(3):
            lack = 1000.0 * (wanted_ml - enclosed_volume_ml(points, self.triangles))
            far = float(np.clip(lack / area_mm2(points, self.triangles), -left, left))
            left -= abs(far)
            points = points + far * vertex_normals(points, self.triangles)
        return points


def carry_shells(
    mesh: OrganMesh,
    labels: LabelMap,
    phases: Phases,
    leads: Sequence[Displacement],
    work: WorkingGrid,
    motion_mm: Array,
    attached: Attached,
    report: Reporter = silent,
) -> None:
    """Put the shells' positions into motion_mm (t, n, 3), in place; the wall's, and those of the
    reference, are there already."""
    own = {s: n for s, n in STRUCTURES.items() if s in mesh.surfaces and len(mesh.surfaces[s])}
    reference, wall = phases.reference, mesh.wall_points
    beyond = []
    for k, lead in enumerate(leads):
        gone = np.zeros_like(attached.reference)
        gone[:wall] = motion_mm[k, :wall] - attached.reference[:wall] - lead.at(attached.reference[:wall])
        beyond.append(gone)
    for done, (surface, name) in enumerate(own.items()):
        shell = Shell(mesh, surface, attached)
        first = border(labels, int(phases.number[reference]), (name,), work)
        offset = first.at(shell.rest) if first is not None else None
        known_ml = labels.volume_ml(name, int(phases.number[reference]))
        for k, number in enumerate(phases.number):
            report((done + k / len(phases)) / len(own), "Moving atria and great vessels")
            if k == reference:
                continue
            points = shell.led(leads[k], beyond[k])
            now = border(labels, int(number), (name,), work)
            if now is not None and offset is not None:
                for _ in range(ROUNDS):
                    distance, slope = now.slope(points)
                    slope /= np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 0.3)
                    off = np.clip(distance - offset, -FARTHEST_MM, FARTHEST_MM)
                    points = points + shell.even(-off[:, None] * slope)
                if known_ml > 0.0:
                    ratio = labels.volume_ml(name, int(number)) / known_ml
                    points = shell.filled(points, shell.volume_ml * ratio)
            motion_mm[k, shell.rows] = points
