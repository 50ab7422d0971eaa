"""Beta-1 blockade by metoprolol: a slower and weaker beat.

Effect E(d) = d / (d + ED50), relative to the target dose of 200 mg. ED50 = EC50 / (concentration per dose):
  EC50 89 nmol/L (Abrahamsson, in Wikstrand et al., J Cardiovasc Pharmacol 41:151, 2003); controlled release at 50 mg
  a day gives 39 to 71 nmol/L, mean 55 (Lucker et al., J Clin Pharmacol 30:S17, 1990), so 1.1 nmol/L per mg.
Rate: in MERIT-HF the fall over placebo-free titration to the target grew with the resting rate, -8, -10, -11, -13 and
  -14 bpm at 71, 76, 81, 87 and 98 bpm (Gullestad et al., J Am Coll Cardiol 45:252, 2005); the line through them is
  used, not below 0.
Contractility: intravenous metoprolol, about 12 mg, took LV dP/dt max from 1480 to 1061 mmHg/s (-28 %) in 16 patients
  (Am J Cardiol 63:159, 1989, doi:10.1016/0002-9149(89)90279-8), EF from 48 to 43 %. A loss of 25 % of contractility in
  both ventricles gives that fall of dP/dt max in this project's beat engine. Blood vessels answer only where the
  settings of the heart switch the baroreflex on; without it pressure falls more than in a patient.
"""

from collections.abc import Mapping
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Setup
from twinviewer.therapies import checked, load_parameters

TARGET_MG = 200.0
EC50_NMOL_L = 89.0
NMOL_L_PER_MG = 55.0 / 50.0
ED50_MG = EC50_NMOL_L / NMOL_L_PER_MG
# Straight line through the five quintiles of MERIT-HF: fall in bpm at 0 and per bpm of resting rate
RATE_OFFSET_BPM, RATE_SLOPE = -7.01, 0.2205
CONTRACTILITY_LOSS = 0.25


def effect(dose_mg: float) -> float:
    """Share of the target dose's effect, 0 without drug, 1 at 200 mg a day."""
    return dose_mg / (dose_mg + ED50_MG) * (TARGET_MG + ED50_MG) / TARGET_MG


def rate_fall_bpm(resting_bpm: float) -> float:
    """Fall of the resting rate at the target dose."""
    return max(RATE_OFFSET_BPM + RATE_SLOPE * resting_bpm, 0.0)


class BetaBlocker:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "beta_blocker"
    label = "Beta-blocker"
    group = "Drugs of the circulation"
    summary = "Metoprolol: slower rate, lower contractility; acute effect"
    edits = frozenset({"heart_rate", "contractility"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with the drug's rate and contractility. Raises TherapyError for a dose out of bounds."""
        number = {name: float(value) for name, value in checked(self.parameters, values, self.label).items()}
        share = effect(number["metoprolol_mg_day"])
        source = (
            f"metoprolol {number['metoprolol_mg_day']:g} mg a day, {100.0 * share:.0f} % of the target dose's effect"
        )

        rate = setup.parameters["heart_rate_bpm"]
        lowest = min(number["lowest_rate_bpm"], rate.value)
        slower = max(rate.value - share * rate_fall_bpm(rate.value), lowest)
        treated = setup.with_parameter("heart_rate_bpm", rate.with_value(slower, "population", source))
        for name in ("contractility_lv_kpa", "contractility_rv_kpa"):
            force = setup.parameters[name]
            weaker = force.value * (1.0 - CONTRACTILITY_LOSS * share)
            treated = treated.with_parameter(name, force.with_value(weaker, "population", source))
        return treated


THERAPY = BetaBlocker()
