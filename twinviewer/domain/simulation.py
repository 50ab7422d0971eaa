"""What an engine is given (Setup), what it yields (Progress, Frame, Field, Trace, Metric) and what is kept (Run)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain.fit import BaselineFit
from twinviewer.domain.mesh import OrganMesh
from twinviewer.domain.quantity import Quantity


@dataclass(frozen=True, slots=True, eq=False)
class Stimulus:
    """Where and when excitation starts. node: index into the mesh's points; time_ms after the atrial P wave's start.

    layer: "purkinje" enters the fast endocardial layer, "myocardium" is a pacing electrode in muscle.
    """

    name: str
    node: int
    time_ms: float
    layer: str = "myocardium"


@dataclass(frozen=True, slots=True, eq=False)
class Setup:
    """Everything that a simulation depends on. Therapies map Setup -> Setup; engines only read it.

    parameters: name with unit suffix -> Quantity. tissue: name -> (m,) or (n,) array that scales a property of the
    wall ("conduction_scale", "contractility_scale", ...), 1 where nothing is changed. untreated: the baseline that
    therapies were applied to, None for the baseline itself: an engine whose baseline is measured motion changes that by
    the difference of what it simulates. fit: how the baseline was fitted to this patient, None where nothing was.
    """

    mesh: OrganMesh
    parameters: Mapping[str, Quantity]
    stimuli: tuple[Stimulus, ...]
    tissue: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    untreated: "Setup | None" = None
    fit: BaselineFit | None = None

    def value(self, name: str) -> float:
        """The value of one parameter; KeyError with the known names if there is none."""
        try:
            return self.parameters[name].value
        except KeyError:
            raise KeyError(f"{name} is not among {', '.join(sorted(self.parameters))}") from None

    def with_parameter(self, name: str, quantity: Quantity) -> "Setup":
        """A copy in which one parameter is another Quantity."""
        return replace(self, parameters={**self.parameters, name: quantity})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an engine is, 0..1. only_frames: all that is told of the whole beat has come; what follows shows it."""

    fraction: float
    text: str
    only_frames: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field of the mesh that does not change over the beat, for example "activation_ms" (n,) or "work_kpa" (n,)."""

    name: str
    unit: str
    values: NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The organ at one moment of the steady beat. points_mm: (n, 3) positions. fields: name -> (n,) at this moment."""

    time_s: float
    points_mm: NDArray[np.floating]
    fields: Mapping[str, NDArray[np.floating]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """A signal over one beat. time_s: (t,) from 0 to the period; values: (t,)."""

    name: str
    unit: str
    time_s: NDArray[np.float64]
    values: NDArray[np.float64]

    def at(self, time_s: float) -> float:
        """Value at a time, linear, periodic over the beat."""
        period = float(self.time_s[-1])
        return float(np.interp(time_s % period if period > 0 else 0.0, self.time_s, self.values))


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One number that comes out of a run."""

    name: str
    quantity: Quantity


Payload = Progress | Field | Frame | Trace | Metric
EngineOutput = Iterator[Payload]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A finished simulation of one steady beat, time 0 = start of the P wave.

    time_s: (t,) of the frames, first 0, strictly rising, all below period_s; the beat is periodic.
    points_mm: (t, n, 3) float32. moving_fields: name -> (t, n) float32. fields: static Field by name.
    """

    engine: str
    period_s: float
    time_s: NDArray[np.float64]
    points_mm: NDArray[np.float32]
    moving_fields: Mapping[str, NDArray[np.float32]]
    fields: Mapping[str, Field]
    traces: Mapping[str, Trace]
    metrics: Mapping[str, Quantity]
    uid: str

    def frame_at(self, time_s: float) -> tuple[int, int, float]:
        """The two frames around a time and the weight of the second: (first, second, weight)."""
        wrapped = time_s % self.period_s
        first = int(np.searchsorted(self.time_s, wrapped, side="right")) - 1
        second = (first + 1) % len(self.time_s)
        end = self.time_s[second] if second > first else self.period_s
        return first, second, float((wrapped - self.time_s[first]) / max(end - self.time_s[first], 1e-9))

    def points_at(self, time_s: float) -> NDArray[np.float32]:
        """(n, 3) positions at a time, linear between frames, periodic."""
        first, second, weight = self.frame_at(time_s)
        return (1.0 - np.float32(weight)) * self.points_mm[first] + np.float32(weight) * self.points_mm[second]

    def field_at(self, name: str, time_s: float) -> NDArray[np.floating]:
        """(n,) values of a static or moving field at a time."""
        if name in self.fields:
            return self.fields[name].values
        first, second, weight = self.frame_at(time_s)
        values = self.moving_fields[name]
        return (1.0 - np.float32(weight)) * values[first] + np.float32(weight) * values[second]


@dataclass(frozen=True, slots=True)
class Delta:
    """A metric in two scenarios. change = other - baseline, in the unit of both; percent None if baseline is 0.

    low, high: 90 % interval of the change, both runs drawn together from what is uncertain in this patient; None where
    nobody has computed it.
    """

    name: str
    unit: str
    baseline: float
    other: float
    low: float | None = None
    high: float | None = None

    @property
    def change(self) -> float:
        """other - baseline."""
        return self.other - self.baseline

    @property
    def percent(self) -> float | None:
        """Change relative to the baseline in %."""
        return None if self.baseline == 0 else 100.0 * self.change / abs(self.baseline)

    @property
    def apart(self) -> bool | None:
        """Whether the two can be told apart: the interval of the change leaves out 0. None without an interval."""
        if self.low is None or self.high is None:
            return None
        return self.low > 0.0 or self.high < 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two runs on the same mesh, side by side.

    difference_fields: name -> (n,) other - baseline.
    """

    baseline: str
    other: str
    deltas: tuple[Delta, ...]
    difference_fields: Mapping[str, NDArray[np.floating]]
