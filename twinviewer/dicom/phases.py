"""Which slices belong to which moment of the beat: a stack's planes sorted into phases x places."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from twinviewer.dicom.headers import Frame, Header


@dataclass(frozen=True, slots=True)
class Plane:
    """One image plane: a frame of one file. pool: the same for series that are read as one, else ""."""

    header: Header
    frame: Frame
    pool: str = ""


@dataclass(frozen=True, slots=True)
class PhaseGrid:
    """cells[phase][place], None where an image is lacking. key: the tag that tells phases apart, "" for one phase.

    percent: position of each phase in the R-R interval. duplicates: planes left over because their cell was taken.
    """

    cells: tuple[tuple[Plane | None, ...], ...]
    key: str
    percent: tuple[float, ...]
    duplicates: int

    @property
    def incomplete(self) -> int:
        """Number of empty cells."""
        return sum(cell is None for row in self.cells for cell in row)


Values = list[float | None]

MOST_REPEATS = 8
"""Stacks that were taken more often than this, and nothing says why, are not told apart: the first is opened."""

_KEYS: dict[str, Callable[[Plane], float | None]] = {
    "percent": lambda plane: plane.frame.phase_percent,
    "trigger": lambda plane: plane.frame.trigger_ms,
    "temporal": lambda plane: plane.frame.temporal_index,
    "echo": lambda plane: plane.frame.echo_ms,
    "acquisition": lambda plane: plane.header.acquisition_number,
}


def rr_seconds(planes: Sequence[Plane]) -> float | None:
    """Median length of the beat by NominalInterval, else by HeartRate; None where the header says neither."""
    intervals = [plane.frame.interval_ms / 1000.0 for plane in planes if plane.frame.interval_ms]
    if not intervals:
        intervals = [60.0 / plane.header.heart_rate_bpm for plane in planes if plane.header.heart_rate_bpm]
    return median(intervals) if intervals else None


def arrange(planes: Sequence[Plane], place: Sequence[int], key: str = "", values: Values | None = None) -> PhaseGrid:
    """Sort planes (with the index of each one's place) into phases.

    With ``values`` (one a plane, of tag ``key``) they decide; else the first tag does that gives nearly every
    (place, value) once and every value at half of the places or more. Where none does, repeats are duplicates.
    """
    count = max(place) + 1
    per_place = Counter(place)
    repeated = sum(number > 1 for number in per_place.values())
    if values is None and repeated >= 0.5 * count:
        for name, tag in _KEYS.items():
            candidate = _rounded(planes, tag)
            if name == "trigger" and not _tells_apart(place, candidate, count):
                candidate = _ranks(place, candidate)
            if _tells_apart(place, candidate, count):
                key, values = name, candidate
                break
    often = set(per_place.values())
    if values is None and repeated == count > 1 and len(often) == 1 and max(often) <= MOST_REPEATS:
        key, values = "repeat", _repeats(planes, place)
    moments = [0.0] if values is None else sorted({value for value in values if value is not None})
    row_of = {moment: row for row, moment in enumerate(moments)}
    cells: list[list[Plane | None]] = [[None] * count for _ in moments]
    duplicates = 0
    # the lowest instance number wins, so that the choice does not hang on file names
    order = sorted(range(len(planes)), key=lambda n: (planes[n].header.instance_number, planes[n].header.sop_uid))
    for n in order:
        row = 0 if values is None else row_of[values[n]]  # type: ignore[index]
        if cells[row][place[n]] is None:
            cells[row][place[n]] = planes[n]
        else:
            duplicates += 1
    return PhaseGrid(
        tuple(tuple(row) for row in cells), key if values else "", _percent(planes, key, moments, cells), duplicates
    )


def is_cardiac(grid: PhaseGrid, planes: Sequence[Plane]) -> bool:
    """Whether the phases are moments of a beat, and not, say, an arterial and a venous pass."""
    if grid.key in ("percent", "trigger"):
        return True
    if grid.key == "temporal":
        return len(grid.cells) >= 3 or rr_seconds(planes) is not None
    return grid.key == "acquisition" and (len(grid.cells) >= 5 or rr_seconds(planes) is not None)


def _rounded(planes: Sequence[Plane], tag: Callable[[Plane], float | None]) -> Values:
    found = [tag(plane) for plane in planes]
    return [None if value is None else round(float(value), 2) for value in found]


def _tells_apart(place: Sequence[int], values: Values, count: int) -> bool:
    if any(value is None for value in values) or len(set(values)) < 2:
        return False
    cells = set(zip(place, values, strict=True))
    covered = Counter(value for _, value in cells)
    return len(cells) >= 0.9 * len(place) and min(covered.values()) >= 0.5 * count


def _ranks(place: Sequence[int], values: Values) -> Values:
    """Trigger times that differ a little from slice to slice: their rank within each place instead.

    Needs every place to have the same number of different times; else all None.
    """
    at: dict[int, list[float]] = {}
    for where, value in zip(place, values, strict=True):
        if value is None:
            return [None] * len(values)
        at.setdefault(where, []).append(value)
    sizes = {len(times) for times in at.values()}
    if len(sizes) != 1 or any(len(set(times)) != len(times) for times in at.values()):
        return [None] * len(values)
    ranks = {where: sorted(times) for where, times in at.items()}
    return [float(ranks[where].index(value)) for where, value in zip(place, values, strict=True)]  # type: ignore[arg-type]


def _repeats(planes: Sequence[Plane], place: Sequence[int]) -> Values:
    """Every place as often as any other, and nothing says why: the first, second, ... of each place."""
    order = sorted(range(len(planes)), key=lambda n: (planes[n].header.instance_number, planes[n].header.sop_uid))
    seen: Counter[int] = Counter()
    ranks: Values = [None] * len(planes)
    for n in order:
        ranks[n] = float(seen[place[n]])
        seen[place[n]] += 1
    return ranks


def _percent(
    planes: Sequence[Plane], key: str, moments: list[float], cells: Sequence[Sequence[Plane | None]]
) -> tuple[float, ...]:
    """Phase positions in % of R-R: the tag's own, else trigger time over R-R, else evenly spread over the beat."""
    if len(moments) == 1:
        own = [plane.frame.phase_percent for plane in planes if plane.frame.phase_percent is not None]
        return (float(median(own)),) if own else (0.0,)
    if key == "percent":
        return tuple(float(moment) for moment in moments)
    beat = rr_seconds(planes)
    if key == "trigger" and beat:
        times = [
            median([cell.frame.trigger_ms for cell in row if cell and cell.frame.trigger_ms is not None])
            for row in cells
        ]
        percent = tuple(time / (10.0 * beat) for time in times)
        if max(percent) <= 110.0:
            return percent
    return tuple(100.0 * row / len(moments) for row in range(len(moments)))
