"""One phase of a contrast CT -> labels: blood shared among the chambers, walls added, what is bright or pale said."""

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import Reporter, SegmentationError, silent
from twinviewer.organs.heart.atlas import (
    BLOOD_LABELS,
    LA_BLOOD,
    LV_BLOOD,
    LV_MYOCARDIUM,
    NAMES,
    OTHER,
    RA_BLOOD,
    RV_BLOOD,
)
from twinviewer.organs.heart.chambers import (
    between_grids,
    blood_mask,
    mixing_blood,
    own_edge,
    round_ventricle,
    share_blood,
    tidy_chambers,
)
from twinviewer.organs.heart.contrast import dense_pieces, sentences, without_dense
from twinviewer.organs.heart.pale import add_pale_right, unmixed_atrium
from twinviewer.organs.heart.search import BOTH, LEFT_BLOOD
from twinviewer.organs.heart.walls import add_left_wall, add_walls
from twinviewer.segmentation.ct_levels import CtLevels
from twinviewer.segmentation.working_grid import WorkingGrid

Float = NDArray[np.float32]
Labels = NDArray[np.uint8]

NOISY = 0.20
"""Noise as a share of the weakest pool's rise above muscle, from which on the image is evened out first."""
NOTCHES_MM = {LV_BLOOD: 7.0, RV_BLOOD: 5.0, LA_BLOOD: 3.0, RA_BLOOD: 7.0}
SAID_UNMIXED_ML = 3.0


def label_phase(
    image: Float,
    work: WorkingGrid,
    label: Labels,
    depth: Float,
    registered: WorkingGrid,
    levels: CtLevels,
    opacified: str,
    mouth_mm: float = 0.0,
    report: Reporter = silent,
) -> tuple[Labels, list[str]]:
    """Labels of a phase, OTHER included, and what a reader must know of it.

    image: (k, j, i) HU on ``work``. label, depth: the heart expected there, on ``registered``. opacified: which side
    carries contrast. mouth_mm: how far veins are left open where the labels come from a neighbouring phase.
    Raises SegmentationError where a chamber that should carry contrast is not found.
    """
    spacing = work.spacing_kji
    expected = between_grids(label, registered, work, 0)
    report(0.0, "Looking for metal and calcium")
    noise_hu = noise_of(image, expected)
    found = dense_pieces(image, expected, levels, noise_hu, work)
    notes = sentences(found, levels)
    image = without_dense(image, found, work)
    rise = levels.blood[0] - levels.muscle
    if noise_hu > NOISY * rise:
        image = evened(image)
        notes.append(
            f"Noise of {noise_hu:.0f} HU against a contrast of {rise:.0f} HU: the image was evened out along its "
            "edges, and thin structures are less sure."
        )
    report(0.15, "Finding the blood")
    soft = ndimage.gaussian_filter(image, 0.5)
    chambers = (LV_BLOOD, RV_BLOOD, LA_BLOOD, RA_BLOOD) if opacified == BOTH else (LV_BLOOD, LA_BLOOD)
    bright = BLOOD_LABELS if opacified == BOTH else LEFT_BLOOD

    seen = soft[(expected == LV_MYOCARDIUM) & (soft > levels.muscle_from) & (soft < levels.blood_from)]
    myocardium = float(np.median(seen)) if seen.size > 500 else levels.muscle
    blood_from = levels.blood_from
    blood = blood_mask(soft, blood_from, np.isin(expected, chambers))
    ease = np.clip((soft - blood_from) / (0.6 * (levels.blood[0] - blood_from)), 0.0, 1.0) ** 2
    report(0.25, "Sharing the blood among the chambers")
    labels = share_blood(blood, ease.astype(np.float32), label, depth, work, registered, mouth_mm)
    labels[~np.isin(labels, (*bright, OTHER))] = 0
    report(0.4, "Setting the valves")
    labels = tidy_chambers(labels, spacing)
    report(0.55, "Smoothing the chambers")
    for value in bright:
        # the thin wall of atria and vessels takes up less contrast and is never seen without fat beside it
        beside = myocardium if value in (LV_BLOOD, RV_BLOOD) else min(myocardium, levels.muscle)
        labels[own_edge(labels == value, soft, beside, spacing)] = 0
    muscle_from = 0.5 * (levels.fat + myocardium)
    if opacified == BOTH:
        weak_from = levels.muscle + 0.3 * (levels.blood[0] - levels.muscle)
        labels[mixing_blood(labels, soft, weak_from, expected == RA_BLOOD, spacing)] = RA_BLOOD
        unmixed = unmixed_atrium(labels, soft, expected, muscle_from, spacing)
        labels[unmixed] = RA_BLOOD
        unmixed_ml = float(unmixed.sum()) * work.voxel_ml
        if unmixed_ml > SAID_UNMIXED_ML:
            notes.append(
                f"Blood without contrast mixes into the right atrium: {unmixed_ml:.0f} mL of it were taken from where "
                "the atrium is expected, within its outer edge."
            )
    for number, value in enumerate(chambers):
        report(0.6 + 0.05 * number, "Smoothing the chambers")
        mask = labels == value
        if not mask.any():
            raise SegmentationError(
                f"No opacified {NAMES[value].replace('_', ' ')} was found where the heart lies",
                where=f"blood from {blood_from:.0f} HU",
                remedy="A twin needs all four chambers within the scan, and the left ones opacified",
            )
        allowed = ((labels == 0) | mask) & (soft > muscle_from)
        mask = round_ventricle(mask, allowed, spacing, NOTCHES_MM[value], 1.2)
        labels[labels == value] = 0
        labels[mask & (labels == 0)] = value
    report(0.8, "Adding the walls")
    labels[labels == OTHER] = 0
    if opacified == BOTH:
        labels, _, wall_mm, measured = add_walls(labels, image, muscle_from, myocardium, spacing)
        if not measured:
            notes.append(f"The right ventricle's wall is not visible; {wall_mm:.1f} mm is assumed.")
    else:
        labels = add_left_wall(labels, image, muscle_from, myocardium, spacing)
        labels, pale_hu = add_pale_right(labels, soft, expected, muscle_from, spacing)
        notes.append(
            f"The right side of the heart carries no contrast (about {pale_hu:.0f} HU beside muscle of "
            f"{myocardium:.0f} HU): its chambers and its wall were drawn from where they are expected, within the "
            "heart's outer edge; their volumes are rough."
        )
    # veins and other vessels are remembered, so that the next phase's atria end where this one's do
    labels[blood & (labels == 0)] = OTHER
    return labels, notes


def noise_of(image: Float, expected: Labels) -> float:
    """Standard deviation of a voxel in HU within the left ventricle's blood; 0 where that is not seen.

    From the differences of voxels two apart along a row, beyond which noise is hardly correlated.
    """
    core = ndimage.binary_erosion(expected == LV_BLOOD, iterations=2)
    both = core[:, :, :-2] & core[:, :, 2:]
    if both.sum() < 500:
        return 0.0
    apart = (image[:, :, :-2] - image[:, :, 2:])[both]
    return float(1.4826 * np.median(np.abs(apart)) / np.sqrt(2.0))


def evened(image: Float) -> Float:
    """The image with its noise evened out along edges (curvature-driven anisotropic diffusion, Whitaker 1994)."""
    done = sitk.CurvatureAnisotropicDiffusion(sitk.GetImageFromArray(image), 0.06, 3.0, 1, 5)
    return np.asarray(sitk.GetArrayFromImage(done), dtype=np.float32)
