"""Make the template's file again: ``python -m twinviewer.organs.heart.template.make`` (a minute).

Needed after a change of the healthy heart's shape (organs/heart/demo/shape.py) or of the meshing. Modes are kept as
8-bit numbers: the rounding moves no point by more than a hundredth of a mm in a fit, since the local modes, of which
there are many, each move the wall by tenths.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import diags_array, eye_array
from scipy.sparse.linalg import LinearOperator, eigsh, splu

from twinviewer.domain import OrganMesh
from twinviewer.geometry.laplace import Elements
from twinviewer.organs.heart.build import build
from twinviewer.organs.heart.demo.anatomy import atlas_labels
from twinviewer.organs.heart.template.shape import CHAMBERS, FILE

MODES = 200
"""Down to a wavelength of 22 mm: endocardium and epicardium of a 10 mm wall then move apart on their own."""
STEP_MM = 1.5
_SHIFT = 1e-4  # rad2/mm2: the Laplacian with free boundaries is singular, this makes it solvable


def modes_of(mesh: OrganMesh, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n, count) eigenfunctions of the wall's Laplacian, mean square 1, without the constant; (count,) rad/mm."""
    elements = Elements(mesh.points_mm[: mesh.wall_points], mesh.tets)
    root = diags_array(1.0 / np.sqrt(elements.mass))
    shifted = (root @ elements.stiffness @ root + _SHIFT * eye_array(mesh.wall_points)).tocsc()
    factor = splu(shifted, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    operator = LinearOperator(shifted.shape, factor.solve, dtype=np.float64)
    value, vector = eigsh(operator, k=count + 1, which="LM", v0=np.ones(mesh.wall_points))
    square = 1.0 / value - _SHIFT
    order = np.argsort(square)[1:]
    vector = vector[:, order] / np.sqrt(elements.mass)[:, None] * np.sqrt(elements.mass.sum())
    vector *= np.sign(vector[np.argmax(np.abs(vector), axis=0), np.arange(count)])
    return vector, np.sqrt(square[order])


def main(path: Path = FILE) -> None:
    """Build, solve and write."""
    mesh = build(atlas_labels(STEP_MM))
    vector, wavenumber = modes_of(mesh, MODES)
    scale = np.abs(vector).max(axis=0) / 127.0
    every = mesh.surfaces["myocardium"]

    def among(triangles: NDArray[np.int32]) -> NDArray[np.bool_]:
        wanted = {tuple(row) for row in triangles.tolist()}
        return np.array([tuple(row) in wanted for row in every.tolist()])

    lv, rv, epi = (among(mesh.surfaces[name]) for name in ("lv_endocardium", "rv_endocardium", "epicardium"))
    arrays = {
        "points_mm": mesh.points_mm[: mesh.wall_points].astype(np.float32),
        "tets": mesh.tets,
        "right": mesh.cell_fields["chamber"] == 2,
        "every": every,
        "lv": lv,
        "rv": rv,
        "base": ~(lv | rv | epi),
        "transmural": mesh.point_fields["transmural"][: mesh.wall_points].astype(np.float32),
        "apicobasal": mesh.point_fields["apicobasal"][: mesh.wall_points].astype(np.float32),
        "modes": np.round(vector / scale).astype(np.int8),
        "mode_scale": scale,
        "wavenumber": wavenumber,
    }
    for side in ("lv", "rv"):  # a cavity is endocardium and then its lids, turned round
        lids = mesh.surfaces[f"{side}_cavity"][len(mesh.surfaces[f"{side}_endocardium"]) :]
        arrays[f"{side}_lid"] = np.ascontiguousarray(lids[:, ::-1])
    for name in CHAMBERS:
        used, triangles = np.unique(mesh.surfaces[name], return_inverse=True)
        arrays[f"{name}_points"] = mesh.points_mm[used].astype(np.float32)
        arrays[f"{name}_triangles"] = triangles.reshape(-1, 3).astype(np.int32)
    arrays |= {f"landmark_{name}": place for name, place in mesh.landmarks.items()}
    np.savez_compressed(path, **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
