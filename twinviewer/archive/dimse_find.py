"""C-ECHO and C-FIND: does the archive answer, and what does it have."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pynetdicom.association import Association

from twinviewer.archive.line import line
from twinviewer.archive.node import Node
from twinviewer.archive.query import Found, Query, SeriesRow, StudyRow, clean, is_uid
from twinviewer.archive.rows import series_row, study_row
from twinviewer.archive.services import FIND, GET, MOVE, VERIFY, query_contexts
from twinviewer.archive.watch import Watch
from twinviewer.domain import ArchiveError

STUDY_KEYS = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate", "StudyTime",
    "StudyDescription", "AccessionNumber", "ModalitiesInStudy", "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances",
)  # fmt: skip
SERIES_KEYS = ("SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "NumberOfSeriesRelatedInstances")
PATIENCE = 200
"""Answers that are still listened to after the archive was asked to stop."""


def knock(node: Node, watch: Watch) -> tuple[str, ...]:
    """C-ECHO, and which services the archive would give us: "search", "retrieve". ArchiveError."""
    fetch = GET if node.fetch == "get" else MOVE
    with line(node, watch, query_contexts(VERIFY, FIND, fetch)) as association:
        accepted = {str(one.abstract_syntax) for one in association.accepted_contexts}
        if VERIFY in accepted:
            status = association.send_c_echo()
            if getattr(status, "Status", None) != 0:
                raise watch.why or ArchiveError(
                    "The archive took our call and did not answer the echo", where=watch.where, remedy="Try again"
                )
        return tuple(name for name, one in (("search", FIND), ("retrieve", fetch)) if one in accepted)


def find_studies(node: Node, query: Query, watch: Watch) -> Found[StudyRow]:
    """Studies that match, newest first. ArchiveError."""
    asked = _identifier("STUDY", STUDY_KEYS, query)
    asked.PatientName, asked.PatientID, asked.AccessionNumber = query.name_pattern, query.patient_id, query.accession
    asked.StudyDate, asked.ModalitiesInStudy, asked.StudyInstanceUID = query.dates, query.modality, query.study_uid
    rows, more, left_out = _rows(node, asked, _study, watch, watch.limits.rows)
    # An archive may take no notice of a key that it does not know; this one is optional (PS3.4 C.3.4).
    kept = [row for row in rows if not query.modality or not row.modalities or query.modality in row.modalities]
    return Found(tuple(sorted(kept, key=lambda row: (row.date, row.time), reverse=True)), more, left_out)


def find_series(node: Node, study_uid: str, watch: Watch) -> Found[SeriesRow]:
    """The series of a study, in the order of their numbers. ArchiveError."""
    asked = _identifier("SERIES", SERIES_KEYS)
    asked.StudyInstanceUID = study_uid
    row_of = partial(_series, study_uid)
    rows, more, left_out = _rows(node, asked, row_of, watch, watch.limits.series)
    return Found(tuple(sorted(rows, key=lambda row: (len(row.number), row.number))), more, left_out)


def instances(association: Association, series: SeriesRow, watch: Watch) -> dict[str, str]:
    """SOP Instance UID -> SOP Class UID ("" where it is not said) of a series, over an association that is there."""
    asked = _identifier("IMAGE", ("SOPInstanceUID", "SOPClassUID"))
    asked.StudyInstanceUID, asked.SeriesInstanceUID = series.study_uid, series.uid
    found: dict[str, str] = {}
    for answer in answers(association, asked, watch, watch.limits.instances):
        uid = str(answer.get("SOPInstanceUID", ""))
        kind = str(answer.get("SOPClassUID", ""))
        if is_uid(uid):
            found[uid] = kind if is_uid(kind) else ""
    return found


def answers(association: Association, asked: Dataset, watch: Watch, most: int) -> Iterator[Dataset]:
    """What the archive answers to a question; after `most` it is asked to stop. ArchiveError."""
    told = 0
    for status, answer in association.send_c_find(asked, FIND, msg_id=1):
        code = getattr(status, "Status", None)
        if code is None:
            raise watch.why or ArchiveError(
                "The archive broke off the search", where=watch.where, remedy="Try again, or ask for less at a time"
            )
        if code in (0xFF00, 0xFF01):
            told += 1
            if told == most + 1:
                association.send_c_cancel(1, query_model=FIND)
            if told > most + PATIENCE:
                association.abort()
                return
            if answer is not None and told <= most + 1:
                yield answer
            continue
        if code not in (0x0000, 0xFE00):
            raise refusal(code, "search", watch.where)


def refusal(code: int, what: str, where: str) -> ArchiveError:
    """The typed error for a status of PS3.4 tables C.4-1, C.4-2 and C.4-3."""
    sentence, remedy = {
        0xA700: (f"The archive has no room for this {what}", "Ask for less at a time"),
        0xA701: (f"The archive has no room for this {what}", "Ask for less at a time"),
        0xA702: ("The archive could not send the images", "Try again; its administrator can see why"),
        0xA801: ("The archive does not know where to send to", "Its administrator must add our AE title and address"),
        0xA900: (f"The archive does not understand the {what}", "Search by other fields"),
        0x0122: (f"The archive does not offer this {what}", "Ask its administrator for the right"),
        0x0124: (f"The archive does not allow us this {what}", "Ask its administrator for the right"),
    }.get(code, (f"The archive could not do the {what} (status {code:04X})", "Its administrator can see why"))
    return ArchiveError(sentence, where=where, remedy=remedy)


def _rows(
    node: Node, asked: Dataset, row_of: Callable[[Dataset], Any], watch: Watch, most: int
) -> tuple[list[Any], bool, int]:
    rows: list[Any] = []
    left_out = 0
    with line(node, watch, query_contexts(FIND)) as association:
        for answer in answers(association, asked, watch, most):
            try:
                row = row_of(answer)
            except Exception:  # values that pydicom cannot make sense of
                row = None
            left_out += row is None
            if row is not None:
                rows.append(row)
            watch.tell(0.0, f"{len(rows)} found")
    return rows[:most], len(rows) > most, left_out


def _identifier(level: str, keys: tuple[str, ...], query: Query | None = None) -> Dataset:
    made = Dataset()
    if query is not None and not query.name_pattern.isascii():
        made.SpecificCharacterSet = "ISO_IR 192"  # UTF-8
    made.QueryRetrieveLevel = level
    for key in keys:
        setattr(made, key, "")
    return made


def _text(answer: Dataset, key: str) -> str:
    value = answer.get(key, "")
    return clean(", ".join(str(one) for one in value[:20]) if isinstance(value, MultiValue) else value)


def _series(study_uid: str, answer: Dataset) -> SeriesRow | None:
    return series_row(partial(_text, answer), study_uid)


def _study(answer: Dataset) -> StudyRow | None:
    return study_row(partial(_text, answer), answer.get("PatientName", ""))
