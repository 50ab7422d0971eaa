"""What comes in from elsewhere and goes out to other programs: actions, where they stand, and when they may be used."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from twinviewer.domain import Volume
from twinviewer.session.beat_export import can_beat
from twinviewer.ui.deidentify_flow import add_deidentify_action, allow_deidentify

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

IMPORTS = ["import_mask", "import_mesh", "outside"]
EXPORTS = ["export_labels", "export_seg", "export_rtstruct", "export_surfaces", "export_mesh", "export_beat"]
SUFFIXES = {
    "labels": ("Labels", "labels.nii.gz", "NIfTI (*.nii.gz);;3D Slicer segmentation (*.seg.nrrd)"),
    "rtstruct": ("RT structure set", "contours.dcm", "DICOM (*.dcm)"),
    "surfaces": ("Surfaces of labels", "labels.glb", "GLB (*.glb);;OBJ (*.obj);;STL (*.stl);;PLY (*.ply);;VTP (*.vtp)"),
    "mesh": (
        "Model",
        "model.glb",
        "GLB (*.glb);;OBJ (*.obj);;STL (*.stl);;PLY (*.ply);;VTP (*.vtp);;Tetrahedra with fields (*.vtu)",
    ),
    "beat": ("Beating model", "beat.glb", "Animated GLB (*.glb);;Series with all fields for ParaView (*.pvd)"),
    "capture": ("DICOM capture", "picture.dcm", "DICOM (*.dcm)"),
}
"""Kind of export -> what it is called, the name that is offered, and the formats that may be chosen."""


def add_file_actions(w: MainWindow) -> None:
    """Make the actions. Those of masks, labels and SEG are made with the window's own."""
    a = w.actions_
    a.add("import_mesh", "File", "Import mes&h…", lambda: w.coupling.other_ways.ask_mesh(), "", "model")
    a.add("outside", "File", "Structures by TotalSe&gmentator…", lambda: w.coupling.other_ways.ask_outside())
    add_deidentify_action(w)
    a.add("export_labels", "Export", "&Labels as NIfTI or NRRD…", partial(ask_export, w, "labels"), "", "segment")
    a.add("export_rtstruct", "Export", "Contours as RT s&tructure set…", partial(ask_export, w, "rtstruct"))
    a.add("export_surfaces", "Export", "S&urfaces of the labels…", partial(ask_export, w, "surfaces"))
    a.add("export_mesh", "Export", "M&odel as a mesh…", partial(ask_export, w, "mesh"), "", "model")
    a.add("export_beat", "Export", "Beatin&g model…", partial(ask_export, w, "beat"), "", "model")
    a.add("export_capture", "Export", "Picture as DI&COM…", partial(ask_export, w, "capture"), "", "picture")


def ask_export(w: MainWindow, kind: str, offered_as: tuple[str, str, str] | None = None) -> None:
    """Ask where, then write in a worker. A name without a format that is offered gets the one that was chosen.

    offered_as: title, name and formats, as in SUFFIXES, where the kind is not among those.
    """
    title, default, pattern = offered_as or SUFFIXES[kind]
    chosen, of = QFileDialog.getSaveFileName(w, f"Export: {title}", default, pattern)
    if not chosen:
        return
    path = Path(chosen)
    offered = re.findall(r"\*(\.[\w.]+)", pattern)
    if not path.name.lower().endswith(tuple(offered)):
        path = path.with_name(path.name + (re.findall(r"\*(\.[\w.]+)", of) or offered)[0])
    if kind == "beat":
        from twinviewer.ui import exports

        case, shown = w.presenter.case, w.choices.scenario
        scenario = case.find(shown)
        name = shown if scenario is not None and scenario.run is not None else ""
        w.presenter.export(title, exports.write_beat, case, str(path), name, w.choices.colour_by, path=path)
    else:
        w.coupling.write(kind, path)


def allow_file_actions(w: MainWindow) -> None:
    """Enable what can be done now; a disabled action says why."""
    from twinviewer.session import outside_segmenter

    p, case, a = w.presenter, w.presenter.case, w.actions_
    a.allow("import_mesh", not p.busy, "wait for what is running")
    allow_deidentify(w)
    verdict = outside_segmenter.available(case.image)
    open_ = isinstance(case.image, Volume) and case.active_series is not None
    why = verdict.reason if not verdict.ok else ("wait for what is running" if open_ else "open a CT first")
    a.allow("outside", verdict.ok and open_ and not p.busy, why)
    labels, series = case.labels is not None, case.active_series is not None
    nothing = (
        "a cine study has contours: export them as RT structure set" if case.contours else "find the structures first"
    )
    a.allow("export_labels", labels, nothing)
    for key, there in (("seg", labels), ("rtstruct", labels or case.contours is not None)):
        why = nothing if not there else "DICOM labels belong to a series, and there is none"
        a.allow(f"export_{key}", there and series, why)
    a.allow("export_surfaces", labels, nothing)
    a.allow("export_mesh", case.mesh is not None, "build the model first")
    a.allow("export_capture", case.mesh is not None, "build the model first")
    a.allow("export_beat", can_beat(case), "simulate the baseline first")
