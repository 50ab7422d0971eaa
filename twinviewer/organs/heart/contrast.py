"""What is far brighter than blood in a contrast CT: metal, calcium, undiluted contrast. Told apart, said, taken out.

Nothing here is a diagnosis. CT numbers of calcium and of thin metal overlap once voxels are larger than a strut, so a
name is given only where shape and brightness allow one; else the sentence names both.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.organs.heart.atlas import (
    AORTA,
    LA_BLOOD,
    LV_BLOOD,
    LV_MYOCARDIUM,
    OTHER,
    PULMONARY_ARTERY,
    RA_BLOOD,
    RV_BLOOD,
    RV_MYOCARDIUM,
)
from twinviewer.segmentation.ct_levels import CtLevels
from twinviewer.segmentation.mask import Mask, bounding_box, dilate, distance_outside, opened
from twinviewer.segmentation.working_grid import WorkingGrid

Float = NDArray[np.float32]
Labels = NDArray[np.uint8]

METAL_HU = 2000.0
"""Dense cortical bone and calcified plaques stay below this; steel, platinum and cobalt-chromium do not."""
LEAST_ABOVE_HU = 200.0
LEAST_ML = 0.03
NEAR_HEART_MM = 6.0
POOL_RADIUS_MM = 4.0
"""A pool of undiluted contrast holds a ball of this radius; plaques, stents and leads do not."""
STREAKS_MM = 30.0
BLOOMING_MM = 3.0
LEAD, LARGE_STENT, SLENDER, CALCIUM, METAL, POOL = "lead", "large stent", "slender", "calcium", "metal", "pool"
PLACES = {
    LV_MYOCARDIUM: "the left ventricle's wall",
    LV_BLOOD: "the left ventricle",
    RV_BLOOD: "the right ventricle",
    LA_BLOOD: "the left atrium",
    RA_BLOOD: "the right atrium",
    AORTA: "the aorta",
    PULMONARY_ARTERY: "the pulmonary artery",
    RV_MYOCARDIUM: "the right ventricle's wall",
    OTHER: "a great vein or the descending aorta",
}


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """One bright piece: its kind, volume in mL, peak in HU, length in mm, and the labels that it lies in or beside."""

    kind: str
    volume_ml: float
    peak_hu: float
    length_mm: float
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """All bright pieces of a phase. taken_out: (k, j, i) voxels that are no blood; streaks: where metal spoils them."""

    pieces: tuple[Dense, ...]
    taken_out: Mask
    streaks: Mask


def dense_pieces(image: Float, expected: Labels, levels: CtLevels, noise_hu: float, work: WorkingGrid) -> Found:
    """Pieces brighter than blood in and next to the heart.

    image: (k, j, i) HU; expected: labels there; noise_hu: standard deviation of a voxel in blood or muscle.
    """
    top = levels.blood[-1]
    border = top + max(LEAST_ABOVE_HU, 0.5 * (top - levels.muscle), 6.0 * noise_hu)
    bright = image > border
    out = np.zeros(image.shape, dtype=np.bool_)
    streaks = np.zeros(image.shape, dtype=np.bool_)
    if not bright.any():
        return Found((), out, streaks)
    spacing = work.spacing_kji
    to_heart = distance_outside((expected > 0) & (expected != OTHER), spacing)
    nearby = (image, expected, to_heart)
    # metal in undiluted contrast is a piece of its own
    metal = bright & dilate(image > METAL_HU, BLOOMING_MM, spacing)
    found = list(_pieces(metal, nearby, out, np.zeros(image.shape, dtype=np.bool_), border, work))
    streaks = out & (image > METAL_HU)
    # a scanner's streaks stay in their slice, and a patient's slices lie across the body
    for k in np.flatnonzero(streaks.any(axis=(1, 2))):
        streaks[k] = ndimage.distance_transform_edt(~streaks[k], sampling=spacing[1:]) < STREAKS_MM
    found += _pieces(bright & ~metal, nearby, out, streaks, border + 3.0 * noise_hu, work)
    return Found(tuple(found), out, streaks)


def _pieces(
    bright: Mask,
    nearby: tuple[Float, Labels, Float],
    out: Mask,
    streaks: Mask,
    least_peak: float,
    work: WorkingGrid,
) -> Iterator[Dense]:
    """Each piece that counts; adds to ``out`` what is no blood. nearby: image, expected labels, distance to them."""
    image, expected, to_heart = nearby
    labels, count = ndimage.label(bright, np.ones((3, 3, 3)))
    size = np.bincount(labels.ravel(), minlength=count + 1)
    beside = np.bincount(labels[to_heart < NEAR_HEART_MM], minlength=count + 1)
    spoiled = np.bincount(labels[streaks], minlength=count + 1)
    for number, box in enumerate(ndimage.find_objects(labels, count), start=1):
        volume_ml = float(size[number]) * work.voxel_ml
        if volume_ml < LEAST_ML or beside[number] * work.voxel_ml < LEAST_ML:
            continue
        mine = labels[box] == number
        peak = float(image[box][mine].max())
        # one voxel must stand out beyond doubt: noise reaches the border here and there
        if peak < least_peak:
            continue
        # bone of ribs and spine lies beside the heart, not within it
        if beside[number] < 0.5 * size[number] and peak < METAL_HU:
            continue
        within = float((mine & (to_heart[box] <= 0.0)).sum()) / float(size[number])
        piece = _named(mine, volume_ml, peak, within, _places(mine, expected[box]), work)
        if piece.kind != POOL:
            out[box] |= mine
        # what is bright beside metal may be its streak: not to be spoken of, nor to be counted as blood
        if spoiled[number] < 0.5 * size[number] or piece.kind == POOL:
            yield piece


def _places(mine: Mask, expected: Labels) -> tuple[int, ...]:
    inside = expected[mine & (expected > 0)]
    if inside.size < 0.2 * mine.sum():
        ring = ndimage.binary_dilation(mine, iterations=3) & (expected > 0)
        inside = expected[ring]
    if inside.size == 0:
        return ()
    counts = np.bincount(inside, minlength=OTHER + 1)
    order = [int(v) for v in np.argsort(-counts) if counts[v] >= 0.15 * inside.size]
    return tuple(order[:3])


def _named(
    mine: Mask, volume_ml: float, peak: float, within: float, places: tuple[int, ...], work: WorkingGrid
) -> Dense:
    """within: share of the piece that lies in the heart or its vessels."""
    points = np.argwhere(mine) * work.spacing_mm
    middle = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(middle if len(middle) < 20000 else middle[:: len(middle) // 10000], full_matrices=False)
    along = middle @ axes.T
    extent = np.ptp(along, axis=0) + work.spacing_mm
    length = float(extent[0])
    section = 1000.0 * volume_ml / length
    hollow = extent[1] > 12.0 and extent[2] > 8.0 and _hollow(along, work.spacing_mm)
    kind = CALCIUM
    pool = opened(np.pad(mine, 1), POOL_RADIUS_MM, work.spacing_kji).any()
    right = set(places) & {RA_BLOOD, RV_BLOOD, PULMONARY_ARTERY, OTHER}
    # contrast streams in by the great veins: what is bright within them or the right atrium is it, however thin
    streaming = within > 0.5 and bool(places) and places[0] in (RA_BLOOD, OTHER)
    if peak < METAL_HU and ((pool and right) or streaming):
        kind = POOL
    elif hollow and within > 0.3:
        kind = LARGE_STENT
    elif peak > METAL_HU and length >= 40.0 and section < 60.0 and within > 0.3:
        kind = LEAD
    elif peak > METAL_HU:
        kind = METAL
    elif 10.0 <= length <= 60.0 and section < 25.0 and length > 3.0 * np.sqrt(section):
        kind = SLENDER
    return Dense(kind, volume_ml, peak, length, places)


def _hollow(along: NDArray[np.float64], voxel_mm: float) -> bool:
    """Whether slabs across the longest axis are rings: their voxels lie farther from each slab's middle than those of
    a full disc of the same area would (two thirds of its radius)."""
    slab = np.floor(along[:, 0] / 3.0).astype(int)
    ratios = []
    for number in np.unique(slab):
        flat = along[slab == number, 1:]
        area = len(flat) * voxel_mm**3 / 3.0
        ratios.append(np.linalg.norm(flat - flat.mean(axis=0), axis=1).mean() / np.sqrt(area / np.pi))
    return bool(np.median(ratios) > 1.2)


def without_dense(image: Float, found: Found, work: WorkingGrid) -> Float:
    """The image with metal and calcium replaced by what surrounds them, and streaks beside metal evened out."""
    if not found.taken_out.any():
        return image
    # blooming makes everything dense a voxel larger than it is
    gone = ndimage.binary_dilation(found.taken_out, iterations=2 if found.streaks.any() else 1)
    out = image.copy()
    box = bounding_box(gone, 6)
    keep = (~gone[box]).astype(np.float32)
    sigma = 2.0 / work.spacing_mm
    top = ndimage.gaussian_filter(out[box] * keep, sigma)
    bottom = ndimage.gaussian_filter(keep, sigma)
    out[box] = np.where(gone[box], top / np.maximum(bottom, 1e-4), out[box])
    if found.streaks.any():
        box = bounding_box(found.streaks, 2)
        even = sitk.GetArrayFromImage(sitk.Median(sitk.GetImageFromArray(out[box]), (2, 2, 1)))
        out[box] = np.where(found.streaks[box], even, out[box])
    return out


def sentences(found: Found, levels: CtLevels) -> list[str]:
    """What to say of the bright pieces, one sentence a kind."""
    out = []
    for kind in (LEAD, LARGE_STENT, METAL, SLENDER, CALCIUM, POOL):
        pieces = [piece for piece in found.pieces if piece.kind == kind]
        if not pieces:
            continue
        ml = sum(piece.volume_ml for piece in pieces)
        peak = max(piece.peak_hu for piece in pieces)
        counts: dict[int, float] = {}
        for piece in pieces:
            for rank, place in enumerate(piece.places):
                counts[place] = counts.get(place, 0.0) + piece.volume_ml / (rank + 1)
        places = sorted(counts, key=lambda place: -counts[place])[:3]
        where = ", ".join(PLACES[place] for place in places)
        at = f" in or beside {where}" if where else " beside the heart"
        many = "" if len(pieces) == 1 else f", {len(pieces)} pieces"
        size = f"{ml:.1f} mL above blood, up to {peak:.0f} HU{many}"
        longest = max(piece.length_mm for piece in pieces)
        out.append(
            {
                LEAD: f"Metal as long and thin as a pacing lead or a catheter{at} ({longest:.0f} mm, {size}): it "
                "was taken out and its streaks were evened out; borders within 30 mm of it are less sure.",
                LARGE_STENT: f"A wide hollow ring or tube of metal or calcium{at} ({longest:.0f} mm long, {size}), "
                "as of a stent graft or a valve: it is not counted as blood.",
                METAL: f"Metal{at} ({size}): it was taken out and its streaks were evened out; borders near it are "
                "less sure.",
                SLENDER: f"Something slender brighter than blood{at} ({longest:.0f} mm, {size}): a stent or a "
                "calcified artery, which cannot be told apart here; it is not counted as blood.",
                CALCIUM: f"Calcium, or metal too thin to tell from it,{at} ({size}): it is not counted as blood.",
                POOL: f"Undiluted contrast{at} ({size}; blood elsewhere {levels.blood[-1]:.0f} HU): its streaks may "
                "shift borders beside it.",
            }[kind]
        )
    return out
