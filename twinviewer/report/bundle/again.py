"""One scenario computed again from the inputs of its case."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from twinviewer.domain import Field, Metric, Progress, Reporter, Setup, Trace, silent
from twinviewer.session import catalog
from twinviewer.session.case import Case, Scenario
from twinviewer.session.scenarios import engine_of, treat
from twinviewer.session.simulate import setup_uid


@dataclass(frozen=True, slots=True, eq=False)
class Again:
    """What a scenario gives now. uid: hash of its inputs; curves: "trace x" and "field x" -> values."""

    uid: str
    metrics: Mapping[str, float]
    curves: Mapping[str, NDArray[Any]]


def recompute(case: Case, untreated: Setup, scenario: Scenario, report: Reporter = silent) -> Again:
    """Apply the therapies again and run the engine until everything that the case keeps has come; frames that follow
    are not waited for. Errors as of engine and therapies."""
    assert scenario.run is not None
    engine = catalog.engine(engine_of(case, scenario))
    setup = treat(untreated, scenario.therapies, case.engine) if scenario.therapies else scenario.setup
    missing = {f"metric {name}" for name in scenario.run.metrics} | {f"trace {name}" for name in scenario.run.traces}
    missing |= {f"field {name}" for name in scenario.run.fields}
    metrics: dict[str, float] = {}
    curves: dict[str, NDArray[Any]] = {}
    for payload in engine.run(setup):
        if isinstance(payload, Progress):
            report(payload.fraction, payload.text)
        elif isinstance(payload, Metric):
            metrics[payload.name] = float(payload.quantity.value)
            missing.discard(f"metric {payload.name}")
        elif isinstance(payload, Trace | Field):
            name = f"{'trace' if isinstance(payload, Trace) else 'field'} {payload.name}"
            curves[name] = payload.values
            missing.discard(name)
        if not missing:
            break
    return Again(setup_uid(engine, setup), metrics, curves)
