"""A file that costs a worker its life, or never ends, need not cost all others: the job is begun again without it.

Functions that can do without files take them as ``leave_out`` (``domain.reading.LeaveOut``). A job is given it only on
a later attempt, and then is to read one file after the other: of several that were read at once when a worker died
nobody knows which it was, so the first attempt after a death leaves nothing out and finds out.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from twinviewer.domain import WorkerError
from twinviewer.domain.reading import LeaveOut, UnderWay

MOST_FILES = 3
"""More files than these that end or outlast their reader are no accident; each costs a worker and its allowance."""
PARAMETER = "leave_out"


def can_leave_out(function: Callable[..., Any]) -> bool:
    """Whether a function can do without some of the files that it reads."""
    return PARAMETER in inspect.signature(function).parameters


def left_out(keywords: Mapping[str, Any]) -> LeaveOut | None:
    """What a job does without already; None on its first attempt."""
    found: LeaveOut | None = keywords.get(PARAMETER)
    return found


def without(before: LeaveOut | None, file: UnderWay, why: str, died: bool) -> LeaveOut | None:
    """What the next attempt is to do without, after what became of ``file``; None where another is of no use."""
    known = dict(before or {})
    if not file.key or file.key in known or len(known) >= MOST_FILES:
        return None
    if died and file.others and before is None:
        return known  # one of them, not surely this one
    return {**known, file.key: why}


def given_up(before: LeaveOut | None, file: UnderWay, what: str, job: str) -> WorkerError:
    """What is said in the end. what: became of the reader of the last file."""
    remedy = "The case is as it was before; leave the file out, or export it again"
    if before and file.number:
        many = len(before) + 1
        said = f"{what}. It is one of {many} files that no reader comes back from"
        return WorkerError(said, where=file.where, remedy="The case is as it was before; export the series again")
    return WorkerError(what, where=file.where if file.number else job, remedy=remedy)
