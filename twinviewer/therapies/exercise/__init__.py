"""Exercise on a bicycle: a faster and stronger beat, wide vessels in the muscles, more blood back to the heart.

All that changes goes with the share x of the power that this person can keep up at most, as output goes with oxygen
uptake (uptake = 10.8 W + 7 kg mL/min: American College of Sports Medicine). At x = 1 in health: the rate that is given,
2.5 times the force with relaxation 2.5 times as fast, conductances of arteries and veins 1 / 0.35 and of the lungs
twice those of rest, and 800 mL more stressed blood from abdomen and muscles. Resistance, force and blood were fitted to
24 healthy men upright (Higginbotham et al., Circ Res 58:281, 1986: index 3.0 to 9.7 L/min/m2 at 167 bpm); relaxation
and lungs are assumed. In heart failure force hardly rises and vessels widen less: a reserve below 100 % scales force
and relaxation, and 0.6 of what vessels do (assumed). The baseline's posture is kept: put an upright posture before it.
The PR interval is kept as well.
"""

from collections.abc import Mapping
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Setup, TherapyError
from twinviewer.physics.heart_model import VEIN_RESISTANCE
from twinviewer.therapies import checked, load_parameters

FORCE, RELAXATION, CONDUCTANCE, LUNG_CONDUCTANCE, BLOOD_ML = 2.5, 2.5, 1.0 / 0.35, 2.0, 800.0
"""Factors at the highest power of a healthy person, and blood gained."""


class Exercise:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "exercise"
    label = "Exercise"
    group = "Exercise and posture"
    summary = "Bicycle at a power in watts, of a healthy or a failing heart. Not a treatment"
    edits = frozenset({"volume", "resistance", "heart_rate", "contractility"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup at work. Raises TherapyError for values out of bounds, for more power than the highest, and where
        the heart beats faster at rest than it is said to at its highest power."""
        number = {name: float(value) for name, value in checked(self.parameters, values, self.label).items()}
        power_w, most_w, fastest_bpm = number["power_w"], number["highest_w"], number["highest_bpm"]
        if power_w == 0.0:
            return setup
        if power_w > most_w:
            raise TherapyError(
                "More power than this person can keep up", where=f"{power_w:g} of {most_w:g} W", remedy="Choose less"
            )
        rest_bpm = setup.value("heart_rate_bpm")
        if fastest_bpm <= rest_bpm:
            raise TherapyError(
                "The heart beats faster at rest",
                where=f"{rest_bpm:.0f} bpm at rest, {fastest_bpm:g} at the highest power",
            )
        share, reserve = power_w / most_w, number["reserve_percent"] / 100.0
        strong, wide = share * reserve, share * (0.4 + 0.6 * reserve)
        source = f"{power_w:g} W, {100.0 * share:.0f} % of the highest power"
        factor = {
            "heart_rate_bpm": 1.0 + share * (fastest_bpm / rest_bpm - 1.0),
            "contractility_lv_kpa": 1.0 + strong * (FORCE - 1.0),
            "contractility_rv_kpa": 1.0 + strong * (FORCE - 1.0),
            "relaxation_ms": 1.0 / (1.0 + strong * (RELAXATION - 1.0)),
            "systemic_resistance_mmhg_s_ml": 1.0 / (1.0 + wide * (CONDUCTANCE - 1.0)),
            "pulmonary_resistance_mmhg_s_ml": 1.0 / (1.0 + wide * (LUNG_CONDUCTANCE - 1.0)),
            "stressed_volume_ml": 1.0 + wide * BLOOD_ML / setup.value("stressed_volume_ml"),
        }
        vessels = setup.parameters["systemic_resistance_mmhg_s_ml"]
        usual = vessels.with_value(VEIN_RESISTANCE, "assumed", "a resting adult's veins")
        veins = setup.parameters.get("vein_resistance_mmhg_s_ml", usual)
        widened = veins.value * factor["systemic_resistance_mmhg_s_ml"]
        setup = setup.with_parameter("vein_resistance_mmhg_s_ml", veins.with_value(widened, "population", source))
        for name, by in factor.items():
            own = setup.parameters[name]
            setup = setup.with_parameter(name, own.with_value(own.value * by, "population", source))
        return setup


THERAPY = Exercise()
