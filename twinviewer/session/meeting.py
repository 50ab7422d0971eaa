"""What two therapies do to each other, found by applying them.

Each is applied to the untreated Setup alone, one after the other and the other way round, and what they wrote is
compared: parameters, stimuli, tissue.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from twinviewer.domain import Setup, TherapyError
from twinviewer.session import catalog
from twinviewer.session.therapy_use import TherapyUse

SAME = 1e-9
"""Relative difference below which two numbers are one."""
TOLD = 0.01
"""Relative difference of a parameter that is worth a word."""
PULLED = 0.01
"""Relative change of a parameter from which on it counts as pulled."""
MOST_TOLD = 3
"""How many parameters a sentence names."""

Kind = Literal["impossible", "overrides", "opposes", "order", "together"]
_UNITS = ("mmhg_s_ml", "ml_mmhg", "mmhg", "bpm", "kpa", "cm2", "m_s", "ms", "ml", "mm")


def meet(setup: Setup, first: TherapyUse, second: TherapyUse) -> list[tuple[Kind, str]]:
    """Kind and sentence of what follows where the second is applied after the first, on the untreated Setup."""
    one, other = catalog.therapy(first.therapy), catalog.therapy(second.therapy)
    try:
        alone = one.apply(setup, first.values)
        second_alone = other.apply(setup, second.values)
    except TherapyError:
        return []  # refused alone: said of the whole list
    try:
        both = other.apply(alone, second.values)
    except TherapyError as error:
        return [("impossible", f"{other.label} cannot follow {one.label}: {said(error)}")]
    if one.name == other.name:
        return []  # one therapy used twice knows of itself
    found: list[tuple[Kind, str]] = []
    lost = _lost(setup, alone, second_alone, both)
    if lost:
        found.append(("overrides", f"{other.label} sets {_and(lost)} itself: what {one.label} did to it is lost"))
    opposed = [name for name in _opposed(setup, alone, second_alone) if name not in lost]
    if opposed:
        text = f"{one.label} and {other.label} pull {_and(opposed)} opposite ways; "
        text += "that one weakens the other is not modelled"
        found.append(("opposes", text))
    if not lost and _keys(alone) - _keys(setup) and _keys(second_alone) - _keys(setup):
        added = len(_keys(both) - _keys(setup))
        found.append(("together", f"{one.label} and {other.label} both pace: all {added} sites fire, each at its time"))
    try:
        swapped = one.apply(second_alone, first.values)
    except TherapyError as error:
        found.append(("order", f"{one.label} must stay before {other.label}: after it, {said(error).lower()}"))
        return found
    if differs := _different(both, swapped):
        found.append(("order", f"The order of {one.label} and {other.label} matters: swapped, {differs}"))
    return found


def _keys(setup: Setup) -> frozenset[tuple[str, int, float, str]]:
    return frozenset((s.name, int(s.node), round(float(s.time_ms), 6), s.layer) for s in setup.stimuli)


def _value(setup: Setup, name: str) -> float:
    return setup.parameters[name].value if name in setup.parameters else float("nan")


def _apart(one: float, other: float, by: float) -> bool:
    if np.isnan(one) or np.isnan(other):
        return np.isnan(one) != np.isnan(other)
    return abs(one - other) > by * max(abs(one), abs(other), 1e-300)


def _changed(before: Setup, after: Setup, by: float) -> list[str]:
    return [n for n in after.parameters if _apart(_value(before, n), _value(after, n), by)]


def _tissue(before: Setup, after: Setup) -> list[str]:
    """Names of what differs; a property that is not there is 1 everywhere."""
    return [
        name
        for name, array in after.tissue.items()
        if not np.array_equal(before.tissue.get(name, np.ones_like(array)), array, equal_nan=array.dtype.kind == "f")
    ]


def _lost(setup: Setup, first: Setup, second: Setup, both: Setup) -> list[str]:
    """What the first changed and the second wrote over, so that nothing of the first is left in it."""
    found = [
        words(name, first)
        for name in _changed(setup, first, TOLD)
        if not _apart(_value(both, name), _value(second, name), SAME)
        and _apart(_value(setup, name), _value(second, name), SAME)
    ]
    own = _keys(first) - _keys(setup)
    if own and not own & _keys(both):
        found.append("where and when excitation starts")
    again = set(_tissue(second, both))
    mine = [name for name in _tissue(setup, first) if name in _tissue(setup, second) and name not in again]
    return found + [name.replace("_", " ") for name in mine if name in _tissue(first, both)]


def _opposed(setup: Setup, first: Setup, second: Setup) -> list[str]:
    def pull(after: Setup, name: str) -> float:
        before = _value(setup, name)
        change = _value(after, name) - before
        return change if np.isfinite(change) and abs(change) > PULLED * abs(before) else 0.0

    both = [n for n in _changed(setup, first, PULLED) if pull(first, n) * pull(second, n) < 0.0]
    return list(dict.fromkeys(words(name, setup) for name in both))


def _different(both: Setup, swapped: Setup) -> str:
    """In words how a swapped order differs, "" where it does not."""
    parts = [
        f"{words(name, both)} is {_value(swapped, name):.4g} instead of {_value(both, name):.4g} "
        f"{both.parameters[name].unit}".rstrip()
        for name in both.parameters
        if name in swapped.parameters and _apart(_value(both, name), _value(swapped, name), TOLD)
    ][:MOST_TOLD]
    if _keys(both) != _keys(swapped):
        parts.append("other sites fire")
    parts += [f"{name.replace('_', ' ')} of the tissue differs" for name in _tissue(swapped, both)]
    return ", ".join(parts)


def words(name: str, setup: Setup) -> str:
    """A parameter's name for people, without its unit: "heart rate"."""
    for unit in _UNITS:
        if name.endswith(f"_{unit}"):
            name = name.removesuffix(f"_{unit}")
            break
    told = name.replace("_", " ").replace(" lv", " of the LV").replace(" rv", " of the RV")
    return told.replace("apd ", "APD ")


def _and(parts: Sequence[str]) -> str:
    both = [one.removesuffix(" of the LV") for one in parts if one.replace(" LV", " RV") in parts]
    parts = list(dict.fromkeys(next((b for b in both if one.startswith(f"{b} of the ")), one) for one in parts))
    shown = list(parts[:MOST_TOLD]) + ([f"{len(parts) - MOST_TOLD} more"] if len(parts) > MOST_TOLD else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def said(error: TherapyError) -> str:
    return f"{error.what} ({error.where})" if error.where else error.what
