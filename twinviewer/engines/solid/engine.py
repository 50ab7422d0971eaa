"""The left ventricle's wall at the end of systole, as finite elements: do the fast engine's strains hold?

The mesh is the relaxed heart at the setup's filling pressures. Its unloaded shape is found, filled to the end-diastolic
pressures of the fast kernels, then loaded with their end-systolic ones and their active fibre stress by segment. The
tension that a one-fibre wall needs is not quite what this shape needs; one factor on all of it, which is reported,
brings the cavity to the same ejection, so that strains are compared at equal volumes.
"""

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import numpy as np

from twinviewer import __version__
from twinviewer.domain import EngineError, EngineOutput, Field, Frame, Metric, Progress, Quantity, Setup
from twinviewer.engines.solid.chamber import COUNTS, Array, Chamber, chamber
from twinviewer.engines.solid.model import KPA_PER_MMHG, law_of, wall_at
from twinviewer.engines.solid.motion import Carrier
from twinviewer.engines.solid.systole import SHORTEST, Systole, systole
from twinviewer.physics.solid.laws import Law
from twinviewer.physics.solid.locate import stretch
from twinviewer.physics.solid.newton import Step, load_up
from twinviewer.physics.solid.unload import RISING, unload
from twinviewer.physics.solid.wall import Load, State, Wall

QUIET_S = 0.03
"""Least time between two yields of progress."""
VOLUME_TOLERANCE, TRIES = 0.01, 6
LEAST_SCALE, MOST_SCALE = 0.25, 4.0
STIFFER = (1.0, 2.0, 4.0)
Found = TypeVar("Found")
Work = Generator[Progress, None, Found]


@dataclass(frozen=True, slots=True)
class SolidEngine:
    """See :class:`twinviewer.domain.Engine`. Time 0 is the start of the P wave, as in every engine.

    counts: cubes of six elements through the wall, from apex to base, and round it.
    """

    counts: tuple[int, int, int] = COUNTS
    name: ClassVar[str] = "solid"
    label: ClassVar[str] = "Finite elements of the left ventricle"
    version: ClassVar[str] = __version__
    requires: ClassVar[frozenset[str]] = frozenset(
        {
            "fibre", "chamber", "transmural", "aha_segment", "rv_segment", "myocardium", "lv_endocardium",
            "rv_endocardium", "epicardium", "lv_cavity", "rv_cavity", "lv_apex_endo", "mitral_centre",
        }
    )  # fmt: skip
    understands: ClassVar[frozenset[str]] = frozenset(
        {"stimuli", "heart_rate", "contractility", "resistance", "volume", "conduction"}
    )

    def run(self, setup: Setup) -> EngineOutput:
        """Yield end-diastole and end-systole, the strain of the fibres between them, and what it took. Raises
        EngineError, with segment and place, where Newton's method fails."""
        yield Progress(0.0, "Laying elements into the wall")
        one = chamber(setup.mesh, self.counts)
        beat = yield from systole(setup)
        wall, begin = yield from _filled(one, setup, beat)
        end, scale, ejected = yield from _contracted(one, wall, begin, beat)
        yield Progress(0.97, "Carrying the heart along")
        carrier = Carrier(setup.mesh, one)
        first = stretch(wall.mesh, begin.x_mm, wall.fibre)
        strain = 100.0 * (stretch(wall.mesh, end.x_mm, wall.fibre) / first - 1.0)
        rest = np.zeros_like(carrier.on_points(strain))
        rest[setup.mesh.wall_points :] = np.nan
        full = carrier.carried(begin.x_mm - one.mesh.points_mm).astype(np.float32)
        yield Frame(0.0, full, {"strain_fibre": rest})
        if 0.0 < beat.begin_s < beat.end_s:
            yield Frame(beat.begin_s, full, {"strain_fibre": rest})
        moved = carrier.carried(end.x_mm - one.mesh.points_mm).astype(np.float32)
        yield Frame(beat.end_s, moved, {"strain_fibre": carrier.on_points(strain)})
        length = _spread(one, beat, beat.full_stretch) * (1.0 + 0.01 * strain)
        pull = scale * _spread(one, beat, beat.tension_kpa) * np.maximum(length - SHORTEST, 0.0)
        yield Field("tension_kpa", "kPa", carrier.on_points(pull))
        off = strain - _spread(one, beat, beat.strain_percent)
        yield Field("strain_off", "%", carrier.on_points(off))
        yield from self._metrics(one, wall, begin, end, beat, strain, scale, ejected)
        yield Progress(1.0, "End of systole")

    def _metrics(
        self,
        one: Chamber,
        wall: Wall,
        begin: State,
        end: State,
        beat: Systole,
        strain: Array,
        scale: float,
        ejected: float,
    ) -> EngineOutput:
        source = f"{self.name} {self.version}, {len(wall.mesh.tets)} quadratic elements, Guccione 1991"
        full = one.cavity_ml(begin.x_mm)
        volumes = wall.mesh.gradients[1]
        by_segment = {
            n: float(np.average(strain[one.segment == n], weights=volumes[one.segment == n])) for n in _has(one)
        }
        fast = dict(zip(beat.segment.tolist(), beat.strain_percent.tolist(), strict=True))
        both = np.array([(by_segment[n], fast[n]) for n in by_segment if n in fast])
        off = both[:, 0] - both[:, 1]
        numbers = {
            "solid_stiffness_kpa": (float(wall.law.constants[0]), "kPa"),
            "solid_unloaded_percent": (100.0 * one.cavity_ml(wall.mesh.points_mm) / full, "%"),
            "solid_ejected_at_fast_tension_percent": (ejected, "%"),
            "solid_tension_factor": (scale, "1"),
            "solid_ejected_percent": (100.0 * (1.0 - one.cavity_ml(end.x_mm) / full), "%"),
            "solid_twist_deg": (_twist_deg(one, begin.x_mm, end.x_mm), "deg"),
            "solid_strain_percent": (float(np.average(strain, weights=volumes)), "%"),
            "solid_strain_off_percent": (float(np.sqrt(np.square(off).mean())), "%"),
        }
        for number, value in by_segment.items():
            numbers[f"solid_strain_aha{number}_percent"] = (value, "%")
        for name, (value, unit) in numbers.items():
            yield Metric(name, Quantity(value, unit, "simulated", source))


def _has(one: Chamber) -> list[int]:
    return [int(number) for number in np.unique(one.segment)]


def _pressure(beat: Systole, at: int) -> dict[str, float]:
    return {"lv": beat.lv_mmhg[at] * KPA_PER_MMHG, "rv": beat.rv_mmhg[at] * KPA_PER_MMHG}


def _spread(one: Chamber, beat: Systole, values: Array) -> Array:
    """(m, q) of values (k,) by segment."""
    table = np.full(int(max(one.segment.max(), beat.segment.max())) + 1, float(values.mean()))
    table[beat.segment] = values
    return np.asarray(table[one.segment])


def _filled(one: Chamber, setup: Setup, beat: Systole) -> Work[tuple[Wall, State]]:
    """The wall at rest, and its state at end-diastole.

    As in the fast kernels, the mesh is the relaxed heart at the setup's filling pressures. Where a law is too soft to
    have a resting shape, one twice as stiff is tried: the metric solid_stiffness_kpa says which it was.
    """
    filling = {side: setup.value(f"{side}_filling_pressure_mmhg") * KPA_PER_MMHG for side in ("lv", "rv")}
    stiffness = setup.value("stiffness_lv_kpa")
    for number, factor in enumerate(STIFFER):
        try:
            wall, state = yield from _unloaded(one, law_of(factor * stiffness), filling, 0.05 + 0.1 * number)
            break
        except EngineError:
            if factor == STIFFER[-1]:
                raise
    solving = load_up(wall, state, Load(filling), Load(_pressure(beat, 0)), 1)
    full = yield from _loaded(solving, 0.45, 0.5, "Filling")
    return wall, full


def _unloaded(one: Chamber, law: Law, filling: dict[str, float], begun: float) -> Work[tuple[Wall, State]]:
    solving = unload(lambda rest: wall_at(one, rest, law), one.mesh.points_mm, Load(filling))
    last = 0.0
    while True:
        try:
            number, missed, _ = next(solving)
        except StopIteration as stop:
            found: tuple[Wall, State] = stop.value
            return found
        if time.monotonic() - last > QUIET_S:
            text = "Unloading the heart" + (f": {missed:.1f} mm off" if np.isfinite(missed) else "")
            share = 1.0 - np.exp(-number / len(RISING))
            yield Progress(begun + (0.45 - begun) * float(share), text)
            last = time.monotonic()


def _loaded(solving: Generator[Step, None, State], begun: float, done: float, text: str) -> Work[State]:
    last = 0.0
    while True:
        try:
            step = next(solving)
        except StopIteration as stop:
            state: State = stop.value
            return state
        if time.monotonic() - last > QUIET_S:
            yield Progress(begun + (done - begun) * step.done, f"{text}: {100.0 * step.done:.0f} %")
            last = time.monotonic()


def _contracted(one: Chamber, wall: Wall, begin: State, beat: Systole) -> Work[tuple[State, float, float]]:
    """The state at end-systole, the factor on the tension that ejects as the fast kernels do, and what factor 1 ejects
    in %."""
    # sarcomeres are alike in length at end-diastole rather than at rest (Rodriguez et al., Am J Physiol 264:H1048,
    # 1993): there each fibre has the length of its patch
    longer = _spread(one, beat, beat.full_stretch) / stretch(wall.mesh, begin.x_mm, wall.fibre)
    tension, shortest = longer * _spread(one, beat, beat.tension_kpa), SHORTEST / longer
    full = one.cavity_ml(begin.x_mm)
    wanted = full * beat.lv_ml[1] / beat.lv_ml[0]

    def at(scale: float) -> Load:
        return Load(_pressure(beat, 1), scale * tension, shortest)

    state = yield from _loaded(load_up(wall, begin, Load(_pressure(beat, 0)), at(1.0), 6), 0.5, 0.85, "Contracting")
    scale, off = 1.0, one.cavity_ml(state.x_mm) - wanted
    ejected = 100.0 * (1.0 - (off + wanted) / full)
    slope = -0.5 * full  # mL for a doubled tension, until it is known
    for number in range(TRIES):
        if abs(off) < VOLUME_TOLERANCE * wanted:
            return state, scale, ejected
        target = float(np.clip(scale - off / slope, max(LEAST_SCALE, 0.6 * scale), min(MOST_SCALE, 1.6 * scale)))
        begun = 0.85 + 0.02 * number
        solving = load_up(wall, state, at(scale), at(target), 1 if abs(target - scale) < 0.15 else 2)
        state = yield from _loaded(solving, begun, begun + 0.02, "Meeting the volume")
        found = one.cavity_ml(state.x_mm) - wanted
        if target != scale and (found - off) / (target - scale) < 0.0:
            slope = (found - off) / (target - scale)
        scale, off = target, found
    raise EngineError(
        "No tension ejects what the circulation does",
        where=f"{off + wanted:.0f} mL for {wanted:.0f} mL at {scale:.2f} times the tension",
        remedy="Compare a scenario nearer to the baseline",
    )


def _twist_deg(one: Chamber, begin: Array, end: Array) -> float:
    """Turn of the endocardium near the apex less that near the base, seen from the apex, counterclockwise positive."""

    def turn(low: float, high: float) -> float:
        rows = (one.place[:, 0] == 0.0) & (one.place[:, 1] > low) & (one.place[:, 1] < high)
        a = begin[rows, :2] - begin[rows, :2].mean(axis=0)
        b = end[rows, :2] - end[rows, :2].mean(axis=0)
        return float(np.degrees(np.arctan2((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum(), (a * b).sum())))

    return turn(0.85, 1.01) - turn(0.15, 0.4)


ENGINE = SolidEngine()
