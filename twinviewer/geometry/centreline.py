"""The line through the middle of a tube of voxels, and its cuts at right angles to that line.

The least-cost path (Dijkstra on voxels, skimage's MCP_Geometric) keeps away from the wall, as the cost of a step falls
with the distance from it; then each place moves to the middle of its own cross-section and a smoothing spline makes
the line even. Two rounds are enough: the middle of a cut depends little on the angle.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import interpolate, ndimage

from twinviewer.domain import Grid, MeshError
from twinviewer.geometry.cross_section import Section, Soft, box_of, section, soft

Array = NDArray[np.float64]
STEP_MM = 1.0
ROUNDS = 2
COARSEST_MM = 1.4
"""Paths are sought on voxels of at least about this edge."""


@dataclass(frozen=True, slots=True, eq=False)
class Centreline:
    """A smooth line in a tube. points_mm: (n, 3) LPS, STEP_MM apart; tangents: (n, 3) unit; along_mm: (n,) length from
    the start. tube: what it runs in; reach_mm: how far from the line the tube's wall may be."""

    points_mm: Array
    tangents: Array
    along_mm: Array
    tube: Soft
    reach_mm: float

    def cut(self, k: int) -> Section | None:
        """The cross-section at a place of the line, None where there is none."""
        return section([self.tube], self.points_mm[k], self.tangents[k], self.reach_mm)

    def cuts(self) -> list[Section | None]:
        """All cross-sections."""
        return [self.cut(k) for k in range(len(self.points_mm))]


def centreline(
    mask: NDArray[np.bool_], grid: Grid, start_mm: Array, end_mm: Array | None = None, smooth_mm: float = 0.7
) -> Centreline:
    """The line from the place of the mask nearest to start_mm (3,) to that nearest to end_mm, or to the farthest end.

    smooth_mm: how far the line may leave the middles of the cuts. Raises MeshError where the mask is empty or the tube
    is shorter than 5 mm.
    """
    path = _path(mask, grid, start_mm, end_mm)
    tube = soft(mask, grid)
    widest = 2.0 * float(ndimage.distance_transform_edt(mask[box_of(mask, 1)], grid.spacing_mm[::-1]).max())
    reach = 0.8 * widest + 4.0
    points = _even(path, 2.0)
    for turn in range(ROUNDS):
        tangents = _tangents(points)
        # the ends follow their neighbours: a cut there is half outside the tube
        cuts = [section([tube], p, t, reach, 1.0) for p, t in zip(points[1:-1], tangents[1:-1], strict=True)]
        middles = [
            p if cut is None or cut.cut_off or np.linalg.norm(cut.centre_mm - p) > 0.4 * widest else cut.centre_mm
            for p, cut in zip(points[1:-1], cuts, strict=True)
        ]
        ends = (2.0 * middles[0] - middles[1], 2.0 * middles[-1] - middles[-2])
        points = _even(np.stack([ends[0], *middles, ends[1]]), smooth_mm, STEP_MM if turn == ROUNDS - 1 else 2.0)
    step = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return Centreline(points, _tangents(points), np.concatenate([[0.0], np.cumsum(step)]), tube, reach)


def _path(mask: NDArray[np.bool_], grid: Grid, start_mm: Array, end_mm: Array | None) -> Array:
    """(n, 3) LPS places of the voxels on the way."""
    from skimage.graph import MCP_Geometric

    box = box_of(mask, 1)
    part = mask[box]
    if not part.any():
        raise MeshError("There is no vessel to follow")
    pool = tuple(int(max(1, round(COARSEST_MM / s))) for s in grid.spacing_mm[::-1])
    part = part[:: pool[0], :: pool[1], :: pool[2]]
    edge = np.array(grid.spacing_mm[::-1]) * pool
    deep = ndimage.distance_transform_edt(np.pad(part, 1), edge)[1:-1, 1:-1, 1:-1]
    cost = np.where(part, np.power(deep / deep.max() + 0.02, -3.0), np.inf)
    low = np.array([one.start for one in box])
    index = np.argwhere(part)
    places = grid.to_mm(((index * pool) + low)[:, ::-1].astype(np.float64))
    first = tuple(index[np.argmin(np.square(places - start_mm).sum(axis=1))])
    if end_mm is None:
        far, _ = MCP_Geometric(np.where(part, 1.0, np.inf), sampling=tuple(edge)).find_costs([first])
        far[~np.isfinite(far)] = -1.0
        # not in a corner of the last cut but in its middle
        last = np.argwhere(far > far.max() - 6.0)
        stop = tuple(last[np.argmax(deep[tuple(last.T)])])
    else:
        stop = tuple(index[np.argmin(np.square(places - end_mm).sum(axis=1))])
    finder = MCP_Geometric(cost, sampling=tuple(edge))
    reached, _ = finder.find_costs([first], [stop])
    if not np.isfinite(reached[stop]):
        raise MeshError("The vessel is in two pieces between the places given")
    way = np.array(finder.traceback(stop))
    found = grid.to_mm(((way * pool) + low)[:, ::-1].astype(np.float64))
    if len(found) < 4 or np.linalg.norm(np.diff(found, axis=0), axis=1).sum() < 5.0:
        raise MeshError("The vessel is too short to follow")
    return found


def _even(points: Array, smooth_mm: float, step_mm: float = 2.0) -> Array:
    """Points on a smoothing spline, step_mm apart."""
    away = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    keep = np.concatenate([[True], np.diff(away) > 1e-6])
    points, away = points[keep], away[keep]
    degree = min(3, len(points) - 1)
    weight = np.ones(len(points))
    weight[[0, -1]] = 5.0
    spline, _ = interpolate.splprep(points.T, u=away, w=weight, k=degree, s=len(points) * smooth_mm**2)
    fine = np.stack(interpolate.splev(np.linspace(0.0, away[-1], 8 * len(points)), spline), axis=1)
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(fine, axis=0), axis=1))])
    at = np.linspace(0.0, length[-1], max(int(round(length[-1] / step_mm)) + 1, 4))
    return np.stack([np.interp(at, length, fine[:, axis]) for axis in range(3)], axis=1)


def _tangents(points: Array) -> Array:
    slope = np.gradient(points, axis=0)
    return np.asarray(slope / np.linalg.norm(slope, axis=1, keepdims=True))
