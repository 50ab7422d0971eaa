"""What moves, by AHA segment: strain frame after frame; and where a segment lies on the heart."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh, Run

SEPTAL, LATERAL = (2, 3, 8, 9, 14), (5, 6, 11, 12, 16)
"""AHA segments of the septum and of the lateral wall (Cerqueira MD et al. Circulation 2002;105:539)."""
KEPT = 12
_known: dict[tuple[int, int], tuple[object, object, NDArray[np.float64]]] = {}
"""What was asked last, with the arrays it was made of, which keeps their ids from being given to others."""


def moving_by_segment(run: Run, name: str, segment: NDArray[np.integer]) -> NDArray[np.float64] | None:
    """(t, 17) means of a moving field over the points of each segment at each frame; None where the run lacks it.

    segment: (n,) or longer, AHA number of each point, 0 elsewhere. What is not finite counts as 0.
    """
    values = run.moving_fields.get(name)
    if values is None:
        return None
    key = id(values), id(segment)
    if key not in _known:
        while len(_known) >= KEPT:
            del _known[next(iter(_known))]
        _known[key] = values, segment, _means(values, segment)
    return _known[key][2]


def _means(values: NDArray[np.floating], segment: NDArray[np.integer]) -> NDArray[np.float64]:
    count = min(values.shape[1], len(segment))
    number = np.asarray(segment[:count]).astype(np.int64)
    inside = np.flatnonzero((number >= 1) & (number <= 17))
    own = np.nan_to_num(np.asarray(values[:, inside], np.float64))
    share = sp.csr_matrix((np.ones(len(inside)), (np.arange(len(inside)), number[inside] - 1)), (len(inside), 17))
    total = np.bincount(number[inside], minlength=18)[1:].astype(np.float64)
    return np.divide(own @ share, total, out=np.full((len(own), 17), np.nan), where=total > 0)


def at_time(run: Run, moving: NDArray[np.float64], time_s: float) -> NDArray[np.float64]:
    """(17,) of (t, 17) at a time of the beat, linear between frames, periodic."""
    first, second, weight = run.frame_at(time_s)
    return (1.0 - weight) * moving[first] + weight * moving[second]


def middle_of(mesh: OrganMesh, number: int) -> int:
    """The node in the middle of a segment's outside, -1 where the mesh has no such segment."""
    known = np.flatnonzero(np.asarray(mesh.point_fields["aha_segment"]) == number)
    if not len(known):
        return -1
    depth = mesh.point_fields.get("transmural")
    if depth is not None:
        outside = known[np.asarray(depth)[known] > 0.9]
        known = outside if len(outside) else known
    places = mesh.points_mm[known]
    return int(known[np.argmin(np.linalg.norm(places - places.mean(axis=0), axis=1))])
