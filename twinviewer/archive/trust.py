"""TLS as it is always spoken here: the peer's certificate and name are verified, never less."""

import ssl

from twinviewer.archive.node import Node
from twinviewer.domain import ArchiveError


def trusting(node: Node) -> ssl.SSLContext:
    """A context for asking: the system's authorities, or those of the node's own file and no others. ArchiveError."""
    try:
        context = ssl.create_default_context(cafile=node.ca_file or None)
    except (ssl.SSLError, OSError):
        raise ArchiveError(
            "The file of trusted certificates cannot be read",
            where=node.name,
            remedy="It must hold certificates in PEM form (-----BEGIN CERTIFICATE-----)",
        ) from None
    _show(context, node)
    return context


def listening(node: Node) -> ssl.SSLContext:
    """A context for being sent images encrypted: our certificate is shown, and the archive's is asked for and verified
    where the node names authorities. ArchiveError."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=node.ca_file or None)
    if node.ca_file:
        context.verify_mode = ssl.CERT_REQUIRED
    _show(context, node)
    return context


def _show(context: ssl.SSLContext, node: Node) -> None:
    if not node.certificate:
        return
    try:
        context.load_cert_chain(node.certificate, node.private_key, password="")  # "": never ask on the terminal
    except (ssl.SSLError, OSError, ValueError):
        raise ArchiveError(
            "Our certificate or its key cannot be read",
            where=node.name,
            remedy="Both must be in PEM form, belong together, and the key must not be protected by a password",
        ) from None
