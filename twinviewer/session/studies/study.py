"""The nouns of a study: what is changed (Point), what is kept (Wanted), what came out (Answer), and all of it together.

They import nothing of the program but the domain, so that a Case can hold studies. What a study means (a ranking,
a band, who responds) is computed from its points and answers by pure functions and never stored.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twinviewer.domain import ParameterValue, Trace
from twinviewer.session.therapy_use import TherapyUse, in_force

StudyKind = Literal["sweep", "spread", "cohort"]

LIMIT = 16
"""How many studies one case may hold."""
MOST_POINTS = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """What to compute: the study's untreated Setup with some parameters set to other values, then these therapies.

    name: unique in its study. parameters: name -> value in the Setup's own unit; they are set in the untreated Setup,
    so that a therapy acts on the heart as it is thought to be.
    """

    name: str
    therapies: tuple[TherapyUse, ...] = ()
    parameters: Mapping[str, float] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Hash of what is computed, whatever its name."""
        text = (
            [[use.therapy, sorted(use.values.items())] for use in in_force(self.therapies)],
            sorted(self.parameters.items()),
        )
        return hashlib.sha256(json.dumps(text).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a study keeps of each simulation. An engine is heard no longer than until all of this has come, so a study
    of QRS alone never contracts the heart. Names that an engine does not give are simply not there.

    segments: fields of which the mean over each of the 17 segments is kept, which is small enough for any number of
    points; fields: those that are kept whole.
    """

    metrics: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    traces: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What came out at one point. failure: why there is nothing, "" where there is. segments: name -> (17,) means over
    AHA segments 1 to 17, NaN where the mesh has none of it."""

    point: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    fields: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    traces: Mapping[str, Trace] = field(default_factory=dict)
    failure: str = ""
    segments: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """Many simulations of one heart. It belongs to the baseline that it was made of and goes with it.

    name: unique in its case, for people too. engine: the case's; a point whose therapies it does not understand is
    answered by another. baseline_uid: ``setup_uid`` of the engine and the untreated Setup. answers: in the order of
    the points, fewer where it was stopped. settings: what its points were made from, to show and to do it again.
    """

    name: str
    kind: StudyKind
    engine: str
    baseline_uid: str
    points: tuple[Point, ...]
    answers: tuple[Answer, ...]
    wanted: Wanted
    settings: Mapping[str, ParameterValue] = field(default_factory=dict)

    def answer(self, point: str) -> Answer | None:
        """What came out at the point of that name, None where it has not been computed."""
        return next((answer for answer in self.answers if answer.point == point), None)
