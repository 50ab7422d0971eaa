"""Images of a series whose pixels cannot be decoded: found one by one, so that one file does not cost all others.

A decoder that refuses a file says so itself. One that never ended, or took its process with it, is told of by whoever
watched it (decision 26); the series is then read without the file.
"""

from collections.abc import Sequence
from pathlib import Path

from twinviewer.dicom.decode import PixelReader
from twinviewer.dicom.fill import rescale_of
from twinviewer.dicom.plane_group import Group
from twinviewer.domain import LoadError, Reporter, Series
from twinviewer.domain.image import LEFT_OUT
from twinviewer.domain.reading import LeaveOut, key_of

MOST_SHARE = 0.2
"""Of a series' files that may be left out; beyond it the series is refused."""


def spoilt_files(found: Group, refused: LoadError, report: Reporter) -> dict[str, str]:
    """Path -> why it cannot be decoded. Empty where ``refused`` is not about one of the files, or too many are bad."""
    planes = [plane for row in found.cells for plane in row if plane is not None]
    paths = list(dict.fromkeys(plane.header.path for plane in planes))
    if refused.where not in {Path(path).name for path in paths}:
        return {}
    reader, bad = PixelReader(), {}
    for number, plane in enumerate(planes):
        report(number / len(planes), f"Looking for damaged images, {number + 1} of {len(planes)}")
        if plane.header.path in bad:
            continue
        try:
            rescale_of(plane)
            reader.read(plane)
        except LoadError as error:
            bad[plane.header.path] = error.what
            if len(bad) > MOST_SHARE * len(paths):
                return {}
    return bad


def told_of(series: Series, leave_out: LeaveOut | None) -> tuple[dict[str, str], dict[str, str]]:
    """Path -> why, of the files whose headers, and of those whose pixels, are not to be read again. LoadError where
    they are more than a fifth of the series."""
    headers: dict[str, str] = {}
    pixels: dict[str, str] = {}
    for path in series.files if leave_out else ():
        assert leave_out is not None
        for what, into in (("header", headers), ("file", pixels)):
            if (why := leave_out.get(key_of(path, what))) is not None:  # type: ignore[arg-type]
                into[path] = why
    too_many(headers | pixels, len(series.files))
    return headers, pixels


def too_many(bad: dict[str, str], of: int) -> None:
    """Raise LoadError where more than a fifth of the files are bad."""
    if len(bad) > MOST_SHARE * of:
        path, why = next(iter(bad.items()))
        what = why[:1].upper() + why[1:]
        if of > 1:
            what += f" ({len(bad)} of {of} files are such, too many to open the rest)"
        raise LoadError(what, where=Path(path).name, remedy="Export the images again")


def words(bad: dict[str, str], found: Group, known: Sequence[str]) -> tuple[str, ...]:
    """What was left out, and what the group without it says that was not known of the series before."""
    left_out = [f"{Path(path).name}: {reason}{LEFT_OUT}" for path, reason in bad.items()]
    return (*left_out, *(warning.text for warning in found.warnings if warning.text not in known))
