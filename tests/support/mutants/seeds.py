"""What mutants are made of: small sound files for each reader. Made, so that none has to be shipped."""

import io
import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import fake_twin
import numpy as np

from mutants import dicom_seeds
from mutants.change import Kind
from twinviewer.domain import Grid, LabelMap, Mask, Patient, Quantity, Series, Volume


@dataclass(frozen=True)
class Seed:
    """A sound file. name: also that of the mutant's file, by its suffix. beside: files that lie with it. mend: puts
    sums right that would else hide all that lies behind them."""

    name: str
    content: bytes
    kind: Kind
    beside: Mapping[str, bytes] = field(default_factory=dict)
    mend: Callable[[bytes], bytes] | None = None

    @property
    def suffix(self) -> str:
        """From the first dot of the file's name on."""
        return "".join(self.name.partition(".")[1:])


@cache
def seeds_of(reader: str) -> tuple[Seed, ...]:
    """The seeds of one of ``READERS``."""
    return tuple(_MAKERS[reader]())


def _pictures() -> list[Seed]:
    made = {**dicom_seeds.of_every_syntax(), **dicom_seeds.shipped()}
    return [Seed(f"{name.replace('.', '_')}.dcm", content, "dicom") for name, content in made.items()]


def _stack() -> list[Seed]:
    first, *others = dicom_seeds.stack()
    return [Seed("slice.dcm", first, "dicom", {f"s{k}.dcm": one for k, one in enumerate(others)})]


def _cines() -> list[Seed]:
    first, *others = dicom_seeds.cine()
    return [Seed("plane.dcm", first, "dicom", {f"p{k}.dcm": one for k, one in enumerate(others)})]


def _directories() -> list[Seed]:
    content, beside = dicom_seeds.dicomdir()
    out = [Seed("DICOMDIR", content, "dicom", beside)]
    for name, packed in (("stored.zip", zipfile.ZIP_STORED), ("deflated.zip", zipfile.ZIP_DEFLATED)):
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", packed) as archive:
            for k, one in enumerate(dicom_seeds.stack()[:3]):
                archive.writestr(f"study/s{k}.dcm", one)
        out.append(Seed(name, whole.getvalue(), "binary"))
    return out


def _ecg() -> list[Seed]:
    return [Seed("ecg.dcm", dicom_seeds.ecg(), "dicom")]


def labelled() -> tuple[Volume, LabelMap]:
    """A box and a ball in a small volume, and their labels."""
    k, j, i = np.mgrid[:6, :12, :14]
    labels = np.zeros((1, 6, 12, 14), np.uint8)
    labels[0, 1:5, 2:9, 3:10] = 1
    labels[0][(k - 3) ** 2 * 4 + (j - 5) ** 2 + (i - 6) ** 2 < 7] = 2
    grid = Grid((6, 12, 14), np.diag([2.0, 2.0, 4.0, 1.0]))
    data = (labels * 100).astype(np.int16)
    image = Volume(data, grid, "CT", np.zeros(1), None, "mutants")
    return image, LabelMap(labels, grid, {1: "lv_myocardium", 2: "lv_blood"}, np.zeros(1), "by hand", "mutants")


@cache
def sources() -> tuple[Mapping[str, bytes], Series, bytes, bytes]:
    """A CT series (its files by name), and a SEG and an RTSTRUCT of it; the Series is of files that are gone."""
    from twinviewer import dicom
    from twinviewer.dicom.write_rtstruct import write_rtstruct

    image, labels = labelled()
    with TemporaryDirectory() as folder:
        names = {"study_description": "S", "series_description": "CTA"}
        dicom.write_ct(Path(folder, "ct"), image, Patient("P"), synthetic=True, **names)
        (series,) = dicom.scan(Path(folder, "ct"))
        seg = dicom.write_seg(Path(folder, "seg.dcm"), labels, series, {})
        drawn = write_rtstruct(Path(folder, "rt.dcm"), labels, series, {})
        files = {Path(one).name: Path(one).read_bytes() for one in series.files}
        return files, series, seg.read_bytes(), drawn.read_bytes()


def _segmentations() -> list[Seed]:
    _, _, seg, drawn = sources()
    return [Seed("seg.dcm", seg, "dicom"), Seed("rt.dcm", drawn, "dicom")]


def _volumes() -> list[Seed]:
    import SimpleITK as sitk

    _, labels = labelled()
    out = []
    ramp = np.random.default_rng(1).integers(-1000, 400, (6, 12, 14)).astype(np.int16)
    for what, array in (("image", ramp), ("labels", labels.data[0])):
        picture = sitk.GetImageFromArray(array)
        picture.SetSpacing((2.0, 2.0, 4.0))
        for suffix, packed in ((".nii", False), (".nii.gz", False), (".nrrd", False), (".nrrd", True), (".mha", True)):
            with TemporaryDirectory() as folder:
                path = Path(folder, f"x{suffix}")
                sitk.WriteImage(picture, str(path), useCompression=packed)
                kind: Kind = "binary" if suffix.startswith(".nii") else "text"
                out.append(Seed(f"{what}{int(packed)}{suffix}", path.read_bytes(), kind))
    header = b"ObjectType = Image\nNDims = 3\nDimSize = 14 12 6\nElementSpacing = 2 2 4\nElementType = MET_UCHAR\n"
    mhd = header + b"ElementDataFile = voxels.raw\n"
    return [*out, Seed("apart.mhd", mhd, "text", {"voxels.raw": labels.data.tobytes()})]


def _meshes() -> list[Seed]:
    import pyvista as pv

    ball = pv.Sphere(theta_resolution=8, phi_resolution=6)
    corner, faces = np.asarray(ball.points), ball.faces.reshape(-1, 4)[:, 1:]
    text = "".join(f"v {x} {y} {z}\n" for x, y, z in corner) + "".join(
        f"f {a + 1} {b + 1} {c + 1}\n" for a, b, c in faces
    )
    out = [Seed("a.obj", f"# units mm\no ball\n{text}".encode(), "text"), Seed("glb.glb", _glb(corner, faces), "text")]
    tets = pv.UnstructuredGrid(ball.delaunay_3d())
    with TemporaryDirectory() as folder:
        for name, binary in (("b.stl", True), ("t.stl", False), ("b.ply", True), ("t.ply", False), ("a.vtp", True),
                             ("t.vtp", False), ("a.vtu", True), ("t.vtu", False)):  # fmt: skip
            path = Path(folder, name)
            (tets if name.endswith("vtu") else ball).save(path, binary=binary)
            kind: Kind = "binary" if binary and name.endswith(("stl", "ply")) else "text"
            out.append(Seed(name, path.read_bytes(), kind))
    return out


def _glb(points: np.ndarray, faces: np.ndarray) -> bytes:
    blob = points.astype("<f4").tobytes() + faces.astype("<u4").tobytes()
    size = points.size * 4
    head = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "heart", "children": [1], "scale": [1, 2, 1]}, {"mesh": 0, "translation": [1, 2, 3]}],
        "meshes": [{"name": "lv", "primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "mode": 4}]}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": len(points), "type": "VEC3"},
                      {"bufferView": 1, "componentType": 5125, "count": faces.size, "type": "SCALAR"}],
        "bufferViews": [{"buffer": 0, "byteLength": size},
                        {"buffer": 0, "byteOffset": size, "byteLength": 4 * faces.size}],
        "buffers": [{"byteLength": len(blob)}],
    }  # fmt: skip
    document = json.dumps(head).encode()
    document += b" " * (-len(document) % 4)
    chunks = struct.pack("<I4s", len(document), b"JSON") + document + struct.pack("<I4s", len(blob), b"BIN\0") + blob
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _records() -> list[Seed]:
    rates = "".join(f"2026-03-01T08:{k // 60:02d}:{k % 60:02d}Z,{64 + k % 3}\n" for k in range(400))
    vitals = "name,value,unit,date\nheart_rate_bpm,64,bpm,2026-03-01\nqrs_ms,0.160,s,\nweight_kg,72.5,kg,2026-01-01\n"
    hrm = "[Params]\nVersion=106\nDate=20080208\nStartTime=08:50:31.0\n[HRData]\n" + "812\n" * 400
    head, signal = _wfdb()
    return [
        Seed("fhir.json", _fhir().encode(), "text"), Seed("vitals.csv", vitals.encode(), "text"),
        Seed("watch.csv", ("time,heart_rate\n" + rates).encode(), "text"),
        Seed("a.fit", _fit(), "binary", mend=_summed),
        Seed("b.hrm", hrm.encode(), "text"), Seed("rr.txt", b"812\n790\n845\n" * 130, "text"),
        Seed("r.hea", head, "text", {"r.dat": signal}), Seed("r.dat", signal, "binary", {"r.hea": head}),
    ]  # fmt: skip


def _fhir() -> str:
    def observation(code: str, value: float, unit: str) -> dict[str, object]:
        coding = {"coding": [{"system": "http://loinc.org", "code": code}]}
        return {"resourceType": "Observation", "status": "final", "code": coding, "effectiveDateTime": "2026-01-02",
                "valueQuantity": {"value": value, "unit": unit, "code": unit}}  # fmt: skip

    parts = [{"code": {"coding": [{"system": "http://loinc.org", "code": code}]},
              "valueQuantity": {"value": value, "unit": "mm[Hg]", "code": "mm[Hg]"}}
             for code, value in (("8480-6", 121), ("8462-4", 79))]  # fmt: skip
    panel = {**observation("85354-9", 0, "1"), "component": parts}
    panel.pop("valueQuantity")
    lbbb = {"resourceType": "Condition", "clinicalStatus": {"coding": [{"code": "active"}]},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "63467002"}]},
            "recordedDate": "2025-03-01"}  # fmt: skip
    drug = {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "authoredOn": "2026-01-01",
            "medicationCodeableConcept": {"text": "Metoprolol 50 MG", "coding": [{"code": "866412"}]}}  # fmt: skip
    person = {"resourceType": "Patient", "id": "1", "gender": "female", "birthDate": "1953-04-05"}
    found = [person, observation("8867-4", 64, "/min"), observation("29463-7", 72.5, "kg"), panel, lbbb, drug]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in found]})


def _fit() -> bytes:
    body = struct.pack("<BBBHB", 0x40, 0, 0, 20, 3) + bytes([253, 4, 0x86, 3, 1, 0x02, 6, 2, 0x84])
    for k in range(400):
        body += struct.pack("<BIBH", 0, 1_000_000_000 + k, 62, 0)
    body += struct.pack("<BBBHB", 0x41, 0, 0, 18, 1) + bytes([5, 1, 0x00]) + bytes([1, 0])
    return _summed(struct.pack("<BBHI4sH", 14, 0x20, 2132, len(body), b".FIT", 0) + body + b"\0\0")


def _summed(data: bytes) -> bytes:
    """A FIT file with its two sums made right."""
    from twinviewer.records.fit import checksum

    if len(data) < 16:
        return data
    head = data[:12] + struct.pack("<H", checksum(data[:12])) if data[0] == 14 else data[:14]
    return head + data[14:-2] + struct.pack("<H", checksum(head + data[14:-2]))


def _wfdb() -> tuple[bytes, bytes]:
    time_s = np.arange(2500) / 250.0
    beat = np.exp(-(((time_s % 1.0 - 0.4) / 0.015) ** 2)) + 0.2 * np.exp(-(((time_s % 1.0 - 0.65) / 0.05) ** 2))
    signal = np.stack([(beat * gain * 1000).astype("<i2") for gain in (1.0, 1.4)], axis=1)
    sums = [struct.unpack("<h", struct.pack("<H", int(one.sum()) & 0xFFFF))[0] for one in signal.T.astype(int)]
    lines = [f"r 2 250 {len(time_s)} 12:00:00 01/02/2026"]
    lines += [f"r.dat 16 1000(0)/mV 16 0 {signal[0, n]} {sums[n]} 0 {name}" for n, name in enumerate(("I", "II"))]
    return ("\n".join([*lines, "# age: 61 sex: F"]) + "\n").encode(), signal.tobytes()


@cache
def case_file() -> bytes:
    """A case with an image, a mesh and a measurement as Twinviewer saves it."""
    from twinviewer.session import store
    from twinviewer.session.case import Case

    measured = {"lv_edv_ml": Quantity(150.0, "mL", "measured", "labels")}
    case = Case(
        title="BOX-1", patient=Patient("BOX-1"), series=(fake_twin.series(),), active_series_uid="1.2.3",
        image=fake_twin.volume(), mesh=fake_twin.mesh(), measurements=measured, organ="box",
    )  # fmt: skip
    with TemporaryDirectory() as folder:
        return store.save(case, Path(folder, "a.twin"), embed_images=True).read_bytes()


def _cases() -> list[Seed]:
    import sqlite3

    with TemporaryDirectory() as folder:
        path = Path(folder, "a.twin")
        path.write_bytes(case_file())
        database = sqlite3.connect(path)
        rows = dict(database.execute("SELECT key, value FROM meta"))
        database.close()
    documents = [Seed(f"{key}.{key}_document", rows[key].encode(), "text") for key in ("case", "arrays", "about")]
    return [Seed("a.twin", case_file(), "binary"), *documents]


def _bundles() -> list[Seed]:
    from twinviewer.report.bundle.manifest import manifest_of
    from twinviewer.session.case import Case

    text = manifest_of(Case(title="BOX-1"), {"case.twin": ("0" * 64, 3), "README.txt": ("0" * 64, 3)}).text()
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("case.twin", b"abc")
        archive.writestr("README.txt", b"abc")
        archive.writestr("manifest.json", text)
    return [Seed("b.zip", whole.getvalue(), "binary"), Seed("m.manifest", text.encode(), "text")]


def given_mask(mask: Mask) -> None:
    """What every mask has to keep."""
    assert mask.data.ndim == 4 and np.isfinite(mask.grid.affine).all()


_MAKERS: Mapping[str, Callable[[], list[Seed]]] = {
    "pictures": _pictures, "stack": _stack, "ecg": _ecg, "cines": _cines,
    "directories": _directories, "segmentations": _segmentations, "volumes": _volumes,
    "meshes": _meshes, "records": _records, "cases": _cases, "bundles": _bundles,
}  # fmt: skip
