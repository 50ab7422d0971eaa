"""One series a phase: many scanners export each moment of the beat as a series of its own."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from twinviewer.dicom.phases import Plane, Values
from twinviewer.dicom.slice_geometry import axes
from twinviewer.domain import ImageWarning

_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d+)?)\s*%")


@dataclass(slots=True)
class Part:
    """Planes of one series with one orientation and matrix, on their way to a Group. label: what tells them apart."""

    uid: str
    planes: list[Plane]
    warnings: list[ImageWarning] = field(default_factory=list)
    values: Values | None = None
    key: str = ""
    label: str = ""


def merge_phases(parts: list[Part]) -> list[Part]:
    """Join CT series of one place that differ by their phase in the beat, as many scanners export them."""
    merged: list[Part] = []
    signature: tuple[object, ...]
    families: dict[tuple[object, ...], list[tuple[float, Part]]] = defaultdict(list)
    for part in parts:
        key, label = _phase_label(part)
        if label is None:
            merged.append(part)
            continue
        header, frame = part.planes[0].header, part.planes[0].frame
        references = {plane.header.frame_of_reference for plane in part.planes}
        signature = (
            key, part.label, header.kernel, header.rows, header.columns, header.contrast_agent,
            tuple(round(value, 4) for value in (*(frame.spacing_mm or ()), *(frame.orientation or ()))),
            next(iter(references)) if len(references) == 1 else "",
            tuple(round(value, 1) for value in _base(part)),
        )  # fmt: skip
        families[signature].append((label, part))
    for signature, members in families.items():
        members.sort(key=lambda entry: entry[0])
        labels = [label for label, _ in members]
        if len(members) == 1 or len(set(labels)) != len(labels):
            merged += [part for _, part in members]
            continue
        planes = [plane for _, part in members for plane in part.planes]
        notes = {warning: None for _, part in members for warning in part.warnings}
        values: Values = [label for label, part in members for _ in part.planes]
        merged.append(Part(members[0][1].uid, planes, list(notes), values, str(signature[0])))
    return merged


def _base(part: Part) -> tuple[float, ...]:
    """The in-plane position (mm) of a part, to tell whether series lie on one another; slices may be lacking."""
    frame = part.planes[0].frame
    turned = axes(frame.orientation or ())
    if turned is None or frame.position_mm is None:
        return ()
    position = np.array(frame.position_mm)
    return float(position @ turned[0]), float(position @ turned[1])


def _phase_label(part: Part) -> tuple[str, float | None]:
    """(tag, value) of the one phase that a CT series shows, (tag, None) where it has none or several."""
    header = part.planes[0].header
    if header.modality != "CT":
        return "", None
    named = {plane.frame.phase_percent for plane in part.planes}
    if len(named) == 1 and (value := named.pop()) is not None:
        return "percent", value
    match = _PERCENT.search(header.description)
    if match and not named and float(match[1].replace(",", ".")) <= 100:
        return "percent", float(match[1].replace(",", "."))
    times = [plane.frame.trigger_ms for plane in part.planes if plane.frame.trigger_ms is not None]
    if len(times) == len(part.planes) and max(times) - min(times) <= 20.0:
        return "trigger", float(median(times))
    return "", None


def plain_description(text: str) -> str:
    """A series description without its phase: what a merged series is called."""
    return re.sub(r"\s{2,}", " ", _PERCENT.sub("", text)).strip(" -,_")
