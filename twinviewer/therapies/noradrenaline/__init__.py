"""Noradrenaline: narrower arteries and veins, a somewhat stronger beat.

Cardiogenic shock, raised until the mean pressure went from 65 to 85 mmHg: output the same, filling pressures and rate
up a little, resistance up (Rokyta et al., Physiol Res 59:373, 2010). After heart surgery 0.04 ug/kg/min more raised the
mean pressure by 20 mmHg (Maas et al., Crit Care Med 41:143, 2013). The factors take this circulation from the one state
to the other, with 3 bpm and 2 mmHg of wedge for "a little"; other doses in proportion.
"""

from collections.abc import Mapping
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Setup
from twinviewer.therapies import Effect, checked, load_parameters

STUDIED_UG_KG_MIN = 0.04
EFFECT = Effect(rate=1.03, force=1.23, systemic=1.67, filling=1.05)


class Noradrenaline:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "noradrenaline"
    label = "Noradrenaline"
    group = "Drugs of the circulation"
    summary = "Infusion: narrower vessels, higher pressure; acute effect"
    edits = EFFECT.edits
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup under the infusion. Raises TherapyError for a dose out of bounds."""
        chosen = float(checked(self.parameters, values, self.label)["infusion_ug_kg_min"])
        return EFFECT.on(setup, chosen / STUDIED_UG_KG_MIN, f"noradrenaline {chosen:g} ug/kg/min")


THERAPY = Noradrenaline()
