"""The program as a shell sees it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from twinviewer import __version__
from twinviewer.__main__ import has_display, window


def program(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "twinviewer", *arguments], capture_output=True, text=True, timeout=60)


def test_the_program_reports_bad_input_through_a_worker(tmp_path: Path) -> None:
    result = program("inspect", str(tmp_path / "absent"), "--json")
    assert result.returncode == 3 and result.stdout == ""
    assert json.loads(result.stderr)["error"]["type"] == "LoadError"


def test_version_is_fast_and_imports_nothing_heavy() -> None:
    code = "import sys, twinviewer.__main__ as m; m.main(['--version']); print([n for n in sys.modules if n in " + (
        "('numpy', 'vtk', 'pyvista', 'scipy', 'pydicom', 'PySide6', 'numba')])"
    )
    start = time.monotonic()
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert result.stdout.splitlines() == [f"twinviewer {__version__}", "[]"]
    assert time.monotonic() - start < 5.0


def test_interrupt_ends_it_with_130(tmp_path: Path) -> None:
    fifo = tmp_path / "scan"
    fifo.mkdir()
    code = (
        # a shell gives its background jobs a deaf ear for Ctrl-C; a program at a terminal hears it
        "import signal, sys, job_tasks\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from twinviewer import cli\n"
        "from twinviewer.cli.commands import run as command\n"
        "from twinviewer.session import steps\n"
        "if __name__ == '__main__':\n"
        "    def slow(*a, **k):\n"
        "        return cli.work(job_tasks.count, 1000, 0.05, name='Count', verbose=True)\n"
        "    command.pipeline_case = slow\n"
        "    sys.exit(cli.main(['run', sys.argv[1]]))\n"
    )
    script = tmp_path / "program.py"
    script.write_text(code)
    support = Path(__file__).resolve().parents[1] / "support"
    environment = {**os.environ, "PYTHONPATH": str(support)}
    with subprocess.Popen(
        [sys.executable, str(script), str(fifo)], env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        while "step" not in (line := process.stderr.readline()):
            assert line, "ended before it began"
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130 and rest.rstrip().endswith("cancelled"), rest


@pytest.mark.parametrize(
    ("arguments", "display", "expected"),
    [
        ([], ":0", (None, False)),
        (["demo"], ":0", (None, True)),
        (["demo"], "", None),
        (["demo", "--headless"], ":0", None),
        (["demo", "--out", "x"], ":0", None),
        (["inspect"], ":0", None),
        (["--help"], ":0", None),
        (["absent"], ":0", None),
    ],
)
def test_what_opens_the_window(arguments: list[str], display: str, expected: object) -> None:
    assert window(arguments, {"DISPLAY": display}) == expected


def test_folders_and_cases_open_the_window(tmp_path: Path) -> None:
    case = tmp_path / "a.twin"
    case.write_bytes(b"")
    assert window([str(tmp_path)]) == (str(tmp_path), False)
    assert window([str(case)]) == (str(case), False)


def test_a_display_is_seen() -> None:
    assert has_display({"WAYLAND_DISPLAY": "wayland-0"})
    if sys.platform == "linux":
        assert not has_display({})
