"""Entries of many files on one timeline, and which of them are in use."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from twinviewer.domain import Entry, LoadError, Quantity, Records, Subject
from twinviewer.records.dates import day, iso, moment
from twinviewer.records.vitals import BY_NAME, Vital, check, refusal


def value_entry(vital: Vital, found: Quantity, when: datetime, file: str, text: str = "", rank: int = 0) -> Entry:
    """An entry of one number, marked where no patient has such a value."""
    why = refusal(vital, found)
    return Entry(vital.name, "value", iso(when), file, found.source, found, text, refused=why, rank=rank)


def collected(
    entries: Iterable[Entry], subjects: Sequence[Subject] = (), notes: Sequence[str] = (), *, strict: bool = False
) -> Records:
    """Records of these entries: of each value the newest that may be used, of each finding the newest word.

    strict: LoadError where the newest entry of a value cannot be true (reading a file: the file wants correcting).
    """
    ordered = tuple(sorted(_different(entries), key=_order))
    values: dict[str, Quantity] = {}
    findings: dict[str, str] = {}
    for entry in ordered:
        if entry.kind == "value" and entry.quantity is not None and not entry.refused:
            values[entry.name] = entry.quantity
        elif entry.kind == "finding":
            findings.pop(entry.name, None)
            if not entry.over:
                findings[entry.name] = entry.source
    if strict:
        newest = {entry.name: entry for entry in ordered if entry.kind == "value"}
        for name, entry in newest.items():
            if entry.refused and entry.quantity is not None and name in BY_NAME:
                check(BY_NAME[name], entry.quantity)
                raise LoadError(entry.refused, where=entry.source)
    return Records(values, findings, ordered, tuple(dict.fromkeys(subjects)), tuple(dict.fromkeys(notes)))


def merged(old: Records, new: Records) -> Records:
    """Both on one timeline. What is in both (the same file read again) is there once."""
    both = (*entries_of(old), *entries_of(new))
    return collected(both, (*old.subjects, *new.subjects), (*old.notes, *new.notes))


def in_use(records: Records) -> frozenset[int]:
    """Positions on ``records.timeline`` of the entries in use: of each value one, findings that hold, medicines not
    stopped."""
    latest: dict[tuple[str, str], int] = {}
    for at, entry in enumerate(records.timeline):
        if not entry.refused:
            latest[(entry.kind, entry.name)] = at
    return frozenset(at for at in latest.values() if not records.timeline[at].over)


def entries_of(records: Records) -> tuple[Entry, ...]:
    """The timeline; values and findings that no entry stands for (made by a program) as undated entries before it."""
    known = {(entry.kind, entry.name) for entry in records.timeline}
    loose = [
        Entry(name, "value", _said(found.source), "", found.source, found)
        for name, found in records.values.items()
        if ("value", name) not in known
    ]
    loose += [
        Entry(name, "finding", _said(source), "", source)
        for name, source in records.findings.items()
        if ("finding", name) not in known
    ]
    return (*loose, *records.timeline)


def medications(records: Records) -> tuple[Entry, ...]:
    """Medicines that were prescribed and not stopped, newest last."""
    return tuple(records.timeline[at] for at in sorted(in_use(records)) if records.timeline[at].kind == "medication")


def dated(entry: Entry) -> str:
    """The day of an entry for people, "undated" where it is not known."""
    return day(moment(entry.when))


def _said(source: str) -> str:
    """The date that a source of an older case ends with."""
    tail = source.rpartition(", ")[2]
    return iso(moment(tail)) if len(tail) == 10 else ""


def _different(entries: Iterable[Entry]) -> Iterable[Entry]:
    seen = set()
    for entry in entries:
        key = (entry.kind, entry.name, entry.when, entry.source, entry.over, entry.quantity)
        if key not in seen:
            seen.add(key)
            yield entry


def _order(entry: Entry) -> tuple[datetime, int]:
    """By moment, then rank; where both agree the later read wins (sorting is stable)."""
    return moment(entry.when), entry.rank
