"""What is set up stays set up; what would be unsafe is refused; secrets lie apart; and without a node nobody calls."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from twinviewer.archive.node import Node, checked, from_document, objection, to_document
from twinviewer.domain import ArchiveError
from twinviewer.session import archive_nodes


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TWINVIEWER_SETTINGS", str(tmp_path / "config" / "settings.json"))
    monkeypatch.setenv("TWINVIEWER_RETRIEVED", str(tmp_path / "data" / "retrieved"))
    monkeypatch.delenv("TWINVIEWER_ARCHIVE_SECRET", raising=False)


DIMSE = {"kind": "dimse", "host": "pacs.example", "port": 104, "called": "PACS"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "https://pacs.example/dicom-web"}, ""),
        ({"url": "https://[2001:db8::1]:8443/rs"}, ""),
        ({"url": "http://127.0.0.1:8042/dicom-web"}, ""),
        ({"url": "http://localhost/rs"}, ""),
        ({"url": "http://pacs.example/dicom-web"}, "url"),  # a patient's name would travel in the clear
        ({"url": "http://127.0.0.1.evil.example/rs"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "https://me:secret@pacs.example/rs"}, "url"),
        ({"url": "https://pacs.example/rs?x=1"}, "url"),
        ({"url": "https://pacs.example:99999/rs"}, "url"),
        ({"url": "https://pacs.example", "login": "basic"}, "user"),
        ({"url": "https://pacs.example", "ca_file": "/nowhere.pem"}, "ca_file"),
        (DIMSE, ""),
        ({**DIMSE, "host": "pacs example"}, "host"),
        ({**DIMSE, "host": ""}, "host"),
        ({**DIMSE, "port": 0}, "port"),
        ({**DIMSE, "called": "x" * 17}, "called"),
        ({**DIMSE, "calling": "A\\B"}, "calling"),
        ({**DIMSE, "calling": ""}, "calling"),
        ({**DIMSE, "fetch": "move", "listen_port": 70000}, "listen_port"),
        ({**DIMSE, "fetch": "move", "tls": True}, "certificate"),
        ({"name": " ", "url": "https://pacs.example"}, "name"),
        ({"name": "a\nb", "url": "https://pacs.example"}, "name"),
    ],
)
def test_a_node_is_sound_or_says_which_field_is_not(changes: dict[str, object], field: str) -> None:
    node = Node(**{"name": "a", **changes})  # type: ignore[arg-type]
    assert objection(node)[0] == field
    if field:
        with pytest.raises(ArchiveError):
            checked(node)


def test_nodes_come_back_and_what_is_broken_is_left_out() -> None:
    nodes = (Node("web", url="https://a.example"), Node("pacs", "dimse", host="b.example", fetch="move"))
    assert archive_nodes.load_nodes() == ()
    archive_nodes.save_nodes(nodes)
    assert archive_nodes.load_nodes() == nodes
    path = archive_nodes.nodes_path()
    document = json.loads(path.read_text())
    document["nodes"] += [7, {}, {"name": "web"}, {"name": "odd", "port": "high", "kind": "ftp", "shell": "rm"}]
    path.write_text(json.dumps(document))
    assert archive_nodes.load_nodes() == (*nodes, Node("odd"))
    path.write_text("{")
    assert archive_nodes.load_nodes() == ()
    assert from_document(to_document(nodes[1])) == nodes[1]


def test_secrets_lie_apart_and_are_for_their_owner_alone(tmp_path: Path) -> None:
    archive_nodes.save_nodes([Node("web", url="https://a.example", login="bearer")])
    archive_nodes.keep_secret("web", "s3cret")
    assert archive_nodes.kept_secret("web") == "s3cret" and archive_nodes.kept_secret("other") == ""
    assert stat.S_IMODE(archive_nodes.secrets_path().stat().st_mode) == 0o600
    assert "s3cret" not in archive_nodes.nodes_path().read_text()
    archive_nodes.keep_secret("web", "")
    assert not archive_nodes.secrets_path().exists()


def test_the_place_of_images_says_nothing_of_whose_they_are() -> None:
    node = Node("web", url="https://a.example")
    one = archive_nodes.place_for(node, "PID-1", ["1.2.3"])
    assert one.parent == archive_nodes.place_for(node, "PID-1", ["1.2.3", "1.2.4"])
    assert one != archive_nodes.place_for(node, "PID-2", ["1.2.3"])
    assert "PID" not in str(one.relative_to(archive_nodes.retrieved_folder())) and "1.2.3" not in str(one)
    one.mkdir(parents=True)
    (one / "a.dcm").write_bytes(b"x" * 10)
    assert archive_nodes.retrieved_bytes() == 10
    archive_nodes.forget_retrieved()
    assert archive_nodes.retrieved_bytes() == 0


LISTENING = """
import sys
opened = []
def hear(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto"):
        address = arguments[1] if event in ("socket.connect", "socket.bind") else arguments[0]
        if not isinstance(address, (str, bytes)) or event == "socket.getaddrinfo":  # a path: between own processes
            opened.append((event, address))
sys.addaudithook(hear)
from twinviewer.cli import main
codes = [main(["archive", "nodes"]), main(["archive", "find", "--node", "pacs", "--id", "1"]),
         main(["archive", "get", "--node", "pacs", "--study", "1.2"]), main(["archive", "test", "--node", "pacs"])]
from twinviewer.session import archive_jobs, archive_nodes
archive_nodes.save_nodes([archive_nodes.Node("pacs", "dimse", host="127.0.0.1")])
assert archive_nodes.load_nodes()
assert not {"pynetdicom", "requests", "urllib3"} & set(sys.modules)  # urllib3 tries a socket when it is imported
print(codes, opened)
"""


def test_no_socket_is_opened_before_a_node_is_set_up() -> None:
    """Python's own audit hook hears every socket that is connected, bound or looked up."""
    done = subprocess.run([sys.executable, "-c", LISTENING], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[0, 5, 5, 5] []", done.stderr
    assert "No archive is called 'pacs'" in done.stderr


def test_the_hook_does_hear_a_call() -> None:
    """The test above is worth something only if this one passes."""
    call = """
from twinviewer.archive import door
try: door.knock(archive_nodes.load_nodes()[0])
except Exception: pass
"""
    calling = LISTENING.replace("print(codes", f"{call}print(codes")
    done = subprocess.run([sys.executable, "-c", calling], capture_output=True, text=True, timeout=60)
    assert "('socket.connect', ('127.0.0.1', 104))" in done.stdout
