"""How measures are set out: in groups, with what discs say beside what the model says, and by segment."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import MeshError, OrganMesh, Quantity, Reporter, silent

VOLUMES, FUNCTION, WALL, STRAIN = "Volumes and mass", "Function", "Wall and shape", "Strain"
VALVES, VESSELS, FAT, OTHER = "Valves", "Vessels", "Fat and calcium", "Other"
GROUPS = (VOLUMES, FUNCTION, WALL, STRAIN, VALVES, VESSELS, FAT, OTHER)
_GROUP_OF = (
    (VALVES, ("annulus", "lvot")),
    (VESSELS, ("sinus", "sinotubular", "aorta", "trunk")),
    (FAT, ("fat", "calcium")),
    (STRAIN, ("gls", "gcs", "grs", "ls", "strain")),
    (WALL, ("thickness", "thickening", "muscle", "sphericity", "concentricity", "length", "diameter")),
    (FUNCTION, ("ef", "heart", "cardiac", "ejection", "filling", "mapse", "tapse")),
    (VOLUMES, ("edv", "esv", "stroke", "volume", "mass", "surface", "ml")),
)
"""A name belongs to the first group of which it has a word."""
LONG = 12
"""From this many rows on a table has headings."""
DISCS = "discs"
"""A word in a name: the same measure by Simpson's discs, shown beside the model's."""


def group_of(name: str) -> str:
    """The heading under which a measure stands."""
    words = set(name.split("_"))
    return next((group for group, known in _GROUP_OF if words & set(known)), OTHER)


def _same(name: str) -> str:
    """The name of the same measure, not said to be by discs."""
    return "_".join(word for word in name.split("_") if word != DISCS)


def over_surface(names: Sequence[str]) -> dict[str, str]:
    """A measure's name -> that of the same over body surface, of those among ``names``."""
    known, found = set(names), {}
    for name in names:
        for unit, indexed in (("ml", "index_ml_m2"), ("g", "index_g_m2")):
            if name.endswith(f"_{unit}") and f"{name[: -len(unit)]}{indexed}" in known:
                found[name] = f"{name[: -len(unit)]}{indexed}"
    if {"cardiac_output_l_min", "cardiac_index_l_min_m2"} <= known:
        found["cardiac_output_l_min"] = "cardiac_index_l_min_m2"
    return found


def by_discs(values: Mapping[str, Quantity]) -> Mapping[str, Quantity]:
    """What was measured by discs alone, under plain names; all where nothing else was measured."""
    return {_same(name): q for name, q in values.items() if DISCS in name.split("_")} or values


def paired(names: Sequence[str]) -> dict[str, str]:
    """A measure's name -> that of the same by discs, "" where there is none; by discs alone stands for itself."""
    by_discs = {_same(name): name for name in names if DISCS in name.split("_")}
    found = {name: by_discs.pop(name, "") for name in names if DISCS not in name.split("_")}
    return {**found, **dict.fromkeys(by_discs.values(), "")}


def segment_values(mesh: OrganMesh, report: Reporter = silent) -> dict[str, NDArray[np.float64]]:
    """(17,) values by name of scene.bullseye.SCALES: thickness, and of a heart that moves as images show thickening and
    strain; empty where its mesh lacks what they need. Takes a second."""
    from twinviewer.organs.heart.measure import wall_thickness_mm
    from twinviewer.organs.heart.motion.curves import motion_curves
    from twinviewer.scene.bullseye import SCALES

    if mesh.motion_mm is None:
        if not {"aha_segment", "transmural", "chamber"} <= mesh.fields:
            return {}
        with np.errstate(invalid="ignore"):
            return {"thickness_mm": np.array([wall_thickness_mm(mesh, (k,)) for k in range(1, 18)])}
    try:
        curves = motion_curves(mesh)
    except MeshError:
        return {}
    return {name: curves.bullseye(name) for name in SCALES}
