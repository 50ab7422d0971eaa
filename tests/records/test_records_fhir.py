"""FHIR bundles against what the synthetic patients' files say, read with an independent pass over the JSON."""

import json
from pathlib import Path

import pytest

from twinviewer.domain import LoadError, Patient, Quantity, Records
from twinviewer.records import in_use, medications, merged, read_records, write_fhir


def bundle(*resources: dict) -> str:
    """A bundle of these resources, and of a patient if none of them is one."""
    if not any(resource.get("resourceType") == "Patient" for resource in resources):
        resources = ({"resourceType": "Patient", "id": "1"}, *resources)
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
        {"resourceType": "Patient", "identifier": [3, {"value": 1}], "gender": [], "birthDate": {}},
        {"resourceType": "MedicationRequest", "medicationCodeableConcept": [], "medicationReference": 4},
    ]
    text = json.dumps({"resourceType": "Bundle", "entry": [3, {}, {"resource": None}] + [{"resource": r} for r in odd]})
    assert not read(tmp_path, text).values


def test_every_value_stands_on_the_timeline_with_its_date(data_dir: Path) -> None:
    """The patient with heart failure: each weight, pressure, ejection fraction and medicine that the bundle holds."""
    file = next((data_dir / "signals_and_records" / "fhir_r4").glob("Beatrice*.json"))
    found = read_records(file)
    entries = [entry["resource"] for entry in json.loads(file.read_text())["entry"]]
    truth = sorted(
        (r["effectiveDateTime"][:10], r["valueQuantity"]["value"])
        for r in entries
        if r["resourceType"] == "Observation" and r["code"]["coding"][0]["code"] == "10230-1"
    )
    fractions = [(e.when[:10], e.quantity.value) for e in found.timeline if e.name == "lv_ef_percent" and e.quantity]
    assert len(truth) == 2 and sorted(fractions) == truth
    assert found.values["lv_ef_percent"].value in [value for day, value in truth if day == truth[-1][0]]
    probnp = next(r for r in entries if r.get("code", {}).get("coding", [{}])[0].get("code") == "33762-6")
    assert found.values["nt_probnp_pg_ml"].value == pytest.approx(probnp["valueQuantity"]["value"])
    orders = [r for r in entries if r["resourceType"] == "MedicationRequest"]
    active = {r["medicationCodeableConcept"]["text"] for r in orders if r["status"] == "active"}
    assert {entry.name for entry in medications(found)} == active
    assert found.values["age_years"].value == 86  # born 1926-06-06, last seen 2012-08-05
    assert next(e.text for e in found.timeline if e.name == "sex") == "F"
    assert found.subjects[0].birth_year == pytest.approx(1926.43, abs=0.01)
    name = next(r for r in entries if r["resourceType"] == "Patient")["name"][0]
    assert all(name["family"] not in q.source for q in found.values.values())  # file names may be a person's
    assert [e.when for e in found.timeline] == sorted(e.when for e in found.timeline)


def test_a_record_of_two_patients_or_of_none_is_refused(tmp_path: Path) -> None:
    other = observation("8867-4", 60, "/min", "2025-01-01", id="o7", subject={"reference": "Patient/2"})
    with pytest.raises(LoadError, match="more than one patient.*r.json, Observation o7"):
        read(tmp_path, bundle(other))
    same = observation("8867-4", 60, "/min", "2025-01-01", subject={"reference": "https://h.org/fhir/Patient/1"})
    assert read(tmp_path, bundle(same)).values["heart_rate_bpm"].value == 60
    alone = {"resourceType": "Bundle", "entry": [{"resource": other}]}
    with pytest.raises(LoadError, match="no Patient"):
        read(tmp_path, json.dumps(alone))


def test_an_old_absurd_value_is_kept_but_never_used(tmp_path: Path) -> None:
    text = bundle(observation("8867-4", 7000, "/min", "2020-01-01"), observation("8867-4", 64, "/min", "2025-01-01"))
    found = read(tmp_path, text)
    assert found.values["heart_rate_bpm"].value == 64
    assert "cannot be true" in found.timeline[0].refused and in_use(found) == {1}


def test_merging_keeps_all_and_uses_the_newest(tmp_path: Path) -> None:
    old = read(tmp_path, bundle(observation("8867-4", 80, "/min", "2025-01-01"), condition("63467002")), "old.json")
    new = read(tmp_path, bundle(observation("8867-4", 66, "/min", "2026-01-01"), condition("63467002", "resolved")))
    for both in (merged(old, new), merged(new, old)):
        assert both.values["heart_rate_bpm"].value == 66
        assert [e.quantity.value for e in both.timeline if e.quantity is not None] == [80, 66]
    assert merged(old, new).findings == {}
    again = merged(merged(old, new), new)
    assert len(again.timeline) == len(merged(old, new).timeline)  # the same file twice adds nothing


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
