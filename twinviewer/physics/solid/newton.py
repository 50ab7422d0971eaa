"""Equilibrium of a wall by Newton's method, and loads put on in steps."""

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np

from twinviewer.domain import EngineError
from twinviewer.physics.solid.assembly import UNKNOWNS
from twinviewer.physics.solid.fronts import Factors
from twinviewer.physics.solid.wall import NO_STIFFNESS, Array, Load, State, Wall

MOST_STEPS = 14
TOLERANCE = 1e-5
LEAST_PART = 1.0 / 8.0
LEAST_J, GROWING = 0.15, 4.0
"""A change is taken where no point is left with less of its volume, and forces have not grown by more (first three
iterations) or at all (later); else half of it is tried, down to LEAST_PART."""
GROWTH, LEAST_STEP = 1.5, 1.0 / 400.0
"""Steps of the load grow where Newton's method was quick, and shrink where it failed down to this share of the load."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where a solution stands: done 0 … 1 of the load, iteration of this step of it, residual: the last change of
    position relative to the tolerance (0 where a step of the load is done)."""

    done: float
    iteration: int
    residual: float


def equilibrium(wall: Wall, state: State, load: Load, tolerance: float = TOLERANCE) -> Generator[Step, None, State]:
    """Newton's method from a state near by, until a step is a share ``tolerance`` of an element. EngineError, with the
    place, where it does not converge."""
    stiffness = np.empty((len(wall.mesh.tets), UNKNOWNS, UNKNOWNS))
    moves = len(wall.free)
    scale_mm = float(np.cbrt(wall.mesh.gradients[1].sum() / len(wall.mesh.tets)))
    last, first = np.inf, 0.0
    for iteration in range(MOST_STEPS):
        residual, least, where = yield from _quiet(wall.assemble(state, load, stiffness), Step(0.0, iteration, last))
        if least <= 0.0:
            raise _failed(wall, "an element turns inside out", where)
        change = yield from _solved(wall, stiffness, -residual, Step(0.0, iteration, last))
        if not np.isfinite(change).all():
            raise _failed(wall, "numbers are not finite", where)
        length = float(np.sqrt(np.square(change[:moves]).sum() / max(moves, 1))) / scale_mm
        part, best, force = 1.0, None, float(np.linalg.norm(residual[:moves]))
        first = max(first, force)
        tiny = 1e-8 * first
        while part >= LEAST_PART:
            trial = wall.moved(state, part * change)
            after, least, where = yield from _quiet(
                wall.assemble(trial, load, NO_STIFFNESS), Step(0.0, iteration, length / tolerance)
            )
            worse = float(np.linalg.norm(after[:moves])) if least > 0.0 else np.inf
            # displacement and pressure are a saddle: forces may grow at first before they fall
            if least > LEAST_J and worse <= (GROWING if iteration < 3 else 1.0) * force + tiny:
                best = trial
                break
            part *= 0.5
        if best is None:
            raise _failed(wall, "no step brings the wall nearer to equilibrium", where)
        state = best
        last = part * length / tolerance
        yield Step(0.0, iteration + 1, last)
        if last < 1.0 and part == 1.0:
            return state
        if length > 1e3:
            break
    raise _failed(wall, "Newton's method does not converge", where)


def load_up(wall: Wall, state: State, begin: Load, end: Load, steps: int = 4) -> Generator[Step, None, State]:
    """From equilibrium under one load to another, in steps that shrink where Newton fails and then grow."""
    done, size = 0.0, 1.0 / steps
    before: tuple[float, State] | None = None
    while done < 1.0:
        target = min(1.0, done + size)
        if 1.0 - target < 0.1 * size:
            target = 1.0
        guess = state
        if before is not None:
            ahead = (target - done) / (done - before[0])
            guess = State(
                state.x_mm + ahead * (state.x_mm - before[1].x_mm),
                state.p_kpa + ahead * (state.p_kpa - before[1].p_kpa),
            )
        try:
            found, taken = yield from _tried(wall, guess, begin.towards(end, target), done)
        except EngineError:
            size *= 0.5
            if size < LEAST_STEP:
                raise
            continue
        before = (done, state)
        done, state = target, found
        yield Step(done, taken, 0.0)
        if taken <= 5:
            size *= GROWTH
    return state


def _tried(wall: Wall, guess: State, load: Load, done: float) -> Generator[Step, None, tuple[State, int]]:
    """Equilibrium and the iterations that it took, saying how much of the whole load is done."""
    solving, taken = equilibrium(wall, guess, load), 0
    while True:
        try:
            step = next(solving)
        except StopIteration as stop:
            return stop.value, taken
        taken = step.iteration
        yield replace(step, done=done)


def _failed(wall: Wall, what: str, tet: int) -> EngineError:
    where = wall.place(wall.mesh.points_mm[wall.mesh.tets[tet, :4]].mean(axis=0)) if tet >= 0 else ""
    return EngineError(f"The wall finds no equilibrium: {what}", where=where, remedy="Use smaller loads")


def _solved(wall: Wall, stiffness: Array, right: Array, step: Step) -> Generator[Step, None, Array]:
    factors: Factors | None = None
    for part in wall.factor(stiffness):
        factors = part
        yield step
    assert factors is not None
    return factors.solve(right)


def _quiet(
    work: Generator[None, None, tuple[Array, float, int]], step: Step
) -> Generator[Step, None, tuple[Array, float, int]]:
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value
        yield step
