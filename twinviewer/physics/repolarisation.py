"""How long muscle stays excited: action potentials of three cell layers, coupled through the wall.

Equation: ρ(x) = τ(x) + s A(z, T) − κ (τ − mean τ): recovery follows activation by the duration A at depth z (0
endocardium … 1 epicardium) and cycle T, less where excitation comes late; s fits cells to the living wall. A is the
APD90 of O'Hara-Rudy-CiPA cells at steady state (physics/cells), endocardial in the inner fifth of the wall,
mid-myocardial to the middle, epicardial outside, smoothed over the wall because neighbours pull each other's potential:
single cells differ by 100 ms, slices of human wall by 20 to 60 ms (Glukhov et al., Circ Res 106:981, 2010). Both faces
of the septum are endocardium.

κ: activation and duration are inversely related in human hearts (Franz et al., Circulation 75:379, 1987). What belongs
to the cell stays when the sequence changes, so an abnormal sequence makes a discordant T wave. There is no gradient
from apex to base beyond that of activation. Times in ms.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CYCLES_MS = (400.0, 500.0, 600.0, 750.0, 1000.0, 1250.0, 1500.0)
LAYER_APD90_MS: Mapping[str, tuple[float, ...]] = {
    "endo": (205.6, 220.1, 231.7, 246.5, 262.8, 273.6, 281.5),
    "mid": (251.3, 266.2, 278.0, 292.7, 311.7, 326.8, 338.5),
    "epi": (174.9, 183.8, 190.7, 199.0, 209.7, 218.2, 225.0),
}
"""Steady APD90 by cycle, made with ``layer_durations_ms`` of physics/cells/steady.py, which takes seconds a cycle."""
BORDERS = (0.2, 0.5)
"""Depth where endocardial cells give way to mid-myocardial ones, and these to epicardial ones. Assumed."""
COUPLING = 0.4
"""Standard deviation, as a share of the wall, over which neighbours even out: some 4 mm. Assumed."""
LATE = 0.25
"""κ. Franz 1987 found slopes of −0.5 to −1.3 against single sites; half of the least keeps T waves of 0.1 to 0.6 mV.
Assumed."""
IN_VIVO = 1.2
"""Durations in the wall over those of these cells, which are short: with it the QTc of normal hearts is 370 to 400 ms
(means of adults 390 to 410 ms by Fridericia; Mason et al., J Electrocardiol 40:228, 2007). Rate, layers and drugs act
as in the cells. Fitted to this."""
DEPTHS = np.linspace(0.0, 1.0, 41)


def layer_apd90_ms(cycle_ms: float) -> dict[str, float]:
    """Steady APD90 of endo, mid and epi cells without a drug, linear between and held beyond the table's cycles."""
    return {layer: float(np.interp(cycle_ms, CYCLES_MS, row)) for layer, row in LAYER_APD90_MS.items()}


def wall_profile_ms(layers_ms: Mapping[str, float]) -> Array:
    """(41,) durations at DEPTHS of a coupled wall of endo, mid and epi cells."""
    fine = (np.arange(400) + 0.5) / 400
    cell = np.where(
        fine < BORDERS[0], layers_ms["endo"], np.where(fine < BORDERS[1], layers_ms["mid"], layers_ms["epi"])
    )
    mirrored = np.concatenate([cell[::-1], cell, cell[::-1]])
    place = np.concatenate([-fine[::-1], fine, 2.0 - fine[::-1]])
    weight = np.exp(-0.5 * ((DEPTHS[:, None] - place) / COUPLING) ** 2)
    return np.asarray(weight @ mirrored / weight.sum(axis=1))


def duration_ms(depth: Array, activation_ms: Array, cycle_ms: float, scale: Mapping[str, float] | None = None) -> Array:
    """(n,) APD90 at depths 0 (endocardium) to 1 (epicardium).

    scale: layer -> factor on its cells' duration (a drug's), 1 where not given.
    """
    factor = scale or {}
    layers = {layer: IN_VIVO * apd * factor.get(layer, 1.0) for layer, apd in layer_apd90_ms(cycle_ms).items()}
    return np.asarray(
        np.interp(depth, DEPTHS, wall_profile_ms(layers)) - LATE * (activation_ms - np.nanmean(activation_ms))
    )
