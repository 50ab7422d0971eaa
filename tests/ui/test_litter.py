"""Objects of the window die in the window's thread, whatever other threads allocate."""

import gc
import threading

from twinviewer.ui.litter import MANY_OLD, MANY_YOUNG, Litter


class _Knot:
    """A cycle that notes in which thread it was undone."""

    undone: list[int] = []  # noqa: RUF012

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        self.undone.append(threading.get_ident())


def _allocate() -> None:
    keep = [[[]] for _ in range(MANY_YOUNG * 5)]
    assert keep


def test_garbage_of_the_window_is_undone_in_its_thread(qtbot) -> None:  # type: ignore[no-untyped-def]
    from PySide6.QtCore import QObject

    _Knot.undone.clear()
    was_on = gc.isenabled()
    gc.enable()
    owner = QObject()
    litter = Litter(owner)
    try:
        _Knot()
        other = threading.Thread(target=_allocate)
        other.start()
        other.join()
        assert not _Knot.undone  # a hundred collections would have been due in that thread
        kept = []
        for _ in range(MANY_OLD):
            kept.append([[[]] for _ in range(MANY_YOUNG)])
            litter.look()
        qtbot.waitUntil(lambda: bool(_Knot.undone), timeout=5000)
        assert set(_Knot.undone) == {threading.get_ident()}
    finally:
        litter.close()
        still_on = gc.isenabled()
        if not was_on:
            gc.disable()
    assert still_on
    assert gc.get_freeze_count() == 0
