"""QIDO-RS: which studies and series a DICOMweb archive has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from dicomweb_client.web import DICOMwebClient
from pydicom.datadict import tag_for_keyword

from twinviewer.archive.node import Node
from twinviewer.archive.query import Found, Query, SeriesRow, StudyRow, clean
from twinviewer.archive.rows import series_row, study_row
from twinviewer.archive.spelling import fits, loosely
from twinviewer.archive.watch import Watch
from twinviewer.archive.web import WatchedSession, talk_failed
from twinviewer.domain import ArchiveError

STUDY_FIELDS = ("00081030", "00080061", "00201206", "00201208", "00100030", "00100040", "00080050")
SERIES_FIELDS = ("00080060", "0008103E", "00200011", "00201209")


Ask = Callable[[DICOMwebClient], Any]


@dataclass(frozen=True, slots=True)
class _Page:
    """Entries of an answer. more: the archive has some that follow."""

    entries: tuple[Mapping[str, Any], ...]
    more: bool


def find_studies(node: Node, secret: str, query: Query, watch: Watch, skip: int = 0) -> Found[StudyRow]:
    """Studies that match, newest first. skip: so many of the archive's entries (PS3.18 8.3.4.4). ArchiveError."""
    page = _studies(node, secret, query, watch, skip)
    loose = loosely(query)
    if loose is not None and not page.entries:
        page = _studies(node, secret, loose, watch, skip)
        fitting = tuple(one for one in page.entries if _fits(query, one))
    else:
        fitting = page.entries
    rows = [_study(entry) for entry in fitting]
    good = sorted((row for row in rows if row is not None), key=lambda row: (row.date, row.time), reverse=True)
    next_skip = skip + len(page.entries) if page.more else 0
    return Found(tuple(good), page.more, len(rows) - len(good), next_skip)


def _studies(node: Node, secret: str, query: Query, watch: Watch, skip: int) -> _Page:
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
        page = _asked_page(most, skip)
        return client.search_for_studies(search_filters=asked, fields=STUDY_FIELDS, **page)  # type: ignore[arg-type]

    return _page(node, secret, ask, watch, most)


def _asked_page(most: int, skip: int) -> dict[str, int]:
    """One more than is shown is asked for, to see whether there are more."""
    return {"limit": most + 1, **({"offset": skip} if skip else {})}


def _fits(query: Query, entry: Mapping[str, Any]) -> bool:
    return fits(query, _name(entry), _text(entry, "PatientID"), _text(entry, "AccessionNumber"))


def find_series(node: Node, secret: str, study_uid: str, watch: Watch) -> Found[SeriesRow]:
    """The series of a study, in the order of their numbers. ArchiveError."""
    most = watch.limits.series
    known: dict[str, SeriesRow] = {}
    skip = left_out = 0
    while True:
        page = _series(node, secret, study_uid, watch, most, skip)
        rows = [series_row(partial(_text, entry), study_uid) for entry in page.entries]
        fresh = {row.uid: row for row in rows if row is not None and row.uid not in known}
        known |= fresh
        left_out += rows.count(None)
        skip += len(page.entries)
        if not page.more or not fresh or len(known) >= most:  # who gives the same again knows no pages
            break
    good = sorted(known.values(), key=lambda row: (len(row.number), row.number))
    return Found(tuple(good[:most]), page.more, left_out)


def _series(node: Node, secret: str, study_uid: str, watch: Watch, most: int, skip: int) -> _Page:
    def ask(client: DICOMwebClient) -> Any:
        page = _asked_page(most, skip)
        return client.search_for_series(study_uid, fields=SERIES_FIELDS, **page)  # type: ignore[arg-type]

    return _page(node, secret, ask, watch, most)


def knock(node: Node, secret: str, watch: Watch) -> None:
    """Ask for one study, to see whether anybody answers as DICOMweb does. ArchiveError."""
    _page(node, secret, lambda client: client.search_for_studies(limit=1), watch, 1)


def _page(node: Node, secret: str, ask: Ask, watch: Watch, most: int) -> _Page:
    """Ask once. Some archives give fewer than asked for, and say that there are more (PS3.18 8.3.4.4)."""
    limits = watch.limits
    try:
        with WatchedSession(node, secret, watch) as session:  # closed with the answer: archives count who stays
            times = (limits.connect_s, limits.quiet_s)
            client = DICOMwebClient(node.url.rstrip("/"), session=session, timeout=times)
            client.set_http_retry_params(retry=False)
            answer = ask(client)
            more = session.has_more
    except Exception as error:
        raise (watch.why or talk_failed(error, watch.where)) from None
    if not isinstance(answer, list):
        raise ArchiveError("The answer is no list of studies", where=watch.where, remedy="Check the address")
    entries = tuple(entry for entry in answer if isinstance(entry, Mapping))
    return _Page(entries[:most], more or len(entries) > most)


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
