"""From lying to a tilt table or the feet: blood pools below the heart, and reflexes answer.

The column of blood grows with the sine of the angle, and so do the blood that it keeps out of the filling of the heart,
the rise of the rate and of the resistance: in healthy people up to 60 degrees (Hainsworth and Al-Shamma, Clin Sci
74:17, 1988) rate rose by 14.7 bpm, output fell by 1.41 L/min, pressure was 1.0 mmHg higher in systole and 13.6 in
diastole. Of a circulation of 6.1 L/min at 90 mmHg (assumed) that takes 188 mL of stressed blood, what veins give back
included, and 1.76 times the resistance: both were fitted to that study. What muscles of standing legs pump is left out.
"""

import math
from collections.abc import Mapping
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Setup, TherapyError
from twinviewer.therapies import checked, load_parameters

SINE_60 = math.sin(math.radians(60.0))
RATE_BPM, RESISTANCE, POOLED_ML = 14.7, 1.76, 188.0
"""At 60 degrees: rise of the rate, factor of the resistance, blood that does not fill the heart."""
LEAST_VOLUME_ML = 200.0


class Posture:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "posture"
    label = "Upright posture"
    group = "Exercise and posture"
    summary = "Head up on a tilt table: blood pools below the heart, rate and vessels answer. Not a treatment"
    edits = frozenset({"volume", "resistance", "heart_rate"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup upright. Raises TherapyError for values out of bounds, and where too little blood would be left."""
        number = {name: float(value) for name, value in checked(self.parameters, values, self.label).items()}
        angle_deg, answer = number["angle_deg"], number["reflex_percent"] / 100.0
        share = math.sin(math.radians(angle_deg)) / SINE_60
        if share == 0.0:
            return setup
        blood = setup.parameters["stressed_volume_ml"]
        left_ml = blood.value - share * POOLED_ML
        if left_ml < LEAST_VOLUME_ML:
            raise TherapyError(
                "Too little blood would be left to fill the heart",
                where=f"{blood.value:.0f} mL under pressure, {share * POOLED_ML:.0f} mL pool",
                remedy="Choose a smaller angle",
            )
        source = f"{angle_deg:g} degrees head up"
        rate = setup.parameters["heart_rate_bpm"]
        vessels = setup.parameters["systemic_resistance_mmhg_s_ml"]
        new = {
            "stressed_volume_ml": blood.with_value(left_ml, "population", source),
            "heart_rate_bpm": rate.with_value(rate.value + answer * share * RATE_BPM, "population", source),
            "systemic_resistance_mmhg_s_ml": vessels.with_value(
                vessels.value * (1.0 + answer * share * (RESISTANCE - 1.0)), "population", source
            ),
        }
        for name, quantity in new.items():
            setup = setup.with_parameter(name, quantity)
        return setup


THERAPY = Posture()
