"""A cohort of forty whose answers are made by hand: women's dP/dt max rises by 20 %, men's by 5 %."""

import numpy as np
from failing_heart import UNITS as NAMED

from twinviewer.domain import OrganMesh, Patient, Quantity, Setup
from twinviewer.session.studies.cohort.hearts import round_patient
from twinviewer.session.studies.cohort.step import _told, points_of
from twinviewer.session.studies.study import Answer, Study, Wanted
from twinviewer.session.therapy_use import TherapyUse

BASE = {
    "heart_rate_bpm": 70.0, "contractility_lv_kpa": 60.0, "contractility_rv_kpa": 40.0,
    "systemic_resistance_mmhg_s_ml": 1.0, "systemic_compliance_ml_mmhg": 1.2, "pulmonary_resistance_mmhg_s_ml": 0.07,
    "pulmonary_compliance_ml_mmhg": 6.0, "stressed_volume_ml": 1200.0, "stiffness_lv_kpa": 110.0,
    "stiffness_rv_kpa": 110.0, "relaxation_ms": 32.0, "conduction_fibre_m_s": 0.7, "conduction_cross_m_s": 0.35,
    "conduction_endocardial_m_s": 1.2,
}  # fmt: skip
PATIENT = Patient("p", "M", 63.0, 85.0, 176.0)
CRT = (TherapyUse("crt", {}),)


def bare() -> Setup:
    mesh = OrganMesh("heart", np.zeros((0, 3)), np.zeros((0, 4), np.int32), {}, {}, {}, {}, 0, "mesh", "labels")
    return Setup(mesh, {n: Quantity(v, NAMED.get(n, "unit"), "fitted", "test") for n, v in BASE.items()}, ())


def made_study(answers: int = 40, baseline_uid: str = "uid") -> Study:
    """Answers made by hand: women's dP/dt max rises by 20 %, men's by 5 %."""

    cohort = round_patient(bare(), PATIENT, 40, 1)
    points = points_of(cohort, CRT)
    made = []
    for k, point in enumerate(points[: 2 * answers]):
        one = cohort.virtuals[k // 2]
        gain = (1.2 if one.person.sex == "F" else 1.05) if point.therapies else 1.0
        numbers = {"lv_dpdt_max_mmhg_s": 900.0 * gain, "qrs_ms": 150.0, "lv_ef_percent": 30.0, "lv_edv_ml": 200.0}
        made.append(Answer(point.name, numbers, failure="diverged" if k == 5 else ""))
    settings: dict[str, float | str | bool] = {
        "source": "patient", "seed": 1.0, "response": "lv_dpdt_max_mmhg_s:+10%", "why": "test", "people": _told(cohort),
        "redrawn": "{}", "guessed": "[]",
    }  # fmt: skip
    return Study("cohort", "cohort", "beat", baseline_uid, points, tuple(made), Wanted(), settings)
