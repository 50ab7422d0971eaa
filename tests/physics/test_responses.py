"""The heart's responses to preload, afterload, force, rate and dyssynchrony: right in sense and in size."""

from functools import lru_cache

import numpy as np
import pytest
from patched_heart import VALUE, beat_of, heart, output_l_min, steepest, stroke_ml

from twinviewer.physics.heartbeat import Beat


@lru_cache(maxsize=16)
def at(name: str = "", value: float = 0.0) -> Beat:
    """A steady beat with one parameter, or the walls' force or delay, changed."""
    if name == "force":
        return beat_of(heart(force=value))
    if name == "delay":
        return beat_of(heart(value))
    if name == "heart_rate_bpm":
        return beat_of(heart(rate_bpm=value), heart_rate_bpm=value)
    return beat_of(heart(), **({name: value} if name else {}))


def work(beat: Beat) -> float:
    """Area of the left loop, mmHg mL."""
    volume, pressure = beat["lv_volume_ml"], beat["lv_pressure_mmhg"]
    return -float((0.5 * (np.roll(pressure, -1) + pressure) * (np.roll(volume, -1) - volume)).sum())


def end_systole(beat: Beat) -> tuple[float, float]:
    """Volume and pressure where the aortic valve shuts."""
    last = int(np.flatnonzero(beat["aortic_flow_ml_s"] > 1.0)[-1])
    return float(beat["lv_volume_ml"][last]), float(beat["lv_pressure_mmhg"][last])


def elastance(beats: list[Beat]) -> tuple[float, float]:
    """Slope in mmHg/mL and volume axis in mL of the line through the ends of systole."""
    volume, pressure = np.array([end_systole(beat) for beat in beats]).T
    slope, start = np.polyfit(volume, pressure, 1)
    assert np.corrcoef(volume, pressure)[0, 1] > 0.99
    return float(slope), float(-start / slope)


RESISTANCES = (0.5, 0.7, 1.0)


def test_starling_and_the_line_of_recruited_work() -> None:
    beats = [at("stressed_volume_ml", blood) for blood in (800.0, 950.0, 1110.0, 1250.0)]
    strokes = [stroke_ml(beat) for beat in beats]
    assert strokes == sorted(strokes) and strokes[-1] > 1.2 * strokes[0]
    # stroke work rises in a straight line with end-diastolic volume (Glower et al., Circulation 71:994, 1985: r > 0.97)
    filled, done = [float(beat["lv_volume_ml"].max()) for beat in beats], [work(beat) for beat in beats]
    assert np.corrcoef(filled, done)[0, 1] > 0.97
    # the curve flattens: the same blood gives less at the full end (pericardium, stiffening)
    assert strokes[1] - strokes[0] > strokes[3] - strokes[2]


def test_afterload_moves_along_the_end_systolic_line() -> None:
    beats = [at("systemic_resistance_mmhg_s_ml", r) for r in RESISTANCES]
    strokes = [stroke_ml(beat) for beat in beats]
    assert strokes == sorted(strokes, reverse=True)
    slope, axis = elastance(beats)
    # human left ventricles at rest: 1 to 4 mmHg/mL (range 0.4 to 8.4 over all disease, Chen et al., JACC 38:2028, 2001)
    assert 1.0 < slope < 4.0
    assert -20.0 < axis < 30.0


def test_arterial_elastance_is_that_of_its_windkessel() -> None:
    # Ea = -0.13 + 1.02 R/T + 0.31 / C (Segers et al., Am J Physiol 282:H1041, 2002)
    for r in RESISTANCES:
        beat = at("systemic_resistance_mmhg_s_ml", r)
        flow = beat["aortic_flow_ml_s"].mean()
        total = (beat["aortic_pressure_mmhg"].mean() - beat["ra_pressure_mmhg"].mean()) / flow
        expected = -0.13 + 1.02 * total / beat.period_s + 0.31 / VALUE["systemic_compliance_ml_mmhg"]
        assert end_systole(beat)[1] / stroke_ml(beat) == pytest.approx(expected, rel=0.15)


def test_force_turns_the_end_systolic_line() -> None:
    lines = []
    for force in (70.0, 93.0, 125.0):
        beats = [beat_of(heart(force=force), systemic_resistance_mmhg_s_ml=r) for r in RESISTANCES]
        lines.append(elastance(beats))
    # stronger muscle: steeper line, and smaller at any pressure (Suga & Sagawa, Circ Res 32:314, 1973). Slopes of this
    # sarcomere rise more than in proportion, since shortening towards its slack length (1.51 um) ends in a wall
    slopes = [slope for slope, _ in lines]
    assert slopes[1] > 1.2 * slopes[0] and slopes[2] > 1.2 * slopes[1]
    at_120 = [120.0 / slope + axis for slope, axis in lines]
    assert at_120[0] > at_120[1] + 5.0 > at_120[2] + 10.0
    assert steepest(at("force", 125.0)) > 1.25 * steepest(at("force", 93.0))


def test_rate_costs_stroke_and_hardly_changes_output() -> None:
    # pacing the atria at rest, 70 to 110 bpm: output stays within some 15 %, stroke falls as rate rises (Ross, Linhart
    # & Braunwald, Circulation 32:549, 1965)
    slow, fast = at("heart_rate_bpm", 70.0), at("heart_rate_bpm", 110.0)
    assert output_l_min(fast) == pytest.approx(output_l_min(slow), rel=0.15)
    assert stroke_ml(fast) < 0.8 * stroke_ml(slow)
    assert fast["lv_volume_ml"].max() < slow["lv_volume_ml"].max() - 10.0
    # at 50 bpm the ventricle fills more
    assert stroke_ml(at("heart_rate_bpm", 50.0)) > stroke_ml(slow)


def test_left_bundle_branch_block_costs_force() -> None:
    # LV dP/dt max 78 +- 5 % (standard error) of before in 16 dogs; both ventricles paced 86 % (Vernooy et al., Eur
    # Heart J 28:2148, 2007)
    normal, blocked, paced = at(), at("delay", 0.1), at("delay", 0.075)
    assert 0.68 < steepest(blocked) / steepest(normal) < 0.88
    assert steepest(blocked) < steepest(paced) < steepest(normal)
    assert stroke_ml(blocked) < stroke_ml(normal)
    assert work(blocked) < work(normal)
