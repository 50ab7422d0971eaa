"""docs/validation.md lists every therapy with a published effect, and the command that makes it knows them all."""

import sys

import pytest

from tests.conftest import ROOT
from twinviewer.session import catalog

sys.path.insert(0, str(ROOT / "tests" / "support"))
from tests.validation.effects import EFFECTS  # noqa: E402
from tests.validation.effects.effect import Effect, at  # noqa: E402
from tests.validation.therapies import BEGIN, END, PAGE, cells, line, old_rows, summary  # noqa: E402


def test_every_therapy_of_the_catalog_has_rows() -> None:
    assert set(EFFECTS) == set(catalog.therapies())
    section = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    told = {cells(row)[0] for row in old_rows(section)}
    assert {therapy.label for therapy in catalog.therapies().values()} == told
    # the table that stands first is that of the rows below it
    assert "\n".join(summary(old_rows(section))) in section


def test_an_error_is_that_to_the_nearer_bound() -> None:
    assert Effect("load", "s", "w", **at(10.0), ours=11.0).error == pytest.approx(0.1)
    inside = Effect("load", "s", "w", low=10.0, high=25.0, ours=12.0)
    assert inside.off == 0.0 and inside.passed and inside.said_error == "within"
    above = Effect("load", "s", "w", low=10.0, high=25.0, ours=30.0)
    assert above.error == pytest.approx(0.2) and not above.passed and "**fail**" in line(above)
    assert Effect("load", "s", "w", **at(0.0), ours=1.5, absolute=True, near=2.0).passed
    assert not Effect("load", "s", "w", **at(1.0), ours=float("nan")).passed


@pytest.mark.slow
@pytest.mark.parametrize("therapy", ["balloon_pump", "lvad", "exercise", "load", "valve_lesion", "posture"])
def test_what_is_said_to_pass_passes(therapy: str) -> None:
    section = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    said = [cells(row)[7].startswith("pass") for row in old_rows(section)
            if cells(row)[0] == catalog.therapies()[therapy].label]  # fmt: skip
    assert [effect.passed for effect in EFFECTS[therapy]()] == said
