"""Calcium in CT without contrast, scored after Agatston AS et al., J Am Coll Cardiol 1990;15:827.

In each slice every patch of at least 130 HU and 1 mm² (and three pixels, against noise) scores its area in mm² times 1,
2, 3 or 4 for a peak of at least 130, 200, 300 or 400 HU. The score was defined on slices 3 mm apart, so other distances
count in proportion. Patches are 8-connected within a slice; patches of neighbouring slices that touch make one lesion.
What is bright is not yet coronary calcium: bone, valves, stents and the aorta's wall are bright too. So lesions are
candidates within a region that someone has drawn, for someone to choose from; a candidate that is too
thick for an artery, or that runs out of the region, says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import Grid, SegmentationError

THRESHOLD_HU = 130.0
LEAST_MM2, LEAST_PIXELS = 1.0, 3
STANDARD_MM = 3.0
FACTORS = ((400.0, 4), (300.0, 3), (200.0, 2), (THRESHOLD_HU, 1))
MASS_MG_MM3_HU = 0.001
"""Hydroxyapatite per HU without a phantom in the scan: 1 mg/mm³ makes about 1000 HU at 120 kV. The order of published
calibrations (Hong C et al., Radiology 2002;223:474); a scanner's own factor differs by some tenths."""
SHIFT_HU = 5.0
"""How far a scanner's HU may be off, for the interval: half of what phantoms of water are allowed to be (±4 to ±7)."""
BULKY_MM, BULKY_MM3 = 4.5, 2000.0
"""A candidate that holds a ball of this radius, or more than this, is thicker than an artery: bone, opacified blood."""
MOST = 300
"""Candidates that are offered: the largest, by score."""


@dataclass(frozen=True, slots=True)
class Lesion:
    """One candidate. number: 1, 2, … in order of score. centre_mm: LPS of its voxels' mean; slices: first and last k.
    agatston, volume_mm3, mass_mg, peak_hu; leaves: it goes on outside the region; bulky: too thick for calcium of an
    artery. agatston_low, agatston_high: with all HU SHIFT_HU lower and higher."""

    number: int
    centre_mm: tuple[float, float, float]
    slices: tuple[int, int]
    agatston: float
    agatston_low: float
    agatston_high: float
    volume_mm3: float
    mass_mg: float
    peak_hu: float
    leaves: bool
    bulky: bool

    @property
    def doubt(self) -> str:
        """Why this may be no calcium of an artery; "" where nothing speaks against it."""
        if self.bulky:
            return "too thick for an artery: bone, or blood with contrast"
        return "runs out of the region" if self.leaves else ""


def density_factor(peak_hu: float) -> int:
    """1 to 4, 0 below the threshold."""
    return next((factor for least, factor in FACTORS if peak_hu >= least), 0)


def find_lesions(hu: NDArray[np.generic], grid: Grid, region: NDArray[np.bool_]) -> tuple[Lesion, ...]:
    """Candidates of one phase, largest score first, at most MOST of them.

    hu: (k, j, i), slices across k. region: (k, j, i) where to look. Raises SegmentationError where the region is empty.
    """
    boxes = ndimage.find_objects(region.view(np.uint8), max_label=1)
    if not boxes or boxes[0] is None:
        raise SegmentationError("The region to look for calcium in is empty", remedy="Outline it first")
    margin = 3
    box = tuple(
        slice(max(part.start - margin, 0), min(part.stop + margin, size))
        for part, size in zip(boxes[0], region.shape, strict=True)
    )
    values, inside = hu[box].astype(np.float32), region[box]
    low = np.array([part.start for part in box])
    bright = values >= THRESHOLD_HU
    pieces, _ = ndimage.label(bright, np.ones((3, 3, 3)))
    sizes = np.bincount(pieces[inside])
    sizes[0] = 0
    order = np.argsort(-sizes)[:MOST]
    numbers = order[sizes[order] >= LEAST_PIXELS]
    found = []
    for number, where in zip(numbers, _boxes(pieces, numbers), strict=True):
        grown = tuple(slice(max(part.start - 1, 0), part.stop + 1) for part in where)
        own, here = pieces[grown] == number, inside[grown]
        mine = own & here
        score, patches = agatston(values[grown], mine, grid)
        if score == 0.0:
            continue
        near = here & ndimage.binary_dilation(mine, np.ones((3, 3, 3)))
        ends = [agatston(values[grown] + shift, near, grid)[0] for shift in (-SHIFT_HU, SHIFT_HU)]
        middle = np.argwhere(patches).mean(axis=0) + low + [part.start for part in grown]
        centre = grid.to_mm(middle[None, ::-1])[0]
        levels = np.flatnonzero(patches.any(axis=(1, 2))) + low[0] + grown[0].start
        volume = float(np.count_nonzero(patches)) * grid.voxel_ml * 1000.0
        bulk = np.count_nonzero(own) * grid.voxel_ml * 1000.0 > BULKY_MM3
        bulk = bulk or ndimage.distance_transform_edt(np.pad(own, 1), grid.spacing_mm[::-1]).max() > BULKY_MM
        found.append(
            Lesion(
                0, (float(centre[0]), float(centre[1]), float(centre[2])), (int(levels[0]), int(levels[-1])),
                score, min(ends[0], score), max(ends[1], score), volume,
                float(values[grown][patches].mean()) * volume * MASS_MG_MM3_HU, float(values[grown][patches].max()),
                bool((own & ~here).any()), bool(bulk),
            )
        )  # fmt: skip
    found.sort(key=lambda one: -one.agatston)
    return tuple(replace(one, number=k) for k, one in enumerate(found, start=1))


def agatston(hu: NDArray[np.floating], mask: NDArray[np.bool_], grid: Grid) -> tuple[float, NDArray[np.bool_]]:
    """The score of the patches within a mask, and which voxels scored. hu, mask: (k, j, i)."""
    sx, sy, sz = grid.spacing_mm
    counted = np.zeros(mask.shape, np.bool_)
    total = 0.0
    bright = mask & (hu >= THRESHOLD_HU)
    for k in np.flatnonzero(bright.any(axis=(1, 2))):
        patches, count = ndimage.label(bright[k], np.ones((3, 3)))
        pixels = np.bincount(patches.ravel(), minlength=count + 1)
        peaks = ndimage.maximum(hu[k], patches, np.arange(1, count + 1))
        for patch in range(1, count + 1):
            area = float(pixels[patch]) * sx * sy
            if pixels[patch] >= LEAST_PIXELS and area >= LEAST_MM2:
                total += area * density_factor(float(peaks[patch - 1])) * sz / STANDARD_MM
                counted[k] |= patches == patch
    return total, counted


def _boxes(pieces: NDArray[np.integer], numbers: NDArray[np.integer]) -> Sequence[tuple[slice, ...]]:
    boxes = ndimage.find_objects(pieces)
    return [box for box in (boxes[int(number) - 1] for number in numbers) if box is not None]


CATEGORIES = ((0.0, "none"), (10.0, "minimal"), (100.0, "mild"), (400.0, "moderate"))


def category(score: float) -> str:
    """none 0, minimal to 10, mild to 100, moderate to 400, else severe. Rumberger JA, Mayo Clin Proc 1999;74:243."""
    return next((name for most, name in CATEGORIES if score <= most), "severe")


def cac_drs(score: float) -> int:
    """CAC-DRS class A: 0 for 0, 1 for 1–99, 2 for 100–299, 3 from 300 (Hecht HS et al., JCCT 2018;12:185)."""
    return 0 if score < 1.0 else 1 if score < 100.0 else 2 if score < 300.0 else 3
