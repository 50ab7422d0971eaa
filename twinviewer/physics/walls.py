"""The three walls of a heart as patches: what heartbeat.py sets in motion."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.one_fibre import design
from twinviewer.physics.pericardium import NO_SAC, Sac


@dataclass(frozen=True, slots=True, eq=False)
class Walls:
    """Patches of the three walls. Arrays (n,): wall 0 left, 1 septum, 2 right; volume mL; share of the midwall area
    (LV with septum sums to 1, right wall to 1); activation time s after the P wave's start; contractility and stiffness
    kPa. reference_cm2 is filled by :func:`unload`. sac: the pericardium round them."""

    wall_of: NDArray[np.int64]
    wall_ml: NDArray[np.float64]
    area_share: NDArray[np.float64]
    activation_s: NDArray[np.float64]
    contractility_kpa: NDArray[np.float64]
    stiffness_kpa: NDArray[np.float64]
    duration_s: float
    relaxation_s: float
    reference_cm2: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    relaxed_cm2: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    septum: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    sac: Sac = NO_SAC

    def unload(self, lv_ml: float, rv_ml: float, lv_mmhg: float, rv_mmhg: float) -> "Walls":
        """The same walls with the reference areas that hold these volumes at these pressures, inside less outside, when
        relaxed."""
        try:
            reference, relaxed, septum = design(
                lv_ml, rv_ml, lv_mmhg, rv_mmhg, self.wall_of, self.wall_ml, self.area_share, self.stiffness_kpa
            )
        except ValueError as error:
            where = f"LV {lv_ml:.0f} mL at {lv_mmhg:.1f} mmHg, RV {rv_ml:.0f} mL at {rv_mmhg:.1f} mmHg"
            raise EngineError(str(error), where=where, remedy="Check the model's volumes and wall") from error
        return replace(self, reference_cm2=reference, relaxed_cm2=relaxed, septum=septum)
