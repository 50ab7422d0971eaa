"""The check by finite elements: of the scenario in view, beside the fast strains, never of another setup."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.ui.conftest import ball_case
from twinviewer.domain import Quantity, Run
from twinviewer.session.case import Case


def checked(run: Run, strain: float) -> Run:
    """An answer of the finite elements: the same strain everywhere at the end of systole."""
    metrics = {
        "solid_ejected_at_fast_tension_percent": Quantity(20.0, "%", "simulated", "solid"),
        "solid_tension_factor": Quantity(1.25, "1", "simulated", "solid"),
        "solid_ejected_percent": Quantity(30.0, "%", "simulated", "solid"),
        "solid_twist_deg": Quantity(4.0, "deg", "simulated", "solid"),
        "solid_strain_percent": Quantity(strain, "%", "simulated", "solid, few elements"),
    }
    field = np.full_like(run.moving_fields["strain_fibre"], strain)
    return replace(run, moving_fields={"strain_fibre": field}, metrics=metrics)


@pytest.fixture
def asked(window: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Case, list[dict[str, Any]]]:
    """A window with the ball, and what it submits instead of running it."""
    case = ball_case()
    window.presenter.accept(case)
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(
        window.presenter, "submit", lambda key, step, function, *args, **more: found.append({"args": args, **more})
    )
    return window, case, found


def test_the_answer_stands_beside_the_fast_strains(asked: tuple[Any, Case, list[dict[str, Any]]]) -> None:
    window, case, submitted = asked
    window.check.ask()
    assert len(submitted) == 1 and submitted[0]["args"][0] == "solid"
    baseline = window.presenter.case.baseline
    assert submitted[0]["args"][1] is baseline.setup and "Baseline" in submitted[0]["name"]
    submitted[0]["done"](checked(baseline.run, -15.0))
    sheet = window.check.sheet
    assert sheet is not None and sheet.isVisible()
    fast, solid, off = (one.values[10] for one in (sheet.fast, sheet.solid, sheet.off))  # the ball has segment 11
    assert solid == pytest.approx(-15.0) and off == pytest.approx(solid - fast)
    assert f"{abs(off):.1f}" in sheet.head.text() and "1.25" in sheet.told.text()
    window.check.ask()  # known by now
    assert len(submitted) == 1


def test_an_answer_to_another_setup_is_not_shown(asked: tuple[Any, Case, list[dict[str, Any]]]) -> None:
    window, case, submitted = asked
    window.check.ask()
    before = window.presenter.case.baseline
    changed = replace(before, setup=replace(before.setup))
    window.presenter.accept(window.presenter.case.with_scenario(changed, "changed"))
    submitted[0]["done"](checked(before.run, -15.0))
    assert window.check.sheet is None
    window.check.ask()
    assert len(submitted) == 2
