"""A mask or mesh made elsewhere becomes a beating heart, without an image of its own."""

from pathlib import Path

import pytest

from twinviewer.geometry.label_surfaces import label_surfaces
from twinviewer.geometry.write_parts import write_parts
from twinviewer.organs.heart.demo.anatomy import demo_labels
from twinviewer.session import steps
from twinviewer.session.case import Case
from twinviewer.session.elsewhere import take
from twinviewer.session.scenarios import prepare


@pytest.mark.slow
def test_named_surfaces_of_a_whole_heart_become_a_beating_one(tmp_path: Path) -> None:
    """The demo patient's true labels as GLB, as another program would hand it over: volumes within 1.5 % (twice
    resampled), a model, and a beat in which both ventricles eject the same."""
    labels = demo_labels()
    write_parts(tmp_path / "heart.glb", label_surfaces(labels))
    case = take(Case(), mesh=[tmp_path / "heart.glb"])
    assert case.labels is not None and case.organ == "heart"
    for name in ("lv_blood", "rv_blood", "la_blood", "lv_myocardium"):
        assert case.labels.volume_ml(name) == pytest.approx(labels.volume_ml(name), rel=0.015)
    case = steps.simulate_all(prepare(steps.build(case), {}, ""))
    assert case.baseline is not None and case.baseline.run is not None
    got = {name: quantity.value for name, quantity in case.baseline.run.metrics.items()}
    assert got["lv_edv_ml"] == pytest.approx(labels.volume_ml("lv_blood"), rel=0.03)
    assert got["lv_stroke_volume_ml"] == pytest.approx(got["rv_stroke_volume_ml"], rel=0.03)
    assert 35.0 < got["lv_ef_percent"] < 65.0 and got["rv_ef_percent"] < 75.0
    notes = " ".join(case.baseline.setup.notes)
    assert "is assumed and no finding" in notes
