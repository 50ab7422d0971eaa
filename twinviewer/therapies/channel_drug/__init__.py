"""A drug that blocks cardiac ion channels: longer or shorter action potentials, and with them QT.

Endocardial O'Hara-Rudy-CiPA cells were paced to steady state with and without the drug (make.py, table.py); the ratio
of their APD90 scales the durations of all layers of the wall (parameters ``apd_*_scale``). Channel block: measured IC50
and dynamic hERG binding of the 28 CiPA drugs. Assumption: the free concentration in plasma acts at the cell; layers
answer alike; conduction, force and rate do not change. Where the cell no longer repolarises the therapy is refused.

Several drugs at once: each current keeps the product of what they leave of it, hERG they bind in competition
(physics/cells/herg_mixed.py), and the cell is paced anew (cell.py). The Setup carries each dose, so that a second use
of this therapy knows of the first and the order does not matter.

Mexiletine beside dofetilide took 20 ms off QTc in volunteers (Johannesen et al., Clin Pharmacol Ther 99:214, 2016).
Here it does not: by the panel's own measurements it also holds a fifth of hERG at Cmax. What it does here is to raise
qNet, from 0.061 to 0.073: from intermediate to low risk.

Size: at 1 x Cmax the model lengthens the cell by 12 % with dofetilide; patients at such concentrations (0.5 mg by
mouth) gained 79 ms of QTc at the most (Johannesen et al., Clin Pharmacol Ther 96:549, 2014; from memory). For
quinidine it doubles the cell, which is far more than in patients: its Cmax in the CiPA table is a high one.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from twinviewer.domain import Parameter, ParameterValue, Quantity, Setup, TherapyError
from twinviewer.physics.cells.drugs import HIGH_BELOW, LOW_ABOVE, drug
from twinviewer.therapies import checked, load_parameters
from twinviewer.therapies.channel_drug.cell import Cell, cell, in_order, ratio

CLASSES = ("low", "intermediate", "high")
LAYERS = ("endo", "mid", "epi")
RATIO = "drug_apd_ratio"
"""Parameter of a Setup: by how much all its drugs together lengthen the action potential."""
MOST_CMAX = 25.0
LONGEST = 2.5
"""Factor beyond which the next beat would come before the wall has recovered."""


class ChannelDrug:
    """See :class:`twinviewer.domain.Therapy`."""

    name = "channel_drug"
    label = "Channel drug"
    group = "Drugs of the rhythm"
    summary = "Block of ion channels by one of the 28 CiPA drugs, or up to four together: action potentials and QT"
    most_uses = 4
    named_by = "drug"
    edits = frozenset({"repolarisation"})
    parameters: tuple[Parameter, ...] = load_parameters(Path(__file__).with_name("parameters.toml"))

    def apply(self, setup: Setup, values: Mapping[str, ParameterValue]) -> Setup:
        """The setup with the drug's action potentials. Raises TherapyError for values out of bounds, and where the
        cell does not repolarise within a beat."""
        chosen = checked(self.parameters, values, self.label)
        name, dose = str(chosen["drug"]), float(chosen["dose_cmax"])
        if dose == 0.0:
            return setup
        cycle_ms = 60000.0 / setup.value("heart_rate_bpm")
        doses = taken(setup)
        doses[name] = doses.get(name, 0.0) + dose
        if doses[name] > MOST_CMAX:
            raise TherapyError(
                f"{name} is given twice, {doses[name]:g} x Cmax in all", where=self.label,
                remedy=f"Stay below {MOST_CMAX:g} x Cmax",
            )  # fmt: skip
        longer = ratio(doses, cycle_ms)
        said = " + ".join(f"{one} {times:g} x Cmax" for one, times in in_order(doses))
        if not np.isfinite(longer) or longer > LONGEST:
            raise TherapyError(
                "Under this concentration cells no longer repolarise in time: no steady beat can be shown",
                where=f"{said}, {cycle_ms:.0f} ms a beat",
                remedy="Choose a lower concentration",
            )
        source = _source(doses)
        before = setup.value(RATIO) if RATIO in setup.parameters else 1.0
        treated = setup.with_parameter(RATIO, Quantity(longer, "", "simulated", source))
        dosed = Quantity(doses[name], "x Cmax", "chosen", f"{doses[name] * drug(name).cmax_nm:.3g} nM, free")
        treated = treated.with_parameter(_dose_name(name), dosed)
        for layer in LAYERS:
            scale = f"apd_{layer}_scale"
            own = (setup.value(scale) if scale in setup.parameters else 1.0) / before
            treated = treated.with_parameter(scale, Quantity(own * longer, "", "simulated", source))
        return treated

    def explain(self, setup: Setup, uses: Sequence[Mapping[str, ParameterValue]]) -> str:
        """What all drugs given do to the cell, and their class by CiPA's limits of qNet. Seconds."""
        doses: dict[str, float] = {}
        for values in uses:
            chosen = checked(self.parameters, values, self.label)
            doses[str(chosen["drug"])] = doses.get(str(chosen["drug"]), 0.0) + float(chosen["dose_cmax"])
        if not in_order(doses):
            return ""
        return words(cell(doses, 60000.0 / setup.value("heart_rate_bpm")), doses)


def taken(setup: Setup) -> dict[str, float]:
    """Channel drugs that a setup is under, as multiples of Cmax."""
    start, end = _dose_name("\n").split("\n")
    return {
        name.removeprefix(start).removesuffix(end): quantity.value
        for name, quantity in setup.parameters.items()
        if name.startswith(start) and name.endswith(end)
    }


def words(found: Cell, doses: Mapping[str, float]) -> str:
    """The cell under these doses, for people."""
    drugs = " with ".join(f"{name} {times:g} x Cmax" for name, times in in_order(doses))
    if not np.isfinite(found.apd90_ms):
        return f"Under {drugs} the cell no longer repolarises"
    return (
        f"A cell under {drugs}: APD90 {found.control_ms:.0f} to {found.apd90_ms:.0f} ms; at a cycle of 2 s qNet is "
        f"{found.qnet_uc_uf:.3f} \u00b5C/\u00b5F, {CLASSES[found.risk]} risk of torsades by CiPA's limits "
        f"({HIGH_BELOW:g} and {LOW_ABOVE:g}, made for the mean of 1 to 4 x Cmax)"
    )


def _dose_name(name: str) -> str:
    return f"drug_{name}_cmax"


def _source(doses: Mapping[str, float]) -> str:
    """Which drugs at which free concentration, and what the panel says of each."""
    parts = []
    for name, times in in_order(doses):
        medicine = drug(name)
        parts.append(
            f"{name} {times * medicine.cmax_nm:.3g} nM, {CLASSES[medicine.risk]} risk of torsades in the CiPA panel"
        )
    return " + ".join(parts)


THERAPY = ChannelDrug()
