"""Tables over angle and height round an axis: periodic in angle, read bilinearly."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

Array = NDArray[np.float64]

ROWS, STEP_MM = 90, 1.5


def cells(angle: Array, height: Array, low: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Nearest row and column of each point in a table whose first column lies at ``low``."""
    rows = np.floor((angle % (2 * np.pi)) / (2 * np.pi) * ROWS + 0.5).astype(np.intp) % ROWS
    return rows, np.floor((height - low) / STEP_MM + 0.5).astype(np.intp)


def read(table: Array, angle: Array, height: Array, low: float) -> Array:
    """(n,) values at points; beyond the table's ends in height its first or last column holds."""
    rows, columns = table.shape
    x = (angle % (2.0 * np.pi)) / (2.0 * np.pi) * rows
    y = np.clip((height - low) / STEP_MM, 0.0, columns - 1.000001)
    i, j = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = x - i, y - j
    i0, i1 = i % rows, (i + 1) % rows
    near = (1 - fy) * table[i0, j] + fy * table[i0, j + 1]
    far = (1 - fy) * table[i1, j] + fy * table[i1, j + 1]
    return np.asarray((1 - fx) * near + fx * far)


def smooth(table: Array, angles: float, heights: float, mode: str) -> Array:
    """Gaussian means over so many rows and columns (standard deviations); ``mode`` for the ends in height."""
    wide = gaussian_filter1d(table, angles, axis=0, mode="wrap")
    return np.asarray(gaussian_filter1d(wide, heights, axis=1, mode=mode))
