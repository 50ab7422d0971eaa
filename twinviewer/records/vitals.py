"""The names, units, codes and bounds of what records may tell us. LOINC for numbers, SNOMED CT for findings."""

from dataclasses import dataclass

from twinviewer.domain import LoadError, Quantity

MMHG_PER_KPA = 7.500617
"""1 mmHg = 133.322 Pa (BIPM)."""


@dataclass(frozen=True, slots=True)
class Vital:
    """One number. unit: what it is kept in. scale: UCUM or written unit -> factor to ``unit``. minimum, maximum:
    beyond them a record is a slip of the pen (rate in another unit, weight in grams), not a patient. loinc: "" for what
    only our own summaries of wearables say; also: further LOINC codes of the same thing."""

    name: str
    label: str
    loinc: str
    unit: str
    ucum: str
    scale: dict[str, float]
    minimum: float
    maximum: float
    also: tuple[str, ...] = ()


_RATE = {"bpm": 1.0, "/min": 1.0, "{beats}/min": 1.0, "beats/min": 1.0, "beats/minute": 1.0, "1/min": 1.0, "hz": 60.0}
_PRESSURE = {"mm[hg]": 1.0, "mmhg": 1.0, "kpa": MMHG_PER_KPA}
_MASS = {"kg": 1.0, "g": 0.001, "[lb_av]": 0.45359237, "lb": 0.45359237, "lbs": 0.45359237}
_LENGTH = {"cm": 1.0, "m": 100.0, "mm": 0.1, "[in_i]": 2.54, "in": 2.54}
_TIME = {"ms": 1.0, "msec": 1.0, "s": 1000.0}
# NT-proBNP weighs 8457 g/mol: 1 pmol/L = 8.457 pg/mL
_PEPTIDE = {"pg/ml": 1.0, "ng/l": 1.0, "pmol/l": 8.457}

VITALS = (
    Vital("heart_rate_bpm", "Heart rate", "8867-4", "bpm", "/min", _RATE, 20, 300, ("40443-4",)),
    Vital("systolic_mmhg", "Systolic blood pressure", "8480-6", "mmHg", "mm[Hg]", _PRESSURE, 40, 300),
    Vital("diastolic_mmhg", "Diastolic blood pressure", "8462-4", "mmHg", "mm[Hg]", _PRESSURE, 10, 200),
    Vital("weight_kg", "Body weight", "29463-7", "kg", "kg", _MASS, 1, 400, ("3141-9",)),
    Vital("height_cm", "Body height", "8302-2", "cm", "cm", _LENGTH, 30, 260, ("3137-7",)),
    Vital("qrs_ms", "QRS duration", "8633-0", "ms", "ms", _TIME, 30, 400),
    Vital("pr_ms", "PR interval", "8625-6", "ms", "ms", _TIME, 50, 600),
    Vital("qt_ms", "QT interval", "8634-8", "ms", "ms", _TIME, 150, 900),
    Vital("qtc_ms", "QTc", "8636-3", "ms", "ms", _TIME, 200, 900),
    Vital("qrs_axis_deg", "Frontal QRS axis", "8632-2", "deg", "deg", {"deg": 1.0, "°": 1.0, "degree": 1.0}, -180, 360),
    Vital("lv_ef_percent", "LV ejection fraction", "10230-1", "%", "%", {"%": 1.0}, 5, 90, ("8806-2", "18043-0")),
    Vital("nt_probnp_pg_ml", "NT-proBNP", "33762-6", "pg/mL", "pg/mL", _PEPTIDE, 1, 200_000),
    Vital("age_years", "Age", "30525-0", "years", "a", {"years": 1.0, "a": 1.0, "year": 1.0}, 0, 125),
    Vital("heart_rate_lowest_bpm", "Lowest heart rate, 2 min", "", "bpm", "/min", _RATE, 20, 300),
    Vital("heart_rate_mean_bpm", "Mean heart rate", "", "bpm", "/min", _RATE, 20, 300),
    Vital("heart_rate_peak_bpm", "Highest heart rate", "", "bpm", "/min", _RATE, 20, 300),
    Vital("rr_mean_ms", "Mean RR interval", "", "ms", "ms", _TIME, 200, 3000),
    Vital("sdnn_ms", "SDNN", "", "ms", "ms", _TIME, 0, 1000),
    Vital("rmssd_ms", "RMSSD", "", "ms", "ms", _TIME, 0, 1000),
)
BY_LOINC = {code: vital for vital in VITALS for code in (vital.loinc, *vital.also) if code}
BY_NAME = {vital.name: vital for vital in VITALS}
BLOOD_PRESSURE_PANELS = ("85354-9", "55284-4")

FINDINGS = {
    "63467002": "left_bundle_branch_block",
    "59118001": "right_bundle_branch_block",
    "445118002": "left_anterior_fascicular_block",
    "27885002": "complete_heart_block",
    "270492004": "first_degree_heart_block",
    "49436004": "atrial_fibrillation",
    "84114007": "heart_failure",
    "42343007": "heart_failure",
    "88805009": "heart_failure",
    "399020009": "dilated_cardiomyopathy",
    "233873004": "hypertrophic_cardiomyopathy",
    "22298006": "myocardial_infarction",
    "399211009": "old_myocardial_infarction",
    "53741008": "coronary_heart_disease",
    "38341003": "hypertension",
    "60573004": "aortic_stenosis",
    "48724000": "mitral_regurgitation",
    "441509002": "pacemaker",
}
"""SNOMED CT concept -> finding."""
SNOMED_OF = {name: code for code, name in reversed(FINDINGS.items())}


def quantity(vital: Vital, value: float, unit: str, source: str) -> Quantity | None:
    """The measured Quantity in the vital's own unit; None where the unit is not known."""
    factor = vital.scale.get(unit.strip().lower())
    return None if factor is None else Quantity(float(value) * factor, vital.unit, "measured", source)


def check(vital: Vital, found: Quantity) -> None:
    """Raise LoadError for a value that no patient has."""
    if why := refusal(vital, found):
        raise LoadError(why, where=found.source, remedy=f"{_between(vital)}; correct the record")


def refusal(vital: Vital, found: Quantity) -> str:
    """Why a value cannot be a patient's; "" where it can."""
    if vital.minimum <= found.value <= vital.maximum:
        return ""
    return f"{vital.label} of {found.value:g} {vital.unit} cannot be true"


def _between(vital: Vital) -> str:
    return f"It should lie between {vital.minimum:g} and {vital.maximum:g} {vital.unit}"
