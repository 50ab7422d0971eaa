"""Fat round the heart inside the pericardium, from CT. The pericardium itself is too thin to be found in most scans.

Assumed in its place: the four chambers, their muscle and the first ROOT_MM of the great vessels, with every groove
that a ball of GROOVE_MM cannot enter filled (the grooves of coronary arteries are where the fat lies), grown by
LAYER_MM. Its voxels of FAT_HU count, after a median of each with its six neighbours against noise. The interval is
what the volume does when the sac stands LAYER_SPREAD_MM elsewhere, all over; by echo the layer before the right
ventricle is 4.4 mm thick in the healthy and 6.9 mm in coronary disease (Eroglu S et al., Nutr Metab Cardiovasc Dis
2009;19:211). Fat's range: -190 to -30 HU, as in most work on it (Marwan M, Achenbach S, J Cardiovasc Comput Tomogr
2013;7:3).
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twinviewer.domain import LabelMap, Quantity, Volume
from twinviewer.geometry.cross_section import box_of

FAT_HU = (-190.0, -30.0)
GROOVE_MM, LAYER_MM, LAYER_SPREAD_MM = 15.0, 5.0, 2.5
COARSEST_MM = 1.9
CHAMBERS = ("lv_myocardium", "lv_blood", "rv_blood", "la_blood", "ra_blood", "rv_myocardium")
ROOTS = ("aorta", "pulmonary_artery")
ROOT_MM = 30.0


def epicardial_fat(labels: LabelMap, volume: Volume, phase: int, source: str) -> Quantity | None:
    """Volume in mL; None where this is no CT, or the labels lack a ventricle or lie on another grid."""
    present = {name: value for value, name in labels.names.items() if name in CHAMBERS}
    if volume.modality != "CT" or not {"lv_blood", "rv_blood"} <= set(present) or not labels.grid.same_as(volume.grid):
        return None
    own = np.zeros(256, np.bool_)
    own[list(present.values())] = True
    heart = own[labels.data[phase]]
    roots = np.zeros(256, np.bool_)
    roots[[value for value, name in labels.names.items() if name in ROOTS]] = True
    margin = int(np.ceil((GROOVE_MM + LAYER_MM + LAYER_SPREAD_MM + 2.0) / min(labels.grid.spacing_mm)))
    box = box_of(heart, margin)
    pool = tuple(max(1, int(COARSEST_MM // s)) for s in labels.grid.spacing_mm[::-1])
    every = tuple(slice(part.start, part.stop, step) for part, step in zip(box, pool, strict=True))
    edge = tuple(s * n for s, n in zip(labels.grid.spacing_mm[::-1], pool, strict=True))
    vessels = roots[labels.data[phase][every]]
    near_heart = ndimage.distance_transform_edt(~heart[every], edge) < ROOT_MM
    inside = heart[every] | (vessels & near_heart)
    depth = _sac_depth(inside, edge)
    near = depth < LAYER_MM + LAYER_SPREAD_MM
    grey = ndimage.median_filter(
        volume.data[min(phase, volume.phases - 1)][every].astype(np.float32),
        footprint=ndimage.generate_binary_structure(3, 1),
    )
    fat = near & (grey >= FAT_HU[0]) & (grey <= FAT_HU[1]) & ~inside
    each_ml = labels.grid.voxel_ml * float(np.prod(pool))
    found = [
        float(np.count_nonzero(fat & (depth < LAYER_MM + shift))) * each_ml
        for shift in (-LAYER_SPREAD_MM, 0.0, LAYER_SPREAD_MM)
    ]
    sac = f"chambers and {ROOT_MM:g} mm of the great vessels, grooves of {GROOVE_MM:g} mm filled"
    said = f"{source}; sac assumed: {sac}, grown by {LAYER_MM:g} ± {LAYER_SPREAD_MM:g} mm"
    return Quantity(found[1], "mL", "measured", said, found[0], found[2])


def _sac_depth(heart: NDArray[np.bool_], edge_mm: tuple[float, ...]) -> NDArray[np.float32]:
    """Distance in mm outside the chambers with their grooves filled; 0 inside."""
    away = ndimage.distance_transform_edt(~heart, edge_mm)
    grown = np.pad(away <= GROOVE_MM, 1)
    inward = ndimage.distance_transform_edt(grown, edge_mm)[1:-1, 1:-1, 1:-1]
    closed = inward > GROOVE_MM
    return np.asarray(np.where(closed, 0.0, ndimage.distance_transform_edt(~closed, edge_mm)), np.float32)
