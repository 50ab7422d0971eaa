"""``python -m twinviewer.therapies.channel_drug.make``: pace every drug's cell to steady state, write lengthening.csv.

A quarter of an hour on one core. Needed again when physics/cells change.
"""

from pathlib import Path

import numpy as np

from twinviewer.physics.cells.cipa_drugs import DRUGS
from twinviewer.physics.cells.steady import dosed
from twinviewer.therapies.channel_drug.table import CYCLES_MS, DOSES, PATH

MOST_BEATS = 200


def lengthening(name: str, dose_cmax: float, cycle_ms: float) -> float:
    """APD90 under the drug over that without, at steady state; NaN where the cell does not repolarise."""
    return dosed("endo", cycle_ms, name, dose_cmax, MOST_BEATS).apd90_ms / dosed("endo", cycle_ms, name, 0.0).apd90_ms


def main(path: Path = PATH) -> None:
    """Write the table."""
    rows = ["drug,cycle_ms," + ",".join(f"{dose:g}" for dose in DOSES)]
    for name in sorted(DRUGS):
        for cycle_ms in CYCLES_MS:
            ratios = [lengthening(name, dose, cycle_ms) for dose in DOSES]
            rows.append(f"{name},{cycle_ms:g}," + ",".join("" if np.isnan(r) else f"{r:.4f}" for r in ratios))
            print(rows[-1], flush=True)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
