"""Fake plug-ins in the place of the real ones, and a finished case made by them."""

from collections.abc import Iterator

import fake_twin
import pytest

from twinviewer.session import catalog, scenarios, steps
from twinviewer.session.case import Case


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A catalog of one organ, one engine and one therapy, all fakes."""
    found = {"organs": fake_twin.FakeOrgan(), "engines": fake_twin.FakeEngine(), "therapies": fake_twin.FakeTherapy()}

    def discover(kind: str) -> object:
        return catalog._Found({found[kind].name: found[kind]})

    monkeypatch.setattr(catalog, "_discover", discover)
    yield


@pytest.fixture
def opened(fakes: None) -> Case:
    """A case with one open series."""
    case = steps.accept_scan(Case(), "/somewhere/box", (fake_twin.series(),))
    return steps.accept_image(case, case.series[0], (fake_twin.volume(), "box", ""))


@pytest.fixture
def finished(opened: Case) -> Case:
    """The same case with labels, mesh, baseline and one treated scenario, both simulated."""
    case = scenarios.prepare(steps.build(steps.segment(opened)))
    return steps.simulate_all(scenarios.add_scenario(case, ["dose"]))
