"""The CiPA table by command: ``python -m twinviewer.physics.cells.cipa_table [drug ...] [--doses 1 2 3 4 10 25]``.

For each drug the mean of qNet over 1 to 4 x Cmax at steady state (cycle length 2000 ms), the class it gives, the class
of the CiPA panel, and APD90 at each dose; then how many of the training and validation drugs agree. All 28 drugs take
about two minutes on one core. ``--beats60`` compares the 12 training drugs after 60 beats with the published C model
instead (half a minute).
"""

import argparse
from collections.abc import Sequence

import numpy as np

from twinviewer.physics.cells.drugs import drug, drug_names, risk_class
from twinviewer.physics.cells.ohara_cipa import OHaraCiPA
from twinviewer.physics.cells.pacing import pace
from twinviewer.physics.cells.steady import DOSES, dosed, mean_qnet

CLASSES = ("low", "intermediate", "high")
CYCLE_MS = 2000.0

# Mean qNet (uC/uF) over 1-4 x Cmax after 60 beats, computed with the C model that the FDA published, lowest first.
PUBLISHED_60 = {
    "quinidine": 0.0196, "bepridil": 0.0427, "sotalol": 0.0571, "terfenadine": 0.0587, "cisapride": 0.0598,
    "dofetilide": 0.0616, "ondansetron": 0.0617, "verapamil": 0.0662, "chlorpromazine": 0.0664, "ranolazine": 0.0715,
    "diltiazem": 0.0783, "mexiletine": 0.0838,
}  # fmt: skip

Row = tuple[str, float, int, int, list[float]]


def mean_after_60_beats(name: str) -> float:
    """Mean qNet (uC/uF) over 1 to 4 x Cmax of the 60th beat from rest, no extrapolation. Raises EngineError."""
    medicine = drug(name)
    paced = [pace(OHaraCiPA("endo", medicine.at_cmax(times)), CYCLE_MS, 60) for times in DOSES]
    return float(np.mean([one.qnet_uc_uf[-1] for one in paced]))


def rows(names: Sequence[str], doses: Sequence[float], most_beats: int) -> list[Row]:
    """(name, mean qNet, class found, class of the panel, APD90 in ms by dose), lowest qNet first."""
    table = []
    for name in names:
        medicine = drug(name)
        mean = mean_qnet(medicine, CYCLE_MS, most_beats)
        durations = [dosed("endo", CYCLE_MS, name, times, most_beats).apd90_ms for times in doses]
        table.append((medicine.name, mean, risk_class(mean), medicine.risk, durations))
    return sorted(table, key=lambda row: row[1])


def print_published() -> None:
    """Our mean qNet after 60 beats beside that of the published C model."""
    print("| drug | qNet here | published model | difference |")
    print("|---|---|---|---|")
    for name, published in PUBLISHED_60.items():
        mean = mean_after_60_beats(name)
        print(f"| {name} | {mean:.4f} | {published:.4f} | {100.0 * (mean / published - 1.0):+.1f} % |", flush=True)


def print_table(names: Sequence[str], doses: Sequence[float], most_beats: int) -> None:
    """The table at steady state in Markdown; (!) marks a class that is not the panel's, - a beat without APD90."""
    table = rows(names, doses, most_beats)
    heads = " ".join(f"{dose:g}x" for dose in doses)
    print(f"| drug | set | mean qNet (uC/uF) | class | panel | APD90 (ms) at {heads} |")
    print("|---|---|---|---|---|---|")
    for name, mean, found, risk, durations in table:
        group = "training" if drug(name).training else "validation"
        shown = " ".join("-" if np.isnan(ms) else f"{ms:.0f}" for ms in durations)
        mark = "" if found == risk else " (!)"
        print(f"| {name} | {group} | {mean:.4f} | {CLASSES[found]}{mark} | {CLASSES[risk]} | {shown} |")
    for group, training in (("training", True), ("validation", False)):
        own = [found == risk for name, _, found, risk, _ in table if drug(name).training is training]
        if own:
            print(f"\n{group}: {sum(own)} of {len(own)} in the class of the panel")


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and print a table."""
    parser = argparse.ArgumentParser(description="qNet, APD90 and TdP risk class of the CiPA drugs")
    parser.add_argument("drugs", nargs="*", help="names; default all 28")
    parser.add_argument("--doses", nargs="+", type=float, default=list(DOSES), help="multiples of Cmax for APD90")
    parser.add_argument("--beats", type=int, default=200, help="most beats a dose")
    parser.add_argument("--beats60", action="store_true", help="compare 60 beats with the published model")
    asked = parser.parse_args(arguments)
    if asked.beats60:
        print_published()
    else:
        print_table(asked.drugs or drug_names(), asked.doses, asked.beats)


if __name__ == "__main__":
    main()
