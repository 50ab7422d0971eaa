"""How a stack of slices lies in space, from ImagePositionPatient and ImageOrientationPatient alone.

SliceThickness and SpacingBetweenSlices are never used: they describe the beam, and are often wrong.
Source: DICOM PS3.3 C.7.6.2.1.1, equation C.7.6.2.1-1. Frames are LPS mm.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.dicom.resample import even_places

SAME_PLACE_MM = 0.02
"""Slices closer than this along the normal are the same place."""
UNEVEN = 0.02
"""Relative deviation of a gap from the usual gap above which the spacing is uneven."""
TILT_DEGREES = 0.5
NEARLY_MM, NEARLY = 0.1, 0.1
"""How far (mm, and as a share of the step) slices may lie off an even stack and still be read as one, which is said.
Scanners that round positions to 0.1 mm are off by 0.05."""
MOST_GAP_MM, MOST_GAPS, MOST_STEP_MM = 10.0, 4.0, 4.0
"""The widest gap (mm, and in usual steps) across which slices are interpolated; stacks of wider steps than the last are
shown slice by slice as scanned (decision 27), so that none may be made up in them."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How slices lie along their normal.

    spacing_mm: the usual distance (0 for one slice). runs: [start, stop) of slices that are evenly spaced among
    themselves, longest first. missing: how many slices are lacking where gaps are whole multiples of the spacing.
    uneven: gaps differ otherwise, or slices are shifted sideways. gaps_mm: (narrowest, widest); off_mm: how far slices
    lie from an even stack through all of them. step_mm: where not regular, the step of an even stack that all can be
    read as: as they are, if ``nearly``, else by interpolation between neighbours; 0 if they cannot. made: how many
    slices of how many are then interpolated.
    """

    spacing_mm: float
    runs: tuple[tuple[int, int], ...]
    missing: int
    uneven: bool
    gaps_mm: tuple[float, float] = (0.0, 0.0)
    off_mm: float = 0.0
    step_mm: float = 0.0
    nearly: bool = False
    made: tuple[int, int] = (0, 0)

    @property
    def regular(self) -> bool:
        """Whether all slices form one regular grid."""
        return not self.missing and not self.uneven


def axes(orientation: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None:
    """Row direction, column direction and unit normal; None unless the cosines are unit and orthogonal (1 %)."""
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    off = [np.linalg.norm(row) - 1.0, np.linalg.norm(column) - 1.0, row @ column]
    if np.abs(off).max() > 0.01:
        return None
    normal = np.cross(row, column)
    return row, column, normal / np.linalg.norm(normal)


def same_orientation(first: Sequence[float], second: Sequence[float], degrees: float = 0.5) -> bool:
    """Whether both the row and the column directions agree within an angle."""
    limit = float(np.cos(np.radians(degrees)))
    a, b = np.array(first), np.array(second)
    return float(a[:3] @ b[:3]) > limit and float(a[3:] @ b[3:]) > limit


def places(distances_mm: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """(n,) distances along the normal -> (n,) index of the place of each, and the (m,) rising places' distances."""
    order = np.argsort(distances_mm, kind="stable")
    rising = distances_mm[order]
    index_rising = np.concatenate([[0], np.cumsum(np.diff(rising) > SAME_PLACE_MM)]).astype(np.intp)
    index = np.empty(len(distances_mm), np.intp)
    index[order] = index_rising
    first = np.searchsorted(index_rising, np.arange(index_rising[-1] + 1))
    return index, rising[first]


def spread(positions_mm: NDArray[np.float64], normal: NDArray[np.float64]) -> Spread:
    """Judge (n, 3) positions that are sorted along ``normal`` and pairwise at different places."""
    count = len(positions_mm)
    if count < 2:
        return Spread(0.0, ((0, count),), 0, False)
    gaps = np.diff(positions_mm @ normal)
    usual = _usual_gap(gaps)
    multiples = np.maximum(np.rint(gaps / usual), 1.0)
    off_grid = np.abs(gaps - multiples * usual) > UNEVEN * usual * multiples
    single = multiples == 1
    uneven = bool(off_grid.any() or single.mean() < 0.6)
    missing = 0 if uneven else int((multiples - 1).sum())
    if uneven:
        runs = _equal_runs(gaps)
    else:
        runs = _runs_where(single)
    start, stop = max(runs, key=lambda run: run[1] - run[0])
    widest = (float(gaps.min()), float(gaps.max()))
    if _sideways_mm(positions_mm[start:stop]) > max(0.05, 0.05 * usual):
        return Spread(usual, tuple((i, i + 1) for i in range(count)), 0, True, widest)
    runs = sorted(runs, key=lambda run: run[0] - run[1])
    spacing = float(np.median(gaps[start : stop - 1]))
    found = Spread(spacing, tuple(runs), missing, uneven, widest)
    if found.regular:
        even = np.linspace(0.0, 1.0, count)[:, None] * (positions_mm[-1] - positions_mm[0])
        off = float(np.abs(positions_mm - positions_mm[0] - even).max())
        return replace(found, off_mm=off, step_mm=float(gaps.mean()), nearly=True) if off > SAME_PLACE_MM else found
    return _evened(found, positions_mm, gaps)


def _evened(found: Spread, positions_mm: NDArray[np.float64], gaps: NDArray[np.float64]) -> Spread:
    """How slices that are not regular can be read as an even stack all the same."""
    count = len(positions_mm)
    along = np.concatenate([[0.0], np.cumsum(gaps)])
    mean = along[-1] / (count - 1)
    off = float(np.abs(along - mean * np.arange(count)).max())
    if off <= min(NEARLY_MM, NEARLY * mean) and _sideways_mm(positions_mm) <= NEARLY_MM:
        return replace(found, off_mm=off, step_mm=mean, nearly=True)
    if not _on_a_line(positions_mm, along):
        return replace(found, off_mm=off)
    step = _finest_gap(gaps) if found.uneven else found.spacing_mm
    narrow = step < MOST_STEP_MM and gaps.max() <= min(MOST_GAP_MM, MOST_GAPS * found.spacing_mm)
    fits = narrow and along[-1] / step + 1 <= 2.0 * count
    if not fits:
        return replace(found, off_mm=off)
    _, weight = even_places(along, step)
    return replace(found, off_mm=off, step_mm=step, made=(int((weight > 0).sum()), len(weight)))


def _on_a_line(positions_mm: NDArray[np.float64], along: NDArray[np.float64]) -> bool:
    """Whether slices are shifted sideways no more than in proportion to their distance."""
    share = (along / along[-1])[:, None]
    straight = positions_mm[0] + share * (positions_mm[-1] - positions_mm[0])
    return float(np.abs(positions_mm - straight).max()) <= NEARLY_MM


def _finest_gap(gaps: NDArray[np.float64]) -> float:
    """The smallest gap that is no exception: a tenth of all gaps are like it."""
    for gap in np.unique(np.round(gaps, 4)):
        alike = np.abs(gaps - gap) <= UNEVEN * gap
        if alike.sum() >= max(2.0, 0.1 * len(gaps)):
            return float(np.median(gaps[alike]))
    return float(gaps.min())


def told(found: Spread, count: int, run: tuple[int, int]) -> str:
    """One sentence, with the numbers, on slices that are not regular and on what is read of them."""
    narrow, wide = found.gaps_mm
    gaps = f"{narrow:.3g} to {wide:.3g} mm apart"
    if run == (0, count) and found.nearly:
        text = f"Slices lie up to {found.off_mm:.2g} mm off even steps; read as {found.step_mm:.4g} mm apart"
    else:
        lost = "1 slice is" if found.missing == 1 else f"{found.missing} slices are"
        what = f"{lost} missing" if found.missing else "Slices are not evenly spaced"
        text = f"{what}: they lie {gaps}; "
        if run == (0, count) and found.step_mm:
            made, total = found.made
            text += f"read in steps of {found.step_mm:.4g} mm, {made} of {total} slices interpolated"
        elif run[1] > run[0]:
            text += f"slices {run[0] + 1} to {run[1]} of {count} are even and are what is read"
        else:
            text += "no even part is large enough to read as a volume"
    return text


def affine(positions_mm: NDArray[np.float64], orientation: Sequence[float], spacing_mm: Sequence[float]) -> NDArray:
    """(4, 4) affine of evenly spaced, sorted slices: (i, j, k, 1) -> LPS mm.

    The step along k is what the positions say, so a tilted gantry gives a sheared grid and not a wrong one. One
    slice steps along its normal by the larger pixel spacing, so that the matrix can be inverted.
    """
    matrix = np.eye(4)
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    matrix[:3, 0] = row * spacing_mm[1]
    matrix[:3, 1] = column * spacing_mm[0]
    if len(positions_mm) > 1:
        matrix[:3, 2] = (positions_mm[-1] - positions_mm[0]) / (len(positions_mm) - 1)
    else:
        normal = np.cross(row, column)
        matrix[:3, 2] = normal / np.linalg.norm(normal) * max(spacing_mm)
    matrix[:3, 3] = positions_mm[0]
    return matrix


def tilt_degrees(positions_mm: NDArray[np.float64], normal: NDArray[np.float64]) -> float:
    """Angle between the direction in which slices are stacked and their normal."""
    step = positions_mm[-1] - positions_mm[0]
    length = float(np.linalg.norm(step))
    if len(positions_mm) < 2 or length == 0:
        return 0.0
    return float(np.degrees(np.arccos(np.clip(abs(step @ normal) / length, 0.0, 1.0))))


def _usual_gap(gaps: NDArray[np.float64]) -> float:
    """The gap that most others agree with; of equally popular ones the smallest."""
    candidates = np.unique(np.round(gaps, 4))
    votes = [int((np.abs(gaps - gap) <= UNEVEN * gap).sum()) for gap in candidates]
    best = candidates[int(np.argmax(votes))]
    return float(np.median(gaps[np.abs(gaps - best) <= UNEVEN * best])) if max(votes) else float(best)


def _runs_where(joined: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Slices i and i + 1 belong together where joined[i]: the [start, stop) runs."""
    breaks = np.flatnonzero(~joined) + 1
    edges = [0, *breaks.tolist(), len(joined) + 1]
    return [(start, stop) for start, stop in zip(edges[:-1], edges[1:], strict=True)]


def _equal_runs(gaps: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Maximal runs of slices whose gaps equal the run's first gap."""
    runs, start = [], 0
    for i in range(1, len(gaps) + 1):
        if i == len(gaps) or abs(gaps[i] - gaps[start]) > UNEVEN * gaps[start]:
            runs.append((start, i + 1))
            start = i
    return runs


def _sideways_mm(positions_mm: NDArray[np.float64]) -> float:
    """Largest distance of a slice from where an even stack would put it."""
    steps = np.linspace(0.0, 1.0, len(positions_mm))[:, None]
    return float(np.abs(positions_mm - (positions_mm[0] + steps * (positions_mm[-1] - positions_mm[0]))).max())
