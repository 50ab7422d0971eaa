"""Structures that lie in a scanned folder beside the images: which they are, on which series they lie, whether rightly.

DICOM SEG and RTSTRUCT say it themselves (``dicom.references``). Label maps in NIfTI, NRRD and MetaImage name no image:
they are laid beside the one series that has as many voxels of the same size.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from twinviewer.domain import Series

KINDS = ("SEG", "RTSTRUCT")
_NOT_IMAGES = ("not_image", "unreadable")


def holds_structures(series: Series) -> bool:
    """Whether it can be loaded as labels of a series."""
    return series.kind == "not_image" and series.modality in KINDS and bool(series.files)


def owner_of(series: Series, among: Sequence[Series]) -> Series | None:
    """The series of images that it says it lies on; None where that is not here, or not said."""
    wanted = series.extra.get("on_series", "")
    return next((one for one in among if wanted and one.uid == wanted), None)


def fault_of(series: Series) -> str:
    """Why it cannot be loaded on its series without a word from the user; "" where it can."""
    return next((w.text for w in series.warnings if w.code == "other_images"), "")


_SHORT = {
    "microscope": "Of a microscope slide",
    "single": "Of single images, no volume",
    "no contour": "It holds no contour",
    "does not say": "Names no images",
    "not here": "Its images are not here",
}


def short_fault(series: Series) -> str:
    """The same in a few words, for a narrow place."""
    fault = fault_of(series)
    return next((text for word, text in _SHORT.items() if word in fault), "Refers to other images" if fault else "")


def can_lie_anywhere(series: Series) -> bool:
    """Whether coordinates may put it on a volume at all: not so for microscope slides and single pictures."""
    return not fault_of(series) or not any(
        word in fault_of(series) for word in ("microscope", "single picture", "no contour")
    )


def structures_text(series: Series) -> str:
    """ "3 structures: liver, spleen, aorta", or as much as is known."""
    count, names = int(series.extra.get("structure_count", "0")), series.extra.get("structures", "")
    if not count:
        return "Labels" if series.modality == "SEG" else "Contours"
    word = "structure" if count == 1 else "structures"
    phases = f" × {series.phases} phases" if series.phases > 1 else ""
    listed = names.replace("; ", ", ").replace("_", " ")
    return f"{count} {word}{phases}" + (f": {listed}" if listed else "")


def arranged(found: Sequence[Series]) -> list[tuple[Series, int]]:
    """Every series in the order of a list, structures below the images that they lie on, with their depth (0 or 1)."""
    out: list[tuple[Series, int]] = []
    below = {one.uid for one in found if holds_structures(one) and owner_of(one, found) is not None}
    for one in found:
        if one.uid in below:
            continue
        out.append((one, 0))
        out += [(other, 1) for other in found if other.uid in below and other.extra["on_series"] == one.uid]
    return out


def with_label_files(found: Sequence[Series]) -> tuple[Series, ...]:
    """The series of a scan, label maps in other formats than DICOM beside the only image of their size."""
    images = [one for one in found if one.kind not in _NOT_IMAGES and one.slices > 1]
    return tuple(_beside(one, images) if _is_label_file(one) else one for one in found)


def _is_label_file(series: Series) -> bool:
    return holds_structures(series) and series.extra.get("source") == "image_file"


def _beside(series: Series, images: Sequence[Series]) -> Series:
    fits = [
        one
        for one in images
        if (one.slices, one.shape) == (series.slices, series.shape)
        and np.allclose(one.spacing_mm, series.spacing_mm, rtol=1e-3)
    ]
    if len(fits) != 1:
        return series
    return replace(series, extra={**series.extra, "on_series": fits[0].uid, "on_by": "size"})
