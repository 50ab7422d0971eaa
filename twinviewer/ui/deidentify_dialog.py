"""What stays in a copy of a study for others, asked in plain words; and afterwards what was taken out and left."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from twinviewer.domain import Deidentified, DeidentifyOptions
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.dialog_buttons import DialogButtons
from twinviewer.ui.page import Note, scrolled
from twinviewer.ui.switch import LabelledSwitch
from twinviewer.ui.theme import Look

KEEPS: Mapping[str, str] = {
    "descriptors": "Known words of descriptions, such as “chest” or “75 %”; all others go",
    "structured": "Codes and numbers of structured reports; their free text goes",
    "patient": "Sex, age, height and weight",
    "device": "Which scanner took the images",
    "institution": "Name and address of the hospital",
    "uids": "The objects' own UIDs, by which the archive finds the patient again",
    "safe_private": "Private numbers that the standard calls safe",
}
"""Option of the standard -> what stays, as a person would say it. Dates are asked on their own."""
_USUAL = ("descriptors", "structured")
_DATES = (("", "Taken out"), ("modified_dates", "Moved by a secret number of days"), ("full_dates", "As they are"))
_MOST_NAMED = 40
_WIDE_PX = 640


class DeidentifyDialog(QDialog):
    """``chosen`` carries the files, the folder (str), the options, and whether later exports shall match this one."""

    chosen = Signal(object, str, object, bool)

    def __init__(
        self, parent: QWidget | None, look: Look, sources: Sequence[tuple[str, tuple[str, ...]]], folder: Path
    ) -> None:
        """sources: (what can be copied, its files), the usual one first. folder: where it would go."""
        super().__init__(parent)
        self.setWindowTitle("Export de-identified study")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        head = QLabel("A copy without the patient")
        head.setProperty("role", "title")
        column.addWidget(head)
        intro = _quiet(
            "Names, numbers, dates and private data are taken out by the Basic Profile of DICOM PS3.15, all "
            "references between the files stay whole. The originals do not change."
        )
        intro.setMinimumHeight(intro.heightForWidth(_WIDE_PX - 40))
        column.addWidget(intro)
        self.sources = ComboBox()
        self.sources.setAccessibleName("What is copied")
        for words, files in sources:
            self.sources.addItem(words, files)
        column.addWidget(self.sources)
        column.addSpacing(4)
        column.addWidget(_section("WHAT MAY STAY"))
        self.keeps: dict[str, LabelledSwitch] = {}
        for name, words in KEEPS.items():
            self.keeps[name] = LabelledSwitch(look, words)
            self.keeps[name].setChecked(name in _USUAL)
            column.addWidget(self.keeps[name])
        self.dates = ComboBox()
        self.dates.setAccessibleName("Dates and times")
        for name, words in _DATES:
            self.dates.addItem(words, name)
        column.addLayout(_line("Dates and times", self.dates))
        self.burned_in = LabelledSwitch(look, "Pictures that probably show text: captures of a screen, ultrasound")
        column.addWidget(self.burned_in)
        column.addSpacing(4)
        column.addWidget(_section("INSTEAD OF THE PATIENT"))
        self.pseudonym = QLineEdit()
        self.pseudonym.setPlaceholderText("Made up")
        self.pseudonym.setMaxLength(60)
        self.pseudonym.setAccessibleName("Pseudonym")
        column.addLayout(_line("Pseudonym", self.pseudonym))
        self.again = LabelledSwitch(look, "The same again in later exports (the secret for it stays on this computer)")
        column.addWidget(self.again)
        self.place = QLineEdit(str(folder))
        self.place.setAccessibleName("Folder of the copy")
        browse = QPushButton("Browse…")
        browse.clicked.connect(self._browse)
        line = _line("Folder", self.place)
        line.addWidget(browse)
        column.addLayout(line)
        self.note = Note(look)
        column.addWidget(self.note)
        column.addStretch(1)
        buttons = DialogButtons(self, "Export")
        self.go = buttons.go
        column.addLayout(buttons)
        for changed in (self.burned_in.toggled, self.keeps["uids"].toggled, self.place.textChanged):
            changed.connect(self._told)
        self.accepted.connect(
            lambda: self.chosen.emit(
                self.sources.currentData(), self.place.text().strip(), self.options(), self.again.isChecked()
            )
        )
        self.setMinimumWidth(_WIDE_PX)
        self._told()
        self.resize(_WIDE_PX, column.totalHeightForWidth(_WIDE_PX))  # else as high as if its words stood narrower

    def options(self) -> DeidentifyOptions:
        """What was chosen."""
        names = [name for name, box in self.keeps.items() if box.isChecked()]
        dates = str(self.dates.currentData())
        return DeidentifyOptions(
            frozenset([*names, *([dates] if dates else [])]),
            self.pseudonym.text().strip(),
            burned_in=self.burned_in.isChecked(),
        )

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, "An empty folder for the copy", str(Path(self.place.text()).parent)
        )
        if chosen:
            self.place.setText(chosen)

    def _told(self, *_: object) -> None:
        text = self.place.text().strip()
        folder = Path(text) if text else None
        full = folder is not None and folder.is_dir() and any(folder.iterdir())
        wrong = folder is None or not folder.is_absolute() or full or folder.is_file()
        self.go.setEnabled(not wrong)
        if wrong:
            self.note.say("That folder is not empty" if full else "Choose an empty folder, or a new one", "caution")
        elif self.burned_in.isChecked():
            self.note.say("Look at every one of these pictures before you give them away", "caution")
        elif self.keeps["uids"].isChecked():
            self.note.say("Whoever can reach the archive finds the patient by these UIDs", "caution")
        else:
            self.note.say("Read the summary afterwards: it names what a person has to look at", "info")


class DeidentifiedDialog(QDialog):
    """The summary. ``open_asked`` carries the folder."""

    open_asked = Signal(str)

    def __init__(self, parent: QWidget | None, look: Look, done: Deidentified) -> None:
        super().__init__(parent)
        self.setWindowTitle("De-identified copy")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        head = QLabel(f"{done.files} {'file' if done.files == 1 else 'files'} of {', '.join(done.patients)}")
        head.setProperty("role", "title")
        head.setWordWrap(True)
        column.addWidget(head)
        column.addWidget(_quiet(done.folder))
        inside = QWidget()
        inside.setObjectName("page")
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(0, 0, 8, 0)
        rows.setSpacing(6)
        for said in done.warnings:
            note = Note(look)
            note.say(said, "caution")
            rows.addWidget(note)
        if done.left_out:
            rows.addWidget(_section(f"LEFT OUT ({len(done.left_out)})"))
            for text in left_out_lines(done.left_out):
                rows.addWidget(_quiet(text))
        for title, counted in (("REMOVED", done.removed), ("REPLACED", done.replaced), ("KEPT AS ASKED", done.kept)):
            if counted:
                rows.addWidget(_section(title))
                rows.addWidget(_quiet(named(counted)))
        if done.private:
            rows.addWidget(_section("PRIVATE"))
            rows.addWidget(_quiet(f"{done.private} values of the makers' own were removed"))
        rows.addStretch(1)
        column.addWidget(scrolled(inside), 1)
        buttons = QHBoxLayout()
        show = QPushButton("Open the folder")
        show.clicked.connect(lambda: self.open_asked.emit(done.folder))
        close = QPushButton("Close")
        close.setProperty("role", "primary")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        buttons.addWidget(show)
        buttons.addStretch(1)
        buttons.addWidget(close)
        column.addLayout(buttons)
        self.resize(_WIDE_PX, 560)


def named(counted: Mapping[str, int]) -> str:
    """Attributes in words, those in most places first."""
    most = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    names = [f"{_words(name)} {count}\u00d7" for name, count in most[:_MOST_NAMED]]
    more = len(most) - len(names)
    return ", ".join(names) + (f", and {more} kinds more" if more else "")


def left_out_lines(left_out: Sequence[tuple[str, str]]) -> list[str]:
    """A line a reason, with the first files that it holds for."""
    by_reason: dict[str, list[str]] = {}
    for name, why in left_out:
        by_reason.setdefault(why, []).append(name)
    lines = []
    for why, names in by_reason.items():
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        lines.append(f"{', '.join(names[:3])}{more}: {why}")
    return lines


def _words(keyword: str) -> str:
    """ "AcquisitionDateTime" -> "acquisition date time"; abbreviations stay."""
    parts = re.findall(r"(?:ID|UID)s?(?![a-z])|[A-Z]+(?![a-z])|[A-Z][a-z0-9]+|[a-z0-9]+", keyword) or [keyword]
    return " ".join(part if part[:2].isupper() else part.lower() for part in parts)


def _section(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "section")
    return label


def _quiet(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", "quiet")
    label.setWordWrap(True)
    return label


def _line(words: str, field: QWidget) -> QHBoxLayout:
    line = QHBoxLayout()
    label = QLabel(words)
    label.setMinimumWidth(110)
    line.addWidget(label)
    line.addWidget(field, 1)
    return line
