"""An archive that the user has set up: where it is, how it is spoken to, who we are there. No secret is in it."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from twinviewer.domain import ArchiveError

NodeKind = Literal["dicomweb", "dimse"]
Login = Literal["none", "bearer", "basic"]
Fetch = Literal["get", "move"]

_AE_TITLE = re.compile(r"[\x21-\x5b\x5d-\x7e](?:[\x20-\x5b\x5d-\x7e]{0,14}[\x21-\x5b\x5d-\x7e])?")
"""PS3.5, VR AE: 1 to 16 characters, no backslash, no control characters; spaces at the ends do not count."""
_HOST = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z.\-]{0,252})|[0-9A-Fa-f:.]{2,45}")


@dataclass(frozen=True, slots=True)
class Node:
    """One archive.

    name: the user's, unique among nodes. kind: DICOMweb or DIMSE.

    DICOMweb: url is the root under which ``/studies`` stands. login, user: bearer token, or name and password.

    DIMSE: host and port of the archive, its AE title (called) and ours (calling). fetch: C-GET over the association
    that we open, or C-MOVE, where the archive opens one to us: we listen on listen_host and listen_port while series
    are retrieved, and at no other time. tls: encrypt.

    ca_file: certificates to trust in place of the system's. certificate, private_key: ours, where the archive asks.
    """

    name: str
    kind: NodeKind = "dicomweb"
    url: str = ""
    login: Login = "none"
    user: str = ""
    host: str = ""
    port: int = 104
    called: str = "ANY-SCP"
    calling: str = "TWINVIEWER"
    fetch: Fetch = "get"
    listen_host: str = "127.0.0.1"
    listen_port: int = 11112
    tls: bool = False
    ca_file: str = ""
    certificate: str = ""
    private_key: str = ""

    @property
    def place(self) -> str:
        """Where it is, for people: the address without the protocol."""
        if self.kind == "dicomweb":
            return self.url.partition("://")[2].rstrip("/")
        return f"{self.called}@{self.host}:{self.port}"

    @property
    def encrypted(self) -> bool:
        """Whether what is said travels encrypted."""
        return self.url.lower().startswith("https://") if self.kind == "dicomweb" else self.tls

    @property
    def local(self) -> bool:
        """Whether it is on this machine."""
        return is_loopback(urlsplit(self.url).hostname or "" if self.kind == "dicomweb" else self.host)


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own, without asking anybody."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def objection(node: Node) -> tuple[str, str]:
    """What is wrong with a node, as (field, sentence); ("", "") when nothing is. Opens no socket."""
    if not node.name.strip() or len(node.name) > 60 or not node.name.isprintable():
        return "name", "Give it a name of at most 60 characters"
    found = _web_objection(node) if node.kind == "dicomweb" else _dimse_objection(node)
    if found[0]:
        return found
    for field in ("ca_file", "certificate", "private_key"):
        path = getattr(node, field)
        if path and not Path(path).is_file():
            return field, "There is no such file"
    if bool(node.certificate) != bool(node.private_key):
        return "private_key", "Our certificate and its private key go together"
    return "", ""


def checked(node: Node) -> Node:
    """The node itself. ArchiveError when it cannot be spoken to as it stands."""
    field, what = objection(node)
    if field:
        raise ArchiveError(what, where=f"{node.name}: {field}", remedy="Correct the archive's settings")
    return node


def to_document(node: Node) -> dict[str, Any]:
    """As JSON values."""
    return asdict(node)


def from_document(document: object) -> Node | None:
    """A node from JSON values; unknown keys are left out, what is absent or of a wrong type is the default. None: no
    node."""
    if not isinstance(document, Mapping) or not isinstance(document.get("name"), str):
        return None
    hints = get_type_hints(Node)
    known = {one.name for one in fields(Node)}
    return Node(**{k: v for k, v in document.items() if k in known and _fits(v, hints[k])})


def _fits(value: object, hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    return type(value) is hint


def _web_objection(node: Node) -> tuple[str, str]:
    try:
        parts = urlsplit(node.url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "url", "This is not an address"
    if parts.scheme not in ("http", "https") or not host:
        return "url", "The address starts with https:// and a host's name"
    if parts.username or parts.password or parts.query or parts.fragment:
        return "url", "No password, ? or # belongs into the address"
    if parts.scheme == "http" and not is_loopback(host):
        return "url", "Without encryption (http) only this machine itself can be asked; use https"
    if node.login == "basic" and (not node.user or ":" in node.user):
        return "user", "A user's name is needed, without a colon"
    return "", ""


def _dimse_objection(node: Node) -> tuple[str, str]:
    if not _HOST.fullmatch(node.host):
        return "host", "Give the archive's host name or address"
    for field in ("port", "listen_port"):
        if not 1 <= getattr(node, field) <= 65535:
            return field, "A port is a number from 1 to 65535"
    for field in ("called", "calling"):
        if not _AE_TITLE.fullmatch(getattr(node, field)):
            return field, "An AE title has 1 to 16 plain characters"
    if node.fetch == "move" and not _HOST.fullmatch(node.listen_host):
        return "listen_host", "Give an address of this machine"
    if node.fetch == "move" and node.tls and not node.certificate:
        return "certificate", "To be sent images encrypted we need a certificate of our own"
    return "", ""
