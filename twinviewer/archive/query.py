"""What is searched for, and what an archive answers: studies and their series, as plain text that is safe to show."""

import re
import unicodedata
from dataclasses import asdict, dataclass
from datetime import date
from typing import Generic, TypeVar

from twinviewer.domain import ArchiveError

LONGEST_TEXT = 200
_UID = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_DATE = re.compile(r"\d{8}")


@dataclass(frozen=True, slots=True)
class Query:
    """What studies must match; "" is anything. ``*`` and ``?`` are wildcards in name, ID and accession.

    date_from, date_to: "YYYYMMDD". modality: "CT". study_uid: one study and nothing else.
    """

    patient_name: str = ""
    patient_id: str = ""
    accession: str = ""
    date_from: str = ""
    date_to: str = ""
    modality: str = ""
    study_uid: str = ""

    @property
    def empty(self) -> bool:
        """Whether it would ask for everything there is."""
        return not any(asdict(self).values())

    @property
    def dates(self) -> str:
        """The range as DICOM writes it: "20260101-", "-20260131", "20260112-20260112"."""
        return f"{self.date_from}-{self.date_to}" if self.date_from or self.date_to else ""

    @property
    def name_pattern(self) -> str:
        """A name as people type it finds whoever's name starts so, with "Family, Given" as DICOM orders it."""
        name = re.sub(r"\s*,\s*", "^", self.patient_name.strip())
        return name if not name or "*" in name or "?" in name else f"{name}*"


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One series as the archive lists it. instances: 0 where it does not say."""

    uid: str
    study_uid: str
    modality: str = ""
    number: str = ""
    description: str = ""
    instances: int = 0


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One study as the archive lists it. Names a patient: for the window and the terminal alone, never for a log.

    date: "YYYYMMDD". modalities: "CT, SR". series_count, instances: 0 where the archive does not say.
    """

    uid: str
    patient_name: str = ""
    patient_id: str = ""
    birth_date: str = ""
    sex: str = ""
    date: str = ""
    time: str = ""
    description: str = ""
    accession: str = ""
    modalities: str = ""
    series_count: int = 0
    instances: int = 0


Row = TypeVar("Row", StudyRow, SeriesRow)


@dataclass(frozen=True)
class Found(Generic[Row]):
    """Rows of a search. more: the archive has more than are shown. left_out: entries that were unusable.

    next_skip: how many of the archive's entries to skip for those that follow; 0 where there are none, or where the
    archive cannot be asked so (DIMSE knows no pages).
    """

    rows: tuple[Row, ...]
    more: bool = False
    left_out: int = 0
    next_skip: int = 0


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Files of a retrieval. folder: private. missing: instances that were listed or announced and did not come."""

    folder: str
    instances: int
    size_bytes: int
    missing: int = 0
    notes: tuple[str, ...] = ()


def checked_query(query: Query) -> Query:
    """The query itself. ArchiveError for dates that are none, control characters, or nothing asked."""
    if query.empty:
        raise ArchiveError("Nothing to search for", remedy="Fill in at least one field; * in Name finds everybody")
    for name, value in asdict(query).items():
        if len(value) > 64 or not value.isprintable() or "\\" in value:
            raise ArchiveError("This cannot be searched for", where=name, remedy="At most 64 plain characters")
    for name in ("date_from", "date_to"):
        value = getattr(query, name)
        if value:
            day(value, name)
    if query.date_from and query.date_to and query.date_from > query.date_to:
        raise ArchiveError("The first date is after the last", remedy="Swap the dates")
    if query.study_uid:
        checked_uid(query.study_uid)
    return query


def day(value: str, where: str = "date") -> date:
    """A date from "YYYYMMDD". ArchiveError."""
    try:
        if not _DATE.fullmatch(value):
            raise ValueError(value)
        return date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        raise ArchiveError("This is not a date", where=where, remedy="Write it as YYYYMMDD") from None


def is_uid(value: str) -> bool:
    """Whether it is a UID: digits and dots, 64 at most. Leading zeros are let through; archives hold such."""
    return len(value) <= 64 and bool(_UID.fullmatch(value))


def checked_uid(value: str) -> str:
    """The UID itself. ArchiveError when it is none: it goes into addresses and questions."""
    if not is_uid(value):
        raise ArchiveError("This is not a DICOM UID", remedy="Digits and dots, 64 characters at most")
    return value


def clean(value: object, longest: int = LONGEST_TEXT) -> str:
    """Text of an archive as it may be shown: one line, no control or direction characters, not endless."""
    text = str(value if value is not None else "")[: 4 * longest]
    kept = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    kept = " ".join(kept.split())
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def clean_name(value: object) -> str:
    """A person's name as people write it: "Family, Given" from DICOM's groups and carets."""
    group = next((one for one in str(value or "").split("=") if one.strip("^ ")), "")
    parts = [part.strip() for part in group.split("^")]
    family, given = parts[0], " ".join(part for part in parts[1:3] if part)
    return clean(f"{family}, {given}" if family and given else family or given)


def count(value: object) -> int:
    """A number of series or instances; 0 for whatever is none."""
    text = str(value if value is not None else "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
