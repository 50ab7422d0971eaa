"""What the images say about the heart: volumes, ejection fraction, mass, wall thickness, with intervals.

Volumes are voxel counts of the label map, never of a smoothed surface. Interval: where the face between two structures
is drawn within a voxel of edge s is not known; taken as uniform within ±s/2 and the same all over the surface (as a
threshold that is too high or low would do), it moves the volume by up to 0.45 s times the surface's area in 90 % of
cases. This counts the drawing of the face only, not a wrong valve plane. Ejection fraction is bounded by moving the
faces of both phases together. Muscle density 1.05 g/mL.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import LabelMap, OrganMesh, Quantity
from twinviewer.geometry.laplace import Elements
from twinviewer.physics.ecg import chest_between

DENSITY_G_ML = 1.05
FACE_SHIFT = 0.45  # of a voxel edge: 90 % of a uniform ±1/2
VENTRICLES = {"lv": "lv_blood", "rv": "rv_blood"}
ATRIA = {"la": "la_blood", "ra": "ra_blood"}


def measure(labels: LabelMap, mesh: OrganMesh) -> Mapping[str, Quantity]:
    """Quantities named as in docs/metrics.md, origin "measured". With one phase there is no EDV, ESV or EF: the volumes
    of that phase are given as lv_volume_ml and so on."""
    out: dict[str, Quantity] = {}
    source = mesh.label_uid
    for prefix, name in {**VENTRICLES, **ATRIA}.items():
        if name not in labels.names.values():
            continue
        curve = [labels.volume_ml(name, t) for t in range(labels.phases)]
        largest, smallest = int(np.argmax(curve)), int(np.argmin(curve))
        if labels.phases == 1:
            out[f"{prefix}_volume_ml"] = _volume(labels, name, 0, source)
        elif prefix in ATRIA:
            out[f"{prefix}_max_ml"] = _volume(labels, name, largest, source)
            out[f"{prefix}_min_ml"] = _volume(labels, name, smallest, source)
        else:
            end_diastole, end_systole = (_volume(labels, name, t, source) for t in (largest, smallest))
            out[f"{prefix}_edv_ml"], out[f"{prefix}_esv_ml"] = end_diastole, end_systole
            out.update(_ejection(prefix, end_diastole, end_systole, source))
    reference = int(np.argmax([labels.volume_ml("lv_blood", t) for t in range(labels.phases)]))
    out["lv_mass_g"] = _mass(_volume(labels, "lv_myocardium", reference, source))
    if "rv_myocardium" in labels.names.values():
        out["rv_mass_g"] = _mass(_volume(labels, "rv_myocardium", reference, source))
    edge = FACE_SHIFT * float(np.mean(labels.grid.spacing_mm))
    for name, segments in (
        ("lv_wall_thickness_mm", tuple(range(1, 17))),
        ("lv_septal_thickness_mm", (8, 9)),
        ("lv_lateral_thickness_mm", (11, 12)),
    ):
        value = wall_thickness_mm(mesh, segments)
        # one face may be off while the other is not: the two add in quadrature
        half = edge * float(np.sqrt(2.0))
        out[name] = Quantity(value, "mm", "measured", source, max(value - half, 0.0), value + half)
    chest = chest_between(mesh.landmarks)
    if chest is not None:
        for name, half in (("chest_width_mm", chest.half_width_mm), ("chest_depth_mm", chest.half_depth_mm)):
            out[name] = Quantity(2.0 * half, "mm", "measured", "skin at the heart's height; the ECG's torso")
    return out


def wall_thickness_mm(mesh: OrganMesh, segments: tuple[int, ...]) -> float:
    """Mean thickness of the left wall in AHA segments: volume over mean area of the surfaces of equal depth.

    By the co-area formula that mean area is ∫|∇d| dV for the transmural depth d, 0..1.
    """
    aha = mesh.point_fields["aha_segment"][mesh.tets]
    chosen = np.isin(aha, segments).all(axis=1) & (mesh.cell_fields["chamber"] == 1)
    tets = mesh.tets[chosen]
    elements = Elements(mesh.points_mm, tets)
    slope = np.linalg.norm(elements.gradient(np.nan_to_num(mesh.point_fields["transmural"])), axis=1)
    area = float((slope * elements.volume).sum())
    return float(elements.volume.sum()) / area if area > 0.0 else float("nan")


def face_area_mm2(mask: NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> float:
    """Area of a mask's surface: voxel faces times 2/3, their mean excess over an evenly oriented smooth surface."""
    sx, sy, sz = spacing_mm
    area = 0.0
    for axis, face in enumerate((sx * sy, sx * sz, sy * sz)):
        area += float(np.count_nonzero(np.diff(mask, axis=axis))) * face
    return area * 2.0 / 3.0


def _volume(labels: LabelMap, name: str, phase: int, source: str) -> Quantity:
    mask = labels.mask(name, phase)
    value = float(np.count_nonzero(mask)) * labels.grid.voxel_ml
    shift = FACE_SHIFT * float(np.mean(labels.grid.spacing_mm))
    spread = face_area_mm2(mask, labels.grid.spacing_mm) * shift / 1000.0
    return Quantity(value, "mL", "measured", source, max(value - spread, 0.0), value + spread)


def _mass(volume: Quantity) -> Quantity:
    """Muscle mass; of its two faces the outer and the inner move independently, so the spread is less than the sum."""
    spread = (volume.high - volume.value) / np.sqrt(2.0) if volume.high is not None else 0.0
    low, high = (DENSITY_G_ML * (volume.value + sign * spread) for sign in (-1.0, 1.0))
    return Quantity(DENSITY_G_ML * volume.value, "g", "measured", volume.source, float(low), float(high))


def _ejection(prefix: str, end_diastole: Quantity, end_systole: Quantity, source: str) -> dict[str, Quantity]:
    def percent(edv: float, esv: float) -> float:
        return 100.0 * (edv - esv) / edv

    edv, esv = end_diastole, end_systole
    assert edv.low is not None and edv.high is not None and esv.low is not None and esv.high is not None
    ends = sorted((percent(max(edv.low, 1e-6), esv.low), percent(edv.high, esv.high)))
    stroke = edv.value - esv.value
    strokes = sorted((edv.low - esv.low, edv.high - esv.high))
    return {
        f"{prefix}_ef_percent": Quantity(percent(edv.value, esv.value), "%", "measured", source, *ends),
        f"{prefix}_stroke_volume_ml": Quantity(stroke, "mL", "measured", source, *strokes),
    }
