"""Measures from the shell: the calcium score counts what is taken and nothing else; tables are written."""

import json
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from twinviewer import cli
from twinviewer.domain import Grid, Patient, Quantity, Volume
from twinviewer.session import store
from twinviewer.session.case import Case


def chest(path: Path) -> Path:
    """A saved case: two plaques of 4 mm across and 12 mm long in soft tissue, and one measure."""
    hu = np.full((10, 120, 120), 40, np.int16)
    y, x = np.mgrid[:120, :120] * 0.5
    for cx, level in ((20, 250), (40, 450)):
        hu[3:7, (x - cx) ** 2 + (y - 30) ** 2 < 4.0] = level
    image = Volume(hu[None], Grid(hu.shape, np.diag([0.5, 0.5, 3.0, 1.0])), "CT", np.zeros(1), None, "chest")
    found = {"lv_mass_index_g_m2": Quantity(90.0, "g/m²", "measured", "made", 80.0, 100.0)}
    store.save(Case(patient=Patient("P", "M", 60.0), image=image, measurements=found), path)
    return path


def call(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    return result.exit_code, result.stdout


def test_candidates_are_listed_and_only_what_is_taken_counts(tmp_path: Path) -> None:
    case = chest(tmp_path / "chest.twin")
    code, text = call("calcium", case, "--ball", "30,30,15,40", "--json")
    listed = json.loads(text)
    assert code == 0 and len(listed["candidates"]) == 2 and listed["score"] is None
    code, text = call("calcium", case, "--ball", "30,30,15,40", "--take", "1", "--json", "--save", tmp_path / "s.twin")
    score = json.loads(text)["score"]
    # 4 slices of 3 mm, π·2² mm² each (in pixels of a quarter mm²), factor 4
    assert code == 0 and abs(score["calcium_agatston"]["value"] - 4 * 4 * np.pi * 4) < 25
    kept = store.load(tmp_path / "s.twin").measurements
    assert kept["calcium_agatston"].value == score["calcium_agatston"]["value"] and "lv_mass_index_g_m2" in kept


def test_a_region_is_asked_for(tmp_path: Path) -> None:
    case = chest(tmp_path / "chest.twin")
    assert call("calcium", case)[0] == 2
    assert call("calcium", case, "--ball", "a,b")[0] == 2
    assert call("calcium", case, "--structure", "heart")[0] == 4


def test_measures_as_a_table(tmp_path: Path) -> None:
    case = chest(tmp_path / "chest.twin")
    code, _ = call("export", case, "--csv", tmp_path / "m.csv")
    assert code == 0 and ",80,above," in (tmp_path / "m.csv").read_text(encoding="utf-8")
    assert call("export", case, "--sr", tmp_path / "m.dcm")[0] == 6  # no series to refer to
