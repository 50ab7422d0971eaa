"""Diameters of the aorta and the pulmonary trunk across their centrelines.

Sinus: the largest cut within SINUS_MM of the ring. Sinotubular junction: the least beyond it within JUNCTION_MM.
Ascending aorta: the largest from there to where the line has turned from up to level (the arch), or to the end of what
is labelled. Pulmonary trunk: midway between its valve and the place where the cut grows by the fork.
Equivalent: of the circle of equal area. Inscribed: of the largest circle that fits in.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import LabelMap, MeshError
from twinviewer.geometry.centreline import Centreline, centreline
from twinviewer.geometry.cross_section import Section
from twinviewer.organs.heart.measures.collected import Collected
from twinviewer.organs.heart.measures.rings import Ring, find_ring

Array = NDArray[np.float64]
START_MM = 6.0
"""How far beyond its valve a vessel's line starts: between the cusps labels are in shreds, and a line may fold."""
SINUS_MM = 22.0
JUNCTION_MM = 20.0
EVERY = 2
"""Cuts are made at every second place of the line."""
UP = 0.5
"""Cosine to the feet-to-head axis below which the aorta no longer ascends."""


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """The cuts of a vessel that are whole: along_mm (n,) from the start, their equivalent diameters (n,), and they."""

    line: Centreline
    along_mm: Array
    diameter_mm: Array
    cuts: tuple[Section, ...]
    tangents: Array


def profile(line: Centreline) -> Profile:
    """Cut all along; the last half diameter, where cuts leave the tube's end, is left out. along_mm counts from the
    valve."""
    cuts = [line.cut(k) if k % EVERY == 0 else None for k in range(len(line.points_mm))]
    sizes = np.array([np.nan if cut is None or cut.cut_off else cut.area_diameter_mm for cut in cuts])
    end = line.along_mm[-1] - 0.5 * float(np.nanmedian(sizes)) if np.isfinite(sizes).any() else 0.0
    good = np.isfinite(sizes) & (line.along_mm <= end)
    chosen = tuple(cut for cut, keep in zip(cuts, good, strict=True) if keep and cut is not None)
    return Profile(line, line.along_mm[good] + START_MM, sizes[good], chosen, line.tangents[good])


def _start(ring: Ring) -> Array:
    return np.asarray(ring.cut.centre_mm + START_MM * ring.cut.normal)


def measure_vessels(out: Collected, labels: LabelMap, phase: int, source: str, aortic: Ring | None) -> None:
    """Put in the diameters; what cannot be followed is left out."""
    names = set(labels.names.values())
    if aortic is not None and "aorta" in names:
        try:
            line = centreline(labels.mask("aorta", phase), labels.grid, _start(aortic))
        except MeshError:
            line = None
        if line is not None:
            _aorta(out, profile(line), source)
    valve = find_ring(labels, phase, "rv_blood", "pulmonary_artery")
    if valve is not None:
        try:
            line = centreline(labels.mask("pulmonary_artery", phase), labels.grid, _start(valve))
        except MeshError:
            return
        _trunk(out, profile(line), source)


def _aorta(out: Collected, found: Profile, source: str) -> None:
    s, d = found.along_mm, _evened(found.diameter_mm)
    root = np.flatnonzero(s <= SINUS_MM)
    if len(root) < 4:
        return
    sinus = int(root[np.argmax(d[root])])
    _put(out, "aortic_sinus", found, sinus, source)
    after = np.flatnonzero((s > s[sinus] + 3.0) & (s <= s[sinus] + JUNCTION_MM))
    if len(after) < 3:
        return
    junction = int(after[np.argmin(d[after])])
    _put(out, "sinotubular", found, junction, source)
    level = np.flatnonzero((found.tangents[:, 2] < UP) & (s > s[junction]))
    last = int(level[0]) if len(level) else len(s)
    rest = np.arange(junction, last)
    if len(rest) < 3:
        return
    widest = int(rest[np.argmax(d[rest])])
    _put(out, "ascending_aorta", found, widest, source)


def _trunk(out: Collected, found: Profile, source: str) -> None:
    s, d = found.along_mm, _evened(found.diameter_mm)
    if len(s) < 6:
        return
    # at the fork the cut takes in the start of a branch and grows by a fifth and more
    base = float(np.median(d[: max(4, len(d) // 4)]))
    grown = np.flatnonzero((d > 1.2 * base) & (s > 18.0))
    end = s[grown[0]] if len(grown) else min(s[-1], 50.0)
    middle = int(np.argmin(np.abs(s - 0.5 * end)))
    _put(out, "pulmonary_trunk", found, middle, source)


def _put(out: Collected, name: str, found: Profile, k: int, source: str) -> None:
    cut = found.cuts[k]
    said = f"{source}; across the centreline, {found.along_mm[k]:.0f} mm beyond the valve"
    out.diameter(f"{name}_mm", cut.area_diameter_mm, said)
    out.diameter(f"{name}_inscribed_mm", cut.inscribed_mm, said)


def _evened(values: Array) -> Array:
    """Running median of three."""
    padded = np.pad(values, 1, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 3), axis=1))
