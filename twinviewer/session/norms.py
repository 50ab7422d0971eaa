"""What is normal: ranges of measures by sex and age, each with its source, from norms.csv.

Columns: name as in docs/metrics.md; sex M, F or any; age_low, age_high in years (empty: no limit given); modality CT,
MR or any; low, high in the measure's unit (empty: that side has no limit); basis: what the limits are; checked: "yes"
where the figures were read in the source or in a quotation of it for this table, "no" where they stand here from
memory and have to be verified; source.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from twinviewer.domain import CineStack, Patient, Quantity, Volume
from twinviewer.session.case import Case

ABOVE, BELOW = "above", "below"


@dataclass(frozen=True, slots=True)
class Norm:
    """A range of what is usual. low, high: None where there is no limit. widened: why it is wider than this patient's
    own would be, "" where it is not."""

    low: float | None
    high: float | None
    basis: str
    source: str
    checked: bool
    widened: str = ""

    def verdict(self, value: float) -> str:
        """ABOVE, BELOW or "" where the value lies within."""
        if self.high is not None and value > self.high:
            return ABOVE
        if self.low is not None and value < self.low:
            return BELOW
        return ""

    @property
    def said(self) -> str:
        """The range in words, without its unit: "48–79", "up to 97", "from 17"."""
        if self.low is None:
            return f"up to {self.high:g}"
        if self.high is None:
            return f"from {self.low:g}"
        return f"{self.low:g}–{self.high:g}"

    @property
    def origin(self) -> str:
        """Where it comes from, and what to hold of it, in one line."""
        notes = [self.basis, self.source]
        if self.widened:
            notes.append(self.widened)
        if not self.checked:
            notes.append("figures not verified yet")
        return "; ".join(notes)


@dataclass(frozen=True, slots=True)
class _Row:
    sex: str
    age_low: float | None
    age_high: float | None
    modality: str
    norm: Norm

    def covers(self, age: float | None) -> bool:
        if age is None:
            return True
        return (self.age_low is None or age >= self.age_low) and (self.age_high is None or age <= self.age_high)


@cache
def _rows() -> Mapping[str, tuple[_Row, ...]]:
    found: dict[str, list[_Row]] = {}
    text = files("twinviewer.session").joinpath("norms.csv").read_text(encoding="utf-8")
    for line in csv.DictReader(text.splitlines()):
        norm = Norm(
            _number(line["low"]), _number(line["high"]), line["basis"], line["source"], line["checked"] == "yes"
        )
        row = _Row(line["sex"], _number(line["age_low"]), _number(line["age_high"]), line["modality"], norm)
        found.setdefault(line["name"], []).append(row)
    return {name: tuple(rows) for name, rows in found.items()}


def _number(text: str) -> float | None:
    return float(text) if text.strip() else None


def norm_of(name: str, modality: str, patient: Patient) -> Norm | None:
    """The range for a measure of this patient; None where no table covers the patient's sex, age and modality.

    Where the sex is unknown the range that holds both sexes' is taken; where the age is, the table's; it says so.
    """
    rows = [
        row
        for row in _rows().get(name, ())
        if row.modality in (modality, "any") and row.covers(patient.age_years) and modality
    ]
    own = [row for row in rows if row.sex in (patient.sex, "any")]
    widened = []
    if patient.sex not in ("M", "F"):
        own = rows
        if len({row.sex for row in rows}) > 1:
            widened.append("sex not known: both sexes' range")
    if not own:
        return None
    if patient.age_years is None and any(row.age_low is not None or row.age_high is not None for row in own):
        widened.append("age not known: the table's people")
    first = own[0].norm
    lows, highs = [row.norm.low for row in own], [row.norm.high for row in own]
    return replace(
        first,
        low=None if None in lows else min(low for low in lows if low is not None),
        high=None if None in highs else max(high for high in highs if high is not None),
        checked=all(row.norm.checked for row in own),
        widened=", ".join(widened),
    )


def norms_of(case: Case, values: Mapping[str, Quantity] | None = None) -> dict[str, Norm]:
    """The ranges for a case's measures, by name; of numbers that were measured, not typed in or assumed."""
    modality = case.image.modality if isinstance(case.image, Volume | CineStack) else ""
    found = {}
    for name, quantity in (case.measurements if values is None else values).items():
        norm = norm_of(name, modality, case.patient) if quantity.origin == "measured" else None
        if norm is not None:
            found[name] = norm
    return found
