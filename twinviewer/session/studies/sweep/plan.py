"""The plan of a sweep: therapies over ranges of their declared parameters.

What varies is said as on the command line: ``lv_lead`` (all its choices), ``lv_lead=AHA5,AHA11``,
``av_delay_ms=80:160:5`` (five values from 80 to 160). Where a parameter is picked among segments, those that the heart
does not have or whose muscle is dead are not simulated, and those that no coronary vein reaches are marked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from twinviewer.domain import Parameter, ParameterValue, TherapyError
from twinviewer.session import catalog
from twinviewer.session.scenarios import use_therapies
from twinviewer.session.studies.study import MOST_POINTS, Point, Study
from twinviewer.session.therapy_use import TherapyUse, use_names

SEGMENT_PICKS = ("lv_segment", "lv_vein")
NOWHERE = "none"
"""Of a choice of places: none of them."""
NUMBERS = 5
"""Values of a number whose range alone is asked for."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One parameter that varies. therapy: its place in the plan's list."""

    therapy: int
    parameter: Parameter
    values: tuple[ParameterValue, ...]

    @property
    def by_segment(self) -> bool:
        """Whether its values are places that a bullseye shows."""
        return self.parameter.kind == "choice" and self.parameter.pick in SEGMENT_PICKS

    def text(self, value: ParameterValue) -> str:
        """A value for people, with its unit."""
        return value_text(self.parameter, value)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is swept. uses: the therapies with the values that stay; axes: what varies, the first slowest."""

    uses: tuple[TherapyUse, ...]
    axes: tuple[Axis, ...]

    @property
    def site(self) -> Axis | None:
        """The axis of places, if there is one."""
        return next((axis for axis in self.axes if axis.by_segment), None)

    @property
    def combinations(self) -> int:
        """Points but for the baseline, masked places included."""
        return int(np.prod([len(axis.values) for axis in self.axes])) if self.axes else 1


def value_text(parameter: Parameter, value: ParameterValue) -> str:
    """A parameter's value for people: "120 ms", "11 mid inferolateral", "on"."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return next((choice.label for choice in parameter.choices if choice.key == value), value)
    return f"{value:g} {parameter.unit}".strip().replace("-", "\N{MINUS SIGN}")


def plan(therapies: Sequence[str], over: Sequence[str], values: Mapping[str, ParameterValue] | None = None) -> Plan:
    """A plan from names and texts. values: those that stay, addressed as in scenarios. TherapyError for what is not
    understood, out of bounds, or given twice."""
    uses = use_therapies(therapies, values or {}, "sweep")
    axes = tuple(_axis(text, therapies) for text in over)
    taken = [(axis.therapy, axis.parameter.name) for axis in axes]
    if len(set(taken)) < len(taken):
        raise TherapyError("A parameter cannot vary twice", where=", ".join(over))
    made = Plan(uses, axes)
    if made.combinations + 1 > MOST_POINTS:
        raise TherapyError(
            f"{made.combinations} simulations are too many", remedy=f"A sweep holds up to {MOST_POINTS - 1}"
        )
    return made


def axis_values(parameter: Parameter, text: str = "") -> tuple[ParameterValue, ...]:
    """The values that a text means: "a,b,c", "low:high:count", or "" for all choices or five numbers over the whole
    range. Numbers are brought to the parameter's step. ValueError for anything else."""
    if not text:
        if parameter.kind == "choice":
            keys = tuple(choice.key for choice in parameter.choices)
            return tuple(key for key in keys if key != NOWHERE) if parameter.pick in SEGMENT_PICKS else keys
        if parameter.kind == "switch":
            return (False, True)
        if parameter.minimum is None or parameter.maximum is None:
            raise ValueError(f"{parameter.name} has no bounds: say which values")
        return _spaced(parameter, parameter.minimum, parameter.maximum, NUMBERS)
    if parameter.kind == "number" and ":" in text:
        parts = text.split(":")
        if len(parts) != 3 or not parts[2].strip().isdigit() or int(parts[2]) < 1:
            raise ValueError(f"{text} is not low:high:count")
        return _spaced(parameter, float(parts[0]), float(parts[1]), int(parts[2]))
    found = tuple(parameter.check(one.strip()) for one in text.split(",") if one.strip())
    if not found or len(set(found)) < len(found):
        raise ValueError(f"{text} names no values, or one twice")
    return found


def over_text(axis: Axis, uses: Sequence[TherapyUse]) -> str:
    """An axis as it is written on the command line."""
    name = f"{use_names([use.therapy for use in uses])[axis.therapy]}.{axis.parameter.name}"
    return f"{name}={','.join(f'{v:g}' if isinstance(v, float) else str(v) for v in axis.values)}"


def point_name(swept: Plan, values: Sequence[ParameterValue]) -> str:
    """Of one combination: "lv_lead=AHA11 av_delay_ms=120"."""
    texts = (f"{v:g}" if isinstance(v, float) else str(v) for v in values)
    return " ".join(f"{axis.parameter.name}={text}" for axis, text in zip(swept.axes, texts, strict=True)) or "treated"


def in_words(swept: Plan) -> str:
    """What is swept, short: "CRT: 17 LV lead, 5 AV delay, sensed"."""
    therapies = " + ".join(catalog.therapy(use.therapy).label for use in swept.uses)
    ranges = " \N{MULTIPLICATION SIGN} ".join(f"{len(axis.values)} {axis.parameter.label}" for axis in swept.axes)
    return f"{therapies}: {ranges}" if ranges else therapies


def settings(swept: Plan) -> dict[str, ParameterValue]:
    """What a Study keeps of its plan; :func:`plan_of` reads it."""
    return {
        "therapies": "+".join(use.therapy for use in swept.uses),
        "over": " ".join(over_text(axis, swept.uses) for axis in swept.axes),
    }


def plan_of(study: Study) -> Plan:
    """The plan that a study was made from. TherapyError where it names what is not there any more."""
    names = [name for name in str(study.settings.get("therapies", "")).split("+") if name]
    treated = next((point for point in study.points if point.therapies), None)
    made = plan(names, str(study.settings.get("over", "")).split())
    return made if treated is None else replace(made, uses=treated.therapies)


def values_of(swept: Plan, point: Point) -> tuple[ParameterValue, ...]:
    """The point's value on each axis; empty for the baseline."""
    if not point.therapies:
        return ()
    return tuple(point.therapies[axis.therapy].values[axis.parameter.name] for axis in swept.axes)


def _axis(text: str, therapies: Sequence[str]) -> Axis:
    name, _, values = text.partition("=")
    address, _, key = name.strip().rpartition(".")
    found = [
        (place, parameter)
        for place, (therapy, own) in enumerate(zip(therapies, use_names(therapies), strict=True))
        for parameter in catalog.therapy(therapy).parameters
        if (not address or address == own) and key in (parameter.name, parameter.pick if parameter.choices else "")
    ]
    exact = [one for one in found if one[1].name == key] or found[:1]
    if len(exact) != 1:
        known = sorted(parameter.name for therapy in therapies for parameter in catalog.therapy(therapy).parameters)
        what = f"{key} belongs to several therapies" if exact else f"{key or text!r} is no parameter"
        raise TherapyError(what, where="sweep", remedy=f"Known: {', '.join(known)}")
    place, parameter = exact[0]
    try:
        return Axis(place, parameter, axis_values(parameter, values.strip()))
    except ValueError as error:
        raise TherapyError(str(error), where=f"sweep over {parameter.name}") from error


def _spaced(parameter: Parameter, low: float, high: float, count: int) -> tuple[ParameterValue, ...]:
    numbers = np.linspace(low, high, count)
    if parameter.step:
        base = parameter.minimum or 0.0
        numbers = base + np.round((numbers - base) / parameter.step) * parameter.step
    return tuple(dict.fromkeys(parameter.check(float(round(number, 9))) for number in numbers))
