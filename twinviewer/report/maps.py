"""Simulated beats by AHA segment, and what a therapy changes in each: values and one scale for all."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh, Run
from twinviewer.scene.bullseye import Scale
from twinviewer.session.segments import ACTIVATION, STRAIN, WORK, by_segment

TITLES = {ACTIVATION: "Activation", WORK: "Fibre work", STRAIN: "Fibre strain at end-systole"}
UNITS = {ACTIVATION: "ms", WORK: "kPa", STRAIN: "%"}
Values = NDArray[np.float64]


def segment_table(mesh: OrganMesh, run: Run) -> dict[str, Values]:
    """(17,) by name; empty where the mesh has no segments. Strain in %."""
    if "aha_segment" not in mesh.point_fields:
        return {}
    return dict(by_segment(run, np.asarray(mesh.point_fields["aha_segment"], np.int64)))


def scale_of(name: str, values: Sequence[Values]) -> Scale:
    """One scale for all: activation from 0 to the latest, work and strain alike on both sides of 0."""
    most = _most(values)
    if name == ACTIVATION:
        return Scale(TITLES[name], "ms", 0.0, max(10.0 * np.ceil(most / 10.0), 10.0), "activation")
    if name == WORK:
        end = max(float(np.ceil(most)), 1.0)
        return Scale(TITLES[name], "kPa", -end, end, "difference", 1 if end < 10.0 else 0)
    end = max(5.0 * np.ceil(most / 5.0), 5.0)
    return Scale(TITLES.get(name, name), UNITS.get(name, ""), -end, end, "strain")


def change_scale(name: str, changes: Sequence[Values]) -> Scale:
    """The scale of differences: no change is the middle colour."""
    most = _most(changes)
    step = 10.0 if name == ACTIVATION else 1.0
    end = max(step * np.ceil(most / step), step)
    return Scale(
        f"\u0394 {TITLES.get(name, name)}", UNITS.get(name, ""), -end, end, "difference", 0 if end >= 10 else 1
    )


def _most(values: Sequence[Values]) -> float:
    known = np.concatenate([v[np.isfinite(v)] for v in values]) if len(values) else np.zeros(0)
    return float(np.abs(known).max()) if known.size else 1.0
