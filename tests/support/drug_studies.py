"""Published states before and after drugs, for tests and for docs/validation.md.

Each study gives the rest state that the circulation is brought to; after it the state that patients reached. NaN: the
study does not say. Where a rest state is not given in what could be read, ``assumed`` says so.
"""

from dataclasses import dataclass, field
from importlib import import_module

import numpy as np
from failing_heart import State, patient, state_of, treated
from failing_heart import beat_of as failing_beat

from twinviewer.domain import ParameterValue

NAN = float("nan")
BODY_M2 = 1.9
"""Body surface assumed where a study gives indices only."""


@dataclass(frozen=True)
class Study:
    """before, after: of the patients. own: whether the therapy's numbers were taken from it; else it is predicted."""

    therapy: str
    values: dict[str, ParameterValue]
    before: State
    after: State
    source: str
    own: bool
    assumed: str = ""
    weak: dict[str, str] = field(default_factory=dict)
    """What is known to be off -> why."""

    def ours(self) -> tuple[State, State]:
        """The circulation at rest and treated."""
        therapy = import_module(f"twinviewer.therapies.{self.therapy}").THERAPY
        rest = state_of(failing_beat(patient(self.before)))
        return rest, treated(self.before, lambda setup: therapy.apply(setup, self.values))


QUANTITIES = ("rate_bpm", "output_l_min", "stroke_ml", "mean_mmhg", "wedge_mmhg")
NEAR = {"rate_bpm": 0.05, "output_l_min": 0.10, "stroke_ml": 0.10, "mean_mmhg": 0.08, "wedge_mmhg": 0.15}
"""Relative error of the treated state that passes: about the standard error of such studies."""

STUDIES = (
    Study(
        "dobutamine", {"infusion_ug_kg_min": 10.0}, State(98.5, 3.1, 93.3, 27.4), State(105.2, 5.6, 98.2, 21.1),
        "15 with severe failure, Am J Cardiol 36:202 (1975)", True,
    ),
    Study(
        "dobutamine", {"infusion_ug_kg_min": 6.0}, State(85.0, 4.2, 97.0, 18.0), State(88.0, 5.6, NAN, NAN),
        "9 with failure, 5 and 7.5 ug/kg/min: output +33 % (a German catheter study)", False, "all but the rise",
    ),
    Study(
        "levosimendan", {"infusion_ug_kg_min": 0.4}, State(83.0, 3.6, 80.0, 27.0), State(89.6, 5.0, 75.0, 21.0),
        "146 with failure, Slawsky et al. (2000): output +39 %, rate +8 %; wedge -22 % (Nieminen)", True,
        "rest state, and 5 mmHg less mean pressure",
    ),
    Study(
        "levosimendan", {"infusion_ug_kg_min": 0.15}, State(95.0, 1.5 * BODY_M2, 74.0, 24.0),
        State(NAN, 2.1 * BODY_M2, NAN, 16.0),
        "13 in shock of high resistance (2009): index 1.5 to 2.1, wedge 24 to 16", False, "rate; catecholamines go on",
        {"output_l_min": "24 hours of infusion with metabolites; ours is in proportion to the rate of infusion",
         "wedge_mmhg": "the same"},
    ),
    Study(
        "noradrenaline", {"infusion_ug_kg_min": 0.04}, State(95.0, 4.2, 65.0, 18.0), State(98.0, 4.2, 85.0, 20.0),
        "12 in cardiogenic shock, Rokyta et al. (2010); dose from Maas et al. (2013)", True, "output, wedge, rate",
    ),
    Study(
        "nitroprusside", {"resistance_fall_percent": 48.0}, State(85.0, 4.0, 89.0, 31.0), State(85.0, 4.9, 66.0, 16.0),
        "8 with severe failure: mean 89 to 66, wedge 31 to 16", True, "output, whose rise is that of Packer et al.",
    ),
    Study(
        "nitroprusside", {"resistance_fall_percent": 33.0}, State(85.0, 3.6, 85.0, 26.0),
        State(85.0, 3.6 + 0.67 * BODY_M2, 85.0 - 11.0, 26.0 - 6.9),
        "15 with failure, Packer et al.: index +0.67, mean -11, filling -6.9", False, "rest state and dose",
        {"output_l_min": "the fall of resistance, to which the drug was titrated, is not in what could be read"},
    ),
    Study(
        "ace_inhibitor", {"captopril_mg": 25.0}, State(84.0, 2.0 * BODY_M2, 85.0, 26.0),
        State(78.0, 2.5 * BODY_M2, 64.0, 15.0), "15 with failure, 25 to 50 mg", True, "",
    ),
    Study(
        "ace_inhibitor", {"captopril_mg": 25.0}, State(84.0, 3.24, 89.6, 23.5), State(84.0, 4.05, 75.7, 16.8),
        "8 after infarction, 25 mg", True, "rate",
    ),
    Study(
        "diuretic", {"urine_ml": 2085.0}, State(87.0, 27.0 * BODY_M2 * 0.087, 90.0, 28.0),
        State(87.0, NAN, 90.0, 22.0), "15 with severe failure, Francis et al. (1985)", True, "",
    ),
    Study(
        "ivabradine", {"dose_mg": 7.5}, State(93.0, 2.2 * BODY_M2, 75.0, 20.0), State(68.0, 2.2 * BODY_M2, NAN, NAN),
        "10 with severe failure, De Ferrari et al. (2008): stroke +51 %, output kept", False, "mean pressure, wedge",
        {"output_l_min": "only the rate is changed here; what else let these patients keep their output is not known"},
    ),
)  # fmt: skip


def errors(study: Study, after: State) -> dict[str, tuple[float, float, float]]:
    """Quantity -> published, ours, relative error, for what the study gives. Stroke follows from output and rate."""
    out = {}
    for name in QUANTITIES:
        published, ours = getattr(study.after, name), getattr(after, name)
        if np.isfinite(published):
            out[name] = (published, ours, ours / published - 1.0)
    return out
