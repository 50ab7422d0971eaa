"""What scenarios change, as a table for a spreadsheet."""

import csv
import io
from collections.abc import Sequence

from twinviewer.domain import Delta
from twinviewer.session.case import Scenario
from twinviewer.session.directions import verdict
from twinviewer.session.finding import NOT_APART, is_same

HEAD = (
    "metric", "unit", "reference", "reference_value", "scenario", "value", "change", "change_percent", "low_90",
    "high_90", "word", "source",
)  # fmt: skip


def delta_csv(
    reference: Scenario, columns: Sequence[tuple[Scenario, Sequence[Delta]]], names: Sequence[str] = ()
) -> str:
    """A line for each metric and scenario, separated by commas (RFC 4180). names: which metrics, in that order;
    default all. word: better or worse only where a source says so and the interval leaves out 0 ("?" behind it: no
    interval has been computed), else "same", "cannot be told apart" or nothing.
    """
    known = {} if reference.run is None else reference.run.metrics
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(HEAD)
    by_scenario = [(scenario, {delta.name: delta for delta in deltas}) for scenario, deltas in columns]
    wanted = names or tuple(dict.fromkeys(delta.name for _, deltas in columns for delta in deltas))
    for name in wanted:
        for scenario, deltas in by_scenario:
            delta = deltas.get(name)
            if delta is None:
                continue
            said = verdict(delta, known)
            word = "" if said is None else said.word if said.sure else f"{said.word}?"
            word = "same" if is_same(delta) else NOT_APART if delta.apart is False else word
            table.writerow(
                (
                    name, delta.unit, reference.label, delta.baseline, scenario.label, delta.other, delta.change,
                    "" if delta.percent is None else f"{delta.percent:.4g}", "" if delta.low is None else delta.low,
                    "" if delta.high is None else delta.high, word, "" if said is None else said.rule.said,
                )
            )  # fmt: skip
    return out.getvalue()
