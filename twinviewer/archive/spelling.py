"""A question spelt so that archives understand it which take an address as it stands.

A space, a caret or an accent is escaped in an address (RFC 3986 2.1). Orthanc 1.10, for one, looks for the escaped text
and finds nobody. A wildcard is not escaped, and stands for whatever is there (PS3.4 C.2.2.2.4): so asked, an archive
answers with all that was wanted and perhaps more, and what does not fit is left out here.
"""

import re
import unicodedata
from dataclasses import replace

from twinviewer.archive.query import Query

_ESCAPED = re.compile(r"[^A-Za-z0-9\-._~*?]+\**")
"""What cannot stand in a query as it is; a wildcard behind it is included."""


def loosely(query: Query) -> Query | None:
    """The question with wildcards in place of all that would be escaped; None where nothing would."""
    name = _loose(query.name_pattern)
    loose = replace(query, patient_name=name, patient_id=_loose(query.patient_id), accession=_loose(query.accession))
    same = (name, loose.patient_id, loose.accession) == (query.name_pattern, query.patient_id, query.accession)
    return None if same else loose


def fits(query: Query, patient_name: str, patient_id: str, accession: str) -> bool:
    """Whether an answer is what was asked for. patient_name: as DICOM writes it. Case and accents do not count."""
    asked = ((query.name_pattern, patient_name), (query.patient_id, patient_id), (query.accession, accession))
    return all(not pattern or _matches(pattern, value) for pattern, value in asked)


def _loose(text: str) -> str:
    return _ESCAPED.sub("*", text)


def _matches(pattern: str, value: str) -> bool:
    wild = {"*": ".*", "?": "."}
    return re.fullmatch("".join(wild.get(one, re.escape(one)) for one in _plain(pattern)), _plain(value)) is not None


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))
