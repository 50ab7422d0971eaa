"""One simulation of a study: the Setup of a point, and its answer."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import (
    EngineError,
    Field,
    Metric,
    Progress,
    Reporter,
    Setup,
    Suitability,
    Trace,
    TwinviewerError,
    silent,
)
from twinviewer.session import catalog
from twinviewer.session.scenarios import treat
from twinviewer.session.segments import means
from twinviewer.session.studies.study import Answer, Point, Wanted
from twinviewer.session.therapy_use import in_force

__all__ = ["Answer", "Point", "Wanted", "answer", "setup_at"]


def setup_at(setup: Setup, point: Point, engine: str) -> Setup:
    """The Setup of a point. EngineError for a parameter that the Setup does not have, TherapyError for a therapy that
    cannot be applied."""
    for name, value in point.parameters.items():
        if name not in setup.parameters:
            raise EngineError(f"the setup has no {name}", where=point.name, remedy="Choose one of its parameters")
        quantity = setup.parameters[name].with_value(value, "assumed", f"study point {point.name}")
        setup = setup.with_parameter(name, quantity)
    return treat(setup, point.therapies, engine, told=False) if point.therapies else replace(setup, untreated=None)


def answer(engine: str, setup: Setup, point: Point, wanted: Wanted, report: Reporter = silent) -> Answer:
    """Simulate one point. Pure, for any process. A point that cannot be simulated says why and costs no other;
    only the reporter's Cancelled passes through."""
    metrics: dict[str, float] = {}
    fields: dict[str, NDArray[np.float32]] = {}
    segments: dict[str, NDArray[np.float64]] = {}
    traces: dict[str, Trace] = {}
    missing = {("m", n) for n in wanted.metrics} | {("t", n) for n in wanted.traces}
    missing |= {("f", n) for n in wanted.fields | wanted.segments}
    try:
        treated = setup_at(setup, point, engine)
        therapies = [catalog.therapy(use.therapy) for use in in_force(point.therapies)]
        model = catalog.answering(therapies, catalog.engine(engine), setup.mesh)
        if isinstance(model, Suitability):
            return Answer(point.name, failure=model.reason)
        for payload in model.run(treated):
            if isinstance(payload, Progress):
                report(payload.fraction, payload.text)
                if payload.only_frames:
                    break
                continue
            if isinstance(payload, Metric):
                missing.discard(("m", payload.name))
                if payload.name in wanted.metrics:
                    metrics[payload.name] = float(payload.quantity.value)
            elif isinstance(payload, Field):
                missing.discard(("f", payload.name))
                if payload.name in wanted.fields:
                    fields[payload.name] = np.asarray(payload.values, np.float32)
                if payload.name in wanted.segments and "aha_segment" in setup.mesh.point_fields:
                    segments[payload.name] = means(
                        payload.values, np.asarray(setup.mesh.point_fields["aha_segment"], np.int64)
                    )
            elif isinstance(payload, Trace):
                missing.discard(("t", payload.name))
                if payload.name in wanted.traces:
                    traces[payload.name] = payload
            if not missing:
                break
    except TwinviewerError as error:
        return Answer(point.name, failure=str(error))
    except (ArithmeticError, ValueError, IndexError, KeyError, np.linalg.LinAlgError) as error:
        return Answer(point.name, failure=f"The simulation stopped: {error}")
    if bad := [name for name, value in metrics.items() if not np.isfinite(value)]:
        return Answer(point.name, failure=f"The simulation diverged: {', '.join(bad)} is not a finite number")
    return Answer(point.name, metrics, fields, traces, segments=segments)
