"""Orthanc, an archive that hospitals run: stored to, searched, and retrieved from in every way. Skipped without it."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from archive_servers import OTHER_STUDY, SCOUT, SERIES, STUDY, encoded, free_port, images
from pydicom import dcmread
from pydicom.data import get_testdata_file

from twinviewer.archive import door
from twinviewer.archive.limits import Limits
from twinviewer.archive.node import Node
from twinviewer.archive.query import Query, SeriesRow
from twinviewer.domain import ArchiveError

ORTHANC = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin:/usr/local/sbin")
PLUGIN = next(
    (p for p in Path("/usr").glob("*/orthanc/plugins/libOrthancDicomWeb.so")),
    next((p for p in Path("/usr").glob("**/libOrthancDicomWeb.so*")), None) if ORTHANC else None,
)
pytestmark = pytest.mark.skipif(
    ORTHANC is None or PLUGIN is None, reason="Orthanc is not installed (apt install orthanc orthanc-dicomweb)"
)


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Node]]:
    """Nodes of a fresh Orthanc that knows us, by the way that images come."""
    place = tmp_path_factory.mktemp("orthanc")
    http, dimse, ours = free_port(), free_port(), free_port()
    settings = {
        "Name": "test", "StorageDirectory": str(place / "db"), "IndexDirectory": str(place / "db"),
        "Plugins": [str(PLUGIN)], "HttpPort": http, "DicomPort": dimse, "DicomAet": "ORTHANC",
        "RemoteAccessAllowed": False, "AuthenticationEnabled": True, "RegisteredUsers": {"us": "s3cret"},
        "DicomModalities": {"us": {"AET": "TWINVIEWER", "Host": "127.0.0.1", "Port": ours, "AllowGet": True}},
        "DicomCheckCalledAet": True, "DicomAlwaysAllowGet": True, "DicomAlwaysAllowFind": True,
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }  # fmt: skip
    (place / "settings.json").write_text(json.dumps(settings))
    with (place / "log").open("wb") as log:
        process = subprocess.Popen([str(ORTHANC), str(place / "settings.json")], stdout=log, stderr=log, cwd=place)
    root = f"http://127.0.0.1:{http}"
    try:
        for _ in range(200):
            try:
                requests.get(f"{root}/system", timeout=1, auth=("us", "s3cret")).raise_for_status()
                break
            except requests.RequestException:
                time.sleep(0.1)
        else:
            pytest.fail((place / "log").read_text()[-2000:])
        for one in images():
            requests.post(f"{root}/instances", data=encoded(one), timeout=5, auth=("us", "s3cret")).raise_for_status()
        web = Node("web", url=f"{root}/dicom-web", login="basic", user="us")
        get = Node("get", "dimse", host="127.0.0.1", port=dimse, called="ORTHANC", listen_port=ours)
        yield {"web": web, "get": get, "move": Node(**{**_fields(get), "name": "move", "fetch": "move"})}
    finally:
        process.terminate()
        process.wait(10)


def _fields(node: Node) -> dict[str, object]:
    from twinviewer.archive.node import to_document

    return to_document(node)


@pytest.mark.parametrize("way", ["web", "get", "move"])
def test_orthanc_is_searched_and_retrieved_from(way: str, orthanc: dict[str, Node], tmp_path: Path) -> None:
    node, secret = orthanc[way], "s3cret" if way == "web" else ""
    assert door.knock(node, secret).startswith("Answers in")
    assert {row.uid for row in door.find_studies(node, Query(modality="CT"), secret).rows} == {STUDY, OTHER_STUDY}
    (row,) = door.find_studies(node, Query(patient_name="CANARY"), secret).rows
    assert (row.patient_name, row.date, row.series_count, row.instances) == ("CANARY, Ärchibald", "20260112", 2, 7)
    series = door.find_series(node, STUDY, secret).rows
    assert {(one.uid, one.instances) for one in series} == {(SERIES, 6), (SCOUT, 1)}
    got = door.retrieve(node, series, tmp_path, secret)
    assert (got.instances, got.missing, got.notes) == (7, 0, ())
    came = {one.SOPInstanceUID: one for one in map(dcmread, tmp_path.rglob("*.dcm"))}
    for sent in images()[:7]:
        assert came[sent.SOPInstanceUID].PixelData == sent.PixelData


def test_orthanc_refuses_who_it_does_not_know(orthanc: dict[str, Node], tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="login"):
        door.knock(orthanc["web"], "wrong")
    stranger = Node(**{**_fields(orthanc["get"]), "calling": "STRANGER", "fetch": "move"})
    with pytest.raises(ArchiveError):
        door.retrieve(stranger, [SeriesRow(SCOUT, STUDY, "CT")], tmp_path)
    with pytest.raises(ArchiveError, match="does not answer to the AE title"):
        door.knock(Node(**{**_fields(orthanc["get"]), "called": "NOBODY"}))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("way", ["web", "get"])
@pytest.mark.parametrize("name", ["Canary, Ärch", "CANARY^*", "*Ärchibald"])
def test_orthanc_finds_names_with_carets_and_accents(way: str, name: str, orthanc: dict[str, Node]) -> None:
    """Escaped in an address it finds nobody by them (1.10); it is asked again with wildcards."""
    found = door.find_studies(orthanc[way], Query(patient_name=name), "s3cret" if way == "web" else "")
    assert [row.uid for row in found.rows] == [STUDY]


def test_orthanc_gives_page_after_page(orthanc: dict[str, Node]) -> None:
    first = door.find_studies(orthanc["web"], Query(patient_name="*"), "s3cret", limits=Limits(rows=1))
    assert first.more and first.next_skip == 1
    rest = door.find_studies(orthanc["web"], Query(patient_name="*"), "s3cret", skip=1)
    assert not rest.more and first.rows[0].uid not in {row.uid for row in rest.rows}
    assert {STUDY, OTHER_STUDY} <= {row.uid for row in (*first.rows, *rest.rows)}


@pytest.mark.parametrize("name", ["JPEG2000.dcm", "MR_small_RLE.dcm", "SC_rgb_jpeg_dcmtk.dcm"])
def test_orthanc_sends_what_it_stores(name: str, orthanc: dict[str, Node], tmp_path: Path) -> None:
    """Every transfer syntax is offered to it alone, so nothing is decoded to suit us."""
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip("not in this pydicom")
    root = orthanc["web"].url.removesuffix("/dicom-web")
    requests.post(f"{root}/instances", data=Path(path).read_bytes(), timeout=5, auth=("us", "s3cret"))
    sent = dcmread(path)
    for way, node in orthanc.items():
        row = SeriesRow(sent.SeriesInstanceUID, sent.StudyInstanceUID, sent.Modality, instances=1)
        door.retrieve(node, [row], tmp_path / way, "s3cret" if way == "web" else "")
        (file,) = (tmp_path / way).rglob("*.dcm")
        came = dcmread(file)
        assert came.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID, way
        assert came.PixelData == sent.PixelData
