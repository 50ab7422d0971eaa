"""A bundle gives the same numbers again; what was tampered with is found; what a stranger packs can do no harm."""

import json
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import fake_twin
import pytest

from twinviewer.domain import Cancelled, Entry, Quantity, Records, StoreError
from twinviewer.report.bundle import archive as archives
from twinviewer.report.bundle import reproduce as reproducing
from twinviewer.report.bundle.manifest import CASE, MANIFEST, NUMBERS
from twinviewer.report.bundle.reproduce import reproduce
from twinviewer.report.bundle.rows import number_row
from twinviewer.report.bundle.write import shareable, write_bundle
from twinviewer.session import catalog, scenarios, steps, store
from twinviewer.session.case import Case
from twinviewer.session.studies.door import run_points
from twinviewer.session.studies.study import Point, Study, Wanted
from twinviewer.session.therapy_use import TherapyUse

CANARY = "mueller_herz_1953"


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    """A box with baseline, one treated scenario and a study of two doses; paths and names of files are a patient's."""
    found = {"organs": fake_twin.FakeOrgan(), "engines": fake_twin.FakeEngine(), "therapies": fake_twin.FakeTherapy()}
    monkeypatch.setattr(catalog, "_discover", lambda kind: catalog._Found({found[kind].name: found[kind]}))
    made = steps.accept_scan(Case(), f"/home/{CANARY}", (fake_twin.series(files=(f"/home/{CANARY}/a.dcm",)),))
    made = steps.accept_image(made, made.series[0], (fake_twin.volume(), "box", ""))
    rate = Quantity(66.0, "bpm", "measured", "ECG, 2026-01-01")
    entry = Entry("heart_rate_bpm", "value", "2026-01-01", f"{CANARY}.csv", "ECG, 2026-01-01", rate)
    made = replace(made, records=Records({"heart_rate_bpm": rate}, {}, (entry,)))
    made = scenarios.prepare(steps.build(steps.segment(made)))
    made = steps.simulate_all(scenarios.add_scenario(made, ["dose"]))
    assert made.baseline is not None
    points = tuple(Point(f"dose {d}", (TherapyUse("dose", {"dose": d, "quick": False}),)) for d in (0.1, 0.2))
    wanted = Wanted(fields=frozenset({"activation_ms"}))
    answers = run_points("fake", made.baseline.setup, points, wanted, workers=1)
    uid = made.baseline.run.uid if made.baseline.run is not None else ""
    yield replace(made, studies=(Study("Doses", "sweep", "fake", uid, points, answers, wanted, {"seed": 3.0}),))


@pytest.fixture
def bundle(case: Case, tmp_path: Path) -> Path:
    note = tmp_path / "note.txt"
    note.write_text("made before")
    return write_bundle(case, tmp_path / "b.zip", {"pictures/note.txt": note})


def rewritten(bundle: Path, change: Callable[[str, bytes], bytes | None], *, honest: bool = False) -> Path:
    """The bundle with files changed (None: left out); honest: the manifest is made to agree."""
    import hashlib

    out = bundle.with_name("changed.zip")
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(out, "w") as new:
        contents = {name: change(name, old.read(name)) for name in old.namelist()}
        kept = {name: content for name, content in contents.items() if content is not None}
        if honest:
            document = json.loads(kept[MANIFEST])
            for name, entry in document["files"].items():
                entry["sha256"], entry["bytes"] = hashlib.sha256(kept[name]).hexdigest(), len(kept[name])
            kept[MANIFEST] = json.dumps(document).encode()
        for name, content in kept.items():
            new.writestr(name, content)
    return out


def test_a_bundle_gives_the_same_numbers_to_the_last_bit(bundle: Path) -> None:
    found = reproduce(bundle)
    assert found.exact and found.same, found.differing
    compared = {(row.part, row.name) for row in found.rows}
    assert {("baseline", "heart_rate_bpm"), ("baseline", "lv_ef_percent"), ("dose", "lv_ef_percent"),
            ("dose", "trace box_volume_ml"), ("dose", "field activation_ms"), ("file", CASE)} <= compared  # fmt: skip
    assert any(row.part == "Doses" for row in found.rows)


def test_nothing_in_it_names_the_patient_or_a_path(bundle: Path, case: Case, tmp_path: Path) -> None:
    with zipfile.ZipFile(bundle) as packed:
        for name in packed.namelist():
            content = packed.read(name)
            assert CANARY.encode() not in content, name
        packed.extract(CASE, tmp_path / "x")
    kept = store.load(tmp_path / "x" / CASE)
    assert kept.image is None and kept.folder == "" and kept.series[0].files == () and len(kept.studies) == 1
    assert shareable(case, images=True).image is case.image


def test_images_come_along_only_when_asked_for(case: Case, tmp_path: Path) -> None:
    with_images = write_bundle(case, tmp_path / "i.zip", {}, images=True)
    with zipfile.ZipFile(with_images) as packed:
        packed.extract(CASE, tmp_path / "x")
        assert json.loads(packed.read(MANIFEST))["images_inside"] is True
    image = store.load(tmp_path / "x" / CASE).image
    assert image is not None and case.image is not None and image.uid == case.image.uid


def test_the_manifest_says_versions_machine_runs_and_seeds(bundle: Path, case: Case) -> None:
    with zipfile.ZipFile(bundle) as packed:
        document = json.loads(packed.read(MANIFEST))
        assert b"twinviewer reproduce b.zip" in packed.read("README.txt")
    assert document["versions"].keys() >= {"twinviewer", "python", "numpy", "numba"}
    assert document["machine"].keys() >= {"machine", "numerics"} and document["seeds"] == {"Doses: seed": 3.0}
    assert document["runs"]["dose"] == case.scenario("dose").run.uid  # type: ignore[union-attr]
    assert "Research only" in document["notice"]


def test_a_changed_file_is_found(bundle: Path) -> None:
    found = reproduce(rewritten(bundle, lambda n, c: c + b" " if n == "pictures/note.txt" else c))
    assert not found.same and [row.name for row in found.differing] == ["pictures/note.txt"]
    found = reproduce(rewritten(bundle, lambda n, c: None if n == "pictures/note.txt" else c))
    assert [(row.name, row.found) for row in found.differing] == [("pictures/note.txt", "is missing")]
    found = reproduce(rewritten(bundle, lambda n, c: c[:-1] + b"x" if n == CASE else c))
    assert not found.same and found.rows[-1].verdict == "failed"


def test_a_changed_number_is_found_though_the_hashes_agree(bundle: Path, case: Case, tmp_path: Path) -> None:
    def better(name: str, content: bytes) -> bytes:
        if name != NUMBERS:
            return content
        document = json.loads(content)
        document["scenarios"]["dose"]["lv_ef_percent"]["value"] += 5.0
        return json.dumps(document).encode()

    found = reproduce(rewritten(bundle, better, honest=True))
    assert [(row.part, row.name) for row in found.differing] == [("dose", "lv_ef_percent")]

    scenario = case.scenario("dose")
    assert scenario.run is not None
    wrong = scenario.run.metrics["lv_ef_percent"]
    metrics = {**scenario.run.metrics, "lv_ef_percent": replace(wrong, value=wrong.value + 5.0)}
    forged = case.with_scenario(replace(scenario, run=replace(scenario.run, metrics=metrics)), "forge")
    found = reproduce(write_bundle(forged, tmp_path / "forged.zip", {}))
    row = next(row for row in found.differing if row.part == "dose")
    assert row.name == "lv_ef_percent" and float(row.said) == pytest.approx(float(row.found) + 5.0)


def test_a_changed_answer_of_a_study_is_found(case: Case, tmp_path: Path) -> None:
    study = case.studies[0]
    forged = replace(study.answers[1], metrics={"lv_ef_percent": 99.0})
    study = replace(study, answers=(study.answers[0], forged))
    found = reproduce(write_bundle(replace(case, studies=(study,)), tmp_path / "s.zip", {}))
    assert [row.name for row in found.differing if row.part == "Doses"] == ["dose 0.2: lv_ef_percent"]


def test_another_version_is_said_and_a_thousandth_is_allowed(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = reproducing.versions()
    monkeypatch.setattr(reproducing, "versions", lambda: {**here, "numpy": "9.9"})
    found = reproduce(bundle)
    assert found.same and not found.exact and found.versions["numpy"] == (here["numpy"], "9.9")
    assert number_row("a", "b", 200.0, 200.19, True).verdict == "within tolerance"
    assert number_row("a", "b", 200.0, 200.21, True).verdict == "different"
    assert number_row("a", "b", 0.5, 0.5009, True).verdict == "within tolerance"


def packed(path: Path, entries: list[tuple[zipfile.ZipInfo | str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for entry, content in entries:
            out.writestr(entry, content)
    return path


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([("../../evil.txt", b"x")], "leads elsewhere"),
        ([("/etc/passwd", b"x")], "leads elsewhere"),
        ([("a\\..\\b", b"x")], "leads elsewhere"),
        ([("C:evil", b"x")], "leads elsewhere"),
        ([("a/b/c/d", b"x")], "leads elsewhere"),
        ([("\u202egpj.exe", b"x")], "leads elsewhere"),
        ([("zeros.bin", b"\0" * (40 << 20))], "many times its size"),
        ([(link("link.txt"), b"/etc/passwd")], "not a file"),
        ([("A.txt", b"x"), ("a.txt", b"x")], "two files of one name"),
        ([(f"f{n}", b"") for n in range(501)], "more than a bundle may"),
        ([("note.txt", b"x")], "no manifest"),
        ([(MANIFEST, b"[]")], "not sound"),
        ([(MANIFEST, b"{" * 5000)], "not sound"),
        ([(MANIFEST, b"[" * 100_000)], "not sound"),
        ([(MANIFEST, json.dumps({"format": "other", "schema": 1}).encode())], "not a bundle of this version"),
        ([(MANIFEST, b" " * (5 << 20) + b"{}")], "larger than it may be|many times its size"),
    ],
)
def test_what_a_stranger_packed_is_refused_with_the_reason(
    tmp_path: Path, entries: list[tuple[zipfile.ZipInfo | str, bytes]], words: str
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(StoreError, match=words):
        reproduce(packed(inside / "evil.zip", entries))
    assert [one.name for one in inside.iterdir()] == ["evil.zip"] and len(list(tmp_path.iterdir())) == 1


def test_what_is_no_zip_or_a_broken_one_is_refused(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "n.zip").write_bytes(b"nothing")
    broken = tmp_path / "c.zip"
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2 :] = content[: len(content) // 2]
    broken.write_bytes(content)
    for path in (tmp_path / "n.zip", broken, tmp_path / "absent.zip"):
        with pytest.raises(StoreError):
            reproduce(path)


def test_a_file_that_says_less_than_it_is_stops_the_reading(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with archives.opened(bundle) as packed_:
        packed_.getinfo("README.txt").file_size = 10
        with pytest.raises((StoreError, zipfile.BadZipFile)):
            archives.streamed(packed_, "README.txt")


def test_cancelled_or_full_leaves_what_was_there(case: Case, bundle: Path, tmp_path: Path) -> None:
    before = bundle.read_bytes()

    def stop(fraction: float, text: str) -> None:
        if "Packing" in text:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_bundle(case, bundle, {}, stop)
    with pytest.raises(StoreError):
        write_bundle(case, bundle, {"gone.txt": tmp_path / "gone.txt"})
    assert bundle.read_bytes() == before and not list(tmp_path.glob(".*"))
