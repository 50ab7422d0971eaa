"""A real cine study changed as other scanners, protocols and patients would have it: never a new heart, only a new
look at the same one, so that the same answer is right."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from twinviewer.domain import CinePlane, CineStack
from twinviewer.segmentation.cine.phases import at_fraction, beat_fraction
from twinviewer.segmentation.cine.short_axis import middle_mm, short_axis

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Change:
    """name: as in the table. of: the study as it would have been taken. turn: (4, 4) by which the heart itself lies
    otherwise in the scanner."""

    name: str
    of: Callable[[CineStack], CineStack]
    turn: Array | None = None


def _each(change: Callable[[CinePlane], CinePlane]) -> Callable[[CineStack], CineStack]:
    return lambda stack: replace(stack, planes=tuple(change(plane) for plane in stack.planes))


def _values(change: Callable[[Array], Array]) -> Callable[[CineStack], CineStack]:
    """Other intensities: change maps (t, j, i) from 0..1 of the brightest to the same."""

    def one(plane: CinePlane) -> CinePlane:
        frames = plane.frames.astype(np.float64)
        top = float(np.percentile(frames, 99.9))
        return replace(plane, frames=(top * change(np.clip(frames / top, 0.0, 1.5))).astype(np.float32))

    return _each(one)


def resampled(plane: CinePlane, spacing_mm: float | None, turn_deg: float) -> CinePlane:
    """The same plane with other pixels, turned about its middle; what lies outside the old image is 0."""
    old = float(np.linalg.norm(plane.affine[:3, 0]))
    step = spacing_mm or old
    _, j, i = plane.frames.shape
    rows, columns = round(j * old / step), round(i * old / step)
    u, v = plane.affine[:3, 0] / old, plane.affine[:3, 1] / float(np.linalg.norm(plane.affine[:3, 1]))
    angle = np.deg2rad(turn_deg)
    new_u, new_v = np.cos(angle) * u + np.sin(angle) * v, np.cos(angle) * v - np.sin(angle) * u
    affine = plane.affine.copy()
    affine[:3, 0], affine[:3, 1] = step * new_u, step * new_v
    affine[:3, 3] = middle_mm(plane) - affine[:3, 0] * (columns - 1) / 2 - affine[:3, 1] * (rows - 1) / 2
    y, x = np.mgrid[:rows, :columns]
    points = affine[:3, 0] * x[..., None] + affine[:3, 1] * y[..., None] + affine[:3, 3]
    inverse = np.linalg.inv(plane.affine)
    where = points @ inverse[:2, :3].T + inverse[:2, 3]
    blur = 0.5 * np.sqrt(max((step / old) ** 2 - 1.0, 0.0))  # larger pixels average
    frames = [
        ndimage.map_coordinates(
            ndimage.gaussian_filter(frame.astype(np.float32), blur), [where[..., 1], where[..., 0]], order=1, cval=0.0
        )
        for frame in plane.frames
    ]
    return replace(plane, frames=np.array(frames, dtype=np.float32), affine=affine)


def turned_in_space(matrix: Array) -> Callable[[CineStack], CineStack]:
    """The whole patient lies otherwise: no image changes, only where all of them are."""
    return _each(lambda plane: replace(plane, affine=matrix @ plane.affine))


def shaded(stack: CineStack) -> CineStack:
    """A surface coil's field: by the factor 0.6 to 1.6 from one side of the heart, 150 mm across, to the other."""
    middle = np.mean([middle_mm(plane) for plane in stack.planes], axis=0)
    way = np.array([0.3, -0.9, 0.3]) / np.linalg.norm([0.3, -0.9, 0.3])

    def one(plane: CinePlane) -> CinePlane:
        _, j, i = plane.frames.shape
        y, x = np.mgrid[:j, :i]
        points = plane.affine[:3, 0] * x[..., None] + plane.affine[:3, 1] * y[..., None] + plane.affine[:3, 3]
        along = (points - middle) @ way / 75.0
        return replace(plane, frames=(plane.frames * np.exp(0.49 * np.clip(along, -2.0, 2.0))).astype(np.float32))

    return _each(one)(stack)


def noisy(stack: CineStack) -> CineStack:
    """Rician noise of a twentieth of the brightest."""
    rng = np.random.default_rng(7)

    def change(value: Array) -> Array:
        one, two = rng.normal(0.0, 0.05, (2, *value.shape))
        return np.asarray(np.hypot(value + one, two))

    return _values(change)(stack)


def without(pick: Callable[[list[int]], list[int]]) -> Callable[[CineStack], CineStack]:
    """Only those short axes, of all from base to apex, and every long axis."""

    def change(stack: CineStack) -> CineStack:
        order = list(short_axis(stack).indices)
        kept = set(pick(order))
        return replace(stack, planes=tuple(p for i, p in enumerate(stack.planes) if i in kept or i not in order))

    return change


def short_axes_only(stack: CineStack) -> CineStack:
    """No long axis at all."""
    return replace(stack, planes=tuple(stack.planes[i] for i in short_axis(stack).indices))


def two_phases(stack: CineStack) -> CineStack:
    """The first frame and that at 0.36 of the beat: end diastole and end systole."""

    def one(plane: CinePlane) -> CinePlane:
        pick = [0, int(np.argmin(np.abs(beat_fraction(plane) - 0.36)))]
        return replace(plane, frames=plane.frames[pick], trigger_s=plane.trigger_s[pick])

    return _each(one)(stack)


def phases(count: int) -> Callable[[CineStack], CineStack]:
    """So many phases, even over the beat, linear between those that there are."""

    def one(plane: CinePlane) -> CinePlane:
        wanted = np.arange(count) / count
        beat = plane.rr_s or 1.0
        frames = at_fraction(plane.frames.astype(np.float64), beat_fraction(plane), wanted)
        return replace(plane, frames=frames.astype(np.float32), trigger_s=wanted * beat)

    return _each(one)


def _turn(degrees: float) -> Array:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(np.deg2rad(degrees) * np.array([0.48, -0.6, 0.64])).as_matrix()
    matrix[:3, 3] = [30.0, -20.0, 45.0]
    return matrix


CHANGES = (
    Change("as it is", lambda stack: stack),
    Change("turned 20° in the planes", _each(lambda p: resampled(p, None, 20.0))),
    Change("patient turned 20° in space", turned_in_space(_turn(20.0)), _turn(20.0)),
    Change("pixels of 1.2 mm", _each(lambda p: resampled(p, 1.2, 0.0))),
    Change("pixels of 2.0 mm", _each(lambda p: resampled(p, 2.0, 0.0))),
    Change("gamma 0.7", _values(lambda v: v**0.7)),
    Change("gamma 1.4", _values(lambda v: v**1.4)),
    Change("coil shading 0.6 to 1.6", shaded),
    Change("noise 5 %", noisy),
    Change("every second short axis (35 mm)", without(lambda order: order[::2])),
    Change("no basal short axis", without(lambda order: order[1:])),
    Change("no apical short axis", without(lambda order: order[:-1])),
    Change("end diastole and end systole only", two_phases),
    Change("3 phases", phases(3)),
    Change("40 phases", phases(40)),
    Change("no long axis", short_axes_only),
    Change("no long axis, no basal short axis", lambda stack: without(lambda order: order[1:])(short_axes_only(stack))),
)
