"""What may be done now, and what empty views say about what comes next."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from twinviewer.domain import CineStack, Volume
from twinviewer.report import can_film, can_report, follows_images
from twinviewer.session.by_choice import is_by_choice
from twinviewer.session.calcium import why_not
from twinviewer.ui.files_menu import allow_file_actions
from twinviewer.ui.pages_images import refused

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

Act = tuple[str, str, Callable[[], object]]


def allow_actions(w: MainWindow) -> None:
    """Enable what can be done now; a disabled action says why."""
    p, case = w.presenter, w.presenter.case
    a, history = w.actions_, p.history
    a.all["undo"].setText(f"&Undo: {history.undo_text}" if history.can_undo else "&Undo")
    a.all["redo"].setText(f"&Redo: {history.redo_text}" if history.can_redo else "&Redo")
    a.allow("undo", history.can_undo, "nothing to undo")
    a.allow("redo", history.can_redo, "nothing to redo")
    image, mesh = case.image is not None, case.mesh is not None
    a.allow("save_case", image or mesh, "open images first")
    a.allow("save_case_as", image or mesh, "open images first")
    for key in ("load_records", "records_folder"):
        a.allow(key, bool(case.series) or mesh, "open a patient first")
    a.allow("import_mask", image and not p.busy, "wait for what is running" if image else "open the images first")
    a.allow("typed_model", not p.busy, "wait for what is running")
    possible = w.coupling.outlines.possible()
    a.allow("outline", possible and not p.busy, "wait for what is running" if possible else "open a volume first")
    a.allow("make_report", can_report(case), "find the structures or simulate the baseline first")
    for key in ("pdf", "metrics"):
        a.allow(f"export_{key}", can_report(case), "find the structures or simulate the baseline first")
    a.allow("export_measures", bool(case.measurements), "build the model first")
    a.allow("export_sr", bool(case.measurements) and image, "build a model of images first")
    a.allow("export_film", can_film(case), "simulate the baseline first")
    for key in ("measured", "moments"):
        a.allow(f"export_{key}", follows_images(case), "build the model of a cine study first")
    a.allow("export_picture", mesh, "build the model first")
    for key in ("labels", "seg"):
        a.allow(f"export_{key}", case.labels is not None, "find the structures first")
    allow_file_actions(w)
    why = w.coupling.sweep.why_not()
    a.allow("sweep", not why, why)
    compared = w.coupling.compared.can_compare()
    a.allow("layout_compare", compared, "simulate the baseline and a therapy first")
    moves = w.playback.enabled
    for key in ("play", "phase_back", "phase_on", "to_ed", "to_es"):
        a.allow(key, moves, "nothing moves yet")
    for key in ("section", *(f"from_{v}" for v in ("anterior", "posterior", "left", "right", "superior", "inferior"))):
        a.allow(key, mesh, "build the model first")
    heart = mesh and not is_by_choice(case)
    for key in ("paint_scar", "landmarks", "electrodes"):
        a.allow(key, heart, "this organ is geometry only" if mesh else "build the model first")
    why = why_not(case)
    a.allow("calcium", not why, why[:1].lower() + why[1:])
    a.allow("correct", case.contours is not None, "delineate a cine study first")
    a.allow("outlines", case.contours is not None, "delineate a cine study first")
    ct = isinstance(case.image, Volume) and case.image.modality == "CT"
    for number in range(1, 9):
        a.allow(f"preset_{number}", ct, "these windows are for CT")


ANY_ORGAN = " Any other organ can be outlined by its values or by hand: measured and shown, not simulated."


def _guide_any(w: MainWindow, outline: Act, mask: Act) -> None:
    """What the empty view says of an organ that is geometry only."""
    p, empty = w.presenter, w.views.view3d.empty
    if p.case.labels is None:
        text = "Outline a structure by its values or by hand, or import labels. It is measured, not simulated."
        empty.say("model", "The organ will stand here", text, (outline, mask))
    else:
        text = "Build the model: each structure filled with tetrahedra, and measured."
        empty.say("model", "Structures are outlined", text, (("Build model", "model", p.build), outline))


def guide(w: MainWindow) -> None:
    """What empty views say."""
    p, case = w.presenter, w.presenter.case
    a = w.actions_.all
    open_folder = ("Open folder…", "folder", a["open_folder"].trigger)
    mask = ("Import a mask…", "segment", a["import_mask"].trigger)
    numbers = ("Model from typed numbers…", "model", a["typed_model"].trigger)
    outline = ("Outline any organ…", "model", a["outline"].trigger)
    if p.busy and case.image is None:
        job = p.busy[0]
        w.views.welcome.say("beat", job.name, job.text or "Starting", (("Cancel", "cancel", p.cancel),))
    elif case.series:
        w.views.welcome.say(
            "series",
            "Choose a series",
            f"{len(case.series)} series found. Double click one in the case panel on the left.",
            (("Open the most suitable", "play", w.coupling.open_best), open_folder),
        )
    else:
        w.views.welcome.say(
            "drop",
            "Drop a DICOM folder here",
            "Twinviewer finds the heart in contrast CT, builds its model, makes it beat, and shows what a therapy "
            "would change. Cine MR gives a model that moves as the patient's own heart did.",
            (("Open the demo patient", "demo", a["open_demo"].trigger), open_folder, numbers),
        )
    empty = w.views.view3d.empty
    reason = refused(case)
    seen = isinstance(case.image, Volume)
    volume = (("Show the images as a volume", "series", lambda: w.volume.toggle()),) if seen else ()
    if not w.views.view3d.can_draw:
        empty.say(
            "caution",
            "No 3D on this screen",
            "OpenGL 3.2 is not available here. Slices, curves and numbers work; install a Mesa driver for 3D.",
        )
    elif reason and not p.busy:
        empty.say(
            "heart",
            "No model from these images",
            f"{reason.rstrip('.')}. Give a mask of the structures made elsewhere, or scale a generic heart to numbers "
            "that you type in." + (ANY_ORGAN if w.coupling.outlines.possible() else ""),
            ((mask, outline, numbers) if w.coupling.outlines.possible() else (mask, numbers)) + volume,
        )
    elif p.busy:
        job = p.busy[0]
        empty.say("beat", job.name, job.text or "Starting", (("Cancel", "cancel", p.cancel),))
    elif case.contours is not None:
        empty.say(
            "heart",
            "Delineated and measured",
            "Build the model: a heart of both ventricles is bent to the contours of every phase, and beats as the "
            "images show.",
            (("Build model", "model", p.build), ("All steps to a beat", "beat", lambda: p.carry_on())),
        )
    elif isinstance(case.image, CineStack):
        empty.say(
            "heart",
            "Cine MR",
            "Both ventricles are delineated in every phase and measured; then a model is fitted that beats as they do.",
            (("Find structures", "segment", p.segment), ("All steps to a beat", "beat", lambda: p.carry_on())),
        )
    elif is_by_choice(case):
        _guide_any(w, outline, mask)
    elif case.labels is None:
        empty.say(
            "heart",
            "The heart will stand here",
            "First its structures are found in the images, then the model is built from them.",
            (("Find structures", "segment", p.segment), ("All steps to a beat", "beat", lambda: p.carry_on()), *volume),
        )
    else:
        empty.say(
            "model",
            "Structures are found",
            "Build the model: wall, chambers, fibres and segments.",
            (("Build model", "model", p.build), ("All steps to a beat", "beat", lambda: p.carry_on())),
        )
