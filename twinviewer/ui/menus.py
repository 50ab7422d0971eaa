"""The window's actions and where they stand in the menus."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFileDialog

from twinviewer.ui.cine_view import OUTLINES
from twinviewer.ui.dialogs import AboutBox, ShortcutSheet
from twinviewer.ui.files_menu import IMPORTS, add_file_actions
from twinviewer.ui.image_display import CT_PRESETS
from twinviewer.ui.label_menu import add_label_actions, label_menu
from twinviewer.ui.layouts import FOUR, ONE, SOLID, TWO
from twinviewer.ui.looks import LOOK_KEYS, add_look_actions
from twinviewer.ui.step_bar import Step
from twinviewer.ui.view_menu import add_view_actions, measure_menu, use_window, view_menu

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow


def add_actions(w: MainWindow) -> None:
    """Make every action of the window."""
    a, p = w.actions_, w.presenter
    a.add("open_folder", "File", "&Open folder…", lambda: ask_folder(w), "Ctrl+O", "folder")
    a.add("open_image", "File", "Open &image file…", lambda: ask_image(w), "", "series")
    a.add("archive", "File", "From the archi&ve…", lambda: ask_archive(w), "", "drop")
    a.add("open_case", "File", "Open &case…", lambda: ask_case(w), "Ctrl+Shift+O", "case")
    a.add("open_demo", "File", "Open the &demo patient", p.open_demo, "Ctrl+D", "demo")
    a.add("load_records", "File", "Add &records…", lambda: w.records.ask(), "Ctrl+R", "patient")
    a.add("records_folder", "File", "Add a folder of recor&ds…", lambda: w.records.ask_folder())
    a.add("timeline", "View", "T&imeline of records", lambda: w.records.show_panel(0), "Ctrl+Shift+R", "table")
    a.add("import_mask", "File", "Import &mask…", lambda: w.coupling.other_ways.ask_mask(), "", "segment")
    a.add("outline", "File", "Outline any &organ…", lambda: w.coupling.outlines.ask(), "", "model")
    a.add("typed_model", "File", "Model from &typed numbers…", lambda: w.coupling.other_ways.ask_numbers(), "", "model")
    a.add("save_case", "File", "&Save case", lambda: save_case(w, False), "Ctrl+S", "save")
    a.add("save_case_as", "File", "Save case &as…", lambda: save_case(w, True), "Ctrl+Shift+S")
    a.add("make_report", "File", "Make the &whole report", lambda: w.coupling.report.make(), "Ctrl+Shift+P", "page")
    a.add("export_pdf", "Export", "&Report as PDF…", lambda: w.coupling.export("pdf"), "Ctrl+P", "page")
    a.add("export_film", "Export", "&Film of the beat…", lambda: w.coupling.export("film"), "", "film")
    a.add("export_picture", "Export", "&Picture…", lambda: w.coupling.export("picture"), "", "picture")
    a.add("export_measured", "Export", "Film &beside the images…", lambda: w.coupling.export("measured"), "", "film")
    a.add(
        "export_moments", "Export", "Picture b&eside the images…", lambda: w.coupling.export("moments"), "", "picture"
    )
    a.add("export_metrics", "Export", "All &numbers as JSON…", lambda: w.coupling.export("metrics"), "", "table")
    a.add("export_measures", "Export", "Measures as &table (CSV)…", lambda: w.coupling.export("measures"), "", "table")
    a.add("export_sr", "Export", "Measures as DICOM S&R…", lambda: w.coupling.export("sr"), "", "table")
    a.add("export_seg", "Export", "Labels as &DICOM SEG…", lambda: w.coupling.export("seg"), "", "segment")
    a.add("quit", "File", "&Quit", w.close, "Ctrl+Q")
    a.add("undo", "Edit", "&Undo", p.undo, "Ctrl+Z", "undo")
    a.add("redo", "Edit", "&Redo", p.redo, "Ctrl+Shift+Z", "redo")
    a.add("calcium", "Edit", "Calciu&m score…", lambda: w.coupling.calcium.ask(), "", "table")
    a.add("cancel", "Edit", "&Cancel what is running", lambda: cancel(w), "Esc", "cancel")
    a.add("palette", "Edit", "Command &palette…", lambda: open_palette(w), "Ctrl+K", "palette")
    for number, step in enumerate(Step, start=1):
        a.add(
            f"step_{step.name.lower()}", "Step", f"&{number}  {step.value}",
            partial(go, w, step), f"Ctrl+{number}",
        )  # fmt: skip
    a.add("next_step", "Step", "&Do the next step", lambda: w.coupling.do_next(), "Ctrl+Return", "run")
    a.add("solid_check", "Step", "Check by &finite elements…", lambda: w.check.ask(), "", "model")
    a.add("uncertainty", "Simulate", "How s&ure is this…", lambda: w.uncertainty.ask(), "", "table")
    a.add("sweep", "Simulate", "S&weep…", lambda: w.coupling.sweep.ask(), "", "table")
    a.add("cohort", "Simulate", "Virtual &cohort…", lambda: ask_cohort(w), "", "table")
    a.add("layout_four", "View", "&Four views", lambda: w.set_layout(FOUR), "F5", "four", checkable=True)
    a.add("layout_one", "View", "&One view", lambda: w.set_layout(ONE), "F6", "one", checkable=True)
    a.add("layout_compare", "View", "&Compare", lambda: w.coupling.go(Step.COMPARE), "F7", "compare", checkable=True)
    a.all["layout_four"].setChecked(True)
    add_view_actions(w)
    add_look_actions(w)
    a.add("fibres", "View", "Muscle &fibres", lambda: toggle(w, "fibres"), "Shift+F", "beat", checkable=True)
    a.add("reset_views", "View", "&Reset the views", w.views.reset, "R", "fit")
    for number, preset in enumerate(CT_PRESETS, start=1):
        text = f"{preset.name}  {preset.width:g}/{preset.level:g}"
        a.add(f"preset_{number}", "Window", text, partial(use_window, w, number), str(number))
    a.add("preset_9", "Window", "The images' own", lambda: use_window(w, 9), "9")
    a.add("preset_0", "Window", "0.1 to 99.9 % of the values", lambda: use_window(w, 0), "0")
    w.views.bar.offer_windows([a.all[f"preset_{number}"] for number in (*range(1, 10), 0)])
    a.add("crosshair", "View", "Cross&hair", lambda: toggle_cross(w), "X", "crosshair", checkable=True)
    a.all["crosshair"].setChecked(True)
    keypad, shift = Qt.KeyboardModifier.KeypadModifier, Qt.KeyboardModifier.ShiftModifier
    # With NumLock, Shift turns the keypad's digits into navigation keys before the program sees them.
    digits = ((Qt.Key.Key_1, Qt.Key.Key_End, "anterior", "posterior"), (Qt.Key.Key_3, Qt.Key.Key_PageDown, "left",
              "right"), (Qt.Key.Key_7, Qt.Key.Key_Home, "superior", "inferior"))  # fmt: skip
    for digit, turned, view, opposite in digits:
        straight = a.add(f"from_{view}", "View", f"From {view}", partial(w.views.view3d.look_from, view))
        straight.setShortcut(QKeySequence(QKeyCombination(keypad, digit)))
        other = a.add(f"from_{opposite}", "View", f"From {opposite}", partial(w.views.view3d.look_from, opposite))
        other.setShortcuts([QKeySequence(QKeyCombination(keypad | shift, key)) for key in (digit, turned)])
    a.add("section", "View", "C&ut the heart open", lambda: toggle(w, "section"), "C", "cut", checkable=True)
    a.add("outlines", "View", "&Outlines on the planes", lambda: next_outlines(w), "O", "segment")
    a.add("correct", "Edit", "C&orrect contours by hand", w.views.cine.hand.toggle, "Ctrl+E", "pick")
    a.add("paint_scar", "Edit", "Paint &scar on the heart", lambda: w.coupling.brush.toggle(), "B", "segment")
    a.add("landmarks", "Edit", "Move &valves and apex", lambda: w.coupling.landmarks.toggle(), "Shift+V", "pick")
    a.add("electrodes", "View", "ECG &electrodes round the heart", lambda: w.coupling.electrodes.toggle(), "", "beat")
    a.add("safe", "View", "Colour-&blind-safe maps", lambda: toggle(w, "safe_colours"), "", "eye", checkable=True)
    a.all["safe"].setChecked(w.choices.safe_colours)
    a.add("theme", "View", "Dark or &light", w.toggle_theme, "Ctrl+T", "theme")
    for dock in (w.case_dock, w.inspector_dock, w.beat_dock, w.timeline_dock):
        shown = dock.toggleViewAction()
        key = f"panel_{dock.windowTitle().lower()}"
        a.all[key], a.menu_of[key] = shown, "Panels"
    a.add("reset_panels", "Panels", "Panels where they were", w.reset_panels)
    a.add("play", "Beat", "&Play or pause", w.playback.toggle, "Space", "play")
    a.add("phase_back", "Beat", "One phase &back", lambda: w.coupling.step_phase(-1), ",", "previous")
    a.add("phase_on", "Beat", "One phase &on", lambda: w.coupling.step_phase(1), ".", "next")
    a.add("to_ed", "Beat", "End-&diastole", lambda: w.coupling.go_to("ed"), "Home", "start")
    a.add("to_es", "Beat", "End-&systole", lambda: w.coupling.go_to("es"), "End", "end")
    a.add("slower", "Beat", "S&lower", lambda: change_speed(w, -1), "[")
    a.add("faster", "Beat", "&Faster", lambda: change_speed(w, 1), "]")
    a.add("exaggerate", "Beat", "E&xaggerate the motion", lambda: toggle(w, "exaggerated"), checkable=True)
    add_label_actions(w)
    add_file_actions(w)
    a.add("shortcuts", "Help", "&Keyboard and mouse…", lambda: ShortcutSheet(w, w.actions_).exec(), "F1", "help")
    a.add("about", "Help", "&About Twinviewer…", lambda: AboutBox(w, w.look, w.renderer).exec(), "", "about")


def fill_menus(w: MainWindow) -> None:
    """Arrange the actions in the menu bar."""
    out = "pdf film picture capture measured moments - metrics measures sr - labels seg rtstruct - surfaces mesh beat"
    exports = [key if key == "-" else f"export_{key}" for key in out.split()]
    steps = [f"step_{step.name.lower()}" for step in Step]
    presets = [f"preset_{n}" for n in (*range(1, 10), 0)]
    directions = [f"from_{v}" for v in ("anterior", "posterior", "left", "right", "superior", "inferior")]
    panels = ["panel_case", "panel_inspector", "panel_beat", "panel_timeline", "reset_panels"]
    w.actions_.fill(
        w.menu_bar,
        {
            "&File": ["open_folder", "open_image", "archive", "open_case", "open_demo", "load_records",
                      "records_folder", "-", *IMPORTS, "outline", "typed_model", "-", "save_case", "save_case_as",
                      "make_report", ("&Export", exports), "deidentify", "-", "quit"],
            "&Edit": ["undo", "redo", "-", *measure_menu(), "correct", "paint_scar", "landmarks", "calcium", "-",
                      "cancel", "palette"],
            "Edit &labels": label_menu(),
            "&Step": [*steps, "-", "next_step", "solid_check"],
            "Si&mulate": ["sweep", "uncertainty", "cohort"],
            "&View": ["layout_four", "layout_cardiac", "layout_two", "layout_one", "layout_solid", "layout_compare",
                      *view_menu(), "-", "reset_views", "crosshair",
                      ("&Window and level", presets), "-", ("3&D view", [*directions, "-", *LOOK_KEYS]), "section",
                      "fibres", "outlines", "electrodes", "safe", "-", "timeline", "theme",
                      ("&Panels", panels)],
            "&Beat": ["play", "phase_back", "phase_on", "to_ed", "to_es", "-", "slower", "faster", "exaggerate"],
            "&Help": ["shortcuts", "about"],
        },
    )  # fmt: skip


def go(w: MainWindow, step: Step) -> None:
    """Go to a step."""
    w.coupling.go(step)


def open_palette(w: MainWindow) -> None:
    """Ctrl+K."""
    from twinviewer.ui.command_palette import CommandPalette

    CommandPalette(w, w.actions_).open_over(w)


def ask_cohort(w: MainWindow) -> None:
    """The sheet of virtual cohorts; what it needs of statistics is not loaded before."""
    from twinviewer.ui.studies.cohort_flow import ask_cohort as ask

    ask(w)


def ask_archive(w: MainWindow) -> None:
    """The sheet of hospitals' archives."""
    from twinviewer.ui.archive_flow import ask_archive as ask

    ask(w)


def ask_folder(w: MainWindow) -> None:
    """Choose a folder of images."""
    chosen = QFileDialog.getExistingDirectory(w, "Open a folder of DICOM images", w.presenter.case.folder)
    if chosen:
        w.presenter.open_folder(Path(chosen))


def ask_image(w: MainWindow) -> None:
    """Choose an image that is not DICOM, an archive of DICOM files, or a disc's DICOMDIR."""
    kinds = "Images and archives (*.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd *.zip DICOMDIR dicomdir);;All files (*)"
    chosen, _ = QFileDialog.getOpenFileName(w, "Open an image file or archive", w.presenter.case.folder, kinds)
    if chosen:
        w.presenter.open_folder(Path(chosen))


def ask_case(w: MainWindow) -> None:
    """Choose a case file."""
    chosen, _ = QFileDialog.getOpenFileName(w, "Open a case", "", "Twinviewer case (*.twin)")
    if chosen:
        w.presenter.open_case(Path(chosen))


def save_case(w: MainWindow, elsewhere: bool) -> None:
    """Save where the case came from, or ask."""
    path = w.presenter.path
    if path is None or elsewhere:
        name = f"{w.presenter.case.title or 'case'}.twin"
        chosen, _ = QFileDialog.getSaveFileName(w, "Save the case", name, "Twinviewer case (*.twin)")
        if not chosen:
            return
        path = Path(chosen if chosen.endswith(".twin") else f"{chosen}.twin")
    w.presenter.save_case(path)


def cancel(w: MainWindow) -> None:
    """Esc: stop picking or painting, else stop what runs, else leave a maximised view."""
    if w.rulers.drop() or any(mode.stop() for mode in w.coupling.modes):
        return
    if w.presenter.busy:
        w.presenter.cancel()
        w.messages.tell("Cancelled. The case is as it was before.")
    elif w.views.cardiac.alone:
        w.views.cardiac.show_alone("")
    elif w.views.layout_name in (ONE, TWO, SOLID):
        w.set_layout(FOUR)


def toggle(w: MainWindow, choice: str) -> None:
    """Turn a view choice over."""
    w.choices.set(**{choice: not getattr(w.choices, choice)})


def next_outlines(w: MainWindow) -> None:
    """Contours and model, contours, model, nothing: in turn."""
    values = [value for value, _ in OUTLINES]
    w.choices.set(outlines=values[(values.index(w.choices.outlines) + 1) % len(values)])


def toggle_cross(w: MainWindow) -> None:
    """Crosshair on the slices."""
    w.display.cross_shown = not w.display.cross_shown
    w.display.changed.emit()
    if not w.display.cross_shown:
        w.views.cine.set_cross(None)


def change_speed(w: MainWindow, by: int) -> None:
    """Slower or faster by one step."""
    from twinviewer.ui.playback import SPEEDS

    nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - w.playback.speed))
    w.playback.set_speed(SPEEDS[min(max(nearest + by, 0), len(SPEEDS) - 1)])
