"""What a report says in sentences: what was done, which numbers matter, and what limits them. All from the case."""

from collections.abc import Iterable

from twinviewer.domain import CineStack, Delta, ParameterValue, Quantity, Volume
from twinviewer.report.fit_words import counted
from twinviewer.report.pages.words import listed, lowered, number, sentence
from twinviewer.session import catalog
from twinviewer.session.case import NO_IMAGE, Case, Scenario, TherapyUse
from twinviewer.session.metric_names import HEADLINE, label_of, order_of
from twinviewer.session.nameless import nameless
from twinviewer.session.therapy_use import in_force

MOST_NUMBERS = 6
NO_SCAN = ("", "none")
"""Modalities of a grid on which no image lies."""
MOST_BESIDE = 2
"""Scenarios that page one shows beside today's heart."""
BY_ASPECT: dict[str, tuple[str, ...]] = {
    "stimuli": ("qrs_ms", "lv_ef_percent", "lv_esv_ml", "lv_dpdt_max_mmhg_s", "septal_lateral_delay_ms",
                "cardiac_output_l_min"),
    "conduction": ("qrs_ms", "lv_ef_percent", "lv_dpdt_max_mmhg_s", "cardiac_output_l_min"),
    "repolarisation": ("qtc_ms", "qt_ms", "qrs_ms", "heart_rate_bpm"),
    "valves": ("aortic_gradient_mean_mmhg", "mitral_regurgitant_percent", "aortic_regurgitant_percent",
               "lv_systolic_mmhg", "stroke_work_mmhg_ml", "net_output_l_min", "lv_edv_ml"),
    "heart_rate": ("heart_rate_bpm", "cardiac_output_l_min", "mean_arterial_mmhg", "lv_ef_percent"),
    "contractility": ("lv_ef_percent", "cardiac_output_l_min", "mean_arterial_mmhg", "lv_dpdt_max_mmhg_s"),
    "resistance": ("mean_arterial_mmhg", "cardiac_output_l_min", "systolic_aortic_mmhg", "lv_esv_ml"),
    "volume": ("lv_edv_ml", "mean_left_atrial_mmhg", "cardiac_output_l_min", "mean_arterial_mmhg"),
}  # fmt: skip
"""What a therapy that edits this is judged by, first what it is judged by most."""
_ORIGINS = (
    ("measured", "measured"), ("chosen", "set by the user"), ("fitted", "fitted"), ("population", "from a population"),
    ("assumed", "assumed"), ("simulated", "simulated"),
)  # fmt: skip


def ready(case: Case) -> list[Scenario]:
    """Treated scenarios that have been simulated."""
    return [one for one in case.treated if one.run is not None]


def title_of(case: Case) -> str:
    """What the report is of."""
    from twinviewer.session.by_choice import is_by_choice

    if any(one.run is not None for one in case.scenarios):
        return "Simulated scenarios of one heart" if ready(case) else "Simulation of one heart, untreated"
    if case.typed:
        return "Numbers of one heart"
    return "Measures of an organ" if is_by_choice(case) else "Measures of one heart"


def who(case: Case) -> str:
    """Pseudonym, sex, age and study, never a name."""
    patient, series = case.patient, case.active_series
    sex = {"M": "male", "F": "female"}.get(patient.sex, "")
    parts = [patient.pseudonym or "no pseudonym", sex]
    parts.append(f"{patient.age_years:.0f} years" if patient.age_years is not None else "")
    if series is not None:
        parts += [f"study of {series.study_date}" if series.study_date else "", series.description]
        parts.append("SYNTHETIC patient" if series.synthetic else "")
    return " · ".join(part for part in parts if part)


def what_was_done(case: Case) -> str:
    """One sentence, from images to therapies."""
    made = f"{_source(case)} made into a model" if case.mesh is not None else f"{_source(case)} measured"
    baseline = case.baseline
    if baseline is None or baseline.run is None:
        return sentence(made)
    fit = baseline.setup.fit
    known = 0 if fit is None else sum(one.known for one in fit.residuals)
    fitted = f", fitted to {known} measurements of this patient" if known else ""
    others = ready(case)
    if not others:
        return sentence(f"{made}{fitted}, and one beat of it was simulated")
    told = [f"{lowered(one.label)}{_briefly(one)}" for one in others[:MOST_BESIDE]]
    if len(others) > MOST_BESIDE:
        told.append(f"{len(others) - MOST_BESIDE} more (in the details)")
    return sentence(f"{made}{fitted}; simulated on it beside today's heart: {listed(told)}")


def _source(case: Case) -> str:
    image = case.image
    if case.typed:
        return "Typed numbers, no image, were"
    if isinstance(image, Volume) and image.modality not in NO_SCAN:
        phases = f" of {image.phases} phases" if image.phases > 1 else ""
        return f"A {image.modality}{phases} was"
    if isinstance(image, CineStack):
        return f"Cine MR of {len(image.planes)} planes was"
    return "A mesh or mask from elsewhere was"


def _briefly(scenario: Scenario) -> str:
    """The settings that differ from the therapy's defaults, or its first one."""
    told = []
    for use in in_force(scenario.therapies):
        settings = settings_of(use)
        changed = [s for s in settings if s[3]]
        told += [f"{lowered(label)} {value}" for label, value, _, _ in (changed or settings[:1])[:3]]
    return f" ({', '.join(told[:4])})" if told else ""


def settings_of(use: TherapyUse) -> list[tuple[str, str, str, bool]]:
    """(label, value with unit, source, whether it is not the default) of each parameter; the name where the therapy is
    not installed any more."""
    therapy = catalog.therapies().get(use.therapy)
    if therapy is None:
        return [(name.replace("_", " "), str(value), "", True) for name, value in use.values.items()]
    found = []
    for one in therapy.parameters:
        value = use.values.get(one.name, one.default)
        if one.pick.endswith("_node") and isinstance(value, int | float) and value < 0:
            continue  # no exact point was chosen
        found.append((one.label, _said(value, one.unit, {c.key: c.label for c in one.choices}), one.source,
                      value != one.default))  # fmt: skip
    return found


def _said(value: ParameterValue, unit: str, choices: dict[str, str]) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return choices.get(value, value)
    return f"{value:g} {unit}".replace("-", "\u2212").strip()


def headline(case: Case, found: Iterable[Delta]) -> list[str]:
    """At most six names of metrics that matter for these therapies, of those that can be compared; as tables order
    them."""
    there = {delta.name for delta in found}
    lists = []
    for scenario in ready(case)[:MOST_BESIDE]:
        aspects: set[str] = set()
        for use in in_force(scenario.therapies):
            therapy = catalog.therapies().get(use.therapy)
            aspects |= set() if therapy is None else set(therapy.edits)
        lists += [BY_ASPECT[name] for name in BY_ASPECT if name in aspects]
    wanted: list[str] = []
    for rank in range(max((len(one) for one in lists), default=0)):
        wanted += [one[rank] for one in lists if rank < len(one)]
    kept = [name for name in dict.fromkeys([*wanted, *HEADLINE, *sorted(there, key=order_of)]) if name in there]
    return sorted(kept[:MOST_NUMBERS], key=order_of)


def origin_counts(values: Iterable[Quantity]) -> list[tuple[str, int]]:
    """How many of these numbers are measured, fitted, taken from a population, assumed; those that occur."""
    counts: dict[str, int] = {}
    for one in values:
        counts[one.origin] = counts.get(one.origin, 0) + 1
    return [(said, counts[name]) for name, said in _ORIGINS if name in counts]


def limits(case: Case, most: int = 3) -> list[str]:
    """What limits these numbers, in plain words: the fit, the images, what was assumed. Computed from this case."""
    found = [_of_fit(case), _of_images(case), _of_inputs(case), _of_intervals(case)]
    kept = [one for one in found if one]
    return kept[:most] or ["Contours and numbers have not been validated in patients."]


def _of_fit(case: Case) -> str:
    baseline = case.baseline
    if baseline is None or baseline.run is None:
        return ""
    fit = baseline.setup.fit
    if fit is None:
        return "The model was not fitted to this patient: its baseline is that of a population."
    if not fit.fits:
        return "The model does not fit this patient. " + " ".join(sentence(one) for one in fit.problems)
    return sentence(counted(fit))


def image_notes(case: Case) -> list[str]:
    """What is known against the images, structures and model, each said once."""
    series = case.active_series
    notes = [nameless(warning.text, case.series) for warning in series.warnings] if series is not None else []
    for part in (case.labels, case.contours, case.mesh):
        notes += list(part.notes) if part is not None else []
    notes += [text for step, text in case.messages.items() if step in ("Import", "Segment", "Model")]
    return [sentence(one) for one in dict.fromkeys(note.strip() for note in notes) if one]


def _of_images(case: Case) -> str:
    if case.typed:
        return NO_IMAGE + "."
    notes = image_notes(case)
    if notes:
        more = f" ({len(notes) - 2} more notes in the details.)" if len(notes) > 2 else ""
        return "Images: " + " ".join(notes[:2]) + more
    return ""


def _of_inputs(case: Case) -> str:
    baseline = case.baseline
    if baseline is None or baseline.run is None:
        return ""
    parameters = baseline.setup.parameters
    loose = {name: q for name, q in parameters.items() if q.origin in ("assumed", "population")}
    if not loose:
        return ""
    wide = sorted(loose, key=lambda name: -_spread(loose[name]))
    named = [f"{lowered(label_of(name))} {number(loose[name].value)} {loose[name].unit}".strip() for name in wide[:3]]
    text = f"{len(loose)} of {len(parameters)} inputs are not known of this patient but assumed or from a population"
    return f"{text}; least certain: {listed(named, 3)}."


def _spread(quantity: Quantity) -> float:
    """Width of the interval over the value: what is most uncertain."""
    if quantity.low is None or quantity.high is None or not quantity.value:
        return 0.0
    return abs((quantity.high - quantity.low) / quantity.value)


def _of_intervals(case: Case) -> str:
    if not ready(case):
        return ""
    if any(study.kind == "spread" for study in case.studies):
        return "Not in the intervals: the heart's shape, scar, places of leads, how this patient answers to a drug."
    return "How sure the changes are has not been computed: no interval stands beside them."
