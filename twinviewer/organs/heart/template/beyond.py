"""What lies between the base and the first slice, where no long axis shows it: it beats as the slices next to it do.

Muscle that nothing watches would stay as wide as at end diastole, or wider, since the wall keeps its volume. So its
faces at end diastole are brought along: narrower by as much as the first slices narrow, less so towards the ring of the
valve, and down with the base.
"""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import SegmentationError
from twinviewer.organs.heart.template.observations import Observations
from twinviewer.organs.heart.template.placement import centre_line, rings
from twinviewer.organs.heart.template.shape import Template
from twinviewer.segmentation.cine.short_axis import Slices

Array = NDArray[np.float64]
FACES = ("lv_endocardium", "lv_epicardium")
TRUST, COUNT = 0.4, 80
RING_SHARE = 0.4
"""How much of the narrowing the valve's ring shares: its area falls by a quarter while that at mid-wall halves."""
_ABOVE_RING_MM = 3.0


class Beyond:
    """bent_mm: (n, 3) the wall at end diastole, seen: what was observed there, base: depth of the left base there."""

    def __init__(self, template: Template, slices: Slices, bent_mm: Array, seen: Observations, base: float) -> None:
        self.slices, self.base = slices, base
        self.uvw = slices.to_uvw(bent_mm)
        self.line = centre_line(slices, seen)
        self.nodes = {name: template.nodes(name) for name in FACES}
        self.before = {name: rings(slices, seen, name)[:2] for name in FACES}

    def added(self, seen: Observations, base: float) -> Observations:
        """seen, with points for the part that no slice shows; as it is where a slice lies near the base."""
        try:
            now = {name: rings(self.slices, seen, name)[:2] for name in FACES}
        except SegmentationError:
            return seen
        gap = float(np.median(np.diff(self.slices.depth_mm)))
        first = float(now["lv_endocardium"][0][0])
        if first - base <= gap:
            return seen
        more = {}
        for name in FACES:
            ratio = self._narrowing(name, now[name])
            if ratio is None:
                return seen
            uvw = self.uvw[self.nodes[name]]
            depth = uvw[:, 2]
            end = float(self.slices.depth_mm[-1])
            down = depth + (base - self.base) * np.clip((end - depth) / (end - self.base), 0.0, 1.0)
            there = (depth > self.base + _ABOVE_RING_MM) & (down < first - 0.5 * gap)
            uvw, down = uvw[there], down[there]
            if not len(uvw):
                continue
            pick = np.linspace(0, len(uvw) - 1, min(COUNT, len(uvw))).astype(int)
            uvw, down = uvw[pick], down[pick]
            middle = self.slices.to_uvw(np.outer(uvw[:, 2], self.line[0]) + self.line[1])[:, :2]
            height = np.clip((first - down) / max(first - base, 1e-6), 0.0, 1.0)
            share = ratio + (1.0 - RING_SHARE) * (1.0 - ratio) * height
            off = uvw[:, :2] - middle
            place = np.column_stack([middle + share[:, None] * off, down]) @ self.slices.axes + self.slices.origin_mm
            radial = off / np.maximum(np.linalg.norm(off, axis=1), 1e-6)[:, None]
            more[name] = (place, radial @ self.slices.axes[:2], np.full(len(place), TRUST))
        return seen.with_borders([more], 1.0)

    def _narrowing(self, name: str, now: tuple[Array, Array]) -> float | None:
        """Mean radius now over that at end diastole, in the two uppermost slices that both moments show."""
        both = np.intersect1d(np.round(self.before[name][0], 1), np.round(now[0], 1))[:2]
        if not len(both):
            return None
        before, after = (np.interp(both, depth, radius) for depth, radius in (self.before[name], now))
        return float(np.mean(after / before))
