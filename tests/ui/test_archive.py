"""The sheet of archives: nobody is called before one is set up; searches, retrievals and errors are seen in it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from archive_servers import STUDY, encoded, images, web_archive
from threads import none_outlives

from twinviewer.archive.node import Node
from twinviewer.archive.query import Found, StudyRow
from twinviewer.session import archive_nodes
from twinviewer.ui.archive_flow import ArchiveFlow
from twinviewer.ui.archive_words import can_go_on, found_words

WAIT_MS = 30_000


@pytest.fixture(autouse=True)
def _no_thread_outlives_its_test() -> Iterator[None]:
    with none_outlives():
        yield


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TWINVIEWER_RETRIEVED", str(tmp_path / "retrieved"))


def _flow(window: Any) -> ArchiveFlow:
    window.actions_.all["archive"].trigger()
    found = window.findChild(ArchiveFlow)
    assert isinstance(found, ArchiveFlow) and found.sheet.isVisible()
    return found


def test_nothing_is_started_before_an_archive_is_set_up(window: Any, qtbot: Any) -> None:
    flow = _flow(window)
    sheet = flow.sheet
    assert sheet.empty.isVisible() and "No archive is set up" in sheet.empty.title
    sheet.search.name.setText("Somebody")
    for button in (sheet.test, sheet.edit, sheet.go, sheet.retrieve):
        assert not button.isEnabled() and button.toolTip()
    sheet.search_asked.emit()
    sheet.retrieve_asked.emit()
    sheet.test_asked.emit()
    qtbot.wait(50)
    assert flow._runner is None and flow.job is None


def test_the_form_says_what_is_missing_and_keeps_what_is_sound(window: Any) -> None:
    flow = _flow(window)
    form = flow.sheet.form
    flow.setup.edit(None)
    assert form.isVisible() and not form.save.isEnabled()
    form.name.setText("Hospital")
    form.url.setText("http://pacs.example/rs")
    assert "use https" in form.note.text and not form.save.isEnabled()
    form.url.setText("https://pacs.example/rs")
    form.login.setCurrentIndex(1)
    form.secret.setText("s3cret")
    assert form.secret.echoMode() == form.secret.EchoMode.Password
    form.save.click()
    assert archive_nodes.load_nodes() == (Node("Hospital", url="https://pacs.example/rs", login="bearer"),)
    assert flow.node is not None and flow.setup.secret(flow.node) == "s3cret"
    assert not archive_nodes.secrets_path().exists()  # it was not asked to be kept
    flow.setup.edit(flow.node)
    form.keep.setChecked(True)
    form.save.click()
    assert json.loads(archive_nodes.secrets_path().read_text()) == {"Hospital": "s3cret"}
    flow.setup.edit(flow.node)
    form.url.setText("https://elsewhere.example/rs")
    assert flow.setup.secret(form.node()) == ""  # a token given for one address never goes to another
    form.remove.click()
    assert archive_nodes.load_nodes() == () and not archive_nodes.secrets_path().exists()


def test_a_study_is_found_chosen_retrieved_and_opened(window: Any, qtbot: Any, tmp_path: Path) -> None:
    with web_archive(images()) as (url, asked):
        archive_nodes.save_nodes([Node("web", url=url)])
        flow = _flow(window)
        sheet = flow.sheet
        assert flow._runner is None and not asked  # showing the sheet calls nobody
        sheet.search.modality.setCurrentText("CT")
        sheet.go.click()
        assert sheet.stop.isVisible() and not sheet.go.isEnabled()
        qtbot.waitUntil(lambda: flow.job is None, timeout=WAIT_MS)
        tree = sheet.results
        assert [tree.topLevelItem(i).text(0) for i in range(2)] == ["CANARY, Ärchibald", "Other, Olga"]
        tree.topLevelItem(0).setSelected(True)
        tree.topLevelItem(1).setSelected(True)
        assert not sheet.retrieve.isEnabled() and "one patient" in sheet.retrieve.toolTip()
        tree.topLevelItem(1).setSelected(False)
        assert sheet.told.text() == "2 series, 7 images chosen"
        sheet.retrieve.click()
        qtbot.waitUntil(lambda: len(window.presenter.case.series) == 2, timeout=WAIT_MS)
        folder = Path(window.presenter.case.folder)
        assert folder.is_relative_to(tmp_path / "retrieved") and len(list(folder.rglob("*.dcm"))) == 7
        assert not sheet.isVisible()
        for shown in (window.windowTitle(), sheet.windowTitle(), window.presenter.case.title, str(folder)):
            assert "CANARY" not in shown.upper() and "PID" not in shown
        flow.ask()
        assert "kept on this machine" in sheet.kept.text() and sheet.forget.isVisible()
        flow.kept.forget()
        assert not list((tmp_path / "retrieved").rglob("*")) and not sheet.forget.isVisible()


def test_the_next_studies_come_below_those_in_view(window: Any, qtbot: Any) -> None:
    with web_archive(images(), most=1) as (url, asked):
        archive_nodes.save_nodes([Node("web", url=url)])
        flow = _flow(window)
        sheet, tree = flow.sheet, flow.sheet.results
        assert not sheet.more.isVisible()
        sheet.search.modality.setCurrentText("CT")
        sheet.go.click()
        qtbot.waitUntil(lambda: flow.job is None and sheet.more.isVisible(), timeout=WAIT_MS)
        assert tree.topLevelItemCount() == 1 and "more than these 1" in sheet.note.text
        sheet.search.modality.setCurrentText("MR")  # what follows is of the question that was asked
        sheet.more.click()
        qtbot.waitUntil(lambda: flow.job is None and tree.topLevelItemCount() == 2, timeout=WAIT_MS)
        assert len({row.uid for row in tree.studies()}) == 2
        assert not sheet.more.isVisible() and not sheet.note.text
        assert "offset=1" in next(path for path in asked if "offset" in path and "ModalitiesInStudy=CT" in path)


def test_without_pages_it_is_said_how_to_narrow() -> None:
    shown = (StudyRow("1.2", date="20260112"), StudyRow("1.3", date="20251201"))
    words = found_words(Found(shown, more=True), shown, 2)
    assert "DIMSE knows no next page" in words and "2025-12-01 to 2026-01-12" in words
    again = Found(shown, more=True, next_skip=4)
    assert not can_go_on(again, shown, 0) and "the same again" in found_words(again, shown, 0)
    assert can_go_on(again, shown, 2) and "more than these 2" in found_words(again, shown, 2)


def test_errors_are_said_in_the_sheet(window: Any, qtbot: Any) -> None:
    archive_nodes.save_nodes([Node("gone", "dimse", host="127.0.0.1", port=9)])
    flow = _flow(window)
    flow.sheet.test.click()
    qtbot.waitUntil(lambda: flow.job is None, timeout=WAIT_MS)
    assert "Nothing listens" in flow.sheet.node_note.text and flow.sheet.test.isEnabled()
    flow.sheet.search.patient_id.setText("PID-1")
    flow.sheet.go.click()
    qtbot.waitUntil(lambda: flow.job is None, timeout=WAIT_MS)
    assert "Nothing listens" in flow.sheet.note.text and "PID-1" not in flow.sheet.note.text


def test_stopping_a_retrieval_keeps_the_window_and_nothing_of_the_series(
    window: Any, qtbot: Any, tmp_path: Path
) -> None:
    stored = images()

    def slowly(handler: Any) -> None:
        if "/series/" in handler.path:
            handler.multipart([encoded(one) for one in stored[:6]], pause_s=1.0)
        else:
            handler.honest()

    with web_archive(stored, answer=slowly) as (url, _):
        archive_nodes.save_nodes([Node("web", url=url)])
        flow = _flow(window)
        sheet = flow.sheet
        sheet.search.patient_id.setText("PID-1")
        sheet.go.click()
        qtbot.waitUntil(lambda: flow.job is None and sheet.results.series_of(STUDY) is not None, timeout=WAIT_MS)
        sheet.retrieve.click()
        qtbot.waitUntil(lambda: sheet.told.text().startswith("Series 1 of 2: 1 of 6 images"), timeout=WAIT_MS)
        sheet.stop.click()
        assert flow.job is None and "Stopped" in sheet.note.text and sheet.retrieve.isEnabled()
        qtbot.waitUntil(lambda: not list((tmp_path / "retrieved").rglob("*.dcm")), timeout=5000)
    assert window.isVisible()
