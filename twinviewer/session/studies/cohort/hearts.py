"""A virtual cohort: people, and a heart for each of them.

Round a patient: the baseline's parameters times what published spreads and relations say another person's would differ
by. The hearts are like this one (the same disease, block, shape and scar), in bodies of all sizes and ages.

From published distributions: rate, pressures, ejection fraction, QRS and volume are drawn as a trial or a survey has
them, and the parameters that give a heart those numbers are found on a response surface (published.py).

Who is physiologically impossible is drawn again and counted by reason. Patient number k rests on the seed and on k
alone.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import exp, sqrt

import numpy as np

from twinviewer.domain import EngineError, Patient, Setup
from twinviewer.session.studies.cohort.people import MOST_DRAWS, Person, draw_person, person_of, within
from twinviewer.session.studies.cohort.size import on_reference
from twinviewer.session.studies.spreads import relation, spreads

PEOPLE = {"patient": "people_crt", "crt": "people_crt", "adults": "people_adults"}
"""Where a cohort comes from -> whose sex, age, height and weight its people have."""
SIZE = "size"
SPEED_M_S = (0.25, 1.5)
"""Along fibres: from diseased muscle to the fastest that was measured in working muscle."""
SPEEDS = ("conduction_fibre_m_s", "conduction_cross_m_s", "conduction_endocardial_m_s")
PULSE_MMHG = (15.0, 110.0)
HELD = 0.5
"""Of what force and rate alone would do to the mean pressure, the share that the vessels answer."""


@dataclass(frozen=True, slots=True, eq=False)
class Virtual:
    """One virtual patient. size: volume of the heart over that of the model. drawn: what was drawn, in its own unit;
    round a patient the factors, before sex, age and body move them. parameters: of the Setup, as the model's size must
    have them (size.py)."""

    number: int
    person: Person
    size: float
    drawn: Mapping[str, float]
    parameters: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """source: "patient", "crt" or "adults". redrawn: reason -> how many were drawn again. guessed: what of the patient
    was not known and taken from a table."""

    source: str
    seed: int
    virtuals: tuple[Virtual, ...]
    redrawn: Mapping[str, int] = field(default_factory=dict)
    guessed: tuple[str, ...] = ()


Heart = Callable[[np.random.Generator, Person], tuple[float, dict[str, float], dict[str, float]] | str]
"""Draws a heart for a person: size, what was drawn, parameters on the reference heart; or why there can be none."""


def gather(source: str, count: int, seed: int, heart: Heart, guessed: tuple[str, ...] = ()) -> Cohort:
    """``count`` virtual patients. EngineError where hearts can hardly be found."""
    redrawn: Counter[str] = Counter()
    virtuals = []
    for number in range(count):
        for attempt in range(MOST_DRAWS):
            rng = np.random.default_rng([seed, number, attempt])
            person = draw_person(rng, PEOPLE[source])
            found = heart(rng, person)
            if not isinstance(found, str):
                virtuals.append(Virtual(number, person, *found))
                break
            redrawn[found] += 1
        else:
            worst = redrawn.most_common(1)[0][0]
            raise EngineError(
                "No patient of this population fits the model", where=worst, remedy="Sample round this patient instead"
            )
    return Cohort(source, seed, tuple(virtuals), dict(redrawn), guessed)


def round_patient(setup: Setup, patient: Patient, count: int, seed: int) -> Cohort:
    """Hearts like this patient's in ``count`` people. EngineError for a Setup without its parameters."""
    centre, guessed = person_of(patient, PEOPLE["patient"])
    check(setup)
    of = {name: one for name, one in spreads("patient").items() if name == SIZE or name in setup.parameters}
    base = {name: setup.value(name) for name in of if name != SIZE}
    base["conduction_cross_m_s"] = setup.value("conduction_cross_m_s")

    def heart(rng: np.random.Generator, person: Person) -> tuple[float, dict[str, float], dict[str, float]] | str:
        drawn = {name: within(rng, one) for name, one in of.items()}
        factor = dict(drawn)
        _tie(factor)
        body = person.bsa_m2 / centre.bsa_m2
        size = body * factor.pop(SIZE) * related("size", person) / related("size", centre)
        own = {name: base[name] * value for name, value in factor.items()}
        own["conduction_cross_m_s"] = base["conduction_cross_m_s"] * factor["conduction_fibre_m_s"]
        own["stressed_volume_ml"] *= size
        for name, grows in (("resistance", -1), ("compliance", 1)):
            for vessel in ("systemic", "pulmonary"):
                full = f"{vessel}_{name}_mmhg_s_ml" if grows < 0 else f"{vessel}_{name}_ml_mmhg"
                own[full] *= body**grows
        for name, said in RELATED.items():
            if name in own:
                own[name] *= related(said, person) / related(said, centre)
        own["stiffness_rv_kpa"] = setup.value("stiffness_rv_kpa") * own["stiffness_lv_kpa"] / base["stiffness_lv_kpa"]
        low, high = SPEED_M_S
        if not low <= own["conduction_fibre_m_s"] <= high:
            return "conduction in muscle too slow or too fast"
        return size, drawn, on_reference(own, size)

    return gather("patient", count, seed, heart, guessed)


RELATED = {
    "systemic_resistance_mmhg_s_ml": "resistance",
    "systemic_compliance_ml_mmhg": "compliance",
    "contractility_lv_kpa": "contractility",
    "contractility_rv_kpa": "contractility",
    "stiffness_lv_kpa": "stiffness",
}
"""Parameter -> what of it goes with age and sex."""


def check(setup: Setup) -> None:
    """EngineError for a Setup whose heart cannot be varied: it lacks parameters that differ between people."""
    needed = {*spreads("patient"), "conduction_cross_m_s", "stiffness_rv_kpa"} - {SIZE}
    if missing := sorted(needed - set(setup.parameters)):
        raise EngineError(f"The setup has no {', '.join(missing)}", remedy="Prepare the baseline of a heart")


def related(what: str, person: Person, reference_years: float = 60.0) -> float:
    """Factor that sex and age put on "size", "resistance", "compliance", "contractility" or "stiffness"."""
    table = spreads("relations")
    a_year, women = table.get(f"{what}_a_year"), table.get(f"{what}_of_women")
    factor = exp(a_year.mean * (person.age_years - reference_years)) if a_year is not None else 1.0
    return factor * (women.mean if women is not None and person.sex == "F" else 1.0)


def _tie(factor: dict[str, float]) -> None:
    """What does not differ on its own: both ventricles' force, the lungs' compliance with their resistance, and the
    vessels of a heart that gives more: reflexes hold the pressure (share assumed, for pressures as in trials)."""
    factor["systemic_resistance_mmhg_s_ml"] /= (factor["contractility_lv_kpa"] * factor["heart_rate_bpm"]) ** HELD
    factor["contractility_rv_kpa"] *= sqrt(factor["contractility_lv_kpa"])
    # C = 0.564 / (0.047 + R), Tedford et al. (2012), R in mmHg s/mL round the 0.07 of sound lungs
    resistance = 0.07 * factor["pulmonary_resistance_mmhg_s_ml"]
    factor["pulmonary_compliance_ml_mmhg"] *= (0.047 + 0.07) / (0.047 + resistance)


def correlated(rng: np.random.Generator, names: tuple[str, ...]) -> dict[str, float]:
    """Standard normal numbers for the drawn quantities, correlated as the table says."""
    pairs = {
        ("lv_edv_index_ml_m2", "qrs_ms"): relation("qrs_with_size"),
        ("systolic_mmhg", "diastolic_mmhg"): relation("pressures"),
        ("lv_edv_index_ml_m2", "lv_ef_percent"): relation("ef_with_size"),
    }
    matrix = np.eye(len(names))
    for (one, other), value in pairs.items():
        i, j = names.index(one), names.index(other)
        matrix[i, j] = matrix[j, i] = value
    return dict(zip(names, np.linalg.cholesky(matrix) @ rng.standard_normal(len(names)), strict=True))
