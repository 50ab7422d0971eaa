"""The eye on a conversation with an archive: counts its bytes, ends it when it is too long, too quiet or unwanted.

Whatever blocks on the network runs in a thread of its own; the caller's thread looks at the clock and asks the
reporter, forty times a second, whether the user still wants it. To stop means to abort politely if that is possible at
once, and to shut the sockets in any case, which wakes whoever waits on them.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from twinviewer.archive.failures import said
from twinviewer.archive.limits import LIMITS, Limits
from twinviewer.domain import ArchiveError, Cancelled, Reporter, TwinviewerError

LOOK_S = 0.025
POLITE_S = 0.04
"""How long saying goodbye may take before the line is cut."""


class Line(Protocol):
    """An association as the watch sees it; ``parting.Parting`` is one."""

    @property
    def over(self) -> bool: ...
    @property
    def deaf(self) -> bool: ...
    def tell(self) -> None: ...
    def wait_told(self, until_s: float) -> None: ...
    def wake(self) -> None: ...
    def end(self) -> None: ...


class Watch:
    """Shared by the thread that talks and the one that looks. budget_bytes: of all that is received."""

    def __init__(self, where: str, limits: Limits = LIMITS, *, budget_bytes: int = 0) -> None:
        self.where, self.limits = where, limits
        self.budget_bytes = budget_bytes or limits.answer_bytes
        self.received = 0
        self.fraction, self.text = 0.0, ""
        self.room: Callable[[int], None] | None = None
        """Asked before bytes are taken; may raise."""
        self.stopped = False
        self.why: ArchiveError | None = None
        self._unit = self._message = 0
        self._sockets: list[socket.socket] = []
        self._lines: list[Line] = []
        self._heard_s = time.monotonic()
        self._lock = threading.Lock()

    def fail(self, what: str, remedy: str) -> ArchiveError:
        """Note why the conversation ends, if nothing was noted before; the note is what the user will read."""
        if self.why is None:
            self.why = ArchiveError(what, where=self.where, remedy=remedy)
        return self.why

    def add(self, one: socket.socket) -> None:
        """A socket that belongs to the conversation."""
        with self._lock:
            self._sockets.append(one)
        if self.stopped:
            cut(one)

    def add_line(self, one: Line) -> None:
        """An association that belongs to the conversation, from before it is agreed on."""
        with self._lock:
            self._lines = [*(known for known in self._lines if not known.over), one]
        if self.stopped:
            one.end()

    def wake_the_deaf(self) -> None:
        """Nobody waits on a line that nobody reads any more."""
        with self._lock:
            lines = tuple(self._lines)
        for one in lines:
            if one.deaf:
                one.wake()

    def heard(self, count: int) -> None:
        """Count bytes that came. ArchiveError beyond the budget, or when nobody wants them any more."""
        self._heard_s = time.monotonic()
        self.received += count
        if self.received > self.budget_bytes:
            mib = self.budget_bytes >> 20
            raise self.fail(
                f"The archive sent more than the {mib} MiB allowed",
                "Ask for less at a time; if it was one series, the archive may be at fault",
            )
        if self.stopped:
            raise self.why or ArchiveError("Stopped", where=self.where)
        if self.room is not None:
            try:
                self.room(count)
            except ArchiveError as error:
                self.why = self.why or error
                raise

    def unit(self, count: int) -> None:
        """Count bytes of one DIMSE unit. ArchiveError where a unit, or an instance made of many, never ends."""
        self._unit += count
        self._message += count
        if self._unit > self.limits.pdu_bytes:
            raise self.fail("The archive's units are longer than we allow", "Check that it speaks DICOM at this port")
        if self._message > self.limits.instance_bytes:
            mib = self.limits.instance_bytes >> 20
            raise self.fail(f"The archive sends more than {mib} MiB in one instance", "Retrieve other series")

    def unit_ended(self, message: bool = False) -> None:
        """A unit is complete; message: and with it a message."""
        self._unit = 0
        if message:
            self._message = 0

    def next_series(self, room: Callable[[int], None]) -> None:
        """The budget begins anew. room: asked before bytes are taken; may raise."""
        self.received = self._message = 0
        self.room = room

    def alive(self) -> None:
        """Something happened that is no byte: files are being written, say."""
        self._heard_s = time.monotonic()

    @property
    def quiet_s(self) -> float:
        """How long nothing has come."""
        return time.monotonic() - self._heard_s

    def tell(self, fraction: float, text: str) -> None:
        """What the user sees next."""
        self.fraction, self.text = min(max(fraction, 0.0), 1.0), text

    def hang_up(self) -> None:
        """Cut every line: an answer that was refused half read must not stay open until its rubbish is collected."""
        with self._lock:
            lines, sockets = self._lines, self._sockets
            self._lines, self._sockets = [], []
        for one in sockets:
            cut(one)
        for line in lines:
            line.end()

    def stop(self) -> None:
        """End it now: goodbye if that is quick, then the line is cut."""
        if self.stopped:
            return
        self.stopped = True
        with self._lock:
            lines = tuple(self._lines)
        until_s = time.monotonic() + POLITE_S
        for line in lines:
            line.tell()
        for line in lines:
            line.wait_told(until_s)
        self.hang_up()


def quiet() -> None:
    """Keep the libraries from logging: what they tell are questions and answers, with names of patients in them."""
    for name in ("pynetdicom", "pydicom", "dicomweb_client", "requests", "urllib3", "retrying"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def watched(watch: Watch, report: Reporter, talk: Callable[[], Any], longest_s: float = 0.0) -> Any:
    """Run ``talk()`` and return its result. Cancelled from the reporter and a silence beyond the limit end it at once.

    longest_s: an end whatever is said meanwhile; 0: none. What talk raises is raised, as a typed error; where the
    watch has noted a reason, the reason.
    """
    result: list[Any] = []
    failed: list[BaseException] = []

    def body() -> None:
        try:
            result.append(talk())
        except BaseException as error:  # handed to the caller's thread
            failed.append(error)

    started_s = time.monotonic()
    thread = threading.Thread(target=body, name="archive", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(LOOK_S)
            report(watch.fraction, watch.text)
            watch.wake_the_deaf()
            if watch.why is not None and thread.is_alive():
                raise watch.why  # noted where it could not be raised
            if watch.quiet_s > watch.limits.quiet_s:
                seconds = watch.limits.quiet_s
                raise watch.fail(
                    f"The archive has said nothing for {seconds:g} s",
                    "Try again; if it happens again, its administrator can say what it waits for",
                )
            if longest_s and time.monotonic() - started_s > longest_s:
                raise watch.fail(f"No answer within {longest_s:g} s", "Check address and port, or try again later")
    except BaseException:
        watch.stop()
        raise
    watch.hang_up()
    if watch.why is not None:
        raise watch.why
    if not failed:
        return result[0]
    if isinstance(failed[0], TwinviewerError | Cancelled) or not isinstance(failed[0], Exception):
        raise failed[0]
    # What the libraries raise over a stranger's bytes; its text may hold some of them.
    raise said(failed[0], watch.where) from (failed[0] if os.environ.get("TWINVIEWER_DEBUG") else None)


def cut(one: socket.socket) -> None:
    """Whoever waits on this socket wakes, in whatever thread."""
    with suppress(OSError, ValueError):
        one.shutdown(socket.SHUT_RDWR)
