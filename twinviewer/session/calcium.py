"""The calcium score of a case: where to look, which candidates count, and the numbers kept with the case."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import LabelMap, Quantity, SegmentationError, Volume
from twinviewer.segmentation.calcium import (
    MASS_MG_MM3_HU,
    SHIFT_HU,
    THRESHOLD_HU,
    Lesion,
    cac_drs,
    category,
    find_lesions,
)
from twinviewer.session.case import Case

ACTION = "Calcium score"
NAMES = ("calcium_agatston", "calcium_volume_mm3", "calcium_mass_mg", "calcium_lesions")
BLOOD = ("lv_blood", "aorta", "la_blood")
SAMPLED = 100
"""Samples along an axis that tell blood with contrast from blood without."""


@dataclass(frozen=True, slots=True)
class Region:
    """Where calcium is looked for: a structure of the case's labels, or a ball in LPS mm."""

    structure: str = ""
    centre_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    radius_mm: float = 0.0

    @property
    def said(self) -> str:
        """In words, for provenance."""
        if self.structure:
            return f"structure {self.structure}"
        x, y, z = self.centre_mm
        return f"ball of {self.radius_mm:.0f} mm round {x:.0f}, {y:.0f}, {z:.0f}"


def why_not(case: Case) -> str:
    """Why this image can have no calcium score, "" where it can."""
    image = case.image
    if not isinstance(image, Volume) or image.modality != "CT":
        return "A calcium score needs a CT volume"
    labels = case.labels
    if labels is not None and labels.data.shape[1:] == image.data.shape[1:]:
        coarse = tuple(slice(None, None, max(1, n // SAMPLED)) for n in image.data.shape[1:])
        seen, hu = labels.data[0][coarse], image.data[0][coarse]  # asked for at every change: some samples will do
        for value in (value for value, name in labels.names.items() if name in BLOOD):
            blood = hu[seen == value]
            if len(blood) and float(np.median(blood)) >= THRESHOLD_HU:
                return (
                    f"This is contrast CT: the blood has {float(np.median(blood)):.0f} HU, and calcium begins at "
                    f"{THRESHOLD_HU:.0f}. Score a scan without contrast"
                )
    if case.organ == "heart":
        return "This is contrast CT: opacified blood is as bright as calcium. Score a scan without contrast"
    return ""


def remark(case: Case) -> str:
    """What of this scan differs from one made for a score; "" where nothing does, as far as the image tells."""
    if not isinstance(case.image, Volume):
        return ""
    step = case.image.grid.spacing_mm[2]
    if 2.4 <= step <= 3.1:
        return ""
    more = "noise counts too" if step < 2.4 else "small lesions are missed"
    return f"Slices lie {step:.2g} mm apart, the score is defined on 3 mm: {more}"


def region_mask(case: Case, region: Region) -> NDArray[np.bool_]:
    """(k, j, i) voxels of a region on the image's grid. SegmentationError where there are none such."""
    image = case.image
    if not isinstance(image, Volume):
        raise SegmentationError("A calcium score needs a CT volume")
    if region.structure:
        labels = case.labels
        if labels is None or region.structure not in labels.names.values():
            raise SegmentationError(f"There is no structure {region.structure}", remedy="Outline it first")
        if not labels.grid.same_as(image.grid):
            raise SegmentationError("The labels lie on another grid than the images")
        return labels.mask(region.structure)
    grid = image.grid
    axes = [np.arange(n, dtype=np.float64) for n in grid.shape]
    middle = grid.to_ijk(np.array([region.centre_mm]))[0][::-1]
    reach = np.array(grid.spacing_mm[::-1])
    k, j, i = (((axis - at) * step) ** 2 for axis, at, step in zip(axes, middle, reach, strict=True))
    return np.asarray(k[:, None, None] + j[None, :, None] + i[None, None, :] <= region.radius_mm**2)


def compute_candidates(case: Case, region: Region) -> tuple[Lesion, ...]:
    """The lesions in a region, largest first. SegmentationError where this image can have no score, saying why."""
    reason = why_not(case)
    if reason:
        raise SegmentationError(reason)
    assert isinstance(case.image, Volume)
    return find_lesions(case.image.data[0], case.image.grid, region_mask(case, region))


def compute_rows(
    image: Volume, labels: LabelMap | None, structure: str, centre_mm: tuple[float, ...], radius_mm: float
) -> list[tuple[Any, ...]]:
    """The same for a worker, which is given and gives plain values: the fields of each Lesion."""
    x, y, z = centre_mm
    found = compute_candidates(Case(image=image, labels=labels), Region(structure, (x, y, z), radius_mm))
    return [astuple(one) for one in found]


def lesions_of(rows: Sequence[Sequence[Any]]) -> tuple[Lesion, ...]:
    """Lesions of such rows."""
    return tuple(Lesion(*row) for row in rows)


def calcium_numbers(case: Case, region: Region, chosen: Sequence[Lesion], offered: int) -> dict[str, Quantity]:
    """Score, volume, mass and count of the lesions that were chosen from ``offered`` candidates."""
    assert isinstance(case.image, Volume)
    step = case.image.grid.spacing_mm[2]
    said = (
        f"{case.image.uid[:16]}; {len(chosen)} of {offered} candidates chosen by hand in the {region.said}; "
        f"≥ {THRESHOLD_HU:.0f} HU, slices {step:.2g} mm apart; Agatston, J Am Coll Cardiol 1990;15:827"
    )
    score = sum(one.agatston for one in chosen)
    low, high = (sum(getattr(one, end) for one in chosen) for end in ("agatston_low", "agatston_high"))
    judged = f"{category(score)}, CAC-DRS A{cac_drs(score)}" if chosen or not offered else "no lesion chosen"
    judged = "; ".join(part for part in (remark(case), judged) if part)
    volume, mass = sum(one.volume_mm3 for one in chosen), sum(one.mass_mg for one in chosen)
    return {
        "calcium_agatston": Quantity(
            score, "1", "measured", f"{said}; interval: HU ±{SHIFT_HU:g}; {judged}", float(low), float(high)
        ),
        "calcium_volume_mm3": Quantity(volume, "mm³", "measured", said),
        "calcium_mass_mg": Quantity(mass, "mg", "measured", f"{said}; {MASS_MG_MM3_HU:g} mg/mm³ per HU, uncalibrated"),
        "calcium_lesions": Quantity(float(len(chosen)), "1", "measured", said),
    }


def accept_calcium(case: Case, region: Region, chosen: Sequence[Lesion], offered: int) -> Case:
    """The case with the score among its measures; an earlier one is replaced."""
    found = calcium_numbers(case, region, chosen, offered)
    kept = {name: q for name, q in case.measurements.items() if name not in NAMES}
    return case.changed(f"{ACTION} {found['calcium_agatston'].value:.0f}", measurements={**kept, **found})
