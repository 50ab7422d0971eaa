"""Intra-aortic balloon pump: a balloon in the descending aorta, full in diastole and empty in systole, with every beat.

Its gas takes up room in the aorta (physics/support.py), so that filling it raises the pressure after the aortic valve
has shut (augmentation) and emptying it lowers the pressure against which the next beat opens it. It fills at the end of
systole, which is expected by the rate (electromechanical systole 546 - 2.1 bpm ms after the R wave: Weissler,
Circulation 37:149, 1968; the same in heart failure), and empties just before the next R wave; both within 100 ms, as
helium takes (assumed). One balloon beat for each of the heart. The aorta is one vessel here: waves, and the share of
the blood that is moved down instead of up, are not told.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Quantity, Setup
from twinviewer.therapies import checked, load_parameters

LEAK_CM2 = 0.1


class BalloonPump:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "balloon_pump"
    label = "Intra-aortic balloon pump"
    group = "Support"
    summary = "Counterpulsation: more pressure in diastole, less load in systole"
    edits = frozenset({"support"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with the balloon; one that was there before is replaced. Raises TherapyError for values out of
        bounds."""
        number = {name: float(value) for name, value in checked(self.parameters, values, self.label).items()}
        source = f"balloon of {number['volume_ml']:g} mL"
        parts = (
            ("balloon_ml", number["volume_ml"], "mL"),
            ("balloon_inflate_ms", number["inflation_ms"], "ms"),
            ("balloon_deflate_ms", -number["deflation_ms"], "ms"),
        )
        for name, value, unit in parts:
            setup = setup.with_parameter(name, Quantity(value, unit, "chosen", source))
        leak = setup.parameters.get("aortic_leak_cm2")
        if leak is not None and leak.value >= LEAK_CM2:
            said = (
                "Balloon pump: not for a leaking aortic valve, through which it drives blood back into the ventricle."
            )
            setup = replace(setup, notes=(*setup.notes, said))
        return setup


THERAPY = BalloonPump()
