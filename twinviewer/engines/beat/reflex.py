"""The baroreflex in a scenario: what it does to rate, resistance, force and veins until its own pressure answers it.

Parameter ``baroreflex``: its gain, 0 off (as without it), 1 that of health. The set point is the mean arterial pressure
of the untreated setup, so a baseline is never changed. What a therapy sets (rate, contractility, resistance) is what
patients showed with their reflexes at work, so it is held, and the reflex moves the rest (physics/baroreflex.py).
"""

import hashlib
from collections.abc import Generator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError, Progress, Setup
from twinviewer.engines.beat.electrical import activation_times_ms
from twinviewer.engines.beat.mechanics import beating, values_of, walls_for
from twinviewer.physics.baroreflex import Reflex, answer
from twinviewer.physics.heart_model import Patches, loop_of, patches_of

CLOSE_MMHG = 0.2
MOST_ROUNDS = 12
RATE_LIMITS_BPM = (35.0, 180.0)
MOVED = ("heart_rate_bpm", "systemic_resistance_mmhg_s_ml", "contractility_lv_kpa", "contractility_rv_kpa")


def is_on(setup: Setup) -> bool:
    """Whether the reflex has anything to answer to."""
    asked = setup.parameters.get("baroreflex")
    return asked is not None and asked.value > 0.0 and setup.untreated is not None


def answered(setup: Setup) -> Generator[Progress, None, Setup]:
    """The setup at which pressure and reflex agree within CLOSE_MMHG; the setup itself where the reflex is off.

    The pressure that a setup made for pressure P reaches falls as P rises, so the two meet once: false position on a
    bracket. EngineError where a beat fails or for a gain beyond 0 to 1.
    """
    if not is_on(setup) or setup.untreated is None:
        return setup
    gain = setup.value("baroreflex")
    if not 0.0 < gain <= 1.0:
        raise EngineError("baroreflex must be from 0 to 1", where=f"baroreflex = {gain:g}")
    base, patches = setup.untreated, patches_of(setup.mesh)
    set_point = _kept_mean(base, patches)
    yield Progress(0.0, f"Baroreflex: the untreated mean pressure is {set_point:.0f} mmHg")
    activation_ms = activation_times_ms(setup)
    assumed = low = high = set_point
    found = setup
    low_miss = high_miss = miss = _mean(setup, patches, activation_ms) - set_point
    for _ in range(MOST_ROUNDS):
        if abs(miss) < CLOSE_MMHG:
            break
        # each end of the bracket: a pressure assumed, and by how much the pressure reached is above it
        if low_miss > 0.0 > high_miss:
            assumed = low + (high - low) * low_miss / (low_miss - high_miss)
        else:
            assumed += 0.5 * miss
        found = _at(
            setup, base, answer(assumed, set_point, gain), f"baroreflex at {assumed:.0f} of {set_point:.0f} mmHg"
        )
        miss = _mean(found, patches, activation_ms) - assumed
        if miss > 0.0:
            low, low_miss = assumed, miss
        else:
            high, high_miss = assumed, miss
        yield Progress(0.0, f"Baroreflex: {assumed + miss:.0f} mmHg for a set point of {set_point:.0f}")
    return found


def _at(setup: Setup, base: Setup, reflex: Reflex, source: str) -> Setup:
    """The setup with an answer of the reflex."""
    factor = dict(zip(MOVED, (reflex.rate, reflex.resistance, reflex.force_left, reflex.force_right), strict=True))
    for name in MOVED:
        own = setup.parameters[name]
        if not np.isclose(own.value, base.value(name), rtol=1e-6):
            continue
        value = own.value * factor[name]
        if name == "heart_rate_bpm":
            value = float(np.clip(value, *RATE_LIMITS_BPM))
        setup = setup.with_parameter(name, own.with_value(value, "simulated", source))
    loop = loop_of(values_of(setup))
    body, lung = loop.systemic, loop.pulmonary
    compliance = body.artery_compliance + body.vein_compliance + lung.artery_compliance + lung.vein_compliance
    blood = setup.parameters["stressed_volume_ml"]
    moved = blood.value + reflex.filling_mmhg * compliance
    return setup.with_parameter("stressed_volume_ml", blood.with_value(moved, "simulated", source))


def _mean(setup: Setup, patches: Patches, activation_ms: NDArray[np.floating]) -> float:
    """Mean aortic pressure of the steady beat, mmHg."""
    *_, beat = beating(setup, walls_for(setup, patches, activation_ms))
    return float(beat["aortic_pressure_mmhg"].mean())


def _kept_mean(base: Setup, patches: Patches) -> float:
    """The same of a baseline, kept for the one last used."""
    base = replace(base, untreated=None)
    key = (base.mesh.uid, setup_key(base))
    if key not in _kept:
        _kept.clear()
        _kept[key] = _mean(base, patches, activation_times_ms(base))
    return _kept[key]


def setup_key(setup: Setup) -> str:
    """Hash of all that a setup's beat depends on besides its mesh."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(repr(sorted((name, q.value) for name, q in setup.parameters.items())).encode())
    digest.update(repr([(s.node, s.time_ms, s.layer) for s in setup.stimuli]).encode())
    for name, array in sorted(setup.tissue.items()):
        digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


_kept: dict[tuple[str, str], float] = {}
