"""The command line with fake plug-ins and a fake scanner, all in one process."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import fake_twin
import pytest
from typer.testing import CliRunner, Result

from twinviewer import cli, dicom, domain, geometry
from twinviewer.session import catalog

Invoke = Callable[..., Result]


def _written(path: Path, *_: Any, **__: Any) -> Path:
    path.write_bytes(b"written")
    return path


@pytest.fixture
def shots() -> list[str]:
    """What a test wants to go wrong: names of functions that raise."""
    return []


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shots: list[str]) -> Iterator[Invoke]:
    """Call the command line in this process; ``tmp_path / "scan"`` holds one series of the box."""
    found = {"organs": fake_twin.FakeOrgan(), "engines": fake_twin.FakeEngine(), "therapies": fake_twin.FakeTherapy()}

    def scan(
        folder: Path, report: domain.Reporter = domain.silent, unpack_into: Path | None = None
    ) -> tuple[domain.Series, ...]:
        if "interrupt" in shots:
            raise KeyboardInterrupt
        if "cancel" in shots:
            raise domain.Cancelled
        kind = "not_image" if "no_images" in shots else "ct_multiphase"
        modality = "MR" if "mr" in shots else "CT"
        return (fake_twin.series(kind=kind, modality=modality), fake_twin.series("7.7", phases=1, description="plain"))

    def read(series: domain.Series, report: domain.Reporter = domain.silent, *_: Any) -> domain.Volume:
        return fake_twin.volume(60 if "dark" in shots else 300)

    def film(case: Any, path: Path, *_: Any, **__: Any) -> Path:
        if "film" in shots:
            raise domain.RenderError("No picture can be drawn here", remedy="Install a GL library")
        return _written(path)

    def picture(case: Any, path: Path, *_: Any, **__: Any) -> Path:
        return _written(path)

    monkeypatch.setattr(catalog, "_discover", lambda kind: catalog._Found({found[kind].name: found[kind]}))
    for module, name, function in (
        (dicom, "scan", scan),
        (dicom, "read", read),
        (dicom, "write_seg", _written),
        (geometry, "write_nifti", _written),
        (importlib.import_module("twinviewer.report.picture"), "picture", picture),
        (importlib.import_module("twinviewer.report.film"), "film", film),
        (importlib.import_module("twinviewer.report.pdf"), "pdf", picture),
    ):
        monkeypatch.setattr(module, name, function, raising=False)
    (tmp_path / "scan").mkdir()
    runner = CliRunner()
    in_process = ("inspect", "run", "demo", "segment")

    def call(*arguments: str | Path) -> Result:
        given: Sequence[str] = [str(argument) for argument in arguments]
        if given and given[0] in in_process and "--help" not in given:
            given = [given[0], "--in-process", *given[1:]]
        return runner.invoke(cli.app, list(given))

    yield call
