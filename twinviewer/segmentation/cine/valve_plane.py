"""The mitral valve's plane, through the basal ends of the left wall in the long-axis planes, in every phase."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import CineStack, Reporter
from twinviewer.segmentation.cine.confidence import LEAST_RING
from twinviewer.segmentation.cine.phases import at_fraction, follows
from twinviewer.segmentation.cine.short_axis import Slices
from twinviewer.segmentation.cine.wall import Walls
from twinviewer.segmentation.cine.wall_end import WallEnd, WallStrip, wall_end, wall_strip

_MOST_TILT = 0.45
"""Slope of the valve plane against the short axis that is believed (24 degrees)."""
_OFF_MM = 5.0
"""An end this far off the plane counts half."""
_ROUNDS = 2


@dataclass(frozen=True, slots=True, eq=False)
class ValvePlane:
    """The mitral valve plane by phase.

    fraction: (t,) of the beat; base_mm: (t,) its depth w at ``middle`` (2,) u, v; tilt: (2,) dw/du, dw/dv. spread_mm:
    robust scatter of the wall ends about it. ends: what it was fitted to, each at its plane's own phases.
    """

    fraction: NDArray[np.float64]
    base_mm: NDArray[np.float64]
    middle: NDArray[np.float64]
    tilt: NDArray[np.float64]
    spread_mm: float
    ends: tuple[WallEnd, ...]

    def depth_at(self, uv: NDArray[np.float64], fraction: NDArray[np.float64]) -> NDArray[np.float64]:
        """(t, n) depth w of the plane above points (t, n, 2) u, v at phases (t,) of the beat."""
        base = at_fraction(self.base_mm, self.fraction, fraction)
        return base[:, None] + (uv - self.middle) @ self.tilt


def whole_slices(rings: list[NDArray[np.float64]]) -> list[int]:
    """Slices that show the whole ring of the wall in every phase, base first."""
    return [k for k, ring in enumerate(rings) if float(ring.min()) >= LEAST_RING]


def find_valve_plane(
    stack: CineStack,
    slices: Slices,
    walls: tuple[Walls, ...],
    rings: list[NDArray[np.float64]],
    fraction: NDArray[np.float64],
    shift: NDArray[np.float64],
    report: Reporter,
) -> ValvePlane | None:
    """The plane through the basal ends of the walls seen in long axes; None where fewer than two ends are seen.

    rings: (t,) evidence of each slice; fraction: (t,) phases of the result; shift: (planes, 3) u, v, w mm between
    breath-holds. The ends are given where the images show them, the plane where they are after the shifts. Found
    twice: the second time every end knows where the plane through all of them is.
    """
    whole = whole_slices(rings)
    if len(whole) < 2:
        return None
    strips: list[WallStrip] = []
    for i, plane in enumerate(stack.planes):
        if i in slices.indices or abs(plane.normal @ slices.axes[2]) > 0.5 or not follows(plane, stack.planes):
            continue
        for side in (-1, 1):
            tick = partial(report, i / len(stack.planes), "Following the wall to the valve")
            strip = wall_strip(i, slices, plane, walls, whole[0], whole[1], side, tick)
            if strip is not None:
                strips.append(strip)
    if len(strips) < 2:
        return None
    ends = [wall_end(strip) for strip in strips]
    plane_found = _plane(ends, fraction, shift)
    for _ in range(_ROUNDS):
        report(0.95, "Following the wall to the valve")
        ends = [wall_end(strip, _expected(plane_found, strip, shift[strip.plane])) for strip in strips]
        plane_found = _plane(ends, fraction, shift)
    return plane_found


def _expected(plane: ValvePlane, strip: WallStrip, shift: NDArray[np.float64]) -> NDArray[np.float64]:
    """(t, columns) depth of the plane along a strip, at the height where it meets it about."""
    middle_row = strip.uvw.shape[1] // 2
    return plane.depth_at(strip.uvw[:, middle_row, :, :2] + shift[:2], strip.fraction) - shift[2]


def _plane(found: list[WallEnd], fraction: NDArray[np.float64], shift: NDArray[np.float64]) -> ValvePlane:
    """Fit one tilt for the beat and a depth by phase, smooth in time, to the wall's ends; robust to outliers."""
    ends = np.array([at_fraction(end.uvw, end.fraction, fraction) + shift[end.plane] for end in found])
    trust = np.array([at_fraction(end.confidence, end.fraction, fraction) for end in found])
    trust = np.maximum(trust, 0.02)
    count, phases, _ = ends.shape
    middle = np.median(ends[..., :2].reshape(-1, 2), axis=0)
    uv = ends[..., :2] - middle
    tilt = np.zeros(2)
    base = np.median(ends[..., 2], axis=0)
    weight = trust
    miss = np.abs(ends[..., 2] - base)
    for _ in range(8):
        left = ends[..., 2] - uv @ tilt
        base = (weight * left).sum(axis=0) / weight.sum(axis=0)
        if phases > 6:
            spectrum = np.fft.rfft(base)
            spectrum[min(4, phases // 4 + 1) :] = 0.0
            base = np.fft.irfft(spectrum, n=phases)
        rest = ends[..., 2] - base
        if count >= 4:
            a = np.sqrt(weight).reshape(-1, 1)
            # pulled towards no tilt, so that two ends on one side do not turn the plane
            system = np.concatenate([a * uv.reshape(-1, 2), 15.0 * np.sqrt(phases) * np.eye(2)])
            tilt = np.linalg.lstsq(system, np.concatenate([a[:, 0] * rest.ravel(), np.zeros(2)]), rcond=None)[0]
            tilt *= min(1.0, _MOST_TILT / max(float(np.linalg.norm(tilt)), 1e-9))
        miss = np.abs(rest - uv @ tilt)
        weight = trust / (1.0 + (miss / _OFF_MM) ** 2)
    return ValvePlane(fraction, base, middle, tilt, float(np.median(miss)), tuple(found))
