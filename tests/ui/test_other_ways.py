"""Where images give no model the window offers a mask or typed numbers, and both lead to a case."""

import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton

from twinviewer.domain import Grid, LabelMap, SegmentationError, Volume
from twinviewer.geometry import write_nifti
from twinviewer.session import catalog
from twinviewer.session.case import Case
from twinviewer.ui.numbers_dialog import NOT_TYPED, NumbersDialog


def _volume() -> Volume:
    grid = Grid((12, 24, 24), np.diag([2.0, 2.0, 2.0, 1.0]))
    data = np.zeros((3, 12, 24, 24), np.int16)
    return Volume(data, grid, "MR", np.array([0.0, 33.0, 66.0]), 0.9, "uid")


def _refused(window) -> Volume:  # type: ignore[no-untyped-def]
    volume = _volume()
    case = Case().changed("Open", image=volume).with_message("Segment", "This MR cannot be segmented")
    window.presenter.history.push(case)
    window.presenter.case_changed.emit()
    return volume


def _offered(window) -> list[str]:  # type: ignore[no-untyped-def]
    return [button.text() for button in window.views.view3d.empty.findChildren(QPushButton) if button.text()]


def test_a_refused_study_offers_the_ways_on(window, qtbot) -> None:  # type: ignore[no-untyped-def]
    if not window.renderer:
        pytest.skip("no OpenGL on this display")
    assert not window.actions_.all["import_mask"].isEnabled()
    assert window.actions_.all["typed_model"].isEnabled()
    _refused(window)
    qtbot.wait(20)
    assert window.views.view3d.empty.title == "No model from these images"
    assert {"Import a mask…", "Model from typed numbers…"} <= set(_offered(window))
    assert window.actions_.all["import_mask"].isEnabled()


def test_a_search_that_finds_nothing_offers_them_too(window, qtbot) -> None:  # type: ignore[no-untyped-def]
    if not window.renderer:
        pytest.skip("no OpenGL on this display")
    window.presenter.history.push(Case(organ="heart").changed("Open", image=_volume()))
    window.presenter.case_changed.emit()
    revision = window.presenter.case.revision
    window.presenter.failed.emit(SegmentationError("Nothing beats", remedy="Load another"), "Segment")
    assert window.presenter.case.messages["Segment"].startswith("Nothing beats")
    assert window.presenter.case.revision == revision
    assert "Nothing beats" in window.inspector.segment.refusal.text
    assert "Import a mask…" in _offered(window)


def test_a_mask_is_asked_for_its_meaning_and_imported(window, qtbot, tmp_path) -> None:  # type: ignore[no-untyped-def]
    volume = _refused(window)
    data = np.zeros((1, *volume.grid.shape), np.uint8)
    data[0, 3:8, 5:15, 5:15], data[0, 4:7, 7:12, 7:12] = 1, 2
    path = tmp_path / "mask.nii.gz"
    write_nifti(path, LabelMap(data, volume.grid, {}, np.zeros(1), "", ""))
    ways = window.coupling.other_ways
    ways.read_mask(path)
    qtbot.waitUntil(lambda: ways.dialog is not None, timeout=60000)
    dialog = ways.dialog
    assert dialog.meaning() == {1: "lv_myocardium", 2: "lv_blood"}
    dialog.boxes[1].setCurrentIndex(0)
    dialog.boxes[2].setCurrentIndex(0)
    assert not dialog.go.isEnabled()
    dialog.boxes[2].setCurrentIndex(dialog.boxes[2].findData("rv_blood"))
    dialog.phase.setValue(2)
    dialog.accept()
    qtbot.waitUntil(lambda: window.presenter.case.labels is not None, timeout=60000)
    case = window.presenter.case
    assert dict(case.labels.names) == {3: "rv_blood"} and case.labels.phase_percent.tolist() == [33.0]
    assert case.organ == "heart" and "Segment" not in case.messages
    assert window.actions_.all["undo"].text() == "&Undo: Import mask"
    window.presenter.undo()
    assert window.presenter.case.labels is None and window.presenter.case.messages["Segment"]


def test_the_form_knows_bounds_and_says_what_follows(window, qtbot) -> None:  # type: ignore[no-untyped-def]
    heart = catalog.organs_from_numbers()["heart"]
    dialog = NumbersDialog(window, window.look, heart.numbers, heart.check_numbers)
    qtbot.addWidget(dialog)
    assert set(dialog.values()) == {"lv_edv_ml", "lv_esv_ml", "wall_mm"}
    assert "EF 59 %" in dialog.note.text and dialog.go.isEnabled()
    assert dialog.fields["rv_edv_ml"].box.text() == NOT_TYPED
    dialog.fields["lv_edv_ml"].box.setValue(9999)
    assert dialog.fields["lv_edv_ml"].value() == 450.0
    dialog.fields["lv_esv_ml"].box.setValue(400)
    dialog.fields["lv_edv_ml"].box.setValue(300)
    assert not dialog.go.isEnabled() and "eject" in dialog.note.text
    for one in heart.numbers:
        assert one.source.split(";")[0] in dialog.fields[one.name].toolTip()


def test_typed_numbers_become_a_model_without_images(window, qtbot, small_case) -> None:  # type: ignore[no-untyped-def]
    _refused(window)
    mesh = small_case.mesh
    window.presenter.accept(ways_accept(window, mesh))
    case = window.presenter.case
    assert case.image is None and case.mesh is mesh and case.typed
    assert window.actions_.all["save_case"].isEnabled() and window.presenter.unsaved
    assert not window.inspector.model.go.isVisibleTo(window.inspector.model)
    assert "No image was used" in window.inspector.model.intro.text()
    window.presenter.undo()
    assert window.presenter.case.image is not None


def ways_accept(window, mesh) -> Case:  # type: ignore[no-untyped-def]
    from twinviewer.session.from_numbers import accept_typed

    return accept_typed(window.presenter.case, "heart", {"lv_edv_ml": 150.0}, (mesh, {}))
