"""``twinviewer edit``: tools and undo on a saved case, from a shell."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import Result

from twinviewer.domain import Grid, Volume
from twinviewer.session import store
from twinviewer.session.case import Case
from twinviewer.session.label_draft import LabelDraft
from twinviewer.session.label_edits import new_labels
from twinviewer.session.label_tools import TOOLS

Invoke = Callable[..., Result]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A ball of 12 mm with a hole in it, drawn by hand in two strokes."""
    from twinviewer.segmentation.edit.brush import Brush

    grid = Grid((40, 40, 40), np.eye(4))
    data = np.zeros((1, *grid.shape), np.int16)
    data.setflags(write=False)
    case = new_labels(Case(image=Volume(data, grid, "CT", np.zeros(1), None, "v")), ["bone"])
    assert case.labels is not None
    draft = LabelDraft(case.labels)
    for value, radius, action in ((1, 12.0, "Paint bone"), (0, 4.0, "Erase bone")):
        draft.begin(value)
        draft.dab(Brush(radius), grid.centre_mm)
        edit = draft.finish(action)
        assert edit is not None
        case = draft.accept(case, edit)
    return store.save(case, tmp_path / "bone.twin")


def volume_ml(path: Path) -> float:
    labels = store.load(path).labels
    assert labels is not None
    return labels.volume_ml("bone")


def test_a_tool_mends_the_file_and_says_what_it_did(invoke: Invoke, saved: Path, tmp_path: Path) -> None:
    out = tmp_path / "filled.twin"
    result = invoke("edit", saved, "--tool", "fill", "--structure", "bone", "--out", out, "--in-process")
    assert result.exit_code == 0, result.output
    assert "done: Fill holes Bone" in result.stdout and "6.9" in result.stdout
    assert volume_ml(out) == pytest.approx(4 / 3 * np.pi * 1.2**3, rel=0.02)
    assert volume_ml(saved) == pytest.approx(4 / 3 * np.pi * (1.2**3 - 0.4**3), rel=0.02)
    listed = invoke("edit", out, "--list", "--json")
    assert json.loads(listed.stdout)["edits"] == ["Paint bone", "Erase bone", "Fill holes Bone"]


def test_what_a_hand_did_is_taken_back_by_name(invoke: Invoke, saved: Path) -> None:
    result = invoke("edit", saved, "--undo", "1", "--json", "--in-process")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["undone"] == ["Erase bone"] and said["edits"] == ["Paint bone"]
    assert said["volumes_ml"]["bone"][1] == pytest.approx(volume_ml(saved))


def test_places_and_values_reach_the_tool(invoke: Invoke, saved: Path) -> None:
    result = invoke(
        "edit", saved, "--tool", "cut", "--structure", "bone", "--set", "name=Far half", "--at", "19.5,19.5,19.5",
        "--normal", "0,0,1", "--in-process",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    labels = store.load(saved).labels
    assert labels is not None and labels.volume_ml("far_half") == pytest.approx(labels.volume_ml("bone"), rel=0.01)


def test_mistakes_are_said_in_one_line(invoke: Invoke, saved: Path) -> None:
    for arguments, code, why in (
        (("--tool", "sand"), 4, "no tool"),
        (("--tool", "smooth", "--set", "size_mm=-4"), 4, "below its minimum"),
        (("--tool", "grow", "--at", "1,2"), 2, "x,y,z"),
        (("--undo", "9"), 2, "2 edits"),
        ((), 2, "Nothing to do"),
    ):
        result = invoke("edit", saved, *arguments, "--in-process")
        assert result.exit_code == code and why in result.output, (arguments, result.output)
    assert invoke("edit").exit_code == 2


def test_the_list_names_every_tool_with_its_values(invoke: Invoke) -> None:
    text = invoke("edit", "--list").stdout
    document = json.loads(invoke("edit", "--list", "--json").stdout)
    assert [one["name"] for one in document["tools"]] == list(TOOLS)
    for tool in TOOLS.values():
        assert f"\n{tool.name} " in f"\n{text}"
        for parameter in tool.parameters:
            assert parameter.name in text
