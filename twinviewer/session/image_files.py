"""Series from DICOM or from other image files, alike for all above: found, and read."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from twinviewer.domain import Image, Reporter, Series, part, silent
from twinviewer.domain.reading import LeaveOut
from twinviewer.session import unpacked
from twinviewer.session.structure_series import with_label_files

NOTHING = ("not_image", "unreadable")


def scan_any(where: Path, report: Reporter = silent, leave_out: LeaveOut | None = None) -> tuple[Series, ...]:
    """Every series in a folder, an archive, or one file. leave_out: see ``dicom.scan``. LoadError if it cannot be
    read."""
    from twinviewer import dicom
    from twinviewer.geometry.read_image import is_image_file, scan_images

    if where.is_file() and is_image_file(where):
        return scan_images(where, report)
    less: dict[str, Any] = {} if leave_out is None else {"leave_out": leave_out}
    found = tuple(dicom.scan(where, part(report, 0.0, 0.9), unpacked.place(), **less))
    others = scan_images(where, part(report, 0.9, 1.0)) if where.is_dir() else ()
    images = [one for one in (*found, *others) if one.kind not in NOTHING]
    return with_label_files((*images, *(one for one in (*found, *others) if one.kind in NOTHING)))


def opens_alone(path: Path) -> bool:
    """Whether a file is opened by itself and not with the folder that it lies in: all but what begins as a slice of a
    series does. A text or a picture, say, is then refused by name, and not its whole folder opened."""
    from twinviewer.geometry.read_image import is_image_file

    if is_image_file(path) or path.suffix.lower() == ".zip" or path.name.upper() == "DICOMDIR":
        return True
    try:
        with path.open("rb") as file:
            start = file.read(132)
    except OSError:
        return True
    return start[128:] != b"DICM" and start[:2] not in (b"\x02\0", b"\x08\0")


def is_from_file(series: Series) -> bool:
    """Whether a series is an image file other than DICOM."""
    return series.extra.get("source") == "image_file"


def read_any_image(
    series: Series,
    report: Reporter = silent,
    early: Callable[[Image], None] | None = None,
    leave_out: LeaveOut | None = None,
) -> Image:
    """Decode the pixels of a series. early, leave_out: see ``dicom.read``. LoadError."""
    if is_from_file(series):
        from twinviewer.geometry.read_image import read_image

        report(0.1, "Reading the image")
        return read_image(series)
    from twinviewer import dicom

    less: dict[str, Any] = {} if leave_out is None else {"leave_out": leave_out}
    return dicom.read(series, report, **less) if early is None else dicom.read(series, report, early, **less)


class _SeenError(Exception):
    """What was asked for is there; nothing more is to be read."""


def first_look(series: Series) -> Image:
    """What ``read_any_image`` gives early, and then no more of it is decoded: the first frame of each plane of a cine
    study. Of an image file, which has no early look, all of it. LoadError."""
    seen: list[Image] = []

    def enough(image: Image) -> None:
        seen.append(image)
        raise _SeenError

    try:
        return read_any_image(series, early=enough)
    except _SeenError:
        return seen[0]


def few_slices(series: Series, files: tuple[str, ...]) -> Series:
    """The series with some of its files, for a thumbnail; an image file stays whole."""
    return series if is_from_file(series) else replace(series, files=files, slices=1, phases=1)
