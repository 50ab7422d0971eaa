"""Veno-arterial extracorporeal membrane oxygenation: blood from the right atrium by a centrifugal pump to the aorta.

Of the whole circuit, in L/min: head 28.5 mmHg (1000 rpm)^2 against a closed outlet, less 12 Q of the oxygenator and
(2.2 + 1.8 + K) Q^2 of rotor, drainage cannula and return cannula. The head and the rotor's loss are those of a Rotaflow
(some 710 mmHg at 5000 rpm; assumed from its data sheet), the oxygenator's those of a Quadrox; 5 Q^2 for a return
cannula of 17 Fr (100 mmHg at 4.5 L/min), the others by the fourth power of their width. All four are typical values,
assumed.

The return cannula's blood reaches the aorta as if through one vessel: how far up it meets what the heart ejects is not
told. Oxygen is not modelled, nor what the pump does to vessels and muscle over hours.
"""

from collections.abc import Mapping
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Quantity, Setup, TherapyError
from twinviewer.therapies import checked, load_parameters

HEAD_MMHG_KRPM2 = 28.5
OXYGENATOR_MMHG_MIN_L = 12.0
ROTOR, DRAINAGE, RETURN_17_FR = 2.2, 1.8, 5.0
"""Losses in mmHg/(L/min)^2."""
PER_L_MIN = 0.06


class Ecmo:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "ecmo"
    label = "VA-ECMO"
    group = "Support"
    summary = (
        "From the right atrium by pump and oxygenator to the aorta: flow for the body, load for the left ventricle"
    )
    edits = frozenset({"support"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with the circuit running. Raises TherapyError for values out of bounds, and where one runs
        already."""
        chosen = checked(self.parameters, values, self.label)
        speed_rpm, cannula = float(chosen["speed_rpm"]), str(chosen["return_cannula"])
        if "ecmo_loss_mmhg_s2_ml2" in setup.parameters:
            raise TherapyError("An extracorporeal circuit runs already", remedy="Take one of the two away")
        loss = ROTOR + DRAINAGE + RETURN_17_FR * (17.0 / float(cannula)) ** 4
        source = f"VA-ECMO at {speed_rpm:g} rpm, return by {cannula} Fr: typical circuit, assumed"
        parts = (
            ("ecmo_head_mmhg", HEAD_MMHG_KRPM2 * (speed_rpm / 1000.0) ** 2, "mmHg"),
            ("ecmo_resistance_mmhg_s_ml", OXYGENATOR_MMHG_MIN_L * PER_L_MIN, "mmHg s/mL"),
            ("ecmo_loss_mmhg_s2_ml2", loss * PER_L_MIN**2, "mmHg s2/mL2"),
        )
        for name, value, unit in parts:
            setup = setup.with_parameter(name, Quantity(value, unit, "assumed", source))
        return setup


THERAPY = Ecmo()
