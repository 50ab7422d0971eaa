"""What leaves the program shows the beat, names what it is, and names nobody."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from beating_ball import ball, run
from PIL import Image

from twinviewer.domain import Cancelled, Patient, Quantity, RenderError, Setup
from twinviewer.report.film import film
from twinviewer.report.pdf import pdf
from twinviewer.report.picture import picture
from twinviewer.session.case import Case, Scenario, TherapyUse


def case() -> Case:
    mesh = ball()
    parameters = {"heart_rate_bpm": Quantity(75.0, "bpm", "population", "test")}
    setup = Setup(mesh, parameters, ())
    return Case(
        title="P-1",
        patient=Patient("P-1"),
        mesh=mesh,
        organ="heart",
        measurements={"lv_edv_ml": Quantity(113.0, "mL", "measured", "ball", 110.0, 116.0)},
        scenarios=(
            Scenario("baseline", "Baseline", (), setup, run(140.0, 0.10)),
            Scenario("crt", "CRT", (TherapyUse("crt", {"lv_lead": "AHA11"}),), setup, run(90.0, 0.15), "#3FB6C6"),
        ),
    )


def test_picture_has_the_asked_size_and_is_not_empty(tmp_path: Path):
    image = np.asarray(Image.open(picture(case(), tmp_path / "p.png", (900, 600))))
    assert image.shape == (600, 900, 3)
    assert image[:340].std() > 15 and image[380:].std() > 5


def test_film_beats_and_repeats_with_the_heart_rate(tmp_path: Path):
    path = film(case(), tmp_path / "f.mp4", size=(640, 480), beats=2, speed=1.0, colour_by="")
    with av.open(str(path)) as container:
        frames = [f.to_ndarray(format="gray").astype(float) for f in container.decode(video=0)]
        rate = float(container.streams.video[0].average_rate)
    assert len(frames) / rate == pytest.approx(1.6, abs=0.05)
    heart = np.array([f[:240].mean() for f in frames])
    half = len(frames) // 2
    assert np.allclose(heart[:half], heart[half:], atol=1.0)
    assert np.ptp(heart[:half]) > 1.0


def test_cancelled_film_leaves_nothing(tmp_path: Path):
    def stop(fraction: float, text: str) -> None:
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        film(case(), tmp_path / "f.mp4", stop, size=(320, 480), beats=1)
    assert list(tmp_path.iterdir()) == []


def test_report_says_research_only_on_every_page_and_names_the_sources(tmp_path: Path):
    path = pdf(case(), tmp_path / "r.pdf")
    assert path.read_bytes().startswith(b"%PDF")
    assert path.stat().st_size > 20_000


def test_nothing_simulated_is_said_not_drawn(tmp_path: Path):
    with pytest.raises(RenderError, match="no beat"):
        film(replace(case(), scenarios=()), tmp_path / "f.mp4")
