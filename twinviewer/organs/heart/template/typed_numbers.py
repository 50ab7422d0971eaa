"""Numbers that a user types in where no image gives a heart: what may be typed, its bounds, and what follows from it.

Defaults are means of adults without heart disease. Where nothing is typed for the right ventricle its end-diastolic
volume stands to the left one's as in those adults, and it ejects what the left one ejects.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from twinviewer.domain import MeshError, Origin, Parameter, ParameterValue, Quantity
from twinviewer.organs.heart.motion.body import MOSTELLER, body_surface_m2

PETERSEN = "Petersen et al., J Cardiovasc Magn Reson 19:18 (2017)"
KAWEL = "Kawel et al., Circ Cardiovasc Imaging 5:500 (2012)"
TYPED = "typed in by the user; no image was used"
FOLLOWS = "follows from numbers typed in by the user; no image was used"
RIGHT_SHARE = 1.08
"""Right over left end-diastolic volume, mean of women and men (PETERSEN)."""
NOT_TYPED = 0.0
"""An optional number at this value has not been typed."""
MOST_EF, LEAST_EF = 0.80, 0.05
MOST_RIGHT_EF = 0.80


def _number(name: str, label: str, unit: str, default: float, low: float, high: float, step: float, source: str,
            help_: str) -> Parameter:  # fmt: skip
    return Parameter(name, label, "number", default, source, unit, low, high, step, help=help_)


_OWN = "Not typed: 0"
NUMBERS: tuple[Parameter, ...] = (
    _number("lv_edv_ml", "LV end-diastolic volume", "mL", 145, 50, 450, 1,
            f"Mean of healthy men and women: {PETERSEN}", "Cavity with papillary muscles, at end-diastole"),
    _number("lv_esv_ml", "LV end-systolic volume", "mL", 59, 12, 400, 1,
            f"Ejection fraction of 59 %: {PETERSEN}", "Cavity with papillary muscles, at end-systole"),
    _number("wall_mm", "LV wall thickness, mean", "mm", 6, 4, 18, 0.5,
            f"5.3 mm in women, 6.3 mm in men: {KAWEL}", "Mean over AHA segments 1 to 16 at end-diastole"),
    _number("rv_edv_ml", "RV end-diastolic volume, if known", "mL", NOT_TYPED, 0, 450, 1,
            _OWN, f"Else {RIGHT_SHARE:g} times the left one ({PETERSEN})"),
    _number("rv_esv_ml", "RV end-systolic volume, if known", "mL", NOT_TYPED, 0, 400, 1,
            _OWN, "Else the right ventricle ejects what the left one ejects"),
    _number("lv_length_mm", "LV length, if known", "mm", NOT_TYPED, 0, 140, 1,
            _OWN, "Mitral plane to endocardial apex at end-diastole; else in proportion to the template"),
    _number("height_cm", "Height, if known", "cm", NOT_TYPED, 0, 230, 1, _OWN,
            f"With the weight, volumes and mass are also given by body surface ({MOSTELLER})"),
    _number("weight_kg", "Weight, if known", "kg", NOT_TYPED, 0, 300, 1, _OWN, "See height"),
)  # fmt: skip
_LEAST = {"rv_edv_ml": 50.0, "rv_esv_ml": 12.0, "lv_length_mm": 50.0, "height_cm": 100.0, "weight_kg": 25.0}
"""Lower bound of an optional number, once it is typed."""
_REMEDY = "Type other numbers"


@dataclass(frozen=True, slots=True)
class TypedHeart:
    """The numbers that a model is scaled to, complete. given: those that were typed, the others are assumed."""

    lv_edv_ml: float
    lv_esv_ml: float
    wall_mm: float
    rv_edv_ml: float
    rv_esv_ml: float
    lv_length_mm: float | None
    body_m2: float | None
    given: frozenset[str] = field(default=frozenset())

    @property
    def ef(self) -> float:
        """Left ejection fraction, 0..1."""
        return 1.0 - self.lv_esv_ml / self.lv_edv_ml


def typed_heart(values: Mapping[str, ParameterValue]) -> TypedHeart:
    """Check what was typed and complete it. Raises MeshError for an unknown name, a number out of bounds, or numbers
    that no heart has together."""
    known = {one.name: one for one in NUMBERS}
    if unknown := sorted(set(values) - set(known)):
        raise MeshError(f"{', '.join(unknown)} cannot be typed in", remedy=f"Known: {', '.join(known)}")
    typed: dict[str, float] = {}
    for name, value in values.items():
        try:
            number = float(known[name].check(value))
        except (ValueError, TypeError) as broken:
            raise MeshError(str(broken), where=name, remedy=_REMEDY) from broken
        if name in _LEAST:
            if number == NOT_TYPED:
                continue
            if not number >= _LEAST[name]:
                raise MeshError(f"{name} = {number:g} is below its minimum of {_LEAST[name]:g}", remedy=_REMEDY)
        typed[name] = number
    full = {name: typed.get(name, float(known[name].default)) for name in known}
    edv, esv = full["lv_edv_ml"], full["lv_esv_ml"]
    _ejects("left", edv, esv, MOST_EF)
    right_edv = typed.get("rv_edv_ml", max(RIGHT_SHARE * edv, (edv - esv) / 0.65))
    right_esv = typed.get("rv_esv_ml", right_edv - (edv - esv))
    _ejects("right", right_edv, right_esv, MOST_RIGHT_EF)
    body = None
    if {"height_cm", "weight_kg"} & set(typed):
        if not {"height_cm", "weight_kg"} <= set(typed):
            raise MeshError("Height and weight are needed together", remedy="Type both, or none of them")
        body = body_surface_m2(typed["height_cm"], typed["weight_kg"])
    return TypedHeart(
        edv, esv, full["wall_mm"], right_edv, right_esv, typed.get("lv_length_mm"), body, frozenset(typed)
    )


def summary(heart: TypedHeart) -> str:
    """What follows from the numbers, in one sentence."""
    right = 100.0 * (1.0 - heart.rv_esv_ml / heart.rv_edv_ml)
    said = "" if {"rv_edv_ml", "rv_esv_ml"} <= heart.given else " (assumed)"
    return (
        f"LV ejects {heart.lv_edv_ml - heart.lv_esv_ml:.0f} mL, EF {100 * heart.ef:.0f} %. RV from "
        f"{heart.rv_edv_ml:.0f} to {heart.rv_esv_ml:.0f} mL, EF {right:.0f} %{said}."
    )


def _ejects(side: str, edv: float, esv: float, most: float) -> None:
    share = 1.0 - esv / edv
    if not LEAST_EF <= share <= most:
        raise MeshError(
            f"The {side} ventricle would eject {100 * share:.0f} % of {edv:g} mL; "
            f"between {100 * LEAST_EF:.0f} and {100 * most:.0f} % can be modelled",
            remedy="Check both volumes",
        )


def quantities(heart: TypedHeart, muscle_ml: float, length_mm: float) -> dict[str, Quantity]:
    """What the numbers say, by names of docs/metrics.md. muscle_ml, length_mm: of the scaled template.

    Origin "chosen": typed. What follows from typed numbers alone is chosen too; what rests on one that was not typed
    is "assumed" and says so.
    """
    out: dict[str, Quantity] = {}

    def put(name: str, value: float, unit: str, rests_on: tuple[str, ...], source: str = FOLLOWS) -> None:
        missing = sorted(set(rests_on) - heart.given)
        origin: Origin = "assumed" if missing else "chosen"
        if missing:
            source = f"not typed in: {', '.join(missing)} assumed; no image was used"
        out[name] = Quantity(value, unit, origin, source)

    for side, edv, esv in (
        ("lv", heart.lv_edv_ml, heart.lv_esv_ml),
        ("rv", heart.rv_edv_ml, heart.rv_esv_ml),
    ):
        both = (f"{side}_edv_ml", f"{side}_esv_ml")
        put(both[0], edv, "mL", both[:1], TYPED)
        put(both[1], esv, "mL", both[1:], TYPED)
        put(f"{side}_stroke_volume_ml", edv - esv, "mL", both)
        put(f"{side}_ef_percent", 100.0 * (1.0 - esv / edv), "%", both)
    put("lv_wall_thickness_mm", heart.wall_mm, "mm", ("wall_mm",), TYPED)
    put("lv_mass_g", 1.05 * muscle_ml, "g", ("lv_edv_ml", "wall_mm"))
    put("lv_length_mm", length_mm, "mm", ("lv_length_mm",), TYPED)
    if heart.body_m2 is not None:
        source = f"typed height and weight; {MOSTELLER}"
        out["body_surface_m2"] = Quantity(heart.body_m2, "m²", "chosen", source)
        names = {f"{s}_{k}_ml": f"{s}_{k}_index_ml_m2" for s in ("lv", "rv") for k in ("edv", "esv", "stroke_volume")}
        for name, indexed in (names | {"lv_mass_g": "lv_mass_index_g_m2"}).items():
            q = out[name]
            out[indexed] = Quantity(q.value / heart.body_m2, f"{q.unit}/m²", q.origin, f"{q.source}; {MOSTELLER}")
    return out
