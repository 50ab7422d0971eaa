"""FHIR R4 bundles: the newest value of each vital sign, and active conditions as findings.

Plain JSON on purpose: a handful of fields is read, and a record that breaks the full schema elsewhere still serves.
Source: HL7 FHIR R4 (4.0.1), vital signs profile.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from twinviewer.domain import LoadError, Patient, Quantity, Records
from twinviewer.records.dates import UNDATED, day, moment
from twinviewer.records.vitals import (
    BLOOD_PRESSURE_PANELS,
    BY_LOINC,
    BY_NAME,
    FINDINGS,
    SNOMED_OF,
    check,
    quantity,
)

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
TEST_TAG = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}
_VOID = frozenset({"entered-in-error", "cancelled", "refuted"})
_OVER = frozenset({"inactive", "remission", "resolved"})

Json = Any


def read_fhir(text: str, name: str) -> Records:
    """Parse a Bundle. name: the file, for messages. LoadError if it is none, or holds more than one patient."""
    try:
        bundle = json.loads(text)
    except (ValueError, RecursionError):
        raise LoadError("This is not valid JSON", where=name) from None
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise LoadError("This is not a FHIR bundle", where=name, remedy="Export the patient's record as FHIR R4 JSON")
    resources = list(_resources(bundle))
    patients = sum(resource.get("resourceType") == "Patient" for resource in resources)
    if patients > 1:
        raise LoadError(f"The bundle holds {patients} patients", where=name, remedy="Export one patient at a time")
    newest: dict[str, tuple[datetime, Quantity]] = {}
    findings: dict[str, tuple[datetime, str]] = {}
    for resource in resources:
        if resource.get("resourceType") == "Observation":
            _observation(resource, newest)
        elif resource.get("resourceType") == "Condition":
            _condition(resource, findings)
    values = {vital: found for vital, (_, found) in newest.items()}
    for vital, found in values.items():
        check(BY_NAME[vital], found)
    return Records(values, {finding: said for finding, (_, said) in findings.items()})


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
            "identifier": [{"system": "urn:twinviewer:pseudonym", "value": patient.pseudonym}],
            "name": [{"use": "anonymous", "text": patient.pseudonym}],
            "gender": gender,
        }
    ]
    unknown = (set(records.values) - set(BY_NAME)) | (set(records.findings) - set(SNOMED_OF))
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


def _resources(bundle: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else []:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield resource


def _observation(resource: Mapping[str, Json], newest: dict[str, tuple[datetime, Quantity]]) -> None:
    if resource.get("status") in _VOID:
        return
    when = _when(resource)
    components = resource.get("component")
    for item in [resource, *(components if isinstance(components, list) else [])]:
        if not isinstance(item, dict):
            continue
        for code in _codes(item.get("code"), LOINC):
            vital = BY_LOINC.get(code)
            value = item.get("valueQuantity")
            if vital is None or not isinstance(value, dict):
                continue
            number = value.get("value")
            if isinstance(number, bool) or not isinstance(number, int | float):
                continue
            source = f"FHIR Observation {code}, {day(when)}"
            found = None
            for unit in (value.get("code"), value.get("unit")):
                if found is None and isinstance(unit, str):
                    found = quantity(vital, number, unit, source)
            if found is not None and (vital.name not in newest or when >= newest[vital.name][0]):
                newest[vital.name] = (when, found)


def _condition(resource: Mapping[str, Json], findings: dict[str, tuple[datetime, str]]) -> None:
    statuses = {*_codes(resource.get("clinicalStatus")), *_codes(resource.get("verificationStatus"))}
    if statuses & (_VOID | _OVER):
        return
    when = max(moment(resource.get("recordedDate")), moment(resource.get("onsetDateTime")))
    for code in _codes(resource.get("code"), SNOMED):
        finding = FINDINGS.get(code)
        if finding and (finding not in findings or when >= findings[finding][0]):
            findings[finding] = (when, f"FHIR Condition {code}, {day(when)}")


def _when(resource: Mapping[str, Json]) -> datetime:
    period = resource.get("effectivePeriod")
    texts = [resource.get("effectiveDateTime"), resource.get("effectiveInstant")]
    if isinstance(period, dict):
        texts += [period.get("end"), period.get("start")]
    texts.append(resource.get("issued"))
    return next((when for text in texts if (when := moment(text)) != UNDATED), UNDATED)


def _codes(concept: Json, system: str = "") -> list[str]:
    """Codes of a CodeableConcept; with ``system`` those of that system only."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return [
        coding["code"]
        for coding in (codings if isinstance(codings, list) else [])
        if isinstance(coding, dict)
        and isinstance(coding.get("code"), str)
        and (not system or coding.get("system") == system)
    ]


def _coded_value(name: str, found: Quantity) -> dict[str, Json]:
    vital = BY_NAME[name]
    value = {"value": found.value, "unit": vital.unit, "system": "http://unitsofmeasure.org", "code": vital.ucum}
    return {"code": _code(LOINC, vital.loinc, vital.label), "valueQuantity": value}


def _code(system: str, code: str, display: str) -> dict[str, Json]:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _uuid(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("twinviewer", *parts))))
