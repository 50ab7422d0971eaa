"""What lies between the base and the first slice, or beyond the last, where no long axis shows it: it beats as the
slices next to it do.

Muscle that nothing watches would stay as wide as at end diastole, or wider, since the wall keeps its volume. So its
faces at end diastole are brought along: narrower by as much as the slices beside it narrow; at the base less so towards
the ring of the valve, and down with it. The heart's tip stays where it is.
"""

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import SegmentationError
from twinviewer.organs.heart.template.observations import Observations
from twinviewer.organs.heart.template.placement import centre_line, rings
from twinviewer.organs.heart.template.shape import Template
from twinviewer.segmentation.cine.short_axis import Slices

Array = NDArray[np.float64]
Rings = dict[str, tuple[Array, Array]]
"""By face: depth and mean radius of its contours."""
Borders = dict[str, tuple[Array, Array, Array]]
"""By face: points, ways outward and trust, as in ``Observations.with_borders``."""
FACES = ("lv_endocardium", "lv_epicardium")
TRUST, COUNT = 0.4, 80
RING_SHARE = 0.4
"""How much of the narrowing the valve's ring shares: its area falls by a quarter while that at mid-wall halves."""
_ABOVE_RING_MM = 3.0


class Beyond:
    """bent_mm: (n, 3) the wall at end diastole, seen: what was observed there, base: depth of the left base there.
    open_end: whether the slices do not tell where the heart ends (placement.tip_mm)."""

    def __init__(
        self,
        template: Template,
        slices: Slices,
        bent_mm: Array,
        seen: Observations,
        base: float,
        open_end: bool,
    ) -> None:
        self.slices, self.base, self.open_end = slices, base, open_end
        self.uvw = slices.to_uvw(bent_mm)
        self.line = centre_line(slices, seen)
        self.nodes = {name: template.nodes(name) for name in FACES}
        self.end = float(self.uvw[self.nodes["lv_endocardium"], 2].max())
        self.before = {name: rings(slices, seen, name)[:2] for name in FACES}

    def added(self, seen: Observations, base: float) -> Observations:
        """seen, with points for the parts that no slice shows; as it is where slices lie near base and tip."""
        try:
            now = {name: rings(self.slices, seen, name)[:2] for name in FACES}
        except SegmentationError:
            return seen
        gap = float(np.median(np.diff(self.slices.depth_mm)))
        first, last = (float(now["lv_endocardium"][0][i]) for i in (0, -1))
        more = []
        if first - base > gap:
            more.append(self._towards_base(now, base, first, gap))
        if self.open_end and self.end - last > gap:
            more.append(self._towards_tip(now, last + 0.5 * gap))
        return seen.with_borders(more, 1.0)

    def _towards_base(self, now: Rings, base: float, first: float, gap: float) -> Borders:
        """first: depth of the uppermost slice that shows this moment."""
        more = {}
        for name in FACES:
            ratio = self._narrowing(name, now[name], slice(0, 2))
            if ratio is None:
                return {}
            uvw = self.uvw[self.nodes[name]]
            depth = uvw[:, 2]
            end = float(self.slices.depth_mm[-1])
            down = depth + (base - self.base) * np.clip((end - depth) / (end - self.base), 0.0, 1.0)
            there = (depth > self.base + _ABOVE_RING_MM) & (down < first - 0.5 * gap)
            height = np.clip((first - down) / max(first - base, 1e-6), 0.0, 1.0)
            share = ratio + (1.0 - RING_SHARE) * (1.0 - ratio) * height
            if there.any():
                more[name] = self._narrowed(uvw[there], down[there], share[there])
        return more

    def _towards_tip(self, now: Rings, start: float) -> Borders:
        """start: depth from which on no slice shows this moment."""
        more = {}
        for name in FACES:
            ratio = self._narrowing(name, now[name], slice(-2, None))
            uvw = self.uvw[self.nodes[name]]
            uvw = uvw[uvw[:, 2] > start]
            if ratio is None:
                return {}
            if len(uvw):
                more[name] = self._narrowed(uvw, uvw[:, 2], np.full(len(uvw), ratio))
        return more

    def _narrowed(self, uvw: Array, depth: Array, share: Array) -> tuple[Array, Array, Array]:
        """Places, ways outward and trust of some of the points uvw (m, 3), brought to ``depth`` (m,) and their distance
        from the ventricle's axis to ``share`` (m,)."""
        pick = np.linspace(0, len(uvw) - 1, min(COUNT, len(uvw))).astype(int)
        uvw, depth, share = uvw[pick], depth[pick], share[pick]
        middle = self.slices.to_uvw(np.outer(uvw[:, 2], self.line[0]) + self.line[1])[:, :2]
        off = uvw[:, :2] - middle
        place = np.column_stack([middle + share[:, None] * off, depth]) @ self.slices.axes + self.slices.origin_mm
        radial = off / np.maximum(np.linalg.norm(off, axis=1), 1e-6)[:, None]
        return place, radial @ self.slices.axes[:2], np.full(len(place), TRUST)

    def _narrowing(self, name: str, now: tuple[Array, Array], which: slice) -> float | None:
        """Mean radius now over that at end diastole, in ``which`` of the slices that both moments show."""
        both = np.intersect1d(np.round(self.before[name][0], 1), np.round(now[0], 1))[which]
        if not len(both):
            return None
        before, after = (np.interp(both, depth, radius) for depth, radius in (self.before[name], now))
        return float(np.mean(after / before))
