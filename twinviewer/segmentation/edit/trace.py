"""Level tracing: what the line of equal brightness through the pointer encloses in a slice."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import SegmentationError

Plane = NDArray[np.bool_]
_ALL_ROUND = np.ones((3, 3), bool)


def traced(image: NDArray[np.generic], at: tuple[int, int]) -> Plane:
    """(rows, columns) mask inside the closed line along which the image is as bright as at a pixel (row, column).

    The line may go round something bright or something dark; the one that closes within the image is taken, and of two
    the smaller. SegmentationError where none closes.
    """
    level = image[at]
    closed = []
    for side in (image >= level, image <= level):  # type: ignore[operator]
        pieces, _ = ndimage.label(side)
        body = pieces == pieces[at]
        if body[0].any() or body[-1].any() or body[:, 0].any() or body[:, -1].any():
            continue
        closed.append(ndimage.binary_fill_holes(body, _ALL_ROUND))
    if not closed:
        raise SegmentationError(
            "The line of equal brightness does not close within the slice", remedy="Point at another grey value"
        )
    return np.asarray(min(closed, key=np.count_nonzero), np.bool_)
