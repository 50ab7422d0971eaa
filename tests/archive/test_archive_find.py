"""Searches against real servers: what is asked for is found, and nothing else."""

import copy

import pytest
from archive_servers import (
    OTHER_STUDY,
    SCOUT,
    SERIES,
    STUDY,
    certificate,
    dimse_archive,
    dimse_node,
    free_port,
    images,
    server_tls,
    web_archive,
)
from pydicom.dataset import Dataset

from twinviewer.archive import door
from twinviewer.archive.limits import Limits
from twinviewer.archive.node import Node
from twinviewer.archive.query import Query
from twinviewer.archive.services import FIND, VERIFY
from twinviewer.domain import ArchiveError


@pytest.fixture(params=["dicomweb", "dimse"])
def node(request, stored):  # type: ignore[no-untyped-def]
    """The same archive, by both protocols."""
    if request.param == "dicomweb":
        with web_archive(stored) as (url, _):
            yield Node("web", url=url)
    else:
        with dimse_archive(stored) as port:
            yield dimse_node(port)


@pytest.mark.parametrize(
    ("query", "studies"),
    [
        (Query(patient_name="canary"), [STUDY]),  # however it is written, and only the start of it
        (Query(patient_name="Canary, Ärchibald"), [STUDY]),  # as people write names, beyond ASCII
        (Query(patient_id="PID-2"), [OTHER_STUDY]),
        (Query(accession="ACC-PID-1"), [STUDY]),
        (Query(date_from="20260101"), [STUDY]),
        (Query(date_to="20251231"), [OTHER_STUDY]),
        (Query(modality="CT"), [STUDY, OTHER_STUDY]),  # newest first
        (Query(modality="MR"), []),
        (Query(patient_name="*", patient_id="PID-9"), []),
    ],
)
def test_studies_are_found_by_what_is_asked(node: Node, query: Query, studies: list[str]) -> None:
    found = door.find_studies(node, query)
    assert [row.uid for row in found.rows] == studies
    assert not found.more and not found.left_out


def test_what_a_study_is_is_shown_as_people_write_it(node: Node) -> None:
    (row,) = door.find_studies(node, Query(study_uid=STUDY)).rows
    assert (row.patient_name, row.patient_id, row.sex) == ("CANARY, Ärchibald", "PID-1", "F")
    assert (row.date, row.modalities, row.series_count, row.instances) == ("20260112", "CT", 2, 7)
    series = door.find_series(node, STUDY).rows
    assert [(one.uid, one.instances) for one in series] == [(SERIES, 6), (SCOUT, 1)]
    assert series[1].description == "Scout"


def test_the_node_answers_when_it_is_knocked_at(node: Node) -> None:
    assert door.knock(node).startswith("Answers in ")


def test_nothing_asked_is_not_everything(node: Node) -> None:
    with pytest.raises(ArchiveError, match="Nothing to search for"):
        door.find_studies(node, Query())


def test_more_than_is_shown_is_said(stored: list[Dataset]) -> None:
    with web_archive(stored) as (url, _), dimse_archive(stored) as port:
        for node in (Node("web", url=url), dimse_node(port)):
            found = door.find_studies(node, Query(modality="CT"), limits=Limits(rows=1))
            assert len(found.rows) == 1 and found.more
            assert found.next_skip == (1 if node.kind == "dicomweb" else 0)  # DIMSE knows no pages


@pytest.mark.parametrize("most", [1000, 2])
def test_page_after_page_gives_everything_once(most: int) -> None:
    """PS3.18 8.3.4.4: offset and limit; an archive that gives fewer than asked says that there are more."""
    many = [_of_study(f"1.2.3.{i}", f"202501{1 + i:02d}") for i in range(11)]
    with web_archive(many, most=most) as (url, asked):
        seen: list[str] = []
        skip, pages = 0, 0
        while pages < 20:
            found = door.find_studies(Node("web", url=url), Query(patient_name="*"), limits=Limits(rows=3), skip=skip)
            seen += [row.uid for row in found.rows]
            pages, skip = pages + 1, found.next_skip
            assert bool(skip) == found.more
            if not skip:
                break
    assert sorted(seen) == sorted(one.StudyInstanceUID for one in many)
    assert pages == len(asked) == (4 if most > 3 else 6)
    with dimse_archive(many) as port, pytest.raises(ArchiveError, match="cannot skip"):
        door.find_studies(dimse_node(port), Query(patient_name="*"), skip=3)


@pytest.mark.parametrize("most", [1000, 2])
def test_a_study_is_listed_with_all_its_series(most: int) -> None:
    """However few the archive gives at a time: what is not listed would not be retrieved either."""
    many = [_of_study("1.2.3", "20250101") for _ in range(7)]
    for number, one in enumerate(many):
        one.SeriesInstanceUID = f"1.2.3.{number}"
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}.1"
    with web_archive(many, most=most) as (url, _), dimse_archive(many) as port:
        for node in (Node("web", url=url), dimse_node(port)):
            found = door.find_series(node, "1.2.3", limits=Limits(rows=3))
            assert len(found.rows) == 7 and not found.more
            few = door.find_series(node, "1.2.3", limits=Limits(series=3))
            assert few.more and len(few.rows) == 3


def _of_study(uid: str, day: str) -> Dataset:
    made = copy.deepcopy(images(1)[0])
    made.StudyInstanceUID, made.SeriesInstanceUID, made.StudyDate = uid, f"{uid}.1", day
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = f"{uid}.1.1"
    return made


def test_an_archive_that_takes_addresses_as_they_stand_is_asked_with_wildcards(stored: list[Dataset]) -> None:
    """It looks for what is escaped as it is written (Orthanc 1.10 does); asked again, we sort out what fits."""
    berg, bergen = copy.deepcopy(stored[7]), copy.deepcopy(stored[0])
    berg.PatientName, bergen.PatientName = "van der Berg^Jan Willem", "van Oldenberg^Derk"

    def literal(handler) -> None:  # type: ignore[no-untyped-def]
        handler.path = handler.path.replace("%", "%25")
        handler.honest()

    for name, patients in (("van der Berg", 1), ("Van der Berg, Jan W", 1), ("van der Bergh", 0), ("van", 2)):
        with web_archive([berg, bergen], answer=literal) as (url, asked):
            found = door.find_studies(Node("web", url=url), Query(patient_name=name))
            assert len(found.rows) == patients, name
            assert len(asked) == (1 if name == "van" else 2)
    with web_archive(stored, answer=literal) as (url, _):
        (row,) = door.find_studies(Node("web", url=url), Query(patient_name="canary, ärch")).rows
        assert row.uid == STUDY


def test_https_is_refused_without_the_authority_and_accepted_with_it(stored, tmp_path) -> None:  # type: ignore[no-untyped-def]
    public, private = certificate(tmp_path)
    with web_archive(stored, tls=server_tls(public, private)) as (url, asked):
        with pytest.raises(ArchiveError, match="certificate is not trusted"):
            door.find_studies(Node("web", url=url), Query(patient_id="PID-1"))
        assert not asked  # no name of a patient went to a stranger
        found = door.find_studies(Node("web", url=url, ca_file=str(public)), Query(patient_id="PID-1"))
        assert [row.uid for row in found.rows] == [STUDY]


def test_a_certificate_for_another_name_is_refused(stored, tmp_path) -> None:  # type: ignore[no-untyped-def]
    public, private = certificate(tmp_path, "archive.example")
    tls = server_tls(public, private)
    with web_archive(stored, tls=tls) as (url, _), pytest.raises(ArchiveError, match="certificate is not trusted"):
        door.knock(Node("web", url=url, ca_file=str(public)))


def test_dimse_over_tls_is_verified_just_so(stored, tmp_path) -> None:  # type: ignore[no-untyped-def]
    public, private = certificate(tmp_path)
    with dimse_archive(stored, tls=server_tls(public, private)) as port:
        with pytest.raises(ArchiveError, match="certificate is not trusted"):
            door.knock(dimse_node(port, tls=True))
        trusted = dimse_node(port, tls=True, ca_file=str(public))
        assert [row.uid for row in door.find_studies(trusted, Query(patient_id="PID-1")).rows] == [STUDY]
        with pytest.raises(ArchiveError, match="TLS|hung up"):
            door.knock(dimse_node(port))


def test_a_token_opens_and_its_absence_does_not(stored: list[Dataset]) -> None:
    with web_archive(stored, token="Bearer s3cret") as (url, _):
        node = Node("web", url=url, login="bearer")
        assert door.find_studies(node, Query(patient_id="PID-1"), "s3cret").rows
        with pytest.raises(ArchiveError, match="login") as refused:
            door.find_studies(node, Query(patient_id="PID-1"), "wr0ng")
        assert "wr0ng" not in str(refused.value)
        with pytest.raises(ArchiveError, match="none is at hand"):
            door.find_studies(node, Query(patient_id="PID-1"))


def test_name_and_password_travel_as_basic_does(stored: list[Dataset]) -> None:
    with web_archive(stored, token="Basic w7xzZXI6cMOkc3M=") as (url, _):  # base64 of "üser:päss" in UTF-8
        node = Node("web", url=url, login="basic", user="üser")
        assert door.find_studies(node, Query(patient_id="PID-1"), "päss").rows


def test_who_does_not_know_whom_is_said(stored: list[Dataset]) -> None:
    with dimse_archive(stored, callers=("SOMEBODY",)) as port:
        with pytest.raises(ArchiveError, match="does not know our AE title TWINVIEWER"):
            door.knock(dimse_node(port))
        with pytest.raises(ArchiveError, match="does not answer to the AE title PACS"):
            door.knock(dimse_node(port, called="PACS", calling="SOMEBODY"))
        assert door.knock(dimse_node(port, calling="SOMEBODY"))


def test_a_closed_port_and_an_unknown_host_are_told_apart() -> None:
    port = free_port()
    for node in (Node("web", url=f"http://127.0.0.1:{port}/dicom-web"), dimse_node(port)):
        with pytest.raises(ArchiveError, match="Nothing listens"):
            door.knock(node)
    with pytest.raises(ArchiveError, match="No machine of this name"):
        door.knock(dimse_node(port, host="archive.invalid"))  # RFC 2606: is never anybody's


def test_services_that_are_not_offered_are_named(stored: list[Dataset]) -> None:
    with dimse_archive(stored, only=(VERIFY,)) as port:
        assert door.knock(dimse_node(port)).endswith("it does not let us search or retrieve")
        with pytest.raises(ArchiveError, match="does not offer this service"):
            door.find_studies(dimse_node(port), Query(patient_id="PID-1"))
    with dimse_archive(stored, only=(FIND,)) as port:
        assert door.knock(dimse_node(port)).endswith("it does not let us retrieve")
