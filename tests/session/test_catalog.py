"""Plug-ins are found in their folders and by entry point; a broken one is named and costs nothing else."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import fake_twin
import pytest

from twinviewer.domain import Engine, Organ, Suitability, Therapy
from twinviewer.session import catalog
from twinviewer.session.addressing import addressed, scenario_names


@pytest.fixture
def rooms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder that stands for ``twinviewer.therapies``."""
    package = ModuleType("twinviewer.therapies")
    package.__path__ = [str(tmp_path)]
    real = catalog.importlib.import_module
    monkeypatch.setattr(
        catalog.importlib, "import_module", lambda name: package if name == "twinviewer.therapies" else real(name)
    )
    monkeypatch.setitem(sys.modules, "twinviewer.therapies", package)
    monkeypatch.setattr(catalog, "entry_points", lambda group: ())
    catalog.forget()
    yield tmp_path
    catalog.forget()
    for name in [name for name in sys.modules if name.startswith("twinviewer.therapies.fake_")]:
        del sys.modules[name]


def plug(room: Path, name: str, text: str) -> None:
    (room / name).mkdir()
    (room / name / "__init__.py").write_text(text)


def test_the_real_rooms_hold_what_obeys_the_protocols() -> None:
    catalog.forget()
    for found, protocol in (
        (catalog.organs(), Organ), (catalog.engines(), Engine), (catalog.therapies(), Therapy),
    ):  # fmt: skip
        assert all(isinstance(plugin, protocol) and plugin.name == name for name, plugin in found.items())
    assert catalog.failures() == {}
    assert "heart" in catalog.organs() and "beat" in catalog.engines() and "crt" in catalog.therapies()


def test_broken_plugins_are_named_and_the_rest_is_there(rooms: Path) -> None:
    plug(rooms, "fake_good", "import fake_twin\nTHERAPY = fake_twin.FakeTherapy()")
    plug(rooms, "fake_broken", "import no_such_module")
    plug(rooms, "fake_empty", "")
    plug(rooms, "fake_half", "class Half:\n    name = 'half'\nTHERAPY = Half()")
    plug(rooms, "fake_twin_brother", "import fake_twin\nTHERAPY = fake_twin.FakeTherapy()")
    (rooms / "lone_file.py").write_text("raise RuntimeError('a lone file is no plug-in')")
    assert list(catalog.therapies()) == ["dose"]
    failures = catalog._discover("therapies").failures
    assert "no_such_module" in failures["twinviewer.therapies.fake_broken"]
    assert "THERAPY" in failures["twinviewer.therapies.fake_empty"]
    assert "apply" in failures["twinviewer.therapies.fake_half"]
    assert "already taken" in failures["twinviewer.therapies.fake_twin_brother"]
    assert len(failures) == 4
    with pytest.raises(catalog.UnknownPluginError) as caught:
        catalog.therapy("magic")
    assert "dose" in caught.value.remedy and "fake_broken" in caught.value.remedy


def test_entry_points_are_taken_too(rooms: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode() -> object:
        raise ImportError("not here")

    points = (
        SimpleNamespace(name="good", value="elsewhere:THERAPY", load=fake_twin.FakeTherapy),
        SimpleNamespace(name="bad", value="nowhere:THERAPY", load=explode),
    )
    monkeypatch.setattr(catalog, "entry_points", lambda group: points if group.endswith("therapies") else ())
    assert list(catalog.therapies()) == ["dose"]
    assert "not here" in catalog._discover("therapies").failures["nowhere:THERAPY (entry point bad)"]


def test_scenario_names_match_those_that_are_given(finished: object) -> None:
    from twinviewer.session import scenarios
    from twinviewer.session.case import Case

    case = finished
    assert isinstance(case, Case)
    wanted = [["dose"], ["dose"], ["dose", "dose"], []]
    for names in wanted[1:]:
        case = scenarios.add_scenario(case, names)
    assert [scenario.name for scenario in case.treated] == scenario_names(wanted)


def test_values_are_addressed_by_parameter_therapy_or_scenario(fakes: None) -> None:
    both = [["dose"], ["dose"]]
    assert addressed(both, {"dose": "1"}) == {"dose": {"dose.dose": "1"}, "dose_2": {"dose.dose": "1"}}
    assert addressed(both, {"dose.dose": "1"}) == {"dose": {"dose.dose": "1"}, "dose_2": {}}
    assert addressed(both, {"dose_2.dose": "1"}) == {"dose": {}, "dose_2": {"dose.dose": "1"}}
    assert addressed([["dose"]], {}) == {"dose": {}}
    for wrong in ({"lead": "1"}, {"dose_3.dose": "1"}, {"magic.dose": "1"}):
        with pytest.raises(ValueError, match="no chosen therapy"):
            addressed(both, wrong)


def test_another_engine_answers_where_the_preferred_one_does_not_understand(monkeypatch: pytest.MonkeyPatch) -> None:
    """The preferred engine first, then by name the first that understands all therapies together; else the reason."""
    beat = fake_twin.FakeEngine(name="beat", label="Beat", understands=frozenset({"stimuli", "contractility"}))
    other = fake_twin.FakeEngine(name="tissue", label="Tissue", understands=frozenset({"stimuli", "extrastimuli"}))
    monkeypatch.setattr(catalog, "engines", lambda: {"beat": beat, "tissue": other})
    lead = fake_twin.FakeTherapy(name="lead", edits=frozenset({"stimuli"}))
    extra = fake_twin.FakeTherapy(name="extra", edits=frozenset({"extrastimuli"}))
    drug = fake_twin.FakeTherapy(name="drug", edits=frozenset({"contractility"}))
    assert catalog.answering([lead], beat) is beat and catalog.answering([], beat) is beat
    assert catalog.answering([lead, extra], beat) is other
    refused = catalog.answering([extra, drug], beat)
    assert isinstance(refused, Suitability) and "Beat does not model extrastimuli" in refused.reason
