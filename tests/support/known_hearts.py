"""A spread of hearts whose numbers are known functions of what is uncertain: nothing is simulated."""

from collections.abc import Mapping

import numpy as np

from twinviewer.domain import OrganMesh, Quantity, Setup, Trace, UncertainInput
from twinviewer.session.studies.study import Answer, Point, Study, Wanted
from twinviewer.session.studies.uncertainty.draws import drawn_hash, normals
from twinviewer.session.studies.uncertainty.step import thin
from twinviewer.session.therapy_use import TherapyUse

RATE_BPM = 70.0
SETUP = Setup(
    OrganMesh("box", np.eye(4, 3), np.array([[0, 1, 2, 3]], np.int32), {}, {}, {}, {}, 4, "none", ""),
    {"heart_rate_bpm": Quantity(RATE_BPM, "bpm", "measured", "test")},
    (),
)
PILL = (TherapyUse("pill", {"dose": 1.0}),)
FORCE, STIFF, CUFF = "force_kpa", "stiffness_kpa", "cuff_mmhg"
INPUTS = (
    UncertainInput(FORCE, "force", "kPa", 80.0, 60.0, 100.0, "parameter", "test"),
    UncertainInput(STIFF, "stiffness", "kPa", 100.0, 80.0, 120.0, "parameter", "test"),
    UncertainInput(CUFF, "pressure", "mmHg", 120.0, 107.0, 133.0, "measured", "test"),
)


def made(count: int, failing: int = -1) -> Study:
    """A study of a heart whose numbers are known functions of its inputs."""
    rows = normals(len(INPUTS), count, 3)
    points, answers = [], []
    for k, (a, b, c) in enumerate(rows):
        drawn = {FORCE: 80.0 * float(np.exp(0.1 * a)), STIFF: 100.0 * float(np.exp(0.1 * b))}
        work, edp = 10.0 + 3.0 * a + 1.0 * b + 0.5 * c, 12.0 + 2.0 * b
        for name, uses in (("baseline", ()), ("pill", PILL)):
            gain = 2.0 + 0.5 * a if uses else 0.0
            metrics = {"work": work + gain, "edp": edp, "cuff": 120.0 + 8.0 * c + (1.0 + 2.0 * c if uses else 0.0)}
            segments = np.full(17, 10.0)
            if uses:
                segments = segments + np.where(np.arange(17) < 9, 1.0, a)
            period_s = 0.8 + 0.01 * b
            time_s = np.linspace(0.0, period_s, 50)
            traces = {"lv_volume_ml": Trace("lv_volume_ml", "mL", time_s, np.full(50, 100.0 + a))}
            failure = "diverged" if k == failing and uses else ""
            points.append(Point(f"{k:04d}.{name}", uses, drawn))
            found = Answer(points[-1].name, metrics, {}, traces, failure, {"work_kpa": segments})
            answers.append(thin(found, SETUP))
    settings: Mapping[str, float | str] = {
        "samples": float(count), "runs": float(count), "seed": 3.0, "inputs": ",".join(one.name for one in INPUTS),
        "scenarios": "baseline,pill", "drawn": drawn_hash(rows),
    }  # fmt: skip
    return Study("How sure", "spread", "beat", "uid", tuple(points), tuple(answers), Wanted(), settings)
