"""The inspector's page Report: the whole report in one click, and single files."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from twinviewer.report import can_film, can_report, follows_images
from twinviewer.session.case import Case
from twinviewer.ui.page import Action, Page, quiet_label
from twinviewer.ui.progress_bar import ProgressBar
from twinviewer.ui.switch import LabelledSwitch
from twinviewer.ui.theme import Look

PIECES = (
    ("pdf", "Report (PDF)", "Page one is read in a minute; details follow", True),
    ("film", "Film", "Scenarios side by side, beating", True),
    ("pictures", "Pictures", "", True),
    ("tables", "Numbers as tables", "JSON and CSV, with unit, interval and source", True),
    ("dicom", "DICOM", "Pictures, film and PDF for the archive, in the patient's study", False),
    ("bundle", "Bundle", "A zip that computes all numbers again by one command", True),
)
"""Key of report.make.PIECES, its name, what it is, and whether it is on to begin with."""
EXPORTS = (
    ("pdf", "Report as PDF…", "page"),
    ("film", "Film of the beat…", "film"),
    ("picture", "Picture…", "picture"),
    ("measured", "Film beside the images…", "film"),
    ("moments", "Picture beside the images…", "picture"),
    ("metrics", "All numbers as JSON…", "table"),
    ("measures", "Measures as table (CSV)…", "table"),
    ("sr", "Measures as DICOM SR…", "table"),
    ("labels", "Labels as NIfTI…", "segment"),
    ("seg", "Labels as DICOM SEG…", "segment"),
    ("case", "Case file…", "save"),
)
SHORTCUT = "Ctrl+Shift+P"


class ReportPage(Page):
    """What can leave the program. ``make_asked``: the whole report; ``folder_asked``: another place for it;
    ``cancel_asked``; ``open_asked`` carries a path; ``export_asked`` which single file."""

    make_asked = Signal()
    folder_asked = Signal()
    cancel_asked = Signal()
    open_asked = Signal(str)
    export_asked = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__(
            look, "Report", "Every picture, film and page carries the pseudonym and the words “research only”."
        )
        self.switches: dict[str, LabelledSwitch] = {}
        for key, name, what, on in PIECES:
            switch = LabelledSwitch(look, name)
            switch.setToolTip(what)
            switch.setChecked(on)
            self.switches[key] = switch
            self.column.addWidget(switch)
        self.images = LabelledSwitch(look, "Images inside the bundle")
        self.images.setToolTip("Off: the bundle holds the model, which suffices to compute its numbers again")
        self.column.addWidget(self.images)
        self.switches["bundle"].toggled.connect(lambda on: self.images.setVisible(on))
        self.where = quiet_label()
        self.column.addWidget(self.where)
        self.make = self.action("Make report", "page", primary=True)
        self.make.clicked.connect(self.make_asked)
        self.change = self.action("Another folder…", "folder")
        self.change.clicked.connect(self.folder_asked)
        self._progress = QWidget()
        row = QHBoxLayout(self._progress)
        row.setContentsMargins(0, 0, 0, 0)
        self.bar = ProgressBar()
        self.cancel = Action("Cancel", "cancel", look)
        self.cancel.clicked.connect(self.cancel_asked)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel)
        self.doing = quiet_label()
        self.column.addWidget(self.doing)
        self.column.addWidget(self._progress)
        self.done = self.note()
        self._open: list[Action] = []
        for text, sign in (("Open the folder", "folder"), ("Open the PDF", "page")):
            button = self.action(text, sign)
            button.hide()
            self._open.append(button)
        self._paths = ["", ""]
        for place, button in enumerate(self._open):
            button.clicked.connect(lambda _=False, place=place: self.open_asked.emit(self._paths[place]))
        self.files: QLabel = self.section("SINGLE FILES")
        self._buttons: dict[str, Action] = {}
        for key, text, sign in EXPORTS:
            button = self.action(text, sign)
            button.clicked.connect(lambda _=False, key=key: self.export_asked.emit(key))
            self._buttons[key] = button
        self.end()
        self.show_progress("", None)

    def chosen(self) -> tuple[str, ...]:
        """Keys of the pieces that are switched on and can be made."""
        return tuple(key for key, one in self.switches.items() if one.isChecked() and one.isEnabled())

    def show_progress(self, text: str, fraction: float | None) -> None:
        """How far the report is; None when none is being made."""
        working = fraction is not None
        self._progress.setVisible(working)
        self.doing.setVisible(working)
        for widget in (self.make, self.change):
            widget.setVisible(not working)
        if working:
            self.doing.setText(text)
            self.bar.show_fraction(fraction or 0.0)
            self.show_result("", "")

    def show_result(self, folder: str, pdf: str, said: str = "") -> None:
        """Offer to open what was made; "" takes the offer away."""
        self._paths = [folder, pdf]
        for path, button in zip(self._paths, self._open, strict=True):
            button.setVisible(bool(path))
        self.done.say(said, "good")

    def show_place(self, folder: Path) -> None:
        """Where the next report goes."""
        self.where.setText(f"Into {folder.name}, in {folder.parent.name or folder.parent}")
        self.where.setToolTip(str(folder))

    def show_case(self, case: Case, pieces: Sequence[str] = ()) -> None:
        """Allow what the case has. pieces: of the whole report, what this case can give."""
        run = any(scenario.run is not None for scenario in case.scenarios)
        self.make.allow(bool(pieces), "Find the structures or simulate the baseline first", SHORTCUT)
        for key, switch in self.switches.items():
            switch.setEnabled(key in pieces)
        self.images.setVisible(self.switches["bundle"].isChecked())
        self.images.setEnabled("bundle" in pieces and case.image is not None)
        for key in ("film", "picture"):  # what is measured has a film and a picture of its own
            self._buttons[key].setVisible(run or not follows_images(case))
        for key, button in self._buttons.items():
            if key in ("labels", "seg"):
                button.allow(case.labels is not None, "Find the structures first")
            elif key in ("measures", "sr"):
                button.allow(
                    bool(case.measurements) and (key != "sr" or case.image is not None), "Measure images first"
                )
            elif key == "case":
                button.allow(case.image is not None, "Open images first")
            elif key == "picture":
                button.allow(case.mesh is not None, "Build the model first")
            elif key in ("measured", "moments"):
                button.setVisible(follows_images(case))
            elif key == "film":
                button.allow(can_film(case), "Simulate the baseline first")
            else:
                button.allow(can_report(case), "Find the structures or simulate the baseline first")
