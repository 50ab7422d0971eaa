"""Settings survive whatever is in their file, and remember no patient."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from twinviewer.session.settings import Settings, load_settings, save_settings


def test_round_trip(tmp_path: Path) -> None:
    wanted = replace(Settings(), theme="light", speed=0.5, window_state="AAEC", colour_blind_safe=True)
    assert save_settings(wanted, tmp_path / "new" / "settings.json")
    assert load_settings(tmp_path / "new" / "settings.json") == wanted


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"version": 99, "theme": "light"}', "[" * 100_000, "\x00"])
def test_a_damaged_file_gives_defaults(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    assert load_settings(path) == Settings()
    assert load_settings(tmp_path) == Settings()


def test_single_bad_values_cost_only_themselves(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"version": 1, "theme": "pink", "speed": "fast", "window_state": "AA==", "new": 1}))
    assert load_settings(path) == replace(Settings(), window_state="AA==")


def test_a_place_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not save_settings(Settings(), tmp_path / "file" / "settings.json")
