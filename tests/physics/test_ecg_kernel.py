"""One pass for several sequences against the sum over elements written plainly; closed forms stand in test_ecg.py."""

import numpy as np
import pytest

from twinviewer.domain import EngineError
from twinviewer.physics import ecg, membrane
from twinviewer.physics.ecg_kernel import fronts, leads


def wall() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    points = random.uniform(-30.0, 30.0, (400, 3))
    near = np.argsort(np.linalg.norm(points[:, None] - points[None], axis=2), axis=1)[:, :4]
    tets = near.astype(np.int32)
    fields = random.normal(size=(len(tets), 9, 3))
    times = 40.0 + points @ np.array([0.5, 0.9, -0.3]) + 0.01 * points[:, 0] ** 2
    return points, tets, times, fields


def plain(points: np.ndarray, tets: np.ndarray, times: np.ndarray, fields: np.ndarray) -> tuple[float, np.ndarray]:
    """Element after element: gradient of a linear time, its share spread over a box of the time's variance."""
    start = float(np.nanmin(times)) - 2.0 * membrane.BIN_MS
    out = np.zeros((int((np.nanmax(times) - start) / membrane.BIN_MS) + 4, fields.shape[1]))
    for corners, field in zip(tets, fields, strict=True):
        t = times[corners]
        if not np.isfinite(t).all():
            continue
        edges = points[corners[1:]] - points[corners[0]]
        dipole = np.linalg.solve(edges, t[1:] - t[0]) * np.linalg.det(edges) / 6.0
        half = max(np.sqrt(3.0 * ((t - t.mean()) ** 2).sum() / 20.0), 0.5 * membrane.BIN_MS)
        low = max(t.mean() - half, t.min() - 0.5 * membrane.BIN_MS)
        high = min(t.mean() + half, t.max() + 0.5 * membrane.BIN_MS)
        edge = start + membrane.BIN_MS * np.arange(len(out) + 1)
        part = np.clip(np.minimum(high, edge[1:]) - np.maximum(low, edge[:-1]), 0.0, None) / (high - low)
        out += part[:, None] * (field @ dipole)
    return start, out.T / (4.0 * np.pi * ecg.TORSO_S_M * membrane.BIN_MS)


@pytest.mark.parametrize("threads", [1, 2])
def test_two_sequences_at_once_are_the_two_alone(threads: int) -> None:
    points, tets, times, fields = wall()
    late = times[::-1] + 300.0
    late[7] = np.nan
    both = fronts(leads(points, tets, fields), [times, late], None, threads)
    for found, sequence in zip(both, (times, late), strict=True):
        start, weight = plain(points, tets, sequence, fields)
        width = weight.shape[1]
        assert found.start_ms == start
        assert np.abs(found.weight[:, :width] - weight).max() < 1e-4 * np.abs(weight).max()
        assert np.abs(found.weight[:, width:]).max(initial=0.0) == 0.0


def test_dead_elements_carry_no_current() -> None:
    points, tets, times, fields = wall()
    alive = np.arange(len(tets)) % 3 > 0
    (found,) = fronts(leads(points, tets, fields), [times], alive)
    (bare,) = fronts(leads(points, tets[alive], fields[alive]), [times])
    assert np.allclose(found.weight, bare.weight, rtol=1e-5, atol=1e-6 * np.abs(bare.weight).max())


def test_a_sequence_without_times_is_refused() -> None:
    points, tets, times, fields = wall()
    with pytest.raises(EngineError, match="400 points"):
        fronts(leads(points, tets, fields), [np.full_like(times, np.nan)])
