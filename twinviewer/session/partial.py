"""What an engine has told so far of a beat that it is still computing."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from twinviewer.domain import Field, Quantity, Trace


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """Fields, traces and metrics of one setup, as a Run has them, but not all of them. uid: that of the Run to come;
    period_s: of the beat."""

    uid: str
    period_s: float
    fields: Mapping[str, Field] = field(default_factory=dict)
    traces: Mapping[str, Trace] = field(default_factory=dict)
    metrics: Mapping[str, Quantity] = field(default_factory=dict)
