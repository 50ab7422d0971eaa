"""A mesh dropped on the window becomes structures after its units and parts were asked."""

import numpy as np
import pyvista as pv

from twinviewer.domain import Grid, Volume
from twinviewer.session import outside_segmenter
from twinviewer.session.case import Case


def _stl(folder, scale: float = 1.0):  # type: ignore[no-untyped-def]
    paths = []
    for name, radius in (("LV_myocardium", 30.0), ("LV", 20.0), ("thing", 4.0)):
        ball = pv.Sphere(radius=radius * scale, center=np.array([20.0, -60.0, 900.0]) * scale)
        ball.save(folder / f"{name}.stl")
        paths.append(folder / f"{name}.stl")
    return paths


def _dialog(window, qtbot, paths):  # type: ignore[no-untyped-def]
    ways = window.coupling.other_ways
    assert ways.dropped(paths)
    qtbot.waitUntil(lambda: ways.dialog is not None, timeout=60000)
    return ways.dialog


def test_without_images_it_stands_on_a_grid_of_its_own(window, qtbot, tmp_path) -> None:  # type: ignore[no-untyped-def]
    dialog = _dialog(window, qtbot, _stl(tmp_path, 0.001))
    assert [box.currentData() for box in dialog.boxes.values()] == ["lv_myocardium", "lv_blood", ""]
    assert dialog.unit.currentData() == "m" and dialog.size_text.text().endswith("× 60 mm")
    assert dialog.volumes[2].text() == "33 mL" and dialog.phase is None
    assert "no image is invented" in dialog.place.text() and not dialog.over.isVisibleTo(dialog)
    dialog.unit.setCurrentIndex(dialog.unit.findData("mm"))
    assert dialog.volumes[2].text() != "33 mL" and "0.06" in dialog.size_text.text()
    dialog.unit.setCurrentIndex(dialog.unit.findData("m"))
    dialog.accept()
    qtbot.waitUntil(lambda: window.presenter.case.labels is not None, timeout=60000)
    case = window.presenter.case
    assert case.organ == "heart" and 30.0 < case.labels.volume_ml("lv_blood") < 35.0
    assert isinstance(case.image, Volume) and not case.image.data.any()
    assert window.actions_.all["export_surfaces"].isEnabled() and not window.actions_.all["export_rtstruct"].isEnabled()
    assert window.actions_.all["undo"].text() == "&Undo: Import mesh"


def test_in_open_images_it_is_drawn_on_their_grid(window, qtbot, tmp_path) -> None:  # type: ignore[no-untyped-def]
    affine = np.diag([1.5, 1.5, 2.0, 1.0])
    affine[:3, 3] = [-30.0, -110.0, 850.0]
    volume = Volume(
        np.zeros((2, 50, 70, 70), np.int16), Grid((50, 70, 70), affine), "CT", np.array([0.0, 50.0]), None, "u"
    )
    window.presenter.history.push(Case(organ="heart").changed("Open", image=volume))
    window.presenter.case_changed.emit()
    dialog = _dialog(window, qtbot, _stl(tmp_path))
    assert dialog.phase is not None and "100 % of it lies in the open images" in dialog.place.text()
    dialog.phase.setValue(2)
    dialog.accept()
    qtbot.waitUntil(lambda: window.presenter.case.labels is not None, timeout=60000)
    case = window.presenter.case
    assert case.image is volume and case.labels.grid.same_as(volume.grid)
    assert case.labels.phase_percent.tolist() == [50.0]


def test_a_program_of_others_is_greyed_with_the_reason(window, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("PATH", "")
    window.presenter.case_changed.emit()
    action = window.actions_.all["outside"]
    assert not action.isEnabled() and outside_segmenter.INSTALL in action.toolTip()


def test_terms_are_to_be_accepted_for_each_task(window, qtbot) -> None:  # type: ignore[no-untyped-def]
    ways = window.coupling.other_ways
    ways.ask_outside()
    dialog = ways.dialog
    assert not dialog.go.isEnabled() and "licence number" in dialog.terms.text()
    dialog.accept_terms.setChecked(True)
    assert dialog.go.isEnabled()
    dialog.task.setCurrentIndex(1)
    assert not dialog.go.isEnabled() and "open for any use" in dialog.terms.text()
    dialog.reject()
