"""From a Setup to a Run: collect what an engine yields, refuse what is not finite, and say what it was made from."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import (
    Engine,
    EngineError,
    Field,
    Frame,
    Metric,
    OrganMesh,
    Progress,
    Quantity,
    Reporter,
    Run,
    Setup,
    Trace,
    TwinviewerError,
    silent,
)
from twinviewer.session import catalog
from twinviewer.session.partial import Partial

HEART_RATE = "heart_rate_bpm"
SAMPLE_S = 1e-3
Live = Callable[[Frame | Partial], None]
"""Shown what an engine has reached: the excitation before anything has moved, all numbers before the frames, and the
frames' fields without positions."""


def unseen(reached: Frame | Partial) -> None:
    """Nobody watches."""


def compute_run(engine_name: str, setup: Setup, report: Reporter = silent, live: Live = unseen) -> Run:
    """Simulate one steady beat. Pure, for a worker process. live: is shown each frame as it is reached. EngineError
    when it diverges, naming field and time."""
    return collect(_engine(engine_name, setup), setup, report, live)


def compute_excitation(engine_name: str, setup: Setup, report: Reporter = silent) -> Partial:
    """What the engine tells first of a beat: of the beat engine activation, ECG and their numbers, before anything
    contracts. For a lead under the mouse. Raises as :func:`compute_run`."""
    engine = _engine(engine_name, setup)
    gathered = _Gathered(setup.mesh)
    for payload in engine.run(setup):
        if not isinstance(payload, Progress):
            gathered.add(payload)
        elif gathered.traces:
            break
        else:
            report(payload.fraction, payload.text)
    return gathered.partial(setup_uid(engine, setup), setup)


def _engine(name: str, setup: Setup) -> Engine:
    engine = catalog.engine(name)
    verdict = catalog.runs_on(engine, setup.mesh)
    if not verdict.ok:
        raise EngineError(verdict.reason, where=engine.name, remedy="Choose another engine or build the model again")
    return engine


def collect(engine: Engine, setup: Setup, report: Reporter = silent, live: Live = unseen) -> Run:
    """Run an engine to its end, asking the reporter between any two of its yields whether to go on."""
    gathered = _Gathered(setup.mesh)
    fraction, text, told = 0.0, engine.label, False
    uid = setup_uid(engine, setup)
    report(fraction, text)
    try:
        for payload in engine.run(setup):
            if isinstance(payload, Progress):
                fraction, text = payload.fraction, payload.text
                if live is not unseen and gathered.traces and not gathered.frames:
                    if payload.only_frames or not told:
                        live(gathered.partial(uid, setup))
                    told = True
            else:
                gathered.add(payload)
                if isinstance(payload, Frame):
                    live(Frame(payload.time_s, payload.points_mm[:0], payload.fields))
            report(fraction, text)
    except (ArithmeticError, ValueError, IndexError, KeyError, np.linalg.LinAlgError) as error:
        raise EngineError(
            f"{engine.label} stopped: {error}", where=text, remedy="Bring the parameters nearer to their defaults"
        ) from error
    run = gathered.run(engine, setup, uid)
    report(1.0, f"{engine.label}: done")
    return run


def setup_uid(engine: Engine, setup: Setup) -> str:
    """Hash of all that the result depends on: engine and version, mesh, parameters, stimuli and tissue."""
    digest = hashlib.sha256()
    text = {
        "engine": [engine.name, engine.version],
        "mesh": setup.mesh.uid,
        "parameters": {name: [q.value, q.unit] for name, q in sorted(setup.parameters.items())},
        "stimuli": [[s.name, int(s.node), float(s.time_ms), s.layer] for s in setup.stimuli],
        "tissue": {name: [a.dtype.str, list(a.shape)] for name, a in sorted(setup.tissue.items())},
    }
    reflex = "baroreflex" in setup.parameters  # its set point is the untreated pressure
    if setup.untreated is not None and (reflex or setup.mesh.motion_mm is not None):
        text["untreated"] = setup_uid(engine, setup.untreated)
    digest.update(json.dumps(text, sort_keys=True).encode())
    for _, array in sorted(setup.tissue.items()):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


@dataclass
class _Gathered:
    mesh: OrganMesh
    frames: list[Frame] = field(default_factory=list)
    fields: dict[str, Field] = field(default_factory=dict)
    traces: dict[str, Trace] = field(default_factory=dict)
    metrics: dict[str, Quantity] = field(default_factory=dict)

    def add(self, payload: Field | Frame | Trace | Metric) -> None:
        """Take one output in, or say at which time which of its numbers is not finite."""
        if isinstance(payload, Frame):
            at = f"{payload.time_s * 1000:.0f} ms"
            self._check("position", payload.points_mm, len(self.mesh.points_mm), at, everywhere=True)
            if self.frames and not payload.time_s > self.frames[-1].time_s:
                raise EngineError("Frames do not follow each other in time", where=at)
            for name, values in payload.fields.items():
                self._check(name, values, len(values), at)
            self.frames.append(payload)
        elif isinstance(payload, Field):
            self._check(payload.name, payload.values, len(payload.values), "whole beat")
            self.fields[payload.name] = payload
        elif isinstance(payload, Trace):
            bad = np.flatnonzero(~np.isfinite(payload.values))
            if len(bad):
                raise _not_finite(payload.name, f"{float(payload.time_s[bad[0]]) * 1000:.0f} ms")
            self.traces[payload.name] = payload
        else:
            quantity = payload.quantity
            if not np.isfinite(quantity.value):
                raise _not_finite(payload.name, "end of the beat")
            self.metrics[payload.name] = quantity

    def _check(self, name: str, values: NDArray[Any], rows: int, at: str, *, everywhere: bool = False) -> None:
        points, cells = len(self.mesh.points_mm), len(self.mesh.tets)
        if len(values) not in (points, cells) or len(values) != rows:
            raise EngineError(f"{name} has {len(values)} values for {points} points and {cells} cells", where=at)
        if everywhere or len(values) == cells != points:
            bad = ~np.isfinite(values)
        else:  # a field of the wall is NaN where there is no wall
            bad = ~np.isfinite(values)
            bad[self.mesh.wall_points :] &= ~np.isnan(values[self.mesh.wall_points :])
        if bad.any():
            raise _not_finite(name, at)

    def partial(self, uid: str, setup: Setup) -> Partial:
        """What has been told so far."""
        period_s = self._period_s(setup, np.zeros(1))
        if HEART_RATE in setup.parameters and abs(60.0 / setup.value(HEART_RATE) - period_s) < SAMPLE_S:
            period_s = 60.0 / setup.value(HEART_RATE)  # an ECG ends on a sample, a beat between two
        return Partial(uid, period_s, dict(self.fields), dict(self.traces), dict(self.metrics))

    def run(self, engine: Engine, setup: Setup, uid: str) -> Run:
        """Everything stacked, or EngineError when no beat was complete."""
        if not self.frames:
            raise EngineError(f"{engine.label} gave no frame", remedy="Report this as a fault of the engine")
        time_s = np.array([frame.time_s for frame in self.frames], dtype=np.float64)
        period_s = self._period_s(setup, time_s)
        if time_s[0] != 0.0 or time_s[-1] >= period_s:
            raise EngineError(
                f"Frames from {time_s[0]:g} to {time_s[-1]:g} s do not fill a beat of {period_s:g} s", where=engine.name
            )
        names = list(self.frames[0].fields)
        if any(list(frame.fields) != names for frame in self.frames):
            raise EngineError("Frames do not all have the same fields", where=engine.name)
        points = np.stack([np.asarray(frame.points_mm, dtype=np.float32) for frame in self.frames])
        moving = {n: np.stack([np.asarray(f.fields[n], dtype=np.float32) for f in self.frames]) for n in names}
        return Run(
            engine=f"{engine.name} {engine.version}",
            period_s=period_s,
            time_s=time_s,
            points_mm=points,
            moving_fields=moving,
            fields=self.fields,
            traces=self.traces,
            metrics=self.metrics,
            uid=uid,
        )

    def _period_s(self, setup: Setup, time_s: NDArray[np.float64]) -> float:
        if self.traces:
            return max(float(trace.time_s[-1]) for trace in self.traces.values())
        if HEART_RATE in setup.parameters:
            return 60.0 / setup.value(HEART_RATE)
        if len(time_s) < 2:
            raise EngineError("The length of the beat is not known", remedy="Report this as a fault of the engine")
        return float(time_s[-1] + (time_s[-1] - time_s[-2]))


def _not_finite(name: str, at: str) -> TwinviewerError:
    return EngineError(
        f"The simulation diverged: {name.replace('_', ' ')} is not a finite number",
        where=at,
        remedy="No result is shown; bring the parameters nearer to their defaults",
    )
