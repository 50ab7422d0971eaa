"""Numbers of a measured motion, with intervals: names and definitions in docs/metrics.md.

Intervals say how far a number moves when the faces of the fitted wall stand ``face_mm`` elsewhere, all over.
Volumes, ejection fraction and stroke volume: both phases together, as for label maps (organs/heart/measure.py).
Strain, thickening and the travel of rings compare two phases; each is then taken to be off by itself, and the two add
in quadrature. Nothing here covers a wrong valve plane, a wrong structure, or motion along the wall that no contour
shows. Muscle density 1.05 g/mL.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import OrganMesh, Quantity
from twinviewer.geometry.surfaces import area_mm2
from twinviewer.organs.heart.motion.body import MOSTELLER, body_surface_m2
from twinviewer.organs.heart.motion.curves import MotionCurves, motion_curves
from twinviewer.organs.heart.motion.volumes import peak_fraction, rates, scatter_ml

Array = NDArray[np.float64]

DENSITY_G_ML = 1.05
FACE_MM = 1.0
"""About 0.7 of a pixel of cine MR (1.2–2 mm): half a pixel is the drawing of the face, the rest the fit's distance."""
BOTH_FACES = float(np.sqrt(2.0))
NINETY = 1.645  # standard deviations on either side that hold 90 % of a normal distribution
SEPTAL, LATERAL = (8, 9), (11, 12)


class _Numbers(dict[str, Quantity]):
    """Quantities being collected: all measured, all from one source."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source

    def put(self, name: str, value: float, unit: str, low: float | None = None, high: float | None = None) -> None:
        """Add a number; one that is not finite is left out."""
        if np.isfinite(value):
            self[name] = Quantity(float(value), unit, "measured", self.source, low, high)

    def spread(self, name: str, value: float, unit: str, half: float, least: float = -np.inf) -> None:
        """Add a number with a symmetric interval, cut at the least that it can be."""
        self.put(name, value, unit, max(float(value - half), least), float(value + half))


def measure_motion(
    mesh: OrganMesh,
    rr_s: float | None = None,
    height_cm: float | None = None,
    weight_kg: float | None = None,
    *,
    curves: MotionCurves | None = None,
    face_mm: float = FACE_MM,
    base_ml: float = 0.0,
) -> Mapping[str, Quantity]:
    """Quantities named as in docs/metrics.md, origin "measured", from a heart with motion.

    rr_s: length of the beat that the motion shows; without it there are no rates, times or output. height_cm and
    weight_kg: both, or nothing is indexed. curves: motion_curves(mesh), where they are at hand. face_mm: half width of
    the 90 % interval of where a face of the wall is, for example the fit's own distance from its contours.
    base_ml: the same of a volume by the height of its base, where that is doubtful. Rates and times need at least 10
    frames and are left out otherwise. Raises MeshError when the heart has no motion.
    """
    curves = motion_curves(mesh) if curves is None else curves
    faces = f"faces ±{face_mm:g} mm" + (f", base ±{base_ml:.0f} mL" if base_ml > 0.0 else "")
    out = _Numbers(f"{mesh.label_uid}; motion of mesh {mesh.uid}, {curves.frames} phases; {faces}")
    area = {
        side: _area_mm2(mesh, f"{side}_cavity", curves) for side in ("lv", "rv") if f"{side}_cavity" in mesh.surfaces
    }
    _volumes(out, "lv", curves.lv_ml, curves, area["lv"], face_mm, base_ml, rr_s)
    if curves.rv_ml is not None:
        _volumes(out, "rv", curves.rv_ml, curves, area["rv"], face_mm, base_ml, rr_s)
    if rr_s is not None and rr_s > 0.0:
        out.update(output(out["lv_stroke_volume_ml"], rr_s))
    inner = area_mm2(np.asarray(mesh.motion_mm)[curves.ed].astype(np.float64), mesh.surfaces["lv_endocardium"])
    mass = DENSITY_G_ML * float(curves.muscle_ml[curves.ed])
    # two faces of about this area, each moving for itself
    out.spread("lv_mass_g", mass, "g", DENSITY_G_ML * inner * face_mm * BOTH_FACES / 1000.0, 0.0)
    lost = 100.0 * float(curves.muscle_ml[curves.es] / curves.muscle_ml[curves.ed] - 1.0)
    out.spread("lv_muscle_change_percent", lost, "%", 100.0 * 2.0 * inner * face_mm / 1000.0 / (mass / DENSITY_G_ML))
    _thickness(out, curves, face_mm)
    _strain(out, curves, face_mm, rr_s)
    _travel(out, curves, face_mm)
    if height_cm is not None and weight_kg is not None:
        _indexed(out, height_cm, weight_kg)
    return dict(out)


def _area_mm2(mesh: OrganMesh, surface: str, curves: MotionCurves) -> tuple[float, float, float]:
    """Area of a closed surface at its cavity's largest and smallest volume, and at the left ventricle's end systole."""
    assert mesh.motion_mm is not None
    volume = curves.lv_ml if surface == "lv_cavity" or curves.rv_ml is None else curves.rv_ml
    frames = (int(np.argmax(volume)), int(np.argmin(volume)), curves.es)
    first, second, third = (area_mm2(mesh.motion_mm[k].astype(np.float64), mesh.surfaces[surface]) for k in frames)
    return first, second, third


def _volumes(
    out: _Numbers,
    side: str,
    volume: Array,
    curves: MotionCurves,
    area: tuple[float, float, float],
    face_mm: float,
    base_ml: float,
    rr_s: float | None,
) -> None:
    edv, esv = float(volume.max()), float(volume.min())
    d_full, d_empty = (float(np.hypot(one * face_mm / 1000.0, base_ml)) for one in area[:2])
    out.spread(f"{side}_edv_ml", edv, "mL", d_full, 0.0)
    out.spread(f"{side}_esv_ml", esv, "mL", d_empty, 0.0)
    ends = [(max(edv + sign * d_full, 1e-6), max(esv + sign * d_empty, 0.0)) for sign in (-1.0, 1.0)]
    strokes = sorted(a - b for a, b in ends)
    out.put(f"{side}_stroke_volume_ml", edv - esv, "mL", *strokes)
    out.put(f"{side}_ef_percent", 100.0 * (edv - esv) / edv, "%", *sorted(100.0 * (a - b) / a for a, b in ends))
    steepest = rates(volume, curves.fraction, rr_s) if rr_s is not None else None
    if steepest is not None and rr_s is not None and edv > esv:
        # a shift of the faces scales the stroke, and with it the curve; a slope lies over two frames that scatter
        scale = (strokes[1] - strokes[0]) / 2.0 / (edv - esv)
        noise = NINETY * (scatter_ml(volume, curves.fraction) or 0.0) * curves.frames / rr_s / BOTH_FACES
        for name, value in (("peak_ejection", steepest.ejection_ml_s), ("peak_filling", steepest.early_filling_ml_s)):
            out.spread(f"{side}_{name}_ml_s", value, "mL/s", float(np.hypot(value * scale, noise)), 0.0)


def output(stroke: Quantity, rr_s: float) -> Mapping[str, Quantity]:
    """Heart rate and cardiac output of a left stroke volume with its interval, in a beat of rr_s seconds."""
    rate = 60.0 / rr_s
    litres = [None if ml is None else ml * rate / 1000.0 for ml in (stroke.value, stroke.low, stroke.high)]
    assert litres[0] is not None
    return {
        "heart_rate_bpm": Quantity(rate, "bpm", "measured", stroke.source),
        "cardiac_output_l_min": Quantity(litres[0], "L/min", "measured", stroke.source, litres[1], litres[2]),
    }


def _thickness(out: _Numbers, curves: MotionCurves, face_mm: float) -> None:
    half = BOTH_FACES * face_mm
    end, full = curves.thickness_mm[curves.es], curves.thickness_mm[curves.ed]
    for name, before, after in (
        ("wall", curves.global_thickness_mm[curves.ed], curves.global_thickness_mm[curves.es]),
        ("septal", _mean(full, SEPTAL), _mean(end, SEPTAL)),
        ("lateral", _mean(full, LATERAL), _mean(end, LATERAL)),
    ):
        out.spread(f"lv_{name}_thickness_mm", before, "mm", half, 0.0)
        ratio = after / before
        out.spread(
            f"lv_{name}_thickening_percent", 100.0 * (ratio - 1.0), "%", 100.0 * half / before * np.hypot(1.0, ratio)
        )


def _mean(values: Array, segments: tuple[int, ...]) -> float:
    return float(np.mean([values[k - 1] for k in segments]))


def _strain(out: _Numbers, curves: MotionCurves, face_mm: float, rr_s: float | None) -> None:
    length = float(curves.septal_mm[curves.ed] + curves.lateral_mm[curves.ed]) / 2.0
    radius, half_wall = curves.radius_mm, float(curves.global_thickness_mm[curves.ed]) / 2.0
    # face against itself in two phases: √2 at the endocardium, 1 at mid-wall, where two faces are averaged
    round_mid, round_endo = 100.0 * face_mm / (radius + half_wall), 100.0 * BOTH_FACES * face_mm / radius
    # ring and tip, in two phases
    along = 100.0 * 2.0 * face_mm / max(length, 1.0)
    across = 100.0 * BOTH_FACES * face_mm / float(curves.global_thickness_mm[curves.ed])
    peaks: list[tuple[str, Array | None, float]] = [
        ("lv_gls", curves.global_longitudinal_percent, along),
        ("lv_gcs", curves.global_circumferential_percent, round_mid),
        ("lv_endo_gls", curves.endo_longitudinal_percent, along),
        ("lv_endo_gcs", curves.endo_circumferential_percent, round_endo),
        ("rv_free_wall_ls", curves.rv_longitudinal_percent, along),
    ]
    for name, curve, half in peaks:
        if curve is not None:
            out.spread(f"{name}_percent", float(np.min(curve)), "%", half)
    radial = curves.global_radial_percent
    most = float(np.max(radial))
    out.spread("lv_grs_percent", most, "%", across * float(np.hypot(1.0, 1.0 + most / 100.0)))
    if rr_s is None:
        return
    for name, curve in (
        ("lv_gls", curves.global_longitudinal_percent),
        ("lv_gcs", curves.global_circumferential_percent),
        ("lv_grs", -radial),
    ):
        when = peak_fraction(curve, curves.fraction)
        if when is not None and int(np.argmin(curve)) != curves.ed:  # a wall that never thickens has no peak
            frame = 1000.0 * rr_s / curves.frames  # a peak is somewhere within half a frame of where it is seen
            out.spread(f"{name}_peak_time_ms", 1000.0 * rr_s * when, "ms", 0.45 * frame, 0.0)


def _travel(out: _Numbers, curves: MotionCurves, face_mm: float) -> None:
    def travel(height: Array) -> float:
        return float(height[curves.ed] - height[curves.es])

    septal, lateral = travel(curves.septal_mm), travel(curves.lateral_mm)
    half = BOTH_FACES * face_mm  # one ring in two phases
    out.spread("mapse_mm", (septal + lateral) / 2.0, "mm", half)
    out.spread("mapse_septal_mm", septal, "mm", half)
    out.spread("mapse_lateral_mm", lateral, "mm", half)
    if curves.tricuspid_mm is not None:
        out.spread("tapse_mm", travel(curves.tricuspid_mm), "mm", half)


def _indexed(out: _Numbers, height_cm: float, weight_kg: float) -> None:
    surface = body_surface_m2(height_cm, weight_kg)
    out["body_surface_m2"] = Quantity(
        surface, "m²", "measured", f"height {height_cm:g} cm, weight {weight_kg:g} kg; {MOSTELLER}"
    )
    names = {
        f"{side}_{kind}_ml": f"{side}_{kind}_index_ml_m2"
        for side in ("lv", "rv")
        for kind in ("edv", "esv", "stroke_volume")
    }
    names |= {"lv_mass_g": "lv_mass_index_g_m2", "cardiac_output_l_min": "cardiac_index_l_min_m2"}
    for name, indexed in names.items():
        if name in out:
            q = out[name]
            low, high = (None if end is None else end / surface for end in (q.low, q.high))
            out[indexed] = Quantity(
                q.value / surface, f"{q.unit}/m²", "measured", f"{q.source}; body surface {MOSTELLER}", low, high
            )
