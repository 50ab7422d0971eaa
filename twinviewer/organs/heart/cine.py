"""Cine MR: contours of both ventricles and the numbers that follow from them, each with what it is uncertain by."""

from collections.abc import Mapping

from twinviewer.domain import CineContours, CineStack, OrganMesh, Patient, Quantity, Reporter, part
from twinviewer.segmentation.cine import delineate, volumes

_BY_DISCS = ("edv_ml", "esv_ml", "ef_percent", "stroke_volume_ml")
CONTOUR_MM = 1.0
"""How far a contour is taken to lie from the true edge, all round, for the interval of an area. Assumed: about half
the pixel of a cine image and half of what two readers differ by."""


def delineated(stack: CineStack, report: Reporter) -> tuple[CineContours, Mapping[str, Quantity]]:
    """Contours, and EDV, ESV, EF, stroke volume, mass, heart rate. Raises SegmentationError."""
    contours = delineate(stack, part(report, 0.0, 0.95))
    measured = measure_cine(contours, stack)
    report(1.0, "Measured")
    return contours, measured


def measure_cine(contours: CineContours, stack: CineStack) -> Mapping[str, Quantity]:
    """Numbers with names of docs/metrics.md. The interval of a volume: contours moved by CONTOUR_MM all round, and the
    base by what it is uncertain by. Raises SegmentationError where there is no volume to sum."""
    found = volumes(contours, stack)
    source = f"Simpson's discs of {len(contours.short_axis)} short-axis slices, base from the {found.base}"
    out: dict[str, Quantity] = {}
    sides = {"lv": found.lv_ml} if found.rv_ml is None else {"lv": found.lv_ml, "rv": found.rv_ml}
    for side, volume in sides.items():
        ends = {}
        for name, value in (("edv", float(volume.max())), ("esv", float(volume.min()))):
            # of a ball's volume v, moving its face by d changes (36 pi)^(1/3) v^(2/3) d
            spread = 4.84 * value ** (2.0 / 3.0) * CONTOUR_MM / 10.0 + found.base_uncertainty_ml
            ends[name] = (value, max(value - spread, 0.0), value + spread)
            out[f"{side}_{name}_ml"] = Quantity(value, "mL", "measured", source, *ends[name][1:])
        (edv, edv_low, edv_high), (esv, esv_low, esv_high) = ends["edv"], ends["esv"]
        percent = sorted(100.0 * (1.0 - small / large) for large, small in ((edv_low, esv_low), (edv_high, esv_high)))
        out[f"{side}_ef_percent"] = Quantity(100.0 * (1.0 - esv / edv), "%", "measured", source, *percent)
        out[f"{side}_stroke_volume_ml"] = Quantity(edv - esv, "mL", "measured", source)
    out["lv_mass_g"] = Quantity(float(found.lv_mass_g[found.ed]), "g", "measured", source)
    beats = [plane.rr_s for plane in stack.planes if plane.rr_s]
    if stack.mean_rr_s is not None:
        rate = 60.0 / stack.mean_rr_s
        said = f"mean R-R of {len(beats)} planes"
        out["heart_rate_bpm"] = Quantity(rate, "bpm", "measured", said, 60.0 / max(beats), 60.0 / min(beats))
        stroke = out["lv_stroke_volume_ml"].value
        out["cardiac_output_l_min"] = Quantity(stroke * rate / 1000.0, "L/min", "measured", source)
    return out


def measure_still(contours: CineContours, stack: CineStack) -> Mapping[str, Quantity]:
    """Of contours of one phase: volumes of that phase, muscle mass and heart rate; there is no EDV, ESV or EF."""
    out: dict[str, Quantity] = {}
    for name, quantity in measure_cine(contours, stack).items():
        if name.endswith("_edv_ml"):
            out[name.replace("_edv_ml", "_volume_ml")] = quantity
        elif name in ("lv_mass_g", "heart_rate_bpm"):
            out[name] = quantity
    return out


def measure_model(
    contours: CineContours, stack: CineStack, mesh: OrganMesh, patient: Patient
) -> Mapping[str, Quantity]:
    """What the model says, and beside it what the discs said, as lv_edv_discs_ml and so on.

    The two differ because discs are flat: they end level at the base and guess the apex, while the model closes at the
    valve rings and the apex found in the long axes and draws what lies between slices.
    """
    from twinviewer.organs.heart.motion.measures import NINETY, measure_motion

    discs = volumes(contours, stack)
    base_ml = NINETY * discs.base_uncertainty_ml if discs.base == "slices" else 0.0
    out: dict[str, Quantity] = {}
    for name, quantity in measure_cine(contours, stack).items():
        side, _, kind = name.partition("_")
        if kind in _BY_DISCS:
            stem, _, unit = kind.rpartition("_")
            out[f"{side}_{stem}_discs_{unit}"] = quantity
        elif name == "heart_rate_bpm":
            out[name] = quantity
    try:
        of_model = measure_motion(mesh, stack.mean_rr_s, patient.height_cm, patient.weight_kg, base_ml=base_ml)
    except ValueError:  # a height or weight that no one has: a slip in the header costs the indexed values only
        of_model = measure_motion(mesh, stack.mean_rr_s, base_ml=base_ml)
    return {**of_model, **out}
