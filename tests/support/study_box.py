"""A plug-in for workers in other processes: the fake engine, which writes down each simulation and takes its time."""

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import fake_twin

from twinviewer.domain import EngineOutput, Metric, Parameter, ParameterValue, Quantity, Records, Setup

LOG = "STUDY_BOX_LOG"
ENTRY_POINTS = (
    "[twinviewer.engines]\nstudy_box = study_box:ENGINE\n[twinviewer.therapies]\nstudy_box = study_box:THERAPY\n"
)


def install(folder: Path, log: Path) -> dict[str, str]:
    """Environment in which this module is an installed plug-in; folder: for its metadata, log: where it counts."""
    metadata = folder / "study_box-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: study-box\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    support = Path(__file__).resolve().parent
    return {"PYTHONPATH": f"{folder}{os.pathsep}{support}", LOG: str(log)}


def box() -> Setup:
    """The untreated box."""
    setup = fake_twin.FakeOrgan().setup(fake_twin.mesh(), {}, Records(), {})
    zero = Quantity(0.0, "1", "assumed", "test")
    return setup.with_parameter("seconds", zero).with_parameter("deadly", zero)


@dataclass(frozen=True)
class StudyBox(fake_twin.FakeEngine):
    """Gives ``strength_1`` after parameter ``seconds``; with ``deadly`` it takes its whole process with it."""

    name: str = "study_box"
    label: str = "Study box"

    def run(self, setup: Setup) -> EngineOutput:
        with Path(os.environ[LOG]).open("a") as log:
            log.write(f"{os.getpid()} {setup.value('contractility_1'):.6f}\n")
        time.sleep(setup.value("seconds"))
        if setup.value("deadly"):
            os.kill(os.getpid(), signal.SIGKILL)
        yield Metric("strength_1", Quantity(setup.value("contractility_1"), "1", "simulated", "study box"))


@dataclass(frozen=True)
class StudyDose(fake_twin.FakeTherapy):
    """A dose given in one of two places."""

    name: str = "study_dose"
    parameters: tuple[Parameter, ...] = (
        Parameter("dose", "Dose", "number", 0.5, "a guess", "1", 0.0, 2.0),
        *(p for p in fake_twin.FakeTherapy().parameters if p.name != "dose"),
    )

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        return super().apply(setup, {"quick": False, **values})


ENGINE, THERAPY = StudyBox(), StudyDose()
