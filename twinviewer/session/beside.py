"""Two engines on one heart: the fast walls' strains beside those of finite elements, segment by segment."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh, Run

STRAIN, VOLUME = "strain_fibre", "lv_volume_ml"


@dataclass(frozen=True, slots=True)
class Row:
    """One AHA segment at the end of systole: fibre strain from end-diastole in %, negative when shorter."""

    segment: int
    fast_percent: float
    solid_percent: float

    @property
    def difference_percent(self) -> float:
        """solid - fast, in points of strain."""
        return self.solid_percent - self.fast_percent


def strain_table(mesh: OrganMesh, fast: Run, solid: Run) -> tuple[Row, ...]:
    """Rows of all segments that the mesh has, from two runs on it: the beat engine's and the finite elements'.

    Each is read at its own end of systole: the fast run's least left volume, the solid run's last frame. Both are
    means over the points of the segment, so neither leans on what the other leaves out. KeyError where a run has no
    strain (an engine whose wall stands still).
    """
    trace = fast.traces[VOLUME]
    end_s = float(trace.time_s[int(np.argmin(trace.values))])
    quick = np.asarray(fast.field_at(STRAIN, end_s), np.float64)
    slow = np.asarray(solid.moving_fields[STRAIN][-1], np.float64)
    segment = np.asarray(mesh.point_fields["aha_segment"])
    return tuple(
        Row(int(number), _mean(quick, segment == number), _mean(slow, segment == number))
        for number in np.unique(segment[segment > 0])
    )


def off_percent(rows: tuple[Row, ...]) -> float:
    """Root mean square of the differences, in points of strain."""
    return float(np.sqrt(np.mean([row.difference_percent**2 for row in rows])))


def _mean(values: NDArray[np.float64], chosen: NDArray[np.bool_]) -> float:
    own = values[chosen]
    return float(own[np.isfinite(own)].mean())
