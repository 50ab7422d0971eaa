"""Studies: nothing is computed twice, nothing outlives its caller, and the numbers do not depend on who computes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import study_box

from twinviewer.domain import Cancelled, StoreError, WorkerError
from twinviewer.session import catalog
from twinviewer.session.studies import pool
from twinviewer.session.studies.door import run_points
from twinviewer.session.studies.journal import Journal, identity
from twinviewer.session.studies.order import Queue
from twinviewer.session.studies.study import Answer, Point, Wanted
from twinviewer.session.therapy_use import TherapyUse

WANTED = Wanted(frozenset({"strength_1"}))


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where each simulation of the box leaves a line, in whatever process."""
    environment = study_box.install(tmp_path / "plugin", tmp_path / "log.txt")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(str(tmp_path / "plugin"))
    catalog.forget()
    (tmp_path / "log.txt").touch()
    yield tmp_path / "log.txt"
    catalog.forget()


def doses(count: int, seconds: float = 0.0) -> list[Point]:
    uses = [(TherapyUse("study_dose", {"dose": i / 100.0}),) for i in range(count)]
    return [Point(f"dose {i}", use, {"seconds": seconds}) for i, use in enumerate(uses)]


def strengths(answers: tuple[Answer, ...]) -> list[float]:
    assert not [answer.failure for answer in answers if answer.failure]
    return [answer.metrics["strength_1"] for answer in answers]


def computed(log: Path) -> list[str]:
    return [line.split()[1] for line in log.read_text().splitlines()]


def gone(pids: list[int], within_s: float) -> bool:
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        alive = [pid for pid in pids if psutil.pid_exists(pid)]
        if not [pid for pid in alive if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]:
            return True
        time.sleep(0.05)
    return False


def test_answers_come_in_the_order_of_the_points_and_say_how_far_they_are(log: Path) -> None:
    said: list[tuple[float, str]] = []
    points = [*doses(4), Point("again", (TherapyUse("study_dose", {"dose": 0.02}),), {"seconds": 0.0})]
    got = run_points("study_box", study_box.box(), points, WANTED, report=lambda *now: said.append(now))
    assert [answer.point for answer in got] == [point.name for point in points]
    assert strengths(got) == pytest.approx([0.1, 0.101, 0.102, 0.103, 0.102])
    assert len(computed(log)) == 4, "what differs in name alone is computed once"
    assert said[0] == (0.0, "0 of 5") and said[-1] == (1.0, "5 of 5") and sorted(said) == said
    assert any("1 s left" in text for _, text in said)


def test_a_point_that_fails_costs_no_other(log: Path) -> None:
    points = [*doses(1), Point("no such", parameters={"colour": 1.0}), Point("x", (TherapyUse("nothing"),))]
    got = run_points("study_box", study_box.box(), points, WANTED)
    assert [bool(answer.failure) for answer in got] == [False, True, True]
    assert "colour" in got[1].failure and "nothing" in got[2].failure


def test_one_worker_two_workers_and_a_scheduler_give_the_same(log: Path) -> None:
    points, box = doses(9), study_box.box()
    alone = run_points("study_box", box, points, WANTED, workers=1)
    assert strengths(run_points("study_box", box, points, WANTED, workers=2)) == strengths(alone)
    assert len({line.split()[0] for line in log.read_text().splitlines()} - {str(os.getpid())}) == 2
    with cluster() as address:
        assert strengths(run_points("study_box", box, points, WANTED, scheduler=address)) == strengths(alone)
    assert len({line.split()[0] for line in log.read_text().splitlines()}) == 5
    assert len(computed(log)) == 27


class cluster:  # noqa: N801
    """A real scheduler with two workers on loopback, each its own program."""

    def __enter__(self) -> str:
        self.programs = [self._start("scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1")]
        output = self.programs[0].stderr
        assert output is not None
        address = next(line.split()[-1] for line in output if "Scheduler at:" in line)
        for _ in range(2):
            self.programs.append(self._start("worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny"))
        return address

    def _start(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "dask", *words]
        return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)

    def __exit__(self, *_: object) -> None:
        for program in reversed(self.programs):
            program.kill()
            program.communicate()


def test_a_killed_study_leaves_no_process_and_goes_on_where_it_was(log: Path, tmp_path: Path) -> None:
    journal, points = tmp_path / "doses.study", doses(20, 0.1)
    script = tmp_path / "study.py"
    script.write_text(
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "import study_box, pathlib, test_door as t\n"
        "from twinviewer.session.studies.door import run_points\n"
        "if __name__ == '__main__':\n"
        "    run_points('study_box', study_box.box(), t.doses(20, 0.1), t.WANTED, workers=2,\n"
        "               journal=pathlib.Path(sys.argv[1]), heard=lambda a: print(a.point, flush=True))\n"
    )
    here = Path(__file__).parent
    command = [sys.executable, script, journal, str(here), str(here.parents[1] / "support")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as study:
        assert study.stdout is not None
        for _ in range(5):
            assert study.stdout.readline().startswith("dose")
        children = [child.pid for child in psutil.Process(study.pid).children(recursive=True)]
        os.kill(study.pid, signal.SIGKILL)
    assert gone(children, 3.0) and len(children) >= 2
    begun = len(computed(log))
    assert 5 <= begun <= 9
    heard: list[str] = []
    got = run_points(
        "study_box", study_box.box(), points, WANTED, workers=1, journal=journal, heard=lambda a: heard.append(a.point)
    )
    assert strengths(got) == pytest.approx([0.1 * (1.0 + i / 100.0) for i in range(20)])
    assert len(heard) == 20
    assert len(computed(log)) - begun <= 15, "what was finished is not computed again"
    again = len(computed(log))
    assert strengths(run_points("study_box", study_box.box(), points, WANTED, journal=journal)) == strengths(got)
    assert len(computed(log)) == again


@pytest.mark.parametrize("workers", [1, 2])
def test_who_cancels_waits_less_than_a_tenth_of_a_second(log: Path, tmp_path: Path, workers: int) -> None:
    seconds = 0.02 if workers == 1 else 5.0
    cancelled_s = 0.0

    def report(fraction: float, text: str) -> None:
        nonlocal cancelled_s
        if log.read_text():  # a simulation is under way
            cancelled_s = time.monotonic()
            raise Cancelled

    with pytest.raises(Cancelled):
        run_points("study_box", study_box.box(), doses(20, seconds), WANTED, workers=workers, report=report)
    assert time.monotonic() - cancelled_s < 0.1
    assert gone([int(line.split()[0]) for line in log.read_text().splitlines() if workers > 1], 2.0)
    assert _soon_empty()


def _soon_empty() -> bool:
    for _ in range(60):
        if not list(Path("/tmp").glob(f"twinviewer-study-{os.getpid()}-*")):
            return True
        time.sleep(0.1)
    return False


def test_a_point_that_kills_its_worker_is_given_up_and_the_others_are_not(log: Path, tmp_path: Path) -> None:
    points = [*doses(3), Point("deadly", parameters={"deadly": 1.0})]
    path = tmp_path / "deadly.study"
    got = run_points("study_box", study_box.box(), points, WANTED, workers=2, journal=path)
    assert strengths(got[:3]) == pytest.approx([0.1, 0.101, 0.102]) and "died" in got[3].failure
    with Journal(path, identity("study_box", study_box.box(), WANTED)) as journal:
        assert len(journal.answers) == 3, "another time it may live"


def test_a_journal_cut_short_loses_its_last_line_only(log: Path, tmp_path: Path) -> None:
    path, box = tmp_path / "cut.study", study_box.box()
    run_points("study_box", box, doses(5), WANTED, journal=path)
    whole = path.read_bytes()
    for kept, missing in ((len(whole) - 20, 1), (whole.index(b"\n") + 1, 5), (10, 5), (0, 5)):
        path.write_bytes(whole[:kept])
        before = len(computed(log))
        assert len(strengths(run_points("study_box", box, doses(5), WANTED, journal=path))) == 5
        assert len(computed(log)) - before == missing
        assert sorted(path.read_bytes().splitlines()) == sorted(whole.splitlines())


def test_a_journal_of_another_heart_or_of_none_is_not_touched(log: Path, tmp_path: Path) -> None:
    path, box = tmp_path / "one.study", study_box.box()
    run_points("study_box", box, doses(2), WANTED, journal=path)
    whole = path.read_bytes()
    other = box.with_parameter("heart_rate_bpm", box.parameters["heart_rate_bpm"].with_value(90.0, "chosen", "test"))
    with pytest.raises(StoreError, match="another study"):
        run_points("study_box", other, doses(2), WANTED, journal=path)
    with Journal(path, identity("study_box", box, WANTED)), pytest.raises(StoreError, match="another program"):
        run_points("study_box", box, doses(2), WANTED, journal=path)
    assert path.read_bytes() == whole
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear colleague\nthank you")
    with pytest.raises(StoreError, match="no journal"):
        run_points("study_box", box, doses(2), WANTED, journal=letter)
    assert letter.read_text() == "Dear colleague\nthank you"


def test_a_scheduler_that_is_not_there_or_knows_no_twinviewer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "CONNECT_S", 0.3)
    with pytest.raises(WorkerError, match="No scheduler"):
        run_points("study_box", study_box.box(), doses(1), WANTED, scheduler="tcp://127.0.0.1:1")

    class Stranger:
        def nthreads(self) -> dict[str, int]:
            return {"tcp://far:1": 1}

        def run(self, ask: Callable[[str], str], name: str, on_error: str) -> dict[str, object]:
            return {"tcp://far:1": ModuleNotFoundError(name)}

    with pytest.raises(WorkerError, match="no Twinviewer"):
        pool._check(Stranger(), "tcp://far:8786")


def test_points_of_one_site_stay_together_until_a_worker_has_nothing_to_do() -> None:
    sites = [
        Point(f"{place} {i}", (TherapyUse("crt", {"lv_lead": place, "av_delay_ms": 40.0 + i}),))
        for i in range(4)
        for place in ("AHA1", "AHA2", "AHA3")
    ]
    queue, order = Queue(sites), {"a": [], "b": []}  # type: ignore[var-annotated]
    for turn in range(12):
        worker = "ab"[turn % 2]
        point = queue.take(worker)
        assert point is not None
        order[worker].append(point.name.split()[0])
    assert not queue and queue.take("a") is None
    assert order["a"][:4] == ["AHA1"] * 4 and order["b"][:4] == ["AHA2"] * 4
    assert {*order["a"][4:]} == {*order["b"][4:]} == {"AHA3"}
