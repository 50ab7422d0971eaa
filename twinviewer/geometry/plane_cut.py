"""Where a surface of triangles meets a plane: lines in the plane, closed where the surface is closed."""

import numpy as np
from numpy.typing import NDArray

SAME_MM = 1e-9
"""Points of a line nearer than this are one: they lie on a vertex that several edges share."""


def cut_segments(
    points_mm: NDArray[np.floating],
    triangles: NDArray[np.integer],
    origin_mm: NDArray[np.floating],
    normal: NDArray[np.floating],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """One segment for each triangle that the plane goes through.

    points_mm: (n, 3). triangles: (k, 3) into points. origin_mm, normal: (3,), the plane; the normal of any length.
    Returns (s, 2, 3) ends in mm, and (s, 2) numbers of the mesh edges they lie on: segments that share an edge meet
    there; and (s,) which triangle each is in. A vertex on the plane counts as above it, so that no triangle is cut
    in one or three places; its segments may have no length. All are empty where the plane misses the surface.
    """
    count = len(points_mm)
    # float32 products would lose micrometres far from the scanner's centre; only differences are small
    away = np.zeros(count) if not count else (np.asarray(points_mm) - origin_mm) @ np.asarray(normal, np.float64)
    above = away >= 0.0
    side = above[triangles]
    number_above = side.sum(axis=1)
    hit = np.flatnonzero((number_above == 1) | (number_above == 2))
    if not len(hit):
        return np.zeros((0, 2, 3)), np.zeros((0, 2), np.int64), hit
    side, corner = side[hit], triangles[hit].astype(np.int64)
    # the corner that is alone on its side, then the other two in the triangle's order
    alone = np.argmax(side == (number_above[hit] == 1)[:, None], axis=1)
    rows = np.arange(len(hit))
    tip, first, second = (corner[rows, (alone + step) % 3] for step in (0, 1, 2))
    ends, edges = [], []
    for other in (first, second):
        # from the lower number to the higher: both neighbours of an edge compute the very same point
        low, high = np.minimum(tip, other), np.maximum(tip, other)
        share = away[low] / (away[low] - away[high])
        a, b = np.asarray(points_mm[low], np.float64), np.asarray(points_mm[high], np.float64)
        ends.append(a + share[:, None] * (b - a))
        edges.append(low * count + high)
    return np.stack(ends, axis=1), np.stack(edges, axis=1), hit


def cut_lines(
    points_mm: NDArray[np.floating],
    triangles: NDArray[np.integer],
    origin_mm: NDArray[np.floating],
    normal: NDArray[np.floating],
) -> list[NDArray[np.float64]]:
    """The same as lines: a list of (p, 3) points in order; the first point is repeated at the end of a closed one.

    Longest first, by number of points. Arguments as in :func:`cut_segments`.
    """
    ends, edges, _ = cut_segments(points_mm, triangles, origin_mm, normal)
    at: dict[int, list[int]] = {}
    pairs: list[list[int]] = edges.tolist()
    for segment, (a, b) in enumerate(pairs):
        at.setdefault(a, []).append(segment)
        at.setdefault(b, []).append(segment)
    used = [False] * len(pairs)

    def walk(edge: int) -> list[tuple[int, int]]:
        """(segment, end) passed on the way out over an edge."""
        passed: list[tuple[int, int]] = []
        while True:
            following = next((s for s in at[edge] if not used[s]), None)
            if following is None:
                return passed
            used[following] = True
            leave = 1 if pairs[following][0] == edge else 0
            passed.append((following, leave))
            edge = pairs[following][leave]

    lines = []
    for start, (a, b) in enumerate(pairs):
        if used[start]:
            continue
        used[start] = True
        forward = walk(b)
        closed = bool(forward) and pairs[forward[-1][0]][forward[-1][1]] == a
        backward = [] if closed else walk(a)
        order = [*reversed(backward), (start, 0), (start, 1), *forward]
        line = ends[[s for s, _ in order], [e for _, e in order]]
        moved = np.ones(len(line), bool)
        moved[1:] = np.abs(np.diff(line, axis=0)).max(axis=1) > SAME_MM
        line = line[moved]
        if len(line) > 1:
            if closed:
                line[-1] = line[0]
            lines.append(line)
    return sorted(lines, key=len, reverse=True)
