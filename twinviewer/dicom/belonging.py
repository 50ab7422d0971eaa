"""Whether structures were made on the images that are open: one rule, for a scan and for those who load them.

Coordinates hold within a frame of reference, so another frame is refused whatever else is named. Within one frame the
images that are named tell whether contours lie on the open series' own slices.
"""

import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from twinviewer.dicom.headers import read_header
from twinviewer.domain import Series

LEAST_SHARE = 0.5
"""Of the images that are referred to, which must be among those that are open."""
OTHER_IMAGES = "Open the series that it was made on, or place it by its coordinates"
"""What to do about references that do not hold; the window offers the second."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What an open series offers to be drawn on: UIDs of its frame of reference, series and images."""

    frames_of_reference: frozenset[str]
    series: frozenset[str]
    images: frozenset[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """refused: why it does not belong here, a whole sentence; "" where it does. own_slices: whether it lies on the open
    series' own slices. known: how many of its images are open. note: what a reader must know, or ""."""

    refused: str
    own_slices: bool
    known: int
    note: str = ""


def judged(named: Drawn, drawn: Drawn, what: str = "structure set") -> Verdict:
    """Whether what names these UIDs belongs to images that offer those. what: as it is called in sentences."""
    theirs, ours = named.frames_of_reference, drawn.frames_of_reference
    known = len(named.images & drawn.images)
    if theirs and ours and not theirs & ours:
        return Verdict(f"The {what} was made in another frame of reference than that of these images", False, known)
    if named.series and not named.series & drawn.series and not known:
        if not (theirs and ours):
            return Verdict(f"The {what} was made on another series than the one that is open", False, known)
        return Verdict("", False, known, f"The {what} was made on another series of the same frame of reference")
    if named.images and drawn.images and not known and theirs and ours:
        return Verdict("", False, known, f"The {what} was made on other images of the same frame of reference")
    if named.images and known < LEAST_SHARE * len(named.images):
        many = len(named.images)
        gone = f"The {what} refers to {many} images, but {many - known} are not in the open series"
        return Verdict(gone, False, known)
    if not (named.series or named.images):
        return Verdict("", True, known, f"The {what} names no series: it was placed by its coordinates")
    return Verdict("", True, known)


def drawn_on(series: Series) -> Drawn:
    """UIDs of the images of a series, from their headers."""
    return _drawn_on(series.files)


@lru_cache(maxsize=2)  # a structure set a phase asks for the same thousand headers each time
def _drawn_on(files: tuple[str, ...]) -> Drawn:
    frames, uids, images = set(), set(), set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in files:
            header = read_header(Path(name))
            if header is not None:
                frames.add(header.frame_of_reference)
                uids.add(header.series_uid)
                images.add(header.sop_uid)
    return Drawn(frozenset(frames - {""}), frozenset(uids - {""}), frozenset(images - {""}))
