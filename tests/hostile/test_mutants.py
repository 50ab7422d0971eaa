"""Five thousand files changed at random, through the program's own workers; and each that ever found a way out.

More of them: ``python -m tests.support.mutants --count 500000`` (some two hours on one core).
"""

import json
from pathlib import Path

import pytest
from mutants.batch import try_kept
from mutants.campaign import SHARES, run

from twinviewer.domain import WorkerError
from twinviewer.session.jobs import JobRunner

COUNT = 5000
FIRST = 20_000
"""Any number will do; other numbers are other mutants."""
KEPT = [json.loads(line) for line in Path(__file__).with_name("kept_mutants.jsonl").read_text().splitlines()]
"""Mutants that once came through as something else than a typed error, or took their worker with them."""


def test_five_thousand_mutants() -> None:
    """No untyped error, nothing over ten seconds without a word, and of a worker that dies the file is known."""
    tallies = run(COUNT, FIRST)
    assert sum(tally.tried for tally in tallies.values()) == COUNT and set(tallies) == set(SHARES)
    for reader, tally in tallies.items():
        assert not tally.findings and not tally.hangs, reader
        assert tally.slowest_s < 10, (reader, tally.slow)
        told = [*tally.deaths, *tally.given_up]
        assert all("of this file (m" in what or "(m." in what for _, what in told), told
        assert len(told) <= 1 + tally.tried // 500, told  # VTK's XML readers die now and then


@pytest.fixture(scope="module")
def runner() -> JobRunner:
    with JobRunner(1, prewarm="", warm=False) as made:
        yield made  # type: ignore[misc]


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: f"{kept['reader']}-{kept['was']}")
def test_what_once_escaped_is_told(kept: dict, runner: JobRunner, tmp_path: Path) -> None:
    try:
        answer = runner.run(try_kept, kept["reader"], kept["seed"], kept["edits"], str(tmp_path), name="mutant")
    except WorkerError as error:
        assert error.where.startswith("m.") and kept["was"].startswith("death")
    else:
        assert answer in ("", "typed")
