"""QIDO-RS: which studies and series a DICOMweb archive has."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from dicomweb_client.web import DICOMwebClient
from pydicom.datadict import tag_for_keyword

from twinviewer.archive.node import Node
from twinviewer.archive.query import Found, Query, SeriesRow, StudyRow, clean
from twinviewer.archive.rows import series_row, study_row
from twinviewer.archive.watch import Watch
from twinviewer.archive.web import WatchedSession, talk_failed
from twinviewer.domain import ArchiveError

STUDY_FIELDS = ("00081030", "00080061", "00201206", "00201208", "00100030", "00100040", "00080050")
SERIES_FIELDS = ("00080060", "0008103E", "00200011", "00201209")


Ask = Callable[[DICOMwebClient], Any]


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

    def ask(client: DICOMwebClient) -> Any:
        return client.search_for_studies(search_filters=asked, limit=most + 1, fields=STUDY_FIELDS)

    entries = list(_entries(node, secret, ask, watch))
    rows = [_study(entry) for entry in entries[: most + 1]]
    good = sorted((row for row in rows if row is not None), key=lambda row: (row.date, row.time), reverse=True)
    return Found(tuple(good[:most]), len(entries) > most, len(rows) - len(good))


def find_series(node: Node, secret: str, study_uid: str, watch: Watch) -> Found[SeriesRow]:
    """The series of a study, in the order of their numbers. ArchiveError."""
    most = watch.limits.rows

    def ask(client: DICOMwebClient) -> Any:
        return client.search_for_series(study_uid, limit=most + 1, fields=SERIES_FIELDS)

    entries = list(_entries(node, secret, ask, watch))
    rows = [series_row(partial(_text, entry), study_uid) for entry in entries[: most + 1]]
    good = sorted((row for row in rows if row is not None), key=lambda row: (len(row.number), row.number))
    return Found(tuple(good[:most]), len(entries) > most, len(rows) - len(good))


def knock(node: Node, secret: str, watch: Watch) -> None:
    """Ask for one study, to see whether anybody answers as DICOMweb does. ArchiveError."""
    list(_entries(node, secret, lambda client: client.search_for_studies(limit=1), watch))


def _entries(node: Node, secret: str, ask: Ask, watch: Watch) -> Iterator[Mapping[str, Any]]:
    limits = watch.limits
    try:
        with WatchedSession(node, secret, watch) as session:  # closed with the answer: archives count who stays
            times = (limits.connect_s, limits.quiet_s)
            client = DICOMwebClient(node.url.rstrip("/"), session=session, timeout=times)
            client.set_http_retry_params(retry=False)
            answer = ask(client)
    except Exception as error:
        raise (watch.why or talk_failed(error, watch.where)) from None
    if not isinstance(answer, list):
        raise ArchiveError("The answer is no list of studies", where=watch.where, remedy="Check the address")
    for entry in answer:
        if isinstance(entry, Mapping):
            yield entry


def _values(entry: Mapping[str, Any], keyword: str) -> list[Any]:
    element = entry.get(f"{tag_for_keyword(keyword):08X}")
    values = element.get("Value") if isinstance(element, Mapping) else None
    return values if isinstance(values, list) else []


def _text(entry: Mapping[str, Any], keyword: str) -> str:
    values = _values(entry, keyword)[:20]
    return clean(", ".join(str(one) for one in values if isinstance(one, str | int | float)))


def _name(entry: Mapping[str, Any]) -> str:
    values = _values(entry, "PatientName")
    first = values[0] if values else ""
    if isinstance(first, Mapping):
        first = next((first[key] for key in ("Alphabetic", "Ideographic", "Phonetic") if first.get(key)), "")
    return first if isinstance(first, str) else ""


def _study(entry: Mapping[str, Any]) -> StudyRow | None:
    return study_row(partial(_text, entry), _name(entry))
