"""Which scenario a value is meant for, when all that a script can write is ``key=value``."""

from collections.abc import Mapping, Sequence

from twinviewer.domain import ParameterValue
from twinviewer.session import catalog


def scenario_names(scenarios: Sequence[Sequence[str]]) -> list[str]:
    """The names that scenarios of these therapies will have: like their therapies, numbered from the second on."""
    names: list[str] = []
    for therapies in scenarios:
        stem = "+".join(therapies) or "control"
        numbered = (f"{stem}_{i}" for i in range(2, len(scenarios) + 2))
        names.append(stem if stem not in names else next(name for name in numbered if name not in names))
    return names


def addressed(
    scenarios: Sequence[Sequence[str]], pairs: Mapping[str, ParameterValue]
) -> dict[str, dict[str, ParameterValue]]:
    """Scenario name -> "therapy.parameter" -> value, as :func:`scenarios.add_scenario` takes it.

    A key is ``parameter``, ``therapy.parameter`` or ``scenario.parameter``; it reaches every scenario that it fits,
    and where the name of a scenario is also that of a therapy (crt beside crt_2) the scenario alone.
    ValueError if it fits none, or if a bare parameter belongs to several therapies.
    """
    names = scenario_names(scenarios)
    values: dict[str, dict[str, ParameterValue]] = {name: {} for name in names}
    for text, value in pairs.items():
        prefix, _, key = text.rpartition(".")
        fitting = [
            (name, therapy)
            for name, therapies in zip(names, scenarios, strict=True)
            for therapy in therapies
            if any(parameter.name == key for parameter in catalog.therapy(therapy).parameters)
        ]
        if prefix:
            own = [(name, therapy) for name, therapy in fitting if prefix in (name, f"{name}.{therapy}")]
            fitting = own or [(name, therapy) for name, therapy in fitting if prefix == therapy]
        if not fitting:
            raise ValueError(f"no chosen therapy has the parameter {text!r}")
        known = sorted({therapy for _, therapy in fitting})
        if len(known) > 1 and not prefix:
            raise ValueError(f"{key!r} is ambiguous: write {' or '.join(f'{therapy}.{key}' for therapy in known)}")
        for name, therapy in fitting:
            values[name][f"{therapy}.{key}"] = value
    return values
