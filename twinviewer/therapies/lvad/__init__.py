"""A durable left ventricular assist device (HeartMate 3): a centrifugal pump from the apex to the ascending aorta.

Head against flow H = h n^2 - R Q - K Q^2, fitted to the curves at 4000, 5000 and 6000 rpm in its instructions for use
as Zeller and Bonnemain digitised them (github.com/matthiaszeller/VAD-0D-DNN): off by 3.0 mmHg (root mean square). Inlet
and graft add nothing. The speed is held: the pump's own pulse every two seconds is left out. Vessels and muscle are
those of before, so this is the first hour, not the months after.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Quantity, Setup, TherapyError
from twinviewer.therapies import checked, load_parameters

HEAD_MMHG_KRPM2 = 3.536
RESISTANCE_MMHG_S_ML = 0.0213
LOSS_MMHG_S2_ML2 = 0.00538
LEAK_CM2 = 0.1
"""Aortic leak from which on it is repaired at implantation (moderate, ASE 2017)."""


class Lvad:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "lvad"
    label = "LVAD"
    group = "Support"
    summary = "A centrifugal pump from apex to aorta (HeartMate 3), by its curve of head against flow; acute effect"
    edits = frozenset({"support"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with the pump. Raises TherapyError for values out of bounds, and where the left ventricle has a
        pump already."""
        speed_rpm = float(checked(self.parameters, values, self.label)["speed_rpm"])
        if "pump_loss_mmhg_s2_ml2" in setup.parameters:
            raise TherapyError(
                "There is a pump in the left ventricle already",
                where=setup.parameters["pump_loss_mmhg_s2_ml2"].source,
                remedy="Take one of the two away",
            )
        source = f"HeartMate 3 at {speed_rpm:g} rpm: curve by its instructions for use"
        parts = (
            ("pump_head_mmhg", HEAD_MMHG_KRPM2 * (speed_rpm / 1000.0) ** 2, "mmHg"),
            ("pump_resistance_mmhg_s_ml", RESISTANCE_MMHG_S_ML, "mmHg s/mL"),
            ("pump_loss_mmhg_s2_ml2", LOSS_MMHG_S2_ML2, "mmHg s2/mL2"),
        )
        for name, value, unit in parts:
            setup = setup.with_parameter(name, Quantity(value, unit, "population", source))
        leak = setup.parameters.get("aortic_leak_cm2")
        if leak is not None and leak.value >= LEAK_CM2:
            said = "LVAD: through a leaking aortic valve what it pumps runs back; such a valve is repaired first."
            setup = replace(setup, notes=(*setup.notes, said))
        return setup


THERAPY = Lvad()
