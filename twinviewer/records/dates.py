"""Dates of records, as far as they are known: FHIR allows a year, a month, a day or a moment."""

from datetime import UTC, datetime

UNDATED = datetime(1, 1, 1, tzinfo=UTC)
"""An undated value is older than any other."""


def moment(text: object) -> datetime:
    """A FHIR date, dateTime or instant in UTC; UNDATED where it cannot be understood."""
    if not isinstance(text, str) or not text:
        return UNDATED
    padded = text + "-01" * (2 - text.count("-")) if len(text) in (4, 7) else text
    try:
        found = datetime.fromisoformat(padded)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return UNDATED


def day(when: datetime) -> str:
    """ISO day, "undated" where it is not known."""
    return "undated" if when == UNDATED else when.date().isoformat()


def iso(when: datetime) -> str:
    """As ``Entry.when``: a day where the time is midnight, else a moment to the second; "" where undated."""
    if when == UNDATED:
        return ""
    if (when.hour, when.minute, when.second) == (0, 0, 0):
        return when.date().isoformat()
    return when.replace(tzinfo=None, microsecond=0).isoformat()


def year(when: datetime) -> float:
    """The moment as a fraction of years, for ages."""
    return when.year + (when.timetuple().tm_yday - 1) / 365.25
