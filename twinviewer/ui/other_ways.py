"""What to do where images give no model: masks, meshes, another program, typed numbers. Dialogs, jobs, what follows."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from twinviewer.domain import ParameterValue, SegmentationError, TwinviewerError
from twinviewer.session import catalog, from_numbers
from twinviewer.ui.structure_flow import StructureFlow

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

FILES = "Masks (*.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd *.dcm);;All files (*)"
MESH_SUFFIXES = (".glb", ".obj", ".stl", ".ply", ".vtp", ".vtu")
MESH_FILES = "Meshes (*.glb *.obj *.stl *.ply *.vtp *.vtu);;All files (*)"


class OtherWays(QObject):
    """Verbs behind the menu entries, the pages' buttons and the empty view's."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self.dialog: Any = None
        self.structures = StructureFlow(window)
        window.presenter.failed.connect(self._refused)

    def dropped(self, paths: list[Path]) -> bool:
        """Whether files that were dropped on the window are structures, and so are read as such: meshes; and, where
        images are open, segmentations that cannot be images."""
        if paths and all(path.suffix.lower() in MESH_SUFFIXES for path in paths):
            self.read_mesh(*paths)
            return True
        if self.w.presenter.case.image is not None and paths and all(map(_is_segmentation, paths)):
            self.read_mask(*paths)
            return True
        return False

    # A mask ----------------------------------------------------------------------------------------------------

    def ask_mask(self) -> None:
        """Choose files of structures made elsewhere: one, or one a phase or a structure."""
        chosen, _ = QFileDialog.getOpenFileNames(self.w, "Import a mask of these images", "", FILES)
        if chosen:
            self.read_mask(*map(Path, chosen))

    def read_mask(self, *paths: Path, by_place: bool = False, at_once: bool = False) -> None:
        """Read a mask in a worker, then ask which number is which.

        by_place: it lies where its coordinates say, whatever images it refers to. at_once: nothing is asked where the
        file itself names every structure and there are none yet.
        """
        from twinviewer.session import mask_import

        p, image = self.w.presenter, self.w.presenter.case.image
        if image is None:
            return

        def read(found: Any) -> None:
            if p.case.image is image:
                self._ask_meaning(paths, by_place, at_once, *found)

        def refused(error: TwinviewerError) -> None:
            from twinviewer.dicom.belonging import OTHER_IMAGES

            series = p.case.active_series
            if error.remedy == OTHER_IMAGES and series is not None and not by_place:
                again = partial(self._read_by_place, paths)
                self.structures.ask_place("The file", error.what, [series], series.uid, again)
            else:
                p.failed.emit(error, "Read mask")

        given = [str(path) for path in paths]
        series = None if by_place else p.case.active_series
        p.submit("mask", "Segment", mask_import.compute_mask_choice, p.case.organ, given, image, series,
                 done=read, name="Read mask", refused=refused)  # fmt: skip

    def _read_by_place(self, paths: tuple[Path, ...], _: str) -> None:
        self.read_mask(*paths, by_place=True)

    def _ask_meaning(
        self,
        paths: tuple[Path, ...],
        by_place: bool,
        at_once: bool,
        organ: str,
        rows: Any,
        why: str,
        own: int,
        phases: int,
    ) -> None:
        from twinviewer.ui.mask_dialog import MaskDialog

        case = self.w.presenter.case
        meaning = {value: guess for value, _, _, guess in rows}
        told = all(meaning.values()) and "names" in why and len(set(meaning.values())) == len(meaning)
        one_phase = own == 1 and phases > 1  # which one has to be asked
        nothing_yet = case.labels is None and case.contours is None
        if at_once and told and nothing_yet and not one_phase and "Slices without a contour" not in why:
            self.import_mask(organ, paths, meaning, None, {}, by_place=by_place)
            return
        structures, any_name = self._structures(organ)
        styles, keeps = catalog.organ(organ).styles, case.labels is not None
        self.dialog = MaskDialog(self.w, self.w.look, rows, why, structures, styles, (own, phases), any_name, keeps,
                                 "Slices without a contour" in why)  # fmt: skip
        self.dialog.chosen.connect(partial(self.import_mask, organ, paths, by_place=by_place))
        self.dialog.open()

    @staticmethod
    def _structures(organ: str) -> tuple[tuple[str, ...], bool]:
        """Names to choose from, and whether any other will do."""
        known = catalog.organs_from_mask()[organ].mask_structures
        return tuple(known.values()), organ in catalog.organs_by_choice()

    def import_mask(
        self,
        organ: str,
        paths: tuple[Path, ...],
        meaning: dict[int, str],
        phase: int | None,
        options: dict[str, Any],
        by_place: bool = False,
    ) -> None:
        """Turn the mask into labels or contours, in a worker."""
        from twinviewer.session import mask_import

        case = self.w.presenter.case
        if case.image is not None:
            self._take_labels(
                organ, bool(options.get("over")), mask_import.ACTION, mask_import.compute_import,
                organ, [str(path) for path in paths], case.image, case.patient, dict(meaning), phase,
                None if by_place else case.active_series, bool(options.get("interpolate")),
            )  # fmt: skip

    def _take_labels(self, organ: str, over: bool, action: str, compute: Any, *given: Any, **how: Any) -> None:
        """Run what gives labels or contours in a worker, and take them into the case."""
        from twinviewer.session import mask_import

        p, made_from = self.w.presenter, self.w.presenter.case.image

        def take(found: Any) -> None:
            if p.case.image is not made_from:
                return
            structures, tissue = found
            try:
                p.accept(mask_import.accept_mask(p.case, organ, structures, tissue, over))
            except TwinviewerError as error:  # a scar that does not lie in the model, labels of other phases
                p.failed.emit(error, action)

        p.submit("labels", "Segment", compute, *given, done=take, name=action, **how)

    # A mesh ----------------------------------------------------------------------------------------------------

    def ask_mesh(self) -> None:
        """Choose surfaces made elsewhere: a file with parts, or a file a part."""
        chosen, _ = QFileDialog.getOpenFileNames(self.w, "Import a mesh", "", MESH_FILES)
        if chosen:
            self.read_mesh(*map(Path, chosen))

    def read_mesh(self, *paths: Path) -> None:
        """Read it in a worker, since readers may die of a broken file; then ask which part is which."""
        from twinviewer.session import mesh_import

        p, image = self.w.presenter, self.w.presenter.case.image

        def read(found: Any) -> None:
            if p.case.image is image:
                self._ask_parts(paths, *found)

        p.submit("mask", "Segment", mesh_import.compute_mesh_choice, p.case.organ, [str(path) for path in paths], image,
                 done=read, name="Read mesh", deadline_s=mesh_import.DEADLINE_S)  # fmt: skip

    def _ask_parts(self, paths: tuple[Path, ...], organ: str, rows: Any, *guess: Any) -> None:
        from twinviewer.ui.mesh_dialog import MeshDialog

        structures, any_name = self._structures(organ)
        case = self.w.presenter.case
        phases = 0 if case.image is None else case.image.phases
        self.dialog = MeshDialog(self.w, self.w.look, rows, guess, structures, catalog.organ(organ).styles, phases,
                                 any_name, case.labels is not None)  # fmt: skip
        self.dialog.chosen.connect(partial(self.import_mesh, organ, paths))
        self.dialog.open()

    def import_mesh(
        self, organ: str, paths: tuple[Path, ...], meaning: dict[int, str], phase: int | None, options: dict[str, Any]
    ) -> None:
        """Fill its parts in a worker."""
        from twinviewer.session import mesh_import

        p, made_from = self.w.presenter, self.w.presenter.case.image
        image = None if options.get("alone") else made_from

        def take(found: Any) -> None:
            if p.case.image is not made_from:
                return
            structures, picture = found
            try:
                p.accept(mesh_import.accept_mesh(p.case, organ, structures, picture, bool(options.get("over"))))
            except TwinviewerError as error:
                p.failed.emit(error, mesh_import.ACTION)
                return
            if picture is not None:
                p.noticed.emit(mesh_import.NO_IMAGE, "Build the model next, or mend the labels by hand.")

        p.submit("labels", "Segment", mesh_import.compute_mesh, organ, [str(path) for path in paths], image,
                 p.case.patient, dict(meaning), options.get("unit", ""), options.get("frame", ""), phase, done=take,
                 name=mesh_import.ACTION, deadline_s=mesh_import.DEADLINE_S)  # fmt: skip

    # Another program -------------------------------------------------------------------------------------------

    def ask_outside(self) -> None:
        """Show the terms of TotalSegmentator, then run it."""
        from twinviewer.ui.terms_dialog import TermsDialog

        self.dialog = TermsDialog(self.w, self.w.look, self.w.presenter.case.labels is not None)
        self.dialog.chosen.connect(self.run_outside)
        self.dialog.open()

    def run_outside(self, task: str, over: bool) -> None:
        """Run it on the open images, in a worker that ends it when it is cancelled."""
        from twinviewer.session import mask_import, outside_segmenter

        case = self.w.presenter.case
        if case.image is not None:
            organ = mask_import.organ_from_mask(case.organ)
            self._take_labels(
                organ, over, "TotalSegmentator", outside_segmenter.compute_outside,
                organ, case.image, case.patient, task, True, deadline_s=outside_segmenter.DEADLINE_S,
            )  # fmt: skip

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


def _is_segmentation(path: Path) -> bool:
    """Whether a file says that it holds structures: 3D Slicer's, or DICOM SEG and RTSTRUCT."""
    if path.name.lower().endswith(".seg.nrrd"):
        return True
    if not path.is_file():
        return False
    from twinviewer.dicom.read_rtstruct import modality_of

    return modality_of(path) in ("SEG", "RTSTRUCT")
