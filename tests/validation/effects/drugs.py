"""The drugs of the circulation as rows: the studies of tests/support/drug_studies.py."""

import numpy as np
from drug_studies import NEAR, STUDIES, errors

from tests.validation.effects.effect import Effect, at

LABELS = {
    "rate_bpm": "rate, bpm",
    "output_l_min": "output, L/min",
    "stroke_ml": "stroke, mL",
    "mean_mmhg": "mean pressure, mmHg",
    "wedge_mmhg": "wedge, mmHg",
}


def studied(therapy: str) -> list[Effect]:
    """All studies of one drug."""
    found = []
    for study in STUDIES:
        if study.therapy != therapy:
            continue
        rest, after = study.ours()
        source = study.source + (f" (assumed: {study.assumed})" if study.assumed else "")
        found += [
            Effect(therapy, source, LABELS[name], **at(published), ours=ours, near=NEAR[name],
                   before=float(getattr(rest, name)), fitted=study.own, why=study.weak.get(name, ""))
            for name, (published, ours, _) in errors(study, after).items()
            if np.isfinite(ours)
        ]  # fmt: skip
    return found
