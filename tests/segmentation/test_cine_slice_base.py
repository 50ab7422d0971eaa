"""Where a heart ends that no long axis shows."""

import numpy as np
import pytest

from twinviewer.segmentation.cine.slice_base import beyond_mm


@pytest.mark.parametrize(("last_mm", "gap_mm"), [(88.0, 18.0), (90.0, 10.0), (92.0, 8.0)])
def test_an_ellipsoid_ends_where_it_does(last_mm: float, gap_mm: float) -> None:
    """Half an ellipsoid, 100 mm long and 50 mm wide, to 3 mm."""
    last, before = (np.pi * 25.0**2 * (1.0 - (z / 100.0) ** 2) for z in (last_mm, last_mm - gap_mm))
    reach, known = beyond_mm(last, before, gap_mm)
    assert known
    assert reach == pytest.approx(100.0 - last_mm, abs=3.0)


def test_a_stack_that_stops_half_way_says_nothing_of_the_end() -> None:
    last, before = (np.pi * 25.0**2 * (1.0 - (z / 100.0) ** 2) for z in (40.0, 32.0))
    reach, known = beyond_mm(last, before, 8.0)
    assert not known
    assert reach <= 25.0  # at most a half ball is put on it
