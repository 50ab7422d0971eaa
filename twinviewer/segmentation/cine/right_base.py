"""The right ventricle's base from points at both valves: a plane in every phase, by which cavities are cut."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineContours, CineStack
from twinviewer.segmentation.cine.tracks import tracks

_LEAST_OFF_MM = 8.0
"""A wall end farther than this to the outflow's side of the tricuspid line says how the base lies across it."""
_SHRINK_MM = 20.0
_MOST_SLOPE = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class RightBase:
    """A plane by phase. fraction: (t,) of the beat; place, normal: (t, 3) LPS mm, the normal into the ventricle."""

    fraction: NDArray[np.float64]
    place: NDArray[np.float64]
    normal: NDArray[np.float64]

    def depth_of(self, points_mm: NDArray[np.float64], phase: int) -> NDArray[np.float64]:
        """(n,) mm by which points (n, 3) LPS lie on the ventricle's side at one of ``fraction``."""
        out: NDArray[np.float64] = (points_mm - self.place[phase]) @ self.normal[phase]
        return out

    def at(self, fraction: float) -> int:
        """The phase nearest to a place in the beat."""
        away = np.abs(self.fraction - fraction)
        return int(np.argmin(np.minimum(away, 1.0 - away)))


def right_base(
    contours: CineContours, stack: CineStack, apexward: NDArray[np.float64], fraction: NDArray[np.float64]
) -> RightBase | None:
    """The plane through both tricuspid ends and, across them, towards the wall ends at the left outflow.

    The points and the shifts of ``contours`` are used. apexward: (3,) LPS unit vector along the stack; fraction: (t,)
    phases of the result. None without both ends in some plane. The outflow tract itself is seldom seen: the pulmonary
    ring stands over the anterior end of the septum.
    """
    septal, lateral = (tracks(contours, stack, "tricuspid", side, fraction) for side in (-1, 1))
    if not septal or not lateral:
        return None
    start = np.mean([place for place, _ in septal], axis=0)
    stop = np.mean([place for place, _ in lateral], axis=0)
    ends = [end for side in (-1, 1) for end in tracks(contours, stack, "mitral", side, fraction)]
    normal = np.zeros((len(fraction), 3))
    for t in range(len(fraction)):
        line = stop[t] - start[t]
        along = line - (line @ apexward) * apexward
        length = max(float(np.linalg.norm(along)), 1.0)
        along /= length
        across = np.cross(along, apexward)
        slope = float(line @ apexward) / length
        moment, weight = 0.0, _SHRINK_MM**2
        for place, trust in ends:
            off = place[t] - start[t]
            distance = float(off @ across)
            if distance > _LEAST_OFF_MM:
                rest = float(off @ apexward) - slope * float(np.clip(off @ along, 0.0, length))
                moment += trust[t] * distance * rest
                weight += trust[t] * distance**2
        tilt = float(np.clip(moment / weight, -_MOST_SLOPE, _MOST_SLOPE))
        n = apexward - float(np.clip(slope, -_MOST_SLOPE, _MOST_SLOPE)) * along - tilt * across
        normal[t] = n / np.linalg.norm(n)
    return RightBase(fraction, (start + stop) / 2, normal)


def kept(points_mm: NDArray[np.float64], depth_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of a closed polygon (n, 3) where ``depth_mm`` (n,) is positive; new corners where it changes sign."""
    inside = depth_mm > 0.0
    if inside.all():
        return points_mm
    out = []
    for i in range(len(points_mm)):
        j = (i + 1) % len(points_mm)
        if inside[i]:
            out.append(points_mm[i])
        if inside[i] != inside[j]:
            share = depth_mm[i] / (depth_mm[i] - depth_mm[j])
            out.append(points_mm[i] + share * (points_mm[j] - points_mm[i]))
    return np.array(out).reshape(-1, 3)
