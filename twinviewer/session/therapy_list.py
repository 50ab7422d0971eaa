"""The therapies of one scenario as a list that is edited: added, taken out, moved, switched, changed, each by name.

Every edit answers with a Case whose ``action`` says what was done, for the undo menu. The run stays where what acts has
stayed as it was (a therapy that is switched off was changed or taken out).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from twinviewer.domain import ParameterValue, TherapyError
from twinviewer.session import catalog
from twinviewer.session.case import BASELINE, Case, Scenario
from twinviewer.session.scenarios import ON, add_scenario, called, label_for, treat, use_therapies
from twinviewer.session.therapy_use import TherapyUse, in_force, use_names


def set_therapies(case: Case, name: str, uses: Sequence[TherapyUse], action: str = "") -> Case:
    """A scenario with this list of therapies; the same Case where nothing differs. action: in place of what is made
    from the difference. TherapyError for values out of bounds and for therapies that cannot be combined."""
    scenario = _treated(case, name)
    checked = _checked(uses, name)
    before = scenario.therapies
    if same(before, checked):
        return case
    changed = replace(scenario, therapies=checked)
    if not same(in_force(before), in_force(checked)):
        assert case.baseline is not None
        changed = replace(changed, setup=treat(case.baseline.setup, checked, case.engine), run=None)
    names = [called(use) for use in before], [called(use) for use in checked]
    if names[0] != names[1] and _own_label(case, scenario):
        others = replace(case, scenarios=tuple(one for one in case.scenarios if one.name != name))
        changed = replace(changed, label=label_for(others, checked))
    return case.with_scenario(changed, action or difference(scenario.label, before, checked))


def add_uses(case: Case, uses: Sequence[TherapyUse]) -> Case:
    """A new scenario of these therapies, named after them. TherapyError as :func:`set_therapies`."""
    return add_scenario(case, [use.therapy for use in uses], {"*": _addressed(uses)})


def add_therapy(
    case: Case, name: str, therapy: str, values: Mapping[str, ParameterValue] | None = None, at: int | None = None
) -> Case:
    """One therapy more, at the end or at a place. TherapyError as :func:`set_therapies`."""
    uses = list(_treated(case, name).therapies)
    uses.insert(len(uses) if at is None else at, TherapyUse(therapy, dict(values or {})))
    return set_therapies(case, name, uses)


def remove_therapy(case: Case, name: str, at: int) -> Case:
    """Without the therapy at a place of the list."""
    uses = list(_treated(case, name).therapies)
    _within(uses, at, name)
    return set_therapies(case, name, [*uses[:at], *uses[at + 1 :]])


def move_therapy(case: Case, name: str, at: int, to: int) -> Case:
    """The therapy at one place taken to another; the others close up."""
    uses = list(_treated(case, name).therapies)
    _within(uses, at, name)
    _within(uses, to, name)
    uses.insert(to, uses.pop(at))
    return set_therapies(case, name, uses)


def switch_therapy(case: Case, name: str, at: int, on: bool) -> Case:
    """One therapy switched on or off; its values stay."""
    uses = list(_treated(case, name).therapies)
    _within(uses, at, name)
    return set_therapies(case, name, [*uses[:at], replace(uses[at], on=on), *uses[at + 1 :]])


def change_therapy(case: Case, name: str, at: int, values: Mapping[str, ParameterValue]) -> Case:
    """Some values of the therapy at a place."""
    uses = list(_treated(case, name).therapies)
    _within(uses, at, name)
    changed = replace(uses[at], values={**uses[at].values, **values})
    return set_therapies(case, name, [*uses[:at], changed, *uses[at + 1 :]])


def same(one: Sequence[TherapyUse], other: Sequence[TherapyUse]) -> bool:
    """Whether two lists say the same."""
    return [(u.therapy, dict(u.values), u.on) for u in one] == [(u.therapy, dict(u.values), u.on) for u in other]


def notes_of(scenario: Scenario) -> tuple[str, ...]:
    """What its therapies added to the notes of the baseline: sites, limits, and where two of them meet."""
    before = scenario.setup.untreated.notes if scenario.setup.untreated is not None else ()
    return tuple(dict.fromkeys(note for note in scenario.setup.notes if note not in before))


def difference(label: str, before: Sequence[TherapyUse], after: Sequence[TherapyUse]) -> str:
    """What took one list to the other, in a few words for the undo menu. label: of the scenario."""
    old, new = [use.therapy for use in before], [use.therapy for use in after]
    if old == new:
        different = [i for i in range(len(new)) if not same(before[i : i + 1], after[i : i + 1])]
        if len(different) == 1:
            return _of_one(label, before[different[0]], after[different[0]])
        return f"Change {label}"
    was, now = [called(use) for use in before], [called(use) for use in after]
    if len(now) == len(was) + 1 and (place := _extra(now, was)) is not None:
        return f"Add {now[place]} to {label}"
    if len(now) == len(was) - 1 and (place := _extra(was, now)) is not None:
        return f"Remove {was[place]} from {label}"
    if sorted(old) == sorted(new):
        return f"Reorder {label}"
    return f"Change {label}"


def _of_one(label: str, before: TherapyUse, after: TherapyUse) -> str:
    therapy, name = catalog.therapy(after.therapy), called(after)
    other = [
        p for p in therapy.parameters if before.values.get(p.name, p.default) != after.values.get(p.name, p.default)
    ]
    if before.on != after.on:
        return f"Switch {'on' if after.on else 'off'} {name}" + (f" in {label}" if label != name else "")
    if len(other) == 1:
        value = after.values.get(other[0].name, other[0].default)
        shown = next((c.label for c in other[0].choices if c.key == value), None)
        if shown is None:
            shown = f"{value:g} {other[0].unit}".strip() if isinstance(value, int | float) else str(value)
        return f"{name}: {other[0].label.lower()} {shown}"
    return f"Change {name}" + (f" in {label}" if label != name else "")


def _extra(longer: Sequence[str], shorter: Sequence[str]) -> int | None:
    """The place of the one entry that the longer list has more."""
    return next((i for i in range(len(longer)) if [*longer[:i], *longer[i + 1 :]] == list(shorter)), None)


def _checked(uses: Sequence[TherapyUse], where: str) -> tuple[TherapyUse, ...]:
    return use_therapies([use.therapy for use in uses], _addressed(uses), where)


def _addressed(uses: Sequence[TherapyUse]) -> dict[str, ParameterValue]:
    values: dict[str, ParameterValue] = {}
    for address, use in zip(use_names([use.therapy for use in uses]), uses, strict=True):
        values |= {f"{address}.{key}": value for key, value in use.values.items()} | {f"{address}.{ON.name}": use.on}
    return values


def _treated(case: Case, name: str) -> Scenario:
    if name == BASELINE:
        raise TherapyError("The baseline has no therapy", remedy="Add a scenario")
    return case.scenario(name)


def _within(uses: Sequence[TherapyUse], at: int, name: str) -> None:
    if not 0 <= at < len(uses):
        raise TherapyError(f"There is no therapy {at + 1} in this list of {len(uses)}", where=name)


def _own_label(case: Case, scenario: Scenario) -> bool:
    """Whether its label is the one that its therapies gave it, which then follows them."""
    others = replace(case, scenarios=tuple(one for one in case.scenarios if one.name != scenario.name))
    stem = label_for(replace(case, scenarios=()), scenario.therapies)
    return scenario.label in (stem, label_for(others, scenario.therapies))
