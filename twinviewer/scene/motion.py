"""What a heart does in one beat, whoever says so: an engine's Run, or a mesh that follows the images."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh, Run

SAME_PLACE_MM = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Positions over one beat that repeats.

    points_mm: (t, n, 3) at time_s (t,), rising, within 0 and period_s; linear in between, and from the last to the
    first.
    """

    points_mm: NDArray[np.floating]
    time_s: NDArray[np.float64]
    period_s: float

    def points_at(self, time_s: float) -> NDArray[np.floating]:
        """(n, 3) positions at any time in seconds."""
        times, period = self.time_s, self.period_s
        if len(times) == 1:
            return self.points_mm[0]
        wrapped = time_s % period
        first = (int(np.searchsorted(times, wrapped, side="right")) - 1) % len(times)
        second = (first + 1) % len(times)
        span = (times[second] - times[first]) % period or period
        weight = np.float32(((wrapped - times[first]) % period) / span)
        return (np.float32(1.0) - weight) * self.points_mm[first] + weight * self.points_mm[second]


def run_motion(run: Run) -> Motion:
    """The simulated beat, time 0 = start of the P wave."""
    return Motion(run.points_mm, run.time_s, run.period_s)


def measured_motion(mesh: OrganMesh, period_s: float = 1.0) -> Motion | None:
    """The beat that the images show, time 0 = R wave, in a beat of ``period_s``; None for a mesh that only stands.

    With the default the time is the fraction of the beat.
    """
    if mesh.motion_mm is None or mesh.motion_fraction is None:
        return None
    return Motion(mesh.motion_mm, np.asarray(mesh.motion_fraction, np.float64) * period_s, period_s)


def same_elements(one: OrganMesh, other: OrganMesh) -> bool:
    """Whether two meshes have the same elements, so that one is the other with its points moved."""
    return one is other or (
        one.points_mm.shape == other.points_mm.shape
        and np.array_equal(one.tets, other.tets)
        and one.surfaces.keys() == other.surfaces.keys()
        and all(np.array_equal(triangles, other.surfaces[name]) for name, triangles in one.surfaces.items())
    )


def same_heart(one: OrganMesh, other: OrganMesh) -> bool:
    """Whether the other is the one with its points moved a little: not another patient's."""
    return same_elements(one, other) and bool(
        np.linalg.norm(one.points_mm.mean(axis=0) - other.points_mm.mean(axis=0)) < SAME_PLACE_MM
    )
