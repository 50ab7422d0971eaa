"""The template fitted to a cine study: once to end diastole, then bent from there to every other phase.

The long axes take part by search: the fitted faces are drawn in each long-axis image, the borders near by become
further observations, and the bend is found again. From end diastole the phases are followed both ways round the beat,
each starting from its neighbour; then every coefficient is smoothed over the beat by its first harmonics.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineContours, CineStack, Reporter, silent
from twinviewer.organs.heart.template.anchors import Ends
from twinviewer.organs.heart.template.bend import Basis, Faces, step
from twinviewer.organs.heart.template.beyond import Beyond
from twinviewer.organs.heart.template.observations import Observations, aligned, nearest_phase, observe
from twinviewer.organs.heart.template.placement import apex_mm, base_mm, place, tip_mm
from twinviewer.organs.heart.template.search import search
from twinviewer.organs.heart.template.shape import Template, template
from twinviewer.organs.heart.template.strain import WallStrain, narrowest
from twinviewer.segmentation.cine.phases import beat_fraction, follows
from twinviewer.segmentation.cine.short_axis import Slices, short_axis

Array = NDArray[np.float64]

# Shape: a heart may differ from the template; motion: muscle strains but keeps its volume. mm2 per unit of strain.
SHAPE_STIFFNESS, SHAPE_VOLUME, SHAPE_ROUGHNESS = 2.0, 5.0, 1e-3
MOTION_STIFFNESS, MOTION_VOLUME, MOTION_ROUGHNESS = 2.0, 80.0, 6e-4
LONG_AXIS_SHARE = 0.7
HARMONICS = 7
"""Of the beat, kept of each coefficient: the fastest phase, early filling, takes about a sixth of it."""
WATCHED, NARROW = 200, 0.5
"""So many elements, of those below this share of their volume at rest, are watched besides the fixed sample."""
_FIRST = ((30.0, 30.0), (10.0, 25.0), (3.0, 20.0), (1.0, 15.0))
"""Roughness (times its last value) and reach in mm of the first rounds, which find the patient's heart coarsely."""
_REACH_MM = 12.0
_MANY = 10
_NEXT, _FAR = (
    ((1.0, 7.0), (1.0, 5.0)),
    ((30.0, 0.0), (10.0, 10.0), (3.0, 8.0), (1.0, 7.0), (1.0, 6.0), (1.0, 5.0), (1.0, 5.0)),
)
_SLICES_ONLY = ((10.0, 0.0), (3.0, 0.0), (1.0, 0.0), (1.0, 0.0))
"""Roughness (times its value) and reach in the long axes (0: without them) in mm on the way to the next phase: with few
phases it is a long one, so it is taken coarsely first and in more rounds."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """positions_mm: (t, n, 3) of the wall's points at fraction (t,) of the beat. placed_mm: (n, 3) the template before
    any bend, by matrix (3, 3) and shift (3,). miss_mm: (t,) root mean square
    distance of what was observed."""

    positions_mm: Array
    fraction: Array
    placed_mm: Array
    matrix: Array
    shift: Array
    miss_mm: Array


def moments(contours: CineContours, stack: CineStack) -> Array:
    """(t,) fractions of the beat at which the model is fitted: even, or those of the frames where there are two or
    three only."""
    planes = [stack.planes[i] for i in contours.short_axis]
    count = max(len(plane.frames) for plane in planes)
    if count > 3:
        return np.asarray(np.arange(count) / count)
    return np.unique(np.round(np.concatenate([beat_fraction(plane) for plane in planes]), 3) % 1.0)


def fit(contours: CineContours, stack: CineStack, report: Reporter = silent) -> Fitted:
    """Fit all phases. Raises SegmentationError where too few slices show the heart; ``report`` may raise Cancelled."""
    return _Fit(contours, stack, report).run()


class _Fit:
    def __init__(self, contours: CineContours, stack: CineStack, report: Reporter) -> None:
        contours, stack = aligned(contours, stack)
        self.contours, self.stack, self.report = contours, stack, report
        self.template: Template = template()
        self.slices: Slices = short_axis(stack, contours.short_axis)
        self.basis, self.faces = Basis.of(self.template), Faces.of(self.template)
        self.fraction = moments(contours, stack)
        self.long_axes = [
            i for i, p in enumerate(stack.planes) if i not in contours.short_axis and follows(p, stack.planes)
        ]

    def run(self) -> Fitted:
        self.report(0.0, "Placing the template")
        seen = [observe(self.contours, self.stack, float(f)) for f in self.fraction]
        base = [base_mm(self.contours, self.slices, float(f), s) for f, s in zip(self.fraction, seen, strict=True)]
        base = filled(np.array(base), self.fraction)
        first = int(np.argmax([_size(s) for s in seen]))
        tip = tip_mm(self.slices, seen)
        apex, _ = apex_mm(self.slices, seen[first], tip)
        matrix, shift = place(self.template, self.slices, seen[first], base[first], apex)
        placed = self.template.points_mm @ matrix + shift
        self.ends = Ends(self.template, self.slices, placed, base[first], tip)
        bent, miss = self._shape(placed, seen[first], base[first], float(self.fraction[first]))
        self.ends.started(bent, base[first])
        if not self.long_axes:
            unseen = Beyond(self.template, self.slices, bent, seen[first], base[first], not np.isfinite(tip))
            seen = [unseen.added(one, depth) for one, depth in zip(seen, base, strict=True)]
        count = len(seen)
        found = np.zeros((count, self.basis.values.shape[1], 3))
        misses = np.zeros(count)
        misses[first] = miss
        half = count // 2
        ways = [
            [(first + i) % count for i in range(1, half + 1)],
            [(first - i) % count for i in range(1, count - half)],
        ]
        done = 0
        for way in ways:
            now = np.zeros_like(found[first])
            for k in way:
                self.report(0.25 + 0.7 * done / max(count - 1, 1), "Following the wall through the beat")
                now, misses[k] = self._follow(bent, now, seen[k], base[k], float(self.fraction[k]))
                found[k] = now
                done += 1
        found = smooth(found)
        positions = np.array([bent + self.basis.values @ one for one in found])
        return Fitted(positions, self.fraction, placed, matrix, shift, misses)

    def _shape(self, placed: Array, seen: Observations, base: float, fraction: float) -> tuple[Array, float]:
        now = np.zeros((self.basis.values.shape[1], 3))
        strain = WallStrain.at(self.template, self.basis.values, placed)
        miss = 0.0
        for number, (times, reach) in enumerate(_FIRST):
            self.report(0.02 + 0.02 * number, "Fitting the template to end diastole")
            energy = strain.form(now, SHAPE_STIFFNESS, SHAPE_VOLUME)
            for _ in range(4):
                now, miss = self._step(placed, now, seen, base, energy, times * SHAPE_ROUGHNESS, reach)
        for number, reach in enumerate((10.0, 8.0, 6.0, 5.0)):
            self.report(0.1 + 0.03 * number, "Looking for the wall in the long axes")
            more = self._with_long_axes(seen, placed + self.basis.values @ now, fraction, reach)
            watched = narrowest(self.template, placed + self.basis.values @ now, placed, WATCHED, NARROW)
            strain = WallStrain.at(self.template, self.basis.values, placed, watched)
            energy = strain.form(now, SHAPE_STIFFNESS, SHAPE_VOLUME)
            for _ in range(3):
                now, miss = self._step(placed, now, more, base, energy, SHAPE_ROUGHNESS, _REACH_MM)
        return placed + self.basis.values @ now, miss

    def _follow(self, bent: Array, now: Array, seen: Observations, base: float, fraction: float) -> tuple[Array, float]:
        miss = 0.0
        for times, reach in _FAR if len(self.fraction) < _MANY else _NEXT if self.long_axes else _SLICES_ONLY:
            more = self._with_long_axes(seen, bent + self.basis.values @ now, fraction, reach) if reach else seen
            watched = narrowest(self.template, bent + self.basis.values @ now, bent, WATCHED, NARROW)
            strain = WallStrain.at(self.template, self.basis.values, bent, watched)
            energy = strain.form(now, MOTION_STIFFNESS, MOTION_VOLUME)
            for _ in range(2):
                now, miss = self._step(bent, now, more, base, energy, times * MOTION_ROUGHNESS, _REACH_MM)
        return now, miss

    def _step(
        self,
        start: Array,
        now: Array,
        seen: Observations,
        base: float,
        energy: tuple[Array, Array],
        roughness: float,
        reach: float,
    ) -> tuple[Array, float]:
        held = self.ends.anchors(start + self.basis.values @ now, seen, base)
        return step(self.basis, start, now, self.faces, seen, held, energy, roughness, reach)

    def _with_long_axes(self, seen: Observations, points: Array, fraction: float, reach_mm: float) -> Observations:
        planes = [self.stack.planes[i] for i in self.long_axes]
        found = [search(self.template, points, p, nearest_phase(p, fraction), reach_mm) for p in planes]
        return seen.with_borders(found, LONG_AXIS_SHARE)


def smooth(coefficients: Array) -> Array:
    """(t, k, 3) coefficients with their first HARMONICS over the beat; as they are where there are few phases."""
    if len(coefficients) <= 2 * HARMONICS:
        return coefficients
    spectrum = np.fft.rfft(coefficients, axis=0)
    spectrum[HARMONICS + 1 :] = 0.0
    return np.fft.irfft(spectrum, n=len(coefficients), axis=0)


def filled(values: Array, fraction: Array) -> list[float]:
    """Values (t,) over the beat with NaN replaced from the moments round it; zeros where nothing is known at all."""
    known = np.isfinite(values)
    if not known.any():
        return [0.0] * len(values)  # without any left contour the template is not placed
    out: list[float] = np.interp(fraction, fraction[known], values[known], period=1.0).tolist()
    return out


def _size(seen: Observations) -> float:
    """Length of the left cavity's contours in all slices, in steps of their even spacing: largest at end diastole."""
    return float(len(seen.points_mm["lv_endocardium"]))
