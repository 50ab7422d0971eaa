"""Levosimendan: calcium is used better and vessels widen.

One hundred and forty-six patients with decompensated failure, up to 0.4 ug/kg/min: output +39 %, stroke volume +28 %,
rate +8 %, with falls of wedge and mean pressure that grow with the dose (Slawsky et al., Circulation 102:2222, 2000);
wedge -20 to -25 % (Nieminen and Sandell, a review of the dose-finding trials). A fall of the mean pressure by 5 mmHg is
assumed. The factors take this circulation to that state. The rate did not rise at the two lower infusions: with half
the dose half of the effect on muscle and vessels, and on the rate what is above it.
"""

from collections.abc import Mapping
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Setup
from twinviewer.therapies import Effect, checked, load_parameters

STUDIED_UG_KG_MIN = 0.4
EFFECT = Effect(force=1.16, systemic=0.57, filling=0.93)
FASTER = Effect(rate=1.08)


class Levosimendan:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "levosimendan"
    label = "Levosimendan"
    group = "Drugs of the circulation"
    summary = "Infusion: stronger beat, wider vessels; acute effect"
    edits = EFFECT.edits | FASTER.edits
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup under the infusion. Raises TherapyError for a dose out of bounds."""
        chosen = float(checked(self.parameters, values, self.label)["infusion_ug_kg_min"])
        share, source = chosen / STUDIED_UG_KG_MIN, f"levosimendan {chosen:g} ug/kg/min"
        return FASTER.on(EFFECT.on(setup, share, source), max(2.0 * share - 1.0, 0.0), source)


THERAPY = Levosimendan()
