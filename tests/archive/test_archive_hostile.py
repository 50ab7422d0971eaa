"""Archives that lie, flood, hang or babble: a typed error, soon, and nothing outside the folder."""

import gzip
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from archive_servers import SERIES, STUDY, dimse_archive, dimse_node, encoded, left_in, talking, web_archive
from pydicom.dataset import Dataset

from twinviewer.archive import door
from twinviewer.archive.limits import MIB, Limits
from twinviewer.archive.node import Node
from twinviewer.archive.query import Query, SeriesRow
from twinviewer.domain import ArchiveError

ROW = SeriesRow(SERIES, STUDY, "CT", instances=6)
TIGHT = Limits(answer_bytes=MIB, instances=50, bytes=4 * MIB, instance_bytes=2 * MIB, connect_s=1.0, quiet_s=0.6)
QUERY = Query(patient_id="PID-1")


def _json(text: bytes) -> Callable[..., None]:
    return lambda handler: handler.reply(200, "application/dicom+json", text)


def _endless_json(handler) -> None:  # type: ignore[no-untyped-def]
    handler.send_response(200)
    handler.send_header("Content-Type", "application/dicom+json")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while True:
        handler.chunk(b"[" * 65536)


FOR_EVER_S = 60.0
"""How long those hang who hang; whoever waits for them is seen to."""


def _until_left(one: socket.socket) -> None:
    """Say nothing until the other side has gone."""
    one.settimeout(FOR_EVER_S)
    while one.recv(65536):
        pass


def _hanging(handler) -> None:  # type: ignore[no-untyped-def]
    _until_left(handler.connection)
    handler.close_connection = True


def _elsewhere(handler) -> None:  # type: ignore[no-untyped-def]
    handler.reply(302, "text/plain", b"", Location="http://127.0.0.1:1/dicom-web/studies?PatientID=PID-1")


BOMB = gzip.compress(b" " * (32 * MIB), 1)


def _bomb(handler) -> None:  # type: ignore[no-untyped-def]
    handler.reply(200, "application/dicom+json", BOMB, **{"Content-Encoding": "gzip"})


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (_endless_json, "more than the 1 MiB"),
        (_bomb, "more than the 1 MiB"),
        (_hanging, "said nothing|in time"),
        (_elsewhere, "another address"),
        (_json(b"[" * 100_000), "not what DICOMweb"),
        (_json(b"{]"), "not what DICOMweb"),
        (_json(b'"text"'), "no list"),
        (lambda handler: handler.reply(200, "text/html", b"<html>Please log in"), "a web page"),
        (lambda handler: handler.reply(500, "text/plain", b"trace of CANARY"), "status 500"),
        (lambda handler: handler.wfile.write(b"220 smtp.example ESMTP\r\n"), "understood|broke off"),
    ],
)
def test_a_hostile_web_answer_is_a_typed_error(answer: Callable[..., None], says: str, stored: list[Dataset]) -> None:
    with web_archive(stored, answer=answer) as (url, _):
        started_s = time.monotonic()
        with pytest.raises(ArchiveError, match=says) as refused:
            door.find_studies(Node("web", url=url), QUERY, limits=TIGHT)
        assert time.monotonic() - started_s < FOR_EVER_S / 3
        assert "PID-1" not in str(refused.value) and "CANARY" not in str(refused.value)


def test_entries_that_are_none_are_left_out_and_counted(stored: list[Dataset]) -> None:
    good = (
        '{"0020000D": {"vr": "UI", "Value": ["1.2.3"]}, "00100010": {"Value": [{"Alphabetic": "A\\u202eB^C\\u0000"}]}}'
    )
    bad = ('{"0020000D": {"Value": ["../../etc/passwd"]}}', '{"0020000D": 7}', "{}", "3")
    with web_archive(stored, answer=_json(f"[{good}, {', '.join(bad)}]".encode())) as (url, _):
        found = door.find_studies(Node("web", url=url), QUERY)
    assert [row.uid for row in found.rows] == ["1.2.3"] and found.left_out == 3
    assert found.rows[0].patient_name == "AB, C"  # characters that turn or end the line are gone


def _with_uid(image: Dataset, uid: str) -> bytes:
    import copy

    changed = copy.deepcopy(image)
    changed.file_meta.MediaStorageSOPInstanceUID = changed.SOPInstanceUID = uid
    return encoded(changed)


def test_names_in_uids_go_nowhere(stored: list[Dataset], tmp_path: Path) -> None:
    names = ["../../../etc/cron.d/x", "/absolute/x", "CON", "a\x00b", "x" * 300]

    def answer(handler) -> None:  # type: ignore[no-untyped-def]
        handler.multipart([_with_uid(stored[0], name) for name in names])

    (tmp_path / "in").mkdir()
    with pytest.warns(UserWarning), web_archive(stored, answer=answer) as (url, _):
        got = door.retrieve(Node("web", url=url), [ROW], tmp_path / "in" / "deep")
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert 1 <= got.instances == len(files)
    assert all(one.is_relative_to(tmp_path / "in" / "deep") and len(one.name) == 36 for one in files)


def test_what_is_no_dicom_or_of_another_series_is_not_kept(stored: list[Dataset], tmp_path: Path) -> None:
    def answer(handler) -> None:  # type: ignore[no-untyped-def]
        handler.multipart([encoded(stored[0]), b"MZ\x90 a program", b"", encoded(stored[7])])

    with web_archive(stored, answer=answer) as (url, _):
        got = door.retrieve(Node("web", url=url), [SeriesRow(SERIES, STUDY, "CT")], tmp_path / "in")
    assert got.instances == 1 and "3 files belonged to no such series" in got.notes[0]


def _endless_part(handler) -> None:  # type: ignore[no-untyped-def]
    handler.multipart([], whole=False)
    handler.chunk(b"--b0und-ary\r\nContent-Type: application/dicom\r\n\r\n")
    while True:
        handler.chunk(b"x" * 65536)


def _endless_head(handler) -> None:  # type: ignore[no-untyped-def]
    handler.multipart([], whole=False)
    handler.chunk(b"--b0und-ary\r\n")
    while True:
        handler.chunk(b"X-More: x\r\n" * 1000)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (_endless_part, "MiB in one instance"),
        (_endless_head, "garbled"),
        (lambda handler: handler.multipart([b"x" * MIB] * 6), "more than the 4 MiB|more than 4 MiB"),
        (lambda handler: handler.reply(200, "application/pdf", b"%PDF"), "did not send DICOM"),
        (lambda handler: handler.reply(200, "multipart/related", b"x"), "did not send DICOM"),
        (_hanging, "said nothing|in time"),
    ],
)
def test_a_hostile_retrieval_is_stopped_and_leaves_nothing(
    answer: Callable[..., None], says: str, stored: list[Dataset], tmp_path: Path
) -> None:
    with web_archive(stored, answer=answer) as (url, _), pytest.raises(ArchiveError, match=says):
        door.retrieve(Node("web", url=url), [ROW], tmp_path / "in", limits=TIGHT)
    assert not left_in(tmp_path / "in")


def test_too_many_instances_are_stopped(stored: list[Dataset], tmp_path: Path) -> None:
    def answer(handler) -> None:  # type: ignore[no-untyped-def]
        handler.multipart([_with_uid(stored[0], f"1.2.{i}") for i in range(60)])

    says = "more than 50 instances"
    with web_archive(stored, answer=answer) as (url, _), pytest.raises(ArchiveError, match=says):
        door.retrieve(Node("web", url=url), [ROW], tmp_path / "in", limits=TIGHT)


def test_a_broken_off_body_is_an_error_and_leaves_nothing(stored: list[Dataset], tmp_path: Path) -> None:
    def answer(handler) -> None:  # type: ignore[no-untyped-def]
        handler.multipart([encoded(stored[0])], whole=False)
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)

    with web_archive(stored, answer=answer) as (url, _), pytest.raises(ArchiveError, match="broke off"):
        door.retrieve(Node("web", url=url), [ROW], tmp_path / "in", limits=TIGHT)
    assert not left_in(tmp_path / "in")


# DIMSE -----------------------------------------------------------------------------------------------------------


def _babble(one: socket.socket) -> None:
    one.recv(4096)
    one.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def _claims_much(one: socket.socket) -> None:
    one.recv(65536)
    one.sendall(struct.pack(">BBL", 2, 0, 0xFFFFFFFF))
    while True:
        one.sendall(b"\0" * 65536)


def _stops_within(one: socket.socket) -> None:
    one.recv(65536)
    one.sendall(struct.pack(">BBL", 2, 0, 5000) + b"\0" * 100)
    _until_left(one)


def _silent(one: socket.socket) -> None:
    _until_left(one)


@pytest.mark.parametrize("talk", [_babble, _claims_much, _stops_within, _silent])
def test_a_peer_that_speaks_no_dicom_is_a_typed_error(talk: Callable[[socket.socket], None]) -> None:
    with talking(talk) as port:
        started_s = time.monotonic()
        with pytest.raises(ArchiveError):
            door.knock(dimse_node(port), limits=TIGHT)
        assert time.monotonic() - started_s < FOR_EVER_S / 3


def _row(uid: str) -> Dataset:
    answer = Dataset()
    answer.QueryRetrieveLevel, answer.StudyInstanceUID = "STUDY", uid
    return answer


def test_an_archive_that_finds_without_end_is_told_to_stop_then_cut_off() -> None:
    told: list[int] = []

    def endless(event):  # type: ignore[no-untyped-def]
        for index in range(100_000):
            told.append(index)
            yield 0xFF00, _row(f"1.2.{index}")

    with dimse_archive([], find=endless) as port:
        found = door.find_studies(dimse_node(port), QUERY, limits=Limits(rows=20))
        assert len(found.rows) == 20 and found.more
        before = -1
        while len(told) != before and len(told) < 100_000:  # the server notices when its own queue does
            before = len(told)
            time.sleep(0.5)
        assert len(told) < 100_000


def test_a_flood_in_one_answer_is_stopped() -> None:
    def flood(event):  # type: ignore[no-untyped-def]
        answer = _row("1.2.3")
        answer.StudyDescription = "x"
        answer.add_new(0x00091010, "UN", b"x" * (8 * MIB))
        yield 0xFF00, answer

    with dimse_archive([], find=flood) as port, pytest.raises(ArchiveError, match="more than the 1 MiB"):
        door.find_studies(dimse_node(port), QUERY, limits=TIGHT)


def test_answers_without_a_sound_uid_are_left_out() -> None:
    def odd(event):  # type: ignore[no-untyped-def]
        yield 0xFF00, _row("1.2.3")
        yield 0xFF00, _row("../up")
        nobody = Dataset()
        nobody.PatientID = "PID-1"
        yield 0xFF00, nobody

    with pytest.warns(UserWarning), dimse_archive([], find=odd) as port:
        found = door.find_studies(dimse_node(port), QUERY)
    assert [row.uid for row in found.rows] == ["1.2.3"] and found.left_out == 2


def test_a_search_that_fails_over_there_says_so() -> None:
    def failing(event):  # type: ignore[no-untyped-def]
        yield 0xA700, None

    with dimse_archive([], find=failing) as port, pytest.raises(ArchiveError, match="no room for this search"):
        door.find_studies(dimse_node(port), QUERY)


def test_a_stored_series_of_somebody_else_is_refused(stored: list[Dataset], tmp_path: Path) -> None:
    def other(event):  # type: ignore[no-untyped-def]
        yield 2
        yield 0xFF00, stored[0]
        yield 0xFF00, stored[7]

    with dimse_archive(stored, get=other) as port:
        got = door.retrieve(dimse_node(port), [ROW], tmp_path / "in")
    assert got.instances == 1 and "1 files belonged to no such series" in got.notes[1]
    assert len(list((tmp_path / "in").rglob("*.dcm"))) == 1


def test_a_retrieval_beyond_the_budget_is_stopped(stored: list[Dataset], tmp_path: Path) -> None:
    def flood(event):  # type: ignore[no-untyped-def]
        import copy

        large = copy.deepcopy(stored[0])
        large.add_new(0x00091010, "UN", b"x" * (8 * MIB))
        yield 1
        yield 0xFF00, large

    with dimse_archive(stored, get=flood) as port, pytest.raises(ArchiveError, match="MiB"):
        door.retrieve(dimse_node(port), [ROW], tmp_path / "in", limits=TIGHT)
    assert not left_in(tmp_path / "in")


def test_an_archive_that_falls_silent_while_sending_is_left(stored: list[Dataset], tmp_path: Path) -> None:
    def hanging(event):  # type: ignore[no-untyped-def]
        yield 6
        yield 0xFF00, stored[0]
        until_s = time.monotonic() + FOR_EVER_S
        while event.assoc.dul.is_alive() and time.monotonic() < until_s:
            time.sleep(0.02)
        yield 0xFF00, stored[1]

    with dimse_archive(stored, get=hanging) as port:
        started_s = time.monotonic()
        with pytest.raises(ArchiveError, match="said nothing for 0.6 s"):
            door.retrieve(dimse_node(port), [ROW], tmp_path / "in", limits=TIGHT)
        assert time.monotonic() - started_s < FOR_EVER_S / 3
    assert not left_in(tmp_path / "in")


def test_no_log_tells_who_was_asked_for(stored: list[Dataset], caplog: pytest.LogCaptureFixture) -> None:
    """Logs of the libraries would: addresses with names in them, answers, tracebacks."""
    caplog.set_level(0)
    query = Query(patient_name="CANARY", patient_id="PID-1")
    with web_archive(stored) as (url, _), dimse_archive(stored) as port:
        for node in (Node("web", url=url), dimse_node(port)):
            assert door.find_studies(node, query).rows
            with pytest.raises(ArchiveError) as failed:
                door.find_studies(node, query, limits=Limits(answer_bytes=100))
            assert "CANARY" not in str(failed.value) and failed.value.__cause__ is None
    with pytest.raises(ArchiveError):
        door.find_studies(Node("web", url=url), query)
    assert "CANARY" not in caplog.text and "PID-1" not in caplog.text
