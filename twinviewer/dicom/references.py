"""On which images a segmentation or structure set was made, by its own word, and whether those are here.

A SEG names its source series and, frame by frame, its source images (PS3.3 C.7.6.16.2.1, C.12.4); an RTSTRUCT names
series, images, and for each contour the image that it was drawn on (C.8.8.5, C.8.8.6). Both name frames of reference.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from twinviewer.dicom.belonging import OTHER_IMAGES, Drawn, judged
from twinviewer.dicom.grouping import Group
from twinviewer.dicom.warning_codes import warn
from twinviewer.domain import LoadError, Series

KINDS = ("SEG", "RTSTRUCT")
MOST_NAMES = 24
_MOST_BYTES = 1 << 29
_TAGS = (
    "Modality", "FrameOfReferenceUID", "SegmentSequence", "ReferencedSeriesSequence", "SourceImageSequence",
    "ReferencedFrameOfReferenceSequence", "StructureSetROISequence", "ROIContourSequence", "TotalPixelMatrixRows",
)  # fmt: skip
_BY_FRAME = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
"""Thirty thousand frames of a whole body's organs take seconds to read: only where nothing else names the images."""
_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"


@dataclass(frozen=True, slots=True)
class References:
    """names: of the structures. series, images, frames_of_reference: UIDs. unplaced: why it can lie on no volume of a
    patient, "" where it can."""

    kind: str
    names: tuple[str, ...]
    series: frozenset[str]
    images: frozenset[str]
    frames_of_reference: frozenset[str]
    unplaced: str

    @property
    def named(self) -> Drawn:
        """The UIDs alone."""
        return Drawn(self.frames_of_reference, self.series, self.images)

    @property
    def what(self) -> str:
        """As it is called in sentences."""
        return "segmentation" if self.kind == "SEG" else "structure set"


def read_references(path: Path) -> References:
    """What a SEG or RTSTRUCT refers to. LoadError for another kind of object, or one that cannot be read."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise LoadError("The file is too large to be a segmentation", where=path.name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(_TAGS))
            kind = str(data.get("Modality", ""))
            if kind == "RTSTRUCT":
                return _of_rtstruct(data)
            if kind == "SEG":
                found = _of_seg(data)
                if found.images:
                    return found
                return _of_seg(pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[*_TAGS, *_BY_FRAME]))
    except LoadError:
        raise
    except Exception as error:  # whatever pydicom says of a broken file
        raise LoadError("What it refers to cannot be read", where=path.name, remedy="Export it again") from error
    raise LoadError("The file is no segmentation and no structure set", where=path.name)


def check_references(path: Path, drawn: Drawn) -> str:
    """A note about where a SEG lies, or "". LoadError where it was made on other images than those that are open."""
    refers = read_references(path)
    verdict = judged(refers.named, drawn, "segmentation")
    if verdict.refused:
        raise LoadError(verdict.refused, where=path.name, remedy=OTHER_IMAGES)
    return verdict.note


def link_structures(groups: Sequence[Group], found: Sequence[Series]) -> list[Series]:
    """The series of a scan, those that hold structures with what they are and on which series they lie.

    A file is a series of its own, but for those that show one after the other the phases of one study. In ``extra``:
    ``structures`` (names, separated by "; "), ``on_series`` (uid of the series that they were made on) and ``on_by``
    ("images", "frame", or "wrong" where the references do not hold). What does not hold is said by a warning.
    """
    images = {one.uid: _drawn(one) for one in groups if one.first.is_image and one.kind != "planar"}
    flat = {one.uid: _drawn(one) for one in groups if one.first.is_image and one.kind == "planar"}
    out: list[Series] = []
    for series in found:
        if series.kind != "not_image" or series.modality not in KINDS or not series.files:
            out.append(series)
            continue
        for number, name in enumerate(series.files):
            uid = series.uid if number == 0 else f"{series.uid}#file{number + 1}"
            out.append(_linked(replace(series, uid=uid, files=(name,)), images, flat))
    return _phases_joined(out)


def _linked(series: Series, images: Mapping[str, Drawn], flat: Mapping[str, Drawn]) -> Series:
    try:
        refers = read_references(Path(series.files[0]))
    except LoadError as error:
        return replace(series, warnings=(*series.warnings, warn("unreadable_file", error.what)))
    names = "; ".join(refers.names[:MOST_NAMES]) + ("; …" if len(refers.names) > MOST_NAMES else "")
    extra = {**series.extra, "structures": names, "structure_count": str(len(refers.names))}
    why, uid, by = refers.unplaced, "", ""
    if not why:
        uid, by, why = _belongs(refers, images)
        if not uid and any(refers.images & drawn.images for drawn in flat.values()):
            why = "It was made on single images, which make no volume"
    if uid:
        extra |= {"on_series": uid, "on_by": by}
    notes = (*series.warnings, warn("other_images", why)) if why else series.warnings
    return replace(series, extra=extra, warnings=notes)


def _belongs(refers: References, images: Mapping[str, Drawn]) -> tuple[str, str, str]:
    """The series that it lies on, by what, and what is wrong about that."""
    if not (refers.images or refers.series or refers.frames_of_reference):
        return "", "", "It does not say on which images it was made"
    verdicts = {uid: judged(refers.named, drawn, refers.what) for uid, drawn in images.items()}
    ranked = sorted(
        verdicts, key=lambda uid: (not verdicts[uid].refused, verdicts[uid].own_slices, verdicts[uid].known)
    )
    if not ranked:
        return "", "", "The images that it was made on are not here"
    best = ranked[-1]
    if not verdicts[best].refused:
        return best, "images" if verdicts[best].own_slices else "frame", ""
    meant = [uid for uid in ranked if verdicts[uid].known or refers.series & images[uid].series]
    if meant:
        return meant[-1], "wrong", verdicts[meant[-1]].refused
    return "", "", "The images that it was made on are not here"


def _phases_joined(found: list[Series]) -> list[Series]:
    """Files of the same structures on one series, none of which shares an image with another, as one: phases."""
    families: dict[tuple[str, str, str], list[Series]] = {}
    for one in found:
        if one.extra.get("on_by") == "images":
            families.setdefault((one.modality, one.extra["on_series"], one.extra["structures"]), []).append(one)
    out = list(found)
    for members in families.values():
        named = [read_references(Path(one.files[0])).images for one in members]
        together = frozenset[str]().union(*named)
        if len(members) < 2 or not all(named) or len(together) < sum(map(len, named)):
            continue
        files = tuple(one.files[0] for one in members)
        first = replace(members[0], files=files, phases=len(files))
        out = [first if one is members[0] else one for one in out if one is members[0] or one not in members]
    return out


def _drawn(group: Group) -> Drawn:
    headers = [plane.header for plane in group.planes]
    return Drawn(
        frozenset(one.frame_of_reference for one in headers) - {""},
        frozenset(one.series_uid for one in headers) - {""},
        frozenset(one.sop_uid for one in headers) - {""},
    )


def _of_seg(data: Dataset) -> References:
    segments = [one for one in data.get("SegmentSequence", []) if int(one.get("SegmentNumber", 1)) > 0]
    names = [str(one.get("SegmentLabel", "")) for one in segments]
    sources = list(data.get("SourceImageSequence", []))
    named = list(data.get("ReferencedSeriesSequence", []))
    for series in named:
        sources += series.get("ReferencedInstanceSequence", [])
    for group in [one for name in _BY_FRAME for one in data.get(name, [])]:
        for derived in group.get("DerivationImageSequence", []):
            sources += derived.get("SourceImageSequence", [])
    classes = {str(one.get("ReferencedSOPClassUID", "")) for one in sources}
    unplaced = ""
    if "TotalPixelMatrixRows" in data or any(uid.startswith(_SLIDE) for uid in classes):
        unplaced = "It is of a microscope slide, not of a patient's volume"
    elif not data.get("FrameOfReferenceUID"):
        unplaced = "It is of a single picture that says not where it lies in the patient"
    return References(
        "SEG", _told(names), _uids(named, "SeriesInstanceUID"), _uids(sources, "ReferencedSOPInstanceUID"),
        frozenset({str(data.get("FrameOfReferenceUID", ""))}) - {""}, unplaced,
    )  # fmt: skip


def _of_rtstruct(data: Dataset) -> References:
    names = [str(one.get("ROIName", "")) for one in data.get("StructureSetROISequence", [])]
    series: list[Dataset] = []
    images: list[Dataset] = []
    frames = [str(one.get("ReferencedFrameOfReferenceUID", "")) for one in data.get("StructureSetROISequence", [])]
    for frame in data.get("ReferencedFrameOfReferenceSequence", []):
        frames.append(str(frame.get("FrameOfReferenceUID", "")))
        for study in frame.get("RTReferencedStudySequence", []):
            series += study.get("RTReferencedSeriesSequence", [])
    for one in series:
        images += one.get("ContourImageSequence", [])
    for region in data.get("ROIContourSequence", []):
        for contour in region.get("ContourSequence", []):
            images += contour.get("ContourImageSequence", [])
    unplaced = "" if data.get("ROIContourSequence") else "It holds no contour"
    return References(
        "RTSTRUCT", _told(names), _uids(series, "SeriesInstanceUID"), _uids(images, "ReferencedSOPInstanceUID"),
        frozenset(frames) - {""}, unplaced,
    )  # fmt: skip


def _told(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(" ".join(name.split())[:64] or f"Structure {n}" for n, name in enumerate(names, 1)))


def _uids(items: Sequence[Dataset], name: str) -> frozenset[str]:
    return frozenset(str(one.get(name, "")) for one in items) - {""}
