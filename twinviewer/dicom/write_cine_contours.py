"""Contours of a cine study as RT structure sets: as they were drawn, each on its own image, a file a phase.

The planes of a study lie in many series and at many angles, which a structure set may name in one file; a DICOM SEG
may not. Points are written where the images show them, breath-holds not put right. Ends of the valves' rings and the
apex, which no contour tells, are contours of one point (POINT, C.8.8.6.1), named as ``point_name`` says.
"""

import warnings
from collections.abc import Mapping
from pathlib import Path

from twinviewer.dicom.grouping import group
from twinviewer.dicom.headers import Header, read_header
from twinviewer.dicom.phases import Plane
from twinviewer.dicom.write_ct import uid_from
from twinviewer.dicom.write_rtstruct import contour_item, point_name, write_structures
from twinviewer.domain import CineContours, LoadError, Reporter, Series, StructureStyle, silent


def write_cine_contours(
    path: Path,
    contours: CineContours,
    series: Series,
    styles: Mapping[str, StructureStyle],
    report: Reporter = silent,
) -> Path:
    """Write the contours of the study ``series``; returns the first file, ``name_phase00.dcm`` beside ``path``.

    LoadError where the images of the series are gone, or there is no contour.
    """
    path = Path(path)
    images = cine_images(series)
    names = list(dict.fromkeys(one.structure for one in contours.contours))
    phases = sorted({one.phase for one in contours.contours})
    if not phases:
        raise LoadError("The study has no contours", where=series.description)
    path.parent.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for number, t in enumerate(phases):
        report(number / len(phases), f"Writing contours, phase {number + 1} of {len(phases)}")
        target = path.with_name(f"{path.stem}_phase{t:02d}{path.suffix or '.dcm'}") if len(phases) > 1 else path
        here = [one for one in contours.contours if one.phase == t and one.plane < len(images)]
        row = [images[plane][t] for plane in sorted({one.plane for one in here}) if t < len(images[plane])]
        if not row:
            continue
        structures = [
            (name, [contour_item(one.points_mm, images[one.plane][t]) for one in here if one.structure == name])
            for name in names
        ]
        places = [one for one in contours.points if one.phase == t and one.plane < len(images)]
        places = [one for one in places if t < len(images[one.plane])]
        for name in dict.fromkeys(point_name(one.name, one.side) for one in places):
            items = [
                contour_item(one.point_mm[None], images[one.plane][t])
                for one in places
                if point_name(one.name, one.side) == name
            ]
            structures.append((name, items))
        row += [images[plane][t] for plane in sorted({one.plane for one in places}) if images[plane][t] not in row]
        points = "".join(one.points_mm.tobytes().hex() for one in here)
        uid = uid_from(series.uid, contours.image_uid, contours.made_by, t, "cine contours", points)
        write_structures(target, uid, structures, row, series, styles, t)
        written.append(target)
    if not written:
        raise LoadError("The contours lie on none of the images of this series", where=series.description)
    return written[0]


def cine_images(series: Series) -> list[tuple[Plane, ...]]:
    """[plane][phase] of a cine study, in the order of ``CineStack.planes`` and of their frames. LoadError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = [read_header(Path(name)) for name in series.files]
    headers: list[Header] = [one for one in read if one is not None]
    found = next((one for one in group(headers) if one.kind == "mr_cine"), None)
    if found is None:
        raise LoadError("The images of the cine study are not where they were", where=series.description)
    return [tuple(cell for cell in row if cell is not None) for row in found.cells]
