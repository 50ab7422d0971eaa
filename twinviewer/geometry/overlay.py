"""Regions that may overlap as one label map, in which each voxel has one number."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LEAST_PERCENT = 1.0
"""Smaller overlaps are the voxels of a common border."""
MOST_SAID = 4


def overlaid(
    regions: Sequence[NDArray[np.bool_]], numbers: Sequence[int], names: Sequence[str] = ()
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """(k, j, i) uint8 with one number a region, and what was decided where they overlap.

    regions: (k, j, i) each; numbers: 1..255, one a region. The smaller region lies on top, so that a cavity drawn
    inside a filled wall keeps its place and the wall becomes what is left round it.
    """
    sizes = [int(np.count_nonzero(region)) for region in regions]
    out = np.zeros(regions[0].shape, dtype=np.uint8)
    said: list[tuple[float, str]] = []
    called = [str(one).replace("_", " ") for one in (names or numbers)]
    painted: list[int] = []
    for at in sorted(range(len(regions)), key=lambda one: -sizes[one]):
        covered = np.bincount(out[regions[at]], minlength=256)
        for below in painted:
            share = 100.0 * covered[numbers[below]] / max(sizes[at], 1)
            if share >= LEAST_PERCENT:
                text = f"{called[at]} lies over {called[below]} ({share:.0f} % of it), which it was taken out of"
                said.append((share, text))
        out[regions[at]] = numbers[at]
        painted.append(at)
    said.sort(reverse=True)
    more = (f"{len(said) - MOST_SAID} more parts overlap others",) if len(said) > MOST_SAID else ()
    return out, (*(text for _, text in said[:MOST_SAID]), *more)
