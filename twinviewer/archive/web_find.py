"""QIDO-RS: which studies and series a DICOMweb archive has."""

from collections.abc import Iterator, Mapping
from typing import Any

from dicomweb_client.web import DICOMwebClient

from twinviewer.archive.node import Node
from twinviewer.archive.query import Found, Query, SeriesRow, StudyRow, clean, clean_name, count, is_uid
from twinviewer.archive.watch import Watch
from twinviewer.archive.web import WatchedSession, talk_failed
from twinviewer.domain import ArchiveError

STUDY_FIELDS = ("00081030", "00080061", "00201206", "00201208", "00100030", "00100040", "00080050")
SERIES_FIELDS = ("00080060", "0008103E", "00200011", "00201209")


def client(node: Node, secret: str, watch: Watch) -> DICOMwebClient:
    """dicomweb-client over a watched session. ArchiveError."""
    limits = watch.limits
    made = DICOMwebClient(
        node.url.rstrip("/"), session=WatchedSession(node, secret, watch), timeout=(limits.connect_s, limits.quiet_s)
    )
    made.set_http_retry_params(retry=False)
    return made


def find_studies(node: Node, secret: str, query: Query, watch: Watch) -> Found[StudyRow]:
    """Studies that match, newest first. ArchiveError."""
    filters = {
        "PatientName": query.name_pattern,
        "PatientID": query.patient_id,
        "AccessionNumber": query.accession,
        "StudyDate": query.dates,
        "ModalitiesInStudy": query.modality,
        "StudyInstanceUID": query.study_uid,
    }
    asked = {key: value for key, value in filters.items() if value}
    most = watch.limits.rows

    def ask() -> Any:
        return client(node, secret, watch).search_for_studies(search_filters=asked, limit=most + 1, fields=STUDY_FIELDS)

    entries = list(_entries(ask, watch))
    rows = [_study(entry) for entry in entries[: most + 1]]
    good = sorted((row for row in rows if row is not None), key=lambda row: (row.date, row.time), reverse=True)
    return Found(tuple(good[:most]), len(entries) > most, len(rows) - len(good))


def find_series(node: Node, secret: str, study_uid: str, watch: Watch) -> Found[SeriesRow]:
    """The series of a study, in the order of their numbers. ArchiveError."""
    most = watch.limits.rows

    def ask() -> Any:
        return client(node, secret, watch).search_for_series(study_uid, limit=most + 1, fields=SERIES_FIELDS)

    entries = list(_entries(ask, watch))
    rows = [_series(entry, study_uid) for entry in entries[: most + 1]]
    good = sorted((row for row in rows if row is not None), key=lambda row: (len(row.number), row.number))
    return Found(tuple(good[:most]), len(entries) > most, len(rows) - len(good))


def knock(node: Node, secret: str, watch: Watch) -> None:
    """Ask for one study, to see whether anybody answers as DICOMweb does. ArchiveError."""
    list(_entries(lambda: client(node, secret, watch).search_for_studies(limit=1), watch))


def _entries(ask: Any, watch: Watch) -> Iterator[Mapping[str, Any]]:
    try:
        answer = ask()
    except Exception as error:
        raise (watch.why or talk_failed(error, watch.where)) from None
    if not isinstance(answer, list):
        raise ArchiveError("The answer is no list of studies", where=watch.where, remedy="Check the address")
    for entry in answer:
        if isinstance(entry, Mapping):
            yield entry


def _values(entry: Mapping[str, Any], tag: str) -> list[Any]:
    element = entry.get(tag)
    values = element.get("Value") if isinstance(element, Mapping) else None
    return values if isinstance(values, list) else []


def _text(entry: Mapping[str, Any], tag: str) -> str:
    values = _values(entry, tag)
    return clean(values[0]) if values and isinstance(values[0], str | int | float) else ""


def _name(entry: Mapping[str, Any]) -> str:
    values = _values(entry, "00100010")
    first = values[0] if values else ""
    if isinstance(first, Mapping):
        first = next((first[key] for key in ("Alphabetic", "Ideographic", "Phonetic") if first.get(key)), "")
    return clean_name(first if isinstance(first, str) else "")


def _study(entry: Mapping[str, Any]) -> StudyRow | None:
    uid = _text(entry, "0020000D")
    if not is_uid(uid):
        return None
    modalities = [one for one in _values(entry, "00080061") if isinstance(one, str)]
    return StudyRow(
        uid=uid,
        patient_name=_name(entry),
        patient_id=_text(entry, "00100020"),
        birth_date=_text(entry, "00100030"),
        sex=_text(entry, "00100040"),
        date=_text(entry, "00080020"),
        time=_text(entry, "00080030"),
        description=_text(entry, "00081030"),
        accession=_text(entry, "00080050"),
        modalities=clean(", ".join(modalities[:20])),
        series_count=count(_text(entry, "00201206")),
        instances=count(_text(entry, "00201208")),
    )


def _series(entry: Mapping[str, Any], study_uid: str) -> SeriesRow | None:
    uid = _text(entry, "0020000E")
    if not is_uid(uid) or _text(entry, "0020000D") not in ("", study_uid):
        return None
    return SeriesRow(
        uid=uid,
        study_uid=study_uid,
        modality=_text(entry, "00080060"),
        number=_text(entry, "00200011"),
        description=_text(entry, "0008103E"),
        instances=count(_text(entry, "00201209")),
    )
