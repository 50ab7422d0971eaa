"""Series that open as pictures: what does not form a volume is shown all the same, and not measured in space."""

import numpy as np

from twinviewer.domain import Picture, Pictures, Reporter, Series, silent
from twinviewer.domain.reading import LeaveOut


def opens_as_pictures(series: Series) -> bool:
    """Whether a series is no volume: X-rays, ultrasound, colours, slices that say not where they lie."""
    return series.extra.get("opens_as") == "pictures"


def compute_pictures(series: Series, report: Reporter = silent, leave_out: LeaveOut | None = None) -> Pictures:
    """Decode the pictures of a series. leave_out: files that an earlier worker did not survive. LoadError."""
    from twinviewer import dicom

    return dicom.read_pictures(series, report, leave_out=leave_out)


def middle_picture(series: Series) -> Picture:
    """The one in the middle of a series, nothing else decoded. LoadError."""
    from twinviewer import dicom

    return dicom.read_pictures(series, middle=True).frames[0]


def value_text(pictures: Pictures, number: int, row: int, column: int) -> str:
    """The value of a pixel as a person reads it; "" outside."""
    pixels = pictures.frames[number].pixels
    if not (0 <= row < pixels.shape[0] and 0 <= column < pixels.shape[1]):
        return ""
    value = pixels[row, column]
    if pixels.ndim == 3:
        return "RGB " + " ".join(str(int(part)) for part in value)
    unit = f" {pictures.unit}" if pictures.unit else ""
    return (f"{int(value)}" if np.issubdtype(pixels.dtype, np.integer) else f"{float(value):.4g}") + unit
