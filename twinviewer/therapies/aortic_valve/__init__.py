"""Replacement of the aortic valve: a prosthesis of known effective orifice area in place of a narrow or leaking valve.

The valve's effective orifice becomes that of the prosthesis and its leak what is left beside it (paravalvular). Areas
by Doppler at 30 days (Hahn et al., JACC Cardiovasc Imaging 12:25, 2019): SAPIEN 3 of 20, 23, 26, 29 mm 1.22, 1.45,
1.74, 1.89 cm2; Evolut R of 23, 26, 29 mm 1.09, 1.69, 1.97 cm2. Nothing else answers at once: muscle and vessels are
those of before, which is what an acute study sees in the first minutes.
"""

from collections.abc import Mapping
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Quantity, Setup, TherapyError
from twinviewer.physics.heart_model import VALVE_AREAS_CM2
from twinviewer.therapies import checked, load_parameters

PROSTHESES_CM2 = {
    "sapien3_20": 1.22, "sapien3_23": 1.45, "sapien3_26": 1.74, "sapien3_29": 1.89,
    "evolut_23": 1.09, "evolut_26": 1.69, "evolut_29": 1.97,
}  # fmt: skip
SOURCE = "Hahn et al., JACC Cardiovasc Imaging 12:25 (2019)"


class AorticValve:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "aortic_valve"
    label = "Aortic valve replacement"
    group = "Valves"
    summary = "A prosthesis in place of a narrow or leaking aortic valve; acute effect"
    edits = frozenset({"valves"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with the prosthesis. Raises TherapyError for values out of bounds, and where the heart's own valve
        is neither narrower nor more leaking than the prosthesis."""
        chosen = checked(self.parameters, values, self.label)
        prosthesis, leak = str(chosen["prosthesis"]), float(chosen["leak_cm2"])
        area = PROSTHESES_CM2[prosthesis]
        own_area = _of(setup, "aortic_area_cm2", VALVE_AREAS_CM2["aortic"])
        own_leak = _of(setup, "aortic_leak_cm2", 0.0)
        if own_area >= area and own_leak <= leak:
            raise TherapyError(
                "This heart's own aortic valve is neither narrow nor leaking",
                where=f"{own_area:.2f} cm2 open, {own_leak:.2f} cm2 leak; the prosthesis {area:.2f} and {leak:.2f}",
                remedy="Set the aortic valve's area or leak in the settings of this heart first",
            )
        label = next(c.label for p in self.parameters for c in p.choices if c.key == prosthesis)
        setup = setup.with_parameter("aortic_area_cm2", Quantity(area, "cm2", "population", f"{label}: {SOURCE}"))
        return setup.with_parameter(
            "aortic_leak_cm2", Quantity(leak, "cm2", "chosen", "beside the prosthesis, set by the user")
        )


def _of(setup: Setup, name: str, usual: float) -> float:
    return setup.value(name) if name in setup.parameters else usual


THERAPY = AorticValve()
