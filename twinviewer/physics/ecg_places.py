"""Where a setup has its ECG electrodes, apart from their usual places."""

from twinviewer.domain import Setup
from twinviewer.physics import ecg

Shift = tuple[tuple[str, float, float, float], ...]
"""Electrodes off their usual places: (electrode, left, back, up) in mm."""


def electrode_shift(setup: Setup) -> Shift:
    """What the setup says of electrodes off their usual places: (electrode, left, back, up) in mm; parameters
    electrode_<name>_<left|back|up>_mm, and electrodes_up_mm for all six on the chest."""
    known = setup.parameters
    every = setup.value("electrodes_up_mm") if "electrodes_up_mm" in known else 0.0
    moved: list[tuple[str, float, float, float]] = []
    for name in ecg.ELECTRODES:
        keys = [f"electrode_{name}_{way}_mm" for way in ("left", "back", "up")]
        left, back, up = (setup.value(key) if key in known else 0.0 for key in keys)
        up += every if name.startswith("V") else 0.0
        if left or back or up:
            moved.append((name, left, back, up))
    return tuple(moved)
