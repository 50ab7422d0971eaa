"""Virtual people: sex, age, height, weight and the body surface that follows from them.

Each is drawn from a seed and its own number alone, so the first hundred of a thousand are the same hundred people, and
whoever is drawn again (height or age beyond what the table allows) changes nobody else.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from twinviewer.domain import Patient
from twinviewer.session.studies.spreads import Spread, spreads

MOST_DRAWS = 200


@dataclass(frozen=True, slots=True)
class Person:
    """sex "M" or "F"; age in years, height in cm, weight in kg."""

    sex: str
    age_years: float
    height_cm: float
    weight_kg: float

    @property
    def bsa_m2(self) -> float:
        """Body surface: Mosteller, N Engl J Med 317:1098 (1987)."""
        return sqrt(self.height_cm * self.weight_kg / 3600.0)


def draw_person(rng: np.random.Generator, people: str) -> Person:
    """One person of a set of spreads.csv, "people_crt" or "people_adults"."""
    of = spreads(people)
    sex = "F" if rng.random() < of["women_share"].mean else "M"
    age = within(rng, of["age_years"])
    height = within(rng, of[f"height_{sex.lower()}_cm"])
    bmi = within(rng, of["bmi_kg_m2"])
    return Person(sex, round(age, 1), round(height, 1), round(bmi * (height / 100.0) ** 2, 1))


def within(rng: np.random.Generator, spread: Spread) -> float:
    """A draw between the bounds; beyond them it is made again."""
    for _ in range(MOST_DRAWS):
        if spread.holds(value := spread.at(float(rng.standard_normal()))):
            return value
    raise ValueError(f"{spread.name} is never within its bounds")


def person_of(patient: Patient, people: str) -> tuple[Person, tuple[str, ...]]:
    """The patient as a person, and what of it was not known and is taken from the table instead."""
    of, guessed = spreads(people), []
    sex, age = patient.sex if patient.sex in ("M", "F") else "M", patient.age_years
    if patient.sex not in ("M", "F"):
        guessed.append("sex (taken as a man's)")
    if age is None:
        age = of["age_years"].mean
        guessed.append(f"age ({age:.0f} years)")
    height, weight = patient.height_cm, patient.weight_kg
    if height is None:
        height = of[f"height_{sex.lower()}_cm"].mean
        guessed.append(f"height ({height:.0f} cm)")
    if weight is None:
        weight = of["bmi_kg_m2"].mean * (height / 100.0) ** 2
        guessed.append(f"weight ({weight:.0f} kg)")
    return Person(sex, age, height, weight), tuple(guessed)
