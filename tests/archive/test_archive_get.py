"""Retrievals from real servers: the files are the archive's own, private, nameless, and the scan door opens them."""

import os
import ssl
import stat
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from archive_servers import (
    CANARY,
    SCOUT,
    SERIES,
    STUDY,
    certificate,
    dimse_archive,
    dimse_node,
    encoded,
    free_port,
    left_in,
    server_tls,
    web_archive,
)
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage
from pynetdicom import AE, build_context
from threads import lateness_s

from twinviewer.archive import door
from twinviewer.archive.node import Node
from twinviewer.archive.query import SeriesRow
from twinviewer.dicom.read import read
from twinviewer.dicom.scan import scan
from twinviewer.domain import ArchiveError, Cancelled, Volume

BOTH = (SeriesRow(SERIES, STUDY, "CT", instances=6), SeriesRow(SCOUT, STUDY, "CT", instances=1))


@pytest.fixture(params=["dicomweb", "get", "move", "get tls", "move tls"])
def node(request, stored, tmp_path):  # type: ignore[no-untyped-def]
    """The same archive, by every way that images can come."""
    way, _, encrypted = request.param.partition(" ")
    if way == "dicomweb":
        with web_archive(stored) as (url, _):
            yield Node("web", url=url)
        return
    listen = free_port()
    tls, changes = None, {"fetch": way, "listen_port": listen}
    if encrypted:
        public, private = certificate(tmp_path)
        tls = server_tls(public, private)
        changes |= {"tls": True, "ca_file": str(public), "certificate": str(public), "private_key": str(private)}
    knows = {"TWINVIEWER": ("127.0.0.1", listen)}
    sends_with = {}
    if encrypted:
        sending = ssl.create_default_context(cafile=str(public))
        sending.load_cert_chain(public, private)  # we ask who sends to us
        sends_with = {"tls_args": (sending, "127.0.0.1")}
    with dimse_archive(stored, knows=knows, tls=tls, sends_with=sends_with) as port:
        yield dimse_node(port, **changes)


def test_a_series_comes_whole_private_and_nameless(node: Node, stored: list[Dataset], tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    got = door.retrieve(node, BOTH, tmp_path / "in", report=lambda f, t: told.append((f, t)))
    assert (got.instances, got.missing, got.notes) == (7, 0, ())
    files = sorted((tmp_path / "in").rglob("*.dcm"))
    assert len(files) == 7 == len({one.name for one in files})
    for path in (tmp_path / "in").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
        assert STUDY not in path.name and all(c in "0123456789abcdef.dcm" for c in path.name)
    came = {one.SOPInstanceUID: one for one in map(dcmread, files)}
    for sent in stored[:7]:
        assert came[sent.SOPInstanceUID].PixelData == sent.PixelData
        assert (
            came[sent.SOPInstanceUID].PatientName == CANARY
        )  # the images as they are; only names of files say nothing
    assert told[-1][0] == 1.0 and [f for f, _ in told] == sorted(f for f, _ in told)


def test_what_came_goes_through_the_door_of_any_folder(node: Node, tmp_path: Path) -> None:
    got = door.retrieve(node, BOTH[:1], tmp_path / "in")
    (series,) = scan(Path(got.folder))
    volume = read(series)
    assert isinstance(volume, Volume) and volume.data.shape == (1, 6, 64, 64)
    assert np.array_equal(volume.data[0, :, 0, 0], 100 + np.arange(6))
    # rows and columns of 0.8 mm, slices 2 mm apart from the origin on: as written
    assert np.allclose(volume.grid.affine, np.diag([0.8, 0.8, 2.0, 1.0]), atol=1e-6)


def test_a_second_retrieval_replaces_the_first(stored: list[Dataset], tmp_path: Path) -> None:
    with web_archive(stored) as (url, _):
        for _ in range(2):
            door.retrieve(Node("web", url=url), BOTH[:1], tmp_path / "in")
    assert len(list((tmp_path / "in").rglob("*.dcm"))) == 6
    assert len(list((tmp_path / "in").iterdir())) == 1  # nothing half done is left


def test_whom_an_archive_cannot_send_to_is_said(stored: list[Dataset], tmp_path: Path) -> None:
    with dimse_archive(stored) as port, pytest.raises(ArchiveError, match="does not know where to send"):
        door.retrieve(dimse_node(port, fetch="move", listen_port=free_port()), BOTH, tmp_path / "in")


def test_a_taken_port_is_said(stored: list[Dataset], tmp_path: Path) -> None:
    import socket

    with dimse_archive(stored) as port, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ArchiveError, match="cannot listen at"):
            door.retrieve(dimse_node(port, fetch="move", listen_port=other.getsockname()[1]), BOTH, tmp_path / "in")


def test_a_series_that_the_archive_has_not_is_an_error(stored: list[Dataset], tmp_path: Path) -> None:
    with web_archive(stored) as (url, _), dimse_archive(stored) as port:
        for node in (Node("web", url=url), dimse_node(port)):
            with pytest.raises(ArchiveError, match="none of the series"):
                door.retrieve(node, [SeriesRow("1.2.3.4", STUDY, "CT")], tmp_path / "in")
    assert not list((tmp_path / "in").rglob("*"))


def test_missing_instances_are_counted_not_hidden(stored: list[Dataset], tmp_path: Path) -> None:
    def four(handler) -> None:  # type: ignore[no-untyped-def]
        handler.multipart([encoded(one) for one in stored[:4]])

    with web_archive(stored, answer=four) as (url, _):
        got = door.retrieve(Node("web", url=url), BOTH[:1], tmp_path / "in")
    assert (got.instances, got.missing) == (4, 2) and "2 of 6 instances did not come" in got.notes[0]


@pytest.mark.parametrize("way", ["dicomweb", "get"])
def test_cancelling_takes_less_than_a_tenth_of_a_second(way: str, stored: list[Dataset], tmp_path: Path) -> None:
    """However slowly the archive sends, and the archive hears that we have gone."""
    heard: list[str] = []
    asked_s: list[float] = []
    gone = threading.Event()

    def slowly(handler) -> None:  # type: ignore[no-untyped-def]
        try:
            handler.multipart([encoded(one) for one in stored[:6]] * 20, pause_s=0.2)
        except OSError:
            gone.set()

    def slow_get(event):  # type: ignore[no-untyped-def]
        yield 6
        for one in stored[:6]:
            time.sleep(0.5)
            if event.is_cancelled:
                return
            yield 0xFF00, one

    def report(fraction: float, _text: str) -> None:
        if fraction > 0:
            asked_s.append(time.monotonic())
            raise Cancelled

    took_s = []
    with web_archive(stored, answer=slowly) as (url, _), dimse_archive(stored, get=slow_get, heard=heard) as port:
        node = Node("web", url=url) if way == "dicomweb" else dimse_node(port)
        for _ in range(5):  # this machine may be busy with other things; the quickest tells what it takes
            with pytest.raises(Cancelled):
                door.retrieve(node, BOTH[:1], tmp_path / "in", report=report)
            took_s.append(time.monotonic() - asked_s[-1])
        assert min(took_s) < 0.1 + lateness_s()
        until = time.monotonic() + 10.0
        while not (gone.is_set() or "aborted" in heard) and time.monotonic() < until:
            time.sleep(0.01)
        assert gone.is_set() or "aborted" in heard
    assert not left_in(tmp_path / "in")  # nothing half done is left


def test_while_we_listen_only_the_series_is_taken_and_then_nobody_is_heard(
    stored: list[Dataset], tmp_path: Path
) -> None:
    """A stranger on the network stores to our listener while the archive does, and calls again afterwards."""
    listen = free_port()
    said: list[object] = []

    def call(title: str) -> object:
        ae = AE("STRANGER")
        ae.add_requested_context(CTImageStorage)
        ae.acse_timeout = ae.connection_timeout = 2
        line = ae.associate("127.0.0.1", listen, ae_title=title)
        if not line.is_established:
            return "rejected" if line.is_rejected else "nobody"
        status = line.send_c_store(stored[7]).Status
        line.release()
        return status

    def report(_fraction: float, text: str) -> None:
        if "Series 1" in text and not said:
            said.append(call("TWINVIEWER"))
            said.append(call("SOMEBODY"))

    def slowly(event):  # type: ignore[no-untyped-def]
        until = time.monotonic() + 5.0
        while len(said) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        yield "127.0.0.1", listen, {"contexts": [build_context(CTImageStorage)]}
        yield 1
        yield 0xFF00, stored[6]

    with dimse_archive(stored, move=slowly) as port:
        node = dimse_node(port, fetch="move", listen_port=listen)
        got = door.retrieve(node, BOTH[1:], tmp_path / "in", report=report)
    assert said == [0xC000, "rejected"] and call("TWINVIEWER") == "nobody"
    assert got.instances == 1 and "1 files belonged to no such series" in got.notes[0]
    (file,) = (tmp_path / "in").rglob("*.dcm")
    assert dcmread(file).SeriesInstanceUID == SCOUT


def test_what_a_killed_retrieval_left_is_swept_a_day_later(stored: list[Dataset], tmp_path: Path) -> None:
    old, fresh = tmp_path / "in" / ".partial-old", tmp_path / "in" / ".partial-fresh"
    for one in (old, fresh):
        one.mkdir(parents=True)
        (one / "half.dcm").write_bytes(b"x")
    two_days_ago = time.time() - 2 * 86400
    os.utime(old, (two_days_ago, two_days_ago))
    with web_archive(stored) as (url, _):
        door.retrieve(Node("web", url=url), BOTH[1:], tmp_path / "in")
    assert not old.exists() and fresh.exists()  # another window may be at it


STORED_AS = {
    "MR_small_RLE.dcm": "1.2.840.10008.1.2.5",
    "JPEG2000.dcm": "1.2.840.10008.1.2.4.91",
    "SC_rgb_jpeg_dcmtk.dcm": "1.2.840.10008.1.2.4.50",
    "MR_small_jpeg_ls_lossless.dcm": "1.2.840.10008.1.2.4.80",
    "MR_small_bigendian.dcm": "1.2.840.10008.1.2.2",
    "CT_small.dcm": "1.2.840.10008.1.2.1",
}
"""Files of pydicom's own, and their transfer syntaxes."""


@pytest.mark.parametrize("way", ["dicomweb", "get"])
@pytest.mark.parametrize("name", STORED_AS)
def test_images_come_as_they_are_stored(name: str, way: str, tmp_path: Path) -> None:
    """No pixel is decoded or encoded anew on the way: frames and transfer syntax are the archive's."""
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip("not in this pydicom")
    sent = dcmread(path)
    row = SeriesRow(sent.SeriesInstanceUID, sent.StudyInstanceUID, sent.Modality, instances=1)
    with web_archive([sent]) as (url, _), dimse_archive([sent]) as port:
        door.retrieve(Node("web", url=url) if way == "dicomweb" else dimse_node(port), [row], tmp_path / "in")
    (file,) = (tmp_path / "in").rglob("*.dcm")
    came = dcmread(file)
    assert came.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID == STORED_AS[name]
    assert came.PixelData == sent.PixelData
