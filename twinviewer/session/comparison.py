"""Two scenarios side by side: deltas of their metrics and differences of their fields."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Comparison, Delta, EngineError, Run
from twinviewer.session.case import Scenario


def compare(
    baseline: Scenario,
    other: Scenario,
    intervals: Mapping[str, tuple[float, float]] | None = None,
    moving: bool = True,
) -> Comparison:
    """Other minus baseline. Both must have a run on the same mesh, else EngineError.

    intervals: metric -> 90 % interval of its change, where it has been computed. deltas: in the order in which the
    engine gave the baseline's metrics. difference_fields: static fields, and for a moving field the difference of its
    extreme over the beat (of strain: its greatest shortening) under the name ``peak_<field>``; not with moving=False,
    where one of the runs moves as another did until its own motion is known.
    """
    first, second = _run(baseline), _run(other)
    if baseline.setup.mesh.uid != other.setup.mesh.uid:
        raise EngineError(
            "Scenarios on different models cannot be compared",
            where=f"{baseline.label}, {other.label}",
            remedy="Simulate both on the present model",
        )
    fields_first, fields_second = _still(first, moving), _still(second, moving)
    return Comparison(
        baseline=baseline.name,
        other=other.name,
        deltas=_deltas(first, second, intervals or {}),
        difference_fields={n: fields_second[n] - values for n, values in fields_first.items() if n in fields_second},
    )


def difference_at(baseline: Run, other: Run, name: str, phase: float) -> NDArray[np.floating]:
    """(n,) other - baseline of a static or moving field at the same phase 0..1 of each one's beat."""
    return other.field_at(name, phase * other.period_s) - baseline.field_at(name, phase * baseline.period_s)


def symmetric_range(values: NDArray[np.floating]) -> tuple[float, float]:
    """(-a, a) that holds all finite values: the range of a difference, so that no change is the middle colour."""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max()) if finite.size else 0.0
    return (-largest, largest) if largest > 0 else (-1.0, 1.0)


def _run(scenario: Scenario) -> Run:
    if scenario.run is None:
        raise EngineError("Not simulated yet", where=scenario.label, remedy="Run the scenario first")
    return scenario.run


def _deltas(first: Run, second: Run, intervals: Mapping[str, tuple[float, float]]) -> tuple[Delta, ...]:
    return tuple(
        Delta(name, quantity.unit, quantity.value, second.metrics[name].value, *intervals.get(name, (None, None)))
        for name, quantity in first.metrics.items()
        if name in second.metrics and second.metrics[name].unit == quantity.unit
    )


def _still(run: Run, moving: bool) -> dict[str, NDArray[np.floating]]:
    fields = {name: field.values for name, field in run.fields.items()}
    for name, values in run.moving_fields.items() if moving else ():
        known = np.nan_to_num(values)
        # a wall that is first stretched and then shortens changes sides from one run to the next: shortening is told
        furthest = known.argmin(axis=0) if name.startswith("strain_") else np.abs(known).argmax(axis=0)
        fields[f"peak_{name}"] = np.take_along_axis(values, furthest[None], axis=0)[0]
    return fields
