"""The wall without load, from its shape under load: images show a heart that is never free of pressure.

Fixed point of Sellier, Int J Comput Methods 8:557 (2011), and Bols et al., J Comput Appl Math 246:10 (2013): the
resting shape is moved by what its loaded shape still misses, until that is the shape that was seen.
"""

from collections.abc import Callable, Generator

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError
from twinviewer.physics.solid.newton import Step, equilibrium
from twinviewer.physics.solid.wall import Array, Load, State, Wall

ROUNDS, TOLERANCE_MM = 20, 0.5
RISING = (0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
"""Shares of the load of the first rounds."""
DAMPED, KEPT = 0.5, 4
"""Share of the misfit that is taken back at once, and earlier rounds that Anderson's mixing looks at (J ACM 12:547,
1965): a soft wall answers a change of its resting shape with more than that change."""
ROUGH = 2e-2
"""Where Newton's method may end in all but the last round: a share of an element."""


def unload(
    make: Callable[[Array], Wall], seen_mm: Array, load: Load
) -> Generator[tuple[int, float, Step], None, tuple[Wall, State]]:
    """The wall at rest and its state under the load, in which it has its points (n, 3) at ``seen_mm``.

    make: a wall from resting positions. Yields the round, the largest misfit in mm, and the step of Newton's method.
    EngineError where there is no equilibrium, or the rounds do not get nearer.
    """
    rest = seen_mm.copy()
    missed, shares = np.inf, [*RISING, *[1.0] * ROUNDS]
    wall = make(rest)
    state = wall.at_rest()
    mixed = _Mixed()
    for number, share in enumerate(shares):
        # where it will be is near where it should be, since the resting shape was just moved by what was missed
        guess = State(seen_mm, state.p_kpa * (share / shares[number - 1] if number else 0.0))
        state = yield from _said(number, missed, equilibrium(wall, guess, Load().towards(load, share), ROUGH))
        off = seen_mm - state.x_mm
        missed = float(np.linalg.norm(off, axis=1).max())
        if share == 1.0 and missed < TOLERANCE_MM:
            return wall, (yield from _said(number, missed, equilibrium(wall, state, load)))
        rest = mixed.next(rest, off) if share == 1.0 else rest + off
        wall = make(rest)
    raise EngineError("The unloaded heart was not found", where=f"{missed:.2f} mm off", remedy="Use less pressure")


def _said(
    number: int, missed_mm: float, solving: Generator[Step, None, State]
) -> Generator[tuple[int, float, Step], None, State]:
    while True:
        try:
            step = next(solving)
        except StopIteration as stop:
            state: State = stop.value
            return state
        yield number, missed_mm, step


class _Mixed:
    """Anderson's mixing of the last rounds."""

    def __init__(self) -> None:
        self._rest: list[Array] = []
        self._off: list[Array] = []

    def next(self, rest: Array, off: Array) -> Array:
        self._rest, self._off = [*self._rest[-KEPT:], rest], [*self._off[-KEPT:], off]
        if len(self._off) == 1:
            return rest + DAMPED * off
        steps = np.stack([(a - off).ravel() for a in self._off[:-1]], axis=1)
        moves = np.stack([(a - rest).ravel() for a in self._rest[:-1]], axis=1)
        share = np.linalg.lstsq(steps, -off.ravel(), rcond=1e-6)[0]
        best_off = off.ravel() + steps @ share
        return np.asarray((rest.ravel() + moves @ share + DAMPED * best_off).reshape(rest.shape))


def carried_back(vectors: NDArray[np.float64], deformation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors (m, q, 3) seen in the loaded wall, as they lie at rest: F⁻¹ f / |F⁻¹ f|, F (m, q, 3, 3)."""
    back = np.linalg.solve(deformation, vectors[..., None])[..., 0]
    return np.asarray(back / np.linalg.norm(back, axis=-1, keepdims=True))
