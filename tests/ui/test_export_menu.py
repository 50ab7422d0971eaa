"""What the Export menu offers, what it calls the files, and why something cannot be had yet."""

from pathlib import Path

import pytest

from tests.ui.conftest import ball_mesh, ball_run
from twinviewer.domain import Setup
from twinviewer.session.case import Case, Scenario
from twinviewer.ui import files_menu


@pytest.fixture
def asked(window, monkeypatch):  # type: ignore[no-untyped-def]
    """Say what the file dialog answers; get what was written where."""
    answer, written = ["", ""], []
    monkeypatch.setattr(files_menu.QFileDialog, "getSaveFileName", lambda *_: tuple(answer))
    monkeypatch.setattr(window.coupling, "write", lambda kind, path: written.append((kind, path)))
    monkeypatch.setattr(window.presenter, "export", lambda name, function, *given, path: written.append((given, path)))
    return answer, written


def test_a_name_without_its_format_gets_the_one_that_was_chosen(window, asked) -> None:  # type: ignore[no-untyped-def]
    answer, written = asked
    for typed, chosen, kind, expected in (
        ("/x/mine", "3D Slicer segmentation (*.seg.nrrd)", "labels", "mine.seg.nrrd"),
        ("/x/mine.nii", "NIfTI (*.nii.gz)", "labels", "mine.nii.nii.gz"),
        ("/x/mine.nii.gz", "3D Slicer segmentation (*.seg.nrrd)", "labels", "mine.nii.gz"),
        ("/x/heart.v2", "STL (*.stl)", "mesh", "heart.v2.stl"),
        ("/x/contours", "DICOM (*.dcm)", "rtstruct", "contours.dcm"),
        ("/x/shot", "", "capture", "shot.dcm"),
    ):
        answer[:] = [typed, chosen]
        files_menu.ask_export(window, kind)
        assert written[-1] == (kind, Path("/x") / expected)
    before = len(written)
    answer[:] = ["", ""]
    files_menu.ask_export(window, "labels")
    assert len(written) == before  # cancelled


def test_the_beating_model_is_that_of_the_scenario_and_map_that_are_shown(window, asked) -> None:  # type: ignore[no-untyped-def]
    answer, written = asked
    action = window.actions_.all["export_beat"]
    assert not action.isEnabled() and "simulate the baseline first" in action.toolTip()
    mesh = ball_mesh()
    baseline = Scenario("baseline", "Baseline", (), Setup(mesh, {}, ()), ball_run(mesh, 0.1, 160.0))
    waiting = Scenario("later", "Later", (), Setup(mesh, {}, ()))
    window.presenter.history.push(Case(organ="heart").changed("Model", mesh=mesh, scenarios=(baseline, waiting)))
    window.presenter.case_changed.emit()
    assert action.isEnabled() and window.actions_.all["export_capture"].isEnabled()
    answer[:] = ["/x/beat", "Series with all fields for ParaView (*.pvd)"]
    window.choices.set(scenario="baseline")
    action.trigger()
    (case, path, name, colour_by), target = written[-1]
    assert case is window.presenter.case and name == "baseline" and colour_by == window.choices.colour_by
    assert target == Path("/x/beat.pvd") and path == "/x/beat.pvd"
    window.choices.set(scenario="later")
    action.trigger()
    assert written[-1][0][2] == ""  # it has no beat: the baseline's
