"""What an archive says, cut up and garbled: always a typed error or an answer, and soon."""

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import pytest
from archive_servers import dimse_archive, dimse_node, listening, talking, web_archive
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from twinviewer.archive import door
from twinviewer.archive.limits import Limits
from twinviewer.archive.multipart import MultipartError, parts
from twinviewer.archive.node import Node
from twinviewer.archive.query import Found, Query
from twinviewer.domain import ArchiveError

MUTANTS = 12
SHORT = Limits(connect_s=0.3, quiet_s=0.3)
QUERY = Query(patient_id="PID-1")


@given(st.lists(st.binary(max_size=60), max_size=5), st.integers(1, 40), st.binary(max_size=20))
@settings(max_examples=200, deadline=None)
def test_bodies_come_whole_however_they_are_cut(bodies: list[bytes], cut: int, prologue: bytes) -> None:
    """RFC 2046 5.1.1: what stands between the boundaries, and nothing of prologue, heads or epilogue."""
    bodies = [body for body in bodies if b"\r\n--BOUND" not in body + b"\r\n"]
    text = prologue.replace(b"-", b"+")
    for body in bodies:
        text += b"\r\n--BOUND \r\nContent-Type: application/dicom\r\n\r\n" + body
    text += b"\r\n--BOUND--\r\nafter --BOUND"
    pieces = [text[i : i + cut] for i in range(0, len(text), cut)]
    found: list[bytes] = []
    held = b""
    for piece in parts(pieces, b"BOUND"):
        if piece is None:
            found.append(held)
            held = b""
        else:
            held += piece
    assert found == bodies and not held


@given(st.lists(st.binary(max_size=200), max_size=20))
@settings(max_examples=200, deadline=None)
def test_noise_is_no_multipart_or_nothing(pieces: list[bytes]) -> None:
    with suppress(MultipartError):
        for _ in parts(pieces, b"x"):
            pass


@contextmanager
def _recorded(port: int) -> Iterator[tuple[int, bytearray]]:
    """A go-between to a port of loopback that notes all that the server says."""
    said = bytearray()
    with listening() as server:

        def carry(source: socket.socket, target: socket.socket, note: bytearray | None) -> None:
            with suppress(OSError):
                while data := source.recv(65536):
                    if note is not None:
                        note.extend(data)
                    target.sendall(data)
            with suppress(OSError):
                target.shutdown(socket.SHUT_WR)

        def serve() -> None:
            with suppress(OSError):
                one, _ = server.accept()
                other = socket.create_connection(("127.0.0.1", port))
                threading.Thread(target=carry, args=(one, other, None), daemon=True).start()
                carry(other, one, said)

        threading.Thread(target=serve, daemon=True).start()
        yield int(server.getsockname()[1]), said


def _saying(text: bytes) -> AbstractContextManager[int]:
    """Port of a server that says the same to everybody, whatever it is asked."""

    def talk(one: socket.socket) -> None:
        one.recv(65536)
        one.sendall(text)
        one.settimeout(2.0)
        while one.recv(65536):
            pass

    return talking(talk)


def _mutants(text: bytes, count: int) -> Iterator[bytes]:
    dice = random.Random(8)
    for _ in range(count):
        made = bytearray(text)
        for _ in range(dice.randint(1, 6)):
            at = dice.randrange(len(made))
            kind = dice.randrange(4)
            if kind == 0:
                made[at] = dice.randrange(256)
            elif kind == 1:
                del made[at : at + dice.randint(1, 40)]
            elif kind == 2:
                made[at:at] = dice.randbytes(dice.randint(1, 40))
            else:
                made[at : at + 4] = b"\xff\xff\xff\xff"
            if not made:
                break
        yield bytes(made)


@pytest.mark.parametrize("kind", ["dimse", "dicomweb"])
def test_garbled_answers_are_typed_errors_or_answers(kind: str, stored: list[Dataset]) -> None:
    node_at: Callable[[int], Node] = (
        dimse_node if kind == "dimse" else lambda port: Node("web", url=f"http://127.0.0.1:{port}/dicom-web")
    )
    with web_archive(stored) as (url, _), dimse_archive(stored) as dimse:
        port = dimse if kind == "dimse" else int(url.split(":")[2].split("/")[0])
        with _recorded(port) as (between, said):
            assert door.find_studies(node_at(between), QUERY).rows
    assert len(said) > 200
    worst_s = 0.0
    ended = {Found: 0, ArchiveError: 0}
    for text in _mutants(bytes(said), MUTANTS):
        with _saying(text) as at:
            started_s = time.monotonic()
            try:
                ended[type(door.find_studies(node_at(at), QUERY, limits=SHORT))] += 1
            except ArchiveError:
                ended[ArchiveError] += 1
            worst_s = max(worst_s, time.monotonic() - started_s)
    assert sum(ended.values()) == MUTANTS and ended[ArchiveError] > 0
    assert worst_s < 20.0  # each is given 0.3 s to connect and 0.3 s of silence, on a machine that may be busy
