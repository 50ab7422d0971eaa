"""The table of the CiPA drugs at steady state, made by the program's own command."""

import contextlib
import io

import numpy as np

from tests.verification.pictures import figure, save
from twinviewer.physics.cells.cipa_table import CLASSES, PUBLISHED_60, mean_after_60_beats, print_table, rows
from twinviewer.physics.cells.drugs import drug, drug_names
from twinviewer.physics.cells.steady import DOSES

ORDER = 40
MOST_BEATS = 200


def section() -> str:
    """All 28 drugs by class, the 12 training drugs against the published model, and both as a picture."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        print_table(drug_names(), list(DOSES), MOST_BEATS)
    table = rows(drug_names(), list(DOSES), MOST_BEATS)  # from the cache
    here = {name: mean_after_60_beats(name) for name in PUBLISHED_60}
    shape, (left, right) = figure(2)
    for at, (_, mean, _, risk, _) in enumerate(table):
        left.barh(at, mean, color=("tab:green", "tab:orange", "tab:red")[risk])
    left.set_yticks(range(len(table)), [row[0] for row in table], fontsize=5)
    left.set_xlabel("mean qNet at 1–4 × Cmax, µC/µF; colour: class of the panel")
    values = np.array([[PUBLISHED_60[name], mean] for name, mean in here.items()])
    right.plot(values[:, 0], values[:, 1], "o")
    right.plot([0.015, 0.09], [0.015, 0.09], "k:")
    right.set_xlabel("published C model after 60 beats, µC/µF")
    right.set_ylabel("here")
    picture = save(shape, "cipa", "qNet of 28 drugs by class, and of 12 against the published model")
    worst = 100.0 * float(np.abs(values[:, 1] / values[:, 0] - 1.0).max())
    ranked, wanted = sorted(here, key=here.__getitem__), list(PUBLISHED_60)
    moved = [name for name, other in zip(ranked, wanted, strict=True) if name != other]
    order = "the same order" if not moved else f"the same order but for {', '.join(moved)}"
    verdicts = []
    for group, training, least in (("training", True, 11), ("validation", False, 14)):
        agree = [found == risk for name, _, found, risk, _ in table if drug(name).training is training]
        verdict = "met" if sum(agree) >= least else "NOT met"
        verdicts.append(f"{group}: {sum(agree)} of {len(agree)}, wanted {least}: {verdict}")
    return "\n".join(
        [
            "## Drugs: the CiPA panel",
            "",
            f"O'Hara–Rudy with dynamic hERG, cycle 2000 ms, at steady state (at most {MOST_BEATS} beats a dose), doses",
            f"{', '.join(f'{dose:g}' for dose in DOSES)} × Cmax; classes {', '.join(CLASSES)}. Tolerance:",
            "at least 11 of 12 training and 14 of 16 validation drugs in the class of the panel.",
            "",
            text.getvalue().strip(),
            "",
            f"Class of the panel, {'; '.join(verdicts)}.",
            "",
            "Against the published C model after 60 beats (12 drugs): largest difference of the mean qNet",
            f"{worst:.1f} %, {order}.",
            "",
            picture,
        ]
    )
