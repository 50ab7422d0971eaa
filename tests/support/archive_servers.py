"""Real archives on loopback for tests: DIMSE and DICOMweb over the same few images, well behaved or hostile."""

import datetime
import fnmatch
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE, AllStoragePresentationContexts, evt

from twinviewer.archive.node import Node
from twinviewer.archive.services import FIND, GET, MOVE, SYNTAXES, VERIFY

STUDY, OTHER_STUDY = "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.2"
SERIES, SCOUT = f"{STUDY}.1", f"{STUDY}.2"
CANARY = "CANARY^Ärchibald"


def images(count: int = 6, edge: int = 64) -> list[Dataset]:
    """Two studies of two people: a CT of `count` slices with a scout, and another's single slice. Voxels tell which."""
    made = [_slice(STUDY, SERIES, 1, i, CANARY, "PID-1", "20260112", edge) for i in range(count)]
    made.append(_slice(STUDY, SCOUT, 2, 0, CANARY, "PID-1", "20260112", edge))
    made.append(_slice(OTHER_STUDY, f"{OTHER_STUDY}.1", 1, 0, "Other^Olga", "PID-2", "20251201", edge))
    return made


def encoded(image: Dataset) -> bytes:
    """As a DICOM file."""
    buffer = BytesIO()
    image.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _slice(study: str, series: str, number: int, index: int, name: str, pid: str, date: str, edge: int) -> Dataset:
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID = CTImageStorage
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID = f"{series}.{index + 1}"
    image.SpecificCharacterSet = "ISO_IR 192"
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, series, f"{study}.9"
    image.PatientName, image.PatientID, image.PatientSex, image.PatientBirthDate = name, pid, "F", "19600101"
    image.StudyDate = image.SeriesDate = date
    image.StudyTime, image.AccessionNumber, image.StudyID = "101500", f"ACC-{pid}", "1"
    image.StudyDescription, image.SeriesDescription = "Heart CT", "Scout" if number == 2 else "Axial"
    image.Modality, image.SeriesNumber, image.InstanceNumber = "CT", number, index + 1
    image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    image.ImagePositionPatient, image.ImageOrientationPatient = [0, 0, 2.0 * index], [1, 0, 0, 0, 1, 0]
    image.PixelSpacing, image.SliceThickness = [0.8, 0.8], 2.0
    image.Rows = image.Columns = edge
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit, image.PixelRepresentation = 15, 1
    image.RescaleIntercept, image.RescaleSlope = 0, 1
    image.PixelData = np.full((edge, edge), 100 + index, np.int16).tobytes()
    return image


def free_port() -> int:
    """A port of loopback that nobody had a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def listening() -> Iterator[socket.socket]:
    """A socket of loopback that takes callers; at the end whoever waits for one wakes (closing alone wakes nobody)."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        try:
            yield server
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)


@contextmanager
def talking(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Port of a server that takes one caller after the other and does with each what it likes."""
    with listening() as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    one, _ = server.accept()
                    with one, suppress(OSError):
                        talk(one)

        threading.Thread(target=serve, daemon=True).start()
        yield int(server.getsockname()[1])


def left_in(folder: Path, longest_s: float = 5.0) -> list[Path]:
    """What is in a folder, once it is empty or after longest_s: what was stopped is removed in its own time."""
    until_s = time.monotonic() + longest_s
    while (left := list(folder.rglob("*"))) and time.monotonic() < until_s:
        time.sleep(0.01)
    return left


def dimse_node(port: int, **changes: object) -> Node:
    """An archive that speaks DIMSE at a port of loopback."""
    known = {"name": "pacs", "kind": "dimse", "host": "127.0.0.1", "port": port, "called": "ARCHIVE"}
    return Node(**{**known, **changes})  # type: ignore[arg-type]


# DIMSE -----------------------------------------------------------------------------------------------------------


@contextmanager
def dimse_archive(
    stored: list[Dataset],
    *,
    title: str = "ARCHIVE",
    knows: dict[str, tuple[str, int]] | None = None,
    sends_with: dict[str, Any] | None = None,
    tls: ssl.SSLContext | None = None,
    find: Callable[[Any], Iterator[Any]] | None = None,
    get: Callable[[Any], Iterator[Any]] | None = None,
    move: Callable[[Any], Iterator[Any]] | None = None,
    only: tuple[str, ...] = (),
    callers: tuple[str, ...] = (),
    heard: list[str] | None = None,
) -> Iterator[int]:
    """An archive at a port of loopback. knows: where it sends to by C-MOVE, sends_with: and how. find, get, move:
    handlers in place of the honest ones. only: services; callers: AE titles that are let in. heard: what happened."""
    ae = AE(title)
    ae.require_called_aet = True
    ae.require_calling_aet = list(callers)
    for one in (VERIFY, FIND, GET, MOVE):
        if not only or one in only:
            ae.add_supported_context(one)
    for context in AllStoragePresentationContexts:
        ae.add_supported_context(str(context.abstract_syntax), list(SYNTAXES), scu_role=False, scp_role=True)

    told = heard if heard is not None else []

    def matching(event: Any) -> list[Dataset]:
        return [one for one in stored if _matches(one, event.identifier)]

    def on_find(event: Any) -> Iterator[Any]:
        told.append(f"find {event.identifier.QueryRetrieveLevel}")
        for answer in _answers(stored, event.identifier):
            yield 0xFF00, answer

    def on_get(event: Any) -> Iterator[Any]:
        told.append("get")
        found = matching(event)
        yield len(found)
        for one in found:
            yield 0xFF00, one

    def on_move(event: Any) -> Iterator[Any]:
        told.append("move")
        address = (knows or {}).get(event.move_destination)
        if address is None:
            yield None, None
            return
        contexts = [one for one in AllStoragePresentationContexts if one.abstract_syntax == CTImageStorage]
        yield *address, {"contexts": contexts, **(sends_with or {})}
        found = matching(event)
        yield len(found)
        for one in found:
            yield 0xFF00, one

    handlers = [
        (evt.EVT_C_FIND, find or on_find),
        (evt.EVT_C_GET, get or on_get),
        (evt.EVT_C_MOVE, move or on_move),
        (evt.EVT_ABORTED, lambda event: told.append("aborted")),
        (evt.EVT_CONN_OPEN, lambda event: told.append("connected")),
    ]
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers, ssl_context=tls)
    assert server is not None and server.socket is not None
    try:
        yield int(server.socket.getsockname()[1])
    finally:
        for one in server.active_associations:
            one.abort(block=False)
        server.shutdown()


def _matches(one: Dataset, asked: Dataset) -> bool:
    for element in asked:
        key, wanted = element.keyword, str(element.value or "")
        if key in ("SpecificCharacterSet", "QueryRetrieveLevel") or not wanted:
            continue
        value = str(one.get("Modality" if key == "ModalitiesInStudy" else key, ""))
        if key == "StudyDate" and "-" in wanted:
            first, last = wanted.split("-")
            if not (first or "0") <= value <= (last or "9"):
                return False
        elif not fnmatch.fnmatchcase(value.lower(), wanted.lower()):
            return False
    return True


def _answers(stored: list[Dataset], asked: Dataset) -> list[Dataset]:
    level = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}[
        asked.QueryRetrieveLevel
    ]
    groups: dict[str, list[Dataset]] = {}
    for one in stored:
        if _matches(one, asked):
            groups.setdefault(str(one.get(level)), []).append(one)
    found = []
    for group in groups.values():
        answer = Dataset()
        answer.SpecificCharacterSet = "ISO_IR 192"
        answer.QueryRetrieveLevel = asked.QueryRetrieveLevel
        for element in asked:
            if element.keyword.startswith("NumberOf"):
                uids = {
                    one.SeriesInstanceUID if "RelatedSeries" in element.keyword else one.SOPInstanceUID for one in group
                }
                setattr(answer, element.keyword, len(uids))
            elif element.keyword == "ModalitiesInStudy":
                answer.ModalitiesInStudy = sorted({one.Modality for one in group})
            elif element.keyword not in ("SpecificCharacterSet", "QueryRetrieveLevel"):
                setattr(answer, element.keyword, group[0].get(element.keyword, ""))
        found.append(answer)
    return found


# DICOMweb --------------------------------------------------------------------------------------------------------

Answer = Callable[["WebHandler"], None]
OTHER_KEYS = ("PatientBirthDate", "PatientSex", "StudyTime", "StudyDescription", "Modality", "SeriesDescription",
              "NumberOfSeriesRelatedInstances")  # fmt: skip


class WebHandler(BaseHTTPRequestHandler):
    """QIDO-RS and WADO-RS under /dicom-web, as far as an archive's client needs them."""

    protocol_version = "HTTP/1.1"
    stored: list[Dataset] = []
    token = ""
    answer: Answer | None = None
    asked: list[str] = []
    most = 1000

    def do_GET(self) -> None:  # noqa: N802
        self.asked.append(self.path)
        if self.token and self.headers.get("Authorization") != self.token:
            self.reply(401, "text/plain", b"no")
            return
        with suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
            (type(self).answer or type(self).honest)(self)

    def honest(self) -> None:
        """What an archive should answer."""
        parts = urlsplit(self.path)
        steps = [one for one in parts.path.split("/") if one]
        if steps[:2] != ["dicom-web", "studies"]:
            return self.reply(404, "text/plain", b"")
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if len(steps) == 5 and steps[3] == "series":
            wanted = [one for one in self.stored if one.SeriesInstanceUID == steps[4]]
            return self.multipart([encoded(one) for one in wanted])
        asked = Dataset()
        asked.QueryRetrieveLevel = "SERIES" if len(steps) == 4 else "STUDY"
        keys = ("PatientName", "PatientID", "AccessionNumber", "StudyDate", "ModalitiesInStudy")
        for key in (*keys, "StudyInstanceUID", "SeriesInstanceUID"):
            setattr(asked, key, query.get(key, ""))
        if len(steps) == 4:
            asked.StudyInstanceUID = steps[2]
        for key in (*OTHER_KEYS, "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances"):
            setattr(asked, key, "")
        asked.SeriesNumber = None
        first, last = int(query.get("offset", 0)), int(query.get("limit", 1000))
        found = _answers(self.stored, asked)[first:]
        shown = found[: min(last, self.most)]
        rest = len(found) - len(shown)
        said = f"299 127.0.0.1: There are {rest} additional results that can be requested"  # PS3.18 8.3.4.4
        body = json.dumps([one.to_json_dict() for one in shown]).encode()
        warning = {"Warning": said} if rest and self.most < last else {}
        return self.reply(200, "application/dicom+json", body, **warning)

    def reply(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        """A whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def multipart(self, bodies: list[bytes], *, whole: bool = True, pause_s: float = 0.0) -> None:
        """Parts as they come, in chunks. whole: with the last boundary."""
        self.send_response(200)
        self.send_header("Content-Type", 'multipart/related; type="application/dicom"; boundary="b0und-ary"')
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for body in bodies:
            self.chunk(b"--b0und-ary\r\nContent-Type: application/dicom\r\n\r\n" + body + b"\r\n")
            time.sleep(pause_s)
        if whole:
            self.chunk(b"--b0und-ary--\r\n")
            self.chunk(b"")

    def chunk(self, data: bytes) -> None:
        """One piece of a chunked body; an empty one ends it."""
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def web_archive(
    stored: list[Dataset],
    *,
    token: str = "",
    tls: ssl.SSLContext | None = None,
    answer: Answer | None = None,
    most: int = 1000,
) -> Iterator[tuple[str, list[str]]]:
    """A DICOMweb archive at loopback: (its root address, paths that were asked). most: entries in one answer."""
    asked: list[str] = []
    known = {"stored": stored, "token": token, "asked": asked, "answer": answer, "most": most}
    kind = type("Handler", (WebHandler,), known)
    if answer is not None:
        kind.answer = staticmethod(answer)  # type: ignore[attr-defined]
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    scheme = "http" if tls is None else "https"
    try:
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}/dicom-web", asked
    finally:
        server.shutdown()
        server.server_close()


# Certificates ----------------------------------------------------------------------------------------------------


def certificate(folder: Path, name: str = "127.0.0.1") -> tuple[Path, Path]:
    """A self-signed certificate for a name or address, and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test's archive")])
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        alternative = x509.DNSName(name)
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([alternative]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


def server_tls(public: Path, private: Path) -> ssl.SSLContext:
    """A server's context with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context
