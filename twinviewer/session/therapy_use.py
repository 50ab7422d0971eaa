"""One therapy with the values chosen for it: what scenarios are made of, and the points of a study."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from twinviewer.domain import ParameterValue


@dataclass(frozen=True, slots=True, eq=False)
class TherapyUse:
    """One therapy with the values chosen for it. therapy: its name in the catalog."""

    therapy: str
    values: Mapping[str, ParameterValue] = field(default_factory=dict)
