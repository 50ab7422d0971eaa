"""A beating mesh for ParaView: a .vtu for every moment, and a .pvd that says when each is.

The format is VTK's XML collection ("PVD"); times are in seconds, points in LPS mm.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import MeshError, OrganMesh, Reporter, silent


def write_vtu_series(
    path: Path,
    mesh: OrganMesh,
    points_mm: NDArray[np.floating],
    time_s: NDArray[np.floating],
    fields: Mapping[str, NDArray[np.generic]],
    moving: Mapping[str, NDArray[np.floating]],
    said: str = "",
    report: Reporter = silent,
) -> list[Path]:
    """Write ``path`` (.pvd) and a folder of its name beside it; returns all files, ``path`` first.

    points_mm: (t, n, 3); of the mesh's points the wall's are written. fields: name -> (n, ...), the same at all times;
    moving: name -> (t, n). The mesh's own fields go along where those have no other of the name. said: a sentence kept
    in every file. MeshError for a mesh without tetrahedra.
    """
    import pyvista as pv

    path = Path(path)
    if not len(mesh.tets):
        raise MeshError("The mesh has no tetrahedra", remedy="Export its surfaces")
    folder = path.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    count = mesh.wall_points
    grid = pv.UnstructuredGrid({pv.CellType.TETRA: mesh.tets}, points_mm[0][:count].astype(np.float32))
    for name, values in {**mesh.point_fields, **fields}.items():
        grid.point_data[name] = _lean(values[:count])
    for name, values in mesh.cell_fields.items():
        grid.cell_data[name] = _lean(values)
    grid.GetCells().ConvertTo32BitStorage()
    grid.field_data["units"] = ["UNITS=mm"]
    grid.field_data["frame"] = ["SPACE=LPS"]
    if said:
        grid.field_data["said"] = [said]
    written: list[Path] = []
    for number, moment in enumerate(time_s):
        report(number / len(time_s), f"Writing moment {number + 1} of {len(time_s)}")
        grid.points = points_mm[number][:count].astype(np.float32)
        for name, frames in moving.items():
            grid.point_data[name] = _lean(frames[number][:count])
        grid.field_data["TimeValue"] = [float(moment)]
        target = folder / f"{path.stem}_{number:03d}.vtu"
        _save(grid, target)
        written.append(target)
    lines = ['<?xml version="1.0"?>', '<VTKFile type="Collection" version="0.1" byte_order="LittleEndian">',
             "  <Collection>"]  # fmt: skip
    for moment, target in zip(time_s, written, strict=True):
        name = quoteattr(f"{folder.name}/{target.name}")
        lines.append(f'    <DataSet timestep="{float(moment):.9g}" group="" part="0" file={name}/>')
    path.write_text("\n".join([*lines, "  </Collection>", "</VTKFile>", ""]), encoding="utf-8")
    return [path, *written]


def _save(grid: Any, target: Path) -> None:
    """Raw bytes, lightly packed: a quarter smaller than what VTK does unasked."""
    from vtkmodules.vtkIOXML import vtkXMLUnstructuredGridWriter

    writer = vtkXMLUnstructuredGridWriter()
    writer.SetInputData(grid)
    writer.SetFileName(str(target))
    writer.EncodeAppendedDataOff()
    writer.SetCompressionLevel(1)
    if not writer.Write():
        raise OSError(f"{target.name} cannot be written")


def _lean(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """float64 as float32: the files hold every field again for each moment."""
    return values.astype(np.float32) if values.dtype == np.float64 else values
