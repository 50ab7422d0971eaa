"""What a comparison shows, in words and in order: groups of numbers, which changed most, one sentence a scenario.

Nothing is judged here and nothing recommended: the words repeat computed numbers.
"""

from collections.abc import Sequence

from twinviewer.domain import Delta
from twinviewer.session.metric_names import HEADLINE, METRICS, number_of, order_of, short_of

MOST, ALL = "Changed most", "All numbers"
ELECTRICAL, PUMP, PRESSURES, VALVES, WORK, OTHER = "Electrical", "Pump", "Pressures", "Valves", "Work", "Other"
GROUPS = (MOST, ELECTRICAL, PUMP, PRESSURES, VALVES, WORK, OTHER, ALL)
MOST_COUNT = 12

_FLOORS = {"ms": 100.0, "%": 10.0, "mL": 30.0, "mmHg": 10.0, "mmHg/s": 300.0, "L/min": 1.0, "bpm": 20.0, "m/s": 1.0,
           "kPa": 3.0, "deg": 90.0, "mmHg mL": 1000.0, "mmHg s/mL": 0.5}  # fmt: skip
"""Below this a value counts as so much: a share of next to nothing is no great change."""
_SPOKEN = (
    "qrs_ms", "lv_dpdt_max_mmhg_s", "lv_ef_percent", "qtc_ms", "heart_rate_bpm", "lv_esv_ml", "lv_stroke_volume_ml",
    "cardiac_output_l_min", "mean_arterial_mmhg", "mean_left_atrial_mmhg", "aortic_gradient_mean_mmhg",
    "mitral_regurgitant_percent", "aortic_regurgitant_percent", "mean_pulmonary_mmhg", "reentry_sustained",
)  # fmt: skip
"""What a sentence may speak of: the numbers that a referring doctor reads first."""
_IN_PERCENT = frozenset({"lv_dpdt_max_mmhg_s", "cardiac_output_l_min", "lv_stroke_volume_ml"})
SAID = 3
NOT_APART = "cannot be told apart"


def group_of_metric(name: str) -> str:
    """The group under which a metric is listed."""
    if name.startswith(("reentry_", "excitation_")):
        return ELECTRICAL
    if name.startswith(("qrs_", "qt_", "qtc_", "pr_", "septal_lateral_delay", "heart_rate")) or "activation" in name:
        return ELECTRICAL
    if any(part in name for part in ("gradient", "regurgitant", "_jet_", "_area_cm2")):
        return VALVES
    if "work" in name or "power" in name or name.startswith("pva_"):
        return WORK
    if name.endswith("_mmhg") or "resistance" in name or "elastance" in name:
        return PRESSURES
    if name.endswith(("_ml", "_percent", "_l_min", "_mmhg_s", "_ml_s", "_ms", "_mmhg_s")):
        return PUMP
    return OTHER


def size_of(delta: Delta) -> float:
    """How much changed, as a share of the value: what lists are sorted by."""
    return abs(delta.change) / max(abs(delta.baseline), abs(delta.other), _FLOORS.get(delta.unit, 1e-9))


def is_same(delta: Delta) -> bool:
    """Whether the two are one number: exactly, not by rounding."""
    return delta.change == 0.0


def still(delta: Delta) -> bool:
    """Whether the change is nothing at the decimals that the number deserves."""
    return not any(digit in "123456789" for digit in number_of(delta.name, abs(delta.change)))


def listed(deltas: Sequence[Sequence[Delta]], group: str) -> tuple[str, ...]:
    """Names of the metrics to list. deltas: those of each scenario against one reference. Where nothing has changed,
    what changed most is what doctors read first."""
    largest: dict[str, float] = {}
    for column in deltas:
        for delta in column:
            largest[delta.name] = max(largest.get(delta.name, 0.0), 0.0 if still(delta) else size_of(delta))
    if group == MOST:
        largest.pop("excitation_ms", None)  # PR says it
        ranked = sorted(largest, key=lambda name: (-largest[name], order_of(name)))
        return tuple(name for name in ranked[:MOST_COUNT] if largest[name] > 0.0) or tuple(
            name for name in HEADLINE if name in largest
        )
    names = [name for name in largest if group == ALL or group_of_metric(name) == group]
    return tuple(sorted(names, key=order_of))


def percent_of(delta: Delta) -> str:
    """The change in % with its sign; "" where a share says nothing: of an angle, of a value near 0 or of other sign,
    of what is in % itself."""
    if delta.percent is None or delta.unit in ("%", "deg", "1") or delta.baseline * delta.other <= 0.0:
        return ""
    if abs(delta.percent) >= 1000.0:
        return ""
    return f"{delta.percent:+.0f} %".replace("-", "−")


def signed(name: str, value: float) -> str:
    """A change with its sign; a 0 has none."""
    text = number_of(name, abs(value))
    if not any(digit in "123456789" for digit in text):
        return text
    return f"{'+' if value > 0 else '−'}{text}"


def _phrase(delta: Delta) -> str:
    short = short_of(delta.name)
    if still(delta):
        said = f"{short} {number_of(delta.name, delta.other)} {delta.unit}, the same"
    elif delta.name in _IN_PERCENT and percent_of(delta):
        said = f"{short} {percent_of(delta)}"
    else:
        said = f"{short} {number_of(delta.name, delta.baseline)} → {number_of(delta.name, delta.other)} {delta.unit}"
    return f"{said} ({NOT_APART})" if delta.apart is False and not still(delta) else said


def sentence(label: str, deltas: Sequence[Delta], against: str = "") -> str:
    """One sentence: what changed most of what doctors read first, and the ejection fraction in any case.

    label: the scenario's; against: the reference's, said where it is not the baseline. Without any change at all it
    says so.
    """
    of = f"{label} against {against}" if against else label
    if deltas and all(is_same(delta) for delta in deltas):
        return f"{of}: the same in all {len(deltas)} numbers."
    known = {delta.name: delta for delta in deltas if delta.name in _SPOKEN}
    ranked = sorted((d for d in known.values() if not still(d)), key=lambda d: (-size_of(d), order_of(d.name)))
    chosen = [delta.name for delta in ranked[:SAID]]
    if "lv_ef_percent" in known and "lv_ef_percent" not in chosen:
        chosen = [*chosen[: SAID - 1], "lv_ef_percent"]
    if not chosen:
        return f"{of}: no number that is read first changes."
    order = [name for name in METRICS if name in chosen] + [name for name in chosen if name not in METRICS]
    return f"{of}: {', '.join(_phrase(known[name]) for name in order)}."
