"""A volume is on the screen before all of it has come, and is the same in the end; a cancelled one leaves no trace."""

import numpy as np

from twinviewer import dicom
from twinviewer.domain import Grid, Patient, Volume
from twinviewer.session import steps


def study(folder, slices=6):  # type: ignore[no-untyped-def]
    data = np.random.default_rng(1).integers(-100, 400, (1, slices, 320, 320)).astype(np.int16)
    volume = Volume(data, Grid((slices, 320, 320), np.diag([1.0, 1.0, 20.0, 1.0])), "CT", np.zeros(1), None, "x")
    dicom.write_ct(folder, volume, Patient("P"), study_description="S", series_description="CT", synthetic=True)
    return volume


def test_the_middle_slice_comes_first_and_the_rest_into_the_same_memory(tmp_path) -> None:  # type: ignore[no-untyped-def]
    volume = study(tmp_path)
    (series,) = dicom.scan(tmp_path)
    seen = []
    image, organ, why = steps.compute_image(series, live=lambda one: seen.append((one, one.data[0, 3].copy())))
    assert [one.uid for one, _ in seen] == ["reading", image.uid]
    first, middle = seen[0]
    assert np.array_equal(middle, volume.data[0, 3]) and np.array_equal(first.data, volume.data)
    assert not first.data.flags.writeable and np.array_equal(first.grid.affine, image.grid.affine)
    assert image.uid == dicom.read(series).uid


def test_the_window_shows_it_meanwhile(window, qtbot, tmp_path) -> None:  # type: ignore[no-untyped-def]
    volume = study(tmp_path)
    p, shown, cases = window.presenter, [], []
    p.previewed.connect(lambda one: shown.append((window.display.volume is one, p.case.image is None)))
    p.previewed.connect(lambda _: (window.display.set_window(900.0, 120.0), window.display.set_cross(np.full(3, 40.0))))
    p.case_changed.connect(lambda: cases.append((p.case.image is not None, p.case.organ)))
    p.open_folder(tmp_path)
    qtbot.waitUntil(lambda: bool(p.case.series) and not p.busy, timeout=60000)
    if p.case.image is None:
        p.open_series(p.case.series[0].uid)
    qtbot.waitUntil(lambda: p.case.image is not None and not p.busy, timeout=60000)
    assert shown == [(True, True)]
    assert np.array_equal(p.case.image.data, volume.data) and window.display.volume is p.case.image
    assert p.case.messages.get("Segment") != steps.LOOKING and (True, "") in cases
    assert p.history.can_undo and window.coupling.reading.volume is None
    assert (window.display.window, window.display.level) == (900.0, 120.0), "what a hand has set meanwhile stays"
    assert np.allclose(window.display.cross_mm, 40.0)


def test_a_cancelled_reading_leaves_what_was_there(window, qtbot, tmp_path) -> None:  # type: ignore[no-untyped-def]
    study(tmp_path / "a")
    p = window.presenter
    (series,) = dicom.scan(tmp_path / "a")
    image, _, _ = steps.compute_image(series)
    p.previewed.emit(image)
    assert window.display.volume is image and p.case.image is None
    p.jobs_changed.emit()
    assert window.display.volume is None and window.coupling.reading.volume is None


def test_a_cine_study_is_on_the_screen_before_all_of_it_has_come(window, qtbot, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from tests.support.mr_images import Study

    made = Study(tmp_path)
    for n in range(4):
        made.cine(f"s{n}", 8.0 * n)
    p, shown = window.presenter, []
    p.previewed.connect(lambda one: shown.append((window.views.cine.stack is one, len(window.views.cine.planes))))
    p.open_folder(tmp_path)
    qtbot.waitUntil(lambda: p.case.image is not None and not p.busy, timeout=60000)
    assert shown == [(True, 4)]
    assert window.views.cine.stack is p.case.image and p.case.image.phases == 10
    (row,) = window.tree.thumbnails.items()
    assert row[0] == p.case.series[0].uid
