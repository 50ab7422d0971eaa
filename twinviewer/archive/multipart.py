"""multipart/related (RFC 2046) taken apart as it comes, so that no part has to be held in memory.

requests and urllib3 have no reader for it, and dicomweb-client's holds a part at a time and parses it at once.
"""

from collections.abc import Iterable, Iterator

LONGEST_HEAD = 16384
_PADDING = 256


class MultipartError(ValueError):
    """What came is not multipart, or its parts' heads never end."""


def boundary_of(content_type: str) -> bytes:
    """The boundary that a Content-Type names. MultipartError."""
    kind, *parameters = (one.strip() for one in content_type.split(";"))
    if kind.lower() != "multipart/related":
        raise MultipartError("not multipart/related")
    for one in parameters:
        name, _, value = one.partition("=")
        if name.strip().lower() == "boundary":
            boundary = value.strip().strip('"').encode("latin-1", "replace")
            if 1 <= len(boundary) <= 200:
                return boundary
    raise MultipartError("no boundary")


def parts(pieces: Iterable[bytes], boundary: bytes) -> Iterator[bytes | None]:
    """The bodies of the parts, in pieces of any size; None after each part that ended. MultipartError.

    A body that breaks off is not followed by None.
    """
    mark = b"\r\n--" + boundary
    held = bytearray(b"\r\n")  # so that a boundary in the very first line is one as well
    state = "before"
    for piece in pieces:
        held += piece
        while True:
            if state in ("before", "body"):
                at = held.find(mark)
                if at < 0:
                    safe = max(0, len(held) - len(mark) + 1)
                    if state == "body" and safe:
                        yield bytes(held[:safe])
                    del held[:safe]
                    break
                if state == "body":
                    if at:
                        yield bytes(held[:at])
                    yield None
                del held[: at + len(mark)]
                state = "mark"
            elif state == "mark":
                if held.startswith(b"--"):
                    return
                at = held.find(b"\r\n", 0, _PADDING)
                if at < 0:
                    if len(held) >= _PADDING:
                        raise MultipartError("no line's end after a boundary")
                    break
                del held[:at]  # the line's end stays: a part without any head begins with two
                state = "head"
            else:
                at = held.find(b"\r\n\r\n", 0, LONGEST_HEAD)
                if at < 0:
                    if len(held) >= LONGEST_HEAD:
                        raise MultipartError("a part's head does not end")
                    break
                del held[: at + 4]
                state = "body"
