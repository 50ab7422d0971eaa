"""What a scan says of one group of planes: its Series, with extent, spacing, warnings and the grid of its images."""

from statistics import median

import numpy as np

from twinviewer.dicom.decode import can_decode
from twinviewer.dicom.frame_geometry import US_VOLUME
from twinviewer.dicom.plane_group import VOLUME_KINDS, Group
from twinviewer.dicom.read import described
from twinviewer.dicom.slice_geometry import axes
from twinviewer.dicom.slice_grid import slice_grid
from twinviewer.dicom.warning_codes import warn
from twinviewer.domain import Patient, Series


def series_of(found: Group) -> Series:
    """The Series of a group, before any pixel is decoded."""
    header = found.first
    slices, phases = _extent(found)
    notes = list(found.warnings)
    if header.is_image and not all(can_decode(plane.header) for plane in found.planes):
        notes.append(warn("no_decoder", "There is no decoder for the compression of these images"))
    if header.sop_class == US_VOLUME:
        notes.append(warn("probe_frame", "The volume lies where its probe was: nothing says where in the patient"))
    extra = {
        "series_number": str(header.series_number),
        "protocol": header.protocol,
        "body_part": header.body_part,
        "transfer_syntax": header.transfer_syntax,
        "sop_class": header.sop_class,
        "frame_of_reference": " ".join(sorted({plane.header.frame_of_reference for plane in found.planes} - {""})),
        "unit": header.unit,
    }
    if found.part:
        extra["part"] = found.part
    if found.labels:
        extra["planes"] = ", ".join(found.labels)
    if found.run[1] > found.run[0] and found.kind in VOLUME_KINDS:
        extra["readable_slices"] = f"{found.run[0] + 1}-{found.run[1]}"
        extra["readable_phases"] = str(len(found.phases))
    if found.kind not in ("not_image", "mr_cine") and found.run[1] <= found.run[0]:
        extra["opens_as"] = "pictures"
    return Series(
        uid=found.uid,
        study_uid=header.study_uid,
        patient=Patient(header.pseudonym, header.sex, header.age_years, header.weight_kg, header.height_cm),
        kind=found.kind,
        modality=header.modality,
        description=" · ".join(text for text in (described(found), found.part) if text),
        study_date=header.study_date,
        slices=slices,
        phases=phases,
        shape=(header.rows, header.columns),
        spacing_mm=_spacing_mm(found),
        files=tuple(sorted({plane.header.path for plane in found.planes})),
        contrast_agent=next((p.header.contrast_agent for p in found.planes if p.header.contrast_agent), ""),
        synthetic=header.synthetic,
        rr_s=found.rr_s,
        warnings=tuple(notes),
        grid=slice_grid(found),
        extra={key: value for key, value in extra.items() if value},
    )


def _extent(found: Group) -> tuple[int, int]:
    if found.kind == "mr_cine":
        return len(found.cells), max(len(row) for row in found.cells)
    if found.kind == "not_image":
        return 0, 0
    if found.cells:
        return len(found.cells[0]), len(found.cells)
    return len(found.planes), 1


def _spacing_mm(found: Group) -> tuple[float, float, float]:
    """(between columns, between rows, between slices) in mm, 0 where not known."""
    frame = found.planes[0].frame
    row, column = frame.spacing_mm or (0.0, 0.0)
    if found.kind == "mr_cine":
        return column, row, _cine_distance_mm(found)
    return column, row, 0.0 if found.spread is None else found.spread.spacing_mm


def _cine_distance_mm(found: Group) -> float:
    """Usual distance between short-axis planes; 0 where there are fewer than two."""
    depths = []
    for row, label in zip(found.cells, found.labels, strict=True):
        cell = row[0]
        if cell is not None and label.startswith("SAX") and (turned := axes(cell.frame.orientation or ())):
            depths.append(float(np.array(cell.frame.position_mm) @ turned[2]))
    gaps = np.abs(np.diff(sorted(depths)))
    return float(median(gaps)) if len(gaps) else 0.0
