"""One therapy with the values chosen for it: what scenarios are made of, and the points of a study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from twinviewer.domain import ParameterValue


@dataclass(frozen=True, slots=True, eq=False)
class TherapyUse:
    """One therapy with the values chosen for it. therapy: its name in the catalog. on: whether it acts; switched off it
    keeps its place and its values."""

    therapy: str
    values: Mapping[str, ParameterValue] = field(default_factory=dict)
    on: bool = True


def in_force(uses: Sequence[TherapyUse]) -> tuple[TherapyUse, ...]:
    """Those that are switched on, in their order."""
    return tuple(use for use in uses if use.on)


def use_names(therapies: Sequence[str]) -> tuple[str, ...]:
    """By what each is addressed: its therapy's name, numbered from the second use on (channel_drug, channel_drug_2)."""
    counted = [list(therapies[: i + 1]).count(name) for i, name in enumerate(therapies)]
    return tuple(name if n == 1 else f"{name}_{n}" for name, n in zip(therapies, counted, strict=True))
