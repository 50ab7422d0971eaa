"""Measures as a table: grouped, flagged where out of the usual range, the same in CSV, JSON and on the page."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from twinviewer.domain import Grid, Patient, Quantity, StoreError, Volume
from twinviewer.report.measures import FAT, FUNCTION, VALVES, VESSELS, VOLUMES, WALL, group_of, over_surface
from twinviewer.report.measures_table import measures_csv, write_measures_csv
from twinviewer.session.case import Case
from twinviewer.session.metrics import metrics_document


def case() -> Case:
    image = Volume(np.zeros((1, 2, 2, 2), np.int16), Grid((2, 2, 2), np.eye(4)), "CT", np.zeros(1), None, "made")
    values = {"lv_edv_ml": (207.0, "mL"), "lv_edv_index_ml_m2": (104.0, "mL/m²"), "lv_ef_percent": (60.0, "%"),
              "aortic_annulus_area_mm2": (480.0, "mm²"), "epicardial_fat_ml": (90.0, "mL")}  # fmt: skip
    found = {name: Quantity(v, unit, "measured", "made", v - 5, v + 5) for name, (v, unit) in values.items()}
    return Case(patient=Patient("P", "M", 63.0), image=image, measurements=found)


def test_groups() -> None:
    names = ("la_max_index_ml_m2", "ra_ef_percent", "lv_sphericity_index", "lvot_area_mm2", "sinotubular_mm")
    assert [group_of(n) for n in names] == [VOLUMES, FUNCTION, WALL, VALVES, VESSELS]
    assert group_of("calcium_agatston") == group_of("epicardial_fat_ml") == FAT
    assert over_surface(list(case().measurements)) == {"lv_edv_ml": "lv_edv_index_ml_m2"}


def test_csv_and_json_say_what_is_usual() -> None:
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(measures_csv(case())))}
    assert list(rows) == ["lv_edv_ml", "lv_edv_index_ml_m2", "lv_ef_percent", "aortic_annulus_area_mm2",
                          "epicardial_fat_ml"]  # fmt: skip
    flagged = rows["lv_edv_index_ml_m2"]
    assert (flagged["value"], flagged["usual_high"], flagged["verdict"]) == ("104", "97", "above")
    assert "Fuchs" in flagged["usual_source"] and rows["lv_ef_percent"]["verdict"] == "within"
    assert rows["epicardial_fat_ml"]["verdict"] == "" and rows["epicardial_fat_ml"]["high"] == "95"
    found = metrics_document(case())["measurements"]
    assert found["lv_edv_index_ml_m2"]["usual"]["verdict"] == "above" and "usual" not in found["epicardial_fat_ml"]


def test_typed_numbers_are_not_judged() -> None:
    made = case()
    chosen = {name: replace(q, origin="chosen") for name, q in made.measurements.items()}
    assert "above" not in measures_csv(replace(made, measurements=chosen))


def test_nothing_to_write(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(StoreError):
        write_measures_csv(Case(), tmp_path / "m.csv")
    assert write_measures_csv(case(), tmp_path / "m.csv").read_text(encoding="utf-8").count("\n") == 6
