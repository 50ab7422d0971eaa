"""Which scenario a value is meant for, when all that a script can write is ``key=value``."""

from collections.abc import Mapping, Sequence

from twinviewer.domain import ParameterValue
from twinviewer.session import catalog
from twinviewer.session.scenarios import ON
from twinviewer.session.therapy_use import use_names


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
    and where the name of a scenario is also that of a therapy (crt beside crt_2) the scenario alone. A therapy's second
    use in one scenario is addressed like ``channel_drug_2``; ``therapy.on`` = off switches one off.
    ValueError if it fits none, or if a bare parameter belongs to several therapies.
    """
    names = scenario_names(scenarios)
    values: dict[str, dict[str, ParameterValue]] = {name: {} for name in names}
    for text, value in pairs.items():
        prefix, _, key = text.rpartition(".")
        fitting = [
            (name, address)
            for name, therapies in zip(names, scenarios, strict=True)
            for therapy, address in zip(therapies, use_names(therapies), strict=True)
            if (key == ON.name and prefix) or any(one.name == key for one in catalog.therapy(therapy).parameters)
        ]
        if prefix:
            own = [(name, address) for name, address in fitting if prefix in (name, f"{name}.{address}")]
            fitting = own or [(name, address) for name, address in fitting if prefix == address]
        if not fitting:
            raise ValueError(f"no chosen therapy has the parameter {text!r}")
        known = sorted({address for _, address in fitting})
        if len(known) > 1 and not prefix:
            raise ValueError(f"{key!r} is ambiguous: write {' or '.join(f'{one}.{key}' for one in known)}")
        for name, address in fitting:
            values[name][f"{address}.{key}"] = value
    return values
