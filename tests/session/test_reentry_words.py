"""What is said of re-entry follows from the numbers of the run and from where the scar lies."""

from dataclasses import replace

import numpy as np
import pytest
from beating_ball import ball, run

from twinviewer.domain import OrganMesh, Quantity, Setup
from twinviewer.session.reentry_words import reentry_words, scar_place


def heart(*segments: int) -> tuple[OrganMesh, np.ndarray]:
    """A shell whose points belong to these segments in turn, and a scale that makes all of it dead."""
    mesh = ball()
    fields = {**mesh.point_fields, "aha_segment": np.resize(np.array(segments, np.int8), len(mesh.points_mm))}
    return replace(mesh, point_fields=fields), np.zeros(len(mesh.tets))


def said(turns: float, lasted_ms: float, cycle_ms: float | None, sustained: float, *segments: int) -> tuple[str, str]:
    mesh, scale = heart(*(segments or (0,)))
    numbers = {"reentry_turns": turns, "reentry_lasted_ms": lasted_ms, "reentry_sustained": sustained}
    if cycle_ms is not None:
        numbers["reentry_cycle_ms"] = cycle_ms
    metrics = {name: Quantity(value, "ms", "simulated", "test") for name, value in numbers.items()}
    return reentry_words(replace(run(140.0), metrics=metrics), Setup(mesh, {}, (), {"conduction_scale": scale}))


def test_words() -> None:
    assert said(0.0, 240.0, None, 0.0) == ("No re-entry: the last beat was over after 240 ms", "good")
    words, kind = said(2.0, 1500.0, 310.0, 1.0, 4, 10)
    assert (
        words == "Re-entry: 2 turns round the inferior scar, cycle 310 ms, still going 1500 ms after the last stimulus"
    )
    assert kind == "caution"
    words, kind = said(1.0, 700.0, 320.0, 0.0, 5, 4)
    assert words.startswith("No sustained re-entry: 1 turn round the inferior and lateral scar, cycle 320 ms")
    assert kind == "info"
    assert reentry_words(run(140.0), Setup(ball(), {}, ())) == ("", "")


@pytest.mark.parametrize(("segments", "place"), [((1, 7), "anterior"), ((17,), "apical"), ((0,), "")])
def test_places(segments: tuple[int, ...], place: str) -> None:
    mesh, scale = heart(*segments)
    assert scar_place(Setup(mesh, {}, (), {"conduction_scale": scale})) == place
    assert scar_place(Setup(mesh, {}, (), {"conduction_scale": scale + 1.0})) == ""
