"""ECG files measured in the session, against what a cardiograph and experts say of them."""

import shutil
import socket
from pathlib import Path

import pytest

from twinviewer.domain import LoadError
from twinviewer.session.record_files import read_file, read_files

RECORDS = Path("signals_and_records")


def test_a_dicom_ecg_is_measured_as_its_cardiograph_did(data_dir: Path) -> None:
    """The file carries the machine's own numbers: 80 bpm, PR 156, QRS 86, QT 398 ms, axis 44 degrees.

    The tangent cuts the tail of T off that a threshold counts in, so QT may be shorter here: a wider bound for it.
    """
    records = read_file(data_dir / RECORDS / "ecg" / "dicom_12lead_waveform.dcm")
    found = {name: quantity.value for name, quantity in records.values.items()}
    assert found["heart_rate_bpm"] == pytest.approx(80, abs=1)
    assert found["pr_ms"] == pytest.approx(156, abs=10)
    assert found["qrs_ms"] == pytest.approx(86, abs=8)
    assert found["qt_ms"] == pytest.approx(398, abs=30)
    assert found["qrs_axis_deg"] == pytest.approx(44, abs=5)
    assert found["systolic_mmhg"] == 110  # stated only
    stated = {e.name: e.quantity.value for e in records.timeline if "stated" in e.source and e.quantity is not None}
    assert stated["qrs_ms"] == 86 and "ECG, mean of" in records.values["qrs_ms"].source
    assert {entry.when for entry in records.timeline} == {"2009-04-28T11:39:09"}
    assert records.subjects[0].sex == "M"


def test_the_ptb_record_of_a_woman_with_infarct(data_dir: Path) -> None:
    """s0010_re: V1 ends in a late R wave and I and V6 in a broad S wave, so QRS is at least 120 ms (right bundle branch
    block); PR and QT within what any adult has, PR not beyond the distance of beats less QT."""
    found = read_file(data_dir / RECORDS / "ecg" / "s0010_re.hea").values
    rr = 60000.0 / found["heart_rate_bpm"].value
    assert 715 < rr < 755  # 38.4 s hold 52 beats
    assert 120 <= found["qrs_ms"].value <= 145
    assert 120 <= found["pr_ms"].value <= 200
    assert 400 <= found["qt_ms"].value <= 480
    assert found["qtc_ms"].value == pytest.approx(found["qt_ms"].value / (rr / 1000) ** (1 / 3), rel=0.01)
    assert "1990-10-01" in found["qrs_ms"].source


def test_two_leads_give_a_rate_and_no_intervals(data_dir: Path) -> None:
    records = read_file(data_dir / RECORDS / "ecg" / "100.hea")
    assert records.values["heart_rate_bpm"].value == pytest.approx(75.5, abs=0.2) and "qrs_ms" not in records.values
    assert any("no intervals" in note for note in records.notes)


def test_folders_and_bad_files_beside_good_ones(data_dir: Path, tmp_path: Path) -> None:
    for name in ("s0010_re.hea", "s0010_re.dat"):
        shutil.copyfile(data_dir / RECORDS / "ecg" / name, tmp_path / name)
    (tmp_path / "vitals.csv").write_text("name,value,unit,date\nsystolic_mmhg,118,mmHg,2026-02-01\n")
    (tmp_path / "bad.csv").write_text("name,value\nshoe_size,43\n")
    (tmp_path / "notes.md").write_text("x")
    reading = read_files([str(tmp_path)])
    assert [name for name, _ in reading.records] == ["s0010_re.hea", "vitals.csv"]
    assert len(reading.refused) == 1 and "bad.csv, line 2" in reading.refused[0]
    both = read_files([str(tmp_path / "s0010_re.hea"), str(tmp_path / "s0010_re.dat")])
    assert len(both.records) == 1
    with pytest.raises(LoadError, match="shoe_size"):
        read_files([str(tmp_path / "bad.csv")])
    (tmp_path / "empty").mkdir()
    with pytest.raises(LoadError, match="no records"):
        read_files([str(tmp_path / "empty")])


def test_damaged_dicom_ecgs_are_refused(data_dir: Path, tmp_path: Path) -> None:
    data = (data_dir / RECORDS / "ecg" / "dicom_12lead_waveform.dcm").read_bytes()
    for length in (0, 100, 200, 1500, 60_000):
        path = tmp_path / "a.dcm"
        path.write_bytes(data[:length])
        with pytest.raises(LoadError):
            read_file(path)


def test_nothing_is_sent_anywhere(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading every kind of record opens no socket."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    folder = data_dir / RECORDS
    files = [folder / "ecg" / "s0010_re.hea", folder / "ecg" / "dicom_12lead_waveform.dcm"]
    files += [*(folder / "wearable").glob("*_rri.*"), *(folder / "wearable").glob("*.fit")]
    files += (folder / "fhir_r4").glob("*.json")
    assert len(read_files([str(file) for file in files]).records) == 10
