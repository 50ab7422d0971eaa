"""Positions of the mesh over a beat: segment strains give the shape, the circulation's volumes give the size.

At each frame the segments' midwall areas (relative to the relaxed heart of the images) give the pattern of radial
motion and the shortening of the long axis; one number a ventricle, found by the secant method, then makes the mesh's
cavity volume equal to the circulation's (physics/kinematics.py). The displacement is evened out along the wall's layers
and elements brought back to their volume (physics/wall_volume.py), and what that took from the cavities is given back
by the mover (mover.py), which also lets atria, vessels and lids follow.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from queue import Queue
from threading import Event, Thread

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import EngineError, enclosed_volume_ml
from twinviewer.engines.beat.mover import Cavity, Mover, Pose
from twinviewer.physics.eikonal_threads import how_many
from twinviewer.physics.heart_model import RIGHT_OFFSET
from twinviewer.physics.kinematics import MotionField, limited
from twinviewer.physics.wall_volume import even_out, keep_volumes

VOLUME_TOLERANCE = 1e-3
# Rounds of evening out of the wall's displacement along its layers
ROUNDS = 10
# Evening out and element volumes change the cavities a little: the map then aims past them, so often
AIMS, AIM_TOLERANCE = 5, 4e-3
# Of how many frames one is evened out; those between take what that moved in proportion
STRIDE = 2
# Share of the last such frame's volume correction that one starts with; less than all, so that the beat closes
KEPT = 0.7
# Parts of a beat that are moved at once, and how many frames before its own a later part begins
CHAINS, LEAD = 2, 4
RIGHT_LENGTHWISE = 0.67
# Patterns gentler than the segments' own strain are tried where a tetrahedron would turn inside out.
PATTERNS = (1.0, 0.6, 0.3, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What the motion follows, (t,) and (t, patches): cavity volumes, and patch area relative to the relaxed heart."""

    lv_ml: NDArray[np.float64]
    rv_ml: NDArray[np.float64]
    la_ratio: NDArray[np.float64]
    ra_ratio: NDArray[np.float64]
    area_ratio: NDArray[np.float64]


def _secant(volume: Callable[[float], float], target: float, guess: float) -> float:
    """The x whose volume is the target, from a first guess; volumes fall or rise steadily with x."""
    x0, v0 = guess, volume(guess) - target
    if abs(v0) < VOLUME_TOLERANCE * target:
        return x0
    x1 = guess + 0.02
    v1 = volume(x1) - target
    for _ in range(25):
        if abs(v1) < VOLUME_TOLERANCE * target:
            return x1
        if v1 == v0:
            break
        step = float(np.clip(-v1 * (x1 - x0) / (v1 - v0), -0.3, 0.3))
        x0, v0, x1 = x1, v1, x1 + step
        v1 = volume(x1) - target
    raise EngineError(
        "the mesh cannot take the volume that the circulation asks for",
        where=f"{target:.1f} mL wanted, {target + v1:.1f} mL reached",
        remedy="Check the segmentation, or reduce the contractility of this scenario",
    )


def _fit(
    field: MotionField,
    cavity: tuple[Cavity, Cavity],
    u: NDArray[np.float64],
    f: NDArray[np.float64],
    wanted_ml: tuple[float, float],
    guess: list[float],
    shortening: float,
    further_mm: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """u and f with the number added that gives both cavities their volume; ``guess`` keeps the numbers found."""
    left, right = cavity

    def lv(shift: float) -> float:
        rows = left.rows
        placed = field.place(
            rows, limited(u[rows] + shift, field.most[rows]), np.zeros(len(rows)), shortening, further_mm
        )
        return enclosed_volume_ml(placed, left.triangles)

    guess[0] = _secant(lv, wanted_ml[0], guess[0])
    u = limited(u + guess[0], field.most)

    def rv(shift: float) -> float:
        rows = right.rows
        placed = field.place(rows, u[rows], f[rows] + shift, shortening, further_mm)
        return enclosed_volume_ml(placed, right.triangles)

    guess[1] = _secant(rv, wanted_ml[1], guess[1])
    return u, f + guess[1]


Then = Callable[[int, NDArray[np.float64], float], Pose]
"""Makes the Pose of a frame from the map's points (n, 3) mm, whose cavities are within some 1 % of the volumes, and the
share of the strain pattern that they show."""


def settled(mover: Mover, course: Course) -> Then:
    """What brings the map's points to the volumes of a course."""

    def then(k: int, points: NDArray[np.float64], pattern: float) -> Pose:
        atria = {"la": float(course.la_ratio[k]), "ra": float(course.ra_ratio[k])}
        return mover.settle(points, pattern, float(course.lv_ml[k]), float(course.rv_ml[k]), atria)

    return then


def poses(mover: Mover, course: Course, then: Then | None = None) -> Iterator[Pose]:
    """One Pose a row of ``course``, made in two halves at once where two cores are there. EngineError where a volume
    cannot be reached or the wall turns inside out.

    then: by default what :func:`settled` gives; where another is given, the wall's measured shape is to be laid over
    the map's, which is then taken as it comes: its muscle within some 2 %.
    """
    aims = AIMS if then is None else 1
    then = then or settled(mover, course)
    count = len(course.lv_ml)
    parts = [range(count * part // CHAINS, count * (part + 1) // CHAINS) for part in range(CHAINS)]
    chains = [_chain(mover, course, rows, then, aims) for rows in parts]
    if how_many(mover.field.mesh.wall_points) < CHAINS:
        for chain in chains:
            yield from chain
        return
    later: Queue[Pose | BaseException | None] = Queue()
    stopped = Event()

    def work() -> None:
        try:
            for chain in chains[1:]:
                for pose in chain:
                    later.put(pose)
                    if stopped.is_set():
                        return
            later.put(None)
        except BaseException as error:
            later.put(error)

    helper = Thread(target=work, name="second half of the beat", daemon=True)
    helper.start()
    try:
        yield from chains[0]
        while (item := later.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        helper.join()


@dataclass(slots=True, eq=False)
class _State:
    """What a frame leaves to the next one: what its volumes were corrected by, where the map's search begins, and how
    far past the volumes it aims."""

    correction: NDArray[np.float64]
    guess: list[float] = dataclass_field(default_factory=lambda: [0.0, 0.0])
    beyond: list[float] = dataclass_field(default_factory=lambda: [1.0, 1.0])


@dataclass(frozen=True, slots=True, eq=False)
class _Even:
    """A frame that was evened out: its points, what that moved from where the map had them, and the pattern shown."""

    row: int
    points: NDArray[np.float64]
    moved: NDArray[np.float64]
    pattern: float


def _chain(mover: Mover, course: Course, rows: range, then: Then, aims: int) -> Iterator[Pose]:
    """Poses of some frames, one after the other: what one found is where the next one starts. A later part begins
    LEAD frames before its first, which are not handed out."""
    if not rows:
        return
    state = _State(np.zeros_like(mover.reference))
    for k in range(max(rows.start - LEAD, 0), rows.start, STRIDE):
        _even(mover, course, k, state, aims)
    last = _even(mover, course, rows.start, state, aims)
    yield then(last.row, last.points, last.pattern)
    while last.row < rows[-1]:
        now = _even(mover, course, min(last.row + STRIDE, rows[-1]), state, aims)
        for k in range(last.row + 1, now.row):
            share = (k - last.row) / (now.row - last.row)
            pattern = min(last.pattern, now.pattern)
            points = _mapped(mover, course, k, state, pattern, keep=False)
            yield then(k, points + (1.0 - share) * last.moved + share * now.moved, pattern)
        yield then(now.row, now.points, now.pattern)
        last = now


def _even(mover: Mover, course: Course, k: int, state: _State, aims: int) -> _Even:
    """Frame ``k`` as the map has it, evened out along the layers, its elements brought back to their volume."""
    tet_ml = mover.field.patches.tet_ml
    wanted = (float(course.lv_ml[k]), float(course.rv_ml[k]))
    state.correction *= KEPT
    for pattern in PATTERNS:
        for _ in range(aims):
            mapped = _mapped(mover, course, k, state, pattern)
            moved = even_out(mapped - mover.reference, mover.neighbours, ROUNDS) + state.correction
            points = mover.reference + moved
            _, least = keep_volumes(points, mover.field.mesh.tets, tet_ml, mover.neighbours)
            state.correction += points - mover.reference - moved
            if aims == 1:
                break
            mover.attached.close(points)
            got = [enclosed_volume_ml(points[side.rows], side.triangles) for side in mover.cavity]
            if all(abs(g - w) < AIM_TOLERANCE * w for g, w in zip(got, wanted, strict=True)):
                break
            state.beyond = [b + 1.0 - g / w for b, w, g in zip(state.beyond, wanted, got, strict=True)]
        if least > 0.0:
            return _Even(k, points, points - mapped, pattern)
    raise EngineError(
        "the wall would turn inside out",
        where=f"frame {k + 1}, smallest element at {100.0 * least:.0f} % of its volume",
        remedy="Build the model with finer elements",
    )


def _mapped(
    mover: Mover, course: Course, k: int, state: _State, pattern: float, keep: bool = True
) -> NDArray[np.float64]:
    """(n, 3) points of frame ``k`` by the kinematic map, its cavities at the course's volumes or as far past them as
    the state says. keep: the next frame's search begins where this one's ended."""
    field = mover.field
    left = field.patches.number < RIGHT_OFFSET
    ml = field.patches.wall_ml
    left_share, right_share = ml[left] / ml[left].sum(), ml[~left] / ml[~left].sum()
    area = course.area_ratio[k]
    # fibres run all ways in the plane of the wall, so length and girth share the change of its area
    shortening = 1.0 - float(np.sqrt((area[left] * left_share).sum()))
    # the right free wall shortens mostly lengthwise: 80 % of its stroke (Carlsson, Am J Physiol 293:H636, 2007)
    right_shortening = 1.0 - float((area[~left] * right_share).sum()) ** RIGHT_LENGTHWISE
    further_mm = field.right.length_mm * float(np.clip(right_shortening - shortening, -0.03, 0.15))
    shape_left = field.left_ratio * (area[left] ** 2 / (1.0 - shortening) - 1.0)
    shape_right = -(area[~left] ** 2 / (1.0 - right_shortening) - 1.0)
    shape_left = np.clip(shape_left - (shape_left * left_share).sum(), -0.5, 0.5)
    shape_right = np.clip(shape_right - (shape_right * right_share).sum(), -0.3, 0.3)
    wanted = (state.beyond[0] * float(course.lv_ml[k]), state.beyond[1] * float(course.rv_ml[k]))
    guess = state.guess if keep else state.guess.copy()
    u = field.left_weight @ (pattern * shape_left)
    f = field.right.weight @ (pattern * shape_right)
    u, f = _fit(field, mover.cavity, u, f, wanted, guess, shortening, further_mm)
    return field.place(np.arange(len(field.mesh.points_mm)), u, f, shortening, further_mm)
