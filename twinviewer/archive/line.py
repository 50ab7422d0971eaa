"""Sockets under a watch, and associations over them.

pynetdicom takes anything for an SSL context that has ``wrap_socket``; through it every socket of an association,
encrypted or not, becomes one that counts what it receives, never waits for ever, and remembers why it could not
connect. pynetdicom itself reads whatever length a peer announces, and says of a failed connection only that it failed.
"""

import contextlib
import socket
import ssl
from collections.abc import Iterator, Sequence
from typing import Any

from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from twinviewer.archive.failures import said
from twinviewer.archive.node import Node
from twinviewer.archive.parting import Parting, keep_quiet
from twinviewer.archive.trust import listening, trusting
from twinviewer.archive.watch import Watch, quiet
from twinviewer.domain import ArchiveError

GOODBYE_S = 2.0
"""How long a peer may take to agree that we part."""


class _Eye:
    """What a watched socket does besides; mixed into socket and SSLSocket."""

    eye: Watch

    def recv(self, count: int, flags: int = 0) -> bytes:
        data: bytes = super().recv(count, flags)  # type: ignore[misc]
        try:
            self.eye.heard(len(data))
            self.eye.unit(len(data))
        except ArchiveError:
            raise ConnectionAbortedError("stopped") from None  # what pynetdicom knows how to take
        return data

    def settimeout(self, value: float | None) -> None:
        super().settimeout(self.eye.limits.quiet_s if value is None else value)  # type: ignore[misc]

    def connect(self, address: Any) -> None:
        try:
            if self.eye.stopped:
                raise ConnectionAbortedError("stopped")  # while the name was looked up, say
            super().connect(address)  # type: ignore[misc]
        except (OSError, ValueError) as error:
            self.eye.why = self.eye.why or said(error, self.eye.where)
            if isinstance(error, OSError):
                raise
            raise ConnectionAbortedError("stopped") from None


class _Plain(_Eye, socket.socket):
    pass


class _Encrypted(_Eye, ssl.SSLSocket):  # type: ignore[misc]
    def do_handshake(self, block: bool = False) -> None:
        self.eye.add(self)  # a peer may be silent already here
        super().do_handshake(block)


class WatchedContext:
    """Stands where pynetdicom wants an SSL context. context: the real one, None for a line in the clear."""

    def __init__(self, watch: Watch, context: ssl.SSLContext | None) -> None:
        self._watch, self._context = watch, context
        if context is not None:
            context.sslsocket_class = type("_Bound", (_Encrypted,), {"eye": watch})

    def wrap_socket(self, one: socket.socket, server_side: bool = False, server_hostname: str | None = None) -> Any:
        """The same connection as a watched socket."""
        one.settimeout(self._watch.limits.connect_s)
        if self._context is not None:
            # Whoever calls us shakes hands when it is read from, so that a silent caller keeps no other waiting.
            made: Any = self._context.wrap_socket(
                one,
                server_side=server_side,
                server_hostname=server_hostname,
                do_handshake_on_connect=not server_side,
            )
        else:
            made = _Plain(one.family, one.type, one.proto, fileno=one.detach())
            made.eye = self._watch
        if server_side:
            made.settimeout(None)
        self._watch.add(made)
        return made


def entity(node: Node, watch: Watch) -> AE:
    """Us. The watch keeps the time, so that pynetdicom's own clocks stand still but while connecting."""
    quiet()
    keep_quiet()
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False
    _config.STORE_RECV_CHUNKED_DATASET = True  # instances go to the disk as they come
    made = AE(node.calling)
    made.connection_timeout = made.acse_timeout = watch.limits.connect_s
    made.dimse_timeout = made.network_timeout = None
    return made


def watching(watch: Watch) -> list[Any]:
    """Handlers that tell the watch which associations there are, where a unit ends, and where a message does."""

    def called(event: Any) -> None:
        watch.add_line(Parting(event.assoc))

    def unit(_event: Any) -> None:
        watch.unit_ended()

    def message(_event: Any) -> None:
        watch.unit_ended(message=True)

    return [(evt.EVT_CONN_OPEN, called), (evt.EVT_DATA_RECV, unit), (evt.EVT_DIMSE_RECV, message)]


def server_context(node: Node, watch: Watch) -> WatchedContext:
    """For being connected to."""
    return WatchedContext(watch, listening(node) if node.tls else None)


def associate(
    node: Node,
    watch: Watch,
    contexts: Sequence[PresentationContext],
    *,
    roles: Sequence[Any] = (),
    handlers: Sequence[Any] = (),
    tries: int = 2,
) -> Association:
    """An association with the node. ArchiveError, which says who refused what.

    tries: a peer that refuses and hangs up at once may reset the connection before its reason is read; asked again, it
    mostly says it.
    """
    context = WatchedContext(watch, trusting(node) if node.tls else None)
    before = watch.received
    try:
        made = entity(node, watch).associate(
            node.host,
            node.port,
            contexts=list(contexts),
            ae_title=node.called,
            max_pdu=watch.limits.pdu_bytes // 4,
            ext_neg=list(roles),
            tls_args=(context, node.host),  # type: ignore[arg-type]
            evt_handlers=[*watching(watch), *handlers],
        )
    except OSError as error:
        raise (watch.why or said(error, watch.where)) from None
    if made.is_established:
        return made
    if watch.why is None and not watch.stopped and tries > 1 and watch.received > before and _broke_off(made):
        return associate(node, watch, contexts, roles=roles, handlers=handlers, tries=tries - 1)
    raise watch.why or _why_not(made, node, watch)


@contextlib.contextmanager
def line(node: Node, watch: Watch, contexts: Sequence[PresentationContext], **more: Any) -> Iterator[Association]:
    """An association for as long as it goes well; released at its end, aborted where something fails."""
    made = associate(node, watch, contexts, **more)
    try:
        yield made
        made.acse_timeout = GOODBYE_S
        if made.is_alive():  # else nobody would take part in it
            with contextlib.suppress(Exception):
                made.release()
    finally:
        Parting(made).part()


def _broke_off(association: Association) -> bool:
    """Whether it came to no answer at all."""
    return association.acceptor.primitive is None and not association.is_rejected


def _why_not(association: Association, node: Node, watch: Watch) -> ArchiveError:
    """What an association that did not come about says of its end."""
    where = watch.where
    answer = association.acceptor.primitive
    if association.is_rejected and answer is not None:
        source, reason = answer.result_source, answer.diagnostic
        if (source, reason) == (1, 3):
            what = f"The archive does not know our AE title {node.calling}"
            return ArchiveError(what, where=where, remedy="Its administrator must add it, with this machine's address")
        if (source, reason) == (1, 7):
            what = f"The archive does not answer to the AE title {node.called}"
            return ArchiveError(what, where=where, remedy="Ask its administrator for its AE title")
        if source == 3:
            return ArchiveError("The archive is busy", where=where, remedy="Wait a little and try again")
        return ArchiveError(
            "The archive refused us without a reason", where=where, remedy="Check both AE titles with its administrator"
        )
    if answer is not None and answer.result == 0 and not association.accepted_contexts:
        return ArchiveError(
            "The archive does not offer this service to us", where=where, remedy="Ask its administrator for the right"
        )
    if watch.received:
        return ArchiveError(
            "The archive broke off while we introduced ourselves",
            where=where,
            remedy="Check both AE titles, the port and encryption; it may expect TLS, or not",
        )
    return ArchiveError(
        "Somebody took our call and said nothing, or hung up",
        where=where,
        remedy="Check port and encryption; it may expect TLS, or not",
    )
