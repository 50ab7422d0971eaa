"""Where images show the beat, the baseline moves as they do, and a therapy changes that by what simulation says.

The simulated volumes say which moment of the measured beat a frame is: the one with the same left volume, on the way
down or on the way up. The measured shape of that moment less the kinematic one (motion.py) is kept; the kinematic
motion of any scenario plus what was kept at its phase is its motion: measured baseline + difference of simulated
motions. Both cavities are then brought to the circulation's volumes along the directions in which the kinematic map
empties them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh
from twinviewer.engines.beat.motion import Course

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What the images show beyond the kinematic motion. phase: (k,) of the beat after the first ventricular excitation,
    0..1; offset_mm: (k, wall points, 3)."""

    phase: Array
    offset_mm: NDArray[np.float32]

    def at(self, phase: float) -> Array:
        """(wall points, 3), linear round the beat."""
        order = np.argsort(self.phase)
        known = self.phase[order]
        after = int(np.searchsorted(known, phase)) % len(known)
        before = (after - 1) % len(known)
        span = (known[after] - known[before]) % 1.0 or 1.0
        share = ((phase - known[before]) % 1.0) / span
        first, second = self.offset_mm[order[before]], self.offset_mm[order[after]]
        return np.asarray((1.0 - share) * first + share * second, dtype=np.float64)


def keep(mesh: OrganMesh, baseline: Sequence[Array], course: Course, phase: Array) -> Kept:
    """Measured minus kinematic positions (n, 3) of the baseline's frames. phase: (k,) of those frames."""
    wall = mesh.wall_points
    shown = matched(mesh, course.lv_ml)
    offset = [one - points[:wall] for one, points in zip(shown, baseline, strict=True)]
    return Kept(phase, np.array(offset, dtype=np.float32))


def matched(mesh: OrganMesh, lv_ml: Array) -> Array:
    """(k, wall points, 3) measured positions at the moments with these left volumes (k,) of one beat in order."""
    assert mesh.motion_mm is not None
    motion = mesh.motion_mm[:, : mesh.wall_points]
    seen = np.array([mesh.enclosed_ml("lv_cavity", frame) for frame in mesh.motion_mm])
    moment = _moments(seen, lv_ml)
    before = np.floor(moment).astype(int) % len(seen)
    share = (moment - np.floor(moment))[:, None, None]
    return np.asarray((1.0 - share) * motion[before] + share * motion[(before + 1) % len(seen)], dtype=np.float64)


def _moments(seen_ml: Array, wanted_ml: Array) -> Array:
    """(k,) frame numbers, with fractions, of a measured course (t,) that have the volumes of another course (k,)."""
    count, n = len(seen_ml), len(wanted_ml)
    full, empty = int(np.argmax(seen_ml)), int(np.argmin(seen_ml))
    down = full + np.arange((empty - full) % count + 1)
    up = empty + np.arange((full - empty) % count + 1)
    # a measured course is not quite monotone; what rises on the way down counts as level
    falling = np.minimum.accumulate(seen_ml[down % count]) - 1e-6 * np.arange(len(down))
    rising = np.maximum.accumulate(seen_ml[up % count]) + 1e-6 * np.arange(len(up))
    start, end = int(np.argmax(wanted_ml)), int(np.argmin(wanted_ml))
    ejects = (np.arange(n) - start) % n <= (end - start) % n
    lower = np.interp(wanted_ml, falling[::-1], down[::-1].astype(float))
    upper = np.interp(wanted_ml, rising, up.astype(float))
    return np.where(ejects, lower, upper)
