"""About how long a study will take here, before it is begun. Once it runs, its own pace is told instead."""

from collections.abc import Sequence

from twinviewer.domain import Setup
from twinviewer.session.studies.door import FEW, worker_count
from twinviewer.session.studies.order import group_of
from twinviewer.session.studies.study import Point, Wanted

START_S = 4.0
"""Processes that get ready, and the first look at the heart in each (measured, two cores)."""
ELECTRICAL_S, BEAT_S, SITE_S, NODES = 0.03, 0.12, 0.10, 43_000
"""A point's excitation and ECG, its circulation, the waves from a new site, on a heart of so many nodes (measured)."""


def expected_s(setup: Setup, points: Sequence[Point], wanted: Wanted, workers: int | None = None) -> float:
    """Seconds, good to a factor of two. All points are taken to be new."""
    share = len(setup.mesh.points_mm) / NODES
    electrical_alone = not wanted.metrics - {"qrs_ms", "qtc_ms", "qt_ms", "lv_activation_ms", "total_activation_ms",
                                             "septal_lateral_delay_ms"}  # fmt: skip
    each = ELECTRICAL_S * share + (0.0 if electrical_alone else BEAT_S)
    sites = len({group_of(point) for point in points})
    work = len(points) * each + sites * SITE_S * share
    return work / worker_count(workers, len(points)) + (START_S if len(points) > FEW else 1.0)
