"""A second series over the images: offered, doubted, read in a worker, kept with the case, drawn on every slice."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QMessageBox

from twinviewer.domain import CineStack, Fusion, Image, Series, Volume
from twinviewer.scene.slices import default_window, percentile_window
from twinviewer.session.fusion import candidates, change_fusion, doubt, lay_over, take_away, without_place
from twinviewer.session.image_files import read_any_image
from twinviewer.session.units import unit_of

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

MOST_LETTERS = 20
"""Of a series' name in a corner of a view."""


class FusionFlow(QObject):
    """Keeps the display in step with the case's choice; also says what the voxels of the open series are called."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self._image: tuple[str, Image] | None = None
        self._asked = ""
        views = window.views
        self._rows = (views.fusion_row, views.cine.fusion_row)
        for menu in (views.bar.fusion_menu, views.cine.fusion_menu):
            menu.aboutToShow.connect(partial(self._fill, menu))
        for row in self._rows:
            row.sliding.connect(self._slide)
            row.chosen.connect(self._choose)
            row.removed.connect(self.take_away)
        window.presenter.case_changed.connect(self.follow)
        self.follow()

    def _fill(self, menu: QMenu) -> None:
        case = self.w.presenter.case
        menu.clear()
        offered = candidates(case)
        if case.image is None or not offered:
            menu.addAction("No other series of this study lies in space").setEnabled(False)
        for series, why in offered:
            name = _name(series)
            action = menu.addAction(f"{name}  (asks first)" if why else name)
            action.setToolTip(why[:1].upper() + why[1:])
            action.setCheckable(True)
            action.setChecked(case.fusion is not None and case.fusion.series_uid == series.uid)
            action.triggered.connect(lambda _=False, uid=series.uid: self.ask(uid))
        for series, why in without_place(case):
            action = menu.addAction(f"{_name(series)}  ({why})")
            action.setEnabled(False)
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

        def accept(image: Image) -> None:
            if p.case.image is not on:
                return
            self._image = series.uid, image
            if again:
                self.follow()
            else:
                p.accept(lay_over(p.case, series, image, window_of(image), overruled=overruled))

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
            self._changed()

    def _changed(self) -> None:
        """Every view paints again."""
        self.w.views.cine.set_fused(self.w.display.fused if self.w.views.cine.stack is not None else None)
        self.w.display.changed.emit()

    def _choose(self, colours: str, opacity: float) -> None:
        p = self.w.presenter
        now = p.case.fusion
        if now is not None and (now.colours, now.opacity) != (colours, opacity):
            p.accept(change_fusion(p.case, colours=colours, opacity=opacity), step=False)

    def follow(self) -> None:
        """The Case changed."""
        w, case = self.w, self.w.presenter.case
        image = case.image
        w.display.unit = "" if image is None else unit_of(image.modality, case.active_series)
        w.views.cine.set_unit(w.display.unit)
        look = case.fusion if image is not None else None
        series = None if look is None else next((one for one in case.series if one.uid == look.series_uid), None)
        if "fusion" in w.actions_.all:
            w.actions_.allow("fusion", image is not None, "open images first")
        for button in (w.views.bar.fusion, w.views.cine.fusion):
            button.setEnabled(image is not None)
        w.views.cine.star.setEnabled(image is not None)
        if look is None or image is None or series is None:
            self._show(None)
        elif self._image is not None and self._image[0] == look.series_uid:
            self._show(look, series)
        elif series.files and self._asked != f"{image.uid} {look.series_uid}":
            self._asked = f"{image.uid} {look.series_uid}"  # once: a file may be gone
            self._read(series, again=True)
        still = w.display.fused is not None and w.display.fused.stands_still
        for row, own in zip(self._rows, (isinstance(image, Volume), isinstance(image, CineStack)), strict=True):
            shown = look if own else None
            row.follow(shown, "" if series is None else _name(series), stands_still=still and _moves(image))

    def _show(self, look: Fusion | None, series: Series | None = None) -> None:
        display, before = self.w.display, self.w.display.fused
        if look is None or self._image is None or series is None:
            if before is not None:
                display.fused = None
                self._changed()
            return
        from twinviewer.scene.fusion import Fused, FusionLook

        image, case = self._image[1], self.w.presenter.case
        wanted = FusionLook(look.colours, look.low, look.high, look.opacity)
        doubted = "frame of reference overruled" if look.overruled else ""
        if before is None or before.image is not image or before.doubt != doubted:
            first = "" if case.image is None else case.image.modality
            label = series.modality if series.modality != first else _short(_name(series))
            display.fused = Fused(image, wanted, label, unit_of(image.modality, series), doubted)
        elif before.look != wanted:
            before.look = wanted
        elif self.w.views.cine.stack is None or self.w.views.cine.fused is before:
            return
        self._changed()


def window_of(image: Image) -> tuple[float, float]:
    """(width, level) in which a second series is shown at first."""
    if isinstance(image, Volume):
        return default_window(image)
    return image.window or percentile_window(image.planes[len(image.planes) // 2].frames)


def _moves(image: Image | None) -> bool:
    return image is not None and image.phases > 1


def _short(name: str) -> str:
    if len(name) <= MOST_LETTERS:
        return name
    whole = name[: MOST_LETTERS + 1].rsplit(" ", 1)[0]
    return f"{whole[: MOST_LETTERS - 1]}…"


def _name(series: Series) -> str:
    return series.description or f"{series.modality} series"
