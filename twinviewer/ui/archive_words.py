"""What is said of a search's answer: that nothing matches, that there is more and how to come to it."""

from collections.abc import Sequence

from twinviewer.archive.query import Found, StudyRow
from twinviewer.ui.archive_results import iso

NOTHING = "Nothing in this archive matches. A name's beginning is enough; * stands for anything."


def found_words(found: Found[StudyRow], shown: Sequence[StudyRow], fresh: int) -> str:
    """Sentences for the note; "" when all is said by the list. shown: all that is in view, of which fresh came now."""
    words = []
    if not shown and not found.more:
        words.append(NOTHING)
    if found.more and found.next_skip and (fresh or not shown):
        words.append(f"The archive has more than these {len(shown)}.")
    elif found.more and found.next_skip:
        words.append(f"The archive gives the same again and not the next. {_narrow(shown)}")
    elif found.more:
        words.append(f"The archive has more than these {len(shown)}; DIMSE knows no next page. {_narrow(shown)}")
    if found.left_out:
        words.append(f"{found.left_out} entries had no sound UID and are left out.")
    return " ".join(words)


def can_go_on(found: Found[StudyRow], shown: Sequence[StudyRow], fresh: int) -> bool:
    """Whether asking for what follows may bring something new."""
    return bool(found.next_skip) and (fresh > 0 or not shown)


def _narrow(shown: Sequence[StudyRow]) -> str:
    days = sorted(one.date for one in shown if one.date)
    of = f" (these are of {iso(days[0])} to {iso(days[-1])})" if days else ""
    return f"Narrow the dates{of}, or add a name, an ID or a modality."
