"""Who responds: what counts as a response, and in whom a cohort shows it.

A share of people is given with Wilson's 90 % interval (J Am Stat Assoc 22:209, 1927), a difference of two shares with
Newcombe's interval from both (method 10, Stat Med 17:873, 1998). Both say how far another draw of as many virtual
patients could differ; they say nothing about how far the model is from patients.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.stats import binomtest

from twinviewer.domain import EngineError
from twinviewer.session.metric_names import label_of
from twinviewer.session.studies.cohort.people import Person

LEVEL = 0.90
UNITS = {"ms": "ms", "percent": "points", "ml": "mL", "mmhg": "mmHg", "bpm": "bpm", "min": "L/min", "s": "mmHg/s"}
"""Of a change in a metric's own unit, by the end of its name."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """A metric changes by at least this much: up where ``by`` is above 0, down where below. percent: of its value
    untreated; else in its unit."""

    metric: str
    by: float
    percent: bool
    source: str

    def change(self, before: float, after: float) -> float:
        """What the metric changes by, in % or in its unit."""
        return 100.0 * (after - before) / abs(before) if self.percent else after - before

    def met(self, change: float) -> bool:
        """Whether such a change is a response."""
        return change >= self.by if self.by > 0 else change <= self.by

    @property
    def said(self) -> str:
        """In words: "LV dP/dt max at least 10 % higher"."""
        unit = "%" if self.percent else UNITS.get(self.metric.rsplit("_", 1)[-1], "")
        words = f"at least {abs(self.by):g} {unit}".rstrip()
        return f"{label_of(self.metric)} {words} {'higher' if self.by > 0 else 'lower'}"

    @property
    def text(self) -> str:
        """As :func:`criterion` reads it."""
        return f"{self.metric}:{self.by:+g}{'%' if self.percent else ''}"


CRITERIA: Mapping[str, Criterion] = {
    "dpdt": Criterion(
        "lv_dpdt_max_mmhg_s", 10.0, True,
        "an acute rise of LV dP/dt max goes with reverse remodelling: Duckett et al., J Am Coll Cardiol 58:1128 "
        "(2011); the limit of 10 % was not verified",
    ),
    "qrs": Criterion("qrs_ms", -20.0, False, "QRS shorter by 20 ms, as with resynchronisation in MIRACLE (2002)"),
    "stroke_volume": Criterion(
        "lv_stroke_volume_ml", 10.0, True, "10 %: beyond what two measurements of a stroke differ by (assumed)"
    ),
    "ejection_fraction": Criterion(
        "lv_ef_percent", 5.0, False, "5 points, as a response to resynchronisation is defined in J Cardiovasc "
        "Electrophysiol 2023, doi:10.1111/jce.16097; there after months",
    ),
    "pressure": Criterion("mean_arterial_mmhg", -5.0, False, "mean pressure lower by 5 mmHg (assumed)"),
    "rate": Criterion("heart_rate_bpm", -10.0, False, "10 bpm slower (assumed)"),
}  # fmt: skip
"""What may count as a response, by the word for it."""


def criterion(text: str) -> Criterion:
    """A criterion by its word, or typed: "lv_dpdt_max_mmhg_s:+10%", "qrs_ms:-20". EngineError for anything else."""
    if text in CRITERIA:
        return CRITERIA[text]
    metric, colon, by = text.partition(":")
    try:
        number = float(by.rstrip("%"))
    except ValueError:
        number = 0.0
    if not colon or not metric or number == 0.0:
        raise EngineError(
            f"{text!r} says no change",
            remedy=f"One of {', '.join(CRITERIA)}; or such as qrs_ms:-20 or lv_ef_percent:+5",
        )
    return Criterion(metric, number, by.endswith("%"), "set by the user")


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A simulated virtual patient. before, after: metrics untreated and treated, in the patient's own size."""

    number: int
    person: Person
    size: float
    before: Mapping[str, float]
    after: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many. low, high: Wilson's interval of the share; 0 to 1 where there is nobody."""

    count: int
    of: int

    @property
    def share(self) -> float:
        """0..1; NaN where there is nobody."""
        return self.count / self.of if self.of else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """(low, high) of Wilson's interval at LEVEL."""
        if not self.of:
            return 0.0, 1.0
        found = binomtest(self.count, self.of).proportion_ci(LEVEL, method="wilson")
        return float(found.low), float(found.high)


@dataclass(frozen=True, slots=True)
class Difference:
    """Between two groups' shares (the second minus the first), with Newcombe's interval."""

    first: str
    second: str
    by: float
    low: float
    high: float

    @property
    def told(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0.0 or self.high < 0.0

    @property
    def said(self) -> str:
        """In words."""
        span = f"{100 * self.low:+.0f} to {100 * self.high:+.0f} points"
        first = self.first if self.first.startswith("QRS") else self.first[:1].lower() + self.first[1:]
        if not self.told:
            return f"{self.second} against {first}: no difference can be told ({span})"
        return f"{self.second} respond {'more' if self.by > 0 else 'less'} often than {first} ({span})"


@dataclass(frozen=True, slots=True)
class Group:
    """Members that have something in common: how many respond, and quantiles of the change."""

    label: str
    responders: Share
    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Division:
    """The cohort divided by one thing, and its first group against its last. difference: None with one group."""

    by: str
    groups: tuple[Group, ...]
    difference: Difference | None


def difference(first: str, one: Share, second: str, other: Share) -> Difference:
    """Newcombe's hybrid of two Wilson intervals."""
    (l1, u1), (l2, u2) = one.interval, other.interval
    p1, p2 = one.share, other.share
    gap = p2 - p1
    return Difference(
        first,
        second,
        gap,
        gap - sqrt((p2 - l2) ** 2 + (u1 - p1) ** 2),
        gap + sqrt((u2 - p2) ** 2 + (p1 - l1) ** 2),
    )


def changes(members: Sequence[Member], wanted: Criterion) -> np.ndarray:
    """(n,) what each member's metric changes by, NaN where the metric is not there."""
    nan = float("nan")
    return np.array(
        [wanted.change(m.before.get(wanted.metric, nan), m.after.get(wanted.metric, nan)) for m in members], float
    )


def group(label: str, members: Sequence[Member], wanted: Criterion) -> Group:
    """How those members respond."""
    found = changes(members, wanted)
    found = found[np.isfinite(found)]
    share = Share(int(sum(wanted.met(float(change)) for change in found)), len(found))
    low, middle, high = np.quantile(found, [0.05, 0.5, 0.95]) if len(found) else (float("nan"),) * 3
    return Group(label, share, float(middle), float(low), float(high))


QRS_CLASSES = ((0.0, 130.0, "QRS under 130 ms"), (130.0, 150.0, "QRS 130 to 149 ms"), (150.0, 1e9, "QRS from 150 ms"))
"""Classes of the ESC guideline on pacing and resynchronisation, Eur Heart J 42:3427 (2021)."""


def divisions(members: Sequence[Member], wanted: Criterion) -> tuple[Division, ...]:
    """By sex, thirds of age, thirds of body surface, QRS class. Groups without anybody are left out."""
    return (
        _divided("Sex", members, wanted, [("Men", _of_sex("M")), ("Women", _of_sex("F"))]),
        _divided("Age", members, wanted, _thirds(members, lambda m: m.person.age_years, "years", 0)),
        _divided("Body surface", members, wanted, _thirds(members, lambda m: m.person.bsa_m2, "m²", 2)),
        _divided(
            "QRS", members, wanted,
            [(label, _between(low, high)) for low, high, label in QRS_CLASSES],
        ),
    )  # fmt: skip


def _of_sex(sex: str) -> Callable[[Member], bool]:
    return lambda member: member.person.sex == sex


def _between(low: float, high: float) -> Callable[[Member], bool]:
    return lambda member: low <= member.before.get("qrs_ms", float("nan")) < high


def _thirds(
    members: Sequence[Member], of: Callable[[Member], float], unit: str, digits: int
) -> list[tuple[str, Callable[[Member], bool]]]:
    if len(members) < 3:
        return []
    first, second = (round(float(q), digits) for q in np.quantile([of(m) for m in members], [1 / 3, 2 / 3]))
    return [
        (f"Under {first:g} {unit}", lambda m: of(m) < first),
        (f"{first:g} to {second:g} {unit}", lambda m: first <= of(m) < second),
        (f"From {second:g} {unit}", lambda m: of(m) >= second),
    ]


def _divided(
    by: str,
    members: Sequence[Member],
    wanted: Criterion,
    parts: Sequence[tuple[str, Callable[[Member], bool]]],
) -> Division:
    groups = [group(label, [m for m in members if inside(m)], wanted) for label, inside in parts]
    groups = [one for one in groups if one.responders.of]
    if len(groups) < 2:
        return Division(by, tuple(groups), None)
    first, last = groups[0], groups[-1]
    return Division(by, tuple(groups), difference(first.label, first.responders, last.label, last.responders))
