"""A mask from elsewhere: voxels with numbers, before anyone has said which number means which structure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain.contours import CinePoint
from twinviewer.domain.image import Grid


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """Numbered regions as a file gives them.

    data: (t, k, j, i) integers, 0 = background, read-only. names: number -> what the file calls it, as far as it says.
    made_by: how the file is named in provenance, by its hash, since a file's own name may name a patient. notes: what
    a reader must know of how the numbers came to be ("two segments overlap"), one sentence each. points: named places
    that the file gives beside its regions, in the planes of a cine study.
    """

    data: NDArray[np.integer]
    grid: Grid
    names: Mapping[int, str]
    made_by: str
    notes: tuple[str, ...] = ()
    points: tuple[CinePoint, ...] = ()

    @property
    def phases(self) -> int:
        """Number of phases t."""
        return int(self.data.shape[0])

    @property
    def values(self) -> tuple[int, ...]:
        """The numbers that occur, without the background, rising."""
        return tuple(int(v) for v in np.unique(self.data) if v != 0)
