"""Regions that may overlap as one label map, in which each voxel has one number."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def overlaid(
    regions: Sequence[NDArray[np.bool_]], numbers: Sequence[int], names: Sequence[str] = ()
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """(k, j, i) uint8 with one number a region, and what was decided where they overlap.

    regions: (k, j, i) each; numbers: 1..255, one a region. The smaller region lies on top, so that a cavity drawn
    inside a filled wall keeps its place and the wall becomes what is left round it.
    """
    sizes = [int(np.count_nonzero(region)) for region in regions]
    out = np.zeros(regions[0].shape, dtype=np.uint8)
    said: list[str] = []
    called = [str(one) for one in (names or numbers)]
    painted: list[int] = []
    for at in sorted(range(len(regions)), key=lambda one: -sizes[one]):
        for below in painted:
            shared = int(np.count_nonzero(out[regions[at]] == numbers[below])) if sizes[at] else 0
            if shared and len(said) < 6:
                share = 100.0 * shared / sizes[at]
                said.append(
                    f"{called[at]} lies over {called[below]} ({share:.0f} % of it): it was taken out of {called[below]}"
                )
        out[regions[at]] = numbers[at]
        painted.append(at)
    return out, tuple(said)
