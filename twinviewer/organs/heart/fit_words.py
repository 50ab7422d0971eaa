"""The fit in sentences: what is met, and why a model does not fit."""

from twinviewer.domain import BaselineFit, Residual

WORDS = {
    "heart_rate_bpm": ("heart rate", 0),
    "qrs_ms": ("QRS", 0),
    "lv_edv_ml": ("LV EDV", 0),
    "lv_ef_percent": ("LV EF", 1),
    "rv_edv_ml": ("RV EDV", 0),
    "rv_ef_percent": ("RV EF", 1),
    "systolic_mmhg": ("systolic pressure", 0),
    "diastolic_mmhg": ("diastolic pressure", 0),
    "lv_peak_ejection_ml_s": ("peak ejection rate", 0),
    "lv_peak_filling_ml_s": ("peak filling rate", 0),
    "contractility_lv_kpa": ("contractility of the left ventricle", 0),
    "contractility_rv_kpa": ("contractility of the right ventricle", 0),
    "systemic_resistance_mmhg_s_ml": ("systemic resistance", 2),
    "systemic_compliance_ml_mmhg": ("compliance of the systemic arteries", 2),
    "stressed_volume_ml": ("stressed blood volume", 0),
    "lv_filling_pressure_mmhg": ("filling pressure of the left ventricle", 1),
    "rv_filling_pressure_mmhg": ("filling pressure of the right ventricle", 1),
    "pulmonary_resistance_mmhg_s_ml": ("pulmonary resistance", 3),
    "pulmonary_compliance_ml_mmhg": ("compliance of the pulmonary arteries", 1),
    "stiffness_lv_kpa": ("stiffness of the left ventricle", 0),
    "stiffness_rv_kpa": ("stiffness of the right ventricle", 0),
    "relaxation_ms": ("time constant of relaxation", 0),
}


def _named(name: str) -> tuple[str, int]:
    return WORDS.get(name, (name.replace("_", " "), 1))


def summary(found: BaselineFit, beats: int) -> str:
    """What is met, and how much the data determine."""
    met = ", ".join(_met(one) for one in found.residuals if one.fitted and one.met)
    told = sum(one.is_told for one in found.parameters)
    text = f"Fitted in {beats} beats: {met}" if met else f"Fitted in {beats} beats, and nothing is met"
    return f"{text}. The data tell {told} of {len(found.parameters)} parameters ({found.directions} combinations)"


def problems(found: BaselineFit) -> tuple[str, ...]:
    """One sentence for each measurement that is missed and each parameter that no patient has."""
    out = [
        f"Does not fit: {_met(one)}, {abs(one.errors):.1f} times the error of the measurement"
        for one in found.residuals
        if one.fitted and not one.met
    ]
    for one in found.parameters:
        if not one.in_range:
            name, digits = _named(one.name)
            limits = f"{one.low:.{digits}f} to {one.high:.{digits}f} {one.value.unit}"
            out.append(f"Does not fit: {name} would be {one.value.value:.{digits}f}; patients have {limits}")
    return tuple(out)


def _met(one: Residual) -> str:
    name, digits = _named(one.name)
    return f"{name} {one.simulated:.{digits}f} for {one.measured.value:.{digits}f} {one.measured.unit}"
