"""Where temporary files go while images land: the private folder, and back to the usual place whoever ends last."""

import tempfile
from pathlib import Path

import pytest

from twinviewer.archive.landing import Landing


@pytest.fixture
def landings(tmp_path: Path) -> tuple[Landing, Landing]:
    return Landing(tmp_path / "one", "one"), Landing(tmp_path / "two", "two")


def test_two_at_once_give_the_usual_place_back_in_any_order(landings: tuple[Landing, Landing]) -> None:
    usual, (one, two) = tempfile.gettempdir(), landings
    first, second = one.temporary_files_here(), two.temporary_files_here()
    first.__enter__()
    second.__enter__()
    assert tempfile.gettempdir() == str(two.partial)
    first.__exit__(None, None, None)
    assert tempfile.gettempdir() == str(two.partial)
    second.__exit__(None, None, None)
    assert tempfile.gettempdir() == usual


def test_one_that_is_dropped_while_its_thread_is_caught_holds_nobody_up(landings: tuple[Landing, Landing]) -> None:
    usual, (one, _) = tempfile.gettempdir(), landings
    caught = one.temporary_files_here()
    caught.__enter__()
    one.drop()
    assert tempfile.gettempdir() == usual and not one.partial.exists()
    caught.__exit__(None, None, None)
    assert tempfile.gettempdir() == usual
