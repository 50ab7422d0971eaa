"""Load, rate and contractility by hand: how this heart answers to more blood or resistance, a faster or stronger beat.

Not a treatment but the four things that treatments change (Braunwald's determinants of performance), each alone: blood
volume adds to what fills the vessels (`stressed_volume_ml`), resistances, rate and contractilities are multiplied.
Nothing else answers: vessels, rate and force stay where the sliders put them.
"""

from collections.abc import Mapping
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Setup, TherapyError
from twinviewer.therapies import checked, load_parameters

SCALED = {
    "rate_percent": ("heart_rate_bpm",),
    "contractility_percent": ("contractility_lv_kpa", "contractility_rv_kpa"),
    "systemic_resistance_percent": ("systemic_resistance_mmhg_s_ml",),
    "pulmonary_resistance_percent": ("pulmonary_resistance_mmhg_s_ml",),
}
"""Our parameter -> what it multiplies."""
LEAST_VOLUME_ML = 200.0
"""With less blood under pressure than this there is no circulation to simulate."""


class Load:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "load"
    label = "Load, rate and contractility"
    group = "By hand"
    summary = "Blood volume, resistance, rate and force by hand: how this heart answers. Not a treatment"
    edits = frozenset({"volume", "resistance", "heart_rate", "contractility"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with volume, resistances, rate and contractilities changed. What stays at its default is untouched.

        Raises TherapyError for values out of bounds, and for a loss of more blood than this circulation holds.
        """
        number = {name: float(value) for name, value in checked(self.parameters, values, self.label).items()}
        changed = setup
        for name, targets in SCALED.items():
            if number[name] == 100.0:
                continue
            for target in targets:
                before = setup.parameters[target]
                after = before.value * number[name] / 100.0
                source = f"set by hand to {number[name]:g} % of {before.value:.4g} {before.unit}"
                changed = changed.with_parameter(target, before.with_value(after, "chosen", source))
        if number["blood_volume_ml"] != 0.0:
            before = setup.parameters["stressed_volume_ml"]
            after = before.value + number["blood_volume_ml"]
            if after < LEAST_VOLUME_ML:
                raise TherapyError(
                    "So much blood cannot be taken from this circulation",
                    where=f"blood_volume_ml = {number['blood_volume_ml']:g}, {before.value:.0f} mL under pressure",
                    remedy=f"Take less than {before.value - LEAST_VOLUME_ML:.0f} mL",
                )
            source = f"{number['blood_volume_ml']:+g} mL by hand to {before.value:.0f} mL"
            changed = changed.with_parameter("stressed_volume_ml", before.with_value(after, "chosen", source))
        return changed


THERAPY = Load()
