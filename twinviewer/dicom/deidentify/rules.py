"""Which attribute is removed, emptied, replaced, cleaned or kept: PS3.15 Table E.1-1 as data.

``table.csv`` holds the table's action codes (edition 2026c; it and the edition of September 2024 were read
by two programs independently, and agree in every cell that both have). ``types.csv`` says where PS3.3 asks
for a value (1) or for the attribute (2), for those whose action depends on it, e.g. "X/Z": removed unless it must be
there empty; sop_classes are the tails after 1.2.840.10008.5.1.4.1.1, ``inside`` the sequence that holds it.
``private.csv`` are the plain numbers and codes among Table E.3.10-1's safe private attributes.
"""

import csv
from functools import cache
from importlib.resources import files
from typing import Literal

from pydicom.datadict import dictionary_keyword, dictionary_VR
from pydicom.tag import BaseTag

Action = Literal["X", "Z", "D", "K", "C", "U", ""]
"""Remove, empty, dummy, keep, clean, another UID; "": not in the table, which then keeps it."""

STORAGE = "1.2.840.10008.5.1.4.1.1."
_PLAIN = frozenset({"uids", "device", "institution", "patient", "full_dates"})
_KEEPING = (*_PLAIN, "modified_dates", "descriptors", "structured")

_CLASS_UIDS = ("SOPClass", "SOPClasses", "TransferSyntax", "CodingSchemeUID", "ContextUID", "MappingResourceUID")
"""Parts of the names of those UIDs that say what something is, not which one."""


def _rows(name: str) -> list[dict[str, str]]:
    text = files(__package__).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def table() -> dict[str, dict[str, str]]:
    """Tag as eight hex digits ("50xxxxxx" and the like for groups) -> its row of Table E.1-1."""
    return {row["tag"]: row for row in _rows("table")}


@cache
def _types() -> dict[tuple[str, str], str]:
    """(keyword, tail of the SOP class or name of the sequence around it) -> "1" or "2"."""
    found: dict[tuple[str, str], str] = {}
    for row in _rows("types"):
        for where in [row["inside"]] if row["inside"] else row["sop_classes"].split():
            found[row["keyword"], where] = row["type"]
    return found


@cache
def safe_private() -> dict[tuple[int, str], frozenset[int]]:
    """(group, private creator) -> low bytes of the elements that are safe."""
    found: dict[tuple[int, str], set[int]] = {}
    for row in _rows("private"):
        low, _, high = row["elements"].partition("-")
        span = range(int(low, 16), int(high or low, 16) + 1)
        found.setdefault((int(row["group"], 16), row["creator"]), set()).update(span)
    return {key: frozenset(value) for key, value in found.items()}


def row_of(tag: BaseTag) -> dict[str, str] | None:
    """The table's row for a tag, curves and overlays by their group."""
    if 0x5000 <= tag.group <= 0x50FF:
        return table()["50xxxxxx"]
    if 0x6000 <= tag.group <= 0x60FF:
        return table().get(f"60xx{tag.element:04x}")
    return table().get(f"{tag:08x}")


def action(tag: BaseTag, keep: frozenset[str], sop_class: str, inside: str) -> tuple[Action, bool]:
    """(what to do with a public attribute, whether an option says so). inside: keyword of the sequence around it."""
    row = row_of(tag)
    if row is None:
        return _unlisted(tag, keep), False
    wanted = {row[option] for option in _KEEPING if option in keep and row[option]}
    if "K" in wanted:
        return "K", True
    if "C" in wanted:
        return "C", True
    return _needed(row["basic"], row["keyword"], sop_class, inside), False


def _needed(code: str, keyword: str, sop_class: str, inside: str) -> Action:
    """The one of "X/Z/D" and the like that keeps the object valid."""
    if code == "X/Z/U*":
        return "U"  # references stay whole: with other UIDs they say nothing
    if "/" not in code:
        return code  # type: ignore[return-value]
    needed = _types().get((keyword, inside or sop_class.removeprefix(STORAGE)), "3")
    choices = code.split("/")
    for kind, letter in (("1", "D"), ("2", "Z")):
        if needed <= kind and letter in choices:
            return letter  # type: ignore[return-value]
    return choices[0]  # type: ignore[return-value]


@cache
def _unlisted(tag: BaseTag, keep: frozenset[str]) -> Action:
    """Attributes that the table does not name stay, but for those that its reasons hold for as well."""
    if 0x6000 <= tag.group <= 0x60FF:
        return "X"  # an overlay without its picture
    try:
        vr, keyword = dictionary_VR(tag), dictionary_keyword(tag)
    except KeyError:
        return "X"  # what no standard knows may be anything
    if vr == "PN":
        return "Z"
    if vr in ("DA", "TM", "DT"):
        return "K" if "full_dates" in keep else ("C" if "modified_dates" in keep else "Z")
    if vr == "UI" and not any(part in keyword for part in _CLASS_UIDS):
        return "K" if "uids" in keep else "U"
    return ""
