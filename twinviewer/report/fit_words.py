"""The fit of a baseline as window and page say it."""

from twinviewer.domain import BaselineFit, FittedParameter, Residual
from twinviewer.session.metric_names import label_of

PARAMETERS = {
    "contractility_lv_kpa": "LV contractility",
    "contractility_rv_kpa": "RV contractility",
    "stiffness_lv_kpa": "LV stiffness",
    "stiffness_rv_kpa": "RV stiffness",
    "lv_filling_pressure_mmhg": "LV filling pressure",
    "rv_filling_pressure_mmhg": "RV filling pressure",
    "systemic_resistance_mmhg_s_ml": "Systemic resistance",
    "systemic_compliance_ml_mmhg": "Systemic compliance",
    "pulmonary_resistance_mmhg_s_ml": "Pulmonary resistance",
    "pulmonary_compliance_ml_mmhg": "Pulmonary compliance",
    "stressed_volume_ml": "Stressed volume",
    "relaxation_ms": "Relaxation time",
}
"""Names short enough for a narrow table."""
_ORIGINS = {"measured": "measured", "chosen": "set by the user"}


def parameter_label(name: str) -> str:
    """A fitted parameter's short name."""
    return PARAMETERS.get(name, label_of(name))


def origin_of(one: Residual) -> str:
    """Where the known number is from, in a word or two."""
    return _ORIGINS.get(one.measured.origin, "a mean of adults, not measured")


def counted(found: BaselineFit) -> str:
    """How many measurements are met, and how much they tell."""
    known = [one for one in found.residuals if one.known]
    told = sum(one.is_told for one in found.parameters)
    text = f"Fits: {sum(one.met for one in known)} of {len(known)} measurements within two of their errors. "
    return text + f"They tell {told} of {len(found.parameters)} parameters; the others are as in a population."


def asked(one: FittedParameter) -> str:
    """Whether the data tell a parameter, and if not what would."""
    if one.is_told:
        return "told by these data"
    if not one.asks:
        return "cannot be told from these data"
    names = [label_of(name) for name in one.asks]
    lowered = (name[:1].lower() + name[1:] if name[1:2].islower() else name for name in names)
    return "cannot be told from these data; would need " + ", ".join(lowered)
