"""What is known of a patient, with errors, and of the parameters of hearts, with ranges: the terms of the fit.

Errors are standard deviations. Of a volume or ejection fraction: the larger of what its own interval says and of how
far two studies of one heart differ (Grothues et al., Am J Cardiol 90:29 (2002) for the left, Am Heart J 147:218 (2004)
for the right ventricle, cine MR). Of a cuff's pressure: 8 mmHg (ISO 81060-2 allows no more). Of a QRS duration: 10 ms
(IEC 60601-2-25 allows no more). Where nothing was measured, a published mean stands in with its spread among adults.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from twinviewer.domain import OrganMesh, Quantity
from twinviewer.organs.heart.motion.volumes import rates
from twinviewer.physics.fit_response import Reading
from twinviewer.physics.heartbeat import Beat

NINETY = 1.645
REPRODUCED = {"lv_edv_ml": 0.04, "lv_ef_percent": 0.05, "rv_edv_ml": 0.062, "rv_ef_percent": 0.083}
"""Coefficient of variation between two studies, see above; for the left the middle of what three groups had."""
CUFF_MMHG = 8.0
QRS_MS = 10.0
AMONG_ADULTS = {"systolic_mmhg": 15.0, "diastolic_mmhg": 10.0, "lv_ef_percent": 6.0}
"""Spread where a mean of adults stands in: pressures rounded from population surveys, EF of Petersen et al. (2017)."""
RATE_SHARE = 0.15
"""Least relative error of a steepest slope of a volume over some thirty frames, where the model's own simplicity
counts: one windkessel for all arteries. Assumed."""


@dataclass(frozen=True, slots=True)
class Population:
    """What is known of a parameter before anything is measured: spread is the standard deviation of its logarithm; low,
    high bound what is known of patients, with the source of that."""

    spread: float
    low: float
    high: float
    source: str


_FORCE = (
    "Force of muscle at 2.2 um in this law: 120 kPa in Lumens et al. (2009); spread and bounds assumed, from failing "
    "muscle at a fifth to muscle under catecholamines at twice of it"
)
PARAMETERS: Mapping[str, Population] = {
    "contractility_lv_kpa": Population(0.8, 20.0, 250.0, _FORCE),
    "contractility_rv_kpa": Population(0.8, 15.0, 250.0, _FORCE),
    "systemic_resistance_mmhg_s_ml": Population(
        0.7, 0.25, 2.5, "700 to 1600 dyn s/cm5 at rest; patients from septic to cardiogenic shock 350 to 3300"
    ),
    "systemic_compliance_ml_mmhg": Population(
        0.7, 0.3, 4.0, "0.3 (stiff arteries of the old) to 4 (the young); assumed"
    ),
    "stressed_volume_ml": Population(1.0, 400.0, 4000.0, "a quarter of 3 to 8 L of blood, more in failure; assumed"),
    "lv_filling_pressure_mmhg": Population(0.35, 4.0, 35.0, "normal 4 to 12 mmHg, decompensated 16 to 35"),
    "rv_filling_pressure_mmhg": Population(0.4, 1.5, 25.0, "normal 2 to 8 mmHg, failing to 25"),
    "pulmonary_resistance_mmhg_s_ml": Population(
        0.35,
        0.015,
        1.0,
        "69 +- 28 dyn s/cm5 at 24 to 50 years (Kovacs et al., Eur Respir J 39:319, 2012); to 16 Wood units",
    ),
    "pulmonary_compliance_ml_mmhg": Population(0.4, 0.5, 12.0, "Lankhaar et al., Am J Physiol 291:H1731 (2006)"),
    "stiffness_lv_kpa": Population(0.25, 50.0, 400.0, "assumed: half to thrice that of sound muscle"),
    "stiffness_rv_kpa": Population(0.25, 50.0, 400.0, "assumed: half to thrice that of sound muscle"),
    "relaxation_ms": Population(0.2, 15.0, 80.0, "22 to 70 ms: isovolumic time constants 30 to 100 ms; assumed"),
}


def _peak(name: str) -> Reading:
    return lambda beat: float(beat[name].max())


def _ejected(side: str) -> Reading:
    def read(beat: Beat) -> float:
        volume = beat[f"{side}_volume_ml"]
        return 100.0 * float(1.0 - volume.min() / volume.max())

    return read


READ: Mapping[str, Reading] = {
    "lv_edv_ml": _peak("lv_volume_ml"),
    "lv_esv_ml": lambda beat: float(beat["lv_volume_ml"].min()),
    "lv_ef_percent": _ejected("lv"),
    "rv_edv_ml": _peak("rv_volume_ml"),
    "rv_ef_percent": _ejected("rv"),
    "systolic_mmhg": _peak("aortic_pressure_mmhg"),
    "diastolic_mmhg": lambda beat: float(beat["aortic_pressure_mmhg"].min()),
    "systolic_aortic_mmhg": _peak("aortic_pressure_mmhg"),
    "diastolic_aortic_mmhg": lambda beat: float(beat["aortic_pressure_mmhg"].min()),
    "rv_systolic_mmhg": _peak("rv_pressure_mmhg"),
    "mean_pulmonary_mmhg": lambda beat: float(beat["pulmonary_artery_pressure_mmhg"].mean()),
    "diastolic_pulmonary_mmhg": lambda beat: float(beat["pulmonary_artery_pressure_mmhg"].min()),
    "mean_left_atrial_mmhg": lambda beat: float(beat["la_pressure_mmhg"].mean()),
    "mean_right_atrial_mmhg": lambda beat: float(beat["ra_pressure_mmhg"].mean()),
    "lv_end_diastolic_mmhg": lambda beat: float(beat["lv_pressure_mmhg"][int(np.argmax(beat["lv_volume_ml"]))]),
    "lv_dpdt_max_mmhg_s": lambda beat: float(np.gradient(beat["lv_pressure_mmhg"], beat.time_s).max()),
    "lv_dpdt_min_mmhg_s": lambda beat: float(np.gradient(beat["lv_pressure_mmhg"], beat.time_s).min()),
}
"""Numbers of a beat by the names of docs/metrics.md."""

COULD_MEASURE: dict[str, float] = {
    "systolic_aortic_mmhg": 3.0,
    "diastolic_aortic_mmhg": 3.0,
    "rv_systolic_mmhg": 3.0,
    "mean_pulmonary_mmhg": 2.0,
    "diastolic_pulmonary_mmhg": 2.0,
    "mean_left_atrial_mmhg": 1.5,
    "lv_end_diastolic_mmhg": 1.5,
    "mean_right_atrial_mmhg": 1.0,
    "rv_ef_percent": 4.0,
    "lv_dpdt_max_mmhg_s": 100.0,
    "lv_dpdt_min_mmhg_s": 100.0,
}
"""What could be measured besides, with the usual error of a catheter: 1 to 3 mmHg, slopes 100 mmHg/s. Assumed."""


def sd_of(name: str, quantity: Quantity) -> float:
    """The error of a measured number, in its unit."""
    if name in AMONG_ADULTS and quantity.origin not in ("measured", "chosen"):
        return AMONG_ADULTS[name]
    own = 0.0
    if quantity.low is not None and quantity.high is not None:
        own = (quantity.high - quantity.low) / (2.0 * NINETY)
    if name.endswith("_mmhg"):
        return own or CUFF_MMHG
    if name.endswith("_ml_s"):
        return max(own, RATE_SHARE * abs(quantity.value))
    return max(own, REPRODUCED.get(name, 0.05) * abs(quantity.value))


def film_rate(mesh: OrganMesh, which: str, onset_s: float) -> Reading:
    """Reads a simulated volume as the film shows it, at its moments: peak "ejection" or early "filling" rate, mL/s.

    onset_s: first ventricular excitation, where a film that was triggered by the R wave begins.
    """
    assert mesh.motion_fraction is not None
    fraction = np.asarray(mesh.motion_fraction, dtype=np.float64)

    def read(beat: Beat) -> float:
        volume, count = beat["lv_volume_ml"], len(beat.time_s)
        at = (onset_s / beat.period_s + fraction) * count % count
        shown = np.interp(at, np.arange(count + 1), np.append(volume, volume[0]))
        found = rates(shown, fraction, beat.period_s)
        if found is None:
            return float("nan")
        return found.ejection_ml_s if which == "ejection" else found.early_filling_ml_s

    return read
