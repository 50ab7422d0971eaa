"""Which intensities fat, muscle and opacified blood have in one CT: found in its own histogram, not in a table.

Only voxels in flat places count (lowest third of the gradient within tissue), so that the classes are pure. A class
above muscle is blood when it fills a compact body that bone, vessels of the lung or a spinal canal cannot make up.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import SegmentationError
from twinviewer.segmentation.mask import Spacing, distance_outside, largest_piece, opened
from twinviewer.segmentation.mixture import GaussianClass, gaussian_mixture

BODY_RADIUS_MM = 7.0
"""A ball of this radius fits into a heart chamber, not into a rib, a cortical shell or a vessel of the lung."""
LEAST_RISE = 0.25
"""Blood weaker than this share of the brighter pool's rise above muscle cannot be told from dense organs."""


@dataclass(frozen=True, slots=True)
class CtLevels:
    """Levels in HU. blood: every opacified pool that was found, weakest first (left and right heart may differ).

    noise: standard deviation of muscle in flat places after light smoothing. tissue_from: border of air and tissue.
    """

    fat: float
    muscle: float
    blood: tuple[float, ...]
    noise: float
    tissue_from: float

    @property
    def blood_from(self) -> float:
        """Border of muscle and the weakest opacified pool."""
        return 0.5 * (self.muscle + self.blood[0])

    @property
    def muscle_from(self) -> float:
        """Border of fat and muscle."""
        return 0.5 * (self.fat + self.muscle)


def otsu(values: NDArray[np.floating], bins: int = 256) -> float:
    """Otsu's threshold: the cut that makes the two classes most alike within (Otsu 1979)."""
    low, high = np.percentile(values, (0.1, 99.9))
    counts, edges = np.histogram(values, bins=bins, range=(float(low), float(high)))
    centre = 0.5 * (edges[1:] + edges[:-1])
    below = np.cumsum(counts)
    above = below[-1] - below
    moment = np.cumsum(counts * centre)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (moment / below - (moment[-1] - moment) / above) ** 2
    best = np.flatnonzero(between == np.nanmax(between))
    return float(edges[1:][int(best.mean())])


def flat_tissue(image: NDArray[np.floating], tissue_from: float, share: float = 0.33) -> NDArray[np.bool_]:
    """Tissue voxels with the lowest gradients: pure tissue, no partial volume."""
    gradient = ndimage.gaussian_gradient_magnitude(image, 0.7)
    tissue = image > tissue_from
    if not tissue.any():
        return tissue
    return np.asarray(tissue & (gradient <= np.quantile(gradient[tissue], share)))


def noise_of(image: NDArray[np.floating], level: float) -> float:
    """Standard deviation in HU of voxels about a level, less what changes slowly: organs of unlike brightness are no
    noise. From the differences of neighbours, which are sqrt(2) times as large where noise is not correlated."""
    first, second = image[:, :, :-2], image[:, :, 2:]
    near = (np.abs(first - level) < 100.0) & (np.abs(second - level) < 100.0)
    if np.count_nonzero(near) < 1000:
        return float("inf")
    return float(1.4826 * np.median(np.abs((first - second)[near])) / np.sqrt(2.0))


def ct_levels(image: NDArray[np.floating], spacing_kji: Spacing, least_pool_ml: float = 120.0) -> CtLevels:
    """Levels of one phase.

    image: (k, j, i) HU, lightly smoothed, about 2 mm voxels. Raises SegmentationError with the measured numbers when
    no opacified pool of at least ``least_pool_ml`` stands out from muscle.
    """
    cut = otsu(image)
    tissue_from = cut if cut < -200 else float(np.percentile(image, 1))
    classes = gaussian_mixture(image[flat_tissue(image, tissue_from)])
    # HU puts water at 0, so fat is negative and muscle is not: that is the unit's definition, not a tuned number
    soft = [c for c in classes if c.mean >= 0]
    fatty = [c for c in classes if c.mean < 0]
    if not soft:
        raise SegmentationError(
            "No soft tissue was found in this image",
            where="classes at " + ", ".join(f"{c.mean:.0f}" for c in classes) + " HU",
            remedy="Is it a CT in Hounsfield units?",
        )
    muscle = _muscle(soft)
    fat = max(fatty, key=lambda c: c.share).mean if fatty else min(-100.0, muscle.mean - 100.0)
    noise = max(min(muscle.sd, noise_of(image, muscle.mean)), 1.0)
    voxel_ml = float(np.prod(spacing_kji)) / 1000.0

    pools: list[float] = []
    main: NDArray[np.bool_] | None = None
    brighter = [c for c in soft if c.mean > muscle.mean]
    for found in sorted(brighter, key=lambda c: -c.mean):
        border = 0.5 * (muscle.mean + found.mean)
        if found.mean - muscle.mean < max(4.0 * noise, 60.0):
            continue
        if main is None:
            body = largest_piece(opened(image > border, BODY_RADIUS_MM, spacing_kji))
            if float(body.sum()) * voxel_ml >= least_pool_ml:
                main = body
                pools.append(found.mean)
            continue
        slab = np.abs(image - found.mean) < max(2.0 * found.sd, noise)
        body = largest_piece(opened(ndimage.binary_closing(slab) & ~main, BODY_RADIUS_MM, spacing_kji))
        rise = (found.mean - muscle.mean) / (pools[-1] - muscle.mean)
        if rise < LEAST_RISE or float(body.sum()) * voxel_ml < 0.3 * least_pool_ml:
            continue
        # a weaker pool is the other side of the heart only where it lies against the first, as spleen and liver do not
        near, middle = np.quantile(distance_outside(main, spacing_kji)[body], (0.01, 0.5))
        if near < 18.0 and middle < 45.0:
            pools.insert(0, found.mean)
    if main is None:
        top = max(c.mean for c in soft)
        bright = muscle.mean + max(4.0 * noise, 60.0)
        body = largest_piece(opened(image > bright, BODY_RADIUS_MM, spacing_kji))
        largest_ml = float(body.sum()) * voxel_ml
        raise SegmentationError(
            "Blood and muscle cannot be told apart here: no heart with contrast was found",
            where=(
                f"muscle {muscle.mean:.0f} ± {noise:.0f} HU, brightest large tissue {top:.0f} HU, largest body above "
                f"{bright:.0f} HU {largest_ml:.0f} mL, a heart needs {least_pool_ml:.0f} mL"
            ),
            remedy="The scan can be viewed and measured; a twin needs a CT of the heart with contrast",
        )
    return CtLevels(float(fat), muscle.mean, tuple(pools), noise, tissue_from)


def _muscle(soft: list[GaussianClass]) -> GaussianClass:
    """The weightiest class of the lowest group; groups are further apart than fluid, liver and muscle are."""
    most = max(c.share for c in soft)
    groups: list[list[GaussianClass]] = []
    for found in sorted(soft, key=lambda c: c.mean):
        if groups and found.mean - groups[-1][-1].mean < 45.0:
            groups[-1].append(found)
        else:
            groups.append([found])
    heavy = next((g for g in groups if sum(c.share for c in g) >= 0.2 * most), groups[0])
    return max(heavy, key=lambda c: c.share)
