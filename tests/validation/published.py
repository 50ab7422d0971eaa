"""The published surfaces of the cine study (biv-me patient 1; Dillon et al. FIMH 2025), and an expert's polygons."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import pyvista as pv
from numpy.typing import NDArray

from twinviewer.domain import CineStack, enclosed_volume_ml

Array = NDArray[np.float64]

SURFACES = {"LV": "LV_ENDOCARDIAL", "RV": "RV_ENDOCARDIAL", "epicardium": "EPICARDIAL"}
PHASES = 25


@dataclass(frozen=True)
class Published:
    """surfaces: by name, one for each phase, LPS mm. lv_ml, rv_ml: (25,) with every open valve closed by a fan from
    the middle of its rim."""

    surfaces: dict[str, list[pv.PolyData]]
    lv_ml: Array
    rv_ml: Array

    def turned(self, matrix: Array | None) -> "Published":
        """The same, where a patient who lies otherwise has them."""
        if matrix is None:
            return self
        moved = {name: [one.transform(matrix, inplace=False) for one in many] for name, many in self.surfaces.items()}
        return Published(moved, self.lv_ml, self.rv_ml)


def published(folder: Path) -> Published:
    """Read all phases from the folder of the study."""
    surfaces = {
        name: [pv.read(folder / "fitted_mesh_vtk" / f"patient1_{file}_{k:03d}.vtk") for k in range(PHASES)]
        for name, file in SURFACES.items()
    }
    return Published(surfaces, closed_ml(surfaces["LV"]), closed_ml(surfaces["RV"]))


def closed_ml(frames: list[pv.PolyData]) -> Array:
    """(t,) mL below fans over all openings of a surface with the same points in every frame.

    Points that lie on each other are one. Patches of the right ventricle (free wall, septum) face opposite ways in the
    files: they are turned alike first, else the surface is not closed and its volume depends on where the origin is.
    """
    points = np.asarray(frames[0].points)
    _, first, number = np.unique(np.round(points, 4), axis=0, return_index=True, return_inverse=True)
    triangles = number.ravel()[np.asarray(frames[0].regular_faces)]
    whole = (triangles != np.roll(triangles, 1, axis=1)).all(axis=1)
    triangles = _turned_alike(points[first], triangles[whole])
    loops = rims(triangles)
    out = []
    for frame in frames:
        place = np.asarray(frame.points, dtype=np.float64)[first]
        middles = np.array([place[loop].mean(axis=0) for loop in loops])
        fans = [
            np.column_stack([np.full(len(loop), len(place) + n), np.roll(loop, -1), loop])
            for n, loop in enumerate(loops)
        ]
        out.append(abs(enclosed_volume_ml(np.concatenate([place, middles]), np.concatenate([triangles, *fans]))))
    return np.array(out)


def _turned_alike(points: Array, triangles: NDArray[np.integer]) -> NDArray[np.integer]:
    """Triangles of one connected surface with neighbours facing the same side."""
    faces = np.column_stack([np.full(len(triangles), 3), triangles])
    turned = pv.PolyData(points.astype(np.float64), faces).compute_normals(
        point_normals=False, consistent_normals=True, auto_orient_normals=False, split_vertices=False
    )
    return np.asarray(turned.regular_faces)


def rims(triangles: NDArray[np.integer]) -> list[list[int]]:
    """Openings of a surface as loops of points, each in the direction of its triangles."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).tolist()
    there = {(a, b) for a, b in edges}
    left = sorted((a, b) for a, b in there if (b, a) not in there)
    after: dict[int, list[int]] = {}
    for a, b in left:
        after.setdefault(a, []).append(b)
    loops: list[list[int]] = []
    while any(after.values()):
        walk = [next(a for a, more in after.items() if more)]
        while after.get(walk[-1]):
            following = after[walk[-1]].pop()
            if following in walk:
                at = walk.index(following)
                loops.append(walk[at:])
                walk = walk[: at + 1]
            else:
                walk.append(following)
    return loops


def expert(folder: Path, stack: CineStack) -> list[tuple[int, int, str, Array]]:
    """Sunnybrook's polygons: plane, phase, structure, (n, 3) LPS mm. They are matched through the DICOM files."""
    out = []
    for path in sorted((folder / "contours").glob("*.txt")):
        header = pydicom.dcmread(folder / "dicom" / f"IM-0009-{path.name.split('-')[2]}.dcm", stop_before_pixels=True)
        place = np.array(header.ImagePositionPatient, dtype=float)
        plane = next(i for i, p in enumerate(stack.planes) if np.allclose(p.affine[:3, 3], place, atol=0.1))
        phase = int(np.argmin(np.abs(stack.planes[plane].trigger_s * 1000 - float(header.TriggerTime))))
        name = "lv_epicardium" if "ocontour" in path.name else "lv_endocardium"
        pixels = np.loadtxt(path)
        affine = stack.planes[plane].affine
        out.append((plane, phase, name, pixels @ affine[:3, :2].T + affine[:3, 3]))
    return out
