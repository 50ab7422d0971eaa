"""How people and their hearts differ: published means, spreads and relations, from spreads.csv.

Columns: set (who the row is of), name, shape, unit, mean, sd, low and high (what lies beyond is drawn again), checked
("yes" where the figures were read in the source or a quotation of it for this table, "no" where they stand from memory
or are assumed), source. Shapes: "normal"; "lognormal" with that mean and standard deviation; "factor", lognormal with
median ``mean`` and ``sd`` the standard deviation of its logarithm; "share"; "relation", one number.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import exp, log, sqrt
from typing import Literal

Shape = Literal["normal", "lognormal", "factor", "share", "relation"]


@dataclass(frozen=True, slots=True)
class Spread:
    """How one number differs among people. low, high: None where there is no bound."""

    name: str
    shape: str
    unit: str
    mean: float
    sd: float
    low: float | None
    high: float | None
    checked: bool
    source: str

    def at(self, z: float) -> float:
        """The value that lies ``z`` standard deviations from the middle."""
        if self.shape == "normal":
            return self.mean + self.sd * z
        if self.shape == "factor":
            return self.mean * exp(self.sd * z)
        square = log(1.0 + (self.sd / self.mean) ** 2)
        return self.mean * exp(sqrt(square) * z - 0.5 * square)

    def holds(self, value: float) -> bool:
        """Whether the value lies within the bounds."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@cache
def _all() -> Mapping[str, Mapping[str, Spread]]:
    found: dict[str, dict[str, Spread]] = {}
    text = files("twinviewer.session.studies").joinpath("spreads.csv").read_text(encoding="utf-8")
    for line in csv.DictReader(text.splitlines()):
        low, high = (float(line[side]) if line[side] else None for side in ("low", "high"))
        found.setdefault(line["set"], {})[line["name"]] = Spread(
            line["name"], line["shape"], line["unit"], float(line["mean"]), float(line["sd"] or 0.0), low, high,
            line["checked"] == "yes", line["source"],
        )  # fmt: skip
    return found


def spreads(of: str) -> Mapping[str, Spread]:
    """Name -> Spread of one set. KeyError for a set that the table does not have."""
    return _all()[of]


def relation(name: str) -> float:
    """One number of the set "relations"."""
    return spreads("relations")[name].mean
