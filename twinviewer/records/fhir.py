"""FHIR R4 bundles: vital signs, findings and medicines of one patient, each with its date.

Plain JSON on purpose: a handful of fields is read, and a record that breaks the full schema elsewhere still serves.
Source: HL7 FHIR R4 (4.0.1), vital signs profile.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from twinviewer.domain import Entry, LoadError, Quantity, Records, Subject
from twinviewer.records.dates import UNDATED, day, iso, moment, year
from twinviewer.records.timeline import collected, value_entry
from twinviewer.records.vitals import BY_LOINC, BY_NAME, FINDINGS, quantity

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
_VOID = frozenset({"entered-in-error", "cancelled", "refuted"})
_OVER = frozenset({"inactive", "remission", "resolved"})
_STOPPED = frozenset({"stopped", "completed", "ended", "on-hold", "draft", "not-taken", "unknown"})
_SEX = {"male": "M", "female": "F", "other": "O"}

Json = Any


def read_fhir(text: str, name: str) -> Records:
    """Parse a Bundle. name: the file, for messages. LoadError if it is none, or is not of exactly one patient."""
    try:
        bundle = json.loads(text)
    except (ValueError, RecursionError):
        raise LoadError("This is not valid JSON", where=name) from None
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise LoadError("This is not a FHIR bundle", where=name, remedy="Export the patient's record as FHIR R4 JSON")
    resources = list(_resources(bundle))
    of_kind: dict[str, list[Mapping[str, Json]]] = {}
    for resource in resources:
        kind = resource.get("resourceType")
        if isinstance(kind, str):
            of_kind.setdefault(kind, []).append(resource)
    patient = _patient(of_kind.get("Patient", []), name)
    _of_one(resources, patient, name)
    entries: list[Entry] = []
    for resource in of_kind.get("Observation", []):
        entries += _observation(resource, name)
    for resource in of_kind.get("Condition", []):
        entries += _condition(resource, name)
    named = {tail: one for one in of_kind.get("Medication", []) for tail in _tails(one)}
    for kind in ("MedicationRequest", "MedicationStatement"):
        for resource in of_kind.get(kind, []):
            entries += _medication(resource, kind, named, name)
    subject = _subject(patient, name)
    return collected([*entries, *_person(patient, subject, entries, name)], [subject], strict=True)


def pseudonyms(number: str) -> tuple[str, str]:
    """What an identifier is shown as where images carry it: itself, where it names nobody, or a hash of it."""
    return number[:32], "P-" + hashlib.sha256(number.encode()).hexdigest()[:6]


def _resources(bundle: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    """Each with the fullUrl of its entry under that name."""
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else []:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield {**resource, "fullUrl": entry.get("fullUrl")}


def _patient(found: Sequence[Mapping[str, Json]], name: str) -> Mapping[str, Json]:
    if not found:
        raise LoadError(
            "The bundle does not say whose record it is: it has no Patient",
            where=name,
            remedy="Export it together with its Patient resource",
        )
    if len(found) > 1:
        raise LoadError(f"The bundle holds {len(found)} patients", where=name, remedy="Export one patient at a time")
    return found[0]


def _of_one(resources: Sequence[Mapping[str, Json]], patient: Mapping[str, Json], name: str) -> None:
    """LoadError where something is said of a patient who is not the one of the bundle."""
    known = set(_tails(patient))
    for resource in resources:
        if resource.get("resourceType") not in ("Observation", "Condition", "MedicationRequest", "MedicationStatement"):
            continue
        subject = resource.get("subject")
        reference = subject.get("reference") if isinstance(subject, dict) else None
        if isinstance(reference, str) and reference and _tail(reference) not in known:
            raise LoadError(
                "The bundle holds values of more than one patient",
                where=f"{name}, {resource['resourceType']} {str(resource.get('id', ''))[:40]}".rstrip(),
                remedy="Export one patient at a time",
            )


def _subject(patient: Mapping[str, Json], name: str) -> Subject:
    keys: list[str] = []
    shown: list[str] = []
    identifiers = patient.get("identifier")
    for one in identifiers if isinstance(identifiers, list) else []:
        system, number = (one.get("system"), one.get("value")) if isinstance(one, dict) else (None, None)
        if isinstance(number, str) and number:
            keys.append(f"{_hash(str(system or ''))}:{_hash(number)}")
            shown += pseudonyms(number)
    born = moment(patient.get("birthDate"))
    gender = patient.get("gender")
    sex = _SEX.get(gender, "") if isinstance(gender, str) else ""
    return Subject(name, tuple(keys), tuple(shown), sex, None if born == UNDATED else year(born))


def _person(patient: Mapping[str, Json], subject: Subject, entries: Sequence[Entry], name: str) -> Iterator[Entry]:
    """Sex, and the age on the day of the newest entry: what is said of the patient ages with it."""
    newest = max((moment(entry.when) for entry in entries), default=UNDATED)
    if subject.sex:
        yield Entry("sex", "person", iso(newest), name, "FHIR Patient.gender", text=subject.sex)
    born = moment(patient.get("birthDate"))
    if born != UNDATED and newest != UNDATED and newest > born:
        age = int(year(newest) - year(born) + 1e-6)
        source = f"FHIR Patient.birthDate, {day(newest)}"
        yield value_entry(BY_NAME["age_years"], Quantity(age, "years", "measured", source), newest, name)


def _observation(resource: Mapping[str, Json], name: str) -> Iterator[Entry]:
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
            if found is not None:
                yield value_entry(vital, found, when, name)


def _condition(resource: Mapping[str, Json], name: str) -> Iterator[Entry]:
    statuses = {*_codes(resource.get("clinicalStatus")), *_codes(resource.get("verificationStatus"))}
    if statuses & _VOID:
        return
    over = bool(statuses & _OVER)
    dates = ["recordedDate", "onsetDateTime", *(["abatementDateTime"] if over else [])]
    when = max(moment(resource.get(date)) for date in dates)
    for code in _codes(resource.get("code"), SNOMED):
        if code in FINDINGS:
            source = f"FHIR Condition {code}, {day(when)}"
            yield Entry(FINDINGS[code], "finding", iso(when), name, source, over=over)


def _medication(
    resource: Mapping[str, Json], kind: str, named: Mapping[str, Mapping[str, Json]], name: str
) -> Iterator[Entry]:
    status = resource.get("status")
    if status in _VOID or resource.get("intent") == "proposal":
        return
    concept = resource.get("medicationCodeableConcept")
    reference = resource.get("medicationReference")
    if not isinstance(concept, dict) and isinstance(reference, dict):
        concept = named.get(_tail(str(reference.get("reference", ""))), {}).get("code")
    what = _display(concept)
    if not what:
        return
    when = next((w for key in ("authoredOn", "dateAsserted") if (w := moment(resource.get(key))) != UNDATED), UNDATED)
    when = _when(resource) if when == UNDATED else when
    over = isinstance(status, str) and status in _STOPPED
    yield Entry(what, "medication", iso(when), name, f"FHIR {kind}, {day(when)}", text=str(status or ""), over=over)


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


def _display(concept: Json) -> str:
    """What a CodeableConcept is called, in one line."""
    if not isinstance(concept, dict):
        return ""
    codings = concept.get("coding")
    texts = [concept.get("text")]
    texts += [one.get("display") for one in (codings if isinstance(codings, list) else []) if isinstance(one, dict)]
    found = next((text for text in texts if isinstance(text, str) and text.strip()), "")
    return " ".join(found.split())[:120]


def _tails(resource: Mapping[str, Json]) -> list[str]:
    return [_tail(one) for one in (resource.get("id"), resource.get("fullUrl")) if isinstance(one, str) and one]


def _tail(reference: str) -> str:
    """The identifier that a reference ends with: Patient/7, urn:uuid:7 and https://…/Patient/7 are all 7."""
    return reference.split("/_history")[0].rpartition("/")[2].rpartition(":")[2]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
