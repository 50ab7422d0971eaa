"""Thumbnails of series, made in a worker from one file where that will do. No Qt here: workers import this."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineStack, Series

SIZE = 72


def thumbnail(series: Series) -> NDArray[np.uint8]:
    """(SIZE, SIZE, 3) uint8 of the middle file, letterboxed. LoadError as for reading."""
    from twinviewer import dicom

    middle = series.files[len(series.files) // 2]
    # A cine study is grouped from many DICOM series, so one file alone is not known as part of it.
    whole = series.kind == "mr_cine"
    image = dicom.read(series if whole else replace(series, files=(middle,), slices=1, phases=1))
    if isinstance(image, CineStack):
        plane = image.planes[len(image.planes) // 2]
        pixels, window = np.asarray(plane.frames[0], np.float32), image.window
    else:
        pixels, window = np.asarray(image.data[0, image.data.shape[1] // 2], np.float32), image.window
    if window is None:
        low, high = np.percentile(pixels, [1, 99.5])
    else:
        low, high = window[1] - window[0] / 2, window[1] + window[0] / 2
    grey = np.clip((pixels - low) * (255.0 / max(high - low, 1e-6)), 0, 255).astype(np.uint8)
    step = max(1, int(np.ceil(max(grey.shape) / SIZE)))
    small = grey[::step, ::step]
    canvas = np.zeros((SIZE, SIZE), np.uint8)
    top, left = (SIZE - small.shape[0]) // 2, (SIZE - small.shape[1]) // 2
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return np.repeat(canvas[:, :, None], 3, axis=2)
