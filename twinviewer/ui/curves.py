"""What the plots draw: one entry a scenario, with its colour."""

from dataclasses import dataclass

from twinviewer.domain import Run


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """A scenario's run as traces. colour "#RRGGBB" is the scenario's in every view."""

    label: str
    run: Run
    colour: str
