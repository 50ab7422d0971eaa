"""C-GET and C-MOVE: the instances of a series as files, over our association or over one that the archive opens."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt

from twinviewer.archive.dimse_find import instances, refusal
from twinviewer.archive.failures import said
from twinviewer.archive.identity import identity_of
from twinviewer.archive.landing import Landing
from twinviewer.archive.line import entity, line, server_context, watching
from twinviewer.archive.node import Node
from twinviewer.archive.parting import Parting
from twinviewer.archive.query import SeriesRow, checked_uid
from twinviewer.archive.services import (
    FIND,
    GET,
    MOVE,
    accepted_contexts,
    classes_of,
    query_contexts,
    roles,
    storage_contexts,
)
from twinviewer.archive.watch import Watch, cut
from twinviewer.domain import ArchiveError

STORED, NOT_OURS, NO_ROOM = 0x0000, 0xC000, 0xA700
"""Statuses of a C-STORE (PS3.4 table B.2-1)."""
Expected = dict[str, dict[str, str]]
"""Series Instance UID -> SOP Instance UID -> SOP Class UID."""
Ask = Callable[[Dataset], int]
Fetch = Callable[[SeriesRow, Landing], tuple[int, int]]
STRAGGLERS_S = 2.0
MOST_CALLERS = 8


class Taker:
    """Takes what is stored to us for the series in hand, and refuses everything else."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.series: SeriesRow | None = None
        self.landing: Landing | None = None
        self.expected: dict[str, str] = {}
        self.strangers = 0

    def take(self, series: SeriesRow, landing: Landing, expected: dict[str, str]) -> None:
        """From now on this series is wanted. expected: its instances, {} where they are not known."""
        self.series, self.landing, self.expected, self.strangers = series, landing, expected, 0

    @property
    def taken(self) -> int:
        """How many instances of the series have come."""
        return self.landing.instances if self.landing is not None else 0

    def store(self, event: Any) -> int:
        """Handle one C-STORE; its status. What pynetdicom wrote becomes our file, or nothing."""
        path = Path(event.dataset_path)
        with contextlib.suppress(Exception):
            event.request._dataset_file.close()  # in C-GET nobody else does
        try:
            if self.watch.stopped or self.series is None or self.landing is None:
                return NO_ROOM
            uid = identity_of(path, self.series.uid)
            if not uid or (self.expected and uid not in self.expected):
                self.strangers += 1
                return NOT_OURS
            self.landing.accept(path, uid)
            return STORED
        except ArchiveError as error:
            self.watch.why = self.watch.why or error
            return NO_ROOM
        except OSError as error:
            self.watch.why = self.watch.why or said(error, self.watch.where)
            return NO_ROOM
        finally:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def fetching(node: Node, series: Sequence[SeriesRow], watch: Watch) -> Iterator[Fetch]:
    """A way to fetch these series one after the other, over associations that serve all of them. ArchiveError.

    It gives (instances announced or listed, instances that were none of the series).
    """
    expected = _expected(node, series, watch)
    taker = Taker(watch)
    with (_get if node.fetch == "get" else _move)(node, series, taker, expected) as ask:

        def fetch(one: SeriesRow, landing: Landing) -> tuple[int, int]:
            listed = expected.get(one.uid, {})
            taker.take(one, landing, listed)
            with landing.temporary_files_here():
                announced = ask(_which(one))
            return max(len(listed), announced), taker.strangers

        yield fetch


def _expected(node: Node, series: Sequence[SeriesRow], watch: Watch) -> dict[str, dict[str, str]]:
    """What each series holds, by instance; nothing of a series where the archive does not say."""
    found: dict[str, dict[str, str]] = {}
    watch.tell(0.0, "Listing images")
    try:
        with line(node, watch, query_contexts(FIND, GET if node.fetch == "get" else MOVE)) as association:
            for one in series:
                found[one.uid] = instances(association, one, watch)
    except (ArchiveError, ValueError):
        if watch.why is not None or watch.stopped:
            raise  # else: it retrieves without letting be searched
    return found


@contextlib.contextmanager
def _get(node: Node, series: Sequence[SeriesRow], taker: Taker, expected: Expected) -> Iterator[Ask]:
    """C-GET: instances come over the association that asks for them."""
    named = [kind for listed in expected.values() for kind in listed.values() if kind]
    guessed = [kind for one in series if not expected.get(one.uid) for kind in classes_of(one.modality)]
    kept = list(dict.fromkeys([*named, *guessed]))
    contexts = [*query_contexts(GET), *storage_contexts(kept)]
    handlers = [(evt.EVT_C_STORE, taker.store)]
    with line(node, taker.watch, contexts, roles=roles(kept), handlers=handlers) as association:
        if not any(str(one.abstract_syntax) == GET for one in association.accepted_contexts):
            raise ArchiveError(
                "The archive does not offer C-GET to us",
                where=taker.watch.where,
                remedy="Choose C-MOVE in its settings",
            )
        yield lambda which: _outcome(association.send_c_get(which, GET), taker)


@contextlib.contextmanager
def _move(node: Node, series: Sequence[SeriesRow], taker: Taker, expected: Expected) -> Iterator[Ask]:
    """C-MOVE: instances come over an association that the archive opens to us."""
    with _listener(node, taker) as server, line(node, taker.watch, query_contexts(MOVE)) as association:

        def ask(which: Dataset) -> int:
            announced = _outcome(association.send_c_move(which, node.calling, MOVE), taker)
            until = time.monotonic() + STRAGGLERS_S
            while taker.taken < announced and time.monotonic() < until and not taker.watch.stopped:
                if not server.active_associations:
                    break
                time.sleep(0.01)
            return announced

        yield ask


@contextlib.contextmanager
def _listener(node: Node, taker: Taker) -> Iterator[Any]:
    """Listen for the archive while it sends, and not a moment longer."""
    watch = taker.watch
    ours = entity(node, watch)
    ours.require_called_aet = True
    ours.maximum_associations = MOST_CALLERS
    ours.maximum_pdu_size = watch.limits.pdu_bytes // 4
    try:
        server = ours.start_server(
            (node.listen_host, node.listen_port),
            block=False,
            ssl_context=server_context(node, watch),  # type: ignore[arg-type]
            evt_handlers=[*watching(watch), (evt.EVT_C_STORE, taker.store)],
            contexts=accepted_contexts(),
        )
    except OSError as error:
        raise ArchiveError(
            f"We cannot listen at {node.listen_host}:{node.listen_port}: {error.strerror or 'no such address'}",
            where=watch.where,
            remedy="Choose another port or address of this machine in the archive's settings",
        ) from None
    assert server is not None and server.socket is not None
    watch.add(server.socket)
    try:
        yield server
    finally:
        cut(server.socket)  # wakes who waits for callers
        server.shutdown()
        callers = [Parting(one) for one in server.active_associations]
        for caller in callers:
            caller.tell()
        for caller in callers:
            caller.part()


def _outcome(statuses: Iterator[tuple[Dataset, Dataset | None]], taker: Taker) -> int:
    """Hear a retrieval to its end; how many instances the archive said there are. ArchiveError."""
    watch, announced = taker.watch, 0
    for status, _ in statuses:
        watch.alive()
        code = getattr(status, "Status", None)
        if code is None:
            raise watch.why or ArchiveError(
                "The archive broke off while it was sending", where=watch.where, remedy="Try again"
            )
        counts = ("Remaining", "Completed", "Failed", "Warning")
        numbers = [getattr(status, f"NumberOf{name}Suboperations", None) or 0 for name in counts]
        announced = max(announced, sum(numbers))
        if code in (0xFF00, 0x0000, 0xB000):
            continue
        if taker.taken and code == 0xA702:
            continue  # some could not be sent; the missing are counted
        raise watch.why or refusal(code, "retrieval", watch.where)
    return announced


def _which(series: SeriesRow) -> Dataset:
    made = Dataset()
    made.QueryRetrieveLevel = "SERIES"
    made.StudyInstanceUID = checked_uid(series.study_uid)
    made.SeriesInstanceUID = checked_uid(series.uid)
    return made
