"""How bright blood and muscle are in one slice, and images in units of that contrast."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_SHARE = 0.35
"""Muscle as a share of blood to which stronger contrast is brought."""


@dataclass(frozen=True, slots=True)
class Tone:
    """Typical intensity of muscle and of blood in one slice, in the scanner's units."""

    muscle: float
    blood: float

    def relative(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Intensities as 0 = muscle, 1 = blood, clipped to -1..2. Below muscle the scale is muscle's own: -0.8 is void.

        Else lung, which is nearly black, would lie as close to muscle as noise does.
        """
        # strong contrast is compressed, so that a gamma applied by a scanner or an export moves no border
        share = min(max(self.muscle / max(self.blood, 1e-3), 1e-3), 0.95)
        gamma = float(np.clip(np.log(_SHARE) / np.log(share), 0.5, 1.0))
        level = np.maximum(frames / max(self.blood, 1e-3), 0.0) ** gamma
        muscle = share**gamma
        above = (level - muscle) / (1.0 - muscle)
        below = (level - muscle) / (1.25 * muscle)
        return np.clip(np.where(above > 0, above, below), -1.0, 2.0).astype(np.float32)


def first_tone(polar: NDArray[np.float32]) -> Tone:
    """Guess from rays (t, angles, radii) about the cavity: blood in the middle, muscle the most common darker level.

    Lung is darker still and is left out below 12 % of blood.
    """
    blood = float(np.median(np.percentile(polar[:, :, :7], 80, axis=0)))
    if len(polar) < 4:  # too few phases to see the middle filled once
        blood = max(blood, float(np.percentile(polar[:, :, :13], 85)))
    around = polar[:, :, 6:45].ravel()
    levels = np.linspace(0.12, 0.70, 59) * blood
    counts, edges = np.histogram(around, bins=levels)
    smooth = ndimage.gaussian_filter1d(counts.astype(float), 2.5)
    muscle = float(edges[int(np.argmax(smooth))] + (edges[1] - edges[0]) / 2)
    return Tone(muscle=muscle, blood=blood)


def measured_tone(
    polar: NDArray[np.float32], inner_mm: NDArray[np.float64], outer_mm: NDArray[np.float64], before: Tone
) -> Tone:
    """Medians inside the inner and between both borders (t, angles); stays near what it was (factor 0.6 to 1.6)."""
    radius = np.arange(polar.shape[-1])
    cavity = radius < inner_mm[..., None] - 2.0
    wall = (radius > inner_mm[..., None] + 1.5) & (radius < outer_mm[..., None] - 1.5)
    blood = float(np.percentile(polar[cavity], 60)) if cavity.sum() > 200 else before.blood
    muscle = float(np.median(polar[wall])) if wall.sum() > 200 else before.muscle
    blood = float(np.clip(blood, 0.6 * before.blood, 1.6 * before.blood))
    muscle = float(np.clip(muscle, 0.6 * before.muscle, 1.6 * before.muscle))
    return Tone(muscle=min(muscle, 0.8 * blood), blood=blood)


def agreed(tones: list[Tone]) -> list[Tone]:
    """The tones of all slices, held to what is usual in the stack: blood within a third, muscle's share of it too."""
    usual = float(np.median([tone.muscle / max(tone.blood, 1e-6) for tone in tones]))
    middle = float(np.median([tone.blood for tone in tones]))
    out = []
    for tone in tones:
        blood = float(np.clip(tone.blood, 0.7 * middle, 1.4 * middle))
        muscle = tone.muscle if blood == tone.blood else usual * blood
        out.append(Tone(muscle=float(np.clip(muscle, 0.75 * usual * blood, 1.3 * usual * blood)), blood=blood))
    return out
