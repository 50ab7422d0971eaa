"""docs/add_a_therapy.md works as it stands: its files make a plug-in that is found and offered, and that has the effect
which the page claims on a failing heart."""

import importlib
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ideal_heart import ideal_heart

from twinviewer.cli import main
from twinviewer.domain import Quantity, Setup
from twinviewer.organs.heart.conduction import stimuli
from twinviewer.session import catalog
from twinviewer.session.case import Case
from twinviewer.session.scenarios import accept_setup, add_scenario
from twinviewer.session.steps import simulate_all

PAGE = Path(__file__).parents[2] / "docs" / "add_a_therapy.md"
FILES = dict(re.findall(r"^```(?:toml|python) (\S+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S))
COMMANDS = re.findall(r"^```console\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
FAILING = {
    "heart_rate_bpm": (80.0, "bpm"), "pr_interval_ms": (160.0, "ms"), "conduction_fibre_m_s": (0.6, "m/s"),
    "conduction_cross_m_s": (0.3, "m/s"), "conduction_endocardial_m_s": (1.0, "m/s"),
    "contractility_lv_kpa": (42.0, "kPa"), "contractility_rv_kpa": (42.0, "kPa"), "stiffness_lv_kpa": (120.0, "kPa"),
    "stiffness_rv_kpa": (120.0, "kPa"), "relaxation_ms": (32.0, "ms"),
    "systemic_resistance_mmhg_s_ml": (1.9, "mmHg s/mL"), "systemic_compliance_ml_mmhg": (1.2, "mL/mmHg"),
    "pulmonary_resistance_mmhg_s_ml": (0.15, "mmHg s/mL"), "pulmonary_compliance_ml_mmhg": (4.0, "mL/mmHg"),
    "stressed_volume_ml": (1150.0, "mL"), "lv_filling_pressure_mmhg": (18.0, "mmHg"),
    "rv_filling_pressure_mmhg": (8.0, "mmHg"),
}  # fmt: skip


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The page's files in a folder, installed as pip would: its entry points stand in a dist-info on the path."""
    assert {"pyproject.toml", "milrinone/__init__.py", "milrinone/parameters.toml", "test_milrinone.py"} == set(FILES)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    project = tomllib.loads(FILES["pyproject.toml"])["project"]
    info = tmp_path / "twinviewer_milrinone-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [f"{name} = {where}" for name, where in project["entry-points"]["twinviewer.therapies"].items()]
    (info / "entry_points.txt").write_text("[twinviewer.therapies]\n" + "\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    catalog.forget()
    yield tmp_path
    monkeypatch.undo()
    for name in [name for name in sys.modules if name in ("milrinone", "test_milrinone")]:
        del sys.modules[name]
    importlib.invalidate_caches()
    catalog.forget()


def failing() -> Setup:
    mesh = ideal_heart(2.5)
    found, layer, _ = stimuli(mesh, "normal", 160.0)
    parameters = {name: Quantity(value, unit, "assumed", "test") for name, (value, unit) in FAILING.items()}
    return Setup(mesh, parameters, found, {"fast_layer": layer})


def test_the_tutorial_makes_a_therapy_that_does_what_was_published(
    installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["therapies", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert not listed["failures"]
    assert "milrinone" in [one["name"] for one in listed["therapies"]]
    one = catalog.therapy("milrinone")
    assert one.group == "Drugs of the circulation" and one.edits == {"contractility", "resistance", "volume"}
    setup = failing()
    case = accept_setup(replace(Case(), mesh=setup.mesh, organ="heart"), setup)
    assert catalog.offer(one, catalog.engine(case.engine), setup.mesh).ok
    case = simulate_all(add_scenario(case, ["milrinone"], {"*": {"bolus_ug_kg": 75}}))
    before, after = (
        {name: quantity.value for name, quantity in found.metrics.items()}
        for found in (case.scenario("baseline").run, case.scenario("milrinone").run)
        if found is not None
    )
    assert before["lv_ef_percent"] < 35.0 and before["mean_left_atrial_mmhg"] > 12.0  # a failing heart
    importlib.import_module("test_milrinone").check(before, after)
    source = case.scenario("milrinone").setup.parameters["contractility_lv_kpa"].source
    assert source.startswith("milrinone 75 ug/kg")


def test_a_mistake_in_the_plug_in_is_said(installed: Path) -> None:
    declared = installed / "milrinone" / "parameters.toml"
    declared.write_text(declared.read_text().replace("maximum = 75", "maximum = 40"))
    catalog.forget()
    assert "milrinone" not in catalog.therapies()
    assert any("milrinone" in where and "default" in why.lower() for where, why in catalog.failures().items())


@pytest.mark.slow
def test_the_commands_of_the_tutorial_run(
    installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but pip's, in this process, where the plug-in is."""
    monkeypatch.chdir(installed)
    commands = [line.split() for block in COMMANDS for line in block.splitlines() if line.startswith("twinviewer ")]
    assert [words[1] for words in commands] == ["therapies", "run"]
    assert main(commands[0][1:]) == 0
    assert main([*commands[1][1:], "--in-process"]) == 0, capsys.readouterr().err
    scenarios = json.loads((installed / "milrinone_out" / "metrics.json").read_text())["scenarios"]
    before, after = ({n: q["value"] for n, q in scenarios[name].items()} for name in ("baseline", "milrinone"))
    importlib.import_module("test_milrinone").check(before, after)
