"""The scenarios of a case: the baseline, and what it becomes under therapies."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from twinviewer.domain import (
    EngineError,
    NamedByChoice,
    OrganMesh,
    Parameter,
    ParameterValue,
    Quantity,
    Records,
    Reporter,
    Setup,
    Suitability,
    TherapyError,
    silent,
)
from twinviewer.session import catalog, combining
from twinviewer.session.case import BASELINE, SCENARIO_COLOURS, Case, Scenario
from twinviewer.session.therapy_use import TherapyUse, in_force, use_names

ON = Parameter("on", "Switched on", "switch", True, "of every therapy in a scenario")
LIMIT = 32
"""How many scenarios one case may hold."""


def prepare(case: Case, setup_values: Mapping[str, ParameterValue] | None = None, engine: str = "") -> Case:
    """Make the baseline Setup from mesh, measurements, records and the user's settings; all runs are dropped.

    Scenarios that were there are kept as plans: their therapies are applied to the new baseline.
    EngineError for a setting out of bounds or an engine that this mesh cannot feed.
    """
    inputs = setup_input(case, {**case.setup_values, **(setup_values or {})})
    return accept_setup(case, compute_setup(*inputs), inputs[-1], engine)


def setup_input(
    case: Case, values: Mapping[str, ParameterValue]
) -> tuple[str, OrganMesh, Mapping[str, Quantity], Records, Mapping[str, ParameterValue]]:
    """What :func:`compute_setup` needs of this case. EngineError if there is no model, or a value is out of bounds."""
    if case.mesh is None:
        raise EngineError("There is no model to simulate", remedy="Build the model first")
    organ = catalog.organ(case.organ)
    # only what the user has set: a default must not outrank what was measured in this patient
    checked = _checked(organ.setup_parameters, values, f"setting of {organ.label}", EngineError, fill=False)
    return case.organ, case.mesh, case.measurements, case.records, checked


def compute_setup(
    organ: str,
    mesh: OrganMesh,
    measurements: Mapping[str, Quantity],
    records: Records,
    values: Mapping[str, ParameterValue],
    report: Reporter = silent,
) -> Setup:
    """The baseline of this patient, fitted to what was measured: seconds, so a worker may do it."""
    report(0.0, "Fitting the baseline to this patient")
    return catalog.organ(organ).setup(mesh, measurements, records, values)


def accept_setup(
    case: Case, setup: Setup, values: Mapping[str, ParameterValue] | None = None, engine: str = ""
) -> Case:
    """Take a baseline in; treated scenarios stay as plans on top of it. values: the settings it was made with."""
    engine_name = _engine(engine or case.engine, case)
    baseline = Scenario(BASELINE, "Baseline", (), setup, None, SCENARIO_COLOURS[0])
    planned = tuple(replace(one, setup=treat(setup, one.therapies, engine_name), run=None) for one in case.treated)
    return case.changed(
        "Prepare baseline",
        scenarios=(baseline, *planned),
        setup_values=case.setup_values if values is None else dict(values),
        engine=engine_name,
    )


def add_scenario(
    case: Case,
    therapies: Sequence[str],
    values: Mapping[str, Mapping[str, ParameterValue]] | None = None,
    *,
    name: str = "",
    label: str = "",
) -> Case:
    """A scenario in which the therapies are applied to the baseline, one after the other.

    values: scenario name -> parameter -> value; "*" as scenario name means any. Without a name the scenario is called
    like its therapies (``crt``, ``crt+beta_blocker``), with a number from the second on (``crt_2``).
    TherapyError for values out of bounds, or a therapy that the engine does not understand.
    """
    baseline = _baseline(case)
    if len(case.scenarios) >= LIMIT:
        raise TherapyError(f"A case holds at most {LIMIT} scenarios", remedy="Remove one first")
    name = name or free_name(case, "+".join(therapies) or "control")
    if case.find(name) is not None:
        raise TherapyError(f"There is a scenario {name!r} already", remedy="Choose another name")
    given = values or {}
    wanted = {**given.get("*", {}), **given.get(name, {})}
    uses = use_therapies(therapies, wanted, name)
    setup = treat(baseline.setup, uses, case.engine)
    scenario = Scenario(name, label or label_for(case, uses), uses, setup, None, _free_colour(case))
    return case.changed(f"Add {scenario.label}", scenarios=(*case.scenarios, scenario))


def change_scenario(case: Case, name: str, values: Mapping[str, ParameterValue]) -> Case:
    """Other values for the therapies of one scenario; its run is dropped. TherapyError."""
    scenario = case.scenario(name)
    names = [use.therapy for use in scenario.therapies]
    known: dict[str, ParameterValue] = {}
    for address, use in zip(use_names(names), scenario.therapies, strict=True):
        kept = {f"{address}.{key}": value for key, value in use.values.items() if key not in values}
        known |= {**kept, f"{address}.{ON.name}": use.on}
    uses = use_therapies(names, {**known, **values}, name)
    changed = replace(scenario, therapies=uses, setup=treat(_baseline(case).setup, uses, case.engine), run=None)
    return case.with_scenario(changed, f"Change {scenario.label}")


def remove_scenario(case: Case, name: str) -> Case:
    """Without one scenario. The baseline cannot be removed."""
    scenario = case.scenario(name)
    if name == BASELINE:
        raise TherapyError("The baseline cannot be removed", remedy="Remove the scenarios compared with it")
    return case.changed(f"Remove {scenario.label}", scenarios=tuple(s for s in case.scenarios if s.name != name))


def duplicate_scenario(case: Case, name: str) -> Case:
    """A copy of one scenario under a free name, its run included, to be changed next."""
    scenario = case.scenario(name)
    stem = scenario.name.rstrip("0123456789").rstrip("_") if name != BASELINE else "control"
    new = free_name(case, stem)
    label = f"{scenario.label} (copy)" if name != BASELINE else "No therapy (control)"
    copy = replace(scenario, name=new, label=label, colour=_free_colour(case))
    return case.changed(f"Duplicate {scenario.label}", scenarios=(*case.scenarios, copy))


def rename_scenario(case: Case, name: str, label: str) -> Case:
    """Another label for people; the name that scripts use stays."""
    scenario = case.scenario(name)
    if not label.strip():
        raise TherapyError("A scenario needs a label", where=name)
    return case.with_scenario(replace(scenario, label=label.strip()), f"Rename {scenario.label}")


def use_therapies(therapies: Sequence[str], values: Mapping[str, ParameterValue], where: str) -> tuple[TherapyUse, ...]:
    """Checked values for each therapy, defaults filled in.

    A key may be addressed to one therapy ("crt.av_delay_ms"), to its second use ("channel_drug_2.dose_cmax"), and may
    switch one off ("crt.on" = "off"). TherapyError for a key that none of them has.
    """
    uses, understood = [], set()
    for name, address in zip(therapies, use_names(therapies), strict=True):
        therapy = catalog.therapy(name)
        own = {}
        for parameter in therapy.parameters:
            for key in (parameter.name, f"{address}.{parameter.name}"):
                if key in values:
                    own[parameter.name] = values[key]
                    understood.add(key)
        switch = f"{address}.{ON.name}"
        understood.add(switch)
        checked = _checked(therapy.parameters, own, therapy.label, TherapyError, fill=True)
        on = _checked((ON,), {ON.name: values.get(switch, True)}, therapy.label, TherapyError, fill=True)[ON.name]
        uses.append(TherapyUse(name, checked, bool(on)))
    if unknown := sorted(set(values) - understood):
        keys = sorted(parameter.name for name in therapies for parameter in catalog.therapy(name).parameters)
        raise TherapyError(f"{', '.join(unknown)} is no parameter", where=where, remedy=f"Known: {', '.join(keys)}")
    return tuple(uses)


def treat(setup: Setup, uses: Sequence[TherapyUse], engine: str, *, told: bool = True) -> Setup:
    """A Setup after those of these therapies that are switched on, one after the other; its notes say where they meet.

    told: whether to look for that; a study of many points has no reader for it. TherapyError, also when no engine
    answers for them together, or they cannot be combined.
    """
    untreated, active = setup, in_force(uses)
    therapies = [catalog.therapy(use.therapy) for use in active]
    look = combining.conflicts if told else combining.refusals
    found = look(untreated, active, engine)
    if refusal := combining.impossible(found):
        where = " + ".join(therapy.label for therapy in therapies)
        raise TherapyError(refusal, where=where, remedy="Choose another engine or therapy")
    for therapy, use in zip(therapies, active, strict=True):
        setup = therapy.apply(setup, use.values)
    return replace(setup, untreated=untreated, notes=(*setup.notes, *(one.text for one in found)))


def engine_of(case: Case, scenario: Scenario) -> str:
    """The engine that answers for a scenario: the case's own, or another where that does not understand its therapies.

    TherapyError if there is none (a plug-in was taken away).
    """
    therapies = [catalog.therapy(use.therapy) for use in in_force(scenario.therapies)]
    if not therapies:
        return case.engine
    found = catalog.answering(therapies, catalog.engine(case.engine), scenario.setup.mesh)
    if isinstance(found, Suitability):
        raise TherapyError(found.reason, where=scenario.label, remedy="Choose another engine or therapy")
    return found.name


def _baseline(case: Case) -> Scenario:
    if case.baseline is None:
        raise EngineError("There is no baseline to treat", remedy="Prepare the baseline first")
    return case.baseline


def free_name(case: Case, stem: str) -> str:
    """stem, or stem_2, stem_3 … : the first that no scenario has."""
    names = {scenario.name for scenario in case.scenarios}
    return next(name for name in [stem, *(f"{stem}_{i}" for i in range(2, LIMIT + 3))] if name not in names)


def _checked(
    parameters: Sequence[Parameter],
    values: Mapping[str, ParameterValue],
    where: str,
    error: type[EngineError] | type[TherapyError],
    *,
    fill: bool,
) -> dict[str, ParameterValue]:
    known = {parameter.name: parameter for parameter in parameters}
    if unknown := sorted(set(values) - set(known)):
        raise error(f"{', '.join(unknown)} is no parameter", where=where, remedy=f"Known: {', '.join(known) or 'none'}")
    checked = {}
    for name, parameter in known.items():
        if name not in values and not fill:
            continue
        try:
            checked[name] = parameter.check(values.get(name, parameter.default))
        except ValueError as broken:
            raise error(str(broken), where=where, remedy=f"The default is {parameter.default}") from broken
    return checked


def _engine(name: str, case: Case) -> str:
    assert case.mesh is not None
    if not name:
        return catalog.engine_for(case.mesh).name
    verdict = catalog.runs_on(catalog.engine(name), case.mesh)
    if not verdict.ok:
        raise EngineError(verdict.reason, where=name, remedy="Choose another engine")
    return name


def called(use: TherapyUse) -> str:
    """A therapy's label, or that of the choice it is named by."""
    therapy = catalog.therapy(use.therapy)
    if isinstance(therapy, NamedByChoice):
        parameter = next(one for one in therapy.parameters if one.name == therapy.named_by)
        key = use.values.get(parameter.name, parameter.default)
        return next((one.label for one in parameter.choices if one.key == key), therapy.label)
    return therapy.label


def label_for(case: Case, uses: Sequence[TherapyUse]) -> str:
    """What a scenario of these therapies is called until someone renames it; no other is called so."""
    stem = " + ".join(called(use) for use in uses) or "No therapy (control)"
    labels = {scenario.label for scenario in case.scenarios}
    return next(label for label in [stem, *(f"{stem} {i}" for i in range(2, LIMIT + 3))] if label not in labels)


def _free_colour(case: Case) -> str:
    used = {scenario.colour for scenario in case.scenarios}
    return next((c for c in SCENARIO_COLOURS[1:] if c not in used), SCENARIO_COLOURS[1:][len(case.scenarios) % 7])
