"""A newer record updates the twin and keeps the earlier one; another patient's does not."""

import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from twinviewer.domain import LoadError, Patient, Subject
from twinviewer.session import scenarios, steps, store
from twinviewer.session.case import Case
from twinviewer.session.comparison import compare
from twinviewer.session.records_update import (
    MOST_EARLIER,
    OtherPatientError,
    bring_back,
    change_text,
    contradiction,
    earlier_baseline,
    update_records,
)


def vitals(tmp_path: Path, name: str, *rows: str) -> Path:
    path = tmp_path / name
    path.write_text("name,value,unit,date\n" + "\n".join(rows) + "\n")
    return path


def bundle(tmp_path: Path, name: str, patient: dict, rate: float, date: str) -> Path:
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "valueQuantity": {"value": rate, "code": "/min"},
        "effectiveDateTime": date,
    }
    entries = [{"resource": {"resourceType": "Patient", **patient}}, {"resource": observation}]
    path = tmp_path / name
    path.write_text(json.dumps({"resourceType": "Bundle", "entry": entries}))
    return path


@pytest.fixture
def simulated(finished: Case, tmp_path: Path) -> Case:
    """The finished case with a heart rate of 82 bpm of 2025 known, simulated."""
    first = vitals(tmp_path, "old.csv", "heart_rate_bpm,82,bpm,2025-01-02", "weight_kg,71,kg,2025-01-02")
    return replace(steps.simulate_all(update_records(finished, [first])), earlier=())


def test_a_newer_rate_makes_another_twin_and_keeps_the_earlier(simulated: Case, tmp_path: Path) -> None:
    before = simulated.baseline
    assert before is not None and before.run is not None and before.run.period_s == pytest.approx(60 / 82)
    case = update_records(simulated, [vitals(tmp_path, "new.csv", "heart_rate_bpm,68,bpm,2026-03-01")])
    assert case.baseline is not None and case.baseline.setup.value("heart_rate_bpm") == 68
    assert case.baseline.run is None and [one.name for one in case.treated] == ["dose"]  # planned anew, not yet run
    assert case.treated[0].setup.value("heart_rate_bpm") == 68
    (earlier,) = case.earlier
    assert earlier.scenarios == simulated.scenarios and earlier.until == "2025-01-02"
    assert [change_text(one) for one in earlier.changes] == ["Heart rate 82 bpm (2025-01-02) → 68 bpm (2026-03-01)"]
    assert case.action == "Add records: Heart rate" and case.revision == simulated.revision + 1
    now = steps.simulate_all(case)
    was = earlier_baseline(now.earlier[0])
    assert was is not None and now.baseline is not None and now.baseline.run is not None
    assert compare(was, now.baseline).deltas  # earlier beside present
    assert now.baseline.run.period_s == pytest.approx(60 / 68)


def test_an_older_rate_is_on_the_timeline_and_changes_nothing(simulated: Case, tmp_path: Path) -> None:
    case = update_records(simulated, [vitals(tmp_path, "older.csv", "heart_rate_bpm,99,bpm,2019-01-01")])
    assert case.records.values["heart_rate_bpm"].value == 82
    assert [e.quantity.value for e in case.records.timeline if e.name == "heart_rate_bpm" and e.quantity] == [99, 82]
    assert case.scenarios is simulated.scenarios and not case.earlier


def test_what_the_simulation_does_not_use_keeps_the_runs(simulated: Case, tmp_path: Path) -> None:
    case = update_records(simulated, [vitals(tmp_path, "lab.csv", "nt_probnp_pg_ml,900,pg/mL,2026-03-01")])
    assert case.records.values["nt_probnp_pg_ml"].value == 900
    assert case.scenarios is simulated.scenarios and not case.earlier


def test_earlier_twins_survive_saving(simulated: Case, tmp_path: Path) -> None:
    case = update_records(simulated, [vitals(tmp_path, "new.csv", "heart_rate_bpm,68,bpm,2026-03-01")])
    again = store.load(store.save(case, tmp_path / "case.twin"))
    assert len(again.earlier) == 1 and again.records.timeline == case.records.timeline
    run, kept = again.earlier[0].scenarios[0].run, simulated.scenarios[0].run
    assert run is not None and kept is not None and (run.points_mm == kept.points_mm).all()
    assert again.earlier[0].changes == case.earlier[0].changes
    assert again.earlier[0].scenarios[0].setup.mesh is again.mesh  # written once
    back = bring_back(again, 0)
    assert back.baseline is not None and back.baseline.run is not None
    assert back.baseline.setup.value("heart_rate_bpm") == 82 and back.records.values["heart_rate_bpm"].value == 82
    assert [twin.until for twin in back.earlier] == ["2026-03-01"]


def test_a_twin_of_another_model_is_not_brought_back(simulated: Case, tmp_path: Path) -> None:
    case = update_records(simulated, [vitals(tmp_path, "new.csv", "heart_rate_bpm,68,bpm,2026-03-01")])
    assert case.mesh is not None
    other = steps.accept_model(case, (replace(case.mesh, uid="another"), {}))
    assert other.earlier == case.earlier
    with pytest.raises(LoadError, match="made anew"):
        bring_back(other, 0)


def test_only_so_many_are_kept(simulated: Case, tmp_path: Path) -> None:
    case = simulated
    for year in range(MOST_EARLIER + 2):
        case = update_records(case, [vitals(tmp_path, "n.csv", f"heart_rate_bpm,{60 + year},bpm,{2030 + year}-01-01")])
    assert len(case.earlier) == MOST_EARLIER and case.earlier[-1].until == f"{2030 + MOST_EARLIER}-01-01"
    assert "earlier twins" in case.messages["Import"]


MAN = {"id": "a", "gender": "male", "identifier": [{"system": "hospital", "value": "4711"}], "birthDate": "1950-05-01"}


def test_another_patients_record_is_refused_unless_confirmed(simulated: Case, tmp_path: Path) -> None:
    case = update_records(simulated, [bundle(tmp_path, "mine.json", MAN, 70, "2026-01-01")])
    number = [{"system": "hospital", "value": "4712"}]
    for name, change in (
        ("number.json", {"identifier": number}),
        ("woman.json", {"identifier": [], "gender": "female"}),
        ("young.json", {"identifier": [], "birthDate": "1981-01-01"}),
    ):
        path = bundle(tmp_path, name, {**MAN, **change}, 50, "2026-02-01")
        with pytest.raises(OtherPatientError, match="another patient") as caught:
            update_records(case, [path])
        assert caught.value.where == name and "4712" not in str(caught.value)
        taken = update_records(case, [path], confirmed=True)
        assert taken.records.values["heart_rate_bpm"].value == 50
    # two patients at once
    two = [bundle(tmp_path, "x.json", MAN, 70, "2026-01-01"), tmp_path / "number.json"]
    with pytest.raises(OtherPatientError):
        update_records(simulated, two)
    again = {**MAN, "gender": "female"}  # the number decides
    assert update_records(case, [bundle(tmp_path, "y.json", again, 51, "2026-02-01")]).records is not case.records


def test_the_images_say_who_it_is_too() -> None:
    patient = Patient("P-123abc", "M", 60.0)
    assert contradiction(patient, (), Subject("a", sex="F"), None)
    assert not contradiction(patient, (), Subject("a", pseudonyms=("P-123abc",), sex="F"), None)
    assert not contradiction(patient, (), Subject("a", birth_year=1965.5), 2026.5)
    assert "born about 1980" in contradiction(patient, (), Subject("a", birth_year=1980.0), 2026.5)
    assert not contradiction(patient, (), Subject("a"), 2026.5)


def test_the_age_at_the_scan_counts(opened: Case, tmp_path: Path) -> None:
    """A patient of 63 years scanned in 2026 was not born in 1939, however the study's date is written."""
    path = bundle(tmp_path, "old.json", {"id": "1", "gender": "male", "birthDate": "1939-01-27"}, 70, "2026-01-01")
    for date in ("20260101", "2026-01-01"):
        series = tuple(replace(one, study_date=date) for one in opened.series)
        case = replace(opened, patient=Patient("P", "M", 63.0), series=series)
        with pytest.raises(OtherPatientError, match="born about 1939, that of the case about 1962"):
            update_records(case, [path])


def test_nothing_is_lost_when_a_file_is_bad(simulated: Case, tmp_path: Path) -> None:
    good = vitals(tmp_path, "good.csv", "heart_rate_bpm,60,bpm,2026-03-01")
    for text, word in (
        ("name,value\nheart_rate_bpm,9000\n", "cannot be true"),
        ("name,value\nshoe_size,4\n", "shoe_size"),
        ("", "empty"),
    ):
        bad = tmp_path / "bad.csv"
        bad.write_text(text)
        for paths in ([bad], [good, bad]):
            with pytest.raises(LoadError, match=word) as caught:
                update_records(simulated, paths)
            assert "bad.csv" in str(caught.value)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "bad.csv").write_text("name,value\nshoe_size,4\n")
    good.rename(folder / "good.csv")
    case = update_records(simulated, [folder])
    assert case.records.values["heart_rate_bpm"].value == 60 and "shoe_size" in case.messages["Import"]


def test_records_before_the_model_and_without_network(
    opened: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    case = update_records(opened, [vitals(tmp_path, "v.csv", "heart_rate_bpm,64,bpm,2026-03-01")])
    assert case.records.values["heart_rate_bpm"].value == 64 and case.image is opened.image and not case.earlier
    case = scenarios.prepare(steps.build(steps.segment(case)))
    assert case.baseline is not None and case.baseline.setup.value("heart_rate_bpm") == 64
