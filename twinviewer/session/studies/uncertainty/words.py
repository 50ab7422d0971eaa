"""How sure a simulation is, in words."""

from collections.abc import Sequence

from twinviewer.domain import UncertainInput
from twinviewer.session.metric_names import label_of, number_of
from twinviewer.session.studies.uncertainty.bands import Interval, Spread
from twinviewer.session.studies.uncertainty.sensitivity import Ranking, Share

NOT_APART = "cannot be told apart"
AGAIN = {
    "heart_rate_bpm": "the heart rate at the time of the images",
    "qrs_ms": "another ECG, measured on several beats",
    "lv_edv_ml": "another study of the left ventricle, averaged with this one",
    "lv_ef_percent": "another study of the left ventricle, averaged with this one",
    "rv_edv_ml": "another study of the right ventricle, averaged with this one",
    "rv_ef_percent": "another study of the right ventricle, averaged with this one",
    "systolic_mmhg": "an arterial line, or more readings of the cuff",
    "diastolic_mmhg": "an arterial line, or more readings of the cuff",
    "lv_peak_ejection_ml_s": "images with more phases",
    "lv_peak_filling_ml_s": "images with more phases",
}
"""What makes a number better known that was measured already."""
MEASURED = {
    "lv_ef_percent": "the ejection fraction",
    "systolic_mmhg": "the blood pressure",
    "diastolic_mmhg": "the blood pressure",
    "heart_rate_bpm": "the heart rate",
    "qrs_ms": "an ECG",
}
"""What a published mean stands in for."""


def said(one: UncertainInput) -> str:
    """An input in the middle of a sentence."""
    if one.kind == "measured":
        return f"the measured {one.label}"
    if one.kind == "stands_in":
        return f"the {one.label}, which nobody measured"
    return f"the {one.label}"


def title(one: UncertainInput) -> str:
    """An input at the head of a row."""
    text = one.label[:1].upper() + one.label[1:]
    return {"measured": f"{text} (measured)", "stands_in": f"{text} (not measured)"}.get(one.kind, text)


def narrowed(share: Share) -> str:
    """What would make an input better known."""
    one = share.input
    if one.kind == "measured":
        return AGAIN.get(one.name, "measuring it again")
    if one.kind == "stands_in":
        return f"measuring {MEASURED.get(one.name, 'it')}"
    if not share.narrowed_by:
        return "no usual measurement tells it"
    return " and ".join(lowered(label_of(name)) for name in share.narrowed_by)


def sentence(ranking: Ranking, change: bool) -> str:
    """What a number depends on most: "The change of QRS duration depends most on ..."."""
    what = lowered(label_of(ranking.metric))
    begin = f"The change of {what}" if change else what[:1].upper() + what[1:]
    top = [f"{said(one.input)} ({percent(one.share)})" for one in ranking.shares[:3]]
    if not top:
        return f"{begin} depends on no single input: what is uncertain acts together."
    return f"{begin} depends most on {listed(top)}."


def gain(ranking: Ranking) -> str:
    """Which measurement would narrow the interval most; "" where none would much."""
    if not ranking.gains:
        return ""
    best = ranking.gains[0]
    again = " again" if best.measurement in [one.input.name for one in ranking.shares] else ""
    return (
        f"Most would be gained by measuring {lowered(label_of(best.measurement))}{again}: the interval would be "
        f"{percent(best.narrower)} narrower."
    )


def trust(ranking: Ranking) -> str:
    """How far the shares can be trusted."""
    return f"All that were found tell {percent(ranking.explained)} of the spread in hearts not used to find them."


def interval_words(metric: str, found: Interval) -> str:
    """ "712 to 1 060"."""
    return f"{number_of(metric, found.low)} to {number_of(metric, found.high)}"


def change_words(metric: str, found: Interval) -> str:
    """The same of a change, with signs."""
    return f"{_signed(metric, found.low)} to {_signed(metric, found.high)}"


def apart(found: Interval) -> bool:
    """Whether a change can be told from none."""
    return found.low > 0.0 or found.high < 0.0


def still(found: Interval) -> bool:
    """Whether it changes in no heart at all."""
    return found.low == 0.0 == found.high


def foundation(spread: Spread) -> str:
    """What intervals stand on."""
    hearts, runs = len(spread.hearts), int(spread.study.settings["runs"])
    text = f"90 % intervals from {hearts} hearts that could be this patient's, each simulated in every scenario"
    if not spread.enough:
        text += "; these are few, so an emulator answers for 4096, and its own error is in each interval"
    if hearts < runs:
        text += f". {runs - hearts} more could not beat in all of them and are left out"
    return text + "."


LIMITS = (
    "Not among them: the shape of the heart, where scar lies, where leads and electrodes sit, and how strongly this "
    "patient answers to a drug."
)


def listed(parts: Sequence[str]) -> str:
    """ "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def percent(share: float) -> str:
    """ "45 %"."""
    return f"{100.0 * share:.0f} %"


def lowered(text: str) -> str:
    """As in the middle of a sentence: LV and QRS stay as they are."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _signed(metric: str, value: float) -> str:
    text = number_of(metric, abs(value))
    if not any(digit in "123456789" for digit in text):
        return text
    return f"{'+' if value > 0 else '−'}{text}"
