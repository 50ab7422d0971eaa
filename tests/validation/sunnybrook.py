"""A truncated study (five slices of end diastole, five of end systole) against its expert's polygons."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyvista as pv

from tests.validation.measured import mean_mm, measure
from tests.validation.published import expert
from twinviewer.dicom import read, scan
from twinviewer.domain import CineStack
from twinviewer.segmentation.cine.phases import beat_fraction

STUDY = "sunnybrook_scd0003701_edes"


def _cut_mm2(points: np.ndarray, triangles: np.ndarray, origin: np.ndarray, normal: np.ndarray) -> float:
    """Area of the cut of a plane through a closed surface, by its edges about the cut's middle."""
    surface = pv.PolyData(points, np.column_stack([np.full(len(triangles), 3), triangles]))
    cut = surface.slice(normal=normal, origin=origin)
    if cut.n_points < 3:
        return 0.0
    ends = cut.points[cut.lines.reshape(-1, 3)[:, 1:]].astype(float) - cut.points.mean(axis=0)
    return float(0.5 * np.abs(np.cross(ends[:, 0], ends[:, 1]) @ normal).sum())


def sunnybrook(data: Path) -> list[str]:
    """Rows of a table: how far the expert's polygons lie from the model, and from the contours."""
    stack = read(scan(data / STUDY / "dicom")[0])
    assert isinstance(stack, CineStack)
    line, contours, mesh = measure("sunnybrook", stack, None)
    rows = ["| Sunnybrook SC-N-2, mean distance of the expert's points, mm | model | contours |", "|---|---|---|"]
    if line.refused or line.crashed or mesh is None or contours is None:
        return [*rows, f"| {line.refused or line.crashed} | | |"]
    assert mesh.motion_mm is not None and mesh.motion_fraction is not None
    found: dict[str, tuple[list[float], list[float], list[int]]] = {}
    for plane, phase, name, points in expert(data / STUDY, stack):
        fraction = beat_fraction(stack.planes[plane])[phase]
        frame = int(np.argmin(np.abs(mesh.motion_fraction - fraction)))
        outer = name == "lv_epicardium"
        triangles = mesh.surfaces["lv_endocardium"]
        if outer:  # in the septum the left wall ends at the right ventricle's face
            triangles = np.concatenate([mesh.surfaces["epicardium"], mesh.surfaces["rv_endocardium"]])
        surface = pv.PolyData(
            mesh.motion_mm[frame].astype(float), np.column_stack([np.full(len(triangles), 3), triangles])
        )
        when = "end diastole" if frame == int(np.argmax(line.lv_ml)) else "end systole"
        models, drawn, count = found.setdefault(f"{name.replace('lv_', '')}, {when}", ([], [], []))
        models.append(mean_mm(points, surface))
        mine = contours.at(plane, phase, name)
        if mine is not None:
            away = np.linalg.norm(points[:, None] - mine.points_mm[None], axis=2)
            drawn.append(float(away.min(axis=1).mean()))
        count.append(plane)
    covered: dict[str, list[list[float]]] = {}
    for plane, phase, name, points in expert(data / STUDY, stack):
        mine = contours.at(plane, phase, name)
        if name != "lv_endocardium" or mine is None:
            continue
        image = stack.planes[plane]
        frame = int(np.argmin(np.abs(mesh.motion_fraction - beat_fraction(image)[phase])))
        when = "end diastole" if frame == int(np.argmax(line.lv_ml)) else "end systole"
        cut = _cut_mm2(
            mesh.motion_mm[frame].astype(float), mesh.surfaces["lv_cavity"], points.mean(axis=0), image.normal
        )
        theirs = replace(mine, points_mm=points)
        covered.setdefault(when, []).append([theirs.area_mm2, mine.area_mm2, cut])
    for what, (models, drawn, count) in sorted(found.items()):
        beside = f"{np.mean(drawn):.1f}" if drawn else "none"
        rows.append(f"| {what}, {len(count)} slices | {np.mean(models):.1f} | {beside} |")
    rows += ["", "| blood in the slices that the expert drew (discs of 8 mm), mL | expert | contours | model |"]
    rows.append("|---|---|---|---|")
    for when, areas in sorted(covered.items()):
        ml = 8.0 / 1000.0 * np.sum(areas, axis=0)
        rows.append(f"| {when}, {len(areas)} slices | {ml[0]:.0f} | {ml[1]:.0f} | {ml[2]:.0f} |")
    lv, rv = np.array(line.lv_ml), np.array(line.rv_ml)
    rows.append("")
    rows.append(
        f"The model holds LV {lv.max():.0f}/{lv.min():.0f} mL (EF {100 * (1 - lv.min() / lv.max()):.0f} %), "
        f"RV {rv.max():.0f}/{rv.min():.0f} mL; {line.folded} folded elements. There are no volumes to hold these "
        "against: apex and base lie outside the stack, and what no slice shows is taken to beat as the slices beside "
        "it. The source counts this heart among the normal ones. The program says: "
        + " ".join(f"“{n}”" for n in line.notes)
    )
    return rows
