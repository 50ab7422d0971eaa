"""A curve with no more points than can be seen."""

import numpy as np

PIXEL = 0.5


def thinned(x: np.ndarray, y: np.ndarray, left: float, right: float) -> tuple[np.ndarray, np.ndarray]:
    """Of ascending x and their y, both in pixels, what lies between left and right, two points for every half pixel.

    Lowest and highest of each are kept, in the order in which the curve runs, so that no spike is lost: a pen that is
    wider than that draws the same line. Stroking costs by the point, and a beat has ten of them in every pixel.
    """
    inside = (x >= left) & (x <= right)
    x, y = x[inside], y[inside]
    column = np.floor(x / PIXEL)
    first = np.flatnonzero(np.diff(column, prepend=-np.inf))
    if 2 * len(first) >= len(x):
        return x, y
    last = np.append(first[1:], len(x)) - 1
    low, high = np.minimum.reduceat(y, first), np.maximum.reduceat(y, first)
    rises = y[last] >= y[first]
    pairs = np.stack([np.where(rises, low, high), np.where(rises, high, low)], axis=1)
    return np.stack([x[first], x[last]], axis=1).ravel(), pairs.ravel()
