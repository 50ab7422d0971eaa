"""Typed numbers become a case without images: labelled, undoable, saved and found again, and runnable to a beat."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import fake_twin
import numpy as np
import pytest

from twinviewer.domain import MeshError, OrganMesh, Parameter, ParameterValue, Quantity, Reporter, silent
from twinviewer.report import can_report, follows_images
from twinviewer.session import catalog, codec, from_numbers, listing, scenarios, steps, store
from twinviewer.session.case import Case, step_states
from twinviewer.session.history import History
from twinviewer.session.metrics import metrics_document


class NumberBox(fake_twin.FakeOrgan):
    """The box, also from its edge in mm."""

    numbers = (Parameter("edge_mm", "Edge", "number", 40.0, "a guess", "mm", 10.0, 90.0),)

    def check_numbers(self, values: Mapping[str, ParameterValue]) -> str:
        return "A box"

    def from_numbers(
        self, values: Mapping[str, ParameterValue], report: Reporter
    ) -> tuple[OrganMesh, Mapping[str, Quantity]]:
        made = replace(fake_twin.mesh("typed"), notes=("no image was used",))
        return made, {"box_ml": Quantity(64.0, "mL", "chosen", "typed in")}


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "organs", lambda: {"box": NumberBox()})


def test_a_case_of_typed_numbers_says_so_everywhere(box: None) -> None:
    case = from_numbers.make_typed(Case(), {"edge_mm": 40.0}, silent)
    assert case.organ == "box" and case.image is None and dict(case.typed) == {"edge_mm": 40.0}
    states = step_states(case)
    assert states["Segment"].state == "ready" and "no image was used" in states["Segment"].why
    assert states["Model"].state == "needs_a_look" and "no image was used" in states["Model"].why
    document = metrics_document(case)
    assert document["case"]["typed"] == {"edge_mm": 40.0}
    assert any("no image was used" in note for note in document["case"]["notes"])
    assert document["measurements"]["box_ml"]["origin"] == "chosen"
    assert "not measured" in listing.results_text(case)
    assert can_report(case) and not follows_images(case)


def test_images_come_back_by_undo_and_a_new_model_is_not_typed(box: None) -> None:
    history = History()
    image = fake_twin.volume(60)
    history.push(Case().changed("Open", image=image, series=(fake_twin.series(),), active_series_uid="1.2.3"))
    history.push(from_numbers.make_typed(history.current, {"edge_mm": 40.0}, silent))
    assert history.current.image is None and history.current.series
    assert history.undo_text == "Model from typed numbers"
    history.undo()
    assert history.current.image is image and not history.current.typed
    history.redo()
    assert history.current.typed
    reopened = history.current.changed("Open", image=image)
    assert not reopened.typed and reopened.mesh is None and not reopened.measurements


def test_it_is_saved_and_found_again(box: None, tmp_path: Path) -> None:
    case = from_numbers.make_typed(Case(), {"edge_mm": 40.0}, silent)
    back = store.load(store.save(case, tmp_path / "typed.twin"))
    assert dict(back.typed) == dict(case.typed) and back.mesh is not None and case.mesh is not None
    np.testing.assert_array_equal(back.mesh.points_mm, case.mesh.points_mm)
    assert back.mesh.notes == case.mesh.notes and dict(back.measurements) == dict(case.measurements)
    assert dict(back.messages) == dict(case.messages)


def test_organs_that_take_no_numbers_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "organs", lambda: {"box": fake_twin.FakeOrgan()})
    with pytest.raises(MeshError, match="No organ can be made of typed numbers"):
        from_numbers.make_typed(Case(), {"edge_mm": 40.0}, silent)


def test_the_heart_offers_both_ways() -> None:
    assert "heart" in catalog.organs_from_numbers() and "heart" in catalog.organs_from_mask()
    heart = catalog.organs_from_numbers()["heart"]
    assert "EF 60 %" in heart.check_numbers({"lv_edv_ml": 150.0, "lv_esv_ml": 60.0})
    with pytest.raises(MeshError):
        heart.check_numbers({"lv_edv_ml": 150.0, "lv_esv_ml": 149.0})


def test_a_case_file_from_before_typed_numbers_is_still_read() -> None:
    tree, arrays = codec.encode(Case(title="old"))
    del tree["fields"]["typed"]
    back = codec.decode(tree, lambda i: arrays[i])
    assert back.title == "old" and dict(back.typed) == {}


@pytest.mark.slow
def test_a_typed_heart_beats_with_the_typed_volumes() -> None:
    case = from_numbers.make_typed(Case(), {"lv_edv_ml": 180.0, "lv_esv_ml": 80.0, "wall_mm": 8.0}, silent)
    case = steps.simulate_all(scenarios.prepare(case))
    assert case.baseline is not None and case.baseline.run is not None
    said = case.baseline.run.metrics
    assert said["lv_edv_ml"].value == pytest.approx(180.0, rel=0.01)
    assert said["lv_esv_ml"].value == pytest.approx(80.0, rel=0.01)
    assert all(q.origin == "simulated" for q in said.values())
