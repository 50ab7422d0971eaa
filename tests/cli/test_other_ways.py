"""What a script may give in place of finding structures: a mask, or typed numbers."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import typer
from typer.testing import Result

from twinviewer.cli.shell import speaking
from twinviewer.dicom.belonging import OTHER_IMAGES
from twinviewer.domain import LoadError

Invoke = Callable[..., Result]


def test_without_a_folder_numbers_are_needed(invoke: Invoke) -> None:
    result = invoke("run")
    assert result.exit_code == 2 and "--typed" in result.output


@pytest.mark.parametrize(
    "options",
    [
        ("--typed", "lv_edv_ml"),
        ("--typed", "lv_edv_ml=large"),
        ("--typed", "lv_edv_ml=150", "--mask", "a.nii"),
        ("--mask-map", "1=lv_blood"),
        ("--mask-phase", "2"),
        ("--mask", "a.nii", "--mask-map", "lv_blood"),
        ("--mask", "a.nii", "--mask-phase", "0"),
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(invoke: Invoke, tmp_path: Path, options: tuple[str, ...]) -> None:
    assert invoke("run", tmp_path / "scan", *options).exit_code == 2


def test_an_organ_without_such_ways_says_so(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("run", "--typed", "edge_mm=4", "--json")
    error = json.loads(result.stderr)["error"]
    assert result.exit_code == 4 and "typed numbers" in error["what"] and error["remedy"]
    path = tmp_path / "mask.nii.gz"
    sitk.WriteImage(sitk.GetImageFromArray(np.ones((4, 4, 4), np.uint8)), str(path))
    result = invoke("run", tmp_path / "scan", "--mask", path, "--json")
    assert result.exit_code == 4 and "mask" in json.loads(result.stderr)["error"]["what"]


def test_a_refusal_names_the_ways_on(invoke: Invoke, tmp_path: Path, shots: list[str]) -> None:
    shots.append("dark")
    result = invoke("run", tmp_path / "scan")
    assert result.exit_code == 4
    assert "--mask" in result.stderr and "--typed" in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--mesh", "a.glb", "--mask", "a.nii"),
        ("--mesh-map", "LV=lv_blood"),
        ("--units", "mm"),
        ("--mesh", "a.glb", "--units", "furlong"),
        ("--mesh", "a.glb", "--frame", "xyz"),
        ("--mesh", "a.glb", "--mesh-map", "LV"),
        ("--interpolate",),
        ("--over",),
        ("--with", "oracle"),
    ],
)
def test_ways_that_make_no_sense_are_wrong_usage(invoke: Invoke, tmp_path: Path, options: tuple[str, ...]) -> None:
    for command in ("run", "segment"):
        assert invoke(command, tmp_path / "scan", *options).exit_code == 2


def test_the_terms_of_others_come_first(invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    result = invoke("segment", tmp_path / "scan", "--with", "totalsegmentator", "--accept-terms")
    assert result.exit_code == 2 and "not installed" in result.output
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin" / "TotalSegmentator"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    result = invoke("segment", tmp_path / "scan", "--with", "totalsegmentator")
    assert result.exit_code == 2 and "licence number" in result.output and "--accept-terms" in result.output


def test_structures_alone_are_found_and_written(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("segment", tmp_path / "scan", "--out", tmp_path / "deep" / "a.twin", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["structures"] and (tmp_path / "deep" / "a.twin").stat().st_size > 0
    assert invoke("segment").exit_code == 2
    listed = invoke("segment", tmp_path / "scan")
    assert listed.exit_code == 0 and "mL" in listed.stdout


def test_structures_of_other_images_name_the_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), speaking(False):
        raise LoadError("The segmentation was made on another series", remedy=OTHER_IMAGES)
    assert "--by-place" in capsys.readouterr().err
