"""The four things that can be asked of an archive. Each takes a reporter, by which it is cancelled at any moment."""

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from twinviewer.archive import dimse_find, dimse_get, web_find, web_get
from twinviewer.archive.landing import Landing, drop_soon, hashed, private_folder
from twinviewer.archive.limits import LIMITS, Limits
from twinviewer.archive.node import Node, checked
from twinviewer.archive.query import Found, Query, Retrieved, SeriesRow, StudyRow, checked_query, checked_uid
from twinviewer.archive.watch import Watch, watched
from twinviewer.domain import ArchiveError, Reporter, silent


def knock(node: Node, secret: str = "", report: Reporter = silent, limits: Limits = LIMITS) -> str:
    """Whether the archive answers, in a sentence. ArchiveError says what is wrong."""
    watch = Watch(checked(node).name, limits)
    watch.tell(0.0, f"Calling {node.place}")
    started_s = time.monotonic()

    def talk() -> tuple[str, ...]:
        if node.kind == "dicomweb":
            web_find.knock(node, secret, watch)
            return ("search", "retrieve")
        return dimse_find.knock(node, watch)

    can = watched(watch, report, talk, limits.test_s)
    took_ms = 1000.0 * (time.monotonic() - started_s)
    lacking = [name for name in ("search", "retrieve") if name not in can]
    note = f"; it does not let us {' or '.join(lacking)}" if lacking else ""
    return f"Answers in {took_ms:.0f} ms{note}"


def find_studies(
    node: Node, query: Query, secret: str = "", report: Reporter = silent, limits: Limits = LIMITS, skip: int = 0
) -> Found[StudyRow]:
    """Studies that match, newest first. skip: ``next_skip`` of what was found before. ArchiveError, Cancelled."""
    watch = Watch(checked(node).name, limits)
    checked_query(query)
    watch.tell(0.0, "Searching")
    if node.kind == "dicomweb":
        return watched(watch, report, lambda: web_find.find_studies(node, secret, query, watch, skip))
    if skip:
        raise ArchiveError("DIMSE cannot skip what was found before", where=node.name, remedy="Narrow the dates")
    return watched(watch, report, lambda: dimse_find.find_studies(node, query, watch))


def find_series(
    node: Node, study_uid: str, secret: str = "", report: Reporter = silent, limits: Limits = LIMITS
) -> Found[SeriesRow]:
    """The series of a study. ArchiveError, Cancelled."""
    watch = Watch(checked(node).name, limits)
    checked_uid(study_uid)
    watch.tell(0.0, "Listing series")
    if node.kind == "dicomweb":
        return watched(watch, report, lambda: web_find.find_series(node, secret, study_uid, watch))
    return watched(watch, report, lambda: dimse_find.find_series(node, study_uid, watch))


def retrieve(
    node: Node,
    series: Sequence[SeriesRow],
    folder: Path,
    secret: str = "",
    report: Reporter = silent,
    limits: Limits = LIMITS,
) -> Retrieved:
    """Fetch series, each into a folder of its own under ``folder``, private and with names that say nothing.

    A series is there whole or not at all; those before one that fails stay. ArchiveError, Cancelled.
    """
    checked(node)
    if not series:
        raise ArchiveError("No series is chosen", where=node.name, remedy="Choose at least one")
    for one in series:
        checked_uid(one.uid)
        checked_uid(one.study_uid)
    private_folder(folder)
    watch = Watch(node.name, limits, budget_bytes=limits.bytes)
    watch.tell(0.0, f"Calling {node.place}")
    task = _Retrieval(node, secret, series, folder, watch)
    try:
        watched(watch, lambda _fraction, text: report(*task.told(text)), task.run)
    except BaseException:
        task.drop_soon()  # its thread may not have woken yet
        raise
    report(1.0, "Retrieved")
    return Retrieved(str(folder), task.instances, task.size_bytes, task.missing, tuple(task.notes))


class _Retrieval:
    """Series after series into landings of their own, over lines that are opened once."""

    def __init__(self, node: Node, secret: str, series: Sequence[SeriesRow], folder: Path, watch: Watch) -> None:
        self.node, self.secret, self.series, self.folder, self.watch = node, secret, series, folder, watch
        self.instances = self.size_bytes = self.missing = 0
        self.notes: list[str] = []
        self._landing: Landing | None = None
        self._at = 0

    def told(self, text: str) -> tuple[float, str]:
        """How far it is, and what people read."""
        landing, one = self._landing, self.series[self._at]
        if landing is None:
            return 0.0, text
        came = landing.instances
        share = came / one.instances if one.instances else 1.0 - 1.0 / (1.0 + 0.01 * came)
        of = f" of {one.instances}" if one.instances else ""
        size = (self.size_bytes + landing.size_bytes) / 1e6
        words = f"{self._words}: {came}{of} images, {size:.0f} MB"
        return (self._at + min(share, 1.0)) / len(self.series), words

    @property
    def _words(self) -> str:
        return f"Series {self._at + 1} of {len(self.series)}"

    def run(self) -> None:
        """Fetch them all. ArchiveError."""
        node, watch = self.node, self.watch
        lines = (
            web_get.fetching(node, self.secret, watch)
            if node.kind == "dicomweb"
            else dimse_get.fetching(node, self.series, watch)
        )
        with contextlib.ExitStack() as last, lines as fetch:
            last.callback(self.drop)  # when nobody is left who could write
            for index, one in enumerate(self.series):
                landing = Landing(self.folder / hashed(one.study_uid, one.uid), node.name, watch.limits)
                try:
                    self._at, self._landing = index, landing
                    watch.next_series(landing.room_for)
                    announced, strangers = fetch(one, landing)
                    self._ended(one, landing, announced, strangers)
                finally:
                    landing.drop()

    def drop(self) -> None:
        """Forget the series under way."""
        if self._landing is not None:
            self._landing.drop()

    def drop_soon(self) -> None:
        """The same, not waited for."""
        if self._landing is not None:
            drop_soon(self._landing)

    def _ended(self, one: SeriesRow, landing: Landing, announced: int, strangers: int) -> None:
        if self.watch.stopped:
            raise self.watch.why or ArchiveError("Stopped", where=self.node.name)
        if not landing.instances:
            raise ArchiveError(
                "The archive sent none of the series' images",
                where=self.node.name,
                remedy="It may lie on a slow store: try again in a few minutes; or it cannot be sent in a form we read",
            )
        landing.keep()
        lacking = max(0, max(announced, one.instances) - landing.instances)
        self.instances, self.missing = self.instances + landing.instances, self.missing + lacking
        self.size_bytes += landing.size_bytes
        if lacking:
            total = landing.instances + lacking
            self.notes.append(f"{self._words}: {lacking} of {total} instances did not come")
        if strangers:
            self.notes.append(f"{self._words}: {strangers} files belonged to no such series and were not kept")
