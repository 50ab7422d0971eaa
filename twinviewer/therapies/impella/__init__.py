"""A micro-axial pump across the aortic valve (Impella): blood from the left ventricle to the aorta without pause.

Head against flow H = h n^2 - K Q^2 at n revolutions a minute. For the 2.5 and the CP both numbers follow from the
tables of flow by performance level in their instructions for use, whose lowest flows are taken to be those against 60
mmHg: the two limits of flow at nine and eight speeds then lie on one such law within 0.12 L/min. Against a closed
outlet, at full speed, it gives 166 and 162 mmHg. The table of the 2.5 was read again in its manual; that of the CP and
the speeds of the 5.0 stand here from memory. For the 5.0 the same head at its full speed and 5.0 L/min against 60 mmHg
are assumed. A pump at rest lets blood run back. Nothing else answers: vessels and muscle are those of before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Quantity, Setup, TherapyError
from twinviewer.therapies import checked, load_parameters


@dataclass(frozen=True, slots=True)
class Curve:
    """speeds_krpm: of each performance level, 0 to 9. head: mmHg a (1000 rpm)^2. loss: mmHg s^2/mL^2."""

    label: str
    speeds_krpm: tuple[float, ...]
    head: float
    loss: float

    def head_mmhg(self, level: int) -> float:
        """Against a closed outlet."""
        return self.head * self.speeds_krpm[level] ** 2


PER_L_MIN2 = 0.06**2
"""mmHg s^2/mL^2 for mmHg/(L/min)^2."""
CURVES: Mapping[str, Curve] = {
    "2.5": Curve("Impella 2.5", (0, 25, 35, 38, 40, 43, 45, 47, 50, 51), 0.0640, 25.2 * PER_L_MIN2),
    "cp": Curve("Impella CP", (0, 23, 31, 33, 35, 37, 39, 42, 44, 46), 0.0767, 9.23 * PER_L_MIN2),
    "5.0": Curve("Impella 5.0", (0, 10, 17, 20, 22, 24, 26, 28, 30, 33), 0.1506, 4.16 * PER_L_MIN2),
}
NARROW_CM2, LEAK_CM2 = 0.6, 0.1
"""Aortic valves that the instructions for use exclude: narrower, or leaking moderately (ASE 2017: 0.10 cm2)."""


class Impella:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "impella"
    label = "Impella"
    group = "Support"
    summary = "A pump across the aortic valve, by its curve of head against flow: unloads the left ventricle"
    edits = frozenset({"support"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with the pump. Raises TherapyError for values out of bounds, and where the left ventricle has a
        pump already."""
        chosen = checked(self.parameters, values, self.label)
        curve, level = CURVES[str(chosen["device"])], round(float(chosen["level"]))
        if "pump_loss_mmhg_s2_ml2" in setup.parameters:
            raise TherapyError(
                "There is a pump in the left ventricle already",
                where=setup.parameters["pump_loss_mmhg_s2_ml2"].source,
                remedy="Take one of the two away",
            )
        source = f"{curve.label}, P-{level}: curve by its instructions for use"
        parts = (
            ("pump_head_mmhg", curve.head_mmhg(level), "mmHg"),
            ("pump_resistance_mmhg_s_ml", 0.0, "mmHg s/mL"),
            ("pump_loss_mmhg_s2_ml2", curve.loss, "mmHg s2/mL2"),
        )
        for name, value, unit in parts:
            setup = setup.with_parameter(name, Quantity(value, unit, "population", source))
        return replace(setup, notes=(*setup.notes, *_warnings(setup, curve.label, level)))


def _warnings(setup: Setup, label: str, level: int) -> list[str]:
    known = setup.parameters
    said = []
    if "aortic_area_cm2" in known and known["aortic_area_cm2"].value <= NARROW_CM2:
        said.append(f"{label}: its instructions exclude an aortic valve of {NARROW_CM2:g} cm2 or less.")
    if "aortic_leak_cm2" in known and known["aortic_leak_cm2"].value >= LEAK_CM2:
        said.append(f"{label}: its instructions exclude moderate aortic regurgitation: what it pumps runs back.")
    if level == 0:
        said.append(f"{label} at P-0 stands still: blood runs back through it.")
    return said


THERAPY = Impella()
