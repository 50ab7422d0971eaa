"""How an association ends, whatever state it is in: the peer is told if that is possible at once, and none of its
threads waits any longer.

pynetdicom runs two threads an association, one of which reads the socket; whoever asks waits in a third for what that
one has read. Where the reader dies of a garbled unit, nobody tells the others.
"""

import threading
import time
from contextlib import suppress

from pynetdicom.association import Association
from pynetdicom.dul import DULServiceProvider
from pynetdicom.fsm import TRANSITION_TABLE

from twinviewer.archive.watch import POLITE_S, cut

ABORT = "Evt15"
TOLD = ("Sta1", "Sta13")
"""States after an A-ABORT has gone out (PS3.8 9.2.2)."""
LAST_S = 1.0


class Parting:
    """The end of one association, ours or a caller's."""

    def __init__(self, association: Association) -> None:
        self._association = association

    @property
    def over(self) -> bool:
        """Whether both its threads have ended."""
        return self.deaf and not self._association.is_alive()

    @property
    def deaf(self) -> bool:
        """Whether nobody reads its socket any more, so that nothing will come."""
        reader = self._association.dul
        return reader.ident is not None and not reader.is_alive()

    def tell(self) -> None:
        """Put an A-ABORT on its way, where its state has room for one."""
        with suppress(Exception):
            if (ABORT, self._association.dul.state_machine.current_state) in TRANSITION_TABLE:
                self._association.abort(block=False)

    def wait_told(self, until_s: float) -> None:
        """Until the A-ABORT has gone out, or the monotonic clock says until_s."""
        dul = self._association.dul
        while dul.is_alive() and dul.state_machine.current_state not in TOLD and time.monotonic() < until_s:
            time.sleep(0.001)

    def wake(self) -> None:
        """Whoever waits for a message, or to be let in or go, stops waiting."""
        messages, answers = self._association.dimse.msg_queue, self._association.dul.to_user_queue
        if messages.empty():  # else there is something to be heard first
            messages.put((None, None))
        if answers.empty():
            answers.put(None)  # type: ignore[arg-type]

    def end(self) -> None:
        """Cut its line and end its threads. Does not wait for them."""
        association = self._association
        if self.over:
            self.wake()
            return
        association.dul.kill_dul()
        line = association.dul.socket
        if line is not None and line.socket is not None:
            cut(line.socket)
        threading.Thread(target=self._ended, name="archive parting", daemon=True).start()

    def _ended(self) -> None:
        """Wake everybody, last of all when nobody is left who takes away what another waits for."""
        self.wake()
        self._association.kill()  # waits for the reader, which the cut has woken
        if self._association.is_alive():
            self._association.join(LAST_S)
        self.wake()

    def part(self) -> None:
        """All of it, for whoever has the time: tell the peer, end it, and see its threads go."""
        self.tell()
        self.wait_told(time.monotonic() + POLITE_S)
        self.end()
        until_s = time.monotonic() + LAST_S
        while not self.over and time.monotonic() < until_s:
            time.sleep(0.001)


def keep_quiet() -> None:
    """A reader that dies says nothing on the terminal: what it died of may hold what it has read."""
    usual = threading.excepthook
    if getattr(usual, "keeps_quiet", False):
        return

    def hook(what: threading.ExceptHookArgs) -> None:
        if not isinstance(what.thread, DULServiceProvider | Association):
            usual(what)

    hook.keeps_quiet = True  # type: ignore[attr-defined]
    threading.excepthook = hook
