"""The CiPA table by command: ``python -m twinviewer.physics.cells.cipa_table [drug ...] [--doses 1 2 3 4 10 25]``.

For each drug the mean of qNet over 1 to 4 x Cmax at steady state (cycle length 2000 ms), the class it gives, the class
of the CiPA panel, and APD90 at each dose; then how many of the training and validation drugs agree.
"""

import argparse
from collections.abc import Sequence

from twinviewer.physics.cells.drugs import drug, drug_names, risk_class
from twinviewer.physics.cells.steady import DOSES, dosed, mean_qnet

CLASSES = ("low", "intermediate", "high")
CYCLE_MS = 2000.0


def rows(
    names: Sequence[str], doses: Sequence[float], most_beats: int
) -> list[tuple[str, float, int, int, list[float]]]:
    """(name, mean qNet, class found, class of the panel, APD90 in ms by dose), lowest qNet first."""
    table = []
    for name in names:
        medicine = drug(name)
        mean = mean_qnet(medicine, CYCLE_MS, most_beats)
        durations = [dosed("endo", CYCLE_MS, name, times, most_beats).apd90_ms for times in doses]
        table.append((name, mean, risk_class(mean), medicine.risk, durations))
    return sorted(table, key=lambda row: row[1])


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(description="qNet, APD90 and TdP risk class of the CiPA drugs")
    parser.add_argument("drugs", nargs="*", help="names; default all 28")
    parser.add_argument("--doses", nargs="+", type=float, default=list(DOSES), help="multiples of Cmax for APD90")
    parser.add_argument("--beats", type=int, default=600, help="most beats a dose")
    asked = parser.parse_args(arguments)
    table = rows(asked.drugs or drug_names(), asked.doses, asked.beats)
    print(
        "| drug | set | qNet, mean 1-4 x Cmax (uC/uF) | class | panel | APD90 (ms) at",
        *(f"{d:g}x" for d in asked.doses),
        "|",
    )
    print("|---|---|---|---|---|---|")
    for name, mean, found, risk, durations in table:
        group = "training" if drug(name).training else "validation"
        shown = " ".join("-" if ms != ms else f"{ms:.0f}" for ms in durations)
        mark = "" if found == risk else " (!)"
        print(f"| {name} | {group} | {mean:.4f} | {CLASSES[found]}{mark} | {CLASSES[risk]} | {shown} |")
    for group, training in (("training", True), ("validation", False)):
        own = [found == risk for name, _, found, risk, _ in table if drug(name).training is training]
        if own:
            print(f"\n{group}: {sum(own)} of {len(own)} in the class of the panel")


if __name__ == "__main__":
    main()
