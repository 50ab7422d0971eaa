"""How a steady beat answers to its parameters, from a handful of single beats.

One beat maps the volumes and pressures x (8,) at its start to those at its end, F(x, q), with parameters q. Of the
steady beat x* = F(x*, q), small changes obey (I - M) dx* = (dF/dq) dq with M = dF/dx, and a number g(x, q) that is
read off the beat changes by dg/dx dx* + dg/dq dq. M and all derivatives are forward differences of one beat each: 8
for M and one a parameter, where simulating each changed heart to its steady beat takes tens. Blood is conserved, so
that M has the eigenvalue 1; the blood volume w.x = q_V (stressed_volume) is what fixes x* and is one more row of the
system. Flows and sarcomeres at the beat's start follow within milliseconds and are not perturbed, but where relaxation
itself changes: then a beat is spent to have them right.

With M at hand the steady beat itself is found by Newton's method: x <- x + (I - M)^-1 (F(x) - x).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError, OrganMesh
from twinviewer.physics.circulation import LA, LV, P_PA, P_PV, P_SA, P_SV, RA, RV, Loop, stressed_volume
from twinviewer.physics.heart_model import Patches, loop_of, walls_of
from twinviewer.physics.heartbeat import Beat, Walls, one_beat
from twinviewer.physics.one_fibre import RIGHT
from twinviewer.physics.sarcomere import duration_at

Array = NDArray[np.float64]
Reading = Callable[[Beat], float]

SLOW = np.array([LA, LV, RA, RV, P_SA, P_SV, P_PA, P_PV])
STEP_S = 1e-3
NUDGE = 4e-3
"""Relative step of a parameter, and of a volume or pressure, for forward differences: well above Newton's 1e-6."""
BLOOD = "stressed_volume_ml"
_LINGERING = ("relaxation_ms",)
"""Parameters by which the muscle itself begins the next beat otherwise."""
_UNLOADING = ("stiffness_lv_kpa", "stiffness_rv_kpa", "lv_filling_pressure_mmhg", "rv_filling_pressure_mmhg")


@dataclass(frozen=True, slots=True, eq=False)
class FittedHeart:
    """What stays the same of a heart while its parameters change. force: (n,) of each patch relative to its wall's."""

    walls: Walls
    force: Array
    lv_ml: float
    rv_ml: float
    unloaded_at: tuple[float, ...]

    @classmethod
    def of(
        cls,
        mesh: OrganMesh,
        patches: Patches,
        value: Mapping[str, float],
        activation_ms: NDArray[np.floating],
        contractility_scale: NDArray[np.floating] | None = None,
    ) -> "FittedHeart":
        """Arguments as for heart_model.walls_of. EngineError where the walls cannot be unloaded."""
        unit = {**value, "contractility_lv_kpa": 1.0, "contractility_rv_kpa": 1.0}
        walls = walls_of(mesh, patches, unit, activation_ms, contractility_scale)
        volumes = mesh.enclosed_ml("lv_cavity"), mesh.enclosed_ml("rv_cavity")
        return cls(walls, walls.contractility_kpa, *volumes, tuple(value[name] for name in _UNLOADING))

    def at(self, value: Mapping[str, float]) -> "FittedHeart":
        """The same, unloaded at the stiffness and pressures of these parameters, so that others near by need not."""
        walls, _ = self.with_values(value)
        return replace(self, walls=walls, unloaded_at=tuple(value[name] for name in _UNLOADING))

    def with_values(self, value: Mapping[str, float]) -> tuple[Walls, Loop]:
        """The walls and the circulation of these parameters. EngineError for one that is not physical."""
        right = self.walls.wall_of == RIGHT
        walls = replace(
            self.walls,
            contractility_kpa=self.force * np.where(right, *(value[f"contractility_{s}_kpa"] for s in ("rv", "lv"))),
            stiffness_kpa=np.where(right, value["stiffness_rv_kpa"], value["stiffness_lv_kpa"]),
            duration_s=duration_at(value["heart_rate_bpm"]),
            relaxation_s=value["relaxation_ms"] / 1000.0,
        )
        if tuple(value[name] for name in _UNLOADING) != self.unloaded_at:
            left, right_mmhg = value["lv_filling_pressure_mmhg"], value["rv_filling_pressure_mmhg"]
            outside = min(walls.sac.pressure_mmhg, 0.25 * right_mmhg, 0.25 * left)  # as in walls_of
            walls = walls.unload(self.lv_ml, self.rv_ml, left - outside, right_mmhg - outside)
        return walls, loop_of(value)


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Where a beat begins: the state, and first guesses of the septum and the patch areas."""

    state: Array
    septum: Array
    area: Array

    @classmethod
    def after(cls, beat: Beat) -> "Start":
        """Where the beat after this one begins."""
        septum = np.array([beat["septum_ml"][-1], beat["ring_cm"][-1]])
        return cls(beat.state.copy(), septum, beat.area_cm2[-1].copy())

    def moved(self, change: Array) -> "Start":
        """With (8,) added to volumes and pressures."""
        state = self.state.copy()
        state[SLOW] += change
        return replace(self, state=state)

    def holding(self, stressed_ml: float, loop: Loop) -> "Start":
        """With so much blood: what is missing is put into the systemic veins."""
        missing = stressed_ml - stressed_volume(self.state, loop)
        change = np.zeros(len(SLOW))
        change[np.flatnonzero(SLOW == P_SV)] = missing / loop.systemic.vein_compliance
        return self.moved(change)


def beat_from(walls: Walls, loop: Loop, start: Start) -> Beat:
    """One beat. EngineError where it diverges."""
    return one_beat(walls, loop, start.state.copy(), start.septum.copy(), start.area.copy(), STEP_S)


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """A steady beat and its derivatives. values (g,): what was read; slopes (g, q): with the logarithm of each
    parameter; shift (8, q): of the steady state. settle (8, 9): from (F(x) - x, missing blood) to Newton's step."""

    beat: Beat
    start: Start
    values: Array
    slopes: Array
    shift: Array
    settle: Array


def respond(
    heart: FittedHeart, value: Mapping[str, float], start: Start, free: Sequence[str], readings: Sequence[Reading]
) -> Response:
    """The beat that begins at ``start``, which is nearly steady, and how it answers to the parameters ``free``.

    EngineError where a beat diverges.
    """
    heart = heart.at(value)
    walls, loop = heart.with_values(value)
    beat = beat_from(walls, loop, start)
    values = _read(beat, readings)
    by_state, read_by_state = np.zeros((8, 8)), np.zeros((len(readings), 8))
    for k, index in enumerate(SLOW):
        step = NUDGE * max(abs(start.state[index]), 5.0)
        change = np.zeros(8)
        change[k] = step
        moved = beat_from(walls, loop, start.moved(change))
        by_state[:, k] = (moved.state - beat.state)[SLOW] / step
        read_by_state[:, k] = (_read(moved, readings) - values) / step
    by_value, read_by_value = np.zeros((8, len(free))), np.zeros((len(readings), len(free)))
    blood = np.zeros(len(free))
    for k, name in enumerate(free):
        if name == BLOOD:
            blood[k] = value[BLOOD]
            continue
        other_walls, other_loop = heart.with_values({**value, name: value[name] * float(np.exp(NUDGE))})
        moved = beat_from(other_walls, other_loop, start)
        if name in _LINGERING:
            rest = moved.state.copy()
            rest[SLOW] = start.state[SLOW]
            moved = beat_from(other_walls, other_loop, replace(start, state=rest))
        by_value[:, k] = (moved.state - beat.state)[SLOW] / NUDGE
        read_by_value[:, k] = (_read(moved, readings) - values) / NUDGE
        # a change of compliance at the same pressure would make blood
        blood[k] = -(stressed_volume(start.state, other_loop) - stressed_volume(start.state, loop)) / NUDGE
    weight = np.array([1.0, 1.0, 1.0, 1.0, loop.systemic.artery_compliance, loop.systemic.vein_compliance,
                       loop.pulmonary.artery_compliance, loop.pulmonary.vein_compliance])  # fmt: skip
    settle = np.linalg.pinv(np.vstack([np.eye(8) - by_state, weight]))
    shift = settle @ np.vstack([by_value, blood])
    return Response(beat, start, values, read_by_value + read_by_state @ shift, shift, settle)


def steady_from(
    heart: FittedHeart,
    value: Mapping[str, float],
    start: Start,
    settle: Array | None = None,
    tolerance: float = 3e-5,
    most_beats: int = 60,
) -> tuple[Start, Beat, int]:
    """Where the steady beat begins, that beat, and how many it took. settle: of a Response near by, for Newton's
    steps; without it beat follows beat. The best found is given back even if it is not steady within ``tolerance``."""
    walls, loop = heart.with_values(value)
    start = start.holding(value[BLOOD], loop)
    last = np.inf
    for number in range(most_beats):
        beat = beat_from(walls, loop, start)
        if beat.change < tolerance:
            return start, beat, number + 1
        following = Start.after(beat)
        if settle is not None and beat.change < last and number % 4 != 3:  # now and then a plain beat settles the rest
            gap = (beat.state - start.state)[SLOW]
            missing = value[BLOOD] - stressed_volume(start.state, loop)
            step = settle @ np.append(gap, missing)
            limit = 0.2 * np.maximum(np.abs(start.state[SLOW]), 5.0)
            step *= min(1.0, float(np.min(limit / np.maximum(np.abs(step), 1e-12))))
            following = replace(following, state=following.state.copy())
            following.state[SLOW] = start.state[SLOW] + step
        last = beat.change
        start = following.holding(value[BLOOD], loop)
    return start, beat, most_beats


def _read(beat: Beat, readings: Sequence[Reading]) -> Array:
    values = np.array([reading(beat) for reading in readings])
    if not np.isfinite(values).all():
        raise EngineError("a number of the fitted beat is not finite", remedy="Check the measurements of this patient")
    return values
