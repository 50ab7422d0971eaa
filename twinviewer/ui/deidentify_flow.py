"""A study copied without its patient: asked, made in a worker, summed up."""

from __future__ import annotations

import secrets
import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths, QTimer, QUrl
from PySide6.QtGui import QDesktopServices

from twinviewer.domain import Deidentified, DeidentifyOptions, Series
from twinviewer.session.image_files import is_from_file
from twinviewer.session.settings import settings_path
from twinviewer.ui.deidentify_dialog import DeidentifiedDialog, DeidentifyDialog

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

NAME = "De-identify"
LONGEST_S = 7200.0
WHY_NOT = "open a folder of DICOM images first"


def studies(series: tuple[Series, ...], active_uid: str) -> list[tuple[str, tuple[str, ...]]]:
    """(in words, files) of the study that is open, of all that was found, and of the open series."""
    found = [one for one in series if one.kind != "unreadable" and not is_from_file(one) and one.files]
    if not found:
        return []
    active = next((one for one in found if one.uid == active_uid), found[0])
    of_study = [one for one in found if one.study_uid == active.study_uid]
    everything = ("Everything found", found)
    groups = [("This study", of_study), everything, ("The open series alone", [active])] if active_uid else [everything]
    out: list[tuple[str, tuple[str, ...]]] = []
    for words, members in groups:
        files = tuple(dict.fromkeys(name for one in members for name in one.files))
        if all(set(files) != set(other) for _, other in out):
            count = f"{len(members)} series, " if len(members) > 1 else ""
            out.append((f"{words}: {count}{len(files)} {'file' if len(files) == 1 else 'files'}", files))
    return out


class DeidentifyFlow(QObject):
    """File > Export de-identified study."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self.dialog: DeidentifyDialog | DeidentifiedDialog | None = None
        self._unfinished: Path | None = None

    def ask(self) -> None:
        """What is copied, where to, and what stays."""
        case = self.w.presenter.case
        sources = studies(case.series, case.active_series_uid)
        if not sources:
            return
        self.dialog = DeidentifyDialog(self.w, self.w.look, sources, _free_folder())
        self.dialog.chosen.connect(self.export)
        self.dialog.open()

    def export(self, files: tuple[str, ...], folder: str, options: DeidentifyOptions, again: bool) -> None:
        """Make the copy in a worker."""
        from twinviewer.dicom.deidentify.door import deidentify, unfinished

        if again:
            options = DeidentifyOptions(options.keep, options.pseudonym, own_secret(), options.burned_in)
        target = Path(folder)
        self._unfinished = unfinished(target)

        def done(summary: Deidentified) -> None:
            self._unfinished = None
            self.dialog = DeidentifiedDialog(self.w, self.w.look, summary)
            self.dialog.open_asked.connect(lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(path)))
            self.dialog.open()

        self.w.presenter.submit(
            "deidentify", "Import", deidentify, tuple(files), target, options, name=NAME, done=done, ended=self._clean,
            deadline_s=LONGEST_S,
        )  # fmt: skip

    def _clean(self, again: int = 3) -> None:
        """Take away what a stopped export left; its process may need a moment to be gone."""
        if self._unfinished is None:
            return
        shutil.rmtree(self._unfinished, ignore_errors=True)
        if again:
            QTimer.singleShot(300, lambda: self._clean(again - 1))
        else:
            self._unfinished = None


def add_deidentify_action(w: MainWindow) -> None:
    """File > Export de-identified study."""
    w.deidentify = DeidentifyFlow(w)
    w.actions_.add("deidentify", "File", "Export &de-identified study…", w.deidentify.ask)


def allow_deidentify(w: MainWindow) -> None:
    """Enabled where there are DICOM files; a disabled action says why not."""
    found = studies(w.presenter.case.series, "")
    w.actions_.allow("deidentify", bool(found), WHY_NOT)


def own_secret() -> str:
    """The secret of this computer's exports, made when it is first asked for. Nobody else may read it."""
    path = settings_path().with_name("deidentify.key")
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        secret = secrets.token_hex(32)
        path.write_text(secret, encoding="ascii")
        return secret


def _free_folder() -> Path:
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    parent, stem = Path(documents or Path.home()), f"De-identified {date.today().isoformat()}"
    names = (stem, *(f"{stem} {n}" for n in range(2, 1000)))
    return next((parent / name for name in names if not (parent / name).exists()), parent / stem)
