"""Images of a series whose pixels cannot be decoded: found one by one, so that one file does not cost all others."""

from collections.abc import Sequence
from pathlib import Path

from twinviewer.dicom.decode import PixelReader
from twinviewer.dicom.fill import rescale_of
from twinviewer.dicom.plane_group import Group
from twinviewer.domain import LoadError, Reporter
from twinviewer.domain.image import LEFT_OUT

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


def words(bad: dict[str, str], found: Group, known: Sequence[str]) -> tuple[str, ...]:
    """What was left out, and what the group without it says that was not known of the series before."""
    left_out = [f"{Path(path).name}: {reason}{LEFT_OUT}" for path, reason in bad.items()]
    return (*left_out, *(warning.text for warning in found.warnings if warning.text not in known))
