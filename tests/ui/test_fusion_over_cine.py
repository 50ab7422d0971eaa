"""A second series over the planes of a cine study in the real window: drawn, moving with them or standing still, said
where it does not reach, refused with the reason and laid over all the same by whoever says so."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from twinviewer.domain import CinePlane, CineStack, Grid, Patient, Series, Volume
from twinviewer.session.case import Case
from twinviewer.session.fusion import lay_over

FRAMES = 4


def series(uid: str, kind: str, name: str, frame: str = "9.9.1") -> Series:
    return Series(uid, "1", Patient("P-1"), kind, "MR", name, "20260101", 3, 1, (40, 40), (2.0, 2.0, 8.0), ("a",),
                  extra={"frame_of_reference": frame})  # fmt: skip


def cine() -> CineStack:
    times = np.arange(FRAMES) * 0.2
    planes = []
    for number in range(3):
        affine = np.diag([2.0, 2.0, 1.0, 1.0])
        affine[2, 3] = 10.0 * number
        planes.append(CinePlane(np.full((FRAMES, 40, 40), 50, np.int16), affine, times, 0.8, f"SAX {number}", 8.0))
    return CineStack(tuple(planes), "MR", "cine", window=(100.0, 50.0))


def scar() -> Volume:
    """Bright from x = 40 mm on; it covers the first two planes."""
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    affine[2, 3] = -3.0
    data = np.zeros((1, 6, 40, 40), np.int16)
    data[..., 20:] = 900
    return Volume(data, Grid((6, 40, 40), affine), "MR", np.zeros(1), None, "scar", window=(1000.0, 500.0))


@pytest.fixture
def fused_window(window, qtbot):  # type: ignore[no-untyped-def]
    known = (series("c", "mr_cine", "Short axis"), series("s", "mr_volume", "Late enhancement"),
             series("o", "mr_volume", "Another day", "9.9.2"), series("p", "planar", "Scout"))  # fmt: skip
    case = Case(title="T", series=known, active_series_uid="c", image=cine())
    window.presenter.accept(case)
    window.fusion._image = "s", scar()
    window.presenter.accept(lay_over(case, known[1], scar(), (1000.0, 500.0)))
    window.show()
    qtbot.waitExposed(window)
    window.playback.pause()
    qtbot.wait(30)
    return window


def pixel(view, column: int) -> tuple[int, int, int]:  # type: ignore[no-untyped-def]
    found = view.picture()[0].toImage().pixelColor(column, 20)
    return found.red(), found.green(), found.blue()


def test_it_lies_on_each_plane_where_it_reaches_and_is_said_where_not(fused_window) -> None:  # type: ignore[no-untyped-def]
    w = fused_window
    first, second, third = w.views.cine.planes
    for view in (first, second):
        assert len(set(pixel(view, 10))) == 1 and pixel(view, 30)[0] > pixel(view, 30)[2] + 15
        assert view._fused_notes == []
    assert pixel(third, 30) == pixel(third, 10) and third._fused_notes == ["Late enhancement does not reach here"]
    row = w.views.cine.fusion_row
    assert not row.isHidden() and w.views.fusion_row.isHidden()
    assert row.name.words == "Late enhancement, stands still"
    row.opacity.setValue(0)
    assert w.presenter.case.fusion.opacity == 0.0 and len(set(pixel(first, 30))) == 1
    row.removed.emit()
    assert w.presenter.case.fusion is None and w.views.cine.fused is None and row.isHidden()
    w.presenter.undo()
    assert pixel(w.views.cine.planes[0], 30) != pixel(w.views.cine.planes[0], 10) or row.opacity.value() == 0


def test_a_series_with_moments_follows_the_beat_of_the_planes(fused_window) -> None:  # type: ignore[no-untyped-def]
    w = fused_window
    still = scar()
    moving = replace(still, data=np.concatenate([still.data, 0 * still.data]), phase_percent=np.array([0.0, 50.0]),
                     uid="moving")  # fmt: skip
    w.fusion._image = "s", moving
    w.fusion.follow()
    view = w.views.cine.planes[0]
    w.views.cine.show_time(0.05)
    assert pixel(view, 30)[0] > pixel(view, 30)[2] + 15
    w.views.cine.show_time(0.55)
    assert len(set(pixel(view, 30))) == 1
    assert w.views.cine.fusion_row.name.words == "Late enhancement"


def test_the_menu_says_why_not_and_lets_the_user_go_on(fused_window, qtbot) -> None:  # type: ignore[no-untyped-def]
    w = fused_window
    menu = w.views.cine.fusion_menu
    menu.aboutToShow.emit()
    by_text = {one.text(): one for one in menu.actions()}
    assert by_text["Late enhancement"].isChecked()
    assert "frames of reference differ (…9.9.1 here, …9.9.2 there)" in by_text["Another day  (asks first)"].toolTip()
    scout = next(one for text, one in by_text.items() if text.startswith("Scout"))
    assert not scout.isEnabled() and "without a place in space" in scout.text()
    asked: list[str] = []
    w.fusion.confirm = lambda found, why: bool(asked.append(why))
    by_text["Another day  (asks first)"].trigger()
    assert len(asked) == 1 and "moved between them" in asked[0] and not w.presenter.busy
    w.fusion._image = "o", scar()
    other = w.presenter.case.series[2]
    w.presenter.accept(lay_over(w.presenter.case, other, scar(), (1000.0, 500.0), overruled=True))
    view = w.views.cine.planes[0]
    assert view._fused_notes == ["frame of reference overruled"]
    assert "overruled" in w.views.cine.fusion_row.name.words


def test_what_is_under_the_pointer_is_said_of_both(fused_window, qtbot) -> None:  # type: ignore[no-untyped-def]
    view = fused_window.views.cine.planes[0]
    place = view.from_image(30.0, 20.0).toPoint()
    QTest.mouseMove(view, QPoint(5, 5))
    QTest.mouseMove(view, place)
    qtbot.waitUntil(lambda: view._value.startswith("signal 50"))
    assert view._value.splitlines()[1] == "Late enhancement 900"
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    fused_window.views.cine.star.click()
    (key,) = fused_window.presenter.case.key_images
    assert key.plane == 0


def test_a_cine_study_over_a_volume_shows_what_was_scanned_and_no_more(window, qtbot) -> None:  # type: ignore[no-untyped-def]
    known = (series("s", "mr_volume", "Whole heart"), series("c", "mr_cine", "Short axis"))
    volume = replace(scar(), data=np.zeros((1, 12, 40, 40), np.int16), uid="flat",
                     grid=Grid((12, 40, 40), scar().grid.affine))  # fmt: skip
    bright = CineStack(tuple(replace(p, frames=p.frames * 10) for p in cine().planes), "MR", "bright", "", (600, 300))
    case = Case(title="T", series=known, active_series_uid="s", image=volume)
    window.presenter.accept(case)
    window.fusion._image = "c", bright
    window.presenter.accept(lay_over(case, known[1], bright, (600.0, 300.0)))
    window.show()
    qtbot.waitExposed(window)
    view = window.views.slices["coronal"]
    image = view.slice()
    found = view.picture()[0].toImage()
    rows = np.arange(image.rgb.shape[0])
    z = image.affine[2, 3] + rows * image.affine[2, 1]
    coloured = np.array([found.pixelColor(20, int(row)).red() > found.pixelColor(20, int(row)).blue() + 15
                         for row in rows])  # fmt: skip
    scanned = (np.abs(z[:, None] - [0.0, 10.0, 20.0]) < 4.01).any(-1)
    np.testing.assert_array_equal(coloured, scanned)
    assert any(note.startswith("Short axis reaches ") for note in view.notes())
    assert not window.views.fusion_row.isHidden() and "stands still" not in window.views.fusion_row.name.words


def test_a_key_image_of_a_plane_keeps_contours_and_the_second_series_and_brings_it_back(fused_window, qtbot) -> None:  # type: ignore[no-untyped-def]
    from twinviewer.domain import CineContour, CineContours

    w = fused_window
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    ring = np.stack([40 + 20 * np.cos(turn), 40 + 20 * np.sin(turn), np.full(60, 10.0)], -1)
    found = CineContours((CineContour(1, 0, "lv_endocardium", ring, 0.9),), (0, 1, 2), "cine", "test")
    fusion = w.presenter.case.fusion
    w.presenter.accept(replace(w.presenter.case, contours=found))
    w.views.cine.show_time(0.0)
    view = w.views.cine.planes[1]
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(12, 40))
    view.reset()
    view.zoom_by(0.5, view.rect().center().toPointF())
    w.keys.mark()
    (key,) = w.presenter.case.key_images
    assert key.over == fusion and len(key.lines) == 1 and not key.lines[0].dashed
    away = np.linalg.norm(key.lines[0].ends_mm.reshape(-1, 3) - [40.0, 40.0, 10.0], axis=1)
    np.testing.assert_allclose(away, 20.0, atol=0.01)
    w.fusion.take_away()
    assert w.presenter.case.fusion is None
    w.keys.show(key.uid)
    assert w.presenter.case.fusion == fusion and pixel(view, 30)[0] > pixel(view, 30)[2] + 15
    w.keys.rename(key.uid, key.title, "Scar in the lateral wall")
    assert w.presenter.case.key_images[0].note == "Scar in the lateral wall"
    assert w.presenter.history.undo_text == f"Note on key image, {key.title}"


def test_a_key_image_of_a_slice_keeps_the_structures_that_were_shown(window, small_case, qtbot) -> None:  # type: ignore[no-untyped-def]
    w = window
    w.presenter.accept(small_case)
    w.show()
    qtbot.waitExposed(w)
    w.playback.pause()
    d, view = w.display, w.views.slices["axial"]
    name = next(iter(small_case.labels.names.values()))
    d.set_colours({name: "#FF0000"})
    key = w.keys.key_of(view)
    assert [one[1:] for one in key.structures] == [(name, "#FF0000")] and key.opacity == d.opacity
    value = key.structures[0][0]
    area = (key.labels == value).mean() * key.size_px[0] * key.size_px[1] * key.mm_per_px**2
    image = view.slice()
    plane = small_case.labels.data[d.label_phase]
    k = round(float(small_case.labels.grid.to_ijk(d.cross_mm[None])[0][2]))
    voxels = (plane[k] == value).sum() * image.spacing_mm[0] * image.spacing_mm[1]
    assert area == pytest.approx(voxels, rel=0.05)
    d.set_colours({})
    assert w.keys.key_of(view).labels is None


def test_in_a_cardiac_view_a_corrected_breath_hold_takes_the_second_series_along(qtbot) -> None:  # type: ignore[no-untyped-def]
    """Plane and volume are bright at the same places of the scanner; the plane is shown 12 mm aside, where it agrees
    with others."""
    from twinviewer.geometry.cardiac_planes import SHORT, HeartFrame
    from twinviewer.scene.fusion import Fused, FusionLook
    from twinviewer.scene.oblique import Raster
    from twinviewer.ui.cardiac_state import CardiacState
    from twinviewer.ui.image_display import ImageDisplay

    planes = []
    for one in cine().planes:
        frames = one.frames.copy()
        frames[:, :, 20:] = 90
        planes.append(replace(one, frames=frames))
    state = CardiacState(ImageDisplay())
    state.open(CineStack(tuple(planes), "MR", "c", window=(200.0, 100.0)), np.tile([12.0, 0.0, 0.0], (3, 1)))
    state.set_frame(HeartFrame(np.array([40.0, 40, -20]), np.array([40.0, 40, 60]), np.array([-1.0, 0, 0])))
    state.put(SHORT, state.planes[SHORT].through(np.array([40.0, 40.0, 0.0])))
    raster = Raster(state.shown(SHORT), (0.0, 0.0), (50, 40), 1.0)
    plain = state.pixels(SHORT, raster)
    state.display.fused = Fused(scar(), FusionLook("hot", 0.0, 1000.0, 0.5), "LGE")
    over = state.pixels(SHORT, raster)
    bright = plain[..., 0] > 100
    coloured = over[..., 0].astype(int) > over[..., 2].astype(int) + 25
    assert 200 < bright.sum() < 2200 and (bright != coloured).mean() < 0.06  # one column of 2 mm pixels, at most
    assert state.fused_note(SHORT, raster) == ""
    place = raster.plane.to_mm(0.0, 0.0)
    assert state.value_at(place, SHORT).startswith("LGE ")
    state.put(SHORT, state.planes[SHORT].through(np.array([40.0, 40.0, 20.0])))
    assert state.fused_note(SHORT, Raster(state.shown(SHORT), (0.0, 0.0), (50, 40), 1.0)) == "LGE does not reach here"


def test_a_key_image_of_a_cardiac_view_keeps_its_outline(window, small_case, qtbot) -> None:  # type: ignore[no-untyped-def]
    w = window
    w.presenter.accept(small_case)
    w.show()
    qtbot.waitExposed(w)
    w.playback.pause()
    w.set_layout("cardiac")
    view = w.views.cardiac.views["4ch"]
    qtbot.waitUntil(lambda: bool(view.state.lines) and view.isVisible())
    key = w.keys.key_of(view)
    assert key.lines and key.labels is not None
    away = np.abs((key.lines[0].ends_mm - key.centre_mm) @ key.normal)
    assert away.max() < 0.5
    radius = np.linalg.norm(key.lines[0].ends_mm, axis=-1)  # a ball of 40 mm, a little smaller in a beat
    assert radius.min() > 33.0 and radius.max() < 40.1


def test_from_one_folder_and_one_frame_of_reference_it_is_laid_over_without_a_question(window, qtbot, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from tests.support.mr_images import Study

    made = Study(tmp_path)
    for n in range(3):
        made.cine(f"s{n}", 8.0 * n)
    for k in range(6):
        made.image("volume", 3.0 * k, SeriesDescription="Late enhancement")
    w, p = window, window.presenter
    p.open_folder(tmp_path, then_open=False)
    qtbot.waitUntil(lambda: len(p.case.series) == 2 and not p.busy, timeout=60_000)
    first, second = sorted(p.case.series, key=lambda one: one.kind)
    assert (first.kind, second.kind) == ("mr_cine", "mr_volume")
    p.open_series(first.uid)
    qtbot.waitUntil(lambda: p.case.image is not None and not p.busy, timeout=60_000)
    w.fusion.confirm = lambda *_: pytest.fail("nothing is in doubt")
    w.fusion.ask(second.uid)
    qtbot.waitUntil(lambda: w.views.cine.fused is not None, timeout=20_000)
    assert p.case.fusion is not None and not p.case.fusion.overruled
    reached = [view._fused_notes for view in w.views.cine.planes]
    assert reached == [[], [], []]
    assert w.views.cine.fused.values(w.views.cine.planes[1].plane.grid.affine, (10, 12))[1].all()
