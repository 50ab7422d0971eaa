"""A second series over the open one, as a step of the Case: which may lie there, why not, and how it is shown."""

from dataclasses import replace

import numpy as np

from twinviewer.domain import CineStack, Fusion, Grid, Image, LoadError, Series, TwinviewerError
from twinviewer.session.case import Case

FRAME = "frame_of_reference"
COLOURS = ("hot", "ice", "membrane_safe", "activation_safe")
HOT_MODALITIES = ("PT", "NM")
KINDS = ("ct_volume", "ct_multiphase", "mr_volume", "mr_cine", "volume")
"""What has a place in space."""
LATTICE, TAIL = 33, 8


def doubt(case: Case, series: Series) -> str:
    """Why a series cannot be trusted to lie where its coordinates say beside the open one; "" where it can.

    Coordinates of two series are comparable only within one frame of reference (DICOM PS3.3 C.7.4.1).
    """
    open_one = case.active_series
    if open_one is None:
        return "no series is open"
    ours, theirs = open_one.extra.get(FRAME, ""), series.extra.get(FRAME, "")
    named = all("source" not in one.extra for one in (series, open_one))  # image files other than DICOM name nobody
    if named and series.patient.pseudonym != open_one.patient.pseudonym:
        return "it is another patient's"
    if not ours or not theirs:
        return "a file does not say in which frame of reference its coordinates are"
    for frames, whose in ((ours.split(), "the open one's"), (theirs.split(), "its")):
        if len(frames) > 1:
            return f"{whose} slices name {len(frames)} frames of reference, so that none vouches for where they lie"
    if ours == theirs:
        return ""
    known = f" (…{ours[-TAIL:]} here, …{theirs[-TAIL:]} there)"
    return f"their frames of reference differ{known}: the patient may have moved between them"


def candidates(case: Case) -> tuple[tuple[Series, str], ...]:
    """(series, doubt) of all that could be laid over the open one."""
    return tuple((s, doubt(case, s)) for s in case.series if s.uid != case.active_series_uid and s.kind in KINDS)


def without_place(case: Case) -> tuple[tuple[Series, str], ...]:
    """(series, why not) of the others that show images and cannot be laid over any: they have no place in space."""
    why = "single pictures without a place in space"
    return tuple((s, why) for s in case.series if s.uid != case.active_series_uid and s.kind == "planar")


def lay_over(case: Case, series: Series, image: Image, window: tuple[float, float], *, overruled: bool = False) -> Case:
    """The second series over the first, in its (width, level). TwinviewerError where it may not, or does not reach the
    first one at all."""
    if case.image is None:
        raise LoadError("There are no images to lay it over", where=series.description, remedy="Open a series first")
    why = doubt(case, series)
    if why and not overruled:
        raise TwinviewerError(f"This series was not laid over the open one: {why}", remedy="Lay it over all the same")
    if not meets(case.image, image):
        raise TwinviewerError("The two series do not overlap in space", where=series.description,
                              remedy="They show different parts of the body")  # fmt: skip
    width, level = window
    hot = image.modality in HOT_MODALITIES
    low = max(level - width / 2, 0.0) if hot else level - width / 2
    look = Fusion(series.uid, "hot", float(low), float(level + width / 2), 0.6 if hot else 0.4, bool(why))
    return case.changed(f"Lay {series.description or series.modality} over the images", fusion=look)


def meets(one: Image, other: Image) -> bool:
    """Whether two images share any place: some point of a lattice over one lies in the other."""
    return any(_lies_in(a, b) or _lies_in(b, a) for a in _grids(one) for b in _grids(other))


def _grids(image: Image) -> tuple[Grid, ...]:
    return tuple(plane.grid for plane in image.planes) if isinstance(image, CineStack) else (image.grid,)


def _lies_in(one: Grid, other: Grid) -> bool:
    axes = [np.linspace(0, side - 1, min(side, LATTICE)) for side in one.shape[::-1]]
    lattice = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    ijk, size = other.to_ijk(one.to_mm(lattice)), np.array(other.shape[::-1]) - 0.5
    return bool(((ijk >= -0.5) & (ijk <= size)).all(axis=1).any())


def change_fusion(case: Case, **look: object) -> Case:
    """With another opacity, colours or range; the same Case where nothing lies over the images."""
    if case.fusion is None:
        return case
    return case.changed("Show what is laid over otherwise", fusion=replace(case.fusion, **look))  # type: ignore[arg-type]


def put_back(case: Case, look: Fusion) -> Case:
    """As a key image had it. TwinviewerError where the series is not in the case any more; the same Case where it lies
    there already."""
    if case.fusion == look:
        return case
    series = next((one for one in case.series if one.uid == look.series_uid), None)
    if series is None:
        raise TwinviewerError("The second series of this key image is not in the case any more",
                              remedy="Open the folder that holds it")  # fmt: skip
    return case.changed(f"Lay {series.description or series.modality} over the images", fusion=look)


def take_away(case: Case) -> Case:
    """Without what was laid over."""
    return case.changed("Take the second series away", fusion=None) if case.fusion is not None else case


def sound(look: Fusion) -> bool:
    """Whether one that came from a file can be shown."""
    return bool(np.isfinite((look.low, look.high, look.opacity)).all()) and (
        look.low <= look.high and 0.0 <= look.opacity <= 1.0 and look.colours in COLOURS
    )
