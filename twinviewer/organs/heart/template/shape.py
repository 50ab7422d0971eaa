"""The template: the wall of a generic heart as tetrahedra, and the smooth ways in which it may be bent.

The wall is the healthy heart of organs/heart/demo, of ordinary proportions, meshed like any patient's labels. A bend
is a displacement of the wall's points that is a sum of modes: the eigenfunctions of the wall's own Laplacian with
free boundaries (Reuter M, Wolter FE, Peinecke N. Comput Aided Des 2006;38:342 for shapes; here with tetrahedra), so
that two points are coupled through muscle and not across a cavity, and a mode's wavenumber says how local it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinviewer.geometry.quality import six_volumes
from twinviewer.geometry.surfaces import boundary_loops
from twinviewer.organs.heart.faces import Faces

Array = NDArray[np.float64]
Index = NDArray[np.int64]

FILE = Path(__file__).parent / "heart.npz"
CHAMBERS = ("la", "ra", "aorta", "pulmonary_artery")


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """Arrays are read-only; mm in a frame of the template's own.

    points_mm: (n, 3) of the wall. tets: (m, 4). right: (m,) right free wall. faces: what each triangle of the skin is.
    coordinates: "transmural" and "apicobasal", (n,) each. modes: (n, k) float32, mean square 1 over the wall's
    volume; wavenumber: (k,) rad/mm, rising. chambers: surfaces beyond the valves as points and triangles.
    landmarks: as in docs/rooms.md.
    """

    points_mm: Array
    tets: NDArray[np.int32]
    right: NDArray[np.bool_]
    faces: Faces
    coordinates: Mapping[str, Array]
    modes: NDArray[np.float32]
    wavenumber: Array
    chambers: Mapping[str, tuple[Array, NDArray[np.int32]]]
    landmarks: Mapping[str, Array]

    def nodes(self, structure: str) -> Index:
        """Points of the face that a contour of this structure (docs/rooms.md, segmentation/cine) lies on."""
        every, f = self.faces.every, self.faces
        if structure == "lv_endocardium":
            return np.unique(every[f.lv]).astype(np.int64)
        if structure == "rv_endocardium":
            return np.unique(every[f.rv]).astype(np.int64)
        if structure == "lv_epicardium":
            # in the septum the outer border of the left wall is the right ventricle's face
            left = np.setdiff1d(np.arange(len(self.points_mm)), self.tets[self.right])
            return np.intersect1d(np.unique(every[f.epi | f.rv]), left).astype(np.int64)
        raise KeyError(structure)

    def samples(self, count: int) -> Index:
        """Elements spread over the wall in proportion to volume; the same ones every time."""
        share = np.cumsum(six_volumes(self.points_mm, self.tets))
        # neighbours in the list lie near each other, so even steps along it spread over the wall
        return np.searchsorted(share / share[-1], (np.arange(count) + 0.5) / count).astype(np.int64)

    def rim(self, side: str) -> Index:
        """Points of the border of the endocardium at the valves: side "lv" or "rv"."""
        loops = boundary_loops(self.faces.every[self.faces.lv if side == "lv" else self.faces.rv])
        return np.unique(np.concatenate(loops)).astype(np.int64)


@cache
def template() -> Template:
    """The template that comes with the program."""
    with np.load(FILE, allow_pickle=False) as kept:
        data = {name: kept[name] for name in kept.files}
    faces = Faces(data["every"], data["lv"], data["rv"], data["base"], data["lv_lid"], data["rv_lid"])
    found = Template(
        points_mm=data["points_mm"].astype(np.float64),
        tets=data["tets"],
        right=data["right"],
        faces=faces,
        coordinates={name: data[name].astype(np.float64) for name in ("transmural", "apicobasal")},
        modes=data["modes"].astype(np.float32) * data["mode_scale"].astype(np.float32),
        wavenumber=data["wavenumber"],
        chambers={name: (data[f"{name}_points"].astype(np.float64), data[f"{name}_triangles"]) for name in CHAMBERS},
        landmarks={name.removeprefix("landmark_"): data[name] for name in data if name.startswith("landmark_")},
    )
    for array in (found.points_mm, found.tets, found.right, found.modes, found.wavenumber):
        array.setflags(write=False)
    return found
