"""Channel drugs against patients and the CiPA panel; re-entry round a scar before and after a lesion."""

from functools import lru_cache

import numpy as np
from scarred_ventricle import at as place
from scarred_ventricle import setup as scarred

from tests.validation.effects.effect import Effect, at, towards
from twinviewer.domain import OrganMesh, Quantity, Run, Setup
from twinviewer.engines.tissue import ENGINE
from twinviewer.engines.tissue import engine as tissue
from twinviewer.physics.cells.cipa_table import CYCLE_MS, PUBLISHED_60, mean_after_60_beats
from twinviewer.physics.cells.drugs import drug, drug_names, risk_class
from twinviewer.physics.cells.steady import mean_qnet
from twinviewer.physics.repolarisation import duration_ms
from twinviewer.session.simulate import collect
from twinviewer.therapies.ablation import THERAPY as ABLATION
from twinviewer.therapies.channel_drug import THERAPY as CHANNELS
from twinviewer.therapies.programmed_stimulation import THERAPY as STIMULATION

COARSE_MM = 1.25
"""A tenth of the work of the engine's own spacing."""
MOST_BEATS = 200


def longer_ms(name: str, dose: float) -> float:
    """What the wall's mean action potential gains at 60 bpm; QT gains as much."""
    mesh = OrganMesh("heart", np.zeros((0, 3)), np.zeros((0, 4), np.int32), {}, {}, {}, {}, 0, "mesh", "labels")
    own = Setup(mesh, {"heart_rate_bpm": Quantity(60.0, "bpm", "measured", "test")}, ())
    treated = CHANNELS.apply(own, {"drug": name, "dose_cmax": dose})
    scale = {layer: treated.value(f"apd_{layer}_scale") for layer in ("endo", "mid", "epi")}
    depth, start = np.linspace(0.0, 1.0, 11), np.zeros(11)
    return float((duration_ms(depth, start, 1000.0, scale) - duration_ms(depth, start, 1000.0)).mean())


def channel_drug() -> list[Effect]:
    """QT in volunteers by drug, and the class of the 28 drugs of the panel."""
    name = "channel_drug"
    study = "22 volunteers, largest gain of QTc (Johannesen et al., Clin Pharmacol Ther 96:549, 2014)"
    by_drug = (("dofetilide", 79.3, 1.1), ("quinidine", 78.6, 0.25), ("ranolazine", 12.6, 1.0))
    rows = [
        Effect(name, study, f"{drug_name} at {dose:g} × Cmax, ms", **at(gain), ours=longer_ms(drug_name, dose),
               near=0.35, why="gains from memory; free concentration of the volunteers estimated")
        for drug_name, gain, dose in by_drug
    ]  # fmt: skip
    rows.append(
        Effect(name, "the same: verapamil did not", "verapamil at 0.4 × Cmax, ms", **towards(-10.0, 10.0),
               ours=longer_ms("verapamil", 0.4), absolute=True, near=5.0)
    )  # fmt: skip
    worst = max((abs(mean_after_60_beats(one) / qnet - 1.0), one) for one, qnet in PUBLISHED_60.items())
    rows.append(
        Effect(name, "FDA's C model, mean qNet of 12 drugs after 60 beats", "largest difference, %", low=0.0, high=2.0,
               ours=100.0 * worst[0], absolute=True, near=1.0, why=f"of {worst[1]}")
    )  # fmt: skip
    for label, training in (("12 training", True), ("16 validation", False)):
        panel = [drug(one) for one in drug_names() if drug(one).training is training]
        same = sum(risk_class(mean_qnet(one, CYCLE_MS, MOST_BEATS)) == one.risk for one in panel)
        rows.append(
            Effect(name, f"the {label} drugs in the class of the CiPA panel (Li et al., Clin Pharmacol Ther 105:466, "
                   "2019)", "drugs", **at(float(len(panel))), ours=float(same), fitted=training,
                   why="thresholds are those of the panel's training" if training else "the others are a class off")
        )  # fmt: skip
    return rows


@lru_cache(maxsize=2)
def study(ablated: bool) -> Run:
    """Two premature beats at the border of a scar with an isthmus, with or without a line across it."""
    given = scarred()
    if ablated:
        line = {"site_node": place(-35.0, -7.0), "line_to_node": place(-35.0, 7.0), "radius_mm": 4.0}
        given = ABLATION.apply(given, line)
    beats = {"site_node": place(-5.0), "s1_beats": 1, "s1_ms": 400, "s2_ms": 340, "s3_ms": 260, "watch_ms": 1500}
    own, tissue.SPACING_MM = tissue.SPACING_MM, COARSE_MM
    try:
        return collect(ENGINE, STIMULATION.apply(given, beats))
    finally:
        tissue.SPACING_MM = own


def programmed_stimulation() -> list[Effect]:
    """Whether it is induced, and how fast it is."""
    run = study(False).metrics
    name = "programmed_stimulation"
    return [
        Effect(name, "scar with an isthmus: two premature beats induce re-entry (de Bakker, Circulation 77:589, 1988)",
               "sustained (1: yes)", **at(1.0), ours=run["reentry_sustained"].value, near=0.0),
        Effect(name, "tachycardias after infarction: 100 to 240 beats a minute", "cycle length, ms", low=250.0,
               high=600.0, ours=run["reentry_cycle_ms"].value, near=0.0),
    ]  # fmt: skip


def ablation() -> list[Effect]:
    """Not inducible once the isthmus is cut."""
    before, after = study(False).metrics, study(True).metrics
    name, cut = "ablation", "a line across the isthmus ends it (Stevenson et al., Circulation 88:1647, 1993)"
    return [
        Effect(name, cut, "sustained after the same beats (0: no)", **at(0.0), ours=after["reentry_sustained"].value,
               near=0.0, absolute=True, before=before["reentry_sustained"].value),
        Effect(name, cut, "lasts after the last beat, of before", **towards(0.0, 0.75),
               ours=after["reentry_lasted_ms"].value / before["reentry_lasted_ms"].value, near=0.0),
    ]  # fmt: skip
