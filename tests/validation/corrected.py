"""What up to ten corrections by hand reach: the worst contours drawn anew where the published surfaces have them."""

from dataclasses import replace

import numpy as np
import pyvista as pv

from tests.validation.measured import mean_mm
from tests.validation.published import PHASES, Array, Published
from twinviewer.domain import CineContour, CineContours, CineStack, OrganMesh, TwinviewerError
from twinviewer.organs.heart.motion.volumes import cavity_ml
from twinviewer.organs.heart.template.correct import correct, with_edit
from twinviewer.segmentation.cine.phases import beat_fraction

MOST = 10
_STRUCTURES = {"lv_endocardium": "LV", "rv_endocardium": "RV"}
_FACES = {"lv_endocardium": "LV", "rv_endocardium": "RV", "epicardium": "epicardium"}
_LEAST_POINTS = 20


def corrected(stack: CineStack, contours: CineContours, mesh: OrganMesh, truth: Published) -> list[str]:
    """Rows of a table: before, after five and after ten edits as the window makes them, of whole inner contours in the
    short axes at end diastole and end systole, each time the one that is farthest off."""
    assert mesh.motion_mm is not None and mesh.motion_fraction is not None
    lv = cavity_ml(mesh.motion_mm.astype(np.float64), mesh.surfaces["lv_cavity"])
    frames = {"ED": 0, "ES": int(np.argmin(lv))}
    rows = [
        "| corrections | LV EDV / ESV, mL | EF | RV EDV / ESV | ED: LV / RV / epi, mm | ES |",
        "|---|---|---|---|---|---|",
    ]
    rows.append(_row(0, mesh, truth, frames))
    open_edits = [edit for frame in frames.values() for edit in _candidates(stack, contours, mesh, truth, frame)]
    for number in range(1, MOST + 1):
        open_edits.sort(key=lambda edit: -_off_mm(mesh, stack, contours, edit))
        while open_edits:
            edit = open_edits.pop(0)
            try:
                mesh, contours = correct(mesh, contours, stack, edit), with_edit(contours, edit)
                break
            except TwinviewerError as error:
                print("refused", edit.plane, edit.phase, edit.structure, error)
        if number in (5, MOST):
            rows.append(_row(number, mesh, truth, frames))
    return rows


def _shift(contours: CineContours, plane: int) -> Array:
    return np.zeros(3) if contours.shift_mm is None else np.asarray(contours.shift_mm[plane])


def _candidates(
    stack: CineStack, contours: CineContours, mesh: OrganMesh, truth: Published, frame: int
) -> list[CineContour]:
    assert mesh.motion_fraction is not None
    fraction = float(mesh.motion_fraction[frame])
    out = []
    for index in contours.short_axis:
        plane = stack.planes[index]
        away = np.abs(beat_fraction(plane) - fraction)
        phase = int(np.argmin(np.minimum(away, 1.0 - away)))
        for structure, name in _STRUCTURES.items():
            surface = truth.surfaces[name][round(fraction * PHASES) % PHASES]
            cut = surface.slice(normal=plane.normal, origin=plane.affine[:3, 3] + _shift(contours, index))
            loop = _loop(cut)
            if loop is not None:
                points = loop - _shift(contours, index)
                known = contours.at(index, phase, structure)
                edit = CineContour(index, phase, structure, points, 1.0)
                out.append(edit if known is None else replace(known, points_mm=points, confidence=1.0))
    return out


def _loop(cut: pv.PolyData) -> Array | None:
    """(n, 3) the longest line of a cut, if it closes."""
    if cut.n_points < _LEAST_POINTS:
        return None
    strip = cut.strip(max_length=10_000, join=True)
    lines, at, best = np.asarray(strip.lines), 0, np.zeros(0, dtype=int)
    while at < len(lines):
        line = lines[at + 1 : at + 1 + lines[at]]
        best = line if len(line) > len(best) else best
        at += 1 + lines[at]
    points = np.asarray(strip.points, dtype=np.float64)[best]
    closes = len(points) >= _LEAST_POINTS and float(np.linalg.norm(points[0] - points[-1])) < 1.0
    return points[:-1] if closes else None


def _off_mm(mesh: OrganMesh, stack: CineStack, contours: CineContours, edit: CineContour) -> float:
    assert mesh.motion_mm is not None and mesh.motion_fraction is not None
    away = np.abs(mesh.motion_fraction - beat_fraction(stack.planes[edit.plane])[edit.phase])
    frame = mesh.motion_mm[int(np.argmin(np.minimum(away, 1.0 - away)))].astype(np.float64)
    triangles = mesh.surfaces[edit.structure]
    face = pv.PolyData(frame, np.column_stack([np.full(len(triangles), 3), triangles])).clean()
    return mean_mm(edit.points_mm + _shift(contours, edit.plane), face)


def _row(number: int, mesh: OrganMesh, truth: Published, frames: dict[str, int]) -> str:
    assert mesh.motion_mm is not None and mesh.motion_fraction is not None
    motion = mesh.motion_mm.astype(np.float64)
    lv, rv = (cavity_ml(motion, mesh.surfaces[f"{side}_cavity"]) for side in ("lv", "rv"))

    def per_cent(value: float, true: float) -> str:
        return f"{value:.0f} ({100 * (value / true - 1):+.0f} %)"

    ef, true_ef = (100 * (1 - v.min() / v.max()) for v in (lv, truth.lv_ml))
    parts = []
    for frame in frames.values():
        theirs = round(float(mesh.motion_fraction[frame]) * PHASES) % PHASES
        mm = [
            mean_mm(motion[frame][np.unique(mesh.surfaces[ours])], truth.surfaces[name][theirs])
            for ours, name in _FACES.items()
        ]
        parts.append(" / ".join(f"{one:.1f}" for one in mm))
    left, right = (
        f"{per_cent(v.max(), true[0])}, {per_cent(v.min(), true.min())}"
        for v, true in ((lv, truth.lv_ml), (rv, truth.rv_ml))
    )
    return f"| {number or 'none'} | {left} | {ef:.0f} ({ef - true_ef:+.1f}) | {right} | {parts[0]} | {parts[1]} |"
