"""Slabs, slices turned by the crosshair's lines, key images and a second series, by the hand in the real window."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest

from twinviewer.scene.slab import Slab

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def drag(view, start: QPointF, *to: QPointF) -> None:  # type: ignore[no-untyped-def]
    QTest.mousePress(view, LEFT, NONE, start.toPoint())
    for place in to:
        QTest.mouseMove(view, place.toPoint())
    QTest.mouseRelease(view, LEFT, NONE, to[-1].toPoint())


def hover(view, at: QPointF) -> None:  # type: ignore[no-untyped-def]
    none = Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, at, view.mapToGlobal(at), none, none, NONE)
    QCoreApplication.sendEvent(view, event)


def test_a_line_held_by_its_end_turns_the_other_slices_and_r_makes_them_straight(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    view, d = w.views.slices["axial"], w.display
    normals = {name: d.axes.normals[name].copy() for name in d.axes.normals}
    centre, reach = view.lines.centre(), 0.8 * view.lines._reach()
    window = d.window
    turned = centre + QPointF(reach * np.cos(0.5), reach * np.sin(0.5))
    drag(view, centre + QPointF(reach, 0), centre + QPointF(reach, reach * 0.2), turned)
    assert d.turned and d.window == window
    angle = np.degrees(np.arccos(d.axes.normals["coronal"] @ normals["coronal"]))
    assert angle == pytest.approx(np.degrees(0.5), abs=1.5)
    np.testing.assert_array_equal(d.axes.normals["axial"], normals["axial"])
    image = w.views.slices["coronal"].slice()
    right = image.affine[:3, 0] / image.spacing_mm[0]
    assert right == pytest.approx([np.cos(0.5), np.sin(0.5), 0.0], abs=0.03)  # towards the back on the left
    assert "turned by hand" in w.views.slices["coronal"].notes() and not w.views.bar.straight.isHidden()
    # the ball is a ball from every side
    blood = (w.views.slices["coronal"].slice().grey > 128).sum() * image.spacing_mm[0] ** 2
    assert blood == pytest.approx(np.pi * 40**2, rel=0.1)
    w.actions_.all["reset_views"].trigger()
    assert not d.turned and w.views.bar.straight.isHidden()


def test_a_line_held_near_the_crossing_moves_its_slice_and_the_crossing_moves_both(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    view, d = w.views.slices["axial"], w.display
    before = d.cross_mm.copy()
    centre, mm = view.lines.centre(), view.pixels_per_mm
    drag(view, centre + QPointF(25, 0), centre + QPointF(25, 6), centre + QPointF(25, 20 * mm))
    assert d.cross_mm[1] == pytest.approx(before[1] + 20.0, abs=4.0) and d.cross_mm[0] == before[0]
    assert not d.turned
    centre = view.lines.centre()
    drag(view, centre, centre + QPointF(5, 5), centre + QPointF(-12 * mm, -16 * mm))
    assert d.cross_mm[:2] == pytest.approx(before[:2] + [-12.0, 4.0], abs=4.1)


def test_a_ruler_in_the_hand_is_not_mistaken_for_a_line(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    view = w.views.slices["axial"]
    w.actions_.all["ruler_distance"].trigger()
    on_line = view.lines.centre() + QPointF(40, 0)
    hover(view, on_line)
    assert view.cursor().shape() == Qt.CursorShape.CrossCursor and not view._near
    w.actions_.all["cancel"].trigger()
    hover(view, QPointF(5, 5))
    hover(view, on_line)
    assert view.cursor().shape() == Qt.CursorShape.SizeAllCursor


def test_other_images_are_seen_whole(open_window) -> None:  # type: ignore[no-untyped-def]
    from dataclasses import replace

    w = open_window
    view = w.views.slices["axial"]
    view.zoom_by(3.0, QPointF(10, 10))
    w.presenter.accept(replace(w.presenter.case, labels=None))
    assert view.zoom == 3.0
    w.presenter.accept(replace(w.presenter.case, image=replace(w.presenter.case.image, uid="another")))
    assert view.zoom == 1.0


def test_two_views_without_a_heart_are_two_slices_side_by_side(open_window, qtbot) -> None:  # type: ignore[no-untyped-def]
    from dataclasses import replace

    w = open_window
    w.presenter.accept(replace(w.presenter.case, mesh=None, scenarios=()))
    qtbot.wait(30)
    w.set_layout("two")
    shown = {name: view for name, view in w.views.slices.items() if view.isVisible()}
    assert set(shown) == {"axial", "coronal"} and not w.views.view3d.isVisible()
    left, right = (view.mapTo(w, QPoint(0, 0)) for view in shown.values())
    assert left.y() == right.y() and right.x() >= left.x() + shown["axial"].width()
    w.set_layout("four")
    assert all(view.isVisible() for view in w.views.slices.values()) and w.views.view3d.isVisible()


def test_turned_slices_are_stepped_along_their_own_normal(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    d, view = w.display, w.views.slices["coronal"]
    d.turn("axial", 30.0)
    before, normal = d.cross_mm.copy(), d.axes.normals["coronal"]
    view.step(3)
    assert d.cross_mm - before == pytest.approx(3 * 4.0 * normal, abs=1e-6)
    view.step(500)  # out of the volume: stays
    assert d.cross_mm - before == pytest.approx(3 * 4.0 * normal, abs=1e-6)


def test_a_ruler_drawn_on_a_turned_slice_is_found_again(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    view, d = w.views.slices["coronal"], w.display
    d.turn("axial", 35.0)
    middle = QPointF(view.width() / 2, view.height() / 2)
    w.actions_.all["ruler_distance"].trigger()
    drag(view, middle - QPointF(40, 20), middle, middle + QPointF(30, 25))
    w.actions_.all["cancel"].trigger()
    (ruler,) = w.presenter.case.rulers
    normal = d.axes.normals["coronal"].copy()
    w.actions_.all["reset_views"].trigger()
    assert not d.turned
    w.rulers.show(ruler.uid)
    assert d.axes.normals["coronal"] == pytest.approx(normal, abs=1e-6)
    from twinviewer.ui.ruler_draw import lies_in, spot_of

    assert lies_in(ruler, view, spot_of(view))


def test_painting_by_hand_straightens_the_slices(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    w.display.turn("axial", 30.0)
    w.coupling.hand.start()
    assert w.coupling.hand.on and not w.display.turned
    w.coupling.hand.stop()


def test_one_slab_for_all_views_and_it_is_said(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    bar = w.views.bar.slab
    bar.kind.setCurrentIndex(bar.kind.findData("max"))
    bar.kind.activated.emit(bar.kind.currentIndex())
    assert w.display.slab == Slab("max", 10.0) and not bar.thickness.isHidden()
    assert w.views.slices["axial"].notes() == ["MIP 10 mm"]
    assert w.views.cardiac.slab.kind.currentData() == "max" and w.views.cardiac.state.note("4ch") == "MIP 10 mm"


def test_a_key_image_brings_back_slice_window_slab_and_zoom(open_window, qtbot) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    view, d = w.views.slices["axial"], w.display
    QTest.mouseClick(view, LEFT, NONE, QPoint(12, 40))
    view.step(3)
    view.zoom_by(2.5, QPointF(view.width() * 0.7, view.height() * 0.3))
    d.set_window(900.0, 100.0)
    d.set_slab(Slab("mean", 12.0))
    d.turn("coronal", 25.0)
    corner = view.place_mm(QPointF(0, 0))
    w.actions_.all["mark_key"].trigger()
    (key,) = w.presenter.case.key_images
    assert w.presenter.history.undo_text == f"Mark key image, {key.title}" and "mean 12 mm" in key.title
    w.actions_.all["reset_views"].trigger()
    d.set_window(400.0, 40.0)
    d.set_slab(Slab())
    view.step(-5)
    w.set_layout("solid")
    from twinviewer.ui.key_image_list import KeyImageRow

    qtbot.waitUntil(lambda: bool(w.tree.findChildren(KeyImageRow)))
    w.tree.findChildren(KeyImageRow)[-1].chosen.emit(key.uid)
    qtbot.waitUntil(lambda: np.allclose(view.place_mm(QPointF(0, 0)), corner, atol=1.0))
    assert (d.window, d.level, d.slab) == (900.0, 100.0, Slab("mean", 12.0)) and view.isVisible()
    w.keys.remove(key.uid)
    assert not w.presenter.case.key_images
    w.presenter.undo()
    assert w.presenter.case.key_images == (key,)


def test_a_key_image_of_a_cardiac_view(open_window, qtbot) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    w.set_layout("cardiac")
    state = w.views.cardiac.state
    view = w.views.cardiac.views["4ch"]
    QTest.mouseClick(view, LEFT, NONE, QPoint(12, 60))
    state.turn("4ch", 14.0)
    plane = state.planes["4ch"]
    w.keys.mark()
    state.reset_planes()
    w.set_layout("four")
    w.keys.show(w.presenter.case.key_images[0].uid)
    assert w.views.layout_name == "cardiac"
    assert state.planes["4ch"].normal == pytest.approx(plane.normal)


def image_file(path: Path, value: int, shift: float) -> None:
    grey = value + np.random.default_rng(1).normal(0.0, 3.0, (24, 28, 32))
    image = SimpleITK.GetImageFromArray(grey.astype(np.float32))
    image.SetSpacing((2.0, 2.5, 3.0))
    image.SetOrigin((shift, 0.0, 0.0))
    SimpleITK.WriteImage(image, str(path))


def test_a_second_series_is_doubted_overruled_drawn_and_taken_away(window, tmp_path: Path, qtbot) -> None:  # type: ignore[no-untyped-def]
    w, p = window, window.presenter
    folder = tmp_path / "study"
    folder.mkdir()
    image_file(folder / "first.nii.gz", 0, 0.0)
    image_file(folder / "second.nii.gz", 500, 20.0)
    p.open_folder(folder)
    qtbot.waitUntil(lambda: len(p.case.series) == 2 and not p.busy, timeout=60_000)
    first, second = sorted(p.case.series, key=lambda one: one.description)
    p.open_series(first.uid)
    qtbot.waitUntil(lambda: p.case.image is not None and not p.busy, timeout=60_000)
    w.display.set_window(100.0, 0.0)
    said: list[str] = []
    w.fusion.confirm = lambda series, why: bool(said.append(why))  # no
    w.fusion.ask(second.uid)
    assert len(said) == 1 and "frame of reference" in said[0] and not p.busy
    w.fusion.confirm = lambda series, why: True
    w.fusion.ask(second.uid)
    qtbot.waitUntil(lambda: w.display.fused is not None, timeout=20_000)
    assert p.case.fusion is not None and p.case.fusion.overruled and "overruled" in w.views.fusion_row.name.words
    view = w.views.slices["axial"]

    def colour(x: float, y: float) -> tuple[int, int, int]:
        z = w.display.cross_mm[2]
        found = view.picture()[0].toImage()
        column, row = (np.linalg.inv(view.slice().affine) @ [x, y, z, 1.0])[:2]
        at = found.pixelColor(round(column), round(row))
        return at.red(), at.green(), at.blue()

    outside, inside = colour(8.0, 60.0), colour(50.0, 60.0)
    assert outside[0] == outside[2] and inside[0] > inside[2]  # it begins at 20 mm
    w.views.fusion_row.opacity.setValue(0)
    assert p.case.fusion.opacity == 0.0 and len(set(colour(50.0, 60.0))) == 1
    w.views.fusion_row.removed.emit()
    assert p.case.fusion is None and w.display.fused is None and w.views.fusion_row.isHidden()
    p.undo()
    assert w.display.fused is not None


def test_windows_by_percentiles_and_values_with_their_unit(open_window) -> None:  # type: ignore[no-untyped-def]
    w = open_window
    w.actions_.all["preset_0"].trigger()
    assert w.display.window == pytest.approx(350.0, abs=45.0)  # the ball's -50 and its 300
    assert w.display.said(287.4) == "287 HU"
    w.display.unit = ""
    assert w.display.said(412.0) == "signal 412" and w.display.said(0.1234) == "signal 0.123"
