"""What comes in from elsewhere and goes out to other programs: actions, where they stand, and when they may be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twinviewer.domain import Volume

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

IMPORTS = ["import_mask", "import_mesh", "outside"]
EXPORTS = ["export_labels", "export_seg", "export_rtstruct", "export_surfaces", "export_mesh"]
SUFFIXES = {
    "labels": ("Labels", "labels.nii.gz", "NIfTI (*.nii.gz);;3D Slicer segmentation (*.seg.nrrd)"),
    "rtstruct": ("RT structure set", "contours.dcm", "DICOM (*.dcm)"),
    "surfaces": ("Surfaces of labels", "labels.glb", "GLB (*.glb);;OBJ (*.obj);;STL (*.stl);;PLY (*.ply);;VTP (*.vtp)"),
    "mesh": (
        "Model",
        "model.glb",
        "GLB (*.glb);;OBJ (*.obj);;STL (*.stl);;PLY (*.ply);;VTP (*.vtp);;Tetrahedra with fields (*.vtu)",
    ),
}
"""Kind of export -> what it is called, the name that is offered, and the formats that may be chosen."""


def add_file_actions(w: MainWindow) -> None:
    """Make the actions. Those of masks, labels and SEG are made with the window's own."""
    a = w.actions_
    a.add("import_mesh", "File", "Import mes&h…", lambda: w.coupling.other_ways.ask_mesh(), "", "model")
    a.add("outside", "File", "Structures by TotalSe&gmentator…", lambda: w.coupling.other_ways.ask_outside())
    a.add("export_rtstruct", "Export", "Labels as RT s&tructure set…", lambda: w.coupling.export("rtstruct"))
    a.add("export_surfaces", "Export", "S&urfaces of the labels…", lambda: w.coupling.export("surfaces"))
    a.add("export_mesh", "Export", "M&odel as a mesh…", lambda: w.coupling.export("mesh"), "", "model")


def allow_file_actions(w: MainWindow) -> None:
    """Enable what can be done now; a disabled action says why."""
    from twinviewer.session import outside_segmenter

    p, case, a = w.presenter, w.presenter.case, w.actions_
    a.allow("import_mesh", not p.busy, "wait for what is running")
    verdict = outside_segmenter.available(case.image)
    open_ = isinstance(case.image, Volume) and case.active_series is not None
    why = verdict.reason if not verdict.ok else ("wait for what is running" if open_ else "open a CT first")
    a.allow("outside", verdict.ok and open_ and not p.busy, why)
    labels, series = case.labels is not None, case.active_series is not None
    for key in ("seg", "rtstruct"):
        why = "find the structures first" if not labels else "DICOM labels belong to a series, and there is none"
        a.allow(f"export_{key}", labels and series, why)
    a.allow("export_surfaces", labels, "find the structures first")
    a.allow("export_mesh", case.mesh is not None, "build the model first")
