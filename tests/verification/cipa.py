"""The CiPA panel at steady state by the program's own command; what other code, parameters and the FDA get."""

import contextlib
import dataclasses
import io

import numpy as np

from tests.physics.test_cells_nversion import drugged
from tests.verification.pictures import figure, save
from twinviewer.physics.cells.cipa_table import CLASSES, PUBLISHED_60, mean_after_60_beats, print_table, rows
from twinviewer.physics.cells.drugs import HIGH_BELOW, LOW_ABOVE, drug, drug_names, risk_class
from twinviewer.physics.cells.ohara_cipa import OHaraCiPA
from twinviewer.physics.cells.pacing import pace
from twinviewer.physics.cells.steady import DOSES, steady

ORDER = 40
MOST_BEATS = 200
Rows = list[tuple[str, float, int, int, list[float]]]

# Kmax, Ku (1/ms), n, halfmax (nM^n), Vhalf (mV) of the validation drugs as in the supplement of Li et al. 2019 (S2,
# page 13), by way of the parameter file of CardiacModelling/hERG-binding-mechanisms.
SUPPLEMENT = {
    "ibutilide": (14.57, 6.078e-05, 0.9231, 38.63, -9.771),
    "vandetanib": (36.28, 0.01974, 0.7126, 2223.0, -48.55),
    "azimilide": (6.543e05, 0.00825, 0.6028, 1.413e07, -8.821),
    "disopyramide": (3.685, 0.1216, 0.7894, 447.3, -78.11),
    "domperidone": (3.339, 0.0003558, 0.7026, 16.09, -65.65),
    "droperidol": (14.21, 0.001256, 0.578, 116.5, -78.68),
    "pimozide": (10.07, 4.576e-05, 0.8714, 5.601, -158.5),
    "astemizole": (2.42, 3.306e-05, 1.449, 4.883, -6.11),
    "clozapine": (7.486, 0.02989, 1.367, 9.048e04, -8.81),
    "clarithromycin": (92.89, 0.01216, 0.7867, 2.229e05, -102.8),
    "risperidone": (3.934, 0.001151, 1.122, 752.8, -80.43),
    "metoprolol": (3.179e04, 0.8508, 0.811, 4.223e07, -89.35),
    "tamoxifen": (3.9, 0.01175, 2.0, 4.067e05, -2.036),
    "loratadine": (3.765e05, 0.009642, 0.8368, 4.77e08, -1.0),
    "nitrendipine": (1.713, 0.9819, 1.923, 5.669e08, -61.58),
    "nifedipine": (4.748, 0.9916, 1.235, 9.752e08, -87.37),
}

PUBLISHED = """The FDA's own later result with this model (repository FDA/CiPA, chantest_AP_simulation/results: 2000
samples of each drug, blocks by another laboratory, thresholds fitted anew), by the class that most samples give:

| thresholds from | training | validation | not in the class of the panel |
|---|---|---|---|
| all 28 drugs | 11 of 12 | 13 of 16 | sotalol; disopyramide, domperidone, pimozide |
| all but the drug itself | 11 of 12 | 12 of 16 | sotalol; disopyramide, domperidone, pimozide, tamoxifen |"""


def _verdicts(table: Rows) -> list[str]:
    """How many agree with the panel, and which do not and by how much."""
    counts = []
    for group, training, least in (("training", True, 11), ("validation", False, 14)):
        agree = [found == risk for name, _, found, risk, _ in table if drug(name).training is training]
        verdict = "met" if sum(agree) >= least else "NOT met"
        counts.append(f"{group}: {sum(agree)} of {len(agree)}, wanted {least}: {verdict}")
    wrong = [
        f"{name} ({mean:.4f}: {CLASSES[found]}, panel {CLASSES[risk]})"
        for name, mean, found, risk, _ in table
        if found != risk
    ]
    return [f"Class of the panel, {'; '.join(counts)}.", f"Not in it: {', '.join(wrong)}."]


def _other_parameters(table: Rows) -> list[str]:
    """The validation drugs with the binding parameters that the supplement prints."""
    ours = {name: mean for name, mean, *_ in table}
    lines, right = [], 0
    for name, binding in SUPPLEMENT.items():
        medicine = dataclasses.replace(drug(name), binding=binding)
        cells = [OHaraCiPA("endo", medicine.at_cmax(times)) for times in DOSES]
        mean = float(np.mean([steady(one, 2000.0, MOST_BEATS).qnet_uc_uf for one in cells]))
        right += risk_class(mean) == medicine.risk
        mark = "" if risk_class(mean) == medicine.risk else " (!)"
        if mark or risk_class(ours[name]) != medicine.risk:
            lines.append(f"| {name} | {CLASSES[medicine.risk]} | {ours[name]:.4f} | {mean:.4f}{mark} |")
    return [
        "The supplement of Li et al. 2019 prints other binding parameters for the validation drugs (read by way of",
        "CardiacModelling/hERG-binding-mechanisms) than the best fits in the FDA's repository, used above. With them",
        f"{right} of 16 fall in the class of the panel, and these differ from it by one set or the other:",
        "",
        "| drug | panel | best fit | supplement |",
        "|---|---|---|---|",
        *lines,
    ]


def _independent() -> list[str]:
    """Drugs near a threshold by the same equations in independent code."""
    lines = []
    for (name, beat), (qnet, _) in drugged().items():
        if beat != 20:
            continue
        here = [pace(OHaraCiPA("endo", drug(name).at_cmax(times)), 2000.0, beat).qnet_uc_uf[-1] for times in DOSES]
        mean, there = float(np.mean(here)), float(np.mean(qnet))
        lines.append(f"| {name} | {mean:.5f} | {there:.5f} | {100.0 * (mean / there - 1.0):+.2f} % |")
    return [
        "Mean qNet (µC/µF) of beat 20, against code by myokit (CVODES 1e-7): what decides the class is not the solver.",
        "",
        "| drug | here | myokit | difference |",
        "|---|---|---|---|",
        *lines,
    ]


def _picture(table: Rows, here: dict[str, float]) -> str:
    shape, (left, right) = figure(2)
    for at, (_, mean, _, risk, _) in enumerate(table):
        left.barh(at, mean, color=("tab:green", "tab:orange", "tab:red")[risk])
    for threshold in (HIGH_BELOW, LOW_ABOVE):
        left.axvline(threshold, color="k", linestyle=":")
    left.set_yticks(range(len(table)), [row[0] for row in table], fontsize=5)
    left.set_xlabel("mean qNet at 1–4 × Cmax, µC/µF; colour: class of the panel")
    right.plot([PUBLISHED_60[name] for name in here], list(here.values()), "o")
    right.plot([0.015, 0.09], [0.015, 0.09], "k:")
    right.set_xlabel("published C model after 60 beats, µC/µF")
    right.set_ylabel("here")
    return save(shape, "cipa", "qNet of 28 drugs by class, and of 12 against the published model")


def section() -> str:
    """All 28 drugs by class; the published model, other parameters and other code beside them."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        print_table(drug_names(), list(DOSES), MOST_BEATS)
    table = rows(drug_names(), list(DOSES), MOST_BEATS)  # from the cache
    here = {name: mean_after_60_beats(name) for name in PUBLISHED_60}
    worst = 100.0 * max(abs(here[name] / PUBLISHED_60[name] - 1.0) for name in here)
    ranked, wanted = sorted(here, key=here.__getitem__), list(PUBLISHED_60)
    moved = [name for name, other in zip(ranked, wanted, strict=True) if name != other]
    order = "the same order" if not moved else f"the same order but for {', '.join(moved)}"
    return "\n".join(
        [
            "## Drugs: the CiPA panel",
            "",
            f"O'Hara–Rudy with dynamic hERG, cycle 2000 ms, at steady state (at most {MOST_BEATS} beats a dose), doses",
            f"{', '.join(f'{dose:g}' for dose in DOSES)} × Cmax; classes {', '.join(CLASSES)}, thresholds",
            f"{HIGH_BELOW} and {LOW_ABOVE} µC/µF (Li et al. 2019 for manual patch clamp, the method of these blocks).",
            "Tolerance: at least 11 of 12 training and 14 of 16 validation drugs in the class of the panel.",
            "",
            text.getvalue().strip(),
            "",
            *_verdicts(table),
            "",
            PUBLISHED,
            "",
            *_other_parameters(table),
            "",
            *_independent(),
            "",
            "Against the published C model after 60 beats (12 drugs): largest difference of the mean qNet",
            f"{worst:.1f} %, {order}.",
            "",
            _picture(table, here),
        ]
    )
