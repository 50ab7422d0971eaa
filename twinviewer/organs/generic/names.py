"""Names for the numbers of masks: what the file calls them, or a known numbering, or the number itself."""

import re
from collections.abc import Mapping

from twinviewer.domain import Mask

SUGGESTED = (
    "bone", "lung_right", "lung_left", "liver", "spleen", "kidney_right", "kidney_left", "pancreas", "brain", "tumour",
    "lesion", "oedema", "aorta", "heart", "muscle", "body",
)  # fmt: skip
MOST_NAME = 48
NO_NAMES = frozenset({"label", "labels", "mask", "masks", "seg", "segmentation", "roi", "gt"})
"""Words of file names that say what a file is, and not what it shows."""

# Class numbers of the "total" task of TotalSegmentator, version 2 (facts from its list of classes, Apache-2.0;
# Wasserthal J et al. Radiol Artif Intell 2023;5:e230024).
_TOTAL = re.findall(
    r"\S+",
    "spleen kidney_right kidney_left gallbladder liver stomach pancreas adrenal_gland_right adrenal_gland_left"
    " lung_upper_lobe_left lung_lower_lobe_left lung_upper_lobe_right lung_middle_lobe_right lung_lower_lobe_right"
    " esophagus trachea thyroid_gland small_bowel duodenum colon urinary_bladder prostate kidney_cyst_left"
    " kidney_cyst_right sacrum vertebra_S1 vertebra_L5 vertebra_L4 vertebra_L3 vertebra_L2 vertebra_L1 vertebra_T12"
    " vertebra_T11 vertebra_T10 vertebra_T9 vertebra_T8 vertebra_T7 vertebra_T6 vertebra_T5 vertebra_T4 vertebra_T3"
    " vertebra_T2 vertebra_T1 vertebra_C7 vertebra_C6 vertebra_C5 vertebra_C4 vertebra_C3 vertebra_C2 vertebra_C1 heart"
    " aorta pulmonary_vein brachiocephalic_trunk subclavian_artery_right subclavian_artery_left"
    " common_carotid_artery_right common_carotid_artery_left brachiocephalic_vein_left brachiocephalic_vein_right"
    " atrial_appendage_left superior_vena_cava inferior_vena_cava portal_and_splenic_vein iliac_artery_left"
    " iliac_artery_right iliac_vein_left iliac_vein_right humerus_left humerus_right scapula_left scapula_right"
    " clavicula_left clavicula_right femur_left femur_right hip_left hip_right spinal_cord gluteus_maximus_left"
    " gluteus_maximus_right gluteus_medius_left gluteus_medius_right gluteus_minimus_left gluteus_minimus_right"
    " autochthon_left autochthon_right iliopsoas_left iliopsoas_right brain skull",
)
TOTAL: Mapping[int, str] = dict(
    enumerate(
        [*_TOTAL, *(f"rib_{side}_{number}" for side in ("left", "right") for number in range(1, 13)),
         "sternum", "costal_cartilages"],
        start=1,
    )
)  # fmt: skip
LEAST_OF_TOTAL = 12
"""A mask with so many different numbers, none beyond the list, is taken for one of that numbering."""


def plain(name: str) -> str:
    """A name of a file as a structure's: words of letters and digits, joined by "_"."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    return "_".join(word for word in words if word.lower() not in NO_NAMES)[:MOST_NAME]


def name_mask(mask: Mask) -> tuple[Mapping[int, str], str]:
    """Number -> name of every number in the mask, and one sentence on where the names are from."""
    said = {value: plain(mask.names.get(value, "")) for value in mask.values}
    if any(said.values()):
        named = {v: f"structure_{v}" if name.isdigit() or not name else name for v, name in said.items()}
        return _distinct(named), "By the names in the file"
    if len(mask.values) >= LEAST_OF_TOTAL and set(mask.values) <= set(TOTAL):
        return (
            {value: TOTAL[value] for value in mask.values},
            "The file has no names; its numbers are read as TotalSegmentator's classes (version 2). Check a few",
        )
    if len(mask.values) == 1:
        return {mask.values[0]: "structure"}, "The file has no names. Say what it shows"
    return {value: f"structure_{value}" for value in mask.values}, "The file has no names. Say what its numbers show"


def _distinct(names: dict[int, str]) -> dict[int, str]:
    """Two numbers of one name stay two structures."""
    seen: dict[str, int] = {}
    out = {}
    for value, name in names.items():
        seen[name] = seen.get(name, 0) + 1
        out[value] = name if seen[name] == 1 else f"{name}_{seen[name]}"
    return out
