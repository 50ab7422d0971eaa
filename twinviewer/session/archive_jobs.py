"""What is asked of archives, as functions for a worker process: values that cross a pipe, and nothing printed.

Archives have a worker of their own: it talks to the network and decodes no pixels; the others talk to nobody.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from twinviewer.archive.node import Node, from_document
from twinviewer.archive.query import Found, Query, Retrieved, SeriesRow, StudyRow
from twinviewer.domain import ArchiveError, Reporter, part, silent
from twinviewer.session.jobs import JobRunner

MEMORY_BYTES = 2 << 30
TIDY_S = 5.0
LONGEST_S = 12 * 3600.0
"""A retrieval may be long; silence ends it much earlier."""


def archive_runner() -> JobRunner:
    """A process for talking to archives."""
    return JobRunner(1, prewarm=f"{__name__}:prewarm", memory_bytes=MEMORY_BYTES)


def prewarm() -> Iterator[None]:
    """Import what talking needs. Opens no socket."""
    from twinviewer.archive import door  # noqa: F401

    yield


def compute_knock(node: dict[str, Any], secret: str, report: Reporter = silent) -> str:
    """Whether the archive answers, in a sentence. ArchiveError."""
    from twinviewer.archive import door

    return _silently(lambda: door.knock(_node(node), secret, report))


def compute_studies(
    node: dict[str, Any], secret: str, query: dict[str, str], skip: int = 0, report: Reporter = silent
) -> Any:
    """A search for studies; :func:`found_studies` reads it. skip: of what was found before. ArchiveError."""
    from twinviewer.archive import door

    return _silently(lambda: asdict(door.find_studies(_node(node), Query(**query), secret, report, skip=skip)))


def compute_series(node: dict[str, Any], secret: str, study_uid: str, report: Reporter = silent) -> Any:
    """The series of a study; :func:`found_series` reads it. ArchiveError."""
    from twinviewer.archive import door

    return _silently(lambda: asdict(door.find_series(_node(node), study_uid, secret, report)))


def compute_retrieve(
    node: dict[str, Any], secret: str, series: Sequence[Mapping[str, Any]], folder: str, report: Reporter = silent
) -> Any:
    """Retrieve series into a folder, or where they are of several studies into one a study in it. ArchiveError."""
    from twinviewer.archive import door
    from twinviewer.archive.landing import hashed

    rows = [SeriesRow(**one) for one in series]
    studies = list(dict.fromkeys(one.study_uid for one in rows))

    def all_of_them() -> Any:
        got, done = [], 0
        for uid in studies:
            of_it = [one for one in rows if one.study_uid == uid]
            place = Path(folder) if len(studies) == 1 else Path(folder) / hashed(uid)
            told = part(report, done / len(rows), (done + len(of_it)) / len(rows))
            got.append(door.retrieve(_node(node), of_it, place, secret, told))
            done += len(of_it)
        return asdict(
            Retrieved(
                folder,
                sum(one.instances for one in got),
                sum(one.size_bytes for one in got),
                sum(one.missing for one in got),
                tuple(note for one in got for note in one.notes),
            )
        )

    return _silently(all_of_them)


def compute_tidied() -> bool:
    """Wait until nothing is left of retrievals that were stopped; whether that is so."""
    from twinviewer.archive.landing import all_dropped

    return all_dropped(TIDY_S)


def found_studies(document: Mapping[str, Any]) -> Found[StudyRow]:
    """A search's answer from the other side of the pipe."""
    rows = tuple(StudyRow(**one) for one in document["rows"])
    return Found(rows, bool(document["more"]), int(document["left_out"]), int(document["next_skip"]))


def found_series(document: Mapping[str, Any]) -> Found[SeriesRow]:
    """A study's series from the other side of the pipe."""
    rows = tuple(SeriesRow(**one) for one in document["rows"])
    return Found(rows, bool(document["more"]), int(document["left_out"]))


def retrieved(document: Mapping[str, Any]) -> Retrieved:
    """A retrieval's answer from the other side of the pipe."""
    return Retrieved(**{**document, "notes": tuple(document["notes"])})


def _node(document: Mapping[str, Any]) -> Node:
    node = from_document(document)
    if node is None:
        raise ArchiveError("This is no archive's description")
    return node


def _silently(talk: Callable[[], Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's quote the values that they warn of
        return talk()
