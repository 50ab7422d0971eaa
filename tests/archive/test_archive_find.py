"""Searches against real servers: what is asked for is found, and nothing else."""

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
    server_tls,
    web_archive,
)
from pydicom.dataset import Dataset

from twinviewer.archive import door
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
    from twinviewer.archive.limits import Limits

    with web_archive(stored) as (url, _), dimse_archive(stored) as port:
        for node in (Node("web", url=url), dimse_node(port)):
            found = door.find_studies(node, Query(modality="CT"), limits=Limits(rows=1))
            assert len(found.rows) == 1 and found.more


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
