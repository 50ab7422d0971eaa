"""One simulation of a study: what is changed, what is wanted of it, and what came out."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import (
    EngineError,
    Field,
    Frame,
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
from twinviewer.session.case import TherapyUse
from twinviewer.session.scenarios import treat


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """What to compute: the study's untreated Setup with some parameters set to other values, then these therapies.

    name: unique in its study. parameters: name -> value in the Setup's own unit; they are set in the untreated Setup,
    so that a therapy acts on the heart as it is thought to be.
    """

    name: str
    therapies: tuple[TherapyUse, ...] = ()
    parameters: Mapping[str, float] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Hash of what is computed, whatever its name."""
        text = [[use.therapy, sorted(use.values.items())] for use in self.therapies], sorted(self.parameters.items())
        return hashlib.sha256(json.dumps(text).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a study keeps of each simulation. An engine is heard no longer than until all of this has come, so a study
    of QRS alone never contracts the heart. Names that an engine does not give are simply not there."""

    metrics: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    traces: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What came out at one point. failure: why there is nothing, "" where there is."""

    point: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    fields: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    traces: Mapping[str, Trace] = field(default_factory=dict)
    failure: str = ""


def setup_at(setup: Setup, point: Point, engine: str) -> Setup:
    """The Setup of a point. EngineError for a parameter that the Setup does not have, TherapyError for a therapy that
    cannot be applied."""
    for name, value in point.parameters.items():
        if name not in setup.parameters:
            raise EngineError(f"the setup has no {name}", where=point.name, remedy="Choose one of its parameters")
        quantity = setup.parameters[name].with_value(value, "assumed", f"study point {point.name}")
        setup = setup.with_parameter(name, quantity)
    return treat(setup, point.therapies, engine) if point.therapies else replace(setup, untreated=None)


def answer(engine: str, setup: Setup, point: Point, wanted: Wanted, report: Reporter = silent) -> Answer:
    """Simulate one point. Pure, for any process. A point that cannot be simulated says why and costs no other;
    only the reporter's Cancelled passes through."""
    metrics: dict[str, float] = {}
    fields: dict[str, NDArray[np.float32]] = {}
    traces: dict[str, Trace] = {}
    missing = {("m", n) for n in wanted.metrics} | {("f", n) for n in wanted.fields} | {("t", n) for n in wanted.traces}
    try:
        treated = setup_at(setup, point, engine)
        therapies = [catalog.therapy(use.therapy) for use in point.therapies]
        model = catalog.answering(therapies, catalog.engine(engine), setup.mesh)
        if isinstance(model, Suitability):
            return Answer(point.name, failure=model.reason)
        for payload in model.run(treated):
            if isinstance(payload, Progress):
                report(payload.fraction, payload.text)
                continue
            if isinstance(payload, Metric):
                missing.discard(("m", payload.name))
                if payload.name in wanted.metrics:
                    metrics[payload.name] = float(payload.quantity.value)
            elif isinstance(payload, Field):
                missing.discard(("f", payload.name))
                if payload.name in wanted.fields:
                    fields[payload.name] = np.asarray(payload.values, np.float32)
            elif isinstance(payload, Trace):
                missing.discard(("t", payload.name))
                if payload.name in wanted.traces:
                    traces[payload.name] = payload
            if not missing or isinstance(payload, Frame):
                break
    except TwinviewerError as error:
        return Answer(point.name, failure=str(error))
    except (ArithmeticError, ValueError, IndexError, KeyError, np.linalg.LinAlgError) as error:
        return Answer(point.name, failure=f"The simulation stopped: {error}")
    if bad := [name for name, value in metrics.items() if not np.isfinite(value)]:
        return Answer(point.name, failure=f"The simulation diverged: {', '.join(bad)} is not a finite number")
    return Answer(point.name, metrics, fields, traces)
