"""A thinned curve covers the same pixels."""

import numpy as np

from twinviewer.ui.thinned import PIXEL, thinned


def test_no_spike_is_lost_and_no_height_invented() -> None:
    x = np.linspace(-50.0, 250.0, 30_000)
    y = np.sin(x / 9.0)
    y[12_345] = 40.0  # one sample
    thin_x, thin_y = thinned(x, y, 0.0, 200.0)
    assert len(thin_x) <= 2 * (200 / PIXEL + 1) and (np.diff(thin_x) >= 0).all()
    assert thin_x.min() >= 0.0 and thin_x.max() <= 200.0
    for low, high in ((10.0, 20.0), (70.0, 75.0), (150.0, 160.0)):
        kept, there = (thin_x >= low) & (thin_x < high), (x >= low) & (x < high)
        assert thin_y[kept].max() == y[there].max() and thin_y[kept].min() == y[there].min()


def test_few_points_stay_as_they_are() -> None:
    x, y = np.array([0.0, 5.0, 9.0]), np.array([1.0, -1.0, 2.0])
    thin_x, thin_y = thinned(x, y, -1.0, 10.0)
    assert np.array_equal(thin_x, x) and np.array_equal(thin_y, y)


def test_nothing_in_view_is_nothing() -> None:
    thin_x, _ = thinned(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 5.0, 9.0)
    assert not len(thin_x)
