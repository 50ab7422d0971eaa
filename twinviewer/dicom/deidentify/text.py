"""Free text: which words may stay, and which would give the patient away wherever they stand."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

from pydicom.dataset import Dataset

_WORD = re.compile(r"[^\W_]+(?:[.,][0-9]+)?%?", re.UNICODE)
_MEASURE = re.compile(
    r"[0-9]{1,4}(?:[.,][0-9]{1,3})?(?:%|mm|cm|ms|s|sec|kv|kvp|ma|mas|t|ch|d|hu|ml|bpm|hz|st|nd)?", re.I
)
_KERNEL = re.compile(r"[a-z]{1,2}[0-9]{2}[a-z]?", re.I)  # B26f, Br40, I31s
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")

_ID_KEYWORDS = (
    "PatientID",
    "OtherPatientIDs",
    "AccessionNumber",
    "PatientBirthDate",
    "PatientTelephoneNumbers",
    "MedicalRecordLocator",
    "AdmissionID",
    "IssuerOfPatientID",
    "MilitaryRank",
)
_NAME_KEYWORDS = ("PatientAddress", "InstitutionName", "InstitutionAddress", "StationName")
_SHORTEST_NAME, _SHORTEST_ID = 3, 4


@cache
def known_words() -> frozenset[str]:
    """Lower-case words of radiology that name no person, place or time: ``words.csv``.

    A word of it that is also somebody's name (e.g. Long) goes where a person of the study has that name.
    """
    text = files(__package__).joinpath("words.csv").read_text(encoding="utf-8")
    return frozenset(text.split()[1:])


def cleaned(text: str, names: frozenset[str]) -> str:
    """Only the known words and small numbers of a description, in their order; "" where none is left.

    names: lower-case words that stand for people here, which go even where they are words of radiology.
    """
    return " ".join(word for word in _WORD.findall(text) if _may_stay(word, names))


def _may_stay(word: str, names: frozenset[str]) -> bool:
    low = word.lower()
    if low in names:
        return False
    if low in known_words():
        return True
    if _MEASURE.fullmatch(low):
        digits = re.sub(r"[^0-9]", "", re.split(r"[.,]", low)[0])
        return len(digits) <= 3 and not _YEAR.fullmatch(low)
    return bool(_KERNEL.fullmatch(low))


def identifying_words(data: Dataset, keep: frozenset[str]) -> frozenset[str]:
    """Lower-case words of this object's names of people, IDs and places, of any depth."""
    found: set[str] = set()
    for value in _people(data):
        found.update(word.lower() for word in re.split(r"[\s^=,.\\-]+", value) if len(word) >= _SHORTEST_NAME)
    for keyword in _ID_KEYWORDS:
        found.update(text.lower() for text in _texts(data, keyword) if len(text) >= _SHORTEST_ID)
    if "institution" not in keep:
        for keyword in _NAME_KEYWORDS:
            found.update(
                word.lower()
                for text in _texts(data, keyword)
                for word in _WORD.findall(text)
                if len(word) > _SHORTEST_ID and word.lower() not in known_words()
            )
    return frozenset(word for word in found if word.strip())


def _texts(data: Dataset, keyword: str) -> Iterator[str]:
    try:
        value = data.get(keyword)
    except Exception:  # a damaged value gives no words
        return
    for one in value if isinstance(value, Iterable) and not isinstance(value, str | bytes) else [value]:
        if one is not None and str(one).strip():
            yield str(one).strip()


def _people(data: Dataset) -> Iterator[str]:
    for tag in list(data.keys()):
        try:
            raw = data.get_item(tag)
            if raw is None or raw.VR not in ("PN", "SQ", "UN", None):
                continue
            element = data[tag]
            if element.VR == "PN":
                values = element.value if element.VM > 1 else [element.value]
                yield from (str(one) for one in values if one)
            elif element.VR == "SQ":
                for item in element.value:
                    yield from _people(item)
        except Exception:  # what cannot be read is not kept either
            continue


class Leaks:
    """Finds identifying words in any text."""

    def __init__(self, words: frozenset[str]) -> None:
        self.words = words
        whole = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        self._search = re.compile(rf"(?<![^\W_])(?:{whole})(?![^\W_])", re.I).search if words else None
        self._bytes = tuple(word.encode() for word in words if len(word) >= _SHORTEST_ID)

    def in_text(self, text: str) -> bool:
        """Whether one of the words stands in a text as a word."""
        return self._search is not None and self._search(text) is not None

    def in_code(self, text: str) -> bool:
        """The same in a coded string, where words of radiology are no names."""
        return self.in_text(text) and text.strip().lower() not in known_words()

    def in_bytes(self, data: bytes) -> bool:
        """Whether one of the longer words stands in bytes that nobody has a meaning for."""
        low = data.lower()
        return any(word in low for word in self._bytes)
