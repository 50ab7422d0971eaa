"""What holds the template's ends: valve rings and apex found in the long axes, or the base's depth alone."""

import numpy as np
from numpy.typing import NDArray

from twinviewer.organs.heart.template.bend import Anchor
from twinviewer.organs.heart.template.observations import Observations
from twinviewer.organs.heart.template.placement import apex_mm
from twinviewer.organs.heart.template.shape import Template
from twinviewer.segmentation.cine.short_axis import Slices

Array = NDArray[np.float64]
Index = NDArray[np.int64]

RING_WEIGHT, APEX_WEIGHT, RIGHT_WEIGHT, OUTFLOW_WEIGHT = 1.0, 0.3, 0.6, 0.1
OUTFLOW_BELOW_MM = 7.0
"""How much nearer to the apex than the left ventricle's rim the pulmonary ring is: 7.5 mm in a real CT (our own mesh
of the scan "cta_heart_totalseg")."""
HINGE_MM = 2.0
"""The leaflets hinge on fibrous tissue above the end of the muscle that is seen: 2 to 3 mm in the published landmarks
of the study in the tests, against the wall's ends found there."""
SEPTAL_SHARE = 0.2
STILL_WEIGHT = 0.15
"""The tip of the heart hardly moves along its axis while the base comes down to it: it holds where it is not seen."""
TAPSE_SHARE = 1.25
"""Travel of the tricuspid ring, its septal and free ends together, over the mitral's: free wall 22 to 24 mm, septum and
mitral ring 12 to 15 mm (Rudski LG et al. J Am Soc Echocardiogr 2010;23:685, and as in slice_base.py)."""
LEAST_SURE = 0.4
"""Trust in a tricuspid point at least: that of one plane alone, where no other can confirm it."""
_AT_POINT = 10
_AT_APEX = 8


class Ends:
    """The template's points at the ends of its walls, and what of them should lie where."""

    def __init__(self, template: Template, slices: Slices, placed_mm: Array, base_depth: float, tip: float) -> None:
        """placed_mm: the template before any bend, base_depth: that of the left base at that moment (end diastole).
        tip: depth of the heart's tip (placement.tip_mm), which holds where no long axis shows it."""
        self.slices = slices
        self.along = slices.axes[2]
        base = np.unique(template.faces.every[template.faces.base]).astype(np.int64)
        right = np.zeros(len(template.points_mm), dtype=bool)
        right[template.tets[template.right]] = True
        left = np.zeros(len(template.points_mm), dtype=bool)
        left[template.tets[~template.right]] = True
        self.left_base = base[left[base] & ~right[base]]
        self.left_rim = template.rim("lv")
        rim = template.rim("rv")
        centre = template.landmarks
        nearer = np.linalg.norm(template.points_mm[rim] - centre["tricuspid_centre"], axis=1) < np.linalg.norm(
            template.points_mm[rim] - centre["pulmonary_centre"], axis=1
        )
        self.tricuspid, self.pulmonary = rim[nearer], rim[~nearer]
        self.tip = tip
        self.start: tuple[Array, float] | None = None
        ring = placed_mm[self.pulmonary].mean(axis=0)
        lower = base_depth + OUTFLOW_BELOW_MM - float(slices.to_uvw(ring)[0, 2])
        self.outflow = ring + lower * self.along, base_depth
        self.endo = template.nodes("lv_endocardium")
        self.epi = template.nodes("lv_epicardium")

    def anchors(self, points_mm: Array, seen: Observations, base: float) -> list[Anchor]:
        """points_mm: the wall as it is bent so far. base: depth of the left base (placement.base_mm)."""
        uvw = self.slices.to_uvw(points_mm)
        out = self._rings(uvw, points_mm, seen, base)
        ring, before = self.outflow
        # no plane shows the pulmonary ring for sure: it stays where the template has it, and travels half as far
        out.append(Anchor(self.pulmonary, ring + 0.5 * self.along * (base - before), None, OUTFLOW_WEIGHT))
        for name, ids in (("lv_apex_endo", self.endo), ("lv_apex_epi", self.epi)):
            found = [p for p in seen.places if p.name == name]
            share = sum(p.confidence for p in found)
            low = ids[np.argsort(uvw[ids, 2])[-_AT_APEX:]]
            out += [Anchor(low, p.point_mm, self.along, APEX_WEIGHT * p.confidence / max(share, 1.0)) for p in found]
            if not found:
                inner = apex_mm(self.slices, seen, self.tip)
                end, sure = (self.tip, np.isfinite(self.tip)) if name == "lv_apex_epi" else inner
                if sure:
                    to = points_mm[low].mean(axis=0) + self.along * (end - float(uvw[low, 2].mean()))
                    out.append(Anchor(low, to, self.along, STILL_WEIGHT))
        return out

    def _off_septum(self, uvw: Array, point_mm: Array) -> float:
        """1, or less for an end of the septum: its muscle ends at the membranous septum, below the ring."""
        middle = uvw[self.left_rim, :2].mean(axis=0)
        side = self.slices.to_uvw(point_mm)[0, :2] - middle
        right = uvw[self.tricuspid, :2].mean(axis=0) - middle
        cosine = float(side @ right) / max(float(np.linalg.norm(side) * np.linalg.norm(right)), 1e-9)
        return SEPTAL_SHARE if cosine > 0.5 else 1.0

    def started(self, points_mm: Array, base: float) -> None:
        """Remember end diastole: where the images do not show the tricuspid ring, it travels with the left base; where
        they do not show the heart's tip, it stays."""
        if not np.isfinite(self.tip):
            self.tip = float(self.slices.to_uvw(points_mm[self.epi])[:, 2].max())
        self.start = points_mm[self.tricuspid].mean(axis=0), base

    def _rings(self, uvw: Array, points_mm: Array, seen: Observations, base: float) -> list[Anchor]:
        out: list[Anchor] = []
        mitral = [p for p in seen.places if p.name == "mitral"]
        trust = [p.confidence * self._off_septum(uvw, p.point_mm) for p in mitral]
        share = sum(trust)
        for p, sure in zip(mitral, trust, strict=True):
            # the wall's end belongs to the point above or below it, however far the base still has to move
            place = self.slices.to_uvw(p.point_mm)[0, :2]
            near = np.argsort(np.linalg.norm(uvw[self.left_base, :2] - place, axis=1))[:_AT_POINT]
            hinge = p.point_mm - HINGE_MM * self.along
            out.append(Anchor(self.left_base[near], hinge, self.along, RING_WEIGHT * sure / max(share, 1.0)))
        if share < 1.0:
            rim = points_mm[self.left_rim].mean(axis=0)
            target = rim + self.along * (base - float(uvw[self.left_rim, 2].mean()))
            out.append(Anchor(self.left_rim, target, self.along, RING_WEIGHT * (1.0 - share)))
        right = [p for p in seen.places if p.name == "tricuspid"]
        share = float(len(right))
        for p in right:
            near = np.argsort(np.linalg.norm(points_mm[self.tricuspid] - p.point_mm, axis=1))[:_AT_POINT]
            weight = RIGHT_WEIGHT * max(p.confidence, LEAST_SURE) / share
            out.append(Anchor(self.tricuspid[near], p.point_mm, None, weight))
        if len({p.side for p in right}) == 2:
            # the ring is nearly flat and its two ends lie across it, so its middle is as deep as theirs
            ends = [np.mean([p.point_mm for p in right if p.side == side], axis=0) for side in (-1, 1)]
            middle = points_mm[self.tricuspid].mean(axis=0)
            target = middle + self.along * float((0.5 * (ends[0] + ends[1]) - middle) @ self.along)
            out.append(Anchor(self.tricuspid, target, self.along, RIGHT_WEIGHT))
        elif self.start is not None:
            ring, before = self.start
            out.append(Anchor(self.tricuspid, ring + TAPSE_SHARE * self.along * (base - before), self.along, 0.3))
        return out
