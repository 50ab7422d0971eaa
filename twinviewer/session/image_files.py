"""Series from DICOM or from other image files, alike for all above: found, and read."""

from dataclasses import replace
from pathlib import Path

from twinviewer.domain import Image, Reporter, Series, part, silent

NOTHING = ("not_image", "unreadable")


def scan_any(where: Path, report: Reporter = silent) -> tuple[Series, ...]:
    """Every series in a folder, or in one file. LoadError if the folder cannot be read."""
    from twinviewer import dicom
    from twinviewer.geometry.read_image import is_image_file, scan_images

    if where.is_file() and is_image_file(where):
        return scan_images(where, report)
    found = tuple(dicom.scan(where, part(report, 0.0, 0.9)))
    others = scan_images(where, part(report, 0.9, 1.0)) if where.is_dir() else ()
    images = [one for one in (*found, *others) if one.kind not in NOTHING]
    return (*images, *(one for one in (*found, *others) if one.kind in NOTHING))


def is_from_file(series: Series) -> bool:
    """Whether a series is an image file other than DICOM."""
    return series.extra.get("source") == "image_file"


def read_any_image(series: Series, report: Reporter = silent) -> Image:
    """Decode the pixels of a series. LoadError."""
    if is_from_file(series):
        from twinviewer.geometry.read_image import read_image

        report(0.1, "Reading the image")
        return read_image(series)
    from twinviewer import dicom

    return dicom.read(series, report)


def few_slices(series: Series, files: tuple[str, ...]) -> Series:
    """The series with some of its files, for a thumbnail; an image file stays whole."""
    return series if is_from_file(series) else replace(series, files=files, slices=1, phases=1)
