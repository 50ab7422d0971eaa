"""Measurements by hand as steps of the Case: made, changed, removed, each named for the undo menu."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineStack, Grid, Quantity, Ruler, RulerKind, TwinviewerError, Volume
from twinviewer.geometry import rulers as of
from twinviewer.session.case import Case
from twinviewer.session.units import unit_of

NAMES = {"distance": "Distance", "angle": "Angle", "polyline": "Path", "area": "Area", "ellipse": "Ellipse"}
LABELS = {"length": "Length", "angle": "Angle", "area": "Area", "perimeter": "Perimeter", "mean": "Mean", "sd": "SD",
          "minimum": "Least", "maximum": "Greatest", "voxels": "Voxels"}  # fmt: skip
POINTS = {"distance": 2, "angle": 3, "ellipse": 3}
LIMIT = 200
"""Rulers a case."""
HOW = "points placed by hand, each within one pixel (JCGM 100:2008, 4.3.7)"


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """What lies under a ruler: voxels (k, j, i) on a grid, and their unit ("HU", or "" where it is arbitrary)."""

    values: NDArray[np.generic]
    grid: Grid
    unit: str
    of: str


def pixels_under(case: Case, ruler: Ruler) -> Pixels | None:
    """The image that a ruler lies on, at its moment; None where the case has no image."""
    image = case.image
    if isinstance(image, Volume):
        unit = unit_of(image.modality, case.active_series)
        return Pixels(image.data[min(ruler.frame, image.phases - 1)], image.grid, unit, image.uid)
    if isinstance(image, CineStack) and 0 <= ruler.plane < len(image.planes):
        plane = image.planes[ruler.plane]
        frame = plane.frames[min(ruler.frame, len(plane.frames) - 1)]
        affine = plane.affine.copy()
        affine[:3, 2] = plane.normal * plane.thickness_mm
        return Pixels(frame[None], Grid((1, *frame.shape), affine), "", image.uid)
    return None


def measured(case: Case, ruler: Ruler) -> Ruler:
    """The ruler with its numbers. TwinviewerError where its points do not make one."""
    points = np.asarray(ruler.points_mm, np.float64)
    wanted = POINTS.get(ruler.kind)
    if points.ndim != 2 or points.shape[1] != 3 or len(points) < 2 or (wanted and len(points) != wanted):
        raise TwinviewerError("These points do not make a measurement", remedy="Place them again")
    if float(np.linalg.norm(np.diff(points, axis=0), axis=1).min()) < 1e-3:
        raise TwinviewerError("Two points lie on one place", remedy="Place them apart")
    under = pixels_under(case, ruler)
    grid = under.grid if under is not None else None
    where = "the model's surface" if ruler.nodes is not None else "the image"
    about = under.of if under is not None else ruler.mesh_uid
    source = f"{HOW}; {where} {about[:16]}".rstrip()
    return replace(ruler, points_mm=points, values=_values(ruler.kind, points, grid, under, source))


def _values(
    kind: RulerKind, points: NDArray[np.float64], grid: Grid | None, under: Pixels | None, source: str
) -> Mapping[str, Quantity]:
    def said(value: float, unit: str, error: float | None) -> Quantity:
        if error is None:
            return Quantity(value, unit, "measured", source)
        half = of.NORMAL_90 * error
        return Quantity(value, unit, "measured", source, max(value - half, 0.0), value + half)

    found: dict[str, Quantity] = {}
    if kind in ("distance", "polyline"):
        found["length"] = said(of.length_mm(points), "mm", None if grid is None else of.length_error_mm(points, grid))
    elif kind == "angle":
        found["angle"] = said(of.angle_deg(points), "°", None if grid is None else of.angle_error_deg(points, grid))
    elif kind == "ellipse":
        error = None if grid is None else of.ellipse_error_mm2(points, grid) / 100.0
        found["area"] = said(of.ellipse_mm2(points) / 100.0, "cm²", error)
    else:
        error = None if grid is None else of.polygon_error_mm2(points, grid) / 100.0
        found["area"] = said(of.polygon_mm2(points) / 100.0, "cm²", error)
        found["perimeter"] = said(of.length_mm(points, closed=True), "mm", None)
    if under is not None and kind in ("ellipse", "area"):
        k, j, i = of.voxels_inside(kind, points, under.grid).T
        inside = under.values[k, j, i].astype(np.float64)
        if len(inside):
            numbers = {"mean": inside.mean(), "sd": inside.std(ddof=1) if len(inside) > 1 else 0.0,
                       "minimum": inside.min(), "maximum": inside.max()}  # fmt: skip
            for name, value in numbers.items():
                found[name] = Quantity(float(value), under.unit, "measured", source)
        found["voxels"] = Quantity(float(len(inside)), "", "measured", source)
    return found


def add_ruler(case: Case, ruler: Ruler) -> Case:
    """A new measurement, or in place of the one of the same uid. TwinviewerError where it cannot be."""
    done = measured(case, ruler if ruler.uid else replace(ruler, uid=uuid.uuid4().hex[:12]))
    there = any(one.uid == done.uid for one in case.rulers)
    if not there and len(case.rulers) >= LIMIT:
        raise TwinviewerError(f"A case holds {LIMIT} measurements by hand", remedy="Remove some first")
    kept = tuple(done if one.uid == done.uid else one for one in case.rulers)
    name = NAMES[done.kind].lower()
    return case.changed(f"{'Move' if there else 'Measure'} {name}, {words(done)}",
                        rulers=kept if there else (*case.rulers, done))  # fmt: skip


def remove_ruler(case: Case, uid: str) -> Case:
    """Without one of them; the same Case where there is none such."""
    gone = next((one for one in case.rulers if one.uid == uid), None)
    if gone is None:
        return case
    kept = tuple(one for one in case.rulers if one.uid != uid)
    return case.changed(f"Remove {NAMES[gone.kind].lower()}, {words(gone)}", rulers=kept)


def remove_all(case: Case) -> Case:
    """Without any."""
    return case.changed("Remove all measurements by hand", rulers=()) if case.rulers else case


def words(ruler: Ruler) -> str:
    """What a ruler says, in one short line: "42.1 mm", "3.12 cm², 287 ± 24 HU"."""
    found = ruler.values
    first = next(iter(found.values()), None)
    if first is None:
        return ""
    digits = {"°": 1, "cm²": 2}.get(first.unit, 1)
    space = "" if first.unit == "°" else " "
    text = f"{first.value:.{digits}f}{space}{first.unit}"
    if "mean" in found:
        mean, sd = found["mean"], found["sd"]
        text += f", {mean.value:.0f} ± {sd.value:.0f} {mean.unit}".rstrip()
    return text


def details(ruler: Ruler) -> str:
    """All numbers with intervals, a line each."""
    lines = []
    for name, value in ruler.values.items():
        digits = 0 if name in ("mean", "sd", "minimum", "maximum", "voxels") else 2 if value.unit == "cm²" else 1
        line = f"{LABELS.get(name, name)}  {value.value:.{digits}f} {value.unit}".rstrip()
        if value.low is not None and value.high is not None:
            line += f"  ({value.low:.{digits}f} to {value.high:.{digits}f}, 90 %)"
        lines.append(line)
    first = next(iter(ruler.values.values()), None)
    return "\n".join([*lines, *([] if first is None else [f"Origin: {first.origin}; {first.source}"])])
