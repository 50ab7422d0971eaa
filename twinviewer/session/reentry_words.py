"""What a run with premature beats says of re-entry, in one sentence."""

import numpy as np

from twinviewer.domain import Run, Setup
from twinviewer.session.case import Scenario

TERRITORY = {
    "anterior": (1, 7, 13), "septal": (2, 3, 8, 9, 14), "inferior": (4, 10, 15), "lateral": (5, 6, 11, 12, 16),
    "apical": (17,),
}  # fmt: skip
LEAST_SHARE = 0.2
"""Of a scar, that a wall must hold to be named."""


def is_study(scenario: Scenario | None) -> bool:
    """Whether this scenario's run looked for re-entry: it shows premature beats, and no beat to compare."""
    return scenario is not None and scenario.run is not None and "reentry_turns" in scenario.run.metrics


def reentry_words(run: Run, setup: Setup) -> tuple[str, str]:
    """The sentence, and the kind of note it deserves: "caution" where something goes round; both empty for a run that
    was not a study of re-entry."""
    metrics = run.metrics
    if "reentry_turns" not in metrics:
        return "", ""
    turns = round(metrics["reentry_turns"].value)
    lasted_ms = metrics["reentry_lasted_ms"].value
    if not turns:
        return f"No re-entry: the last beat was over after {lasted_ms:.0f} ms", "good"
    counted = "1 turn" if turns == 1 else f"{turns} turns"
    where = scar_place(setup)
    cycle = f", cycle {metrics['reentry_cycle_ms'].value:.0f} ms" if "reentry_cycle_ms" in metrics else ""
    round_ = f" round the {where} scar" if where else ""
    if metrics.get("reentry_sustained") is not None and metrics["reentry_sustained"].value:
        return f"Re-entry: {counted}{round_}{cycle}, still going {lasted_ms:.0f} ms after the last stimulus", "caution"
    return f"No sustained re-entry: {counted}{round_}{cycle}, over by itself after {lasted_ms:.0f} ms", "info"


def scar_place(setup: Setup) -> str:
    """Where muscle does not conduct, by walls of the left ventricle: "inferior and lateral"; "" without such."""
    scale, segments = setup.tissue.get("conduction_scale"), setup.mesh.point_fields.get("aha_segment")
    if scale is None or segments is None:
        return ""
    dead = setup.mesh.tets[np.asarray(scale, float) <= 0.0]
    found = np.asarray(segments).astype(int)[dead].ravel()
    found = found[found > 0]
    if not len(found):
        return ""
    shares = {name: float(np.isin(found, numbers).mean()) for name, numbers in TERRITORY.items()}
    named = [name for name, share in sorted(shares.items(), key=lambda one: -one[1]) if share >= LEAST_SHARE]
    return " and ".join(named[:2])
