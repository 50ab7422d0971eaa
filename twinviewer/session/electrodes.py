"""ECG electrodes moved on the skin: where they lie, and what a move makes of the Case.

A move changes nothing but the leads: settings and every scenario's setup get it, runs are dropped, nothing is fitted
again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError, OrganMesh, Quantity, Setup
from twinviewer.session.case import Case

NAMES = ("RA", "LA", "LL", "V1", "V2", "V3", "V4", "V5", "V6")
WAYS = ("left", "back", "up")
MOVED = "Electrodes moved"
BACK = "Electrodes at their usual places"
PREFIX = "electrode_"
Shifts = Mapping[str, tuple[float, float, float]]
"""Electrode -> how far from its usual place: left, back, up in mm."""


@dataclass(frozen=True, slots=True, eq=False)
class Chest:
    """The ball on which electrodes sit. centre_mm: (3,) LPS; line_mm: (9, 3) from it, towards each one's usual place,
    ordered as NAMES: shifts count from its end."""

    centre_mm: NDArray[np.float64]
    radius_mm: float
    line_mm: NDArray[np.float64]

    def raised(self, up_mm: float) -> "Chest":
        """With all six electrodes of the chest higher by so much (the setting electrodes_up_mm)."""
        chest = np.array([name.startswith("V") for name in NAMES])
        return replace(self, line_mm=self.line_mm + np.outer(chest, [0.0, 0.0, up_mm]))

    def places_mm(self, shifts: Shifts) -> NDArray[np.float64]:
        """(9, 3) LPS of the electrodes on the skin."""
        line = self.line_mm + np.array([shifts.get(name, (0.0, 0.0, 0.0)) for name in NAMES])
        return np.asarray(self.centre_mm + self.radius_mm * line / np.linalg.norm(line, axis=1, keepdims=True))

    def shift_to(self, name: str, place_mm: NDArray[np.float64]) -> tuple[float, float, float]:
        """The shift, in whole mm, that brings an electrode from its usual place to this one on the skin."""
        usual = self.line_mm[NAMES.index(name)]
        towards = np.asarray(place_mm, float) - self.centre_mm
        moved = np.round(towards / np.linalg.norm(towards) * np.linalg.norm(usual) - usual)
        return float(moved[0]), float(moved[1]), float(moved[2])


def muscle_mm(mesh: OrganMesh) -> NDArray[np.float64]:
    """(m, 3) LPS of the middle of each element: what :func:`compute_chest` wants of a mesh."""
    return np.asarray(np.asarray(mesh.points_mm, np.float64)[mesh.tets].mean(axis=1))


def compute_chest(
    middle_mm: NDArray[np.float64], landmarks: Mapping[str, NDArray[np.float64]]
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """The fields of a :class:`Chest` round this muscle. For a worker: the physics behind it takes long to load."""
    from twinviewer.physics import ecg

    torso = ecg.torso_round(middle_mm, None, ecg.chest_between(landmarks))
    return torso.centre_mm, float(torso.radius_mm), torso.line_mm


def shifts_of(case: Case) -> dict[str, tuple[float, float, float]]:
    """Electrodes that the user has moved one by one."""
    found = {}
    for name in NAMES:
        left, back, up = (float(case.setup_values.get(_key(name, way), 0.0)) for way in WAYS)
        if left or back or up:
            found[name] = (left, back, up)
    return found


def move_electrodes(case: Case, shifts: Shifts, action: str = MOVED) -> Case:
    """The Case with these electrodes off their usual places and all others at them. EngineError for an electrode that
    does not exist, or one moved further than the organ allows."""
    from twinviewer.session import catalog

    declared = {p.name: p for p in catalog.organ(case.organ).setup_parameters if p.name.startswith(PREFIX)}
    values: dict[str, float] = {}
    for name, shift in shifts.items():
        for way, value in zip(WAYS, shift, strict=True):
            key = _key(name, way)
            if key not in declared:
                raise EngineError("This organ has no such electrode", where=name)
            try:
                checked = float(declared[key].check(float(value)))
            except ValueError as error:
                raise EngineError(str(error), where=name, remedy="Move it less far") from error
            if checked:
                values[key] = checked
    kept = {n: v for n, v in case.setup_values.items() if not n.startswith(PREFIX)}
    scenarios = tuple(replace(one, setup=_moved(one.setup, values), run=None) for one in case.scenarios)
    return case.changed(action, setup_values={**kept, **values}, scenarios=scenarios)


def _moved(setup: Setup, values: Mapping[str, float]) -> Setup:
    kept = {name: quantity for name, quantity in setup.parameters.items() if not name.startswith(PREFIX)}
    moved = {name: Quantity(value, "mm", "chosen", "set by the user") for name, value in values.items()}
    untreated = None if setup.untreated is None else _moved(setup.untreated, values)
    return replace(setup, parameters={**kept, **moved}, untreated=untreated)


def _key(name: str, way: str) -> str:
    return f"{PREFIX}{name}_{way}_mm"
