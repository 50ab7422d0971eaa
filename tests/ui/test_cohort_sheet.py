"""The sheet of virtual cohorts says what starting costs, shows what came out, and writes it to files."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from made_cohort import made_study
from PIL import Image

from twinviewer.session import catalog
from twinviewer.session.case import Case
from twinviewer.session.simulate import setup_uid
from twinviewer.ui.studies.cohort_flow import CohortFlow


def flow_of(window: Any) -> CohortFlow:
    found = window.findChild(CohortFlow)
    assert isinstance(found, CohortFlow) and found.sheet is not None
    return found


def test_a_cohort_is_shown_and_saved(window: Any, small_case: Case, tmp_path: Path) -> None:
    window.presenter.accept(small_case.changed("Open"))
    window.actions_.all["cohort"].trigger()
    flow = flow_of(window)
    sheet = flow.sheet
    assert sheet is not None and sheet.isVisible() and not sheet.histogram.isVisible()
    baseline = window.presenter.case.baseline
    assert baseline is not None
    uid = setup_uid(catalog.engine("beat"), baseline.setup)
    study = replace(made_study(baseline_uid=uid), name="CRT, 40 patients")
    window.presenter.accept(window.presenter.case.changed("Keep", studies=(study,)))
    assert sheet.histogram.isVisible() and "would respond" in sheet.said.text()
    assert "at least 10 % higher" in sheet.said.text() and "Women respond more often" not in sheet.statement.text()
    assert "no remodelling" in sheet.statement.text() and "Men" in sheet.forest.accessibleDescription()
    flow.save(tmp_path)
    rows = list(csv.DictReader((tmp_path / "cohort.csv").open(encoding="utf-8")))
    document = json.loads((tmp_path / "cohort.json").read_text(encoding="utf-8"))
    responders = sum(row["responds"] == "1" for row in rows)
    assert len(rows) == 40 and document["responders"]["responders"] == responders
    assert Image.open(tmp_path / "cohort.png").size[0] == 1600


def test_without_a_baseline_it_says_so(window: Any) -> None:
    window.actions_.all["cohort"].trigger()
    assert window.findChild(CohortFlow).sheet is None
