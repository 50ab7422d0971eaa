"""Records as a FHIR R4 collection: what the demo patient has beside its images."""

import json
import uuid
from pathlib import Path
from typing import Any

from twinviewer.domain import LoadError, Patient, Quantity, Records
from twinviewer.records.fhir import LOINC, SNOMED
from twinviewer.records.vitals import BLOOD_PRESSURE_PANELS, BY_NAME, SNOMED_OF

TEST_TAG = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}
PSEUDONYM = "urn:twinviewer:pseudonym"

Json = Any


def write_fhir(
    path: Path, records: Records, patient: Patient, *, synthetic: bool = True, date: str = "2026-01-01"
) -> Path:
    """Write records as a FHIR R4 collection that ``read_fhir`` gives back. The patient appears by pseudonym only.

    synthetic: every resource carries the tag HTEST (test health data). The same input gives the same file.
    Raises LoadError for values or findings that have no code here.
    """
    meta = {"meta": {"tag": [TEST_TAG]}} if synthetic else {}
    subject = f"urn:uuid:{_uuid(patient.pseudonym, 'patient')}"
    gender = {"M": "male", "F": "female", "O": "other"}.get(patient.sex, "unknown")
    entries: list[Json] = [
        {
            "resourceType": "Patient",
            **meta,
            "identifier": [{"system": PSEUDONYM, "value": patient.pseudonym}],
            "name": [{"use": "anonymous", "text": patient.pseudonym}],
            "gender": gender,
        }
    ]
    coded = {name for name, vital in BY_NAME.items() if vital.loinc}
    unknown = (set(records.values) - coded) | (set(records.findings) - set(SNOMED_OF))
    if unknown:
        raise LoadError(f"There is no code for {', '.join(sorted(unknown))}", where=Path(path).name)
    common = {**meta, "status": "final", "subject": {"reference": subject}, "effectiveDateTime": date}
    pressures = [name for name in ("systolic_mmhg", "diastolic_mmhg") if name in records.values]
    for name, found in records.values.items():
        if name not in pressures:
            entries.append({"resourceType": "Observation", **common, **_coded_value(name, found)})
    if pressures:
        panel = _code(LOINC, BLOOD_PRESSURE_PANELS[0], "Blood pressure panel")
        parts = [_coded_value(name, records.values[name]) for name in pressures]
        entries.append({"resourceType": "Observation", **common, "code": panel, "component": parts})
    status = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    for finding in records.findings:
        entries.append(
            {
                "resourceType": "Condition",
                **meta,
                "clinicalStatus": {"coding": [{"system": status, "code": "active"}]},
                "code": _code(SNOMED, SNOMED_OF[finding], finding.replace("_", " ").capitalize()),
                "subject": {"reference": subject},
                "recordedDate": date,
            }
        )
    listed: list[Json] = []
    for number, entry in enumerate(entries):
        own = _uuid(patient.pseudonym, "patient" if number == 0 else str(number))
        listed.append({"fullUrl": f"urn:uuid:{own}", "resource": {**entry, "id": own}})
    bundle = {"resourceType": "Bundle", **meta, "type": "collection", "entry": listed}
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(bundle, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _coded_value(name: str, found: Quantity) -> dict[str, Json]:
    vital = BY_NAME[name]
    value = {"value": found.value, "unit": vital.unit, "system": "http://unitsofmeasure.org", "code": vital.ucum}
    return {"code": _code(LOINC, vital.loinc, vital.label), "valueQuantity": value}


def _code(system: str, code: str, display: str) -> dict[str, Json]:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _uuid(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("twinviewer", *parts))))
