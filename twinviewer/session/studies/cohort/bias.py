"""The bias statement of a cohort: who was sampled, what was assumed, what was not modelled, who was dropped.

Every sentence is made from the study itself and from the table that it was drawn from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twinviewer.session.metric_names import label_of
from twinviewer.session.studies.cohort.hearts import PEOPLE, Virtual
from twinviewer.session.studies.cohort.published import DRAWN
from twinviewer.session.studies.cohort.step import PATIENT, CohortResult
from twinviewer.session.studies.spreads import Spread, spreads

FEW = 30
"""A group of fewer is called small."""
HALF = 0.4
"""A sex with a smaller share than this is under-represented against the half that it is of all people."""
SIMULATED = {
    "lv_ef_percent": "lv_ef_percent",
    "systolic_mmhg": "systolic_aortic_mmhg",
    "diastolic_mmhg": "diastolic_aortic_mmhg",
    "qrs_ms": "qrs_ms",
    "heart_rate_bpm": "heart_rate_bpm",
}
TRIALS = (
    "A share is no rate to expect: of 220 patients with left bundle branch block 70 % responded to resynchronisation "
    "after months, 84 % of the women and 58 % of the men (J Cardiovasc Electrophysiol 2023, doi:10.1111/jce.16097)."
)
FROM = {
    PATIENT: "hearts like this patient's, varied by published spreads, in people as in a CRT trial",
    "crt": "patients as in CRT trials and with dilated hearts",
    "adults": "adults without heart disease",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One part of the statement: a heading and sentences."""

    heading: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Marginal:
    """One quantity as published, as drawn and as simulated: (mean, standard deviation) each; None where there is none.
    In the cohort round a patient what is published is a factor, and so is what was drawn."""

    name: str
    unit: str
    published: tuple[float, float]
    drawn: tuple[float, float]
    simulated: tuple[float, float] | None
    source: str
    checked: bool


def bias_statement(found: CohortResult) -> tuple[Statement, ...]:
    """In the order in which it should be read."""
    return (
        Statement("Who was sampled", tuple(_who(found))),
        Statement("Who is under-represented", tuple(_missing(found))),
        Statement("What was assumed", tuple(_assumed(found))),
        Statement("What was not modelled", tuple(_not_modelled(found))),
        Statement("Who was dropped", tuple(_dropped(found))),
    )


def marginals(found: CohortResult) -> tuple[Marginal, ...]:
    """Published, drawn and simulated means and standard deviations of everything that was drawn."""
    out = [_age(found), *_bodies(found)]
    if found.source == PATIENT:
        return (*out, *_factors(found.people))
    for name in DRAWN:
        spread = spreads(found.source)[name]
        metric = SIMULATED.get(name)
        simulated = None
        if metric is not None and found.members:
            simulated = _both([m.before[metric] for m in found.members if metric in m.before])
        drawn = _both([one.drawn[name] for one in found.people])
        out.append(_marginal(spread, drawn, simulated))
    return tuple(out)


def _age(found: CohortResult) -> Marginal:
    spread = spreads(PEOPLE[found.source])["age_years"]
    return _marginal(spread, _both([one.person.age_years for one in found.people]), None)


def _bodies(found: CohortResult) -> list[Marginal]:
    of, out = spreads(PEOPLE[found.source]), []
    for sex in ("M", "F"):
        heights = [one.person.height_cm for one in found.people if one.person.sex == sex]
        if heights:
            out.append(_marginal(of[f"height_{sex.lower()}_cm"], _both(heights), None))
    bmi = [one.person.weight_kg / (one.person.height_cm / 100.0) ** 2 for one in found.people]
    return [*out, _marginal(of["bmi_kg_m2"], _both(bmi), None)]


def _factors(people: Sequence[Virtual]) -> list[Marginal]:
    """Of the parameters' factors: the median and the standard deviation of their logarithms."""
    out = []
    for name, spread in spreads("patient").items():
        logs = np.log(np.array([one.drawn.get(name, np.nan) for one in people], float))
        if np.isfinite(logs).all():
            out.append(_marginal(spread, (float(np.exp(logs.mean())), float(logs.std())), None))
    return out


def _marginal(spread: Spread, drawn: tuple[float, float], simulated: tuple[float, float] | None) -> Marginal:
    published = spread.mean, spread.sd
    return Marginal(spread.name, spread.unit, published, drawn, simulated, spread.source, spread.checked)


def _both(values: Sequence[float]) -> tuple[float, float]:
    found = np.array(values, float)
    return (float(found.mean()), float(found.std())) if len(found) else (float("nan"), float("nan"))


def _who(found: CohortResult) -> list[str]:
    people, members = found.people, found.members
    women = sum(one.person.sex == "F" for one in people)
    ages = [one.person.age_years for one in people]
    surface = [one.person.bsa_m2 for one in people]
    said = [
        f"{len(people)} virtual patients: {FROM[found.source]}. {len(members)} of them count.",
        f"{women} women ({_percent(women, len(people))}) and {len(people) - women} men; nine in ten are "
        f"{_span(ages, 0)} years old and have {_span(surface, 2)} m² of body surface.",
    ]
    if members:
        volume = [m.before["lv_edv_ml"] for m in members if "lv_edv_ml" in m.before]
        qrs = [m.before["qrs_ms"] for m in members if "qrs_ms" in m.before]
        if volume and qrs:
            said.append(f"Their left ventricles hold {_span(volume, 0)} mL, their QRS lasts {_span(qrs, 0)} ms.")
    if found.waiting:
        said.append(f"{found.waiting} are not simulated yet: the numbers are those of the others.")
    return said


def _missing(found: CohortResult) -> list[str]:
    said = []
    women = sum(m.person.sex == "F" for m in found.members) / max(len(found.members), 1)
    if women < HALF or women > 1.0 - HALF:
        who, share = ("Women", women) if women < HALF else ("Men", 1.0 - women)
        source = spreads(PEOPLE[found.source])["women_share"].source
        said.append(f"{who} are {100 * share:.0f} % here and half of all people ({source}).")
    small = [one for division in found.divisions for one in division.groups if one.responders.of < FEW]
    if small:
        groups = ", ".join(f"{one.label} ({one.responders.of})" for one in small)
        said.append(f"Groups of fewer than {FEW}, whose shares are hardly known: {groups}.")
    young = sum(m.person.age_years < 45 for m in found.members)
    if young < FEW:
        said.append(f"Only {young} are younger than 45 years.")
    said.append(
        "Height and weight are those of adults in the USA or of European studies; other origins were not sampled, and "
        "neither were children, pregnancy or hearts with congenital defects."
    )
    return said


def _assumed(found: CohortResult) -> list[str]:
    said = [f"{_NAMES.get(one.name, one.name)}: {_as_text(one)} ({one.source})." for one in _relations(found)]
    said.append(f"A response is {found.criterion.said}: {found.criterion.source}.")
    if found.guessed:
        said.append(f"Not known of this patient and taken from a table: {', '.join(found.guessed)}.")
    unread = [one.name for one in _tables(found) if not one.checked]
    if unread:
        names = ", ".join(dict.fromkeys(_NAMES.get(name, label_of(name)) for name in unread))
        said.append(f"Assumed, or not read again in its source: {names}.")
    return said


def _relations(found: CohortResult) -> list[Spread]:
    of = spreads("relations")
    if found.source == PATIENT:
        return [one for name, one in of.items() if name.endswith(("_of_women", "_a_year"))]
    return [of[name] for name in ("size_of_women", "qrs_with_size", "pressures", "ef_with_size")]


def _tables(found: CohortResult) -> list[Spread]:
    return [*spreads(PEOPLE[found.source]).values(), *spreads(found.source).values(), *_relations(found)]


def _not_modelled(found: CohortResult) -> list[str]:
    said = [
        "Shape and proportions: every heart is this patient's, larger or smaller; its wall is as thick for its cavity, "
        "and it lies in the chest alike.",
        "Block, scar, the PR interval and the place of every lead are this patient's in everybody.",
        "What a therapy says in mL, cm² or L/min is meant for the size of this heart and grows with the others.",
        "The response is acute: no remodelling, no drugs beside, no reflexes but where the baseline has them.",
        *([TRIALS] if found.paced else []),
        "Intervals say how far another draw of as many could differ, not how far the model is from patients.",
    ]
    if found.source != PATIENT:
        errors = ", ".join(f"{label_of(name)} {100 * e:.1f} %" if name in ("lv_edv_ml", "qrs_ms") else
                           f"{label_of(name)} {e:.1f}" for name, e in found.surface_errors.items())  # fmt: skip
        said.append(f"Hearts were found on fitted surfaces, which miss the simulation by (1 SD): {errors}.")
    return said


def _dropped(found: CohortResult) -> list[str]:
    said = []
    again = sum(found.redrawn.values())
    if again:
        reasons = ", ".join(f"{why} {n}" for why, n in sorted(found.redrawn.items(), key=lambda row: -row[1]))
        said.append(
            f"Before simulation {again} draws were impossible or beyond the model and made again: {reasons}. Who is "
            "hard to reach is therefore rarer than published."
        )
    lost = sum(found.dropped.values())
    if lost:
        reasons = ", ".join(f"{why} {n}" for why, n in sorted(found.dropped.items(), key=lambda row: -row[1]))
        said.append(
            f"After simulation {lost} were dropped as no patient lives so ({found.dropped_women} women, "
            f"{lost - found.dropped_women} men): {reasons}."
        )
    return said or ["Nobody."]


def _as_text(one: Spread) -> str:
    if one.name.endswith("_a_year"):
        return f"{100 * one.mean:+.1f} % a year of age"
    if one.name.endswith("_of_women"):
        return f"{one.mean:g} times in women"
    return f"correlation {one.mean:+.2f}"


def _percent(count: int, of: int) -> str:
    return f"{100 * count / max(of, 1):.0f} %"


def _span(values: Sequence[float], digits: int) -> str:
    low, high = np.quantile(values, [0.05, 0.95])
    return f"{low:.{digits}f} to {high:.{digits}f}"


_NAMES: Mapping[str, str] = {
    "size_of_women": "Volume of the heart for a body",
    "size_a_year": "Volume of the heart for a body",
    "compliance_a_year": "Compliance of the arteries",
    "resistance_a_year": "Resistance",
    "resistance_of_women": "Resistance",
    "contractility_of_women": "Force of the muscle",
    "stiffness_a_year": "Stiffness of the muscle",
    "stiffness_of_women": "Stiffness of the muscle",
    "qrs_with_size": "QRS with the size of the heart",
    "pressures": "Systolic with diastolic pressure",
    "ef_with_size": "Ejection fraction with the size of the heart",
}


def in_words(found: CohortResult) -> str:
    """The whole statement as text, a heading a line before its sentences."""
    return "\n\n".join(
        f"{part.heading}\n" + "\n".join(f"- {sentence}" for sentence in part.sentences)
        for part in bias_statement(found)
    )
