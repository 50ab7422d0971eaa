"""Ivabradine: a slower beat and nothing else.

Fall of the resting rate with 7.5 mg twice a day: from 70.2 under placebo to 58 bpm, crossed over in 23 patients (CMR
study in chronic coronary syndrome); intravenously in failure from 93 to 68 bpm (De Ferrari et al., Eur J Heart Fail
10:550, 2008). The drug enters open channels, so it slows a fast heart more: the straight line through both. How the
effect grows with the dose is assumed: half of the largest at 5 mg.
"""

from collections.abc import Mapping
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Setup
from twinviewer.therapies import checked, load_parameters

FULL_MG, HALF_MG = 7.5, 5.0
SLOPE = (25.0 - 12.2) / (93.0 - 70.2)
NO_FALL_BPM = 70.2 - 12.2 / SLOPE


def rate_fall_bpm(resting_bpm: float, dose_mg: float) -> float:
    """Fall of a resting rate with a dose given twice a day."""
    share = dose_mg / (dose_mg + HALF_MG) * (FULL_MG + HALF_MG) / FULL_MG
    return share * max(SLOPE * (resting_bpm - NO_FALL_BPM), 0.0)


class Ivabradine:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "ivabradine"
    label = "Ivabradine"
    group = "Drugs of the circulation"
    summary = "Slower sinus rate, nothing else; acute effect"
    edits = frozenset({"heart_rate"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with the slower rate. Raises TherapyError for a dose out of bounds."""
        number = {name: float(value) for name, value in checked(self.parameters, values, self.label).items()}
        dose_mg, rate = number["dose_mg"], setup.parameters["heart_rate_bpm"]
        lowest = min(number["lowest_rate_bpm"], rate.value)
        slower = max(rate.value - rate_fall_bpm(rate.value, dose_mg), lowest)
        if slower == rate.value:
            return setup
        source = f"ivabradine {dose_mg:g} mg twice a day"
        return setup.with_parameter("heart_rate_bpm", rate.with_value(slower, "population", source))


THERAPY = Ivabradine()
