"""Numbers and their uncertainty as the pages say them, in one place so that all pages say them alike."""

from collections.abc import Sequence

from twinviewer.domain import Delta, Quantity
from twinviewer.session.finding import signed
from twinviewer.session.metric_names import number_of

UNKNOWN = "not computed"
ALIKE = "cannot be told apart"
NONE = "no change in any heart"
MINUS = "\u2212"


def number(value: float) -> str:
    """Three figures or so, with a proper minus sign."""
    size = abs(value)
    text = f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
    return text.replace("-", MINUS)


def value_of(name: str, quantity: Quantity) -> str:
    """A metric with the decimals that it deserves."""
    return number_of(name, quantity.value)


def between(low: float | None, high: float | None, name: str = "") -> str:
    """An interval, "" where there is none."""
    if low is None or high is None:
        return ""
    return f"{number_of(name, low)} to {number_of(name, high)}" if name else f"{number(low)} to {number(high)}"


def interval(quantity: Quantity) -> str:
    """The 90 % interval of a number, "" where there is none."""
    return between(quantity.low, quantity.high)


def change(delta: Delta) -> str:
    """The change with its sign; 0 is said without one."""
    text = number_of(delta.name, delta.change)
    if not any(digit in "123456789" for digit in text):
        return text.removeprefix(MINUS)
    return text if delta.change < 0 else f"+{text}"


def change_interval(delta: Delta) -> str:
    """What is known of how sure a change is: its 90 % interval, that it cannot be told from none, or that nobody has
    computed it."""
    if delta.low is None or delta.high is None:
        return UNKNOWN
    if delta.low == 0.0 == delta.high:
        return NONE
    found = f"{signed(delta.name, delta.low)} to {signed(delta.name, delta.high)}"
    return found if delta.apart else f"{found}: {ALIKE}"


def listed(names: Sequence[str], most: int = 4) -> str:
    """ "a, b and c", the rest counted."""
    names = list(names)
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def lowered(text: str) -> str:
    """A label inside a sentence: its first letter small unless it begins an abbreviation."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    text = text.strip()
    if not text:
        return ""
    begin = text[:1] if "_" in text.split()[0] else text[:1].upper()  # a structure's name stays as it is
    return begin + text[1:] + ("" if text[-1] in ".!?" else ".")
