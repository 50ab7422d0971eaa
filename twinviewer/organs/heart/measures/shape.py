"""The left ventricle's shape at end-diastole, from its mesh: length, inner diameter, sphericity, relative wall.

Length: mitral plane's middle to the endocardial apex. Inner diameter: of the circle of equal area where a plane across
that axis cuts the cavity, a third of the way down, about where the leaflets' tips are. Sphericity index: volume over
that of the ball whose diameter is the length (Mannaerts HFJ et al., Eur Heart J 2004;25:680). Relative wall thickness:
twice the basal inferolateral wall (segment 5) over the inner diameter (Lang RM et al., JASE 2015;28:1).
Concentricity: mass over end-diastolic volume.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh, Quantity
from twinviewer.geometry.plane_cut import cut_lines
from twinviewer.organs.heart.measure import wall_thickness_mm

Array = NDArray[np.float64]
LEVEL = 1.0 / 3.0
POSTERIOR = (5,)


def measure_shape(mesh: OrganMesh, known: Mapping[str, Quantity], face_mm: float) -> dict[str, Quantity]:
    """Numbers of docs/metrics.md. known: volumes and mass. face_mm: how far a face may be drawn elsewhere (90 %)."""
    out: dict[str, Quantity] = {}
    if not {"mitral_centre", "lv_apex_endo"} <= set(mesh.landmarks) or "lv_cavity" not in mesh.surfaces:
        return out
    base, apex = (np.asarray(mesh.landmarks[name], np.float64) for name in ("mitral_centre", "lv_apex_endo"))
    length = float(np.linalg.norm(apex - base))
    if length < 5.0:
        return out
    source = f"mesh {mesh.uid}; faces ±{face_mm:.2g} mm"

    def put(name: str, value: float, unit: str, half: float) -> None:
        if np.isfinite(value):
            out[name] = Quantity(float(value), unit, "measured", source, max(value - half, 0.0), value + half)

    long_half = float(np.sqrt(2.0)) * face_mm
    put("lv_length_mm", length, "mm", long_half)
    inner = _inner_diameter(mesh, base + LEVEL * (apex - base), (apex - base) / length)
    if inner is not None:
        put("lv_diameter_mm", inner, "mm", 2.0 * face_mm)
        wall = wall_thickness_mm(mesh, POSTERIOR)
        ratio = 2.0 * wall / inner
        # the inner face moves both against each other, the outer face the wall alone
        half = ratio * float(np.hypot(face_mm / wall + 2.0 * face_mm / inner, face_mm / wall))
        put("lv_relative_wall_thickness", ratio, "1", half)
    volume = known.get("lv_edv_ml", known.get("lv_volume_ml"))
    if volume is not None and volume.value > 0.0:
        ball = np.pi / 6.0 * length**3 / 1000.0
        off = _relative(volume)
        put("lv_sphericity_index", volume.value / ball, "1", volume.value / ball * _both(off, 3 * long_half / length))
        mass = known.get("lv_mass_g")
        if mass is not None:
            ratio = mass.value / volume.value
            put("lv_concentricity_g_ml", ratio, "g/mL", ratio * (off + _relative(mass)))
    return out


def _inner_diameter(mesh: OrganMesh, middle: Array, along: Array) -> float | None:
    lines = cut_lines(mesh.points_mm, mesh.surfaces["lv_cavity"], middle, along)
    areas = [float(np.linalg.norm(_area(line))) for line in lines if len(line) > 3]
    return 2.0 * float(np.sqrt(max(areas) / np.pi)) if areas else None


def _area(line: Array) -> Array:
    """(3,) area vector of a closed line."""
    around = line - line[0]
    return 0.5 * np.cross(around[:-1], around[1:]).sum(axis=0)


def _relative(found: Quantity) -> float:
    return 0.0 if found.high is None else abs(found.high - found.value) / found.value


def _both(one: float, other: float) -> float:
    return float(np.hypot(one, other))
