"""A valve of the left heart narrow or leaking, by hand: what this heart would do with it, and what a repair would mend.

Not a treatment: it sets effective orifice and regurgitant orifice (physics/valves.py) as an echo reports them. Put a
replacement or a clip behind it in the list. Acute: the ventricle has had no time to grow, as it does over years, so a
leak raises the filling pressure more than in a patient who has had it for long.
"""

from collections.abc import Mapping
from pathlib import Path

from twinviewer.domain import Parameter, ParameterValue, Quantity, Setup, TherapyError
from twinviewer.therapies import checked, load_parameters

VALVES = ("aortic", "mitral")


class ValveLesion:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "valve_lesion"
    label = "Valve lesion"
    group = "By hand"
    summary = "Aortic or mitral valve narrow or leaking, suddenly. Not a treatment"
    edits = frozenset({"valves"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with these valves; what stays at its default is untouched. Raises TherapyError for values out of
        bounds, and for a leak wider than the open valve."""
        number = {name: float(value) for name, value in checked(self.parameters, values, self.label).items()}
        usual = {parameter.name: parameter.default for parameter in self.parameters}
        for valve in VALVES:
            area, leak = number[f"{valve}_area_cm2"], number[f"{valve}_leak_cm2"]
            if leak > area:
                raise TherapyError(
                    f"The {valve} valve cannot leak through more than it opens",
                    where=f"{leak:g} of {area:g} cm2",
                    remedy="Choose a wider opening or a smaller leak",
                )
        for name, value in number.items():
            if value != usual[name]:
                setup = setup.with_parameter(name, Quantity(value, "cm2", "chosen", "valve lesion, by hand"))
        return setup


THERAPY = ValveLesion()
