"""The left ventricle's base as named points in the long axes give it, where the images were not looked at."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineContours, CineStack
from twinviewer.segmentation.cine.phases import common_fractions
from twinviewer.segmentation.cine.tracks import tracks


def base_of_points(
    contours: CineContours, stack: CineStack
) -> tuple[NDArray[np.float64], NDArray[np.float64], float] | None:
    """(t,) places in the beat, (t,) depth of the base towards the apex from the first short-axis plane in mm, and the
    scatter of the ends about it in mm; None where no long axis has both ends of the mitral ring."""
    planes = [stack.planes[i] for i in contours.short_axis]
    if len(planes) < 2:
        return None
    wanted = common_fractions(planes)
    ends = [place for side in (-1, 1) for place, _ in tracks(contours, stack, "mitral", side, wanted)]
    if len(ends) < 2:
        return None
    way = planes[-1].affine[:3, 3] - planes[0].affine[:3, 3]
    axis = planes[0].normal * (1.0 if way @ planes[0].normal > 0 else -1.0)
    depth = np.array([place @ axis for place in ends]) - float(planes[0].affine[:3, 3] @ axis)
    base = depth.mean(axis=0)
    # ends of a plane that stands askew lie above and below its middle by rights: only what moves apart is scatter
    off = depth - base
    return wanted, base, float((off - off.mean(axis=1, keepdims=True)).std())
