"""An HTTP session that is watched: every byte counted, no redirect elsewhere, no proxy or password of the environment.

requests and urllib3 do the talking; what they know as extension points is used: a session, an adapter, a connection.
"""

import socket
import ssl
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from twinviewer.archive.failures import said
from twinviewer.archive.node import Node
from twinviewer.archive.trust import trusting
from twinviewer.archive.watch import Watch, quiet
from twinviewer.domain import ArchiveError

CHUNK = 1 << 17
MORE = "additional results"
ROOT = "Check the address: it is the root under which /studies stands"


class WatchedSession(requests.Session):
    """Replies are streamed under a watch; one that is not asked for as a stream is read whole, up to the budget."""

    def __init__(self, node: Node, secret: str, watch: Watch) -> None:
        quiet()
        super().__init__()
        self.watch = watch
        self.has_more = False
        """Whether the last answer said so (PS3.18 8.3.4.4)."""
        self.trust_env = False  # no proxy that would read along, no .netrc
        self.max_redirects = 0
        context = trusting(node) if node.encrypted else None
        self.verify = node.ca_file or True
        self.headers["User-Agent"] = "Twinviewer"
        self.mount("http://", _Adapter(watch, None))
        self.mount("https://", _Adapter(watch, context))
        if node.login == "bearer":
            self.headers["Authorization"] = f"Bearer {usable(secret, node)}"
        elif node.login == "basic":
            self.auth = (node.user.encode(), usable(secret, node).encode())  # type: ignore[assignment]

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where a reply sends us: nowhere. Our question names a patient, and our token opens an archive."""
        if resp.is_redirect:
            resp.close()
            raise self.watch.fail("The archive sends us to another address", "Give that address, if it is trusted")
        return None

    def send(self, request: requests.PreparedRequest, **keywords: Any) -> requests.Response:
        """As requests does, but watched. ArchiveError for what is no DICOMweb answer."""
        streamed = bool(keywords.get("stream"))
        keywords["stream"] = True
        request.headers.pop("Host", None)  # dicomweb-client leaves the port out of it
        request.url = plainly_escaped(request.url or "")
        response = super().send(request, **keywords)
        self.has_more = MORE in response.headers.get("Warning", "").lower()
        try:
            check_status(response.status_code, self.watch.where)
            kind = response.headers.get("Content-Type", "").lower()
            if kind.startswith(("text/html", "application/xhtml")):
                raise ArchiveError("The answer is a web page and not DICOM", where=self.watch.where, remedy=ROOT)
            if not streamed:
                response._content = b"".join(pieces(response, self.watch))
        except BaseException:
            response.close()
            raise
        return response


def plainly_escaped(url: str) -> str:
    """An address that escapes what it must and nothing else (RFC 3986 3.4): wildcards stay, a space is %20.

    dicomweb-client writes as forms do; Orthanc 1.10, for one, finds nothing by what is escaped without need.
    """
    path, mark, query = url.partition("?")
    return f"{path}{mark}{query.replace('%2A', '*').replace('%3F', '?').replace('+', '%20')}"


def pieces(response: requests.Response, watch: Watch) -> Any:
    """The body of a reply, a piece at a time, counted. ArchiveError beyond the budget."""
    for piece in response.iter_content(CHUNK):
        watch.heard(len(piece))
        yield piece


def usable(secret: str, node: Node) -> str:
    """A token or password as it can travel. ArchiveError where there is none."""
    if not secret or not secret.isprintable():
        raise ArchiveError(
            "This archive wants a login, and none is at hand",
            where=node.name,
            remedy="Type the token or password in the archive's settings",
        )
    return secret


def check_status(code: int, where: str) -> None:
    """ArchiveError with what to do, for any status that is no success."""
    if 200 <= code < 300:
        return
    what, remedy = {
        401: ("The archive asks for a login, or does not accept ours", "Check token or password in its settings"),
        403: ("The archive does not allow this to us", "Its administrator can give the right to search and retrieve"),
        404: ("The archive does not know this address", ROOT),
        406: ("The archive cannot send images in the form that we read", "Ask its administrator for application/dicom"),
        413: ("The archive finds the answer too large", "Ask for less at a time"),
        429: ("The archive is asked too often", "Wait a little and try again"),
        503: ("The archive is busy", "Wait a little and try again"),
    }.get(code, (f"The archive answered with status {code}", "Try again; its administrator can see why"))
    raise ArchiveError(what, where=where, remedy=remedy)


def talk_failed(error: Exception, where: str) -> ArchiveError:
    """The typed error for whatever requests, urllib3 or dicomweb-client raised."""
    if isinstance(error, requests.exceptions.JSONDecodeError | ValueError | RecursionError) and not isinstance(
        error, requests.ConnectionError | ssl.SSLError
    ):
        return ArchiveError("The answer is not what DICOMweb says it should be", where=where, remedy=ROOT)
    if isinstance(error, requests.Timeout):
        return said(TimeoutError(), where)
    if isinstance(error, requests.exceptions.ChunkedEncodingError | urllib3.exceptions.ProtocolError):
        return said(ConnectionResetError(104, ""), where)
    return said(error, where)


def connected(host: str, port: int, watch: Watch) -> socket.socket:
    """A connection whose socket the watch knew before it was one. OSError."""
    failed = OSError("no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM):
        one = socket.socket(family, kind, protocol)
        try:
            one.settimeout(watch.limits.connect_s)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            watch.add(one)
            if watch.stopped:  # while the name was looked up, say
                raise ConnectionAbortedError("stopped")
            one.connect(address)
            return one
        except OSError as error:
            one.close()
            failed = error
        if watch.stopped:
            break
    raise failed


class _Encrypted(ssl.SSLSocket):
    watch: Watch

    def do_handshake(self, block: bool = False) -> None:
        self.watch.add(self)  # a peer may be silent already here
        super().do_handshake(block)


class _Adapter(HTTPAdapter):
    """Makes connections whose sockets the watch knows."""

    def __init__(self, watch: Watch, context: ssl.SSLContext | None) -> None:
        self._watch, self._context = watch, context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *arguments: Any, **keywords: Any) -> None:
        if self._context is not None:
            self._context.sslsocket_class = type("_Bound", (_Encrypted,), {"watch": self._watch})
            keywords["ssl_context"] = self._context
        super().init_poolmanager(*arguments, **keywords)
        watch = self._watch

        class Plain(urllib3.connection.HTTPConnection):
            def _new_conn(self) -> Any:
                return connected(self.host, self.port, watch)

        class Encrypted(urllib3.connection.HTTPSConnection):
            def _new_conn(self) -> Any:
                return connected(self.host, self.port, watch)

        class PlainPool(urllib3.HTTPConnectionPool):
            ConnectionCls = Plain  # type: ignore[assignment]

        class EncryptedPool(urllib3.HTTPSConnectionPool):
            ConnectionCls = Encrypted  # type: ignore[assignment]

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}
