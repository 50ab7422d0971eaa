"""What a sweep says: rows in the order of one target, the best of each place, and what no other beats in two targets.

Differences below what the simulation itself can tell are ties. What is not known of the patient is the same for all
rows of a sweep, so how sure a change is (studies/uncertainty) says little of how sure their order is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import ParameterValue, Setup
from twinviewer.session.metric_names import METRICS
from twinviewer.session.studies.study import Answer, Point, Study
from twinviewer.session.studies.sweep.places import Masked, Place, places
from twinviewer.session.studies.sweep.plan import plan_of, values_of
from twinviewer.session.studies.sweep.points import BASELINE_POINT

WORK_SPREAD = "work_spread_percent"
"""Standard deviation of the segments' work in % of its mean: how unevenly the left ventricle works."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a sweep may be ranked by. first: whether the lowest or the highest value comes first. absolute, percent:
    two values that differ by less are a tie, in the metric's unit and in %."""

    metric: str
    label: str
    unit: str
    first: Literal["lowest", "highest"]
    absolute: float = 0.0
    percent: float = 0.0
    decimals: int = 0

    def noise(self, value: float) -> float:
        """The smallest difference from a value that the simulation can tell."""
        return max(self.absolute, abs(value) * self.percent / 100.0)

    def cost(self, value: float) -> float:
        """Smaller is earlier."""
        return value if self.first == "lowest" else -value

    def text(self, value: float) -> str:
        """The value without its unit."""
        return f"{value:.{self.decimals}f}".replace("-", "\N{MINUS SIGN}") if np.isfinite(value) else "\N{EN DASH}"


_STEADY = 0.2
"""Per cent: a beat counts as steady when the next differs by less than 0.1 % (physics/heartbeat.py)."""


def _target(metric: str, unit: str, first: Literal["lowest", "highest"], absolute: float = 0.0) -> Target:
    name = METRICS[metric]
    return Target(metric, name.short, unit, first, absolute, 0.0 if absolute else _STEADY, name.decimals)


TARGETS: Mapping[str, Target] = {
    one.metric: one
    for one in (
        _target("qrs_ms", "ms", "lowest", 1.0),
        _target("lv_activation_ms", "ms", "lowest", 1.0),
        _target("total_activation_ms", "ms", "lowest", 1.0),
        _target("lv_dpdt_max_mmhg_s", "mmHg/s", "highest"),
        _target("stroke_work_mmhg_ml", "mmHg mL", "highest"),
        Target(WORK_SPREAD, "Uneven work", "%", "lowest", 0.5, 0.0, 0),
        _target("lv_ef_percent", "%", "highest", 0.1),
        _target("lv_stroke_volume_ml", "mL", "highest"),
        _target("cardiac_output_l_min", "L/min", "highest"),
        _target("cardiac_power_w", "W", "highest"),
        _target("mean_arterial_mmhg", "mmHg", "highest"),
        _target("mean_left_atrial_mmhg", "mmHg", "lowest"),
        _target("lv_end_diastolic_mmhg", "mmHg", "lowest"),
        _target("pva_mmhg_ml", "mmHg mL", "lowest"),
        _target("qtc_ms", "ms", "lowest", 1.0),
    )
}
"""What can be ranked by, in the order of the list. The direction is the order of the rows, not a claim of benefit."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One simulated combination. values: on each axis of the plan. place: its value on the axis of places, else None.
    segment: the AHA segment of that place, 0 where there is none. numbers: metrics and what is derived of them. masked:
    why its place does not stand among the others."""

    point: Point
    values: tuple[ParameterValue, ...]
    place: ParameterValue | None
    numbers: Mapping[str, float]
    failure: str = ""
    masked: Masked | None = None
    segment: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """A row with its rank from 1 on; ties share one. 0 for what is masked, failed or has no such number: those come
    last, simulated ones first."""

    row: Row
    rank: int
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A study read: its rows in the order of the points, the untreated heart apart, and where its places lie."""

    rows: tuple[Row, ...]
    baseline: Mapping[str, float]
    places: Mapping[ParameterValue, Place] = field(default_factory=dict)

    @property
    def left_out(self) -> Mapping[ParameterValue, Masked]:
        """Places that do not stand among the others, and why."""
        return {value: one.masked for value, one in self.places.items() if one.masked is not None}

    @property
    def hidden(self) -> Mapping[int, Masked]:
        """AHA segments all of whose places are masked."""
        open_ = {one.segment for one in self.places.values() if one.masked is None}
        return {o.segment: o.masked for o in self.places.values() if o.masked and o.segment and o.segment not in open_}

    @property
    def targets(self) -> tuple[Target, ...]:
        """Those for which there are numbers."""
        return tuple(t for t in TARGETS.values() if any(t.metric in row.numbers for row in self.rows))


def table(study: Study, setup: Setup, known: Mapping[ParameterValue, Place] | None = None) -> Table:
    """All that has been answered so far. known: its places, where they have been looked up before."""
    swept = plan_of(study)
    found = places(setup, swept) if known is None else known
    answers = {answer.point: answer for answer in study.answers}
    site = None if swept.site is None else swept.axes.index(swept.site)
    rows, baseline = [], {}
    for point in study.points:
        answer = answers.get(point.name)
        if answer is None:
            continue
        if point.name == BASELINE_POINT:
            baseline = numbers_of(answer)
            continue
        values = values_of(swept, point)
        place = None if site is None else values[site]
        at = found.get(place) if place is not None else None
        why, segment = (at.masked, at.segment) if at is not None else (None, 0)
        rows.append(Row(point, values, place, numbers_of(answer), answer.failure, why, segment))
    return Table(tuple(rows), baseline, found)


def numbers_of(answer: Answer) -> dict[str, float]:
    """An answer's metrics, and how unevenly the segments work."""
    found = dict(answer.metrics)
    work = answer.segments.get("work_kpa")
    if work is not None and np.isfinite(work).sum() > 1 and abs(float(np.nanmean(work))) > 0.0:
        found[WORK_SPREAD] = 100.0 * float(np.nanstd(work)) / abs(float(np.nanmean(work)))
    return found


def ranked(rows: Sequence[Row], target: Target) -> tuple[Ranked, ...]:
    """Rows by a target, best first; a row ties with the first of its rank."""
    known = [row for row in rows if not row.failure and target.metric in row.numbers]
    known.sort(key=lambda row: target.cost(row.numbers[target.metric]))
    found: list[Ranked] = []
    rank, leader = 0, np.nan
    offered = [row for row in known if row.masked is None]
    for count, row in enumerate(offered, start=1):
        value = row.numbers[target.metric]
        if not abs(value - leader) < target.noise(leader):
            rank, leader = count, value
        found.append(Ranked(row, rank, value))
    found += [Ranked(row, 0, row.numbers[target.metric]) for row in known if row.masked is not None]
    found += [Ranked(row, 0, np.nan) for row in rows if row.failure or target.metric not in row.numbers]
    return tuple(found)


def best_of_places(order: Sequence[Ranked]) -> tuple[Ranked, ...]:
    """The best row of each place, in order, ranked among each other."""
    seen: set[object] = set()
    best = [one for one in order if not (one.row.place in seen or seen.add(one.row.place))]  # type: ignore[func-returns-value]
    counted, rank, last = [], 0, -1
    for count, one in enumerate([one for one in best if one.rank], start=1):
        if one.rank != last:
            rank, last = count, one.rank
        counted.append(Ranked(one.row, rank, one.value))
    return (*counted, *(one for one in best if not one.rank))


def by_segment(order: Sequence[Ranked]) -> NDArray[np.float64]:
    """(17,) the best value of each AHA segment over all else that varies, masked ones too where they were simulated;
    NaN elsewhere."""
    found = np.full(17, np.nan)
    for one in order:
        segment = one.row.segment
        if segment and np.isnan(found[segment - 1]):
            found[segment - 1] = one.value
    return found


def pareto(rows: Sequence[Row], first: Target, second: Target) -> tuple[Row, ...]:
    """Rows that no other offered row beats: none is at least as good in both targets and better in one by more than
    the simulation can tell. In the order of the first target."""
    known = [
        r for r in rows if r.masked is None and not r.failure and {first.metric, second.metric} <= r.numbers.keys()
    ]
    front = []
    for row in known:
        a, b = row.numbers[first.metric], row.numbers[second.metric]
        for other in known:
            gain_a = first.cost(a) - first.cost(other.numbers[first.metric])
            gain_b = second.cost(b) - second.cost(other.numbers[second.metric])
            if gain_a >= 0.0 and gain_b >= 0.0 and (gain_a > first.noise(a) or gain_b > second.noise(b)):
                break
        else:
            front.append(row)
    return tuple(sorted(front, key=lambda row: first.cost(row.numbers[first.metric])))
