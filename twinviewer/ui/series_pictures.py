"""Pictures of the series in the case tree: the open one's at once, the others' when the workers are idle."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from twinviewer.ui.image_canvas import to_pixmap
from twinviewer.ui.thumbnails import thumbnail, thumbnail_of

if TYPE_CHECKING:
    from twinviewer.ui.window import MainWindow

MOST = 40
"""Series beyond these keep a blank."""


class SeriesPictures(QObject):
    """Asks for each picture once."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.w = window
        self.closed = False
        self._series: tuple[str, ...] = ()
        self._asked: set[str] = set()

    def ask(self) -> None:
        """For what is missing now."""
        p = self.w.presenter
        if tuple(s.uid for s in p.case.series) != self._series:
            self._series = tuple(s.uid for s in p.case.series)
            self._asked.clear()
        active = p.case.active_series_uid
        if p.case.image is not None and active and active not in self.w.tree.thumbnails:
            self._asked.add(active)
            self._show(active, thumbnail_of(p.case.image))
        if p.busy or p.planned:
            return
        for series in p.case.series[:MOST]:
            usable = series.kind not in ("not_image", "unreadable") and bool(series.files)
            if usable and series.uid not in self._asked:
                self._asked.add(series.uid)
                p.look_up(thumbnail, series, done=partial(self._show, series.uid))

    def _show(self, uid: str, pixels: Any) -> None:
        if not self.closed:
            self.w.tree.set_thumbnail(uid, to_pixmap(pixels))
