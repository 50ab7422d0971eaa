"""A therapy's declaration is read in full or refused with the line of the fault."""

from pathlib import Path

import pytest

from twinviewer.domain import Choice, TherapyError
from twinviewer.therapies import load_parameters

GOOD = """
[[parameter]]
name = "dose_mg"
label = "Dose"
kind = "number"
unit = "mg"
default = 50
minimum = 0
maximum = 200
step = 12.5
source = "a trial"

[[parameter]]
name = "route"
label = "Route"
kind = "choice"
default = "oral"
choices = [{ key = "oral", label = "By mouth" }, { key = "iv", label = "Into a vein" }]
source = "a trial"

[[parameter]]
name = "slow_release"
label = "Slow release"
kind = "switch"
default = false
source = "a trial"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "parameters.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_kind_is_read_in_order(tmp_path: Path) -> None:
    dose, route, slow = load_parameters(written(tmp_path, GOOD))
    assert (dose.name, dose.unit, dose.minimum, dose.maximum, dose.step) == ("dose_mg", "mg", 0, 200, 12.5)
    assert route.choices == (Choice("oral", "By mouth"), Choice("iv", "Into a vein"))
    assert slow.check("yes") is True


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('source = "a trial"', "", "missing source"),
        ('source = "a trial"', 'source = ""', "no source"),
        ("default = 50", "default = 500", "above its maximum"),
        ("maximum = 200", "", "minimum and a maximum"),
        ("step = 12.5", "stride = 12.5", "unknown stride"),
        ('name = "route"', 'name = "dose_mg"', "share a name"),
        ('kind = "number"', 'kind = "slider"', "slider"),
        ("[[parameter]]", "[[parameter]", "cannot be read"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(TherapyError, match=said):
        load_parameters(written(tmp_path, GOOD.replace(old, new, 1)))
