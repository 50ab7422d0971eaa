"""The real window under Xvfb, driven as a user would."""

import os
import threading
import time

import job_tasks
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication

from twinviewer.domain import EngineError
from twinviewer.ui.banner import RESEARCH
from twinviewer.ui.step_bar import Step, StepState


def show(window, case) -> None:  # type: ignore[no-untyped-def]
    window.presenter.history.push(case)
    window.presenter.case_changed.emit()
    window.make_plots()


def test_opens_empty_and_teaches(window) -> None:  # type: ignore[no-untyped-def]
    assert window.banner.research.text() == RESEARCH
    assert window.banner.research.isVisible()
    assert window.views.welcome.title == "Drop a DICOM folder here"
    assert not window.actions_.all["save_case"].isEnabled()
    assert "open images first" in window.actions_.all["save_case"].toolTip()


def test_case_fills_every_panel_and_the_heart_moves(window, small_case, qtbot) -> None:  # type: ignore[no-untyped-def]
    if not window.renderer:
        pytest.skip("no OpenGL on this display")
    show(window, small_case)
    qtbot.wait(200)
    assert window.banner.name.text() == "BALL-1"
    assert all(b.status.state is StepState.READY for b in window.steps.buttons.values())
    view = window.views.view3d
    assert view.stage is not None and window.playback.playing
    window.playback.pause()
    window.playback.seek(0.0)
    surface = view.stage._panes[0].surfaces["myocardium"]
    rest = surface._points.copy()
    window.playback.seek(0.4)
    np.testing.assert_allclose(surface._points, 0.9 * rest, rtol=1e-4)
    picture = QApplication.primaryScreen().grabWindow(window.winId()).toImage()
    seen = {picture.pixel(x, y) for x in range(0, picture.width(), 9) for y in range(0, picture.height(), 9)}
    assert len(seen) > 40


def test_compare_shows_three_panes_at_one_time(window, small_case, qtbot) -> None:  # type: ignore[no-untyped-def]
    if not window.renderer:
        pytest.skip("no OpenGL on this display")
    show(window, small_case)
    window.coupling.go(Step.COMPARE)
    window.choices.set(colour_by="activation_ms")
    qtbot.wait(50)
    state = window.views.view3d.stage.state
    assert [pane.title for pane in state.panes] == ["Baseline", "CRT", "Difference"]
    first, second = (pane.colouring for pane in state.panes[:2])
    assert (first.low, first.high) == (second.low, second.high)
    assert window.inspector.compare.deltas.rows[0][:3] in (("qrs_ms", "160", "120"), ("lv_ef_percent", "10.0", "14.0"))
    window.coupling.go(Step.SIMULATE)
    assert len(window.views.view3d.stage.state.panes) == 1


def test_undo_is_named_and_works(window, small_case) -> None:  # type: ignore[no-untyped-def]
    show(window, small_case)
    assert window.actions_.all["undo"].text() == "&Undo: Simulate CRT"
    window.actions_.all["undo"].trigger()
    assert window.presenter.case.mesh is None
    assert window.actions_.all["redo"].text() == "&Redo: Simulate CRT"
    window.actions_.all["redo"].trigger()
    assert window.presenter.case.mesh is small_case.mesh


def test_dropping_a_folder_scans_it(window, tmp_path, qtbot) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "scan").mkdir()
    (tmp_path / "scan" / "note.txt").write_text("no image")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "scan"))])
    window.dropEvent(
        QDropEvent(QPointF(10, 10), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
                   Qt.KeyboardModifier.NoModifier)
    )  # fmt: skip
    assert [job.name for job in window.presenter.busy] == ["Scan folder"]
    qtbot.waitUntil(lambda: bool(window.messages.texts), timeout=30_000)
    assert "No images were found" in window.messages.texts[0]


def test_cancel_is_at_once_and_leaves_the_case(window, small_case, qtbot) -> None:  # type: ignore[no-untyped-def]
    show(window, small_case)
    revision, taken = window.presenter.case.revision, []
    window.presenter.submit("run x", "Simulate", job_tasks.count, 3000, 0.01, done=taken.append, name="Simulate x")
    qtbot.waitUntil(lambda: window.presenter.busy[0].fraction > 0, timeout=20_000)
    assert window.steps.buttons[Step.SIMULATE].status.state is StepState.WORKING
    started = time.perf_counter()
    window.actions_.all["cancel"].trigger()
    assert time.perf_counter() - started < 0.5
    assert not window.presenter.busy and not taken
    assert window.presenter.case.revision == revision
    assert window.steps.buttons[Step.SIMULATE].status.state is StepState.READY


def test_an_answer_to_an_old_question_is_dropped(window, small_case, qtbot) -> None:  # type: ignore[no-untyped-def]
    show(window, small_case)
    presenter = window.presenter
    run = small_case.baseline.run
    presenter._take(False, lambda: pytest.fail("a stale result was taken"))
    presenter._take(True, lambda: presenter.case.changed("Again", title="again"))
    assert presenter.case.title == "again" and presenter.case.baseline.run is run


def test_errors_are_told_with_remedy_and_lose_nothing(window, small_case) -> None:  # type: ignore[no-untyped-def]
    show(window, small_case)
    before = window.presenter.case
    window.presenter._fail(EngineError("It diverged", where="412 ms", remedy="Lower the rate"), "Simulate")
    assert window.messages.texts == ("It diverged (412 ms)",)
    assert window.presenter.case is before


def test_picking_names_the_segment(window, small_case) -> None:  # type: ignore[no-untyped-def]
    show(window, small_case)
    heard: list[tuple[str, str, int]] = []
    window.inspector.simulate.picked = lambda *a: heard.append(a)
    window.coupling.picking.ask("lv_lead", "lv_segment", True)
    lateral = int(np.argmax(small_case.mesh.points_mm[:, 0]))
    septal = int(np.argmin(small_case.mesh.points_mm[:, 0]))
    window.coupling.picking.picked(0, septal)
    assert "That is not the LV wall" in window.messages.texts and not heard
    window.coupling.picking.picked(0, lateral)
    assert heard == [("lv_lead", "AHA11", lateral)]


def test_save_and_open_again(window, small_case, tmp_path, qtbot) -> None:  # type: ignore[no-untyped-def]
    show(window, small_case)
    path = tmp_path / "ball.twin"
    window.presenter.save_case(path)
    qtbot.waitUntil(lambda: window.presenter.path == path, timeout=30_000)
    assert not window.presenter.unsaved
    window.presenter.save_case(path)  # again, over the file that this window holds
    qtbot.waitUntil(lambda: not window.presenter.busy, timeout=30_000)
    assert all("Saved" in text for text in window.messages.texts)
    before = window.presenter.case.revision
    window.presenter.open_case(path)
    qtbot.waitUntil(lambda: window.presenter.case.revision != before, timeout=30_000)
    opened = window.presenter.case
    np.testing.assert_array_equal(opened.mesh.points_mm, small_case.mesh.points_mm)
    assert [s.label for s in opened.scenarios] == ["Baseline", "CRT"]
    assert window.banner.name.text() == "BALL-1"


def test_a_case_that_another_window_holds_is_not_written(window, small_case, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from twinviewer.session.claim import Claim

    path = tmp_path / "held.twin"
    with Claim(path):
        show(window, small_case)
        window.presenter._hold(path)
        window.presenter.save_case(path)
    assert window.messages.texts == ("Another window has this case open (held.twin)",)
    assert not path.exists()


def test_maximise_and_back(window, small_case) -> None:  # type: ignore[no-untyped-def]
    show(window, small_case)
    axial = window.views.slices["axial"]
    window.views.toggle_alone(axial)
    assert axial.isVisible() and not window.views.slices["coronal"].isVisible() and not window.views.view3d.isVisible()
    assert window.actions_.all["layout_one"].isChecked()
    window.views.toggle_alone(axial)
    assert window.views.slices["coronal"].isVisible() and window.views.view3d.isVisible()


def test_light_and_dark(window, small_case) -> None:  # type: ignore[no-untyped-def]
    show(window, small_case)
    window.actions_.all["theme"].trigger()
    assert window.look.tokens.name == "light"
    if window.renderer:
        assert window.views.view3d.stage.state.background == "#FFFFFF"


def test_palette_finds_by_words(window, qtbot) -> None:  # type: ignore[no-untyped-def]
    from twinviewer.ui.command_palette import CommandPalette

    palette = CommandPalette(window, window.actions_)
    qtbot.addWidget(palette)
    palette.filter("light dark")
    assert palette.list.count() == 1
    before = window.look.tokens.name
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert window.look.tokens.name != before


def test_every_action_is_in_a_menu_and_no_shortcut_is_used_twice(window) -> None:  # type: ignore[no-untyped-def]
    actions = window.actions_.all
    keys = [a.shortcut().toString() for a in actions.values() if not a.shortcut().isEmpty()]
    assert len(keys) == len(set(keys))
    reached, open_menus = set(), [a.menu() for a in window.menu_bar.actions()]
    while open_menus:
        for action in open_menus.pop().actions():
            if action.menu() is not None:
                open_menus.append(action.menu())
            reached.add(action)
    assert [key for key, action in actions.items() if action not in reached] == []


def test_fits_a_small_laptop(window, small_case, qtbot) -> None:  # type: ignore[no-untyped-def]
    show(window, small_case)
    window.resize(1366, 768)
    qtbot.wait(50)
    assert window.width() <= 1366 and window.height() <= 768
    assert window.minimumSizeHint().width() <= 1366 and window.minimumSizeHint().height() <= 768
    for part in (window.banner.research, window.steps.buttons[Step.REPORT], window.transport.time):
        corner = part.mapTo(window, QPoint(part.width(), part.height()))
        assert corner.x() <= window.width() and corner.y() <= window.height()


def test_long_names_do_not_widen_the_inspector(window, small_case) -> None:  # type: ignore[no-untyped-def]
    from dataclasses import replace

    baseline, crt = small_case.scenarios
    named = replace(crt, label="Cardiac resynchronisation therapy with a very long label")
    show(window, replace(small_case, scenarios=(baseline, named)))
    window.coupling.plugins_ready()
    page = window.inspector.simulate
    for therapy in page.panel.therapies:
        page.choose_therapy(therapy)
        page._settings.setChecked(True)
        assert page.widget().minimumSizeHint().width() <= 296, therapy
    for page in window.inspector.pages.values():
        assert page.widget().minimumSizeHint().width() <= 296, type(page).__name__


def test_closing_leaves_nothing_running(window, small_case, qtbot) -> None:  # type: ignore[no-untyped-def]
    import psutil

    show(window, small_case)
    window.presenter.submit("run x", "Simulate", job_tasks.count, 3000, 0.01, done=lambda _: None, name="Simulate x")
    qtbot.wait(100)
    runner = window.presenter.runner
    window.shut_down()
    runner.close()
    assert not window.playback._timer.isActive() and not window.status._timer.isActive()
    assert not window.presenter._timer.isActive()
    assert window.views.view3d.interactor is None
    assert [t.name for t in threading.enumerate() if t.name == "warm-up"] == []
    mine = [p for p in psutil.Process(os.getpid()).children(recursive=True) if "spawn_main" in " ".join(p.cmdline())]
    assert mine == []
