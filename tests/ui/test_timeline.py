"""Records in the window: the timeline shows what is in use, newer ones change the twin, another patient's ask first."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from twinviewer.domain import Entry, Quantity, Records
from twinviewer.session import records_update
from twinviewer.session.case import Case
from twinviewer.session.record_files import looks_like_records
from twinviewer.session.timeline import timeline_rows
from twinviewer.ui.theme import LIGHT
from twinviewer.ui.timeline_dates import moment_s, ticks


def dated(name: str, value: float, unit: str, when: str) -> Entry:
    found = Quantity(value, unit, "measured", f"FHIR Observation, {when}")
    return Entry(name, "value", when, "record.json", found.source, found)


def known() -> Records:
    from twinviewer.records import collected

    entries = [dated("heart_rate_bpm", 82, "bpm", "2024-02-01"), dated("heart_rate_bpm", 74, "bpm", "2025-03-01")]
    entries += [
        dated("weight_kg", 80, "kg", "2025-03-01"),
        Entry("heart_failure", "finding", "2024-01-01", "r", "said"),
    ]
    return collected(entries)


@pytest.fixture
def shown(window, small_case):  # type: ignore[no-untyped-def]
    window.presenter.accept(replace(small_case, records=known()))
    window.records.show_panel(0)
    return window


def vitals(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "vitals.csv"
    path.write_text("name,value,unit,date\n" + "\n".join(rows) + "\n")
    return path


def test_marks_stand_in_the_order_of_their_dates(shown) -> None:  # type: ignore[no-untyped-def]
    chart = shown.timeline.chart
    row, top = chart.rows[0], chart._tops()[0]
    assert row.label == "Heart rate" and row.now is not None and row.now.text == "74"
    first, last = (chart.x_of(point.when) for point in row.points)
    assert first < last < chart.width()
    assert chart.y_of(row, top, row.points[0]) < chart.y_of(row, top, row.points[1])  # 82 above 74
    found = chart.point_at(last, top + 10)
    assert found is not None and found[1].in_use and chart.point_at(last, 2) is None
    assert chart.row_at(top + 1) == 0 and chart.row_at(0) == -1


def test_zooming_keeps_the_place_under_the_pointer(shown) -> None:  # type: ignore[no-untyped-def]
    chart = shown.timeline.chart
    whole, before = chart._span, chart.x_of("2025-03-01")
    left, right = chart._plot()
    chart.zoom(0.5, (before - left) / (right - left))
    assert chart.x_of("2025-03-01") == pytest.approx(before, abs=1.5) and chart.x_of("2024-02-01") < left + 1
    chart.zoom(10.0)
    assert chart._span == whole


def test_a_row_lists_its_entries_by_keyboard_too(shown, qtbot) -> None:  # type: ignore[no-untyped-def]
    panel = shown.timeline
    texts = panel.entries.texts()
    assert texts[0] == "Heart rate" and "in use" in texts and "there is a newer entry" in texts
    assert texts.index("74 bpm") < texts.index("82 bpm")  # newest first
    qtbot.keyClick(panel.chart, Qt.Key.Key_Down)
    assert panel.entries.texts()[0] == "Body weight"
    assert panel.pills[1].isEnabled() is False and panel.pills[1].toolTip()
    shown.look.use(LIGHT)
    assert not panel.grab().isNull()


def test_without_records_the_panel_says_what_to_do(window, small_case) -> None:  # type: ignore[no-untyped-def]
    window.presenter.accept(small_case)
    window.records.show_panel(0)
    assert window.timeline.main.currentIndex() == 0 and window.timeline.add.text() == "Add records…"
    assert not window.timeline.side.isVisible()


def test_new_records_are_read_and_say_what_is_newer(shown, qtbot, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """With a baseline the twin is fitted anew; here by a stand-in, as the ball is no heart."""
    asked = []

    def stand_in(*inputs):  # type: ignore[no-untyped-def]
        asked.append(inputs[3].values["heart_rate_bpm"].value)
        setup = shown.presenter.case.baseline.setup
        return setup.with_parameter("heart_rate_bpm", inputs[3].values["heart_rate_bpm"])

    real = shown.presenter.submit

    def submit(key, step, function, *arguments, done, **more):  # type: ignore[no-untyped-def]
        if function is records_update.compute_updated_setup:
            done(stand_in(*arguments))
        elif key.startswith("run"):
            pass
        else:
            real(key, step, function, *arguments, done=done, **more)

    monkeypatch.setattr(shown.presenter, "submit", submit)
    from twinviewer.session import scenarios

    monkeypatch.setattr(
        scenarios, "setup_input", lambda case, values: ("heart", case.mesh, {}, case.records, dict(values))
    )
    monkeypatch.setattr(records_update, "accept_setup", lambda case, setup: replace(
        case, scenarios=tuple(replace(one, setup=setup, run=None) for one in case.scenarios)))  # fmt: skip
    before = shown.presenter.case
    shown.records.add([vitals(tmp_path, "heart_rate_bpm,61,bpm,2026-05-01", "weight_kg,78,kg,2026-05-01")])
    qtbot.waitUntil(lambda: len(shown.presenter.case.earlier) == 1, timeout=20000)
    case = shown.presenter.case
    assert asked == [61] and case.baseline.run is None and case.earlier[0].scenarios == before.scenarios
    assert "Heart rate 74 bpm (2025-03-01) → 61 bpm (2026-05-01)" in " ".join(
        one.detail for one in shown.messages._shown
    )
    texts = shown.timeline.changes.texts()
    assert shown.timeline.pages.currentIndex() == 1 and texts[0] == "Twin with records until 2025-03-01"
    assert texts[texts.index("Heart rate") :][:5] == ["Heart rate", "74", "2025-03-01", "61 bpm", "2026-05-01"]
    shown.timeline.back_asked.emit(0)
    assert shown.presenter.case.baseline.run is before.baseline.run
    shown.presenter.undo()
    assert shown.presenter.case is case
    shown.presenter.undo()
    assert shown.presenter.case is before


def test_a_bad_file_is_said_and_nothing_changes(shown, qtbot, tmp_path) -> None:  # type: ignore[no-untyped-def]
    before = shown.presenter.case
    shown.records.add([vitals(tmp_path, "heart_rate_bpm,9000,bpm,2026-05-01")])
    qtbot.waitUntil(lambda: any("cannot be true" in text for text in shown.messages.texts), timeout=20000)
    assert shown.presenter.case is before


def test_another_patients_record_is_asked_about(shown, qtbot, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """The ball is a woman's."""
    path = tmp_path / "man.json"
    patient = {"resourceType": "Patient", "id": "1", "gender": "male"}
    path.write_text(json.dumps({"resourceType": "Bundle", "entry": [{"resource": patient}]}))
    before = shown.presenter.case
    shown.records.add([path])
    qtbot.waitUntil(lambda: shown.records.question is not None, timeout=20000)
    box = shown.records.question
    assert "another patient" in box.text() and "man.json" in box.informativeText()
    leave = next(button for button in box.buttons() if button.text() == "Leave it")
    qtbot.mouseClick(leave, Qt.MouseButton.LeftButton)
    assert shown.presenter.case is before
    shown.records.add([path])
    qtbot.waitUntil(lambda: shown.records.question is not box, timeout=20000)
    take = next(button for button in shown.records.question.buttons() if "this patient's" in button.text())
    qtbot.mouseClick(take, Qt.MouseButton.LeftButton)
    assert any("although it is of a man" in note for note in shown.records._told)


def test_records_are_dropped_on_a_patient(shown, monkeypatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    taken: list[list[Path]] = []
    monkeypatch.setattr(shown.records, "add", lambda paths, confirmed=False: taken.append(list(paths)))
    paths = [vitals(tmp_path, "weight_kg,70,kg,"), tmp_path / "rr.txt"]
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    none = Qt.MouseButton.NoButton
    event = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, none, Qt.KeyboardModifier.NoModifier)
    shown.dropEvent(event)
    assert taken == [paths]
    shown.presenter.history.push(Case())
    assert shown.records.dropped(paths) and len(taken) == 1
    assert "Open the patient's images first" in shown.messages.texts


def test_what_looks_like_records(tmp_path, data_dir) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "records"
    folder.mkdir()
    assert not looks_like_records(folder)
    (folder / "a.json").write_text("{}")
    assert looks_like_records(folder)
    (folder / "scan.dcm").write_bytes(b"\0" * 300)
    assert not looks_like_records(folder) and not looks_like_records(folder / "scan.dcm")
    assert looks_like_records(data_dir / "signals_and_records" / "ecg" / "dicom_12lead_waveform.dcm")
    assert looks_like_records(tmp_path / "x.FIT") and not looks_like_records(tmp_path / "case.twin")


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("1996-06-01", "2021-01-01", ["2000", "2005", "2010", "2015", "2020"]),
        ("2026-01-20", "2026-06-10", ["2026-02", "2026-03", "2026-04", "2026-05", "2026-06"]),
        ("2026-01-01", "2026-01-09", ["2026-01-02", "2026-01-04", "2026-01-06", "2026-01-08"]),
    ],
)
def test_ticks_are_round_dates(first: str, last: str, expected: list[str]) -> None:
    begin, end = moment_s(first), moment_s(last)
    assert begin is not None and end is not None
    assert [text for text, _ in ticks(begin, end, 6)] == expected


def test_rows_of_the_test_case() -> None:
    assert [row.name for row in timeline_rows(Case(records=known()))] == [
        "heart_rate_bpm",
        "weight_kg",
        "heart_failure",
    ]
