"""The numbers of a steady beat, all from the engine's own signals."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import Metric, Quantity
from twinviewer.engines.beat.mechanics import row_at, work_kpa
from twinviewer.engines.beat.support import (
    WATTS,
    assist_ml_s,
    flows,
    pressure_volume_area,
    slack_volume_ml,
    support_metrics,
)
from twinviewer.physics.heart_model import Patches
from twinviewer.physics.heartbeat import Beat
from twinviewer.physics.valves import LOSS

SEPTAL, LATERAL = (2, 3, 8, 9), (5, 6, 11, 12)
OPEN_ML_S = 1.0
"""Forward flow at which a valve counts as open."""
VALVES = {"mitral": "mitral", "aortic": "aortic", "tricuspid": "tricuspid", "pulmonary": "pulmonic"}

LEFT_VALVES = ("mitral", "aortic")
"""Of the others the peak is not given, and nothing where they do not leak: a table should not be zeros."""


def metrics_of(beat: Beat, patches: Patches, onset_s: float, source: str) -> Iterator[Metric]:
    """Metric after Metric, in the order in which a table shows them. onset_s: first ventricular excitation,
    which is end-diastole. source: the engine and its version."""
    rate = 60.0 / beat.period_s
    lv, rv = beat["lv_volume_ml"], beat["rv_volume_ml"]
    p_lv, p_rv, p_ao = beat["lv_pressure_mmhg"], beat["rv_pressure_mmhg"], beat["aortic_pressure_mmhg"]
    p_pa = beat["pulmonary_artery_pressure_mmhg"]
    work = work_kpa(beat)
    rows: list[tuple[str, float, str]] = []
    for side, volume in (("lv", lv), ("rv", rv)):
        high, low = float(volume.max()), float(volume.min())
        rows += [
            (f"{side}_edv_ml", high, "mL"),
            (f"{side}_esv_ml", low, "mL"),
            (f"{side}_ef_percent", 100.0 * (high - low) / high, "%"),
            (f"{side}_stroke_volume_ml", high - low, "mL"),
        ]
    slope = slope_per_s(p_lv, beat.period_s)
    rows += [
        ("lv_dpdt_max_mmhg_s", float(slope.max()), "mmHg/s"),
        ("lv_dpdt_min_mmhg_s", float(slope.min()), "mmHg/s"),
        ("rv_dpdt_max_mmhg_s", float(slope_per_s(p_rv, beat.period_s).max()), "mmHg/s"),
        ("lv_systolic_mmhg", float(p_lv.max()), "mmHg"),
        ("lv_end_diastolic_mmhg", float(p_lv[row_at(beat, onset_s)]), "mmHg"),
        ("rv_systolic_mmhg", float(p_rv.max()), "mmHg"),
        ("systolic_aortic_mmhg", float(p_ao.max()), "mmHg"),
        ("diastolic_aortic_mmhg", float(p_ao.min()), "mmHg"),
        ("mean_arterial_mmhg", float(p_ao.mean()), "mmHg"),
        ("mean_left_atrial_mmhg", float(beat["la_pressure_mmhg"].mean()), "mmHg"),
        ("mean_right_atrial_mmhg", float(beat["ra_pressure_mmhg"].mean()), "mmHg"),
        ("rv_end_diastolic_mmhg", float(p_rv[row_at(beat, onset_s)]), "mmHg"),
        ("systolic_pulmonary_mmhg", float(p_pa.max()), "mmHg"),
        ("diastolic_pulmonary_mmhg", float(p_pa.min()), "mmHg"),
        ("mean_pulmonary_mmhg", float(p_pa.mean()), "mmHg"),
        ("pericardial_mmhg", float(beat["pericardium_pressure_mmhg"].mean()), "mmHg"),
        ("stroke_work_mmhg_ml", loop_area(lv, p_lv), "mmHg mL"),
        ("pva_mmhg_ml", pressure_volume_area(lv, p_lv, slack_volume_ml(beat, patches), loop_area(lv, p_lv)), "mmHg mL"),
        ("septal_work_kpa", _mean_of(work, patches, SEPTAL), "kPa"),
        ("lateral_work_kpa", _mean_of(work, patches, LATERAL), "kPa"),
        ("heart_rate_bpm", rate, "bpm"),
        ("cardiac_output_l_min", float(lv.max() - lv.min()) * rate / 1000.0, "L/min"),
    ]
    rows += [*_of_flow(beat, onset_s), *_of_valves(beat), *support_metrics(beat)]
    for name, value, unit in rows:
        if np.isfinite(value):
            yield Metric(name, Quantity(value, unit, "simulated", source))


def _of_flow(beat: Beat, onset_s: float) -> Iterator[tuple[str, float, str]]:
    """What the aorta's flow tells: times of the left heart, net output and power, resistance of the body."""
    flow = beat["aortic_flow_ml_s"]
    net_ml_s = float(flow.mean()) + assist_ml_s(flows(beat))
    rows = np.flatnonzero(np.roll(flow, -row_at(beat, onset_s)) > OPEN_ML_S)
    if rows.size:
        sample_ms = 1000.0 * beat.period_s / len(flow)
        yield "pre_ejection_ms", float(rows[0]) * sample_ms, "ms"
        yield "ejection_time_ms", float(rows[-1] + 1 - rows[0]) * sample_ms, "ms"
    yield "net_output_l_min", net_ml_s * 0.06, "L/min"
    yield "cardiac_power_w", float(beat["aortic_pressure_mmhg"].mean()) * net_ml_s * 0.06 * WATTS, "W"
    if net_ml_s > 0.0:
        drop = float(beat["aortic_pressure_mmhg"].mean() - beat["ra_pressure_mmhg"].mean())
        yield "vascular_resistance_mmhg_s_ml", drop / net_ml_s, "mmHg s/mL"


def _of_valves(beat: Beat) -> Iterator[tuple[str, float, str]]:
    """Jets and their gradients as Doppler has them, by the simplified Bernoulli law, and what runs back."""
    for name, valve in VALVES.items():
        flow = beat[f"{name}_flow_ml_s"]
        forward, back = float(np.clip(flow, 0.0, None).mean()), float(np.clip(-flow, 0.0, None).mean())
        if forward == 0.0:
            continue
        area_cm2 = getattr(beat.loop, valve).area_cm2
        drop = LOSS * (flow[flow > OPEN_ML_S] / area_cm2) ** 2
        if drop.size:
            yield f"{name}_gradient_mean_mmhg", float(drop.mean()), "mmHg"
            if name in LEFT_VALVES:
                yield f"{name}_gradient_peak_mmhg", float(drop.max()), "mmHg"
                yield f"{name}_jet_m_s", float(flow.max()) / area_cm2 / 100.0, "m/s"
        if back > 0.0 or name in LEFT_VALVES:
            yield f"{name}_regurgitant_ml", back * beat.period_s, "mL"
            yield f"{name}_regurgitant_percent", 100.0 * back / forward, "%"


def slope_per_s(values: NDArray[np.float64], period_s: float) -> NDArray[np.float64]:
    """(t,) time derivative of a periodic, evenly sampled signal by central differences."""
    return np.asarray((np.roll(values, -1) - np.roll(values, 1)) * len(values) / (2.0 * period_s))


def loop_area(volume_ml: NDArray[np.float64], pressure_mmhg: NDArray[np.float64]) -> float:
    """Area of the pressure-volume loop: work that the ventricle does in a beat, mmHg mL."""
    step = np.roll(volume_ml, -1) - volume_ml
    mean = 0.5 * (np.roll(pressure_mmhg, -1) + pressure_mmhg)
    return float(-(mean * step).sum())


def _mean_of(values: NDArray[np.float64], patches: Patches, segments: tuple[int, ...]) -> float:
    mine = np.isin(patches.number, segments)
    return float(np.average(values[mine], weights=patches.wall_ml[mine])) if mine.any() else float("nan")
