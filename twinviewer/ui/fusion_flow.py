"""A second series over the images: offered, doubted, read in a worker, kept with the case, drawn on every slice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox

from twinviewer.domain import Fusion, Series, TwinviewerError, Volume
from twinviewer.scene.slices import default_window
from twinviewer.session.fusion import candidates, change_fusion, doubt, lay_over, take_away
from twinviewer.session.image_files import read_any_image
from twinviewer.session.units import unit_of

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow


class FusionFlow(QObject):
    """Keeps the display in step with the case's choice; also says what the voxels of the open series are called."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self._volume: tuple[str, Volume] | None = None
        self._asked = ""
        bar, row = window.views.bar, window.views.fusion_row
        bar.fusion_menu.aboutToShow.connect(self._fill)
        row.sliding.connect(self._slide)
        row.chosen.connect(self._choose)
        row.removed.connect(self.take_away)
        window.presenter.case_changed.connect(self.follow)
        self.follow()

    def _fill(self) -> None:
        menu, case = self.w.views.bar.fusion_menu, self.w.presenter.case
        menu.clear()
        offered = candidates(case)
        if not isinstance(case.image, Volume) or not offered:
            menu.addAction("No other volume in this study").setEnabled(False)
        for series, why in offered:
            name = _name(series)
            action = menu.addAction(f"{name}  (asks first)" if why else name)
            action.setToolTip(why.capitalize())
            action.setCheckable(True)
            action.setChecked(case.fusion is not None and case.fusion.series_uid == series.uid)
            action.triggered.connect(lambda _=False, uid=series.uid: self.ask(uid))
        menu.setToolTipsVisible(True)
        if case.fusion is not None:
            menu.addSeparator()
            menu.addAction("Take it away").triggered.connect(self.take_away)

    def ask(self, uid: str) -> None:
        """Lay a series over the images; where that is in doubt, only if the user says so."""
        case = self.w.presenter.case
        series = next((one for one in case.series if one.uid == uid), None)
        if series is None:
            return
        why = doubt(case, series)
        if why and not self.confirm(series, why):
            return
        self._read(series, overruled=bool(why))

    def confirm(self, series: Series, why: str) -> bool:
        """Whether the user takes the doubt upon them."""
        box = QMessageBox(self.w)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("Second series")
        box.setText(f"{_name(series)} may not lie where its coordinates say: {why}.")
        box.setInformativeText("Laid over all the same, the case and this window will say so.")
        yes = box.addButton("Lay it over all the same", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton("Leave it", QMessageBox.ButtonRole.RejectRole))
        box.exec()
        return box.clickedButton() is yes

    def _read(self, series: Series, *, overruled: bool = False, again: bool = False) -> None:
        p, on = self.w.presenter, self.w.presenter.case.image

        def accept(image: Any) -> None:
            if p.case.image is not on or not isinstance(image, Volume):
                if not isinstance(image, Volume):
                    raise TwinviewerError("Only volumes can be laid over the images", where=series.description)
                return
            self._volume = series.uid, image
            if again:
                self.follow()
            else:
                p.accept(lay_over(p.case, series, image, default_window(image), overruled=overruled))

        p.submit("second series", "Import", read_any_image, series, done=accept, name="Read the second series")

    def take_away(self) -> None:
        """Nothing over the images; can be undone."""
        p = self.w.presenter
        if p.case.fusion is not None:
            p.accept(take_away(p.case))

    # The look of it --------------------------------------------------------------------------------------------

    def _slide(self, opacity: float) -> None:
        fused = self.w.display.fused
        if fused is not None:
            fused.look = replace(fused.look, opacity=opacity)
            self.w.display.changed.emit()

    def _choose(self, colours: str, opacity: float) -> None:
        p = self.w.presenter
        now = p.case.fusion
        if now is not None and (now.colours, now.opacity) != (colours, opacity):
            p.accept(change_fusion(p.case, colours=colours, opacity=opacity), step=False)

    def follow(self) -> None:
        """The Case changed."""
        w, case = self.w, self.w.presenter.case
        volume = case.image if isinstance(case.image, Volume) else None
        w.display.unit = "" if case.image is None else unit_of(case.image.modality, case.active_series)
        w.views.cine.set_unit(w.display.unit)
        look = case.fusion
        series = None if look is None else next((one for one in case.series if one.uid == look.series_uid), None)
        w.views.fusion_row.follow(look if volume is not None else None, "" if series is None else _name(series))
        w.views.bar.fusion.setEnabled(volume is not None)
        if "fusion" in w.actions_.all:
            w.actions_.allow("fusion", volume is not None, "open a volume first")
        if look is None or volume is None or series is None:
            self._show(None)
        elif self._volume is not None and self._volume[0] == look.series_uid:
            self._show(look, series)
        elif series.files and self._asked != f"{volume.uid} {look.series_uid}":
            self._asked = f"{volume.uid} {look.series_uid}"  # once: a file may be gone
            self._read(series, again=True)

    def _show(self, look: Fusion | None, series: Series | None = None) -> None:
        display, before = self.w.display, self.w.display.fused
        if look is None or self._volume is None or series is None:
            if before is not None:
                display.fused = None
                display.changed.emit()
            return
        from twinviewer.scene.fusion import Fused, FusionLook

        volume = self._volume[1]
        wanted = FusionLook(look.colours, look.low, look.high, look.opacity)
        doubted = "frame of reference overruled" if look.overruled else ""
        if before is None or before.volume is not volume or before.doubt != doubted:
            display.fused = Fused(volume, wanted, series.modality, unit_of(volume.modality, series), doubted)
        elif before.look != wanted:
            before.look = wanted
        else:
            return
        display.changed.emit()


def _name(series: Series) -> str:
    return series.description or f"{series.modality} series"
