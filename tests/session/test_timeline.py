"""What the timeline says of each entry: in use, superseded, impossible, or outranked by the user."""

from pathlib import Path

from twinviewer.domain import Quantity, Records
from twinviewer.session.case import Case
from twinviewer.session.record_files import read_file
from twinviewer.session.timeline import Row, timeline_rows


def rows_of(case: Case) -> dict[str, Row]:
    return {row.name: row for row in timeline_rows(case)}


def test_a_patient_with_heart_failure(data_dir: Path) -> None:
    file = next((data_dir / "signals_and_records" / "fhir_r4").glob("Beatrice*.json"))
    case = Case(records=read_file(file))
    rows = rows_of(case)
    assert [row.label for row in timeline_rows(case)][:4] == [
        "Systolic blood pressure", "Diastolic blood pressure", "LV ejection fraction", "NT-proBNP",
    ]  # fmt: skip
    pressure = rows["systolic_mmhg"]
    assert len(pressure.points) == 10 and pressure.now is pressure.points[-1] and pressure.now.text == "109"
    assert {point.why_not for point in pressure.points[:-1]} == {"there is a newer entry"}
    assert sorted(point.why_not for point in rows["lv_ef_percent"].points) == ["", "another of the same day counts"]
    assert pressure.verdict == "in use" and rows["nt_probnp_pg_ml"].verdict == "newest"
    assert rows["sex"].points[0].text == "female" and rows["heart_failure"].kind == "finding"
    stopped = next(row for name, row in rows.items() if name.startswith("Galantamine"))
    assert stopped.now is None and stopped.points[-1].why_not == "stopped"


def test_a_cardiographs_word_stands_beside_what_is_measured(data_dir: Path) -> None:
    row = rows_of(Case(records=read_file(data_dir / "signals_and_records" / "ecg" / "dicom_12lead_waveform.dcm")))[
        "qrs_ms"
    ]
    assert [point.why_not for point in row.points] == ["another of the same day counts", ""]
    assert "stated by the cardiograph" in row.points[0].source


def test_what_the_user_sets_outranks_every_record() -> None:
    known = Records({"heart_rate_bpm": Quantity(70, "bpm", "measured", "FHIR Observation 8867-4, 2025-03-01")})
    row = rows_of(Case(records=known))["heart_rate_bpm"]
    assert row.now is not None and row.now.when == "2025-03-01"  # records of older case files have no timeline
    row = rows_of(Case(records=known, setup_values={"heart_rate_bpm": 90.0}))["heart_rate_bpm"]
    assert row.now is None and row.by_hand == row.points[0].why_not == "90 bpm, set by hand"
