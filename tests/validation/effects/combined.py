"""What therapies do together, and leads by vein and electrode: rows beside those of each alone."""

import numpy as np

from tests.validation.effects.effect import Effect, at, towards
from tests.validation.effects.pacing import paced
from twinviewer.physics.cells.steady import mixed
from twinviewer.therapies.crt.veins import BEHIND_TIP_MM

CYCLE_MS = 1000.0
HELD = "by the panel's own binding mexiletine holds a fifth of hERG at Cmax, too, which outweighs late sodium block"


def drug_pairs() -> list[Effect]:
    """Dofetilide beside what blocks late sodium or calcium current; change of QTc as that of the cell's APD90."""
    trial = "22 volunteers, dofetilide with mexiletine (Johannesen et al., Clin Pharmacol Ther 99:214, 2016)"
    alone = mixed("endo", CYCLE_MS, [("dofetilide", 1.0)]).apd90_ms
    both = mixed("endo", CYCLE_MS, [("dofetilide", 1.0), ("mexiletine", 1.0)]).apd90_ms
    qnet = [mixed("endo", 2000.0, [("dofetilide", 4.0), *more]).qnet_uc_uf for more in ([], [("mexiletine", 1.0)])]
    return [
        Effect("channel_drug", trial, "QTc with mexiletine, less dofetilide alone, ms", **at(-20.0), ours=both - alone,
               absolute=True, near=10.0, before=alone, why=HELD),
        Effect("channel_drug", "late sodium block makes a hERG blocker safer (the same)",
               "qNet with mexiletine, less dofetilide alone, µC/µF", **towards(0.005, 0.03), ours=qnet[1] - qnet[0],
               before=qnet[0]),
    ]  # fmt: skip


def veins() -> list[Effect]:
    """A left bundle branch block paced from veins, and from each electrode of one lead."""
    rate = "lv_dpdt_max_mmhg_s"
    first = paced("lbbb")

    def gain(**values: object) -> float:
        return 100.0 * (paced("lbbb", "crt", **values)[rate] / first[rate] - 1.0)

    anterior, lateral, apical = (
        gain(lv_lead_vein=f"{site}") for site in ("anterior_mid", "lateral_mid", "lateral_apical")
    )
    by_electrode = [gain(lv_lead_vein="posterolateral_apical", lv_electrode=one) for one in BEHIND_TIP_MM]
    quartet = "16 patients, 145 configurations of a quadripolar lead (PLoS One 8:e67235, 2013)"
    return [
        Effect("crt", quartet, "dP/dt max, best less worst electrode, points", low=7.0, high=13.0,
               ours=float(np.ptp(by_electrode)), before=max(by_electrode), near=0.15),
        Effect("crt", "lateral veins do more than the anterior (Butter, Circulation 104:3026, 2001; not re-read)",
               "gain of dP/dt max, of the lateral vein's", **towards(-0.5, 0.9), ours=anterior / lateral,
               before=lateral),
        Effect("crt", "an apical place does worse (outcome in MADIT-CRT: Singh, Circulation 123:1159, 2011)",
               "gain of dP/dt max, of the mid place's", **towards(-1.0, 0.9), ours=apical / lateral,
               why="not so in 1189 patients (Leyva et al., J Am Heart Assoc 7:e008508, 2018)"),
    ]  # fmt: skip
