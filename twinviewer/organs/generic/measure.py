"""What images and labels say about each structure: volume, area, diameters, form, intensity, distances.

Volumes are voxel counts. Interval: where the face is drawn within a voxel of edge s is not known; taken as uniform
within ±s/2 and the same all over the surface, it moves the volume by up to 0.45 s times the area in 90 % of cases;
diameters have two ends that do so independently. Sphericity is Wadell's: the area of a ball of that volume over the
area (J Geol 1935;43:250). The longest diameter in a slice is what RECIST 1.1 measures in axial slices (Eisenhauer EA
et al. Eur J Cancer 2009;45:228).
"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from scipy import ndimage

from twinviewer.domain import LabelMap, OrganMesh, Quantity, Volume
from twinviewer.geometry.extent import longest_in_slice_mm, longest_mm
from twinviewer.geometry.surfaces import area_mm2
from twinviewer.geometry.voxel_area import face_area_mm2
from twinviewer.organs.generic.build import label_uid, present

FACE_SHIFT = 0.45  # of a voxel edge: 90 % of a uniform ±1/2
MOST_DISTANCES = 5
"""Distances between centres are given for so many structures, the largest ones; more pairs than that nobody reads."""


def measure(labels: LabelMap, mesh: OrganMesh | None, volume: Volume) -> Mapping[str, Quantity]:
    """Quantities named ``<structure>_…`` and ``distance_<a>_to_<b>_mm`` in the first phase, origin "measured"."""
    source = label_uid(labels)
    out: dict[str, Quantity] = {}
    values = present(labels)
    boxes = ndimage.find_objects(labels.data[0])
    for name, value in values.items():
        box = boxes[value - 1]
        out.update(_one(name, labels, box, mesh, volume, source))
    largest = sorted(values, key=lambda name: -labels.volume_ml(name))[:MOST_DISTANCES]
    centres = {name: _centre(labels, name) for name in largest}
    for a, b in combinations(largest, 2):
        apart = float(np.linalg.norm(centres[a] - centres[b]))
        out[f"distance_{a}_to_{b}_mm"] = Quantity(apart, "mm", "measured", f"{source}; between centres of gravity")
    return out


def _centre(labels: LabelMap, name: str) -> np.ndarray:
    k, j, i = np.nonzero(labels.mask(name))
    return np.asarray(labels.grid.to_mm(np.array([[i.mean(), j.mean(), k.mean()]]))[0])


def _one(
    name: str, labels: LabelMap, box: tuple[slice, ...], mesh: OrganMesh | None, volume: Volume, source: str
) -> dict[str, Quantity]:
    grid = labels.grid
    mask = labels.data[0][box] == labels.value(name)
    edge = FACE_SHIFT * float(np.mean(grid.spacing_mm))
    ml = float(np.count_nonzero(mask)) * grid.voxel_ml
    spread = face_area_mm2(mask, grid.spacing_mm) * edge / 1000.0
    out = {f"{name}_volume_ml": Quantity(ml, "mL", "measured", source, max(ml - spread, 0.0), ml + spread)}
    if mesh is not None and name in mesh.surfaces:
        area = area_mm2(mesh.points_mm, mesh.surfaces[name])
        smooth = f"{source}; smoothed surface of model {mesh.uid}"
        out[f"{name}_area_cm2"] = Quantity(area / 100.0, "cm²", "measured", smooth)
        form = float(np.pi ** (1 / 3) * (6000.0 * mesh.enclosed_ml(name)) ** (2 / 3) / area)
        out[f"{name}_sphericity"] = Quantity(form, "", "measured", f"{smooth}; 1 is a ball (Wadell 1935)")
    length, _ = longest_mm(mask, grid)
    half = edge * float(np.sqrt(2.0))
    out[f"{name}_longest_mm"] = Quantity(length, "mm", "measured", source, max(length - half, 0.0), length + half)
    in_plane = FACE_SHIFT * float(np.mean(grid.spacing_mm[:2])) * float(np.sqrt(2.0))
    longest, short, k = longest_in_slice_mm(mask, grid)
    where = f"{source}; slice {k + box[0].start + 1}, {_plane(labels)}"
    for key, size in (("longest_in_slice", longest), ("width_in_slice", short)):
        low, high = max(size - in_plane, 0.0), size + in_plane
        out[f"{name}_{key}_mm"] = Quantity(size, "mm", "measured", where, low, high)
    pieces = int(ndimage.label(mask, structure=np.ones((3, 3, 3)))[1])
    out[f"{name}_pieces"] = Quantity(float(pieces), "", "measured", source)
    if volume.grid.same_as(grid):
        inside = volume.data[0][box][mask].astype(np.float64)
        unit = "HU" if volume.modality == "CT" else "a.u."
        image = f"{source}; image {volume.uid[:12]}"
        out[f"{name}_mean"] = Quantity(float(inside.mean()), unit, "measured", image)
        out[f"{name}_sd"] = Quantity(float(inside.std()), unit, "measured", image)
    return out


def _plane(labels: LabelMap) -> str:
    """How the slices lie."""
    normal = np.abs(labels.grid.affine[:3, 2] / np.linalg.norm(labels.grid.affine[:3, 2]))
    if normal.max() < 0.9:
        return "oblique slices"
    return ("sagittal slices", "coronal slices", "axial slices")[int(np.argmax(normal))]
