"""Thumbnails of series. No Qt here: workers import this."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineStack, Image, LoadError, Series
from twinviewer.session.image_files import few_slices, first_look, read_any_image
from twinviewer.session.pictures import middle_picture, opens_as_pictures

SIZE = 72


def thumbnail(series: Series) -> NDArray[np.uint8]:
    """(SIZE, SIZE, 3) uint8 of a series that is not open, from its middle file where that will do. LoadError."""
    middle = series.files[len(series.files) // 2]
    if opens_as_pictures(series):
        return letterboxed(middle_picture(few_slices(series, (middle,))).shown())
    try:
        return thumbnail_of(read_any_image(few_slices(series, (middle,))))
    except LoadError:  # a study that is grouped from many DICOM series: one file alone is not known as part of it
        return thumbnail_of(first_look(series))


def thumbnail_of(image: Image) -> NDArray[np.uint8]:
    """(SIZE, SIZE, 3) uint8 of the middle of an image, letterboxed."""
    if isinstance(image, CineStack):
        plane = image.planes[len(image.planes) // 2]
        pixels = np.asarray(plane.frames[0], np.float32)
    else:
        pixels = np.asarray(image.data[0, image.data.shape[1] // 2], np.float32)
    if image.window is None:
        low, high = np.percentile(pixels, [1, 99.5])
    else:
        low, high = image.window[1] - image.window[0] / 2, image.window[1] + image.window[0] / 2
    grey = np.clip((pixels - low) * (255.0 / max(high - low, 1e-6)), 0, 255).astype(np.uint8)
    return letterboxed(grey)


def letterboxed(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(SIZE, SIZE, 3) uint8 of a picture in grey (rows, columns) or in colours (rows, columns, 3)."""
    step = max(1, int(np.ceil(max(picture.shape[:2]) / SIZE)))
    small = picture[::step, ::step]
    small = small if small.ndim == 3 else np.repeat(small[:, :, None], 3, axis=2)
    canvas = np.zeros((SIZE, SIZE, 3), np.uint8)
    top, left = (SIZE - small.shape[0]) // 2, (SIZE - small.shape[1]) // 2
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas
