"""Kept fields of single sites: exact for delays, little work for a lead that moves, bounded in memory."""

import numpy as np
import pytest
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.eikonal import EikonalGrid, Medium, combine
from twinviewer.physics.eikonal_sites import SiteFields


def slab() -> tuple[NDArray[np.float64], Medium]:
    g = np.arange(0.0, 15.5, 1.0)
    points = np.stack(np.meshgrid(g, g, g[:6], indexing="ij"), -1).reshape(-1, 3)
    index = np.arange(len(points)).reshape(len(g), len(g), 6)
    c = [
        index[i : len(g) - 1 + i, j : len(g) - 1 + j, k : 5 + k].ravel() for k in (0, 1) for j in (0, 1) for i in (0, 1)
    ]
    split = [(0, 1, 3, 7), (0, 3, 2, 7), (0, 2, 6, 7), (0, 6, 4, 7), (0, 4, 5, 7), (0, 5, 1, 7)]
    tets = np.concatenate([np.stack([c[i] for i in t], 1) for t in split])
    return points, EikonalGrid.build(points, tets).medium(None, 0.5, 0.5)


def test_any_delays_are_the_minimum_over_single_sites() -> None:
    points, medium = slab()
    sites, last = SiteFields(medium), len(points) - 1
    for first, second in ((0.0, 0.0), (12.0, -3.0), (0.0, 400.0)):
        found = sites.activation_ms({0: first, last: second})
        alone = combine([medium.activation_ms([0]), medium.activation_ms([last])], [first, second])
        assert np.abs(found - alone).max() < 1e-4


def test_a_lead_in_passing_is_right_and_not_kept() -> None:
    points, medium = slab()
    sites, lead = SiteFields(medium), len(points) - 1
    sites.activation_ms({0: 0.0})
    found = sites.activation_ms({0: 0.0, lead: 10.0}, passing=True)
    assert lead not in sites and 0 in sites
    truth = combine([medium.activation_ms([0]), medium.activation_ms([lead])], [0.0, 10.0])
    assert np.median(np.abs(found - truth)) < 1e-4
    assert np.abs(found - truth).max() < 1.0  # across the collision, a fraction of an edge's 2 ms


def test_memory_is_bounded_and_the_oldest_goes_first() -> None:
    points, medium = slab()
    sites = SiteFields(medium, most_bytes=3 * 4 * len(points))
    for node in (1, 2, 3, 1, 4):
        sites.field_ms(node)
    assert sites.nbytes == 3 * 4 * len(points)
    assert 2 not in sites and all(node in sites for node in (1, 3, 4))


@pytest.mark.parametrize("times", [{}, {0: float("nan")}, {10**7: 0.0}])
def test_nonsense_is_refused(times: dict[int, float]) -> None:
    with pytest.raises(EngineError):
        SiteFields(slab()[1]).activation_ms(times)
