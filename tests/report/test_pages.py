"""Page one and the pages behind it: what is said is what the case holds, and it can be read without colour."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from beating_ball import LEADS, ball, run
from reportlab.platypus import Paragraph

from twinviewer.domain import Delta, Patient, Quantity, Setup
from twinviewer.domain.fit import BaselineFit, Residual
from twinviewer.report.numbers_table import numbers_csv
from twinviewer.report.pages.ecg import points_mm, twelve_leads
from twinviewer.report.pages.inks import darkened, inked
from twinviewer.report.pages.measures import range_bar
from twinviewer.report.pages.provenance import references
from twinviewer.report.pages.story import headline, limits, what_was_done
from twinviewer.report.pages.studies import studies_pages
from twinviewer.report.pages.words import ALIKE, NONE, UNKNOWN, change, change_interval, listed
from twinviewer.report.pdf import pdf
from twinviewer.scene.palette import rgb
from twinviewer.session.case import SCENARIO_COLOURS, Case, Scenario, TherapyUse
from twinviewer.session.norms import Norm
from twinviewer.session.studies.study import Study, Wanted


def case(problems: tuple[str, ...] = ()) -> Case:
    residuals = (Residual("lv_ef_percent", Quantity(30.0, "%", "measured", "CT"), 31.0, 1.5),)
    parameters = {
        "heart_rate_bpm": Quantity(75.0, "bpm", "measured", "ECG"),
        "lv_filling_pressure_mmhg": Quantity(17.0, "mmHg", "assumed", "a guess", 8.0, 40.0),
    }
    setup = Setup(ball(), parameters, (), fit=BaselineFit(residuals, (), 1, problems))
    crt = TherapyUse("crt", {"lv_lead": "AHA12", "av_delay_ms": 120.0})
    return Case(
        patient=Patient("P-1", "F", 61.0),
        mesh=ball(),
        organ="heart",
        measurements={"lv_edv_ml": Quantity(113.0, "mL", "measured", "ball", 110.0, 116.0)},
        scenarios=(
            Scenario("baseline", "Baseline", (), setup, run(140.0, 0.10)),
            Scenario("crt", "CRT", (crt,), setup, run(90.0, 0.15), SCENARIO_COLOURS[1]),
        ),
    )


def test_a_ruler_on_the_page_measures_the_ecg() -> None:
    """25 mm/s, 10 mm/mV: a beat of 0.8 s is 20 mm wide, and a height in mm is a tenth of a mV."""
    beat = run(140.0, 0.10)
    line = points_mm(beat, "II", 60.0)
    trace = beat.traces["ecg_II"]
    assert line[:, 1].max() == pytest.approx(10.0 * trace.values.max())
    period = len(trace.values) - 1
    assert line[period, 0] - line[0, 0] == pytest.approx(25.0 * 0.8)
    np.testing.assert_allclose(line[period : 2 * period, 1], line[:period, 1])
    drawing = twelve_leads(inked(case()))
    assert drawing is not None and drawing.width == pytest.approx(180.0 / 25.4 * 72.0)
    words = {item.text for item in drawing.contents if hasattr(item, "text")}
    assert set(LEADS) <= words


def test_lines_are_told_apart_without_colour_and_dark_enough() -> None:
    scenarios = [*case().scenarios, replace(case().scenarios[1], name="b"), replace(case().scenarios[1], name="c")]
    found = inked(replace(case(), scenarios=tuple(scenarios)))
    assert len({(one.dash, one.width) for one in found}) == 4 and found[0].scenario.name == "baseline"
    for colour in SCENARIO_COLOURS:
        parts = np.array(rgb(darkened(colour)))
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        assert 1.05 / (float(linear @ [0.2126, 0.7152, 0.0722]) + 0.05) > 3.8  # WCAG contrast with white


def test_how_sure_a_change_is() -> None:
    known = Delta("qrs_ms", "ms", 150.0, 130.0, -26.0, -12.0)
    assert (change(known), change_interval(known)) == ("−20", "−26 to −12")
    assert change_interval(replace(known, high=3.0)) == f"−26 to +3: {ALIKE}"
    assert change_interval(Delta("mitral_regurgitant_ml", "mL", 0.0, 0.0, 0.0, 0.0)) == NONE
    assert change_interval(Delta("qrs_ms", "ms", 150.0, 130.0)) == UNKNOWN
    assert change(Delta("lv_ef_percent", "%", 30.0, 32.04)) == "+2.0"
    assert change(Delta("qrs_ms", "ms", 150.0, 149.8)) == "0"
    assert listed(["a", "b", "c"]) == "a, b and c" and listed(["a", "b", "c"], 2) == "a, b and 1 more"


def test_six_numbers_that_matter_for_the_therapy() -> None:
    names = ("heart_rate_bpm", "qrs_ms", "lv_ef_percent", "lv_esv_ml", "lv_edv_ml", "lv_dpdt_max_mmhg_s",
             "cardiac_output_l_min", "aortic_gradient_mean_mmhg", "qtc_ms", "mean_arterial_mmhg")  # fmt: skip
    deltas = [Delta(name, "", 1.0, 2.0) for name in names]
    assert headline(case(), deltas)[0] == "qrs_ms" and len(headline(case(), deltas)) == 6
    drug = replace(case().scenarios[1], therapies=(TherapyUse("channel_drug", {}),))
    assert "qtc_ms" in headline(replace(case(), scenarios=(case().scenarios[0], drug)), deltas)
    assert headline(case(), deltas[:1]) == ["heart_rate_bpm"]


def test_what_was_done_and_what_limits_it() -> None:
    said = what_was_done(case())
    assert "fitted to 1 measurements" in said and "CRT (LV lead 12 mid anterolateral" in said and said.endswith(".")
    first, *_, last = limits(case())
    assert "Fits: 1 of 1" in first and "lV" not in last
    assert any("1 of 2 inputs" in one and "17.0 mmHg" in one for one in limits(case()))
    assert limits(case(("the EF is 9 errors off",)))[0].startswith("The model does not fit this patient. The EF is")
    assert (
        "No image" in limits(replace(case(), typed={"lv_edv_ml": 150.0}))[1]
        or "not from images" in limits(replace(case(), typed={"lv_edv_ml": 150.0}))[1]
    )


def test_a_value_lies_where_the_usual_range_says() -> None:
    norm = Norm(40.0, 60.0, "", "test", True)
    below, within = (range_bar(Quantity(v, "%", "measured", "t"), norm) for v in (30.0, 50.0))
    band, mark = below.contents[0], below.contents[-1]
    assert mark.x < band.x
    band, mark = within.contents[0], within.contents[-1]
    assert mark.x + mark.width / 2 == pytest.approx(band.x + band.width / 2)


def test_sources_are_cited_once_and_records_are_none() -> None:
    found = references(case())
    assert len(set(found)) == len(found) and any("MADIT-CRT" in one or "Cerqueira" in one for one in found)
    assert not any("FHIR" in one for one in found) and all(one.count("(") == one.count(")") for one in found)


def test_every_number_is_in_the_table() -> None:
    table = numbers_csv(case()).splitlines()
    kinds = {line.split(",")[0] for line in table[1:]}
    assert kinds == {"measure", "setting", "input", "metric", "change"}
    deltas = [line for line in table if line.startswith("change,crt")]
    first, second = (one.run.metrics for one in case().scenarios if one.run is not None)
    assert len(deltas) == len(first)
    value = float(next(line for line in deltas if ",lv_ef_percent," in line).split(",")[5])
    assert value == second["lv_ef_percent"].value - first["lv_ef_percent"].value


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")
def test_the_pages(tmp_path: Path) -> None:
    path = pdf(case(), tmp_path / "r.pdf")
    pages = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True).stdout.split("\f")
    pages = [page for page in pages if page.strip()]
    for number, page in enumerate(pages, start=1):
        assert "Research only, not for clinical use" in page and "P-1" in page
        assert f"page {number} of {len(pages)}" in page
    for words in ("Simulated scenario.", "CRT", "interval not computed", "What limits this", "25 mm/s, 10 mm/mV", "61"):
        assert words in pages[0], words
    text = "\n".join(pages)
    for words in ("Contents", "Every difference", "How the model fits", "Where the numbers are from", "References"):
        assert words in text, words
    fonts = subprocess.run(["pdffonts", str(path)], capture_output=True, text=True).stdout
    assert "DejaVuSans" in fonts
    listed_ = fonts.splitlines()[2:]
    assert listed_ and all(re.search(r" yes +yes ", line) for line in listed_), fonts  # embedded, as a subset
    assert path.stat().st_size < 4_000_000


def test_a_study_that_cannot_be_read_costs_no_other_page() -> None:
    broken = Study("Odd sweep", "sweep", "beat", "none", (), (), Wanted(), {})
    story = studies_pages(replace(case(), studies=(broken, replace(broken, name="Odd cohort", kind="cohort"))))
    texts = [one.text for one in story if isinstance(one, Paragraph)]
    assert {"Studies", "Odd sweep", "Odd cohort"} <= set(texts)
    assert sum("cannot be read here" in text for text in texts) == 1 and any("0 of 0" in text for text in texts)
    assert studies_pages(case()) == []
