"""Numbers that know their unit, interval, origin and source; and the parameters that a user may set."""

from dataclasses import dataclass, replace
from typing import Literal

Origin = Literal["measured", "fitted", "population", "assumed", "simulated", "chosen"]
"""measured: from this patient's images or records. fitted: chosen by an optimiser so that measured values are met.
population: a published mean. assumed: a modelling choice. simulated: an engine's output. chosen: set by the user."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One scalar with unit and provenance.

    ``low``/``high`` bound a 90 % interval where one is known, else None. ``source`` names where the number comes
    from: an image hash, a label version, an engine with its version, or a citation. It must not be empty.
    """

    value: float
    unit: str
    origin: Origin
    source: str
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if not self.source:
            raise ValueError("a Quantity without a source cannot be shown")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"interval is upside down: {self.low} > {self.high}")

    def with_value(self, value: float, origin: Origin, source: str) -> "Quantity":
        """The same unit with another value and origin; the old interval no longer holds and is dropped."""
        return replace(self, value=float(value), origin=origin, source=source, low=None, high=None)


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a parameter that is picked from a list."""

    key: str
    label: str


ParameterValue = float | str | bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared input that a form, the command line and a sweep are all made from.

    kind: "number" (uses minimum, maximum, step, unit), "choice" (uses choices; the value is a Choice.key),
    "switch" (bool). ``pick`` names what may be clicked in 3D instead of typed, for example "lv_segment".
    """

    name: str
    label: str
    kind: Literal["number", "choice", "switch"]
    default: ParameterValue
    source: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple[Choice, ...] = ()
    pick: str = ""
    help: str = ""

    def check(self, value: ParameterValue) -> ParameterValue:
        """Return ``value`` in the parameter's own type, or raise ValueError saying which bound it breaks."""
        if self.kind == "number":
            number = float(value)
            if self.minimum is not None and not number >= self.minimum:
                raise ValueError(f"{self.name} = {number:g} {self.unit} is below its minimum of {self.minimum:g}")
            if self.maximum is not None and not number <= self.maximum:
                raise ValueError(f"{self.name} = {number:g} {self.unit} is above its maximum of {self.maximum:g}")
            return number
        if self.kind == "choice":
            keys = [choice.key for choice in self.choices]
            if value not in keys:
                raise ValueError(f"{self.name} = {value!r} is none of {', '.join(keys)}")
            return str(value)
        if isinstance(value, str):
            if value.lower() not in ("true", "false", "on", "off", "yes", "no", "1", "0"):
                raise ValueError(f"{self.name} = {value!r} is neither on nor off")
            return value.lower() in ("true", "on", "yes", "1")
        return bool(value)
