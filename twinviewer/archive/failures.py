"""What went wrong on the network, in words that say what to do. No text of an exception is passed on: it may hold an
address with a patient's name in it."""

import errno
import socket
import ssl
from collections.abc import Iterator

from twinviewer.domain import ArchiveError

UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN)
RESET = (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED)
CERTIFICATE = "The archive's certificate is not trusted"
NO_TLS = "The archive does not speak TLS here, or none of our versions of it"


def said(error: BaseException, where: str) -> ArchiveError:
    """The typed error for whatever the network raised, its causes included."""
    for one in _causes(error):
        if isinstance(one, ArchiveError):
            return one
        known = _known(one)
        if known is not None:
            return ArchiveError(known[0], where=where, remedy=known[1])
    return ArchiveError(
        f"The archive could not be understood: {type(error).__name__}",
        where=where,
        remedy="Check that address and kind of the archive are right",
    )


def _known(error: BaseException) -> tuple[str, str] | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = str(getattr(error, "verify_message", "")) or "it could not be verified"
        return f"{CERTIFICATE}: {why.rstrip('.')}", (
            "If it is the hospital's own, give the file of its certificate authority in the archive's settings"
        )
    if isinstance(error, ssl.SSLError):
        reason = str(error.reason or "")
        if "CERTIFICATE_REQUIRED" in reason or "HANDSHAKE_FAILURE" in reason or "BAD_CERTIFICATE" in reason:
            return "The archive asks for a certificate of ours", "Give our certificate and key in its settings"
        return NO_TLS, "Check the port, and whether the archive expects encryption there"
    if isinstance(error, socket.gaierror):
        return "No machine of this name is known", "Check the spelling of the host, and the network"
    if isinstance(error, ConnectionRefusedError):
        return "Nothing listens at this address and port", "Check both; is the archive running?"
    if isinstance(error, TimeoutError):
        return "The archive did not answer in time", "Check address and port; a firewall may be in between"
    if isinstance(error, OSError) and error.errno in UNREACHABLE:
        return "The archive's network cannot be reached from here", "Check the network, or the hospital's VPN"
    if isinstance(error, OSError) and error.errno in RESET:
        return "The archive broke off the connection", "Try again; it may not let this machine in"
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full", "Make room and try again"
    if isinstance(error, MemoryError):
        return "The archive's answer does not fit into memory", "Ask for less at a time"
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from; requests and urllib3 hide the reason in their arguments."""
    waiting, seen = [error], 0
    while waiting and seen < 32:
        one = waiting.pop(0)
        seen += 1
        yield one
        for other in (one.__cause__, one.__context__, getattr(one, "reason", None), *getattr(one, "args", ())):
            if isinstance(other, BaseException):
                waiting.append(other)
