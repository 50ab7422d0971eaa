"""Edge-to-edge repair of the mitral valve (clip): most of the leak goes, and part of the opening.

By three-dimensional echocardiography a clip took the vena contracta area from 0.99 to 0.22 cm2, -78 % (29 patients,
Dietl et al., Cardiovasc Ultrasound 16:1, 2018). The mean diastolic gradient rose from 1.6 to 3.1 mmHg (255 patients,
PMC6662353); with a gradient that goes with (flow / area)^2 and a flow that falls by the leak's share, the open area
falls to about half: 48 % takes this circulation through that rise. Muscle, vessels and rhythm are those of before.
"""

from collections.abc import Mapping
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Quantity, Setup, TherapyError
from twinviewer.physics.heart_model import VALVE_AREAS_CM2
from twinviewer.therapies import checked, load_parameters


class MitralClip:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "mitral_clip"
    label = "Mitral clip"
    group = "Valves"
    summary = "Edge-to-edge repair of a leaking mitral valve: less leak, a smaller opening; acute effect"
    edits = frozenset({"valves"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with the clipped valve. Raises TherapyError for values out of bounds, and for a valve that is
        tight."""
        number = {name: float(value) for name, value in checked(self.parameters, values, self.label).items()}
        known = setup.parameters
        leak = known["mitral_leak_cm2"].value if "mitral_leak_cm2" in known else 0.0
        if leak <= 0.0:
            raise TherapyError(
                "This heart's mitral valve does not leak",
                where="mitral_leak_cm2 = 0",
                remedy="Set the mitral valve's leak in the settings of this heart first",
            )
        area = known["mitral_area_cm2"].value if "mitral_area_cm2" in known else VALVE_AREAS_CM2["mitral"]
        left = Quantity(
            leak * (1.0 - number["leak_less_percent"] / 100.0), "cm2", "population",
            f"{number['leak_less_percent']:g} % less than {leak:.2f} cm2",
        )  # fmt: skip
        opening = Quantity(
            area * number["area_percent"] / 100.0, "cm2", "population",
            f"{number['area_percent']:g} % of {area:.1f} cm2",
        )  # fmt: skip
        return setup.with_parameter("mitral_leak_cm2", left).with_parameter("mitral_area_cm2", opening)


THERAPY = MitralClip()
