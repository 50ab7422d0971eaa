"""Normal ranges: published limits for whom they hold, wider or none where sex or age is unknown, each with a source."""

import csv
import re
from pathlib import Path

import pytest

import twinviewer.session.norms as norms
from twinviewer.domain import Patient
from twinviewer.session.norms import ABOVE, BELOW, norm_of

TABLE = Path(norms.__file__).with_name("norms.csv")
DOCS = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def test_published_limits() -> None:
    man, woman = Patient("P", "M", 60.0), Patient("P", "F", 60.0)
    # Fuchs 2016: 97.5th percentiles of CT; Petersen 2017: EF 58 ± 5 % of men by MR
    for name, limits in (("lv_edv_index_ml_m2", (97, 83)), ("lv_mass_index_g_m2", (80, 65))):
        for patient, high in zip((man, woman), limits, strict=True):
            found = norm_of(name, "CT", patient)
            assert found is not None and found.high == high and found.low is None and "Fuchs" in found.source
    ef = norm_of("lv_ef_percent", "MR", man)
    assert ef is not None and (ef.low, ef.high) == pytest.approx((58 - 1.96 * 5, 58 + 1.96 * 5))
    assert ef.verdict(30.0) == BELOW and ef.verdict(60.0) == "" and ef.verdict(75.0) == ABOVE


def test_unknown_sex_or_age_widens_and_says_so() -> None:
    found = norm_of("lv_mass_index_g_m2", "MR", Patient("P"))
    man, woman = (norm_of("lv_mass_index_g_m2", "MR", Patient("P", sex, 60.0)) for sex in "MF")
    assert found is not None and man is not None and woman is not None
    assert found.low == woman.low and found.high == man.high
    assert "sex" in found.widened and "age" in found.widened and not man.widened


def test_nobody_is_measured_against_people_unlike_him() -> None:
    assert norm_of("lv_ef_percent", "MR", Patient("P", "M", 12.0)) is None
    assert norm_of("lv_edv_index_ml_m2", "CT", Patient("P", "M", 25.0)) is None
    assert norm_of("ascending_aorta_mm", "MR", Patient("P", "M", 60.0)) is None
    assert norm_of("lv_ef_percent", "", Patient("P", "M", 60.0)) is None
    assert norm_of("epicardial_fat_ml", "CT", Patient("P", "M", 60.0)) is None


def test_every_row_is_a_known_measure_with_a_source_and_sound_limits() -> None:
    listed = set(re.findall(r"`([a-z]+_[a-z0-9_]+)`", DOCS.read_text(encoding="utf-8")))
    seen = set()
    for row in csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()):
        key = (row["name"], row["sex"], row["modality"], row["age_low"])
        assert key not in seen
        seen.add(key)
        assert row["name"] in listed
        assert row["source"] and row["basis"] and row["checked"] in ("yes", "no") and row["sex"] in ("M", "F", "any")
        assert row["low"] or row["high"]
        if row["low"] and row["high"]:
            assert float(row["low"]) < float(row["high"])
