"""Metrics have names for people, and no name of docs/metrics.md is left without one."""

import re
from pathlib import Path

import pytest

from twinviewer.session.metric_names import METRICS, label_of, number_of, order_of, short_of


@pytest.mark.parametrize(
    ("name", "short", "full"),
    [
        ("lv_ef_percent", "LV EF", "LV ejection fraction"),
        ("lv_dpdt_max_mmhg_s", "dP/dt max", "LV dP/dt max"),
        ("lv_dpdt_min_mmhg_s", "dP/dt min", "LV dP/dt min"),
        ("la_max_ml", "LA max", "LA largest volume"),
        ("la_roof_mm", "LA roof", "LA roof"),  # by rule
    ],
)
def test_names_for_people(name: str, short: str, full: str) -> None:
    assert (short_of(name), label_of(name)) == (short, full)


def test_simulated_metrics_of_the_handbook_are_known() -> None:
    text = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    engine = text[text.index("## Heart, from the engine only: electrical") :]
    engine = "\n".join(line.split("|")[1] for line in engine.splitlines() if line.startswith("|"))
    names = re.findall(r"`([a-z][a-z0-9_]+_(?:ms|deg|mmhg_s|mmhg|mmhg_ml|kpa|l_min|percent))`", engine)
    assert len(names) > 15
    assert not [name for name in names if name not in METRICS]


def test_numbers_and_order() -> None:
    assert number_of("lv_ef_percent", 29.87) == "29.9" and number_of("cardiac_output_l_min", 4.456) == "4.46"
    assert number_of("qrs_axis_deg", -30.0) == "\u221230"
    assert order_of("qrs_ms") < order_of("lv_ef_percent") < order_of("something_else_ml")
