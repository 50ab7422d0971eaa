"""Which way is better, where literature says so: rules from directions.csv, each for a kind of patient and with source.

Columns: metric as in docs/metrics.md; kind: ``lower`` or ``higher`` (that direction is better), ``not_above`` or
``not_below`` (beyond limit is worse, back from there better), ``no_rise`` (a rise of limit and more is worse); limit in
the metric's unit; least, least_percent: a smaller change means nothing, in that unit and as a share (empty: none
given); condition: what must hold of the reference, as ``metric>=number`` or ``metric<=number``, joined by ``&`` (empty:
always); who: those in words; checked: "yes" where the figures were read for this table, in the source or in a text that
quotes it and is named with it, "no" where they stand here from memory and have to be verified; source.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from twinviewer.domain import Delta, Quantity

BETTER, WORSE = "better", "worse"
KINDS = ("lower", "higher", "not_above", "not_below", "no_rise")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table."""

    metric: str
    kind: str
    limit: float
    least: float
    least_percent: float
    condition: str
    who: str
    source: str
    checked: bool

    def holds_for(self, reference: Mapping[str, Quantity]) -> bool:
        """Whether the reference is one of the patients that the source speaks of; not where a number is missing."""
        for part in filter(None, (one.strip() for one in self.condition.split("&"))):
            sign = ">=" if ">=" in part else "<="
            name, _, bound = part.partition(sign)
            known = reference.get(name.strip())
            if known is None:
                return False
            if not (known.value >= float(bound) if sign == ">=" else known.value <= float(bound)):
                return False
        return True

    def word(self, delta: Delta) -> str:
        """BETTER, WORSE, or "" where the source says nothing of such a change."""
        if self.kind in ("lower", "higher"):
            small = delta.percent is not None and abs(delta.percent) < self.least_percent
            if delta.change == 0.0 or abs(delta.change) < self.least or small:
                return ""
            return BETTER if (delta.change < 0.0) == (self.kind == "lower") else WORSE
        if self.kind == "no_rise":
            return WORSE if delta.change >= self.limit else ""
        side = 1.0 if self.kind == "not_above" else -1.0
        was, is_now = (side * (value - self.limit) > 0.0 for value in (delta.baseline, delta.other))
        return "" if was == is_now else WORSE if is_now else BETTER

    @property
    def said(self) -> str:
        """The rule in one line, with whom it holds for and who says so."""
        wanted = {
            "lower": "lower is better",
            "higher": "higher is better",
            "not_above": f"above {self.limit:g} is worse",
            "not_below": f"below {self.limit:g} is worse",
            "no_rise": f"a rise of {self.limit:g} and more is worse",
        }[self.kind]
        least = f", from {self.least:g} on" if self.least else ""
        least = f", from {self.least_percent:g} % on" if self.least_percent else least
        unread = "" if self.checked else "; figures not verified yet"
        return f"{wanted}{least} ({self.who}). {self.source}{unread}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """word: BETTER or WORSE. sure: the interval of the change leaves out 0; False also where there is none. rule: who
    says so."""

    word: str
    sure: bool
    rule: Rule


@cache
def rules() -> tuple[Rule, ...]:
    """All lines of directions.csv, in order."""
    text = files("twinviewer.session").joinpath("directions.csv").read_text(encoding="utf-8")
    return tuple(
        Rule(
            line["metric"], line["kind"], float(line["limit"] or 0.0), float(line["least"] or 0.0),
            float(line["least_percent"] or 0.0), line["condition"], line["who"], line["source"],
            line["checked"] == "yes",
        )
        for line in csv.DictReader(text.splitlines())
    )  # fmt: skip


def verdict(delta: Delta, reference: Mapping[str, Quantity]) -> Verdict | None:
    """What literature says of a change in a patient like the reference: the first rule that holds and speaks.

    None where none does, and where the two cannot be told apart. reference: metrics of the reference's run.
    """
    if delta.apart is False:
        return None
    for rule in rules():
        if rule.metric == delta.name and rule.holds_for(reference):
            word = rule.word(delta)
            if word:
                return Verdict(word, bool(delta.apart), rule)
    return None
