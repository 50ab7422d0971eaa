"""Settings of this heart's valves, how far they open and how much they leak where an echo says so, and its reflex.

Only what the user sets reaches the Setup; else the engine's own valves stand (physics/heart_model.py). The baseline is
then fitted with them: a narrow aortic valve makes the left ventricle work against more than the cuff shows.
"""

from twinviewer.domain import Parameter
from twinviewer.physics.heart_model import VALVE_AREAS_CM2

ACC = "Otto et al., ACC/AHA guideline on valve disease, Circulation 143:e72 (2021)"


def _area(valve: str, label: str, least: float, most: float, said: str) -> Parameter:
    return Parameter(
        f"{valve}_area_cm2", f"{label}, open area", "number", VALVE_AREAS_CM2[valve],
        f"Not set: a normal valve. {ACC}", "cm2", least, most, 0.05, help=said,
    )  # fmt: skip


def _leak(valve: str, label: str, said: str) -> Parameter:
    return Parameter(
        f"{valve}_leak_cm2", f"{label}, leak", "number", 0.0, f"Not set: a tight valve. {ACC}", "cm2", 0.0, 1.0, 0.05,
        help=said,
    )  # fmt: skip


CIRCULATION_PARAMETERS: tuple[Parameter, ...] = (
    _area("aortic", "Aortic valve", 0.4, 4.0, "Effective orifice. Severe stenosis: 1.0 cm2 or less"),
    _leak("aortic", "Aortic valve", "Effective regurgitant orifice. Severe: 0.30 cm2 and more"),
    _area("mitral", "Mitral valve", 0.6, 5.0, "Effective orifice. Severe stenosis: 1.5 cm2 or less"),
    _leak("mitral", "Mitral valve", "Effective regurgitant orifice. Severe: 0.40 cm2 and more"),
    Parameter(
        "baroreflex", "Baroreflex, share of a healthy one", "number", 0.0, "Not set: vessels and rate do not answer",
        "", 0.0, 1.0, 0.1, help="Answers what a therapy does to mean pressure: rate, resistance, force and veins "
        "(Ursino, Am J Physiol 275:H1733, 1998). Less in heart failure",
    ),
)  # fmt: skip
