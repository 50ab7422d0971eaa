"""Where therapies of one scenario meet: what cannot be combined, what takes another's place, what depends on the order.

Nothing here knows a therapy by name. Two therapies are applied to the untreated Setup alone, one after the other and
the other way round, and what they wrote is compared: parameters, stimuli, tissue. Only what applying cannot show is
declared by a therapy itself (:class:`twinviewer.domain.Objecting`).
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal

import numpy as np

from twinviewer.domain import (
    Conflict,
    Engine,
    Explaining,
    Objecting,
    OrganMesh,
    ParameterValue,
    Repeatable,
    Setup,
    Suitability,
    Therapy,
    TherapyError,
)
from twinviewer.session import catalog
from twinviewer.session.therapy_use import TherapyUse, in_force

SAME = 1e-9
"""Relative difference below which two numbers are one."""
TOLD = 5e-3
"""Relative difference of a parameter that is worth a word."""
PULLED = 0.01
"""Relative change of a parameter from which on it counts as pulled."""
MOST_TOLD = 3
"""How many parameters a sentence names."""

Kind = Literal["impossible", "overrides", "opposes", "order", "together"]
_UNITS = ("mmhg_s_ml", "ml_mmhg", "mmhg", "bpm", "kpa", "cm2", "m_s", "ms", "ml", "mm")


def conflicts(setup: Setup, uses: Sequence[TherapyUse], engine: str) -> tuple[Conflict, ...]:
    """What is to be said of these therapies on this untreated Setup, the impossible first. ``uses`` of each are places
    in the whole list; what is switched off is left out. engine: the case's own, by name."""
    active = [(i, use) for i, use in enumerate(uses) if use.on]
    found = [*_repeated(active), *_unanswered(active, engine, setup), *_objected(active)]
    barred = {one.uses for one in found if one.kind == "impossible"}
    refusal = "" if barred else _refusal(setup, active)
    for pair in combinations(active, 2):
        places = (pair[0][0], pair[1][0])
        if places not in barred:
            found += [Conflict(kind, text, places) for kind, text in _pair(setup, pair[0][1], pair[1][1])]
    if refusal and not any(one.kind == "impossible" for one in found):
        found.append(Conflict("impossible", refusal, tuple(i for i, _ in active)))
    return tuple(sorted(found, key=lambda one: one.kind != "impossible"))


def impossible(found: Sequence[Conflict]) -> str:
    """Why these therapies cannot be combined, "" where they can."""
    return "; ".join(one.text for one in found if one.kind == "impossible")


def notes(setup: Setup, uses: Sequence[TherapyUse], engine: str) -> tuple[str, ...]:
    """What a reader of the scenario must know of its therapies together; nothing for a single one."""
    if len(in_force(uses)) < 2:
        return ()
    return tuple(one.text for one in conflicts(setup, uses, engine) if one.kind != "impossible")


def explained(uses: Sequence[TherapyUse]) -> bool:
    """Whether a therapy in force has more to say of its values, which :func:`explanations` finds."""
    return any(isinstance(catalog.therapy(use.therapy), Explaining) for use in in_force(uses))


def explanations(setup: Setup, uses: Sequence[TherapyUse]) -> tuple[str, ...]:
    """What therapies in force say of their own values, all uses of one together. Seconds: cells are paced for it."""
    values: dict[str, list[Mapping[str, ParameterValue]]] = {}
    for use in in_force(uses):
        values.setdefault(use.therapy, []).append(use.values)
    found = []
    for name, given in values.items():
        therapy = catalog.therapy(name)
        if isinstance(therapy, Explaining):
            try:
                found.append(therapy.explain(setup, given))
            except TherapyError as error:
                found.append(_said(error))
    return tuple(text for text in found if text)


def suits(setup: Setup, therapy: Therapy) -> Suitability:
    """Whether this heart can have the therapy with any of its choices, its numbers at their defaults; if not, why."""
    refusal = ""
    for values in _each_choice(therapy):
        try:
            therapy.apply(setup, values)
        except TherapyError as error:
            refusal = refusal or _said(error)
        except (ArithmeticError, LookupError, ValueError) as error:  # a therapy may trip over a heart it never met
            refusal = refusal or f"It cannot be applied to this heart: {error}"
        else:
            return Suitability(True)
    return Suitability(False, refusal)


def addable(
    therapy: Therapy,
    engine: Engine,
    mesh: OrganMesh | None,
    setup: Setup | None = None,
    uses: Sequence[TherapyUse] = (),
    suited: Suitability | None = None,
) -> Suitability:
    """Whether a therapy may join those in force, and if not, why: no engine answers, this heart cannot have it, it is
    in the list already, or another therapy bars it. setup: untreated, None where there is no baseline yet. suited: the
    answer of :func:`suits` where it is known."""
    found = catalog.answered(therapy, engine, mesh)
    if not found.ok or setup is None:
        return found
    found = suited or suits(setup, therapy)
    if not found.ok:
        return found
    values = {parameter.name: parameter.default for parameter in therapy.parameters}
    joined = [*in_force(uses), TherapyUse(therapy.name, values)]
    active = list(enumerate(joined))
    last = len(joined) - 1
    for one in (*_repeated(active), *_unanswered(active, engine.name, setup), *_objected(active)):
        if one.kind == "impossible" and last in one.uses:
            return Suitability(False, one.text)
    return Suitability(True)


def _each_choice(therapy: Therapy) -> list[dict[str, ParameterValue]]:
    """The defaults, then the defaults with every other entry of one list after another."""
    found: list[dict[str, ParameterValue]] = [{}]
    for parameter in therapy.parameters:
        found += [{parameter.name: one.key} for one in parameter.choices if one.key != parameter.default]
    return found


Active = Sequence[tuple[int, TherapyUse]]


def _label(use: TherapyUse) -> str:
    return catalog.therapy(use.therapy).label


def _repeated(active: Active) -> list[Conflict]:
    found, seen = [], dict[str, list[int]]()
    for i, use in active:
        therapy = catalog.therapy(use.therapy)
        places = seen.setdefault(use.therapy, [])
        places.append(i)
        most = therapy.most_uses if isinstance(therapy, Repeatable) else 1
        if len(places) > most:
            text = f"{therapy.label} is in the list already" if most == 1 else f"{therapy.label}: {most} at the most"
            found.append(Conflict("impossible", text, tuple(places)))
    return found


def _unanswered(active: Active, engine: str, setup: Setup) -> list[Conflict]:
    """Pairs, or the whole list, that no engine answers for although one answers for each."""
    preferred, mesh = catalog.engine(engine), setup.mesh
    alone = {use.therapy: catalog.answered(catalog.therapy(use.therapy), preferred, mesh) for _, use in active}
    found = [
        Conflict("impossible", f"{_label(use)}: {alone[use.therapy].reason}", (i,))
        for i, use in active
        if not alone[use.therapy].ok
    ]
    if found:
        return found
    for (i, one), (j, other) in combinations(active, 2):
        both = [catalog.therapy(one.therapy), catalog.therapy(other.therapy)]
        if isinstance(catalog.answering(both, preferred, mesh), Suitability):
            found.append(Conflict("impossible", _no_engine(both, setup), (i, j)))
    every = [catalog.therapy(use.therapy) for _, use in active]
    if not found and every and isinstance(catalog.answering(every, preferred, mesh), Suitability):
        found.append(Conflict("impossible", _no_engine(every, setup), tuple(i for i, _ in active)))
    return found


def _no_engine(therapies: Sequence[Therapy], setup: Setup) -> str:
    """Which engine lacks what, of those that can run on this mesh."""
    why = []
    for _, engine in sorted(catalog.engines().items()):
        if catalog.runs_on(engine, setup.mesh).ok:
            lacking = [one.label for one in therapies if not one.edits <= engine.understands]
            why.append(f"{engine.label} does not answer for {' nor '.join(lacking)}")
    return f"No engine answers for {' and '.join(one.label for one in therapies)} together: {'; '.join(why)}"


def _objected(active: Active) -> list[Conflict]:
    found = []
    for i, use in active:
        therapy = catalog.therapy(use.therapy)
        if isinstance(therapy, Objecting):
            for j, other in active:
                if j != i:
                    said = therapy.objections(use.values, [(other.therapy, other.values)])
                    found += [Conflict(one.kind, one.text, (min(i, j), max(i, j))) for one in said]
    return found


def _refusal(setup: Setup, active: Active) -> str:
    for _, use in active:
        try:
            setup = catalog.therapy(use.therapy).apply(setup, use.values)
        except TherapyError as error:
            return f"{_label(use)}: {_said(error)}"
    return ""


def _pair(setup: Setup, first: TherapyUse, second: TherapyUse) -> list[tuple[Kind, str]]:
    """Kind and sentence of what follows where the second is applied after the first."""
    one, other = catalog.therapy(first.therapy), catalog.therapy(second.therapy)
    try:
        alone = one.apply(setup, first.values)
        second_alone = other.apply(setup, second.values)
    except TherapyError:
        return []  # refused alone: said of the whole list
    try:
        both = other.apply(alone, second.values)
    except TherapyError as error:
        return [("impossible", f"{other.label} cannot follow {one.label}: {_said(error)}")]
    if one.name == other.name:
        return []  # one therapy used twice knows of itself
    found: list[tuple[Kind, str]] = []
    lost = _lost(setup, alone, second_alone, both)
    if lost:
        found.append(("overrides", f"{other.label} sets {_and(lost)} itself: what {one.label} did to it is lost"))
    opposed = [name for name in _opposed(setup, alone, second_alone) if name not in lost]
    if opposed:
        text = f"{one.label} and {other.label} pull {_and(opposed)} opposite ways: each acts as if alone"
        found.append(("opposes", text))
    if not lost and _keys(alone) - _keys(setup) and _keys(second_alone) - _keys(setup):
        added = len(_keys(both) - _keys(setup))
        found.append(("together", f"{one.label} and {other.label} both pace: all {added} sites fire, each at its time"))
    try:
        swapped = one.apply(second_alone, first.values)
    except TherapyError as error:
        found.append(("order", f"{one.label} must stay before {other.label}: after it, {_said(error).lower()}"))
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
    return [
        name
        for name, array in after.tissue.items()
        if name not in before.tissue
        or not np.array_equal(before.tissue[name], array, equal_nan=array.dtype.kind == "f")
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
        f"{words(name, both)} is {_value(swapped, name):.3g} instead of {_value(both, name):.3g} "
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
    return name.replace("_", " ").replace(" lv", " of the LV").replace(" rv", " of the RV")


def _and(parts: Sequence[str]) -> str:
    both = [one.removesuffix(" of the LV") for one in parts if one.replace(" LV", " RV") in parts]
    parts = list(dict.fromkeys(next((b for b in both if one.startswith(f"{b} of the ")), one) for one in parts))
    shown = list(parts[:MOST_TOLD]) + ([f"{len(parts) - MOST_TOLD} more"] if len(parts) > MOST_TOLD else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _said(error: TherapyError) -> str:
    return f"{error.what} ({error.where})" if error.where else error.what
