"""A case file gives back exactly what was saved, survives kill -9, and is refused when anything is odd."""

import json
import math
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import fake_twin
import numpy as np
import pytest

from twinviewer.domain import CinePlane, CineStack, Quantity, Records, StoreError
from twinviewer.session import chunks, codec, store
from twinviewer.session.case import Case
from twinviewer.session.claim import Claim


def differences(a: Any, b: Any, where: str = "case") -> list[str]:
    """Every place in which two values differ, bit by bit."""
    if type(a) is not type(b):
        return [f"{where}: {type(a).__name__} became {type(b).__name__}"]
    if isinstance(a, np.ndarray):
        same = a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        return [] if same and a.flags.writeable == b.flags.writeable else [f"{where}: array"]
    if is_dataclass(a):
        return [d for f in fields(a) for d in differences(getattr(a, f.name), getattr(b, f.name), f"{where}.{f.name}")]
    if isinstance(a, dict):
        if list(a) != list(b):
            return [f"{where}: keys"]
        return [d for key in a for d in differences(a[key], b[key], f"{where}[{key}]")]
    if isinstance(a, tuple):
        if len(a) != len(b):
            return [f"{where}: length"]
        return [d for i in range(len(a)) for d in differences(a[i], b[i], f"{where}[{i}]")]
    return [] if a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b)) else [f"{where}: {a!r} {b!r}"]


def test_a_reopened_case_is_equal_to_the_last_bit(finished: Case, tmp_path: Path) -> None:
    odd = Quantity(0.1 + 0.2, "mL", "measured", "a µ-ß-中 source", low=-math.inf, high=1e-308)
    case = replace(
        finished,
        measurements={**finished.measurements, "odd": odd, "unknown": replace(odd, value=math.nan, low=None)},
        records=Records({"heart_rate_bpm": Quantity(61.0, "bpm", "measured", "bundle")}, {"lbbb": "bundle"}),
        setup_values={"heart_rate_bpm": 71.3},
        messages={"Import": "Ein Wort"},
    )
    back = store.load(store.save(case, tmp_path / "a.twin"))
    assert differences(case, back) == []
    assert back.scenarios[0].setup.mesh is back.mesh is back.scenarios[1].setup.mesh


def test_a_cine_stack_and_odd_arrays_come_back(tmp_path: Path) -> None:
    affine = np.eye(4)
    plane = CinePlane(np.arange(60, dtype=">i2").reshape(3, 4, 5), affine, np.arange(3.0), None, "SAX 1", 8.0)
    fortran = CinePlane(
        np.asfortranarray(np.random.default_rng(0).random((3, 40, 50))), affine, np.arange(3.0), 0.9, "", 8.0
    )
    case = Case(image=CineStack((plane, fortran), "MR", "uid"))
    assert differences(case, store.load(store.save(case, tmp_path / "cine.twin"))) == []


def test_arrays_longer_than_one_chunk(opened: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 1000)
    assert differences(opened, store.load(store.save(opened, tmp_path / "a.twin"))) == []


def test_the_file_is_private_and_marked(finished: Case, tmp_path: Path) -> None:
    path = store.save(finished, tmp_path / "new folder" / "a.twin")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    head = path.read_bytes()[:100]
    assert head.startswith(b"SQLite format 3\0") and head[68:72] == b"TWIN"
    assert [p.name for p in path.parent.iterdir()] == ["a.twin"]


def test_images_left_out_are_said_to_be_missing(finished: Case, tmp_path: Path) -> None:
    path = store.save(finished, tmp_path / "a.twin", embed_images=False)
    back = store.load(path)
    assert back.image is None and "open their folder" in back.messages["Import"]
    assert differences(finished.scenarios, back.scenarios) == []


def test_images_left_out_are_found_again_where_they_lie_or_beside_the_file(
    finished: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from twinviewer import dicom

    old = tmp_path / "first"
    (old / "scan").mkdir(parents=True)
    for name in ("a.dcm", "b.dcm"):
        (old / "scan" / name).write_text("")
    files = tuple(str(old / "scan" / name) for name in ("a.dcm", "b.dcm"))
    series = (replace(finished.series[0], files=files),)
    case = replace(finished, folder=str(old / "scan"), series=series)
    asked: list[tuple[str, ...]] = []

    def read(series: Any, *_: Any) -> Any:
        asked.append(series.files)
        return finished.image

    monkeypatch.setattr(dicom, "read", read, raising=False)
    path = store.save(case, old / "a.twin", embed_images=False)
    assert store.load(path).image is finished.image
    old.rename(tmp_path / "second")
    back = store.load(tmp_path / "second" / "a.twin")
    assert back.image is finished.image and Path(asked[-1][0]).resolve() == tmp_path / "second" / "scan" / "a.dcm"
    assert back.series[0].files == files and "Import" not in back.messages
    monkeypatch.setattr(dicom, "read", lambda series, *_: fake_twin.volume(111), raising=False)
    assert "not those" in store.load(tmp_path / "second" / "a.twin").messages["Import"]


def test_saving_again_replaces_and_shares_chunks(finished: Case, tmp_path: Path) -> None:
    path = store.save(finished, tmp_path / "a.twin")
    later = finished.changed("Rename", title="Other")
    store.save(later, path)
    assert differences(later, store.load(path)) == []


def test_a_second_window_may_only_read(finished: Case, tmp_path: Path) -> None:
    path = tmp_path / "a.twin"
    with Claim(path) as first:
        store.save(finished, path, claim=first)
        second = Claim(path)
        assert first.writable and not second.writable
        with pytest.raises(StoreError, match="another window"):
            store.save(finished.changed("x"), path, claim=second)
        with pytest.raises(StoreError, match="another window"):
            store.save(finished.changed("x"), path)
        assert store.load(path).revision == finished.revision
    assert Claim(path).writable
    store.save(finished, path)


def test_a_read_only_folder_says_why(finished: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = store.save(finished, tmp_path / "a.twin")
    before = path.read_bytes()

    def full(*arguments: object, **keywords: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "_flush", full)
    with pytest.raises(StoreError, match="No space left"):
        store.save(finished.changed("x"), path)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


# ----- files that are not to be trusted


def edit(path: Path, *statements: str, **values: Any) -> None:
    with sqlite3.connect(path) as database:
        for statement in statements:
            database.execute(statement, values if ":" in statement else {})
    database.close()


def rewrite(path: Path, key: str, change: Callable[[Any], Any]) -> None:
    """Change a document and its hash, as an attacker would."""
    with sqlite3.connect(path) as database:
        text = database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0]
        new = json.dumps(change(json.loads(text)))
        database.execute("UPDATE meta SET value = ? WHERE key = ?", (new, key))
        database.execute("UPDATE meta SET value = ? WHERE key = ?", (store._sha(new), f"{key}.sha256"))
    database.close()


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("PRAGMA application_id = 7", "not a Twinviewer case"),
        ("PRAGMA user_version = 99", "newer Twinviewer"),
        ("PRAGMA user_version = 0", "before the first"),
        ("CREATE TRIGGER evil AFTER INSERT ON meta BEGIN DELETE FROM chunk; END", "trigger"),
        ("CREATE VIEW evil AS SELECT load_extension('evil.so')", "view"),
        ("CREATE TABLE more (a)", "tables that no case has"),
        ("CREATE INDEX evil ON meta (upper(value))", "index"),
        ("UPDATE meta SET value = value || ' ' WHERE key = 'case'", "does not match its hash"),
        ("DELETE FROM meta WHERE key = 'arrays'", "lacks its arrays"),
        ("DELETE FROM chunk", "impossible size|missing"),
        ("UPDATE chunk SET data = zeroblob(64)", "damaged|impossible size"),
        ("UPDATE chunk SET data = 'text'", "missing|impossible size|damaged"),
    ],
)
def test_odd_databases_are_refused(finished: Case, tmp_path: Path, statement: str, why: str) -> None:
    path = store.save(finished, tmp_path / "a.twin")
    edit(path, statement)
    with pytest.raises(StoreError, match=why) as caught:
        store.load(path)
    assert caught.value.where and caught.value.remedy


def test_swapped_content_is_noticed(finished: Case, tmp_path: Path) -> None:
    path = store.save(finished, tmp_path / "a.twin")
    block = np.zeros(3)
    edit(path, "UPDATE chunk SET data = :data", data=chunks._pack(block))
    with pytest.raises(StoreError, match="hash|impossible"):
        store.load(path)


def test_a_bomb_is_not_inflated(finished: Case, tmp_path: Path) -> None:
    path = store.save(finished, tmp_path / "a.twin")
    packer = zlib.compressobj(9)
    bomb = b"".join([packer.compress(bytes(1 << 20)) for _ in range(512)] + [packer.flush()])
    edit(path, "UPDATE chunk SET data = :data", data=bomb)
    start = time.monotonic()
    with pytest.raises(StoreError):
        store.load(path)
    assert time.monotonic() - start < 1.0
    rewrite(path, "arrays", lambda table: [{**one, "shape": [1 << 35]} for one in table])
    with pytest.raises(StoreError, match="impossible size"):
        store.load(path)


def _set(tree: Any, path: str, value: Any) -> Any:
    node = tree
    *parts, last = path.split("/")
    for part in parts:
        node = node["fields"][part]
    node["fields"][last] = value
    return tree


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: {"$type": "Popen", "fields": {"args": "true"}},
        lambda tree: {"$type": "Quantity", "fields": {"value": 1.0, "unit": "", "origin": "measured", "source": "x"}},
        lambda tree: {"$pickle": "gASVCg=="},
        lambda tree: _set(tree, "title", 7),
        lambda tree: _set(tree, "title", {"$ref": 99}),
        lambda tree: _set(tree, "title", {"$array": 0}),
        lambda tree: _set(tree, "image", {"$array": -1}),
        lambda tree: _set(tree, "revision", "1"),
        lambda tree: _set(tree, "evil", 1),
        lambda tree: _set(tree, "mesh/tets", tree["fields"]["mesh"]["fields"]["points_mm"]),
        lambda tree: _set(tree, "mesh/wall_points", 10_000),
        lambda tree: _set(tree, "mesh/wall_points", 3),
        lambda tree: _set(tree, "image/grid/shape", [1, 2, 3]),
        lambda tree: _set(tree, "scenarios", tree["fields"]["scenarios"] * 2),
        lambda tree: json.loads('{"$list":[' * 100 + "1" + "]}" * 100),
    ],
)
def test_documents_of_strangers_are_refused(finished: Case, tmp_path: Path, change: Callable[[Any], Any]) -> None:
    path = store.save(finished, tmp_path / "a.twin")
    rewrite(path, "case", change)
    with pytest.raises(StoreError):
        store.load(path)


def test_nesting_without_end_is_refused(finished: Case, tmp_path: Path) -> None:
    path = store.save(finished, tmp_path / "a.twin")
    deep = "[" * 200_000
    edit(path, "UPDATE meta SET value = :value WHERE key = 'case'", value=deep)
    edit(path, "UPDATE meta SET value = :value WHERE key = 'case.sha256'", value=store._sha(deep))
    with pytest.raises(StoreError):
        store.load(path)


def test_every_flipped_byte_is_refused_or_harmless(finished: Case, tmp_path: Path) -> None:
    path = store.save(finished, tmp_path / "a.twin")
    whole = path.read_bytes()
    random = np.random.default_rng(20261121)
    refused = 0
    for _ in range(150):
        at, bit = int(random.integers(len(whole))), int(random.integers(8))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << bit)]) + whole[at + 1 :])
        try:
            back = store.load(path)
        except StoreError:
            refused += 1
        else:
            assert differences(finished, back) == []
    assert refused > 20


@pytest.mark.parametrize("content", [b"", b"not a database at all", b"SQLite format 3\0" + bytes(84)])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.twin"
    path.write_bytes(content)
    with pytest.raises(StoreError):
        store.load(path)
    with pytest.raises(StoreError):
        store.load(tmp_path / "absent.twin")


def test_a_truncated_file_is_refused(finished: Case, tmp_path: Path) -> None:
    path = store.save(finished, tmp_path / "a.twin")
    whole = path.read_bytes()
    for part in (0.1, 0.5, 0.9):
        path.write_bytes(whole[: int(len(whole) * part)])
        with pytest.raises(StoreError):
            store.load(path)


def test_objects_are_never_written(finished: Case, tmp_path: Path) -> None:
    for title in (object(), np.array([object()])):
        with pytest.raises(StoreError, match="cannot be written"):
            store.save(replace(finished, title=title), tmp_path / "a.twin")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(codec.CodecError):
        codec.decode({"$path": 3}, lambda i: np.zeros(1))


SAVER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import fake_twin
import numpy as np
from dataclasses import replace
from twinviewer.session import store
from twinviewer.session.case import Case
volume = fake_twin.volume()
noise = np.random.default_rng(0).integers(-99, 99, (2, 60, 100, 100), dtype=np.int16)
grid = replace(volume.grid, shape=(60, 100, 100))
path = Path(sys.argv[2])
for i in range(1, 10000):
    data = noise + np.int16(i)
    store.save(Case(image=replace(volume, data=data, grid=grid), revision=i), path)
    print(i, flush=True)
"""


def test_kill_while_saving_loses_no_acknowledged_step(tmp_path: Path) -> None:
    support = Path(__file__).resolve().parents[1] / "support"
    path = tmp_path / "a.twin"
    random = np.random.default_rng(3)
    for _ in range(4):
        command = [sys.executable, "-c", SAVER, str(support), str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as saver:
            assert saver.stdout is not None
            saver.stdout.readline()
            time.sleep(float(random.uniform(0.0, 0.4)))
            os.kill(saver.pid, signal.SIGKILL)
            said = [int(line) for line in saver.stdout.read().split()]
        back = store.load(path)
        assert back.revision >= (said[-1] if said else 1)
        assert back.image is not None and back.image.data.min() == -99 + back.revision  # type: ignore[union-attr]
    assert store.save(back, path)


def test_what_a_killed_program_left_is_removed_and_what_another_writes_is_not(tmp_path: Path) -> None:
    old, fresh, other = (tmp_path / name for name in (".saving-old.twin", ".saving-fresh.twin", "old.twin"))
    for path in (old, fresh, other):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 3600,) * 2)
    os.utime(other, (time.time() - 3600,) * 2)
    store.save(Case(), tmp_path / "a.twin")
    assert not old.exists() and fresh.exists() and other.exists()


FULL_DISK = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import fake_twin
from dataclasses import replace
import numpy as np
from twinviewer.domain import StoreError
from twinviewer.session import store
from twinviewer.session.case import Case
path = Path(sys.argv[2])
noise = np.random.default_rng(0).integers(-999, 999, (1, 64, 128, 128), dtype=np.int16)
volume = fake_twin.volume()
grid = replace(volume.grid, shape=noise.shape[1:])
case = Case(image=replace(volume, data=noise, grid=grid, phase_percent=np.zeros(1)))
store.save(case.changed("first"), path)
before = path.read_bytes()
later = case.changed("later", image=replace(case.image, data=noise + np.int16(1)))
for limit in (0, 4096, 20_000, 100_000, 1_000_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        store.save(later, path)
    except StoreError as error:
        assert path.name in str(error)
    else:
        raise SystemExit("saved on a full disk")
    assert path.read_bytes() == before and len(list(path.parent.iterdir())) == 1
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.save(later, path)
assert store.load(path).action == "later"
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs rlimits")
def test_a_full_disk_leaves_the_old_case_and_a_retry_works(tmp_path: Path) -> None:
    support = Path(__file__).resolve().parents[1] / "support"
    command = [sys.executable, "-c", FULL_DISK, str(support), str(tmp_path / "a.twin")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
