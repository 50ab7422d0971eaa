"""A MetaImage's header, looked at before ITK is: its parser writes past its tables where a header lies.

Source: the MetaImage format of MetaIO (https://itk.org/Wiki/ITK/MetaIO/Documentation), "Key = values" a line.
"""

import re
from pathlib import Path

from twinviewer.domain import LoadError

_MOST_LINES = 1000
_LONGEST_LINE = 4000
_LAST = "elementdatafile"
_OF_AXES = frozenset({"dimsize", "offset", "position", "origin", "centerofrotation", "elementspacing", "elementsize"})
_OF_AXES_SQUARED = frozenset({"transformmatrix", "rotation", "orientation"})


def check_metaimage(start: bytes, path: Path) -> None:
    """start: the file's beginning. LoadError where its header is not one that every reader understands alike."""
    axes, seen = 0, set()
    for number, line in enumerate(start.split(b"\n", _MOST_LINES)[:_MOST_LINES]):
        key, equals, value = line.partition(b"=")
        name = key.strip().decode("latin-1").lower()
        text = value.decode("latin-1").strip()
        if not line.strip():
            continue
        known = name in _OF_AXES | _OF_AXES_SQUARED | {"ndims"}
        if not equals or not re.fullmatch(r"[\x20-\x7e]{1,200}", name) or len(line) > _LONGEST_LINE:
            raise _damaged(path, f"line {number + 1}")
        if known and name in seen:
            raise _damaged(path, f"line {number + 1}")
        if re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text):
            raise _damaged(path, f"line {number + 1}")
        seen.add(name)
        if name == "ndims":
            if text not in ("2", "3", "4"):
                raise LoadError("An image has two to four axes; this file says otherwise", where=path.name)
            axes = int(text)
        elif name in _OF_AXES | _OF_AXES_SQUARED:
            numbers = text.split()
            many = axes * axes if name in _OF_AXES_SQUARED else axes
            if not axes or len(numbers) != many or not all(map(_is_number, numbers)):
                raise _damaged(path, key.strip().decode("latin-1"))
        elif name == _LAST:
            if not axes or "dimsize" not in seen:
                raise _damaged(path, "NDims and DimSize")
            return
    raise _damaged(path, "ElementDataFile")


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?(\d{1,20}\.?\d{0,20}|\.\d{1,20})([eE][-+]?\d{1,3})?", text) is not None


def _damaged(path: Path, where: str) -> LoadError:
    return LoadError(f"The header is damaged at its {where}", where=path.name, remedy="Copy or export it again")
