"""Can this series become a heart? First by its header, then, with pixels, by whether its blood is opacified."""

from twinviewer.domain import SegmentationError, Series, Suitability, Volume

LEAST_EXTENT_MM = 80.0
"""A heart from apex to atrial roof spans about 100 mm along the body; less than this cannot hold both ventricles."""


def suits(series: Series, volume: Volume | None = None) -> Suitability:
    """Whether the heart can be segmented from a series.

    By header alone this costs nothing and refuses what can never work; with ``volume`` the intensities decide too
    (about a second). ok with a reason means: possible, with that limit.
    """
    if series.kind == "mr_cine":
        return Suitability(True, "Contours and volumes from the short axes; no model from cine MR yet")
    if series.modality == "MR":
        return Suitability(False, "Segmentation of MR is not part of this version; it can be viewed")
    if series.modality != "CT" or series.kind not in ("ct_volume", "ct_multiphase"):
        return Suitability(False, f"A heart is segmented from contrast CT volumes; this is {_kind(series)}")
    extent_mm = max(series.slices - 1, 0) * abs(series.spacing_mm[2])
    if extent_mm < LEAST_EXTENT_MM:
        return Suitability(False, f"The scan is {extent_mm:.0f} mm long; a whole heart needs {LEAST_EXTENT_MM:.0f} mm")
    if volume is not None:
        from twinviewer.organs.heart.segment import find_levels

        try:
            levels = find_levels(volume)
        except SegmentationError as error:
            return Suitability(False, str(error))
        contrast = f"muscle {levels.muscle:.0f} HU, blood {levels.blood[0]:.0f} HU"
        if series.phases < 2:
            return Suitability(True, f"One phase only: volumes but no motion from the images ({contrast})")
        return Suitability(True, contrast)
    if series.phases < 2:
        return Suitability(True, "One phase only: volumes, but no motion from the images")
    return Suitability(True)


def _kind(series: Series) -> str:
    names = {
        "planar": "a planar image",
        "not_image": "no image",
        "unreadable": "unreadable",
        "mr_volume": "an MR volume",
        "volume": "another kind of volume",
    }
    return f"{names.get(series.kind, series.kind)} ({series.modality or 'modality unknown'})"
