"""Nitroprusside: wider arteries and veins.

Eight patients with severe failure, titrated: mean pressure 89 to 66 mmHg, wedge 31 to 16 mmHg, with active relaxation
of the veins of gut and lung (nitroprusside and regional vascular capacitance in severe failure, Circulation). Fifteen
others: cardiac index +0.67 L/min/m2, rate unchanged, pulmonary resistance down about as much as systemic (Packer et
al., captopril and nitroprusside compared). Two factors, resistance and filling, take this circulation to all three
numbers, with the muscle as it was. The dose is what it takes: the drug is titrated, so the fall of resistance is
chosen.
"""

from collections.abc import Mapping
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Setup
from twinviewer.therapies import Effect, checked, load_parameters

FULL_PERCENT = 48.0
EFFECT = Effect(systemic=1.0 - FULL_PERCENT / 100.0, pulmonary=1.0 - FULL_PERCENT / 100.0, filling=0.74)


class Nitroprusside:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "nitroprusside"
    label = "Nitroprusside"
    group = "Drugs of the circulation"
    summary = "Infusion: wider arteries and veins; acute effect"
    edits = EFFECT.edits
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup under the infusion. Raises TherapyError for a fall out of bounds."""
        chosen = float(checked(self.parameters, values, self.label)["resistance_fall_percent"])
        return EFFECT.on(setup, chosen / FULL_PERCENT, f"nitroprusside, resistance {-chosen:g} %")


THERAPY = Nitroprusside()
