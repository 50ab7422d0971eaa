"""The fit of a baseline as window and page say it."""

from twinviewer.domain import BaselineFit, FittedParameter, Residual
from twinviewer.session.metric_names import label_of

_ORIGINS = {"measured": "measured", "chosen": "set by the user"}


def origin_of(one: Residual) -> str:
    """Where the known number is from, in a word or two."""
    return _ORIGINS.get(one.measured.origin, "a mean of adults, not measured")


def counted(found: BaselineFit) -> str:
    """How many measurements are met, and how much they tell."""
    known = [one for one in found.residuals if one.known]
    told = sum(one.is_told for one in found.parameters)
    text = f"Fits: {sum(one.met for one in known)} of {len(known)} measurements within two of their errors. "
    return text + f"They tell {told} of {len(found.parameters)} parameters; the others are as in a population."


def asked(one: FittedParameter) -> str:
    """Whether the data tell a parameter, and if not what would."""
    if one.is_told:
        return "told by these data"
    if not one.asks:
        return "cannot be told from these data"
    names = [label_of(name) for name in one.asks]
    lowered = (name[:1].lower() + name[1:] if name[1:2].islower() else name for name in names)
    return "cannot be told from these data; would need " + ", ".join(lowered)
