"""No thread outlives what it was for, whatever the other side does: says nothing, stays, or kills the reader."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from archive_servers import (
    SCOUT,
    STUDY,
    certificate,
    dimse_archive,
    dimse_node,
    free_port,
    listening,
    server_tls,
)
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage
from pynetdicom import AE, build_context
from pynetdicom.dimse import DIMSEServiceProvider
from threads import none_outlives, outliving

from twinviewer.archive import door
from twinviewer.archive.limits import Limits
from twinviewer.archive.node import Node
from twinviewer.archive.query import Query, SeriesRow
from twinviewer.domain import ArchiveError, Cancelled

PATIENT = Limits(connect_s=60.0, quiet_s=120.0, test_s=60.0)
"""Whoever waits for one of these instead of being woken is seen to wait."""
SOON_S = 5.0
QUERY = Query(patient_id="PID-1")


def _nodes(port: int) -> dict[str, Node]:
    return {
        "http": Node("web", url=f"http://127.0.0.1:{port}/rs"),
        "https": Node("web", url=f"https://127.0.0.1:{port}/rs"),
        "dimse": dimse_node(port),
        "dimse tls": dimse_node(port, tls=True),
    }


@contextmanager
def _full_house() -> Iterator[int]:
    """A port where a call is never taken: as many wait already as may."""
    with socket.socket() as server, ExitStack() as waiting:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = int(server.getsockname()[1])
        for _ in range(4):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.connect(("127.0.0.1", port))
        time.sleep(0.05)
        yield port


@contextmanager
def _silence() -> Iterator[int]:
    """A port where calls are taken and nothing is said."""
    with listening() as server:
        yield int(server.getsockname()[1])


@pytest.mark.parametrize("where", [_silence, _full_house])
@pytest.mark.parametrize("kind", ["http", "https", "dimse", "dimse tls"])
def test_who_is_not_answered_can_leave_at_once(kind: str, where: Callable[..., Iterator[int]]) -> None:
    """While connecting, shaking hands, being let in or waiting for an answer, all of which may take a minute here."""
    before = set(threading.enumerate())
    asked = 0

    def report(_fraction: float, _text: str) -> None:
        nonlocal asked
        asked += 1
        if asked == 6:
            raise Cancelled

    with where() as port:  # type: ignore[attr-defined]
        with pytest.raises(Cancelled):
            door.find_studies(_nodes(port)[kind], QUERY, report=report, limits=PATIENT)
        assert not outliving(before, SOON_S)  # while the other side is still there


@pytest.mark.parametrize("way", ["find", "get", "move"])
def test_a_reader_that_dies_is_noticed_long_before_the_silence(
    way: str, stored: list[Dataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As pynetdicom's does of some garbled units."""
    listen = free_port()

    def dies(self: DIMSEServiceProvider, _primitive: object) -> None:
        if self.assoc.is_requestor and self.assoc.ae.ae_title == "TWINVIEWER":
            raise TypeError("CANARY^Ärchibald")
        usual(self, _primitive)

    usual = DIMSEServiceProvider.receive_primitive
    monkeypatch.setattr(DIMSEServiceProvider, "receive_primitive", dies)
    started_s = time.monotonic()
    knows = {"TWINVIEWER": ("127.0.0.1", listen)}
    broke_off = pytest.raises(ArchiveError, match="broke off")
    with dimse_archive(stored, knows=knows) as port, none_outlives(SOON_S), broke_off:
        if way == "find":
            door.find_studies(dimse_node(port), QUERY, limits=PATIENT)
        else:
            node = dimse_node(port, fetch=way, listen_port=listen)
            door.retrieve(node, [SeriesRow(SCOUT, STUDY, "CT")], tmp_path / "in", limits=PATIENT)
    assert time.monotonic() - started_s < PATIENT.quiet_s / 4
    assert "CANARY" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("cancelled", [False, True])
@pytest.mark.parametrize("encrypted", [False, True])
def test_callers_who_stay_at_our_listener_are_sent_away(
    encrypted: bool, cancelled: bool, stored: list[Dataset], tmp_path: Path
) -> None:
    """One says nothing, one begins a unit, one is let in and stays: none keeps the archive waiting, or a thread."""
    listen = free_port()
    strangers: list[socket.socket] = []
    stayed: list[object] = []

    def visit() -> None:
        for said in (b"", b"\x01"):
            one = socket.create_connection(("127.0.0.1", listen))
            one.sendall(said)
            strangers.append(one)
        if not encrypted:
            ae = AE("STRANGER")
            ae.add_requested_context(CTImageStorage)
            stayed.append(ae.associate("127.0.0.1", listen, ae_title="TWINVIEWER"))

    def slowly(event):  # type: ignore[no-untyped-def]
        visit()
        if cancelled:
            time.sleep(0.5)
        yield "127.0.0.1", listen, {"contexts": [build_context(CTImageStorage)], **sends_with}
        yield 1
        yield 0xFF00, stored[6]

    def report(_fraction: float, _text: str) -> None:
        if cancelled and len(strangers) == 2 and (encrypted or stayed):
            raise Cancelled

    tls, changes, sends_with = None, {"fetch": "move", "listen_port": listen}, {}
    if encrypted:
        public, private = certificate(tmp_path)
        import ssl

        tls = server_tls(public, private)
        sending = ssl.create_default_context(cafile=str(public))
        sending.load_cert_chain(public, private)
        sends_with = {"tls_args": (sending, "127.0.0.1")}
        changes |= {"tls": True, "ca_file": str(public), "certificate": str(public), "private_key": str(private)}
    row = SeriesRow(SCOUT, STUDY, "CT", instances=1)
    started_s = time.monotonic()
    with dimse_archive(stored, move=slowly, tls=tls) as port:
        before = set(threading.enumerate())
        node = dimse_node(port, **changes)
        if cancelled:
            with pytest.raises(Cancelled):
                door.retrieve(node, [row], tmp_path / "in", report=report, limits=PATIENT)
        else:
            assert door.retrieve(node, [row], tmp_path / "in", limits=PATIENT).instances == 1
        for line in stayed:
            until_s = time.monotonic() + SOON_S
            while line.is_established and time.monotonic() < until_s:  # type: ignore[attr-defined]
                time.sleep(0.01)
            assert line.is_aborted  # type: ignore[attr-defined]
        assert not outliving(before, SOON_S)  # while those who said nothing are still there
        assert time.monotonic() - started_s < PATIENT.connect_s / 2
    for one in strangers:
        one.close()
