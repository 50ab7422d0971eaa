"""Pictures and films of a measured heart: it moves with the images, and its lines lie on them."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from beating_ball import RADIUS_MM
from beating_ball import run as beating_run
from moving_ball import cine_case, size
from PIL import Image

from twinviewer.domain import CineStack, Quantity, Setup
from twinviewer.report.film import film
from twinviewer.report.measured import STRIP_PX, frames, still_of_both
from twinviewer.report.measures import by_discs, paired
from twinviewer.report.pdf import pdf
from twinviewer.report.picture import picture
from twinviewer.report.plane_panels import PlanePanels, choose_planes
from twinviewer.scene.palette import CONTOURS, rgb
from twinviewer.scene.plane_lines import PlaneLines
from twinviewer.session.case import Scenario

LV = np.array(rgb(CONTOURS["lv_endocardium"])) * 255


def lines_of(image: np.ndarray) -> np.ndarray:
    """Which pixels are of the left endocardium's colour."""
    return np.abs(image.astype(int) - LV).sum(axis=2) < 60


def test_planes_that_miss_the_heart_are_not_chosen() -> None:
    made = cine_case()
    assert isinstance(made.image, CineStack) and made.mesh is not None
    chosen = choose_planes(PlaneLines(made.mesh, made.image), made.contours)
    assert 2 not in chosen and 3 in chosen and len(chosen) >= 2


def test_the_line_on_a_panel_is_as_large_as_the_cut() -> None:
    made = cine_case()
    assert isinstance(made.image, CineStack) and made.mesh is not None
    panels = PlanePanels(PlaneLines(made.mesh, made.image), (1,), (300, 240), ("#FFFFFF", "#000000"))
    scale_mm = panels._boxes[1][2]
    for fraction in (0.0, 0.5):
        rows, columns = np.nonzero(lines_of(panels.frame(1, fraction)))
        wide, high = (0.5 * np.ptp(side) * scale_mm for side in (columns, rows))
        assert wide == pytest.approx(RADIUS_MM * size(fraction), rel=0.04)
        assert high == pytest.approx(RADIUS_MM * size(fraction), rel=0.04)
        assert (columns.min() + columns.max()) / 2 == pytest.approx(149.5, abs=2.0)
        assert (rows.min() + rows.max()) / 2 == pytest.approx(119.5, abs=2.0)


def test_frames_of_the_film_differ_and_carry_lines_and_heart() -> None:
    made = frames(cine_case(), np.array([0.0, 0.5]), (960, 640), cut=False)
    assert [one.shape for one in made] == [(640, 960, 3)] * 2
    top = 640 - STRIP_PX - 30
    lines = [lines_of(one[:top, 390:]).sum() for one in made]
    hearts = [(np.abs(one[60:top, :370].astype(int) - one[5, 370].astype(int)).sum(axis=2) > 60).sum() for one in made]
    assert lines[0] > 800 and lines[1] < 0.85 * lines[0]
    assert hearts[0] > 5000 and hearts[1] < 0.85 * hearts[0]


def test_the_film_lasts_as_long_as_the_measured_beat(tmp_path: Path) -> None:
    path = film(cine_case(), tmp_path / "f.mp4", size=(640, 480), beats=2, speed=1.0, cut=False)
    with av.open(str(path)) as container:
        shown = [f.to_ndarray(format="gray").astype(float) for f in container.decode(video=0)]
        rate = float(container.streams.video[0].average_rate)
    assert len(shown) / rate == pytest.approx(1.6, abs=0.05)
    half = len(shown) // 2
    assert np.abs(shown[0] - shown[half]).mean() < 1.0 < np.abs(shown[0] - shown[half // 2]).mean()


def test_the_still_shows_both_ends_of_the_beat(tmp_path: Path) -> None:
    image = still_of_both(cine_case(), (960, 640))
    assert image.shape == (640, 960, 3)
    half = (640 - STRIP_PX - 26) // 2
    first, second = (lines_of(image[at : at + half, 240:]).sum() for at in (0, half))
    assert second < 0.85 * first
    saved = np.asarray(Image.open(picture(cine_case(), tmp_path / "p.png", (960, 640))))
    np.testing.assert_array_equal(saved, image)


def test_a_report_of_measures_alone(tmp_path: Path) -> None:
    assert pdf(cine_case(), tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")


def test_discs_stand_beside_the_model_and_names_in_groups() -> None:
    names = ["lv_edv_ml", "lv_gls_percent", "lv_edv_discs_ml", "rv_esv_discs_ml", "mapse_mm"]
    assert paired(names) == {
        "lv_edv_ml": "lv_edv_discs_ml", "lv_gls_percent": "", "mapse_mm": "", "rv_esv_discs_ml": ""
    }  # fmt: skip
    values = {name: Quantity(float(k), "", "measured", "test") for k, name in enumerate(names)}
    assert {name: q.value for name, q in by_discs(values).items()} == {"lv_edv_ml": 2.0, "rv_esv_ml": 3.0}
    assert by_discs({"mapse_mm": values["mapse_mm"]}) == {"mapse_mm": values["mapse_mm"]}


def test_a_simulated_case_still_gives_the_measured_film(tmp_path: Path) -> None:
    """The run has another beat and another motion: nothing of it is in the measured pictures."""
    made = cine_case()
    assert made.mesh is not None
    run = beating_run(140.0, 0.10)
    setup = Setup(made.mesh, {}, ())
    simulated = replace(made, scenarios=(Scenario("baseline", "Baseline", (), setup, run),))
    moments = np.array([0.0, 0.5])
    for one, other in zip(frames(made, moments, (640, 480), cut=True), frames(simulated, moments, (640, 480), cut=True),
                          strict=True):  # fmt: skip
        np.testing.assert_array_equal(one, other)
