"""Where therapies of one scenario meet: what cannot be combined, what takes another's place, what depends on the order.

Nothing here knows a therapy by name. What two of them do to each other is found by applying them (meeting.py); only
what that cannot show is declared by a therapy itself (:class:`twinviewer.domain.Objecting`).
"""

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import combinations

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
from twinviewer.session.meeting import meet, said
from twinviewer.session.therapy_use import TherapyUse, in_force


def conflicts(setup: Setup, uses: Sequence[TherapyUse], engine: str) -> tuple[Conflict, ...]:
    """What is to be said of these therapies on this untreated Setup, the impossible first. ``uses`` of each are places
    in the whole list; what is switched off is left out. engine: the case's own, by name. The last two answers are
    remembered: a window asks in a thread before it treats."""
    key = (tuple((use.therapy, tuple(use.values.items()), use.on) for use in uses), engine)
    for known_setup, known_key, known in tuple(_REMEMBERED):
        if known_setup is setup and known_key == key:
            return known
    found = _conflicts(setup, uses, engine)
    _REMEMBERED.appendleft((setup, key, found))
    return found


_REMEMBERED: deque[tuple[Setup, object, tuple[Conflict, ...]]] = deque(maxlen=2)


def _conflicts(setup: Setup, uses: Sequence[TherapyUse], engine: str) -> tuple[Conflict, ...]:
    active = [(i, use) for i, use in enumerate(uses) if use.on]
    found = list(refusals(setup, uses, engine))
    barred = {one.uses for one in found if one.kind == "impossible"}
    refusal = "" if barred else _refusal(setup, active)
    for pair in combinations(active, 2):
        places = (pair[0][0], pair[1][0])
        if places not in barred:
            found += [Conflict(kind, text, places) for kind, text in meet(setup, pair[0][1], pair[1][1])]
    if refusal and not any(one.kind == "impossible" for one in found):
        found.append(Conflict("impossible", refusal, tuple(i for i, _ in active)))
    return tuple(sorted(found, key=lambda one: one.kind != "impossible"))


def refusals(setup: Setup, uses: Sequence[TherapyUse], engine: str) -> tuple[Conflict, ...]:
    """What can be said without applying anything: repeated, answered by no engine, objected to by one of them."""
    active = [(i, use) for i, use in enumerate(uses) if use.on]
    return (*_repeated(active), *_unanswered(active, engine, setup), *_objected(active))


def impossible(found: Sequence[Conflict]) -> str:
    """Why these therapies cannot be combined, "" where they can."""
    return "; ".join(one.text for one in found if one.kind == "impossible")


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
                found.append(said(error))
    return tuple(text for text in found if text)


def suits(setup: Setup, therapy: Therapy) -> Suitability:
    """Whether this heart can have the therapy with any of its choices, its numbers at their defaults; if not, why."""
    refusal = ""
    for values in _each_choice(therapy):
        try:
            therapy.apply(setup, values)
        except TherapyError as error:
            refusal = refusal or said(error)
        except (ArithmeticError, LookupError, ValueError) as error:  # a therapy may trip over a heart it never met
            refusal = refusal or f"It cannot be applied to this heart: {error}"
        else:
            return Suitability(True)
    return Suitability(False, refusal)


def treated(setup: Setup, uses: Sequence[TherapyUse]) -> Setup:
    """After those in force, as far as they can be applied."""
    for use in in_force(uses):
        try:
            setup = catalog.therapy(use.therapy).apply(setup, use.values)
        except TherapyError:
            continue
    return setup


def addable(
    therapy: Therapy,
    engine: Engine,
    mesh: OrganMesh | None,
    setup: Setup | None = None,
    uses: Sequence[TherapyUse] = (),
    suited: Suitability | None = None,
) -> Suitability:
    """Whether a therapy may join those in force, and if not, why: no engine answers, it is in the list already, another
    therapy bars it, or this heart as those leave it cannot have it. setup: untreated, None where there is no baseline
    yet. suited: the answer of :func:`suits` for the treated heart, where it is known."""
    found = catalog.answered(therapy, engine, mesh)
    if not found.ok or setup is None:
        return found
    values = {parameter.name: parameter.default for parameter in therapy.parameters}
    joined = [*in_force(uses), TherapyUse(therapy.name, values)]
    for one in refusals(setup, joined, engine.name):
        if one.kind == "impossible" and len(joined) - 1 in one.uses:
            return Suitability(False, one.text)
    return suited or suits(treated(setup, uses), therapy)


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
    """Which engine answers for which of them."""
    able = [one for _, one in sorted(catalog.engines().items()) if catalog.runs_on(one, setup.mesh).ok]
    parts = []
    for therapy in therapies:
        by = [one.label for one in able if therapy.edits <= one.understands]
        parts.append(f"{therapy.label} by {' or '.join(by)}")
    return f"No engine answers for {'both' if len(parts) == 2 else 'all of them'}: {', '.join(parts)}"


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
            return f"{_label(use)}: {said(error)}"
    return ""
