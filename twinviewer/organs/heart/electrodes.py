"""Where each ECG electrode lies, apart from its usual place: three numbers each, set by dragging or by typing."""

from twinviewer.domain import Parameter

ELECTRODES = ("RA", "LA", "LL", "V1", "V2", "V3", "V4", "V5", "V6")
"""As physics/ecg.py has them, which is not loaded for their names alone."""
WAYS = (("left", "to the left"), ("back", "to the back"), ("up", "higher"))
REACH_MM = 150.0
USUAL = "Assumed: at its usual place"

ELECTRODE_PARAMETERS: tuple[Parameter, ...] = tuple(
    Parameter(
        f"electrode_{name}_{way}_mm", f"Electrode {name}, {words}", "number", 0.0, USUAL, "mm", -REACH_MM, REACH_MM,
        1.0, help="From its usual place; negative the other way. It stays on the skin",
    )
    for name in ELECTRODES
    for way, words in WAYS
)  # fmt: skip
