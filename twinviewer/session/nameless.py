"""What a scan says of its files without their names, which may be a patient's: for all that leaves this computer."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from twinviewer.domain import Series


def nameless(text: str, series: Sequence[Series]) -> str:
    """A sentence with the name of any file of these series taken out."""
    for name in sorted({Path(path).name for one in series for path in one.files}, key=len, reverse=True):
        if name:
            text = text.replace(name, "a file")
    return text


def nameless_series(series: Sequence[Series]) -> tuple[Series, ...]:
    """The series without files, and with warnings that name none; those of unreadable files are only names."""
    return tuple(
        replace(
            one,
            files=(),
            warnings=()
            if one.kind == "unreadable"
            else tuple(replace(warning, text=nameless(warning.text, series)) for warning in one.warnings),
        )
        for one in series
    )
