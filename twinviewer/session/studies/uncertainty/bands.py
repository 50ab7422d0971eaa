"""What a spread means: 90 % intervals of numbers and of their changes, bands of traces, and where a map is sure.

An interval is between order statistics of the hearts' values, which with n hearts that are as good as the patient's own
hold it with the chance that is asked for (i / (n + 1)). Where fewer than LEAST hearts were simulated, an emulator
answers for thousands, and its own error is added to each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from twinviewer.session import catalog
from twinviewer.session.case import Case, Scenario
from twinviewer.session.simulate import setup_uid
from twinviewer.session.studies.study import Answer, Study
from twinviewer.session.studies.uncertainty.draws import LEAST, acting, drawn_hash, normals
from twinviewer.session.studies.uncertainty.emulator import Emulator, emulate
from twinviewer.session.therapy_use import TherapyUse

Array = NDArray[np.float64]

SHARE = 0.90
EMULATED = 4096
"""Hearts that an emulator answers for."""
ENDS = (0.5 * (1.0 - SHARE), 0.5 * (1.0 + SHARE))


@dataclass(frozen=True, slots=True)
class Interval:
    """90 % of the hearts lie between low and high. emulated: whether an emulator answered; error: its own error."""

    low: float
    high: float
    emulated: bool = False
    error: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """90 % of the hearts at each time: time_s, low, high (t,) each, over the baseline's beat."""

    time_s: Array
    low: Array
    high: Array


def interval_of(values: Array) -> Interval:
    """Of simulated hearts: order statistics."""
    low, high = np.quantile(values, ENDS, method="weibull")
    return Interval(float(low), float(high))


@dataclass(eq=False)
class Spread:
    """A spread study read. hearts: numbers of the hearts of which every scenario was simulated. failed: how many were
    not, with the first reason."""

    study: Study
    names: tuple[str, ...] = ()
    _by_heart: dict[int, dict[str, Answer]] = field(default_factory=dict)
    _therapies: dict[str, tuple[TherapyUse, ...]] = field(default_factory=dict)
    _kept: dict[tuple[str, str, str], Interval] = field(default_factory=dict)
    _drawn: dict[int, Mapping[str, float]] = field(default_factory=dict)
    _bands: dict[tuple[str, str], Band | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = tuple(str(self.study.settings.get("scenarios", "")).split(","))
        of_point = {answer.point: answer for answer in self.study.answers}
        for point in self.study.points:
            number, _, scenario = point.name.partition(".")
            self._therapies.setdefault(scenario, point.therapies)
            if (answer := of_point.get(point.name)) is not None:
                self._by_heart.setdefault(int(number), {})[scenario] = answer
        self.failures = [one.failure for one in self.study.answers if one.failure]
        whole = len(self.names)
        self.hearts = tuple(
            number
            for number, answers in sorted(self._by_heart.items())
            if len(answers) == whole and not any(one.failure for one in answers.values())
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what was uncertain, in the order of the columns of ``normals``."""
        return tuple(str(self.study.settings.get("inputs", "")).split(","))

    @cached_property
    def normals(self) -> Array | None:
        """(n, d) what the hearts were drawn from; None where another version of the sampler drew them."""
        settings = self.study.settings
        rows = normals(len(self.inputs), int(settings["samples"]), int(settings["seed"]))[: int(settings["runs"])]
        return rows[list(self.hearts)] if drawn_hash(rows) == settings.get("drawn") else None

    @property
    def enough(self) -> bool:
        """Whether so many hearts were simulated that intervals stand on them alone."""
        return len(self.hearts) >= LEAST

    def like(self, scenario: Scenario) -> str | None:
        """The spread's own name of a scenario that is treated as this one is; None where none is."""
        wanted = acting(scenario.therapies)
        return next((name for name, uses in self._therapies.items() if acting(uses) == wanted), None)

    def metric_names(self) -> tuple[str, ...]:
        """Metrics that every heart has."""
        if not self.hearts:
            return ()
        return tuple(self._by_heart[self.hearts[0]][self.names[0]].metrics)

    def values(self, scenario: str, metric: str) -> Array:
        """(n,) of the hearts; NaN where one has no such number."""
        return np.array([self._by_heart[k][scenario].metrics.get(metric, np.nan) for k in self.hearts])

    def parameters(self, name: str) -> Array | None:
        """(n,) a parameter as it was drawn; None where it was not."""
        if not self._drawn:
            number = {point.name.partition(".")[0]: point.parameters for point in self.study.points}
            self._drawn = {k: number[f"{k:04d}"] for k in self.hearts}
        found = [self._drawn[k].get(name) for k in self.hearts]
        return None if any(one is None for one in found) else np.array(found, float)

    def segments(self, scenario: str, name: str) -> Array:
        """(n, 17) means of a field over the segments."""
        none = np.full(17, np.nan)
        return np.array([self._by_heart[k][scenario].segments.get(name, none) for k in self.hearts])

    def interval(self, metric: str, scenario: str, less: str = "") -> Interval | None:
        """Of a number in a scenario; with ``less``, of how much more it is there than in that one. None where too few
        hearts give it."""
        key = (metric, scenario, less)
        if key not in self._kept:
            values = self.values(scenario, metric)
            if less:
                values = values - self.values(less, metric)
            found = self._interval(values)
            if found is None:
                return None
            self._kept[key] = found
        return self._kept[key]

    def _interval(self, values: Array) -> Interval | None:
        known = np.isfinite(values)
        if known.sum() < 20 or known.mean() < 0.9:
            return None
        values = values[known]
        if np.ptp(values) == 0.0 or len(values) >= LEAST:
            return interval_of(values)
        rows = self.normals
        if rows is None:
            return None
        found = emulate(rows[known], values)
        return emulated_interval(found, rows.shape[1])

    def band(self, trace: str, scenario: str) -> Band | None:
        """Of a trace, over the baseline's beat. None where a heart has no such trace."""
        if (trace, scenario) not in self._bands:
            self._bands[trace, scenario] = self._band(trace, scenario)
        return self._bands[trace, scenario]

    def _band(self, trace: str, scenario: str) -> Band | None:
        found = [self._by_heart[k][scenario].traces.get(trace) for k in self.hearts]
        given = [one for one in found if one is not None]
        if len(given) < 20 or len(given) < len(found):
            return None
        values = np.array([one.values for one in given])
        low, high = np.quantile(values, ENDS, axis=0, method="weibull")
        return Band(given[0].time_s, low, high)

    def loops(self, scenario: str, side: str, most: int = 40) -> tuple[tuple[Array, Array], ...]:
        """Volume and pressure over the beat of some of the hearts: the nine tenths of them nearest to the middle."""
        names = f"{side}_volume_ml", f"{side}_pressure_mmhg"
        found = [[self._by_heart[k][scenario].traces.get(name) for name in names] for k in self.hearts]
        given = [(a.values, b.values) for a, b in found if a is not None and b is not None]
        if len(given) < 20:
            return ()
        both = np.array([np.concatenate([v / np.ptp(v), p / np.ptp(p)]) for v, p in given])
        off = np.abs((both - np.median(both, axis=0)) / np.maximum(both.std(axis=0), 1e-9)).mean(axis=1)
        near = np.argsort(off)[: int(np.ceil(SHARE * len(given)))]
        return tuple(given[k] for k in near[:: max(1, len(near) // most)])

    def sure_segments(self, field_name: str, scenario: str, less: str) -> NDArray[np.bool_] | None:
        """(17,) whether the sign of a field's change is the same in 95 % of the hearts, or the change is nothing."""
        change = self.segments(scenario, field_name) - self.segments(less, field_name)
        known = np.isfinite(change).all(axis=0)
        if not len(change) or not known.any():
            return None
        same = np.maximum((change > 0.0).mean(axis=0), (change < 0.0).mean(axis=0)) >= ENDS[1]
        return np.asarray(same | (change == 0.0).all(axis=0) | ~known)


def emulated_interval(found: Emulator, inputs: int) -> Interval:
    """Of EMULATED hearts, each off by an error as the emulator made with hearts that it had not seen."""
    values = found.at(normals(inputs, EMULATED, 1)) + np.random.default_rng(1).choice(found.left, EMULATED)
    low, high = np.quantile(values, ENDS)
    return Interval(float(low), float(high), True, found.error)


@dataclass(frozen=True, slots=True, eq=False)
class OfScenario:
    """What a spread says of one scenario, for the views; of its change against ``less`` where that is not ""."""

    spread: Spread
    name: str
    less: str = ""

    def band(self, trace: str) -> Band | None:
        """Of a trace."""
        return self.spread.band(trace, self.name)

    def loops(self, side: str) -> tuple[tuple[Array, Array], ...]:
        """Pressure-volume loops of some of the hearts."""
        return self.spread.loops(self.name, side)

    def sure(self, field_name: str) -> NDArray[np.bool_] | None:
        """(17,) whether the sign of a field's change is sure; None without a reference."""
        return self.spread.sure_segments(field_name, self.name, self.less) if self.less else None


_of: dict[tuple[int, str, str], OfScenario] = {}


def of_scenario(spread: Spread | None, scenario: Scenario, reference: Scenario | None = None) -> OfScenario | None:
    """What a spread says of a scenario; the same object for the same question. None where it was not drawn."""
    own = None if spread is None else spread.like(scenario)
    if spread is None or own is None:
        return None
    less = (spread.like(reference) or "") if reference is not None and reference.name != scenario.name else ""
    key = id(spread), own, less
    if key not in _of or _of[key].spread is not spread:
        if len(_of) > 64:
            _of.clear()
        _of[key] = OfScenario(spread, own, less)
    return _of[key]


_read: list[tuple[Study, Spread]] = []
_asked: list[tuple[object, object, object, Spread | None]] = []


def spread_of(case: Case) -> Spread | None:
    """The last spread of this case's baseline as it is now, read; None where there is none."""
    if case.baseline is None or not any(study.kind == "spread" for study in case.studies):
        return None
    asked = case.studies, case.baseline.setup, case.engine
    if _asked and all(a is b for a, b in zip(_asked[0][:3], asked, strict=True)):
        return _asked[0][3]
    found = _found(case)
    _asked[:] = [(*asked, found)]
    return found


def _found(case: Case) -> Spread | None:
    assert case.baseline is not None
    uid = setup_uid(catalog.engine(case.engine), case.baseline.setup)
    for study in reversed(case.studies):
        if study.kind == "spread" and study.baseline_uid == uid:
            for known, spread in _read:
                if known is study:
                    return spread
            _read[:] = [(study, Spread(study)), *_read[:3]]
            return _read[0][1]
    return None


def change_intervals(
    spread: Spread | None, baseline: Scenario, other: Scenario
) -> Mapping[str, tuple[float, float]] | None:
    """Metric -> 90 % interval of other less baseline, for ``comparison.compare``; None where it was not drawn."""
    if spread is None:
        return None
    first, second = spread.like(baseline), spread.like(other)
    if first is None or second is None:
        return None
    out = {}
    for name in spread.metric_names():
        found = spread.interval(name, second, first)
        if found is not None:
            out[name] = (found.low, found.high)
    return out


def value_intervals(spread: Spread | None, scenario: Scenario) -> Mapping[str, Interval]:
    """Metric -> 90 % interval of its value in a scenario; empty where it was not drawn."""
    name = None if spread is None else spread.like(scenario)
    if spread is None or name is None:
        return {}
    found = {metric: spread.interval(metric, name) for metric in spread.metric_names()}
    return {metric: one for metric, one in found.items() if one is not None}
