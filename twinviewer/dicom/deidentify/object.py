"""One DICOM object made anonymous in place, attribute by attribute and into every sequence."""

import hashlib
import hmac
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from pydicom.datadict import dictionary_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID

from twinviewer.dicom.deidentify.rules import action, safe_private
from twinviewer.dicom.deidentify.text import Leaks, cleaned

REMOVED = "REMOVED"
_BULK = frozenset(Tag(name) for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData", "WaveformData"))
_TEXT = frozenset({"LO", "SH", "LT", "ST", "UT", "UC", "UR", "AE"})
_BYTES = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_ITEM_CODES = frozenset({"ValueType", "RelationshipType", "ContinuityOfContent"})
_CODE = frozenset({"CodeValue", "LongCodeValue", "CodeMeaning", "CodingSchemeDesignator"})
_STANDARD_SCHEMES = frozenset(
    {"DCM", "FMA", "ICD10", "LN", "MDC", "NCIt", "RADLEX", "SCT", "SRT", "SNM3", "UCUM", "UMLS"}
)
_FARTHEST_SHIFT_DAYS = 3650
_DUMMIES: dict[str, Any] = {
    "AE": "ANON", "AS": "000Y", "CS": "ANON", "DA": "19000101", "DT": "19000101000000", "TM": "000000", "PN": "ANON",
    "DS": "0", "IS": "0", "UR": "urn:removed", **dict.fromkeys(("ST", "LT", "UT"), REMOVED),
    **dict.fromkeys(("FL", "FD"), 0.0), **dict.fromkeys(("SL", "SS", "SV", "UL", "US", "UV", "AT"), 0),
    **dict.fromkeys(_BYTES, b"\0\0\0\0\0\0\0\0"),
}  # fmt: skip


@dataclass
class Secret:
    """Replacements that only who holds the key can make again; the same original gives the same replacement."""

    key: bytes

    def digits(self, *parts: str, length: int = 32) -> str:
        """Hexadecimal digits of a keyed hash (HMAC-SHA256)."""
        return hmac.new(self.key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()[:length]

    def uid(self, original: str) -> str:
        """Another UID for a UID, under 2.25 (PS3.5 B.2); those that the standard defines stay."""
        original = original.strip("\0 ")
        if not original or original.startswith("1.2.840.10008."):
            return original
        return f"2.25.{int(self.digits('uid', original), 16)}"

    def shift_days(self, patient: str) -> int:
        """By how much a patient's dates move back: one day to ten years."""
        return 1 + int(self.digits("dates", patient), 16) % _FARTHEST_SHIFT_DAYS


@dataclass
class Tally:
    """What was done to a study so far, by keyword."""

    removed: Counter[str] = field(default_factory=Counter)
    replaced: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    private: int = 0
    leaks: Counter[str] = field(default_factory=Counter)
    damaged: Counter[str] = field(default_factory=Counter)


class Cleaner:
    """Applies the rules to one object. leaks: the words that identify the people of this object."""

    def __init__(
        self, secret: Secret, keep: frozenset[str], tally: Tally, leaks: Leaks, patient: str, pseudonym: str
    ) -> None:
        self.secret, self.keep, self.tally, self.leaks = secret, keep, tally, leaks
        self.shift = timedelta(days=secret.shift_days(patient))
        self.pseudonym = pseudonym
        self.sop_class = ""

    def clean(self, data: Dataset) -> None:
        """The whole object, its group 2 aside."""
        self.sop_class = str(data.get("SOPClassUID", ""))
        self._inside(data, "")
        data.PatientName = data.PatientID = self.pseudonym

    def _inside(self, data: Dataset, inside: str) -> None:
        safe = self._safe_private(data)
        if inside == "ContentSequence":
            self._content_item(data)
        for tag in list(data.keys()):
            if tag in safe:
                self.tally.kept["safe private"] += 1
                self._watch(data, tag, "safe private")
            elif tag.is_private:
                self.tally.private += not tag.is_private_creator
                del data[tag]
            elif tag.element == 0:
                del data[tag]
            elif tag not in _BULK:
                self._public(data, tag, inside)

    def _public(self, data: Dataset, tag: BaseTag, inside: str) -> None:
        what, by_choice = action(tag, self.keep, self.sop_class, inside)
        keyword = _keyword(tag)
        if what == "X":
            self._remove(data, tag, keyword)
            return
        try:
            element = data[tag]
        except Exception:  # a value that cannot be read cannot be judged
            self.tally.damaged[keyword] += 1
            self._remove(data, tag, keyword)
            return
        if by_choice and what == "K" and not element.is_empty:
            self.tally.kept[keyword] += 1
        if element.VR == "SQ":
            self._sequence(data, element, what, keyword)
        elif what == "Z":
            self._replace(element, None)
        elif what == "D":
            self._replace(element, self._dummy(element))
        elif what == "U":
            self._replace(element, _each(element.value, lambda one: UID(self.secret.uid(str(one)))))
        elif what == "C":
            self._cleaned(data, element, keyword)
        else:
            self._watch(data, tag, keyword)

    def _remove(self, data: Dataset, tag: BaseTag, keyword: str) -> None:
        del data[tag]
        self.tally.removed[keyword] += 1

    def _replace(self, element: DataElement, value: Any) -> None:
        had = not element.is_empty
        element.value = value
        self.tally.replaced[_keyword(element.tag)] += had

    def _sequence(self, data: Dataset, element: DataElement, what: str, keyword: str) -> None:
        if what == "Z":
            self._replace(element, Sequence())
        elif what == "D":
            kept = [self._blank(item) for item in element.value[:1]]
            self._replace(element, Sequence(kept))
        elif what == "C" and keyword.endswith("CodeSequence"):
            element.value = Sequence(item for item in element.value if _standard_code(item))
            self._items(element, keyword)
        else:
            self._items(element, keyword)

    def _items(self, element: DataElement, keyword: str) -> None:
        for item in element.value:
            self._inside(item, keyword)

    def _cleaned(self, data: Dataset, element: DataElement, keyword: str) -> None:
        if element.VR in ("DA", "DT"):
            self._replace(element, _each(element.value, self._shifted))
        elif element.VR == "TM":
            self.tally.kept[keyword] += not element.is_empty
        elif element.VR in _TEXT or element.VR == "CS":
            text = _each(element.value, lambda one: cleaned(str(one), self.leaks.words))
            if any(text if isinstance(text, list) else [text]):
                self.tally.kept[keyword] += 1
                if text != element.value:
                    self._replace(element, text)
            elif action(element.tag, frozenset(), self.sop_class, "")[0] == "X":
                self._remove(data, element.tag, keyword)
            else:
                self._replace(element, self._dummy(element))
        else:
            self._replace(element, self._dummy(element))

    def _shifted(self, text: Any) -> str:
        """A date (and time) moved back; "" where it is none."""
        text = str(text).strip()
        try:
            day = date(int(text[:4]), int(text[4:6] or 1), int(text[6:8] or 1)) - self.shift
        except (ValueError, OverflowError):
            return ""
        return f"{day.year:04d}{day:%m%d}{text[8:]}"

    def _watch(self, data: Dataset, tag: BaseTag, keyword: str) -> None:
        """What stays must not name the patient after all."""
        try:
            element = data[tag]
            if keyword in _ITEM_CODES or (keyword in _CODE and _standard_code(data)):
                return
            if element.VR in _TEXT or element.VR in ("PN", "CS"):
                check = self.leaks.in_code if element.VR == "CS" else self.leaks.in_text
                values = element.value if isinstance(element.value, list | tuple) or element.VM > 1 else [element.value]
                told = any(check(str(one)) for one in values if one)
            elif element.VR in _BYTES and isinstance(element.value, bytes):
                told = self.leaks.in_bytes(element.value)
            elif element.VR == "SQ":
                for item in element.value:
                    self._inside(item, keyword)
                return
            else:
                element.value  # noqa: B018 - read once, so that a damaged value shows here
                return
        except Exception:
            self.tally.damaged[keyword] += 1
            self._remove(data, tag, keyword)
            return
        if told:
            self.tally.leaks[keyword] += 1
            self._replace(element, self._dummy(element))

    def _dummy(self, element: DataElement) -> Any:
        if element.VR == "UI":
            return _each(element.value, lambda one: UID(self.secret.uid(str(one))))
        if element.VR in ("LO", "SH", "UC"):
            # what was the same stays the same, so that things called by such a name can still be told apart
            return f"ANON-{self.secret.digits(_keyword(element.tag), str(element.value), length=8).upper()}"
        return _DUMMIES.get(element.VR, "")

    def _blank(self, item: Dataset) -> Dataset:
        """An item of the same make that says nothing."""
        out = Dataset()
        for tag in list(item.keys()):
            try:
                element = item[tag]
                if tag.is_private or element.is_empty:
                    continue
                keyword = _keyword(tag)
                if element.VR == "SQ":
                    out.add(DataElement(tag, "SQ", Sequence(self._blank(one) for one in element.value[:1])))
                elif keyword in _ITEM_CODES or "SOPClass" in keyword:
                    out.add(element)
                elif keyword == "CodingSchemeDesignator":
                    out.add(DataElement(tag, element.VR, "99ANON"))
                else:
                    out.add(DataElement(tag, element.VR, self._dummy(element)))
            except Exception:  # what cannot be read is not copied
                continue
        return out

    def _content_item(self, item: Dataset) -> None:
        """Words of a structured report; its dates, names and UIDs are in the table."""
        for name in ("TextValue",):
            if name in item:
                self._replace(item[name], REMOVED)
        kind = str(item.get("ValueType", ""))
        if kind == "CODE" and not all(_standard_code(one) for one in item.get("ConceptCodeSequence", [])):
            item.ConceptCodeSequence = Sequence(self._blank(one) for one in item.ConceptCodeSequence)

    def _safe_private(self, data: Dataset) -> set[BaseTag]:
        """Private elements that may stay, with the creators that explain them."""
        if "safe_private" not in self.keep:
            return set()
        safe: set[BaseTag] = set()
        for tag in data.keys():  # noqa: SIM118 - a data set yields its elements
            if tag.is_private and not tag.is_private_creator and tag.element > 0xFF:
                owner = Tag(tag.group, tag.element >> 8)
                creator = str(data[owner].value).strip() if owner in data else ""
                if (tag.element & 0xFF) in safe_private().get((tag.group, creator), ()):
                    safe |= {tag, owner}
        return safe


def _each(value: Any, change: Any) -> Any:
    """The value changed, or each of several; empty ones stay."""
    if value is None or value == "":
        return value
    if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        return change(value)
    return [change(one) if one not in (None, "") else "" for one in value]


def _standard_code(item: Dataset) -> bool:
    """Whether a code is of a public scheme, whose meanings name nobody."""
    return str(item.get("CodingSchemeDesignator", "")) in _STANDARD_SCHEMES


def _keyword(tag: BaseTag) -> str:
    try:
        return dictionary_keyword(tag) or str(tag)
    except KeyError:
        return str(tag)
