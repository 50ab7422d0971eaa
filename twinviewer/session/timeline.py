"""The timeline of a case as rows to be shown: each value, finding and medicine with its dates, and which is in use."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from twinviewer.domain import Entry, EntryKind, Quantity
from twinviewer.session.case import Case
from twinviewer.session.metric_names import METRICS, label_of, number_of, order_of

SETTING_OF: Mapping[str, str] = {"pr_ms": "pr_interval_ms"}
"""Names of records that the settings of the baseline know under another name."""
KINDS: Mapping[EntryKind, str] = {
    "value": "Measured",
    "finding": "Findings",
    "medication": "Medicines",
    "person": "Person",
}
SEXES = {"M": "male", "F": "female", "O": "other"}
FIRST = ("heart_rate_bpm", "systolic_mmhg", "diastolic_mmhg", "pr_ms", "qrs_ms", "qt_ms", "qtc_ms", "qrs_axis_deg",
         "lv_ef_percent", "nt_probnp_pg_ml", "weight_kg", "height_cm", "age_years")  # fmt: skip
RESTS_ON = frozenset({"heart_rate_bpm", "systolic_mmhg", "diastolic_mmhg", "pr_ms", "qrs_ms"})
"""Values that a baseline is made from (``Organ.setup``); the others are for the reader."""
DECIMALS = {"weight_kg": 1, "lv_ef_percent": 0}


@dataclass(frozen=True, slots=True)
class Point:
    """One entry in a row. when: ISO 8601 or "". value: None where it is no number. why_not: why it is not in use, ""
    where it is. over: the finding or medicine ends here."""

    when: str
    text: str
    value: float | None
    origin: str
    source: str
    file: str
    why_not: str
    over: bool = False

    @property
    def in_use(self) -> bool:
        """Whether the twin rests on it, or it holds."""
        return not self.why_not


@dataclass(frozen=True, slots=True)
class Row:
    """All entries of one name, oldest first. by_hand: what the user has set in its place, "" where nothing."""

    kind: EntryKind
    name: str
    label: str
    unit: str
    points: tuple[Point, ...]
    by_hand: str = ""

    @property
    def verdict(self) -> str:
        """What the entry that counts is: "in use" by the twin, or the newest word, for the reader."""
        words: Mapping[EntryKind, str] = {
            "value": "newest",
            "finding": "holds",
            "medication": "taken",
            "person": "newest",
        }
        return "in use" if self.kind == "value" and self.name in RESTS_ON else words[self.kind]

    @property
    def now(self) -> Point | None:
        """The entry in use, or None."""
        return next((point for point in reversed(self.points) if point.in_use), None)


def timeline_rows(case: Case) -> tuple[Row, ...]:
    """Rows in the order in which a cardiologist asks for them: rate, pressure, ECG, the rest, findings, medicines."""
    from twinviewer.records import entries_of, in_use

    records = replace(case.records, timeline=entries_of(case.records))
    used = in_use(records)
    groups: dict[tuple[EntryKind, str], list[tuple[Entry, bool]]] = {}
    for at, entry in enumerate(records.timeline):
        groups.setdefault((entry.kind, entry.name), []).append((entry, at in used))
    rows = [_row(case, kind, name, found) for (kind, name), found in groups.items()]
    kinds = list(KINDS)
    return tuple(sorted(rows, key=lambda row: (kinds.index(row.kind), _place(row.name), row.label)))


def record_label(kind: EntryKind, name: str) -> str:
    """A record's name for people."""
    from twinviewer.records.vitals import BY_NAME

    if kind == "medication":
        return name
    if name in BY_NAME:
        return BY_NAME[name].label
    return METRICS[name].full if name in METRICS else label_of(name)


def value_text(name: str, quantity: Quantity) -> str:
    """A value with the decimals that it deserves, without its unit."""
    decimals = DECIMALS.get(name)
    if decimals is not None:
        return f"{quantity.value:.{decimals}f}"
    return number_of(name, quantity.value) if name in METRICS else f"{quantity.value:.0f}".replace("-", "−")


def _row(case: Case, kind: EntryKind, name: str, found: list[tuple[Entry, bool]]) -> Row:
    setting = SETTING_OF.get(name, name)
    by_hand = ""
    unit = next((entry.quantity.unit for entry, _ in found if entry.quantity is not None), "")
    if kind == "value" and setting in case.setup_values:
        chosen = case.setup_values[setting]
        shown = f"{chosen:g}" if isinstance(chosen, int | float) else str(chosen)
        by_hand = f"{shown} {unit}, set by hand"
    newest = max((entry.when for entry, used in found if used), default="")
    points = []
    for entry, used in found:
        why = "" if used and not by_hand else entry.refused
        if not why and by_hand:
            why = by_hand
        elif not why and not used and not entry.over:
            why = "there is a newer entry" if entry.when != newest else "another of the same day counts"
        elif not why and entry.over:
            why = "stopped" if kind == "medication" else "over"
        points.append(_point(name, entry, why))
    return Row(kind, name, record_label(kind, name), unit, tuple(points), by_hand)


def _point(name: str, entry: Entry, why: str) -> Point:
    if entry.quantity is not None:
        text, origin, value = value_text(name, entry.quantity), entry.quantity.origin, entry.quantity.value
    else:
        text, origin, value = SEXES.get(entry.text, "over" if entry.over else entry.text or "yes"), "measured", None
    return Point(entry.when, text, value, origin, entry.source, entry.file, why, entry.over)


def _place(name: str) -> tuple[int, int]:
    if name in FIRST:
        return 0, FIRST.index(name)
    return (1, order_of(name)[0]) if name in METRICS else (2, 0)
