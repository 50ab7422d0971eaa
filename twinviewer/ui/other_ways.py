"""What to do where images give no model: import a mask, or type in numbers. Dialogs, jobs, and what follows."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from twinviewer.domain import MeshError, ParameterValue, SegmentationError, TwinviewerError
from twinviewer.session import catalog, from_numbers, mask_import

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

FILES = "Masks (*.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd *.dcm);;All files (*)"


class OtherWays(QObject):
    """Verbs behind the menu entries, the pages' buttons and the empty view's."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self.dialog: Any = None
        window.presenter.failed.connect(self._refused)

    # A mask ----------------------------------------------------------------------------------------------------

    def ask_mask(self) -> None:
        """Choose a file of structures made elsewhere."""
        chosen, _ = QFileDialog.getOpenFileName(self.w, "Import a mask of these images", "", FILES)
        if chosen:
            self.read_mask(Path(chosen))

    def read_mask(self, path: Path) -> None:
        """Read a mask in a worker, then ask which number is which."""
        p, image = self.w.presenter, self.w.presenter.case.image
        if image is None:
            return
        try:
            organ = mask_import.organ_from_mask(p.case.organ)
        except TwinviewerError as error:
            p.failed.emit(error, "Read mask")
            return

        def read(found: Any) -> None:
            if p.case.image is image:
                self._ask_meaning(organ, path, *found)

        p.submit("mask", "Segment", mask_import.compute_mask_table, organ, str(path), image, done=read,
                 name="Read mask")  # fmt: skip

    def _ask_meaning(self, organ: str, path: Path, rows: Any, why: str, own: int, phases: int) -> None:
        from twinviewer.ui.mask_dialog import MaskDialog

        recipe = catalog.organs_from_mask()[organ]
        structures = tuple(recipe.mask_structures.values())
        styles = catalog.organ(organ).styles
        self.dialog = MaskDialog(self.w, self.w.look, rows, why, structures, styles, (own, phases))
        self.dialog.chosen.connect(partial(self.import_mask, organ, path))
        self.dialog.open()

    def import_mask(self, organ: str, path: Path, meaning: dict[int, str], phase: int | None) -> None:
        """Turn the mask into labels or contours, in a worker."""
        p, made_from = self.w.presenter, self.w.presenter.case.image
        if made_from is None:
            return

        def take(found: Any) -> None:
            if p.case.image is not made_from:
                return
            try:
                p.accept(mask_import.accept_mask(p.case, organ, *found))
            except MeshError as error:  # a scar that does not lie in the model
                p.failed.emit(error, mask_import.ACTION)

        p.submit("labels", "Segment", mask_import.compute_import, organ, str(path), made_from, p.case.patient,
                 dict(meaning), phase, done=take, name=mask_import.ACTION)  # fmt: skip

    # Typed numbers ---------------------------------------------------------------------------------------------

    def ask_numbers(self) -> None:
        """The form of typed numbers, with those of the present model if it was made so."""
        from twinviewer.ui.numbers_dialog import NumbersDialog

        p = self.w.presenter
        try:
            organ = from_numbers.organ_from_numbers(p.case.organ)
        except TwinviewerError as error:
            p.failed.emit(error, from_numbers.ACTION)
            return
        recipe = catalog.organs_from_numbers()[organ]
        self.dialog = NumbersDialog(self.w, self.w.look, recipe.numbers, recipe.check_numbers, p.case.typed)
        self.dialog.chosen.connect(partial(self.make, organ))
        self.dialog.open()

    def make(self, organ: str, values: dict[str, ParameterValue]) -> None:
        """Scale the template in a worker; the case is what it was until that is done."""
        p = self.w.presenter
        before = (p.case.image, p.case.mesh)

        def take(made: Any) -> None:
            if (p.case.image, p.case.mesh) == before:
                closed = p.case.image is not None
                p.accept(from_numbers.accept_typed(p.case, organ, values, made))
                p.noticed.emit(
                    "The model is scaled from typed numbers: no image was used",
                    "The images were closed, since it does not lie in them. Undo brings them back." if closed else "",
                )

        p.submit("model", "Model", from_numbers.compute_typed, organ, values, done=take, name=from_numbers.ACTION)

    # A refusal -------------------------------------------------------------------------------------------------

    def _refused(self, error: Any, doing: str) -> None:
        """What a search for structures refused stays to be read, where the ways on are offered."""
        p = self.w.presenter
        if doing == "Segment" and isinstance(error, SegmentationError) and p.case.image is not None:
            p.accept(p.case.with_message("Segment", str(error)), step=False)
