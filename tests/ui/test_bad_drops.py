"""Whatever is dropped on the real window, it lives on, says which file and why, and the open case is as it was."""

import gzip
import signal
from pathlib import Path
from typing import Any

import hostile_files
import job_tasks
import pytest
from mutants.change import applied, edits_of
from mutants.seeds import case_file, seeds_of
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from twinviewer.domain import reading

NOISE = bytes(range(7, 256)) * 40
GARBAGE: dict[str, bytes] = {
    "letter.docx": NOISE,
    "empty.dcm": b"",
    "text.dcm": b"hello",
    "cut.dcm": hostile_files.sound()[0][:300],
    "brain.nii": NOISE,
    "brain.nii.gz": gzip.compress(NOISE),
    "bomb.nii.gz": gzip.compress(bytes(1 << 25)),
    "lies.mha": b"ObjectType = Image\nNDims = 99\nDimSize = 1\nElementDataFile = /etc/passwd\n",
    "lies.nrrd": b"NRRD0004\ntype: short\ndimension: 3\nsizes: 9 9 99999999\nencoding: raw\n\nxx",
    "study.zip": NOISE,
    "heart.stl": NOISE,
    "heart.ply": b"ply\nformat ascii 1.0\nelement vertex 99999999\nend_header\n",
    "heart.obj": NOISE,
    "heart.glb": b"glTF" + NOISE,
    "heart.vtp": b"<VTKFile type='PolyData'><PolyData><Piece NumberOfPoints='9'",
    "vitals.csv": NOISE,
    "bundle.json": b"{" * 100_000,
    "ecg.hea": b"r 99999 1e9\n",
    "run.fit": NOISE,
    "case.twin": case_file()[:5000],
    "odd.twin": NOISE,
}


@pytest.fixture
def told(window: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every message that the window has shown, with its detail."""
    heard: list[str] = []
    tell = window.messages.tell

    def listen(text: str, detail: str = "", kind: str = "info") -> None:
        heard.append(f"{text} {detail}")
        tell(text, detail, kind)

    monkeypatch.setattr(window.messages, "tell", listen)
    return heard


def show(window: Any, case: Any) -> None:
    window.presenter.history.push(case)
    window.presenter.case_changed.emit()


def drop(window: Any, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    window.dropEvent(QDropEvent(QPointF(10, 10), *how))


def test_garbage_is_named_and_the_open_case_stays(window, small_case, told, tmp_path, qtbot) -> None:  # type: ignore[no-untyped-def]
    show(window, small_case)
    qtbot.waitUntil(lambda: not window.presenter.busy, timeout=60_000)
    before = window.presenter.case
    silent = []
    for number, (name, content) in enumerate(GARBAGE.items()):
        place = tmp_path / str(number)
        place.mkdir()
        (place / name).write_bytes(content)
        told.clear()
        drop(window, place / name)
        qtbot.waitUntil(lambda: not window.presenter.busy and bool(told), timeout=60_000)
        if not any(name in text and len(text) > len(name) + 12 for text in told):
            silent.append((name, list(told)))
        assert window.presenter.case is before, name
    assert not silent


def test_a_folder_of_lies_opens_with_what_is_sound(window, told, tmp_path, qtbot) -> None:  # type: ignore[no-untyped-def]
    make = hostile_files.LIES["JPEG 2000 that is none"][0]
    for k, sound in enumerate(hostile_files.sound()):
        (tmp_path / f"s{k}.dcm").write_bytes(make(sound) if k == 2 else sound)
    for name in ("Rows 0", "cut in the pixels", "a deep sequence"):
        (tmp_path / f"{name}.dcm").write_bytes(hostile_files.LIES[name][0](hostile_files.sound()[2]))
    drop(window, tmp_path)
    qtbot.waitUntil(lambda: any("s2.dcm" in text for text in told), timeout=60_000)
    case = window.presenter.case
    assert case.image.data.shape == (1, 5, 8, 8)
    rows = {one.kind: "\n".join(warning.text for warning in one.warnings) for one in case.series}
    assert "s2.dcm" in rows["ct_volume"]
    assert all(f"{name}.dcm" in rows["unreadable"] for name in ("Rows 0", "cut in the pixels", "a deep sequence"))


def test_a_decoder_that_dies_hangs_or_eats_memory(window, small_case, told, qtbot) -> None:  # type: ignore[no-untyped-def]
    """Each is told, with the file where one was being read; the next job runs, and the case is the same."""
    show(window, small_case)
    before, answers = window.presenter.case, []
    short = -int((reading.LEAST_S - 1.0) * reading.SLOWEST_BYTES_S)
    for function, given, words in (
        (job_tasks.decode_and_die, ("IM1.dcm", int(signal.SIGSEGV)), ("died", "IM1.dcm")),
        (job_tasks.decode_forever, ("IM2.dcm", short), ("given up", "IM2.dcm")),
        (job_tasks.gulp, (1 << 30,), ("memory",)),
    ):
        told.clear()
        window.presenter.submit("image", "Import", function, *given, done=answers.append, name="Read images")
        qtbot.waitUntil(lambda: bool(told), timeout=60_000)
        assert all(word in told[0] for word in words), told
        assert window.presenter.case is before and not answers
    window.presenter.submit("image", "Import", job_tasks.spin, 0.01, done=answers.append, name="Read images")
    qtbot.waitUntil(lambda: bool(answers), timeout=60_000)


def test_mutants_dropped_one_after_another(window, told, tmp_path, qtbot) -> None:  # type: ignore[no-untyped-def]
    """Some of each kind; the window answers every one, with a case or with words."""
    for reader in ("pictures", "volumes", "meshes", "records", "cases"):
        for number in range(1, 2):
            seed = seeds_of(reader)[7 * number % len(seeds_of(reader))]
            place = tmp_path / f"{reader}{number}"
            place.mkdir()
            for name, content in seed.beside.items():
                (place / name).write_bytes(content)
            (place / seed.name).write_bytes(applied(seed.content, edits_of(seed.content, seed.kind, number)))
            told.clear()
            case = window.presenter.case
            drop(window, place / seed.name)
            qtbot.waitUntil(
                lambda case=case: (
                    not window.presenter.busy
                    and (
                        bool(told) or window.presenter.case is not case or window.coupling.other_ways.dialog is not None
                    )
                ),
                timeout=60_000,
            )
            if window.coupling.other_ways.dialog is not None:
                window.coupling.other_ways.dialog.reject()
                window.coupling.other_ways.dialog = None
