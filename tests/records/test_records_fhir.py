"""FHIR bundles against what the synthetic patients' files say, read with an independent pass over the JSON."""

import json
from pathlib import Path

import pytest

from twinviewer.domain import LoadError, Patient, Quantity, Records
from twinviewer.records import read_records, write_fhir


def bundle(*resources: dict) -> str:
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]})


def observation(code: str, value: float, unit: str, date: str, **more: object) -> dict:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "valueQuantity": {"value": value, "unit": unit, "code": unit},
        "effectiveDateTime": date,
        **more,
    }


def condition(code: str, status: str = "active") -> dict:
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"code": status}]},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]},
        "recordedDate": "2025-03-01",
    }


def read(tmp_path: Path, text: str, name: str = "r.json") -> Records:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return read_records(tmp_path / name)


def test_synthetic_patients(data_dir: Path) -> None:
    files = sorted((data_dir / "signals_and_records" / "fhir_r4").glob("*.json"))
    assert len(files) == 3
    for file in files:
        found = read_records(file)
        entries = [entry["resource"] for entry in json.loads(file.read_text())["entry"]]
        weights = [
            (r["effectiveDateTime"], r["valueQuantity"]["value"])
            for r in entries
            if r["resourceType"] == "Observation" and r["code"]["coding"][0]["code"] == "29463-7"
        ]
        date, newest = max(weights)
        assert found.values["weight_kg"].value == pytest.approx(newest)
        assert found.values["weight_kg"].origin == "measured"
        assert date[:10] in found.values["weight_kg"].source
        panels = [
            r for r in entries if r["resourceType"] == "Observation" and r["code"]["coding"][0]["code"] == "55284-4"
        ]
        last = max(panels, key=lambda r: r["effectiveDateTime"])
        systolic = next(c for c in last["component"] if c["code"]["coding"][0]["code"] == "8480-6")
        assert found.values["systolic_mmhg"].value == pytest.approx(systolic["valueQuantity"]["value"])
        assert "coronary_heart_disease" in found.findings


def test_newest_wins_whatever_the_order_and_offset(tmp_path: Path) -> None:
    # 23:30 at -02:00 is 01:30 UTC of the next day, so later than 00:30 UTC of that day
    text = bundle(
        observation("8867-4", 71, "/min", "2026-01-11T23:30:00-02:00"),
        observation("8867-4", 90, "/min", "2026-01-12T00:30:00Z"),
        observation("8867-4", 55, "/min", "2020"),
    )
    assert read(tmp_path, text).values["heart_rate_bpm"].value == 71


def test_units_are_converted(tmp_path: Path) -> None:
    text = bundle(
        observation("8633-0", 0.152, "s", "2026-01-01"),
        observation("8302-2", 70, "[in_i]", "2026-01-01"),
        observation("29463-7", 180, "[lb_av]", "2026-01-01"),
        observation("8480-6", 16, "kPa", "2026-01-01"),
        observation("8625-6", 5, "furlong", "2026-01-01"),
    )
    values = read(tmp_path, text).values
    assert values["qrs_ms"].value == pytest.approx(152)
    assert values["height_cm"].value == pytest.approx(177.8)
    assert values["weight_kg"].value == pytest.approx(81.6466, abs=1e-3)
    assert values["systolic_mmhg"].value == pytest.approx(120.01, abs=0.01)
    assert "pr_ms" not in values


def test_void_values_and_past_conditions_do_not_count(tmp_path: Path) -> None:
    text = bundle(
        observation("8867-4", 60, "/min", "2025-01-01"),
        observation("8867-4", 150, "/min", "2026-01-01", status="entered-in-error"),
        condition("63467002"),
        condition("49436004", "resolved"),
    )
    found = read(tmp_path, text)
    assert found.values["heart_rate_bpm"].value == 60
    assert found.findings == {"left_bundle_branch_block": "FHIR Condition 63467002, 2025-03-01"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"resourceType": "Patient"}',
        "[" * 100_000,
        bundle({"resourceType": "Patient"}, {"resourceType": "Patient"}),
        bundle(observation("8867-4", 8000, "/min", "2026-01-01")),
        bundle(observation("8867-4", float("nan"), "/min", "2026-01-01")),
    ],
)
def test_bad_bundles_are_refused_with_a_reason(tmp_path: Path, text: str) -> None:
    with pytest.raises(LoadError) as caught:
        read(tmp_path, text)
    assert caught.value.what


def test_odd_shapes_are_passed_over(tmp_path: Path) -> None:
    odd = [
        {"resourceType": "Observation", "code": 5, "component": {"a": 1}},
        {"resourceType": "Observation", "code": {"coding": [3, {"code": None}]}, "valueQuantity": []},
        {"resourceType": "Condition", "code": {"coding": "x"}, "recordedDate": 12},
        {"resourceType": ["Observation"]},
    ]
    text = json.dumps({"resourceType": "Bundle", "entry": [3, {}, {"resource": None}] + [{"resource": r} for r in odd]})
    assert not read(tmp_path, text).values


def test_written_bundle_reads_back_and_is_tagged(tmp_path: Path) -> None:
    records = Records(
        {
            "heart_rate_bpm": Quantity(72, "bpm", "measured", "demo"),
            "systolic_mmhg": Quantity(118.5, "mmHg", "measured", "demo"),
            "diastolic_mmhg": Quantity(74, "mmHg", "measured", "demo"),
            "qrs_ms": Quantity(158, "ms", "measured", "demo"),
        },
        {"left_bundle_branch_block": "demo", "heart_failure": "demo"},
    )
    path = write_fhir(tmp_path / "records" / "fhir.json", records, Patient("DEMO-01", "F"), date="2026-01-12")
    found = read_records(path)
    assert {n: q.value for n, q in found.values.items()} == {n: q.value for n, q in records.values.items()}
    assert {n: q.unit for n, q in found.values.items()} == {n: q.unit for n, q in records.values.items()}
    assert set(found.findings) == set(records.findings)
    assert "2026-01-12" in found.values["qrs_ms"].source
    written = json.loads(path.read_text())
    assert all(entry["resource"]["meta"]["tag"][0]["code"] == "HTEST" for entry in written["entry"])
    again = write_fhir(tmp_path / "again.json", records, Patient("DEMO-01", "F"), date="2026-01-12")
    assert again.read_bytes() == path.read_bytes()


def test_unknown_names_are_not_written(tmp_path: Path) -> None:
    records = Records({"shoe_size": Quantity(43, "", "measured", "demo")})
    with pytest.raises(LoadError, match="shoe_size"):
        write_fhir(tmp_path / "r.json", records, Patient("P"))
