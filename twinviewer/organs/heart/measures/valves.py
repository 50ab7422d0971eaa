"""Sizes of the valve rings and of the outflow tract, with names of docs/metrics.md.

Aortic ring as for choosing a transcatheter valve: area, perimeter, least and largest diameter and the two diameters
derived from area and perimeter (Blanke P et al., SCCT consensus, J Cardiovasc Comput Tomogr 2019;13:1), in the phase in
which it is largest; outflow tract 4 mm below it.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import LabelMap
from twinviewer.organs.heart.measures.collected import Collected
from twinviewer.organs.heart.measures.rings import Ring, find_ring, outflow_cut

Array = NDArray[np.float64]
OUTFLOW_MM = 4.0
MOST_PHASES = 10
"""In how many phases the aortic ring is looked for; of more, evenly chosen ones."""


def measure_valves(
    out: Collected, labels: LabelMap, reference: int, source: str, landmarks: Mapping[str, Array]
) -> Ring | None:
    """Put in what the rings measure; returns the aortic ring in the reference phase, where the aorta's line starts."""
    aortic = find_ring(labels, reference, "lv_blood", "aorta", landmarks)
    if aortic is not None:
        _aortic(out, labels, reference, source, landmarks, aortic)
    mitral = find_ring(labels, reference, "lv_blood", "la_blood")
    if mitral is not None:
        towards = aortic.cut.centre_mm if aortic is not None else landmarks.get("aortic_centre")
        _inlet(out, "mitral", mitral, towards, ("ap", "intercommissural"), source)
    tricuspid = find_ring(labels, reference, "rv_blood", "ra_blood")
    if tricuspid is not None:
        towards = mitral.cut.centre_mm if mitral is not None else landmarks.get("mitral_centre")
        _inlet(out, "tricuspid", tricuspid, towards, ("septolateral", "ap"), source)
    return aortic


def _said(ring: Ring, source: str, phase: str = "") -> str:
    return f"{source}; {ring.how}, faces {ring.rough_mm:.1f} mm off it{phase}"


def _aortic(
    out: Collected, labels: LabelMap, reference: int, source: str, landmarks: Mapping[str, Array], ring: Ring
) -> None:
    largest, at = ring, reference
    if labels.phases > 1:
        count = min(labels.phases, MOST_PHASES)
        for phase in np.unique(np.linspace(0, labels.phases - 1, count).round().astype(int)):
            other = find_ring(labels, int(phase), "lv_blood", "aorta", landmarks) if phase != reference else None
            if other is not None and other.cut.area_mm2 > largest.cut.area_mm2 and not other.cut.cut_off:
                largest, at = other, int(phase)
    phase = f"; largest of the phases, {labels.phase_percent[at]:.0f} %" if labels.phases > 1 else ""
    said, cut = _said(largest, source, phase), largest.cut
    if cut.cut_off:
        return
    least, most = cut.widths_mm
    out.area("aortic_annulus_area_mm2", cut, said)
    out.perimeter("aortic_annulus_perimeter_mm", cut, said)
    out.diameter("aortic_annulus_min_mm", least, said)
    out.diameter("aortic_annulus_max_mm", most, said)
    out.diameter("aortic_annulus_mean_mm", (least + most) / 2.0, said)
    out.diameter("aortic_annulus_area_diameter_mm", cut.area_diameter_mm, said)
    out.diameter("aortic_annulus_perimeter_diameter_mm", cut.perimeter_diameter_mm, said)
    tract = outflow_cut(largest, OUTFLOW_MM)
    if tract is not None:
        open_ = f"; {100 * tract[1]:.0f} % of its rim is open to the ventricle" if tract[1] > 0.02 else ""
        out.area("lvot_area_mm2", tract[0], f"{said}; {OUTFLOW_MM:g} mm below{open_}")


def _inlet(
    out: Collected, valve: str, ring: Ring, towards: Array | None, diameters: tuple[str, str], source: str
) -> None:
    """towards: the first diameter points at this place, the second lies across."""
    cut = ring.cut
    if cut.cut_off:
        return
    said = _said(ring, source)
    out.area(f"{valve}_annulus_area_cm2", cut, said)
    out.perimeter(f"{valve}_annulus_perimeter_mm", cut, said)
    if towards is None:
        return
    aside = towards - cut.centre_mm
    aside = aside - (aside @ cut.normal) * cut.normal
    if np.linalg.norm(aside) > 1.0:
        out.diameter(f"{valve}_annulus_{diameters[0]}_mm", cut.chord_mm(aside), said)
        out.diameter(f"{valve}_annulus_{diameters[1]}_mm", cut.width_mm(np.cross(cut.normal, aside)), said)
