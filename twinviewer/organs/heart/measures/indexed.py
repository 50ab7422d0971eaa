"""Volumes and masses over the body's surface, and what else follows from numbers that are there."""

from collections.abc import Mapping

from twinviewer.domain import Patient, Quantity
from twinviewer.organs.heart.motion.body import MOSTELLER, body_surface_m2

INDEXED = {
    f"{side}_{kind}_ml": f"{side}_{kind}_index_ml_m2"
    for side, kinds in {
        "lv": ("edv", "esv", "stroke_volume", "volume"),
        "rv": ("edv", "esv", "stroke_volume", "volume"),
        "la": ("max", "min", "volume"),
        "ra": ("max", "min", "volume"),
    }.items()
    for kind in kinds
} | {
    "lv_mass_g": "lv_mass_index_g_m2",
    "rv_mass_g": "rv_mass_index_g_m2",
    "cardiac_output_l_min": "cardiac_index_l_min_m2",
}
"""Name of a measure -> name of the same over body surface."""


def indexed(known: Mapping[str, Quantity], patient: Patient) -> dict[str, Quantity]:
    """Body surface and all that is indexed by it; nothing where height or weight is unknown, or no one's."""
    height, weight = patient.height_cm, patient.weight_kg
    if height is None or weight is None:
        return {}
    try:
        surface = body_surface_m2(height, weight)
    except ValueError:  # metres for centimetres, grams for kilograms: seen in real headers
        return {}
    said = f"height {height:g} cm, weight {weight:g} kg; {MOSTELLER}"
    out = {"body_surface_m2": Quantity(surface, "m²", "measured", said)}
    for name, over in INDEXED.items():
        if name in known:
            q = known[name]
            low, high = (None if end is None else end / surface for end in (q.low, q.high))
            out[over] = Quantity(
                q.value / surface, f"{q.unit}/m²", q.origin, f"{q.source}; body surface {MOSTELLER}", low, high
            )
    return out


def atrial_emptying(known: Mapping[str, Quantity]) -> dict[str, Quantity]:
    """Total emptying fraction of each atrium, the faces of both phases being moved together."""
    out = {}
    for side in ("la", "ra"):
        large, small = known.get(f"{side}_max_ml"), known.get(f"{side}_min_ml")
        if large is None or small is None or large.value <= 0.0:
            continue
        value = 100.0 * (1.0 - small.value / large.value)
        ends: tuple[float | None, float | None] = (None, None)
        if None not in (large.low, large.high, small.low, small.high):
            pairs = ((large.low, small.low), (large.high, small.high))
            low, high = sorted(100.0 * (1.0 - (b or 0.0) / max(a or 0.0, 1e-6)) for a, b in pairs)
            ends = (low, high)
        out[f"{side}_ef_percent"] = Quantity(value, "%", "measured", large.source, *ends)
    return out
