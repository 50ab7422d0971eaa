"""What scripts rely on: exit codes, one line of error, JSON on stdout, files in the folder."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from twinviewer.session import demo, store

Invoke = Callable[..., Result]


def test_inspect_lists_series_as_json(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("inspect", tmp_path / "scan", "--json")
    assert result.exit_code == 0
    first = json.loads(result.stdout)["series"][0]
    assert (first["kind"], first["slices"], first["phases"], first["organ"]) == ("ct_multiphase", 12, 2, "box")
    assert first["spacing_mm"] == [5.0, 5.0, 5.0] and first["warnings"] == []
    assert "a.dcm" not in result.stdout


def test_run_writes_everything(invoke: Invoke, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = invoke("run", tmp_path / "scan", "--therapy", "dose", "--set", "dose=1", "--out", out)
    assert result.exit_code == 0, result.output
    assert {path.name for path in out.iterdir()} == {
        "metrics.json", "case.twin", "labels.nii.gz", "labels.seg.dcm", "picture.png", "film.mp4", "report.pdf",
    }  # fmt: skip
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["schema"] == 1 and set(metrics["scenarios"]) == {"baseline", "dose"}
    assert metrics["scenarios"]["dose"]["lv_ef_percent"]["value"] == pytest.approx(100 * (1 - 0.8**3))
    assert metrics["case"]["scenarios"]["dose"]["therapies"] == {"dose": {"dose": 1.0, "quick": False}}
    case = store.load(out / "case.twin")
    assert case.scenario("dose").run is not None
    assert "lv_ef_percent" in result.stdout and str(out / "metrics.json") in result.stdout


def test_run_json_goes_to_stdout_alone(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("run", tmp_path / "scan", "-t", "dose", "--json")
    document = json.loads(result.stdout)
    assert document["deltas"]["dose"]["lv_ef_percent"]["change"] > 0


def test_the_same_therapy_twice_is_addressed_by_scenario(invoke: Invoke, tmp_path: Path) -> None:
    two = ("--therapy", "dose", "--therapy", "dose")
    result = invoke("run", tmp_path / "scan", *two, "--set", "dose.dose=0.2", "--set", "dose_2.dose=1.2", "--json")
    used = json.loads(result.stdout)["case"]["scenarios"]
    assert used["dose"]["therapies"]["dose"]["dose"] == 0.2
    assert used["dose_2"]["therapies"]["dose"]["dose"] == 1.2
    both = ("--therapy", "dose+dose", "--set", "dose.dose=0.2", "--set", "dose_2.dose=1.2", "--off", "dose_2", "--json")
    used = json.loads(invoke("run", tmp_path / "scan", *both).stdout)["case"]["scenarios"]["dose+dose"]
    assert [used["therapies"][name]["dose"] for name in ("dose", "dose_2")] == [0.2, 1.2] and used["off"] == ["dose_2"]


def test_setup_records_and_series_reach_the_pipeline(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("run", tmp_path / "scan", "--setup", "heart_rate_bpm=90", "--series", "1", "--json")
    case = json.loads(result.stdout)["case"]
    assert case["scenarios"]["baseline"]["parameters"]["heart_rate_bpm"]["value"] == 90.0
    assert case["series_uid"] == "7.7"


@pytest.mark.parametrize(
    ("arguments", "shot", "code", "words"),
    [
        (["run", "scan", "--therapy", "magic"], "", 2, "magic"),
        (["run", "scan", "--engine", "magic"], "", 2, "magic"),
        (["run", "scan", "--set", "dose=1"], "", 2, "no chosen therapy"),
        (["run", "scan", "--therapy", "dose", "--set", "dose"], "", 2, "key=value"),
        (["run", "scan", "--therapy", "dose", "--set", "dose=much"], "", 5, "much"),
        (["run", "scan", "--therapy", "dose", "--set", "dose=9"], "", 5, "above its maximum"),
        (["run", "scan", "--setup", "heart_rate_bpm=900"], "", 5, "above its maximum"),
        (["run", "absent"], "", 3, "no such folder"),
        (["inspect", "absent"], "", 3, "no such folder"),
        (["run", "scan", "--series", "99"], "", 3, "no series"),
        (["run", "scan", "--records", "absent.json"], "", 3, "no such file"),
        (["run", "scan", "--series", "0"], "mr", 4, "Only CT"),
        (["run", "scan"], "dark", 4, "cannot be told apart"),
        (["run", "scan", "--out", "out"], "film", 6, "GL library"),
        (["run", "scan", "--out", "scan/file/out"], "", 6, "cannot be written"),
        (["render", "absent.twin", "--film", "a.mp4"], "", 6, "no such case"),
        (["render", "absent.twin"], "", 2, "nothing to render"),
        (["export", "absent.twin"], "", 2, "nothing to export"),
        (["run"], "", 2, "folder"),
        (["dance"], "", 2, "dance"),
        (["run", "scan"], "interrupt", 130, "cancelled"),
        (["run", "scan"], "cancel", 130, "cancelled"),
    ],
)
def test_exit_codes_and_one_line(
    invoke: Invoke, shots: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: list[str], shot: str, code: int, words: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scan" / "file").write_text("")
    shots.append(shot)
    result = invoke(*arguments)
    assert result.exit_code == code, result.output
    assert words in result.stderr
    if code not in (2, 130):
        assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1


def test_errors_are_json_on_request(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("run", tmp_path / "absent", "--json")
    error = json.loads(result.stderr)["error"]
    assert result.exit_code == error["exit_code"] == 3
    assert error["type"] == "LoadError" and error["remedy"] and result.stdout == ""


def test_what_was_made_before_a_failing_picture_stays(invoke: Invoke, shots: list[str], tmp_path: Path) -> None:
    shots.append("film")
    assert invoke("run", tmp_path / "scan", "--out", tmp_path / "out").exit_code == 6
    assert (tmp_path / "out" / "metrics.json").exists() and (tmp_path / "out" / "case.twin").exists()
    assert invoke("run", tmp_path / "scan", "--out", tmp_path / "out", "--no-pictures").exit_code == 0


def test_what_was_reached_before_a_failing_step_is_kept(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("run", tmp_path / "scan", "--setup", "heart_rate_bpm=900", "--out", tmp_path / "out")
    assert result.exit_code == 5 and "What was reached is in case.twin" in result.stderr
    kept = store.load(tmp_path / "out" / "case.twin")
    assert kept.mesh is not None and not kept.scenarios


def test_a_saved_case_is_rendered_and_exported(invoke: Invoke, tmp_path: Path) -> None:
    invoke("run", tmp_path / "scan", "--out", tmp_path / "out", "--no-pictures")
    case = tmp_path / "out" / "case.twin"
    result = invoke("render", case, "--film", tmp_path / "deep" / "film.mp4", "--picture", tmp_path / "a.png", "--json")
    assert result.exit_code == 0 and set(json.loads(result.stdout)["files"]) == {"film", "picture"}
    assert (tmp_path / "deep" / "film.mp4").exists()
    mesh = tmp_path / "deep" / "mesh.stl"
    result = invoke("export", case, "--nifti", tmp_path / "l.nii.gz", "--metrics", tmp_path / "m.json", "--mesh", mesh)
    written = sorted(mesh.parent.glob("mesh*.stl"))  # one body a file
    assert written and all(path.stat().st_size > 84 and path.name in result.stdout for path in written)
    assert result.exit_code == 0 and json.loads((tmp_path / "m.json").read_text())["schema"] == 1


def test_therapies_show_bounds_and_sources(invoke: Invoke) -> None:
    assert "0 to 2 1" in invoke("therapies").stdout
    pair = json.loads(invoke("therapies", "--cell", "dofetilide=1", "--cell", "verapamil=0", "--json").stdout)
    assert pair["apd90_ms"] > pair["control_ms"] + 20 and pair["doses_cmax"] == {"dofetilide": 1.0, "verapamil": 0.0}
    assert invoke("therapies", "--cell", "dofetilide=30").exit_code == 2
    parameter = json.loads(invoke("therapies", "--json").stdout)["therapies"][0]["parameters"][0]
    assert (parameter["name"], parameter["minimum"], parameter["maximum"]) == ("dose", 0.0, 2.0)
    assert parameter["source"]


def test_demo_prints_a_short_table_and_where_the_files_are(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "patient" / "dicom").mkdir(parents=True)
    monkeypatch.setattr(demo, "write_demo", lambda report: str(tmp_path / "patient"))
    monkeypatch.setattr(demo, "THERAPIES", [["dose"]])
    result = invoke("demo", "--headless", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["Baseline", "Dose"]
    assert lines[1].split() == ["LV", "ejection", "fraction", "27.1", "38.59", "(+11.5)", "%"]
    assert [line.split()[0] for line in lines[-7:]] == [
        "metrics", "case", "labels", "segmentation", "picture", "film", "report",
    ]  # fmt: skip
    assert all(Path(line.split(maxsplit=1)[1]).is_absolute() for line in lines[-7:])


def test_version_and_help(invoke: Invoke) -> None:
    assert invoke("--version").stdout.startswith("twinviewer ")
    assert "inspect" in invoke("--help").stdout
