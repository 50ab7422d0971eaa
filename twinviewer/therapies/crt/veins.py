"""Where a coronary vein typically runs on this left ventricle, and where the electrodes of a lead in it lie.

Veins are not in the segmentation, so this is a typical course on the patient's own wall, not the patient's own vein.
The anterior interventricular vein follows the anterior groove and the middle cardiac vein the posterior one; both
grooves are where the free right wall meets the left, found on the mesh at every height. The three tributaries between
are assumed to divide the free wall evenly. Names and thirds of the length as leads are classified on venograms: Singh
et al., Circulation 123:1159 (2011); Dong et al., Europace 14:1139 (2012).

Electrodes of a quadripolar lead: rings 20, 30 and 47 mm behind the tip (as of the Quartet lead;
from memory, not verified). The tip points to the apex, as a lead comes from the coronary sinus at the base.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh, TherapyError

SHARES = {"anterior": 0.0, "anterolateral": 0.25, "lateral": 0.5, "posterolateral": 0.75, "posterior": 1.0}
"""Vein -> its place between the anterior (0) and the posterior groove (1)."""
LEVELS = {"basal": 5 / 6, "mid": 1 / 2, "apical": 1 / 6}
"""Middle of each third of the ventricle, 0 apex to 1 base."""
BEHIND_TIP_MM = {"D1": 0.0, "M2": 20.0, "M3": 30.0, "P4": 47.0}
NEEDED = frozenset({"aha_segment", "apicobasal", "rotational_rad", "epicardium"})

_BANDS = 10
_LEAST_SEPTUM_RAD = np.radians(60.0)
"""A level whose outer wall has no gap of this size is below the right ventricle's tip: it has no grooves."""
_INSET = 0.03
_STEP = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class FreeWall:
    """The outer surface of the left free wall, unrolled. nodes (n,) of the mesh; height (n,) 0 apex to 1 base; turn
    (n,) rad in 0 to 2 pi from the middle of the septum; points_mm (n, 3). anterior, posterior: (b,) rad at level.
    surface: (k, 2) height and turn, both in mm, to (k, 3) mm, NaN beyond the edge."""

    nodes: NDArray[np.int64]
    height: NDArray[np.float64]
    turn: NDArray[np.float64]
    points_mm: NDArray[np.float64]
    level: NDArray[np.float64]
    anterior: NDArray[np.float64]
    posterior: NDArray[np.float64]
    surface: Callable[[NDArray[np.float64]], NDArray[np.float64]]

    def turn_of(self, share: float, height: NDArray[np.float64]) -> NDArray[np.float64]:
        """(k,) angle of a share of the way from groove to groove, at heights."""
        front, back = np.interp(height, self.level, self.anterior), np.interp(height, self.level, self.posterior)
        return np.asarray(front + np.clip(share, _INSET, 1.0 - _INSET) * (back - front))

    def share_of(self, node: int) -> float:
        """The share at a point of it. TherapyError where the point is not on the free wall's outside."""
        at = np.flatnonzero(self.nodes == node)
        if not len(at):
            raise TherapyError(
                "A quadripolar lead lies in a vein, on the outside of the left free wall",
                where=f"point {node}",
                remedy="Choose a vein, or a site outside the septum",
            )
        height, turn = self.height[at], self.turn[at]
        front, back = np.interp(height, self.level, self.anterior), np.interp(height, self.level, self.posterior)
        return float(((turn - front) / (back - front))[0])

    def course(self, share: float, low: float) -> NDArray[np.float64]:
        """(k, 3) LPS mm from a height up to the base, along a share of the free wall."""
        height = np.arange(low, 1.0 + _STEP / 2, _STEP)
        found = self.surface(_unrolled(self.points_mm, self.height, height, self.turn_of(share, height)))
        bad = np.flatnonzero(~np.isfinite(found).all(axis=1))
        found = found[: bad[0]] if len(bad) and bad[0] > 0 else found[np.isfinite(found).all(axis=1)]
        return np.asarray(found, np.float64)

    def nearest(self, point_mm: NDArray[np.float64]) -> int:
        """The point of the mesh on it that is nearest."""
        return int(self.nodes[np.argmin(((self.points_mm - point_mm) ** 2).sum(axis=1))])


def _unrolled(
    points_mm: NDArray[np.float64],
    heights: NDArray[np.float64],
    height: NDArray[np.float64],
    turn: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(k, 2) heights and angles in mm of this ventricle: its length, and the way round at its middle."""
    top, foot = points_mm[heights > 0.9], points_mm[heights < 0.1]
    middle = points_mm[(heights > 0.4) & (heights < 0.6)]
    long_mm = float(np.linalg.norm(top.mean(axis=0) - foot.mean(axis=0)))
    round_mm = float(np.linalg.norm(middle - middle.mean(axis=0), axis=1).mean())
    return np.column_stack([height * long_mm, turn * round_mm])


@lru_cache(maxsize=1)
def free_wall(mesh: OrganMesh) -> FreeWall:
    """The left free wall of a mesh. TherapyError where it lacks what that is found by, or has no grooves."""
    from scipy.interpolate import LinearNDInterpolator

    missing = NEEDED - mesh.fields
    if missing:
        raise TherapyError("No vein can be placed on this mesh", where=f"missing {', '.join(sorted(missing))}")
    outer = np.unique(mesh.surfaces["epicardium"])
    nodes = outer[np.asarray(mesh.point_fields["aha_segment"])[outer] > 0].astype(np.int64)
    height = np.asarray(mesh.point_fields["apicobasal"], np.float64)[nodes]
    turn = np.mod(np.asarray(mesh.point_fields["rotational_rad"], np.float64)[nodes], 2.0 * np.pi)
    known = np.isfinite(height) & np.isfinite(turn)
    nodes, height, turn = nodes[known], height[known], turn[known]
    levels = []
    for low in np.arange(_BANDS) / _BANDS:
        own = np.sort(turn[(height >= low) & (height < low + 1.0 / _BANDS)])
        if len(own) > 5 and own[0] + 2.0 * np.pi - own[-1] > _LEAST_SEPTUM_RAD:
            levels.append((low + 0.5 / _BANDS, *np.quantile(own, (0.02, 0.98))))
    if not levels:
        raise TherapyError("This mesh has no grooves between its ventricles", where="coronary veins")
    level, anterior, posterior = np.array(levels).T
    points_mm = np.asarray(mesh.points_mm, np.float64)[nodes]
    surface = LinearNDInterpolator(_unrolled(points_mm, height, height, turn), points_mm)
    return FreeWall(nodes, height, turn, points_mm, level, anterior, posterior, surface)


def vein_site(mesh: OrganMesh, site: str) -> int:
    """The point of the mesh at a site like "posterolateral_mid". TherapyError as :func:`free_wall`."""
    vein, _, level = site.rpartition("_")
    wall = free_wall(mesh)
    return wall.nearest(_first(wall.course(SHARES[vein], LEVELS[level]), site))


def lead_nodes(mesh: OrganMesh, tip: int, vein: str, electrodes: tuple[str, ...]) -> tuple[int, ...]:
    """Points of the mesh under electrodes of a quadripolar lead whose tip lies at a point of the free wall's outside.

    vein: "" where the lead follows no named one. TherapyError for a tip in the septum or the right ventricle, and for
    an electrode that would lie above the ventricle, in the coronary sinus.
    """
    wall = free_wall(mesh)
    share = SHARES[vein] if vein else wall.share_of(tip)
    low = float(np.asarray(mesh.point_fields["apicobasal"])[tip])
    way = np.vstack([mesh.points_mm[tip], wall.course(share, low + _STEP)])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
    found = []
    for name in electrodes:
        behind_mm = BEHIND_TIP_MM[name]
        if behind_mm > along[-1] + 3.0:
            raise TherapyError(
                f"Electrode {name} would lie {behind_mm - along[-1]:.0f} mm above the ventricle, in the coronary sinus",
                where=f"{along[-1]:.0f} mm of vein above the tip",
                remedy="Place the tip nearer to the apex, or pace from an electrode nearer to the tip",
            )
        at = np.array([np.interp(behind_mm, along, way[:, k]) for k in range(3)])
        found.append(tip if behind_mm == 0.0 else wall.nearest(at))
    return tuple(found)


def _first(course: NDArray[np.float64], site: str) -> NDArray[np.float64]:
    if not len(course):
        raise TherapyError("This vein does not run on this mesh", where=site, remedy="Choose another")
    return np.asarray(course[0])
